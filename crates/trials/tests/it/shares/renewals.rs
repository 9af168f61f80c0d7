//! What an ended share reached is sealed anew, record by record.

use client::share::Wish;
use client::{Alarm, ClientError, Platform as _, Session};
use protocol::{GrantId, VaultId};
use records::Category;

use crate::people::{Who, add, host, share};
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
