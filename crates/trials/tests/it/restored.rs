//! The server comes back from a backup, by the server's own code: under devices that are open, devices that begin
//! afterwards, and people it is shared with.

use std::rc::Rc;

use client::activity::What;
use client::platform::Response;
use client::share::Wish;
use client::upload::{NoOutbox, Unwatched};
use client::{Alarm, ClientError, Gone, Platform as _, Session};
use protocol::api::Refusal;
use protocol::{ApiError, VaultId, cbor};
use records::Category;

use crate::host::Host;
use crate::people::{Who, add, draft, host, read, share, take_up, verify};
use crate::wire::{APPEND, Wire, instead};

const LABORATORY: Wish = Wish::Category(Category::Laboratory);

/// Leads devices to another server.
fn lead(devices: &[&Session<Wire>], host: &Rc<Host>) {
    for device in devices {
        device.platform().lead_to(host);
    }
}

/// Up to where a device has read a log.
fn head(session: &Session<Wire>, vault: VaultId) -> u64 {
    session.with_view(vault, |view| view.head().seq).unwrap()
}

/// What a device tells of a restore.
async fn told(session: &Session<Wire>, vault: VaultId) -> Gone {
    match session.sync(vault).await {
        Err(ClientError::Restored { gone, .. }) => gone,
        other => panic!("no restore is told of: {other:?}"),
    }
}

/// What the activity says of restores.
fn restores(session: &Session<Wire>, vault: VaultId) -> Vec<What> {
    let events = session.activity(vault).unwrap();
    events.iter().map(|event| event.what).filter(|what| matches!(what, What::Restored(_))).collect()
}

/// After the backup a record was added, one deleted, one share stopped and one shortened.
#[tokio::test]
async fn what_a_restore_undid_is_done_again_by_whoever_was_open() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let vault = phone.own_vault().unwrap();
    let kept = add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let unwanted = add(&phone, "Blood", b"ferritin 12").await.unwrap();
    let itos = share(&phone, Who::Ito, LABORATORY).await.unwrap();
    let noors = share(&phone, Who::Noor, LABORATORY).await.unwrap();
    let (ito, noor) = (Who::Ito.device(&host).await, Who::Noor.device(&host).await);
    take_up(&ito).await.unwrap();
    take_up(&noor).await.unwrap();
    phone.sync(vault).await.unwrap();
    let (backup, at_backup) = (host.back_up().await, head(&phone, vault));

    let content = b"ldl 2.1";
    let ticket = phone.begin(draft("Lipids", Category::Laboratory, content)).await.unwrap();
    phone.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    phone.stop(vault, itos).await.unwrap();
    let until = Some(phone.platform().now().plus(600));
    phone.change_end(vault, noors, until).await.unwrap();
    phone.delete(vault, unwanted).await.unwrap();
    laptop.sync(vault).await.unwrap();
    let lost = head(&phone, vault) - at_backup;

    let restored = host.restored(&backup, 1).await;
    lead(&[&phone, &laptop, &ito, &noor], &restored);
    // The share holds again until somebody comes who saw it stopped.
    assert_eq!(ito.sync_shared().await, Ok(vec![vault]));
    assert_eq!(told(&phone, vault).await, Gone { lost, files: 1, again: 3 });
    assert_eq!(told(&laptop, vault).await, Gone { lost, files: 1, again: 0 });
    let fresh = Who::Maya.device(&restored).await;
    for session in [&phone, &laptop, &fresh] {
        session.sync(vault).await.unwrap();
        assert_eq!(head(session, vault), head(&phone, vault));
        assert_eq!(restores(session, vault), [What::Restored(lost)]);
        let state = session.with_view(vault, |view| {
            let is_stopped = view.share(itos).is_some_and(|share| share.stopped.is_some());
            (is_stopped, view.share(noors).map(|share| share.grant.until), view.record(unwanted).is_some())
        });
        assert_eq!(state, Ok((true, Some(until), false)));
    }
    assert_eq!(ito.sync_shared().await, Ok(Vec::new()));
    noor.sync(vault).await.unwrap();
    assert_eq!(read(&noor, vault, kept).await.unwrap(), b"sinus rhythm");

    // Whoever still has what an upload needs sends it again.
    phone.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    let records = [("ECG".to_owned(), b"sinus rhythm".to_vec()), ("Lipids".to_owned(), content.to_vec())];
    assert_eq!(verify(&fresh).await.unwrap(), records);

    // Another restore explains as much again; the one that is known nothing more.
    laptop.sync(vault).await.unwrap();
    lead(&[&phone], &host.restored(&backup, 1).await);
    for _ in 0..2 {
        assert_eq!(phone.sync(vault).await, Err(Alarm::RolledBack.into()));
    }
    lead(&[&laptop], &host.restored(&backup, 2).await);
    // What was done again comes back as it was, up to what somebody else wrote: an opening, and behind it the file.
    assert_eq!(told(&laptop, vault).await, Gone { lost: 2, files: 1, again: 0 });
    laptop.sync(vault).await.unwrap();
    // What went with the first one is not forgotten over it.
    assert_eq!(restores(&laptop, vault), [What::Restored(lost), What::Restored(2)]);
}

/// A server that came back from a backup refuses to stop a share again: the person is told once, and it is tried again
/// until the share has stopped.
#[tokio::test]
async fn a_stop_that_is_refused_is_not_forgotten() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let itos = share(&maya, Who::Ito, LABORATORY).await.unwrap();
    take_up(&Who::Ito.device(&host).await).await.unwrap();
    maya.sync(vault).await.unwrap();
    let (backup, at_backup) = (host.back_up().await, head(&maya, vault));
    maya.stop(vault, itos).await.unwrap();
    let lost = head(&maya, vault) - at_backup;

    let restored = host.restored(&backup, 1).await;
    lead(&[&maya], &restored);
    let refused = ApiError::Refused(Refusal::Rule);
    let answer = Response { status: refused.status(), body: cbor::encode(&refused) };
    maya.platform().lie(instead(APPEND, move |_| Some(answer.clone())));
    assert_eq!(told(&maya, vault).await, Gone { lost, ..Gone::default() });
    maya.sync(vault).await.unwrap();
    let ito = Who::Ito.device(&restored).await;
    assert_eq!(ito.sync_shared().await, Ok(vec![vault]));
    maya.platform().be_honest();
    maya.sync(vault).await.unwrap();
    assert_eq!(ito.sync_shared().await, Ok(Vec::new()));
    assert_eq!(restores(&maya, vault), [What::Restored(lost)]);
}

/// What somebody wrote into another person's vault is brought back as it was; what does not come back is told.
#[tokio::test]
async fn whoever_it_is_shared_with_goes_on_after_a_restore() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, LABORATORY).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    maya.sync(vault).await.unwrap();
    let backup = host.back_up().await;
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    let whole = head(&ito, vault);

    let restored = host.restored(&backup, 1).await;
    lead(&[&maya, &ito], &restored);
    ito.sync(vault).await.unwrap();
    maya.sync(vault).await.unwrap();
    assert_eq!((head(&ito, vault), head(&maya, vault)), (whole, whole));

    let backup = restored.back_up().await;
    maya.edit(vault, record, |metadata| metadata.title = "ECG at rest".to_owned()).await.unwrap();
    restored.pass(3600);
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    assert_eq!(head(&ito, vault), whole + 2);
    let restored = restored.restored(&backup, 2).await;
    lead(&[&maya, &ito], &restored);
    assert_eq!(told(&ito, vault).await, Gone { lost: 2, ..Gone::default() });
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    // Where the change stood stands what he wrote since.
    assert_eq!(told(&maya, vault).await, Gone { lost: 1, ..Gone::default() });
    for session in [&maya, &ito] {
        session.sync(vault).await.unwrap();
        assert_eq!(head(session, vault), whole + 1);
    }
}

/// A command keeps nothing between two runs but what the account remembers, and that may be from before a restore.
#[tokio::test]
async fn a_command_goes_on_after_a_restore() {
    let host = host().await;
    let phone = Who::Maya.device(&host).await;
    let vault = phone.own_vault().unwrap();
    add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let backup = host.back_up().await;
    add(&phone, "Blood", b"ferritin 12").await.unwrap();
    let command = Who::Maya.device(&host).await;
    let restored = host.restored(&backup, 1).await;
    lead(&[&phone, &command], &restored);
    assert_eq!(told(&command, vault).await, Gone { lost: 1, ..Gone::default() });
    add(&command, "Lipids", b"ldl 2.1").await.unwrap();
    assert_eq!(told(&phone, vault).await, Gone { lost: 1, files: 1, again: 0 });
    let next = Who::Maya.device(&restored).await;
    for session in [&phone, &command, &next] {
        let titles: Vec<_> = verify(session).await.unwrap().into_iter().map(|(title, _)| title).collect();
        assert_eq!(titles, ["ECG", "Lipids"]);
        assert_eq!(restores(session, vault), [What::Restored(1)]);
    }
}
