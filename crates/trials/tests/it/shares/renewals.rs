//! What an ended share reached is sealed anew, record by record.

use client::activity::What;
use client::share::Wish;
use client::{Alarm, ClientError, Platform as _, Session};
use protocol::{GrantId, VaultId};
use records::Category;

use crate::people::{Who, add, host, share, take_up};
use crate::wire::{APPEND, READ_CHUNK, Wire, bytes};

const LABORATORY: Wish = Wish::Category(Category::Laboratory);

/// Whether the key of an ended share has turned, and whether everything it reached is sealed anew.
fn progress(session: &Session<Wire>, vault: VaultId, grant: GrantId) -> (bool, bool) {
    let now = session.platform().now();
    let ending = session.with_view(vault, |view| {
        let share = view.shares().find(|share| share.grant.grant == grant).unwrap();
        view.ending(share, now).unwrap()
    });
    ending.map(|ending| (ending.rotated, ending.reencrypted)).unwrap()
}

/// The file of one record of three is damaged: the others are sealed anew, and that is told once.
#[tokio::test]
async fn a_damaged_record_holds_up_no_other() {
    for damaged in 0..3 {
        let host = host().await;
        let maya = Who::Maya.device(&host).await;
        let vault = maya.own_vault().unwrap();
        let mut blobs = Vec::new();
        for title in ["Blood", "ECG", "Lipids"] {
            let record = add(&maya, title, title.as_bytes()).await.unwrap();
            let blob = maya.with_view(vault, |view| {
                let part = view.record(record).unwrap().part(protocol::entry::PartKind::File).unwrap().clone();
                part.blob().unwrap().id
            });
            blobs.push(blob.unwrap().to_string());
        }
        let grant = share(&maya, Who::Ito, LABORATORY).await.unwrap();
        maya.stop(vault, grant).await.unwrap();
        let blob = blobs[damaged].clone();
        maya.platform().lie(bytes(READ_CHUNK, move |request, body| {
            if request.path.contains(&blob) {
                body[0] ^= 1;
            }
        }));
        maya.platform().count_anew();
        for _ in 0..2 {
            assert_eq!(maya.renew_next(vault).await, Ok(true));
        }
        assert_eq!(maya.platform().reached(APPEND), 2);
        assert_eq!(maya.renew_next(vault).await, Err(ClientError::Alarm(Alarm::Blob)));
        assert_eq!(maya.renew_next(vault).await, Ok(false));
        assert_eq!(progress(&maya, vault, grant), (true, false));
        // Another session tries it again.
        let laptop = Who::Maya.device(&host).await;
        laptop.sync(vault).await.unwrap();
        assert_eq!(laptop.renew_next(vault).await, Ok(true));
        assert_eq!(laptop.renew_next(vault).await, Ok(false));
        assert_eq!(progress(&laptop, vault, grant), (true, true));
    }
}

/// A record that was shared by itself is deleted, and then its share ends: nothing is left to be done.
#[tokio::test]
async fn a_share_of_what_was_deleted_ends() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let grant = share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    maya.delete(vault, record).await.unwrap();
    maya.stop(vault, grant).await.unwrap();
    assert_eq!(progress(&maya, vault, grant), (true, true));
    maya.platform().count_anew();
    maya.finish_endings(vault).await.unwrap();
    assert_eq!(maya.renew_next(vault).await, Ok(false));
    assert_eq!(maya.platform().reached(APPEND), 0);
}

/// A share is stopped, and what it reached sealed anew, twice: to nobody, on no device, has anything changed; and what a
/// person changes in between is a change.
#[tokio::test]
async fn what_is_sealed_anew_has_not_changed() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let records =
        [add(&maya, "Blood", b"ferritin 12").await.unwrap(), add(&maya, "ECG", b"sinus rhythm").await.unwrap()];
    host.pass(600);
    maya.edit(vault, records[1], |metadata| metadata.notes = "at rest".to_owned()).await.unwrap();
    share(&maya, Who::Noor, LABORATORY).await.unwrap();
    let noor = Who::Noor.device(&host).await;
    take_up(&noor).await.unwrap();
    let changed = |session: &Session<Wire>| {
        session.with_view(vault, |view| records.map(|record| view.record(record).unwrap().changed)).unwrap()
    };
    let before = changed(&maya);
    assert_ne!(before[0], before[1]);
    let told = |session: &Session<Wire>| {
        let events = session.with_view(vault, |view| view.events().to_vec()).unwrap();
        let count = |wanted: fn(&What) -> bool| events.iter().filter(|event| wanted(&event.what)).count();
        (count(|what| matches!(what, What::Changed(_))), count(|what| matches!(what, What::Renewed(_))))
    };
    assert_eq!(told(&maya), (1, 0));
    // Once by the category's key, once by a record's own.
    for wish in [LABORATORY, Wish::Record(records[0])] {
        host.pass(600);
        let grant = share(&maya, Who::Ito, wish).await.unwrap();
        maya.stop(vault, grant).await.unwrap();
        while maya.renew_next(vault).await.unwrap() {}
        assert_eq!(progress(&maya, vault, grant), (true, true));
    }
    noor.sync(vault).await.unwrap();
    let laptop = Who::Maya.device(&host).await;
    laptop.sync(vault).await.unwrap();
    for session in [&maya, &laptop] {
        assert_eq!((told(session), changed(session)), ((1, 3), before));
    }
    assert_eq!((told(&noor).1, changed(&noor)), (3, before));

    host.pass(600);
    maya.edit(vault, records[0], |metadata| metadata.notes = "again".to_owned()).await.unwrap();
    noor.sync(vault).await.unwrap();
    laptop.sync(vault).await.unwrap();
    for session in [&maya, &laptop, &noor] {
        assert_ne!(changed(session)[0], before[0]);
        assert_eq!((told(session).1, changed(session)[1]), (3, before[1]));
    }
}
