//! The server dies before and after every commit and every object of everything that matters.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use client::share::Wish;
use client::upload::NoOutbox;
use client::view::Ending;
use client::{ClientError, Platform as _, Session};
use protocol::{GrantId, Level, RecordId, VaultId};
use records::Category;

use crate::acts::{GivesUp, add, compare, draft, give, read, take_up, verify};
use crate::database::Beside;
use crate::host::{Files, Host, until};
use crate::line::Line;
use crate::people::{Kept, after, world};

const COMMITS: [&str; 2] = ["before-commit", "after-commit"];
/// The account's own state, which is one statement.
const STATE: [&str; 2] = ["before-state", "after-state"];
const PUTS: [&str; 2] = ["before-put", "after-put"];
const DELETES: [&str; 2] = ["before-delete", "after-delete"];

const LABORATORY: Wish = Wish::Category(Category::Laboratory);

/// At which points, on which data, a person does something.
struct Trial<'a> {
    files: &'a Files,
    who: &'a Kept,
    points: Vec<&'static str>,
}

/// What a device keeps of something that it has begun.
type Notes = RefCell<Option<Vec<u8>>>;

/// The point where a server dies when it passes it after so many times.
fn at(point: &str, passes: usize) -> String {
    if passes == 0 { format!("{point}=return") } else { format!("{point}={passes}*off->return") }
}

impl Trial<'_> {
    /// Lets the server die at every pass of every point, on data of their own each time, until it passes whole. What it
    /// acknowledged must be there; the same device then does it again, on the server that was started again. Gives how
    /// often it died.
    async fn run(
        self,
        operation: impl AsyncFn(&Session<Line>, &Notes) -> Result<(), ClientError>,
        check: impl AsyncFn(&Rc<Host>, bool),
    ) -> usize {
        let mut deaths = 0;
        for point in self.points {
            for passes in 0.. {
                let host = Host::on(self.files);
                let notes = Notes::default();
                let armed = at(point, passes);
                assert!(host.start_dying(&armed), "it died at its start: {armed}");
                let session = self.who.device(&host).await;
                let outcome = operation(&session, &notes).await;
                if host.ended().is_none() && outcome.is_ok() {
                    // It is armed still.
                    host.kill();
                    host.start();
                    check(&host, true).await;
                    break;
                }
                host.death().await;
                deaths += 1;
                host.start();
                check(&host, outcome.is_ok()).await;
                let again = operation(&session, &notes).await;
                assert_eq!(again, Ok(()), "{armed}: {}", host.log());
                check(&host, true).await;
                host.scrub();
            }
        }
        deaths
    }
}

#[tokio::test]
async fn an_upload_survives() {
    let content: Vec<u8> = (0..100_000_u32).map(|place| (place % 253) as u8).collect();
    let upload = async |session: &Session<Line>, notes: &Notes| {
        let kept = notes.borrow().clone();
        let ticket = if let Some(sealed) = kept {
            session.open_ticket(&sealed)?
        } else {
            let ticket = session.begin(draft("Scan", Category::Imaging, &content)).await?;
            *notes.borrow_mut() = Some(session.seal_ticket(&ticket));
            ticket
        };
        session.run(&ticket, &content[..], &NoOutbox, &GivesUp::default()).await.map(drop)
    };
    let trial = Trial { files: &world().files, who: &world().maya, points: [COMMITS, PUTS].concat() };
    let deaths = trial.run(upload, async |host, done| {
        let scans = verify(&world().maya.device(host).await).await.unwrap();
        assert!(scans == [("Scan".to_owned(), content.clone())] || !done && scans.is_empty());
    });
    // Three blobs, a chunk of each, and the entry that names them; and the chunks' objects.
    assert!(deaths.await >= 2 * (3 + 3 + 1) + 2 * 3);
}

async fn with_record() -> (Files, RecordId) {
    let mut record = None;
    let files = after(async |host| {
        record = Some(add(&world().maya.device(host).await, "ECG", b"sinus rhythm").await.unwrap());
    });
    (files.await, record.unwrap())
}

#[tokio::test]
async fn a_share_survives() {
    let (files, record) = with_record().await;
    let share = async |session: &Session<Line>, _: &Notes| {
        let ito = compare(session, &world().ito.email).await?;
        session.share(&ito, LABORATORY, Level::Download, None).await.map(drop)
    };
    let trial = Trial { files: &files, who: &world().maya, points: [COMMITS, STATE].concat() };
    let deaths = trial.run(share, async |host, done| {
        let laptop = world().maya.device(host).await;
        let vault = laptop.own_vault().unwrap();
        laptop.sync(vault).await.unwrap();
        let shares = laptop.with_view(vault, |view| view.shares().count()).unwrap();
        assert!(shares == 1 || !done && shares == 0, "{shares} shares");
        if done {
            let itos = world().ito.device(host).await;
            assert_eq!(take_up(&itos).await, Ok(vault));
            assert_eq!(read(&itos, vault, record).await.unwrap(), b"sinus rhythm");
        }
    });
    // What the account remembers of the person, and the grant.
    assert!(deaths.await >= 2 + 2);
}

#[tokio::test]
async fn taking_up_and_opening_survive() {
    let (files, record) = with_record().await;
    let shared = Host::on(&files);
    shared.start();
    give(&world().maya.device(&shared).await, &world().ito.email, LABORATORY).await.unwrap();
    shared.stop();
    let open = async |session: &Session<Line>, _: &Notes| {
        let vault = take_up(session).await?;
        assert_eq!(read(session, vault, record).await?, b"sinus rhythm");
        Ok(())
    };
    let trial = Trial { files: &shared.files(), who: &world().ito, points: COMMITS.to_vec() };
    let deaths = trial.run(open, async |host, done| {
        let maya = world().maya.device(host).await;
        verify(&maya).await.unwrap();
        let vault = maya.own_vault().unwrap();
        let accepted = maya.with_view(vault, |view| view.shares().filter(|share| share.accepted).count()).unwrap();
        assert!(accepted == 1 || !done && accepted == 0);
    });
    assert!(deaths.await >= 2 * 2);
}

/// Stops a share, as a device does that goes on from wherever it was left.
async fn stop(session: &Session<Line>, vault: VaultId, grant: GrantId) -> Result<(), ClientError> {
    session.sync(vault).await?;
    session.finish_endings(vault).await?;
    session.stop(vault, grant).await
}

/// Seals anew what ended shares reached.
async fn renew(session: &Session<Line>, vault: VaultId) -> Result<(), ClientError> {
    // The renewal of a record tries for as long as there is no connection; here it ends with the server.
    loop {
        let watched = async {
            while !session.platform().is_down() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let renewed = session.renew_next(vault);
        let (renewed, watched) = (std::pin::pin!(renewed), std::pin::pin!(watched));
        match futures_util::future::select(renewed, watched).await {
            futures_util::future::Either::Left((Ok(true), _)) => {}
            futures_util::future::Either::Left((renewed, _)) => return renewed.map(drop),
            futures_util::future::Either::Right(_) => return Err(ClientError::Cancelled),
        }
    }
}

/// How far the end of a share has come. Blocked and turned are one append: neither is without the other.
fn ending_of(laptop: &Session<Line>, vault: VaultId, grant: GrantId) -> Option<Ending> {
    let now = laptop.platform().now();
    let ending = laptop.with_view(vault, |view| view.ending(view.share(grant).unwrap(), now)).unwrap();
    assert_eq!(ending.is_some_and(|ending| ending.blocked), ending.is_some_and(|ending| ending.rotated));
    ending
}

/// Blocked, turned, sealed anew: whatever the server had done, the device goes on from there.
#[tokio::test]
async fn a_revocation_survives() {
    let (files, record) = with_record().await;
    let shared = Host::on(&files);
    shared.start();
    let maya = world().maya.device(&shared).await;
    let vault = maya.own_vault().unwrap();
    let ito = give(&maya, &world().ito.email, LABORATORY).await.unwrap();
    give(&maya, &world().noor.email, LABORATORY).await.unwrap();
    for reader in [&world().ito, &world().noor] {
        take_up(&reader.device(&shared).await).await.unwrap();
    }
    shared.stop();
    let stop = async |session: &Session<Line>, _: &Notes| {
        stop(session, vault, ito).await?;
        renew(session, vault).await
    };
    let trial = Trial { files: &shared.files(), who: &world().maya, points: COMMITS.to_vec() };
    let deaths = trial.run(stop, async |host, done| {
        let laptop = world().maya.device(host).await;
        assert_eq!(verify(&laptop).await.unwrap(), [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
        let ending = ending_of(&laptop, vault, ito);
        assert_eq!(world().ito.device(host).await.sync_shared().await.unwrap().is_empty(), ending.is_some());
        // Who stays has access all the while.
        let noor = world().noor.device(host).await;
        noor.sync_shared().await.unwrap();
        assert_eq!(read(&noor, vault, record).await.unwrap(), b"sinus rhythm");
        assert!(!done || ending.is_some_and(|ending| ending.reencrypted));
    });
    // The revocation; then three blobs, a chunk of each, and the entry that names them.
    assert!(deaths.await >= 2 * (1 + 3 + 3 + 1));
}

/// Of two records that one person has by themselves, one is taken back; somebody else keeps it.
#[tokio::test]
async fn a_revocation_of_a_single_record_survives() {
    let mut made = None;
    let files = after(async |host| {
        let maya = world().maya.device(host).await;
        let ecg = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
        let blood = add(&maya, "Blood", b"ferritin 12").await.unwrap();
        let itos = give(&maya, &world().ito.email, Wish::Record(ecg)).await.unwrap();
        give(&maya, &world().ito.email, Wish::Record(blood)).await.unwrap();
        give(&maya, &world().noor.email, Wish::Record(ecg)).await.unwrap();
        for reader in [&world().ito, &world().noor] {
            take_up(&reader.device(host).await).await.unwrap();
        }
        made = Some((maya.own_vault().unwrap(), ecg, blood, itos));
    });
    let (files, (vault, ecg, blood, itos)) = (files.await, made.unwrap());
    let stop = async |session: &Session<Line>, _: &Notes| {
        stop(session, vault, itos).await?;
        renew(session, vault).await
    };
    let trial = Trial { files: &files, who: &world().maya, points: COMMITS.to_vec() };
    let deaths = trial.run(stop, async |host, done| {
        let laptop = world().maya.device(host).await;
        assert_eq!(verify(&laptop).await.unwrap().len(), 2);
        let ending = ending_of(&laptop, vault, itos);
        let ito = world().ito.device(host).await;
        assert_eq!(ito.sync_shared().await, Ok(vec![vault]));
        let gone = Err(ClientError::Missing("record"));
        assert_eq!(read(&ito, vault, ecg).await, if ending.is_some() { gone } else { Ok(b"sinus rhythm".to_vec()) });
        assert_eq!(read(&ito, vault, blood).await.unwrap(), b"ferritin 12");
        let noor = world().noor.device(host).await;
        noor.sync_shared().await.unwrap();
        assert_eq!(read(&noor, vault, ecg).await.unwrap(), b"sinus rhythm");
        assert!(!done || ending.is_some_and(|ending| ending.reencrypted));
    });
    // As above.
    assert!(deaths.await >= 2 * (1 + 3 + 3 + 1));
}

/// Somebody who sees everything is stopped: every key turns at once, and another device seals everything anew.
#[tokio::test]
async fn a_revocation_of_everything_survives() {
    let (files, record) = with_record().await;
    let shared = Host::on(&files);
    shared.start();
    let maya = world().maya.device(&shared).await;
    let vault = maya.own_vault().unwrap();
    let ito = give(&maya, &world().ito.email, Wish::Everything).await.unwrap();
    give(&maya, &world().noor.email, LABORATORY).await.unwrap();
    for reader in [&world().ito, &world().noor] {
        take_up(&reader.device(&shared).await).await.unwrap();
    }
    shared.stop();
    let stop = async |session: &Session<Line>, _: &Notes| stop(session, vault, ito).await;
    let trial = Trial { files: &shared.files(), who: &world().maya, points: [COMMITS, STATE].concat() };
    let deaths = trial.run(stop, async |host, done| {
        let laptop = world().maya.device(host).await;
        assert_eq!(verify(&laptop).await.unwrap(), [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
        let ending = ending_of(&laptop, vault, ito);
        assert!(!done || ending.is_some());
        if done {
            renew(&laptop, vault).await.unwrap();
            assert!(ending_of(&laptop, vault, ito).is_some_and(|ending| ending.reencrypted));
        }
        assert_eq!(world().ito.device(host).await.sync_shared().await.unwrap().is_empty(), ending.is_some());
        let noor = world().noor.device(host).await;
        noor.sync_shared().await.unwrap();
        assert_eq!(read(&noor, vault, record).await.unwrap(), b"sinus rhythm");
    });
    // The revocation with every key, and what the account remembers of the log.
    assert!(deaths.await >= 2 + 2);
}

/// How many objects lie in the folder of blobs, finished or not.
fn objects(host: &Host) -> usize {
    host.paths("blobs").len()
}

/// Makes everything that the server keeps a month old.
async fn age(host: &Host) {
    let beside = Beside::sqlite(host).await;
    let month = 30 * 24 * 3600;
    beside
        .execute(&format!(
            "UPDATE blobs SET created = created - {month}; UPDATE blobs SET released = released - {month};"
        ))
        .await;
    beside.close().await;
    #[expect(clippy::disallowed_methods, reason = "files have the system's time")]
    let before = SystemTime::now() - Duration::from_secs(month);
    for path in host.paths("blobs") {
        std::fs::File::options().write(true).open(path).unwrap().set_modified(before).unwrap();
    }
}

/// A sweep that dies anywhere is finished by the next, and takes nothing with it that is needed.
#[tokio::test]
async fn a_sweep_survives() {
    let content = b"ferritin 12";
    let kept = RefCell::new(0);
    let files = after(async |host| {
        let maya = world().maya.device(host).await;
        add(&maya, "ECG", b"sinus rhythm").await.unwrap();
        *kept.borrow_mut() = objects(host);
        let gone = add(&maya, "Blood", content).await.unwrap();
        maya.delete(maya.own_vault().unwrap(), gone).await.unwrap();
        // One that was begun and never finished.
        let ticket = maya.begin(draft("Scan", Category::Imaging, content)).await.unwrap();
        maya.seal_ticket(&ticket);
    })
    .await;
    let kept = kept.into_inner();
    let mut deaths = 0;
    for point in [COMMITS, DELETES].concat() {
        for passes in 0.. {
            let host = Host::on(&files);
            // What a server leaves that dies while it writes, and what one leaves that dies between the two stores.
            std::fs::write(host.data().join("blobs/stray"), content).unwrap();
            std::fs::create_dir_all(host.data().join("blobs/aa")).unwrap();
            std::fs::write(host.data().join("blobs/aa/aabb#1"), content).unwrap();
            age(&host).await;
            let armed = at(point, passes);
            host.start_dying(&armed);
            until("the sweep dies or comes to its end", async || host.ended().is_some() || objects(&host) == kept)
                .await;
            let died = host.ended().is_some();
            if died {
                deaths += 1;
                host.start();
            }
            until("the next sweep finishes", async || objects(&host) == kept).await;
            assert_eq!(verify(&world().maya.device(&host).await).await.unwrap().len(), 1, "{armed}");
            host.scrub();
            host.stop();
            let beside = Beside::sqlite(&host).await;
            assert_eq!(beside.number("SELECT COUNT(*) FROM blobs").await, 3, "{armed}");
            beside.close().await;
            if !died {
                break;
            }
        }
    }
    // Three blobs of the deleted record and one that was never finished; an object of each but that, and a stray one.
    assert!(deaths >= 2 * 4 + 2 * 4, "{deaths}");
}

/// Who was to be told is told, once the server is back: not never, and not again and again.
#[tokio::test]
async fn a_mail_survives() {
    let (files, _) = with_record().await;
    for (point, sent_before) in [("mail-claimed", 0), ("mail-sent", 1)] {
        let host = Host::on(&files);
        let mails = || {
            let to_ito = |path: &PathBuf| {
                let mail = std::fs::read_to_string(path).unwrap();
                mail.contains(&format!("To: {}", world().ito.email))
            };
            host.paths("mail").iter().filter(|path| to_ito(path)).count()
        };
        assert!(host.start_dying(&at(point, 0)));
        give(&world().maya.device(&host).await, &world().ito.email, LABORATORY).await.unwrap();
        host.death().await;
        assert_eq!(mails(), sent_before, "{point}");
        // It waits a minute before it is tried again: here that is over.
        let beside = Beside::sqlite(&host).await;
        assert_eq!(beside.number("SELECT COUNT(*) FROM mails").await, 1);
        beside.execute("UPDATE mails SET due = 0").await;
        beside.close().await;
        host.start();
        let beside = Beside::sqlite(&host).await;
        until("the mail goes out", async || beside.number("SELECT COUNT(*) FROM mails").await == 0).await;
        assert_eq!(mails(), sent_before + 1);
        beside.close().await;
    }
}
