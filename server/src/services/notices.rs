//! Telling people what concerns them: a notice in the app, a mail of fixed words, and a nudge to their open pages.

use std::collections::{BTreeMap, BTreeSet};

use app::api::notices::{Notice as Shown, NoticeChoice, NoticeKind};
use protocol::entry::AccessKind;
use protocol::{AccountId, Body, Entry, GrantId, Ledger, Minute, RecordId};

use super::session::Caller;
use super::{Result, limits};
use crate::causes::describe;
use crate::clock::{DAY, HOUR, MINUTE};
use crate::state::{AppState, Origin};
use crate::store::grants::Grant;
use crate::store::notices::{Kept, Notice};
use crate::store::vaults::Vault;
use crate::store::{Rows, accounts, grants, notices, vaults};

/// How many notices of each of three sorts a page shows: about the account, about openings, and about the rest. So many
/// of one sort hide none of another.
const MOST: u64 = 50;

/// How many openings are looked at, of which those of one person on one day are told of as one.
const MOST_OPENINGS: u64 = 500;

/// For how long notices are kept.
pub(super) const KEPT: u64 = 180 * DAY;

/// How long before its end a share is said to end soon; a short one, when half of its time is left.
const SOON: u32 = 3 * protocol::time::DAY;

/// For how long after its end a share is still said to have ended, should no server have run when it did.
const ENDED: u32 = 30 * protocol::time::DAY;

impl Notice {
    /// A notice that says nothing but what and when.
    pub(super) const fn new(account: AccountId, kind: NoticeKind, at: Minute) -> Self {
        Self { account, kind, at, who: None, vault: None, record: None, grant: None, until: None, place: None }
    }
}

/// How long a mail waits that is not the first of its kind, so that what happens meanwhile is told of together: nobody
/// floods another one's mail by sharing again and again.
const TOGETHER: u64 = HOUR;

/// When a mail about this may go, `last` being when the person was last told of the same; none when one is waiting that
/// tells of it too.
fn due(kind: NoticeKind, now: u64, last: Option<Minute>, waiting: bool) -> Option<u64> {
    let often = last.is_some_and(|last| u64::from(last.0) * MINUTE + TOGETHER > now);
    match kind {
        kind if kind.is_security() => Some(now),
        _ if waiting => None,
        // Openings come often, so that a day's are told of together.
        NoticeKind::Opened => Some(now + DAY),
        _ if often => Some(now + TOGETHER),
        _ => Some(now),
    }
}

/// Keeps a notice, and a mail about it, as the person chose; within the transaction of what happened.
pub(super) async fn tell(state: &AppState, db: &impl Rows, notice: Notice) -> Result<()> {
    let (account, kind) = (notice.account, notice.kind.chosen_as());
    let choices = notices::choices(account, db).await?;
    let Some(choice) = choices.into_iter().find(|choice| choice.kind == kind) else { return Ok(()) };
    if choice.by_mail {
        let last = notices::last_told(account, db, kind).await?;
        let waiting = notices::is_queued(db, account, kind).await?;
        if let Some(due) = due(kind, state.clock.now(), last, waiting) {
            notices::queue(db, account, kind, due).await?;
        }
    }
    // Kept in any case: whether an end was told of is known by it, whichever way that was.
    notices::insert(db, notice, choice.in_app).await?;
    Ok(())
}

/// Tells of entries that were appended. `ledger` is what the log's facts became.
pub(super) async fn tell_of_entries(
    state: &AppState,
    db: &impl Rows,
    vault: &Vault,
    ledger: &Ledger,
    entries: &[Entry],
) -> Result<()> {
    for entry in entries {
        for notice in of_entry(vault, ledger, entry, state.clock.minute()) {
            tell(state, db, notice).await?;
        }
    }
    Ok(())
}

/// Whom an entry concerns besides its author. It is dated by this server's clock: the author's may be a day off, and what
/// is told of together must not depend on it.
fn of_entry(vault: &Vault, ledger: &Ledger, entry: &Entry, now: Minute) -> Vec<Notice> {
    let to =
        |account, kind| Notice { who: Some(entry.author), vault: Some(vault.id), ..Notice::new(account, kind, now) };
    let owner_did_it = entry.author == vault.owner;
    match &entry.body {
        Body::Revision(revision) if !owner_did_it => {
            let kind = if revision.number == 0 { NoticeKind::Added } else { NoticeKind::Edited };
            vec![Notice { record: Some(revision.record), ..to(vault.owner, kind) }]
        }
        Body::Tombstone(tombstone) if !owner_did_it => {
            vec![Notice { record: Some(tombstone.record), ..to(vault.owner, NoticeKind::Deleted) }]
        }
        Body::Grant(grant) => {
            let of_grant = |notice| Notice { grant: Some(grant.grant), until: grant.until, ..notice };
            let mut told = vec![of_grant(to(grant.recipient, NoticeKind::Shared))];
            if !owner_did_it {
                told.push(of_grant(to(vault.owner, NoticeKind::SharedForYou)));
            }
            told
        }
        Body::Term(term) => {
            let others = parties(vault, ledger, term.grant).filter(|account| *account != entry.author);
            let of_grant = |notice| Notice { grant: Some(term.grant), until: term.until, ..notice };
            others.map(|account| of_grant(to(account, NoticeKind::EndChanged))).collect()
        }
        Body::Revocation(id) => {
            let others = parties(vault, ledger, *id).filter(|account| *account != entry.author);
            others.map(|account| Notice { grant: Some(*id), ..to(account, NoticeKind::Stopped) }).collect()
        }
        Body::Access(access) if matches!(access.kind, AccessKind::Opened | AccessKind::Saved) => {
            let notice = to(vault.owner, NoticeKind::Opened);
            vec![Notice { record: access.record, grant: Some(access.grant), ..notice }]
        }
        _ => Vec::new(),
    }
}

/// Who holds a grant, and whose vault it is of.
fn parties(vault: &Vault, ledger: &Ledger, grant: GrantId) -> impl Iterator<Item = AccountId> {
    let recipient = ledger.grants.get(&grant).map(|grant| grant.recipient);
    recipient.into_iter().flat_map(|recipient| [recipient, vault.owner])
}

/// Tells of ends that came or that come near. Each is told of once.
pub async fn tell_of_ends(state: &AppState) -> Result<u64> {
    let (now, db) = (state.clock.minute(), state.store.reader());
    let mut told = 0;
    let passed = (Minute(now.0.saturating_sub(ENDED)), Minute(now.0.saturating_sub(1)));
    for grant in grants::ending(db, passed, NoticeKind::Ended).await? {
        told += tell_of_end(state, &grant, NoticeKind::Ended).await?;
    }
    for grant in grants::ending(db, (now, now.plus(SOON)), NoticeKind::EndsSoon).await? {
        let since = notices::end_known_since(db, grant.id).await?;
        if is_soon(now, since, grant.facts.until) {
            told += tell_of_end(state, &grant, NoticeKind::EndsSoon).await?;
        }
    }
    Ok(told)
}

/// Whether a share that is known to end then, since some minute, ends soon.
fn is_soon(now: Minute, since: Option<Minute>, until: Option<Minute>) -> bool {
    let Some(until) = until else { return false };
    let length = since.map_or(u32::MAX, |since| until.0.saturating_sub(since.0));
    until.0.saturating_sub(now.0) <= SOON.min(length / 2)
}

/// Tells both sides of a share's end, unless another server just did. Gives how many were told.
async fn tell_of_end(state: &AppState, grant: &Grant, kind: NoticeKind) -> Result<u64> {
    let Some(until) = grant.facts.until else { return Ok(0) };
    let transaction = state.store.begin().await?;
    let Some(vault) = vaults::lock(&transaction, grant.vault).await? else { return Ok(0) };
    let mut accounts = Vec::new();
    for (account, other) in [(grant.facts.recipient, vault.owner), (vault.owner, grant.facts.recipient)] {
        if !notices::told_of_end(account, &transaction, grant.id, until, kind).await? {
            let notice = Notice {
                who: Some(other),
                vault: Some(vault.id),
                grant: Some(grant.id),
                until: Some(until),
                ..Notice::new(account, kind, until.min(state.clock.minute()))
            };
            tell(state, &transaction, notice).await?;
            accounts.push(account);
        }
    }
    crate::store::commit(transaction).await?;
    state.events.tell(&accounts).await;
    Ok(accounts.len() as u64)
}

/// Tells of a sign-in, and of the kind of browser.
pub(super) async fn tell_of_sign_in(
    state: &AppState,
    db: &impl Rows,
    origin: &Origin,
    account: AccountId,
    kind: NoticeKind,
) -> Result<()> {
    let place = origin.agent.to_owned();
    tell(state, db, Notice { place: Some(place), ..Notice::new(account, kind, state.clock.minute()) }).await
}

/// Tells of several sign-ins that were begun and not completed.
pub(super) async fn tell_of_failed_sign_ins(state: AppState, origin: Origin, account: AccountId) {
    let told = tell_of_sign_in(&state, state.store.reader(), &origin, account, NoticeKind::FailedSignIns).await;
    match told {
        Ok(()) => state.events.tell(&[account]).await,
        Err(error) => tracing::error!(cause = %describe(&error), "failed sign-ins could not be told of"),
    }
}

/// The caller's notices, newest first.
pub async fn list(state: &AppState, caller: Caller) -> Result<Vec<Shown>> {
    let db = state.store.reader();
    let of = |sort: fn(NoticeKind) -> bool, most| {
        notices::of(caller.account, db, NoticeKind::ALL.into_iter().filter(move |kind| sort(*kind)), most)
    };
    let openings = of(|kind| kind == NoticeKind::Opened, MOST_OPENINGS).await?;
    let mut kept: Vec<(Kept, u32)> = by_person_and_day(openings);
    let security = of(NoticeKind::is_security, MOST).await?;
    let rest = of(|kind| kind != NoticeKind::Opened && !kind.is_security(), MOST).await?;
    kept.extend(security.into_iter().chain(rest).map(|kept| (kept, 0)));
    kept.sort_by_key(|(kept, _)| std::cmp::Reverse(kept.id));

    let mut names = BTreeMap::new();
    let mut shown = Vec::with_capacity(kept.len());
    for (kept, more) in kept {
        let who = match kept.notice.who {
            None => None,
            Some(account) => match names.get(&account) {
                Some(name) => Option::clone(name),
                None => names.entry(account).or_insert(accounts::name(db, account).await?).clone(),
            },
        };
        shown.push(Shown {
            id: kept.id,
            kind: kept.notice.kind,
            at: kept.notice.at.0,
            who,
            record: kept.notice.record.map(|record| record.to_string()),
            more,
            until: kept.notice.until.map(|until| until.0),
            place: kept.notice.place,
            read: kept.read,
        });
    }
    Ok(shown)
}

/// Folds the openings by one person on one day into the newest of them, with how many other records there were. It is
/// new if any of them is.
fn by_person_and_day(openings: Vec<Kept>) -> Vec<(Kept, u32)> {
    let mut folded: Vec<(Kept, BTreeSet<RecordId>)> = Vec::new();
    let mut places = BTreeMap::new();
    for opening in openings {
        let day = opening.notice.at.0 / protocol::time::DAY;
        let place = *places.entry((opening.notice.who, day)).or_insert(folded.len());
        if let Some((newest, records)) = folded.get_mut(place) {
            newest.read &= opening.read;
            records.extend(opening.notice.record);
        } else {
            let records = opening.notice.record.into_iter().collect();
            folded.push((opening, records));
        }
    }
    let more = |records: &BTreeSet<RecordId>| u32::try_from(records.len().saturating_sub(1)).unwrap_or(u32::MAX);
    folded
        .into_iter()
        .take(usize::try_from(MOST).unwrap_or(usize::MAX))
        .map(|(kept, records)| (kept, more(&records)))
        .collect()
}

/// Notes that the caller has seen every notice up to this one.
pub async fn mark_read(state: &AppState, caller: Caller, up_to: i64) -> Result<()> {
    limits::charge(state, caller, 1, 0)?;
    notices::mark_read(caller.account, state.store.reader(), up_to).await?;
    state.events.tell(&[caller.account]).await;
    Ok(())
}

/// What the caller wants to be told of.
pub async fn choices(state: &AppState, caller: Caller) -> Result<Vec<NoticeChoice>> {
    Ok(notices::choices(caller.account, state.store.reader()).await?)
}

/// Changes what the caller wants to be told of. What is security stays on, whatever is asked for.
pub async fn choose(state: &AppState, caller: Caller, choice: NoticeChoice) -> Result<()> {
    if !choice.kind.is_security() && choice.kind.chosen_as() == choice.kind {
        limits::charge(state, caller, 1, 0)?;
        notices::choose(caller.account, state.store.reader(), choice).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mail_goes_at_once_and_what_follows_goes_together() {
        let now = 1_000_000 * MINUTE;
        let ago = |minutes: u32| Some(Minute(1_000_000 - minutes));
        assert_eq!(due(NoticeKind::Shared, now, None, false), Some(now));
        assert_eq!(due(NoticeKind::Shared, now, ago(61), false), Some(now));
        assert_eq!(due(NoticeKind::Shared, now, ago(5), false), Some(now + HOUR));
        assert_eq!(due(NoticeKind::Shared, now, ago(5), true), None);
        assert_eq!(due(NoticeKind::Opened, now, None, false), Some(now + DAY));
        assert_eq!(due(NoticeKind::Opened, now, None, true), None);
        assert_eq!(due(NoticeKind::SignedIn, now, ago(0), true), Some(now), "what is security is never put off");
    }

    #[test]
    fn an_end_is_told_of_ahead_as_far_as_the_share_is_long() {
        const DAY: u32 = protocol::time::DAY;
        let (since, until) = (Minute(1_000_000), |days: u32| Some(Minute(1_000_000 + days * DAY)));
        let soon = |days, left| is_soon(Minute(1_000_000 + days * DAY - left), Some(since), until(days));
        for (days, ahead) in [(90, 3 * DAY), (30, 3 * DAY), (6, 3 * DAY), (4, 2 * DAY), (1, DAY / 2)] {
            assert!(soon(days, ahead) && !soon(days, ahead + 1), "{days} days");
        }
        assert!(!is_soon(since, Some(since), None));
    }

    #[test]
    fn openings_by_one_person_on_one_day_are_one() {
        let opening = |id: i64, day: u32, who: u8, record: u8, read| {
            let at = Minute(day * protocol::time::DAY + 1);
            let account = AccountId::from_bytes([9; 16]);
            let (who, record) = (Some(AccountId::from_bytes([who; 16])), Some(RecordId::from_bytes([record; 16])));
            Kept { id, notice: Notice { who, record, ..Notice::new(account, NoticeKind::Opened, at) }, read }
        };
        let all = vec![
            opening(6, 2, 1, 3, true),
            opening(5, 2, 2, 1, true),
            opening(4, 2, 1, 2, false),
            opening(3, 2, 1, 3, true),
            opening(2, 1, 1, 1, true),
        ];
        let folded: Vec<_> = by_person_and_day(all).iter().map(|(kept, more)| (kept.id, *more, kept.read)).collect();
        assert_eq!(folded, [(6, 1, false), (5, 0, true), (2, 0, true)]);
    }
}
