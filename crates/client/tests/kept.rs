//! A device that was here before reads only what is new, and believes nothing that does not fit.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod nearby;

use client::activity::What;
use client::platform::KeptLog;
use client::{Alarm, ClientError, Gone};
use protocol::Minute;
use protocol::api::Restored;

use nearby::{Backup, Nearby, OWNER, VAULT, now, record_id};

const KEPT: KeptLog = KeptLog { account: OWNER, vault: VAULT };

/// The first entries of a vault, before any record.
const FIRST: usize = 3;

/// How many records a fresh start on this device shows, and how many items it asked the server for.
fn start(nearby: &Nearby) -> Result<(usize, usize), ClientError> {
    let (session, before) = (nearby.session(), nearby.given.get());
    now(session.sync(VAULT))?;
    let open = session.with_view(VAULT, |view| view.records().filter(|record| record.metadata.is_some()).count())?;
    Ok((open, nearby.given.get() - before))
}

#[test]
fn only_what_is_new_is_read_again() {
    for count in [0, 1, 508, 509, 1_030] {
        let nearby = Nearby::with_records(count, 1);
        let records = usize::try_from(count).unwrap();
        assert_eq!(start(&nearby), Ok((records, FIRST + records)), "the first start with {count} reads everything");
        assert_eq!(start(&nearby), Ok((records, 0)), "the second with {count} nothing");
        nearby.append([nearby.record(count)]);
        assert_eq!(start(&nearby), Ok((records + 1, 1)), "after one more than {count}, that one");
        assert_eq!(start(&nearby), Ok((records + 1, 0)));
    }
}

#[test]
fn a_change_in_a_session_is_kept_too() {
    let nearby = Nearby::with_records(3, 1);
    let session = nearby.session();
    now(session.edit(VAULT, record_id(1), |metadata| metadata.title = "Renamed".to_owned())).unwrap();
    now(session.delete(VAULT, record_id(2))).unwrap();
    let again = nearby.session();
    let before = nearby.given.get();
    now(again.sync(VAULT)).unwrap();
    assert_eq!(nearby.given.get(), before);
    let titles = again.with_view(VAULT, |view| {
        view.records().map(|record| record.metadata.as_ref().unwrap().title.clone()).collect::<Vec<_>>()
    });
    assert_eq!(titles.unwrap(), ["CT of the chest 0", "Renamed"]);
    let (whole, kept) = (nearby.session(), again.with_view(VAULT, client::view::VaultView::head).unwrap());
    whole.forget(VAULT);
    now(whole.sync(VAULT)).unwrap();
    assert_eq!(whole.with_view(VAULT, client::view::VaultView::head).unwrap(), kept);
    assert_eq!(
        whole.with_view(VAULT, |view| view.events().to_vec()).unwrap(),
        again.with_view(VAULT, |view| view.events().to_vec()).unwrap(),
    );
}

/// What was sealed anew without being changed is told from a change without opening it again, on a full page and on the
/// last one.
#[test]
fn what_was_sealed_anew_is_kept_as_such() {
    let nearby = Nearby::with_records(520, 1);
    nearby.append((0..10).flat_map(|number| nearby.sealed_anew(number)));
    let session = nearby.session();
    now(session.edit(VAULT, record_id(11), |metadata| metadata.title = "Renamed".to_owned())).unwrap();
    let told = |session: &client::Session<Nearby>| {
        let events = session.with_view(VAULT, |view| view.events().to_vec()).unwrap();
        let changed: Vec<_> = events.iter().filter(|event| matches!(event.what, What::Changed(_))).cloned().collect();
        (events.iter().filter(|event| matches!(event.what, What::Renewed(_))).count(), changed)
    };
    let (renewed, changed) = told(&session);
    assert_eq!((renewed, changed.len()), (10, 1));
    for more in [0, 490, 0] {
        nearby.append((1_000..1_000 + more).map(|number| nearby.record(number)));
        let again = nearby.session();
        now(again.sync(VAULT)).unwrap();
        assert_eq!(told(&again), (10, changed.clone()));
    }
}

#[test]
fn pages_are_sealed() {
    let nearby = Nearby::with_records(2, 1);
    start(&nearby).unwrap();
    let pages = nearby.pages.borrow();
    let bytes: Vec<u8> = pages.values().flatten().copied().collect();
    assert_eq!(pages.len(), 1);
    assert!(!bytes.windows(5).any(|window| window == b"chest" || window == b".dcm\0"));
    assert!(!bytes.windows(16).any(|window| window == record_id(1).as_bytes()));
}

#[test]
fn what_does_not_fit_is_dropped_and_everything_read_again() {
    let records = 520;
    let whole = Ok((520, FIRST + 520));
    let spoil = |how: &dyn Fn(&Nearby)| {
        let nearby = Nearby::with_records(records, 1);
        start(&nearby).unwrap();
        how(&nearby);
        let first = start(&nearby);
        assert_eq!(start(&nearby), Ok((520, 0)), "what is read again is kept again");
        first
    };
    let page = |nearby: &Nearby, number: u64| nearby.pages.borrow()[&(KEPT, number)].clone();
    let put =
        |nearby: &Nearby, number: u64, page: Vec<u8>| drop(nearby.pages.borrow_mut().insert((KEPT, number), page));

    for number in [0, 1] {
        let damaged = spoil(&|nearby| {
            let mut damaged = page(nearby, number);
            damaged[200] ^= 1;
            put(nearby, number, damaged);
        });
        assert_eq!(damaged, whole, "page {number} is damaged");
        assert_eq!(spoil(&|nearby| put(nearby, number, Vec::new())), whole, "page {number} is empty");
    }
    let swapped = spoil(&|nearby| put(nearby, 0, page(nearby, 1)));
    assert_eq!(swapped, whole, "a page stands at another's place");
    let elsewhere = spoil(&|nearby| {
        let other = Nearby::with_records(records, 2);
        start(&other).unwrap();
        put(nearby, 0, page(&other, 0));
    });
    assert_eq!(elsewhere, whole, "a page is another account's");
    // An end that is missing is only read again.
    assert_eq!(spoil(&|nearby| drop(nearby.pages.borrow_mut().remove(&(KEPT, 1)))), Ok((520, 523 - 512)));
    let older = spoil(&|nearby| {
        let before = Nearby::with_records(515, 1);
        start(&before).unwrap();
        put(nearby, 1, page(&before, 1));
    });
    assert_eq!(older, Ok((520, 5)), "an older page of the same log is gone on from");
}

#[test]
fn nothing_kept_excuses_the_server() {
    // The log goes on differently from what was kept, and from what the account remembers.
    let nearby = Nearby::with_records(20, 1);
    start(&nearby).unwrap();
    nearby.tamper(|log| log.truncate(10));
    let pages = nearby.pages.borrow().clone();
    assert_eq!(start(&nearby), Err(Alarm::RolledBack.into()));
    nearby.append((100..120).map(|number| nearby.record(number)));
    assert!(matches!(start(&nearby), Err(ClientError::Alarm(_))));
    // What was kept is proof, and stays.
    assert!(*nearby.pages.borrow() == pages);
}

/// A device that has 20 records, and a backup of the server that has ten.
fn with_backup() -> (Nearby, Backup) {
    let nearby = Nearby::with_records(10, 1);
    start(&nearby).unwrap();
    let backup = nearby.backup();
    nearby.append((10..20).map(|number| nearby.record(number)));
    assert_eq!(start(&nearby), Ok((20, 10)));
    (nearby, backup)
}

const MARK: Restored = Restored { id: [1; 16], at: Minute(2) };
const LOST: ClientError = ClientError::Restored { at: Minute(2), gone: Gone { lost: 10, files: 10, again: 0 } };

/// Log and memory are rolled back together: only what the device kept knows better, and it does not give in.
#[test]
fn a_rollback_of_log_and_memory_is_an_alarm_at_every_start() {
    let (nearby, backup) = with_backup();
    nearby.bring_back(&backup);
    for _ in 0..3 {
        assert_eq!(start(&nearby), Err(Alarm::RolledBack.into()));
    }
    // Nor when it has been written on.
    nearby.append((100..120).map(|number| nearby.record(number)));
    for _ in 0..2 {
        assert!(matches!(start(&nearby), Err(ClientError::Alarm(_))));
    }
}

#[test]
fn a_device_that_was_not_open_brings_back_what_a_restore_lost() {
    let (nearby, backup) = with_backup();
    let whole = nearby.head.get();
    nearby.bring_back(&backup);
    nearby.restored.set(Some(MARK));
    assert_eq!(start(&nearby), Ok((20, 0)));
    assert_eq!(nearby.head.get(), whole);
    // The same restore explains nothing more, at this start or a later one.
    nearby.bring_back(&backup);
    for _ in 0..2 {
        assert_eq!(start(&nearby), Err(Alarm::RolledBack.into()));
    }
}

#[test]
fn a_device_that_was_not_open_tells_what_a_restore_lost() {
    let (nearby, backup) = with_backup();
    nearby.bring_back(&backup);
    nearby.restored.set(Some(MARK));
    nearby.takes_entries.set(false);
    assert_eq!(start(&nearby), Err(LOST));
    // Told once; then it goes on from what is there.
    assert_eq!(start(&nearby).map(|(records, _)| records), Ok(10));
    assert_eq!(start(&nearby), Ok((10, 0)));
}

#[test]
fn a_restore_explains_what_another_device_wrote_since_and_is_told() {
    let (nearby, backup) = with_backup();
    nearby.bring_back(&backup);
    nearby.append((100..112).map(|number| nearby.record(number)));
    nearby.restored.set(Some(MARK));
    assert_eq!(start(&nearby), Err(LOST));
    assert_eq!(start(&nearby).map(|(records, _)| records), Ok(22));
    // Not a second time.
    nearby.bring_back(&backup);
    for _ in 0..2 {
        assert_eq!(start(&nearby), Err(Alarm::RolledBack.into()));
    }
}

/// A restore that took nothing away is known from then on, whether or not anything was written since.
#[test]
fn a_restore_that_lost_nothing_explains_nothing_later() {
    for records in [20, 512 - FIRST as u64] {
        let nearby = Nearby::with_records(10, 1);
        let backup = nearby.backup();
        nearby.append((10..records).map(|number| nearby.record(number)));
        start(&nearby).unwrap();
        nearby.restored.set(Some(MARK));
        start(&nearby).unwrap();
        nearby.bring_back(&backup);
        assert_eq!(start(&nearby), Err(Alarm::RolledBack.into()), "{records}");
    }
}

/// What a device kept is proof until everything is done again that has to be: a server that refuses that gets rid of
/// neither.
#[test]
fn what_was_kept_stays_until_all_is_done_again() {
    let nearby = Nearby::with_records(10, 1);
    start(&nearby).unwrap();
    let backup = nearby.backup();
    now(nearby.session().delete(VAULT, record_id(2))).unwrap();
    let pages = nearby.pages.borrow().clone();
    nearby.bring_back(&backup);
    nearby.restored.set(Some(MARK));
    nearby.takes_entries.set(false);
    let gone = Gone { lost: 1, ..Gone::default() };
    for _ in 0..2 {
        assert_eq!(start(&nearby), Err(ClientError::Restored { at: MARK.at, gone }));
        assert!(*nearby.pages.borrow() == pages);
    }
    nearby.takes_entries.set(true);
    assert_eq!(start(&nearby).map(|(records, _)| records), Ok(9));
}

#[test]
fn a_changed_entry_is_found_although_the_pages_fit() {
    let nearby = Nearby::with_records(20, 1);
    start(&nearby).unwrap();
    nearby.append([nearby.record(20), nearby.record(21)]);
    nearby.tamper(|log| log.swap(FIRST + 20, FIRST + 21));
    assert!(matches!(start(&nearby), Err(ClientError::Alarm(Alarm::Violation(_)))));
}

#[test]
fn who_keeps_nothing_reads_everything() {
    let nearby = Nearby::with_records(5, 1);
    nearby.keeps.set(false);
    assert_eq!(start(&nearby), Ok((5, FIRST + 5)));
    assert_eq!(start(&nearby), Ok((5, FIRST + 5)));
    assert!(nearby.pages.borrow().is_empty());
}

#[test]
fn forgetting_means_every_signature_again() {
    let nearby = Nearby::with_records(5, 1);
    start(&nearby).unwrap();
    let session = nearby.session();
    session.forget(VAULT);
    let before = nearby.given.get();
    now(session.sync(VAULT)).unwrap();
    assert_eq!(nearby.given.get() - before, FIRST + 5);
}
