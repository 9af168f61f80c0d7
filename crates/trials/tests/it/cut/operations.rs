//! The connection breaks, or the device dies, at every request of everything that a person does.
//!
//! What was acknowledged is there for another device and verifies. What was not is there or not, and doing it again, on
//! this device or on another one, leaves it there once.

use std::rc::Rc;

use client::platform::Unreachable;
use client::session::SignUp;
use client::share::Wish;
use client::upload::{NoOutbox, Unwatched};
use client::{ClientError, Platform as _, Session};
use protocol::api::{Conflict, Profile};
use protocol::{ApiError, Level, RecordId};
use records::Category;

use crate::cut::GivesUp;
use crate::host::Host;
use crate::people::{
    PASSWORD, Who, add, chosen, compared, draft, empty_host, entries, host, read, share, take_up, verify,
};
use crate::wire::{CutAt, When, Wire};

const LOST: ClientError = ClientError::Unreachable(Unreachable);

/// What happens at one request of an operation.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Cut(When),
    Death,
}

/// Breaks an operation of Maya's at every request, on a server of its own each time, until it passes whole.
pub(super) async fn at_every_request(
    base: &Rc<Host>,
    operation: impl AsyncFn(&Session<Wire>) -> Result<(), ClientError>,
    check: impl AsyncFn(&Rc<Host>, bool),
) {
    let database = base.database().await;
    for fault in [Fault::Cut(When::Before), Fault::Cut(When::After), Fault::Death] {
        for request in 0.. {
            let host = Host::on(Some(&database), base.state.secrets.clone(), base.state.blobs.clone()).await;
            let phone = Who::Maya.device(&host).await;
            let wire = phone.platform();
            wire.count_anew();
            let outcome = match fault {
                Fault::Cut(when) => {
                    wire.lie(CutAt::once(request, when));
                    Some(Box::pin(operation(&phone)).await)
                }
                Fault::Death => wire.die_at(request, Box::pin(operation(&phone))).await,
            };
            wire.be_honest();
            let whole = wire.asked() <= request;
            match outcome {
                Some(Ok(())) => Box::pin(check(&host, true)).await,
                Some(Err(error)) => {
                    assert_eq!(error, LOST, "{fault:?} at {request}");
                    Box::pin(check(&host, false)).await;
                    Box::pin(operation(&phone)).await.unwrap();
                    Box::pin(check(&host, true)).await;
                }
                None => {
                    Box::pin(check(&host, false)).await;
                    Box::pin(operation(&Who::Maya.device(&host).await)).await.unwrap();
                    Box::pin(check(&host, true)).await;
                }
            }
            if whole {
                assert!(request > 2, "an operation has more than two requests");
                break;
            }
        }
    }
}

/// The titles of all records, verified by another device.
async fn titles(host: &Rc<Host>) -> Vec<String> {
    let laptop = Who::Maya.device(host).await;
    verify(&laptop).await.unwrap().into_iter().map(|(title, _)| title).collect()
}

async fn with_record() -> (Rc<Host>, Session<Wire>, RecordId) {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    (host, maya, record)
}

#[tokio::test]
async fn an_edit_is_cut() {
    let (host, maya, record) = with_record().await;
    let vault = maya.own_vault().unwrap();
    let edit = async |session: &Session<Wire>| {
        session.edit(vault, record, |metadata| metadata.title = "ECG at rest".to_owned()).await
    };
    at_every_request(&host, edit, async |host, done| {
        let titles = titles(host).await;
        assert!(titles == ["ECG at rest"] || !done && titles == ["ECG"]);
        let laptop = Who::Maya.device(host).await;
        laptop.sync(vault).await.unwrap();
        let number = laptop.with_view(vault, |view| view.record(record).unwrap().revision.number).unwrap();
        assert!(number == 1 || !done && number == 0);
    })
    .await;
}

#[tokio::test]
async fn a_deletion_is_cut() {
    let (host, maya, record) = with_record().await;
    add(&maya, "Blood", b"ferritin 12").await.unwrap();
    let vault = maya.own_vault().unwrap();
    let delete = async |session: &Session<Wire>| session.delete(vault, record).await;
    at_every_request(&host, delete, async |host, done| {
        let titles = titles(host).await;
        assert!(titles == ["Blood"] || !done && titles == ["Blood", "ECG"]);
    })
    .await;
}

#[tokio::test]
async fn sharing_is_cut() {
    let (host, maya, record) = with_record().await;
    let vault = maya.own_vault().unwrap();
    let ito = compared(&maya, Who::Ito).await.unwrap();
    let give = async |session: &Session<Wire>| {
        session.share(&ito, Wish::Category(Category::Laboratory), Level::Download, None).await.map(drop)
    };
    at_every_request(&host, give, async |host, done| {
        let laptop = Who::Maya.device(host).await;
        laptop.sync(vault).await.unwrap();
        let shares = laptop.with_view(vault, |view| view.shares().count()).unwrap();
        assert!(shares == 1 || !done && shares == 0, "{shares} shares");
        let itos = Who::Ito.device(host).await;
        if done {
            assert_eq!(take_up(&itos).await, Ok(vault));
            assert_eq!(read(&itos, vault, record).await.unwrap(), b"sinus rhythm");
        }
    })
    .await;
}

/// Blocked, rotated, re-encrypted: another device finishes what this one began.
#[tokio::test]
async fn stopping_a_share_is_cut() {
    let (host, maya, record) = with_record().await;
    let vault = maya.own_vault().unwrap();
    let laboratory = Wish::Category(Category::Laboratory);
    let ito = share(&maya, Who::Ito, laboratory).await.unwrap();
    share(&maya, Who::Noor, laboratory).await.unwrap();
    take_up(&Who::Noor.device(&host).await).await.unwrap();
    take_up(&Who::Ito.device(&host).await).await.unwrap();
    let stop = async |session: &Session<Wire>| {
        session.sync(vault).await?;
        session.finish_endings(vault).await?;
        session.stop(vault, ito).await?;
        while session.renew_next(vault).await? {}
        Ok(())
    };
    at_every_request(&host, stop, async |host, done| {
        let laptop = Who::Maya.device(host).await;
        assert_eq!(titles(host).await, ["ECG"]);
        laptop.sync(vault).await.unwrap();
        let now = laptop.platform().now();
        let ending = laptop
            .with_view(vault, |view| view.ending(&view.shares().find(|s| s.grant.grant == ito).unwrap().clone(), now));
        let ending = ending.unwrap();
        // Blocked and rotated are one append: neither is without the other.
        assert_eq!(ending.is_some_and(|ending| ending.blocked), ending.is_some_and(|ending| ending.rotated));
        let itos = Who::Ito.device(host).await.sync_shared().await.unwrap();
        assert_eq!(itos.is_empty(), ending.is_some());
        // Who stays has access all the while.
        let noor = Who::Noor.device(host).await;
        noor.sync_shared().await.unwrap();
        assert_eq!(read(&noor, vault, record).await.unwrap(), b"sinus rhythm");
        if done {
            assert!(ending.is_some_and(|ending| ending.reencrypted));
        }
    })
    .await;
}

/// An upload whose line is cut. Once, it goes on by itself; for good, another device of the same person resumes it from
/// its ticket.
async fn cut_upload(content: &[u8], requests: std::ops::Range<usize>) -> bool {
    let base = host().await;
    let maya = Who::Maya.device(&base).await;
    let ticket = maya.begin(draft("Scan", Category::Imaging, content)).await.unwrap();
    let sealed = maya.seal_ticket(&ticket);
    let database = base.database().await;
    let mut whole = false;
    for request in requests {
        for when in [When::Before, When::After] {
            let afresh = async || Host::on(Some(&database), base.state.secrets.clone(), base.state.blobs.clone()).await;
            let host = afresh().await;
            let phone = Who::Maya.device(&host).await;
            phone.platform().lie(CutAt::once(request, when));
            let ticket = phone.open_ticket(&sealed).unwrap();
            phone.run(&ticket, content, &NoOutbox, &Unwatched).await.unwrap();
            assert_eq!(verify(&Who::Maya.device(&host).await).await.unwrap(), [("Scan".to_owned(), content.to_vec())]);

            let host = afresh().await;
            let phone = Who::Maya.device(&host).await;
            phone.platform().count_anew();
            phone.platform().lie(CutAt::for_good(request, when));
            let outcome = phone.run(&ticket, content, &NoOutbox, &GivesUp::default()).await;
            whole |= phone.platform().asked() <= request;
            let acknowledged = outcome.is_ok();
            assert!(acknowledged || outcome == Err(ClientError::Cancelled), "{outcome:?}");
            let laptop = Who::Maya.device(&host).await;
            let scans = verify(&laptop).await.unwrap();
            assert!(scans.len() == 1 || !acknowledged && scans.is_empty());

            let ticket = laptop.open_ticket(&sealed).unwrap();
            laptop.platform().count_anew();
            laptop.run(&ticket, content, &NoOutbox, &Unwatched).await.unwrap();
            assert_eq!(verify(&Who::Maya.device(&host).await).await.unwrap(), [("Scan".to_owned(), content.to_vec())]);
            // A second run of what is finished does nothing.
            let before = entries(&host).await;
            laptop.run(&ticket, content, &NoOutbox, &Unwatched).await.unwrap();
            assert_eq!(entries(&host).await, before);
        }
    }
    whole
}

#[tokio::test]
async fn an_upload_is_cut_at_every_request() {
    assert!(cut_upload(b"sinus rhythm", 0..20).await, "the upload has fewer requests than are cut");
}

/// At each of the chunks the line goes dead: before it is stored, or before that is acknowledged.
#[tokio::test]
async fn an_upload_is_cut_at_every_chunk() {
    let content: Vec<u8> = (0..(8_u32 << 20) + 100_000).map(|place| (place % 253) as u8).collect();
    assert!(!cut_upload(&content, 1..3).await);
}

/// Signing up is cut, for one request or several: the person gets the account, and the recovery code that opens it.
#[tokio::test]
async fn signing_up_is_cut() {
    const EMAIL: &str = "new@example.org";
    let password = &chosen(PASSWORD);
    let entered = || SignUp { email: EMAIL, name: "New", profile: Profile::Patient, password };
    // The last message is the second; after it come another try, and the two messages of signing in.
    for (request, when, lasting) in [
        (0, When::Before, 1),
        (0, When::After, 1),
        (1, When::Before, 1),
        (1, When::Before, 3),
        (1, When::After, 1),
        (1, When::After, 4),
        (3, When::After, 2),
    ] {
        let host = empty_host().await;
        let wire = Wire::new(&host, None);
        wire.lie(CutAt::lasting(request, when, lasting));
        if request == 3 {
            wire.lie(CutAt::once(1, When::After));
        }
        let (session, code) = match Session::sign_up(wire, entered()).await {
            Ok(signed_up) => signed_up,
            Err(error) => {
                // Nothing was made yet.
                assert!(error == LOST && request == 0);
                Session::sign_up(Wire::new(&host, None), entered()).await.unwrap()
            }
        };
        let vault = session.own_vault().unwrap();
        session.sync(vault).await.unwrap();
        if request > 0 {
            let other = &chosen("seven bridges over a loud summer");
            let recovered = Session::recover(Wire::new(&host, None), EMAIL, &code, other).await.unwrap();
            assert_eq!(recovered.own_vault(), Ok(vault));
        }
    }
}

/// The address was somebody else's all the while: that is what is said, although the first answer was lost.
#[tokio::test]
async fn signing_up_with_a_taken_address_is_cut() {
    for password in [PASSWORD, "seven bridges over a loud summer"] {
        let password = &chosen(password);
        let host = host().await;
        let wire = Wire::new(&host, None);
        wire.lie(CutAt::once(1, When::Before));
        let entered = SignUp { email: Who::Maya.email(), name: "New", profile: Profile::Patient, password };
        let refused = Session::sign_up(wire, entered).await.err();
        assert_eq!(refused, Some(ClientError::Api(ApiError::Conflict(Conflict::Email))));
    }
}
