//! The connection breaks, or the device dies, at every request of a stop: of one record, and of everything. Another device
//! finishes whatever was begun.

use std::rc::Rc;

use client::share::Wish;
use client::view::Ending;
use client::{ClientError, Platform as _, Session};
use protocol::{GrantId, RecordId, VaultId};
use records::Category;

use super::operations::at_every_request;
use crate::host::Host;
use crate::people::{Who, add, host, read, share, take_up, verify};
use crate::wire::Wire;

/// Two results in Maya's vault.
struct Results {
    host: Rc<Host>,
    maya: Session<Wire>,
    vault: VaultId,
    ecg: RecordId,
    blood: RecordId,
}

impl Results {
    async fn begin() -> Self {
        let host = host().await;
        let maya = Who::Maya.device(&host).await;
        let vault = maya.own_vault().unwrap();
        let ecg = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
        let blood = add(&maya, "Blood", b"ferritin 12").await.unwrap();
        Self { host, maya, vault, ecg, blood }
    }

    async fn give(&self, with: Who, wish: Wish) -> GrantId {
        share(&self.maya, with, wish).await.unwrap()
    }

    async fn taken_up_by(&self, readers: &[Who]) {
        for reader in readers {
            take_up(&reader.device(&self.host).await).await.unwrap();
        }
    }

    /// Stops a share, and loses the line or the device at every request. Each time, another device looks whether nothing
    /// is half done, finishes the end once it was acknowledged, and checks what each person sees.
    async fn stop(&self, stopped: GrantId, check: impl AsyncFn(&Rc<Host>, bool)) {
        let vault = self.vault;
        let stop = async |session: &Session<Wire>| {
            session.sync(vault).await?;
            session.finish_endings(vault).await?;
            session.stop(vault, stopped).await
        };
        let all = [("Blood", &b"ferritin 12"[..]), ("ECG", &b"sinus rhythm"[..])];
        let all = all.map(|(title, content)| (title.to_owned(), content.to_vec()));
        at_every_request(&self.host, stop, async |host, done| {
            let laptop = Who::Maya.device(host).await;
            assert_eq!(verify(&laptop).await.unwrap(), all);
            // Blocked and rotated are one append: neither is without the other, and nobody who stays is forgotten.
            let ending = ending_of(&laptop, vault, stopped);
            assert_eq!(ending.map(|ending| (ending.blocked, ending.rotated)), ending.map(|_| (true, true)));
            assert!(ending.is_some() || !done);
            assert_eq!(frozen(&laptop, vault), 0);
            if done {
                while laptop.renew_next(vault).await.unwrap() {}
                assert!(ending_of(&laptop, vault, stopped).is_some_and(|ending| ending.reencrypted));
                assert_eq!(verify(&laptop).await.unwrap(), all);
            }
            Box::pin(check(host, ending.is_some())).await;
        })
        .await;
    }
}

fn ending_of(laptop: &Session<Wire>, vault: VaultId, grant: GrantId) -> Option<Ending> {
    let now = laptop.platform().now();
    laptop.with_view(vault, |view| view.ending(view.share(grant).unwrap(), now)).unwrap()
}

/// How many shares hold whose holder lacks the present key.
fn frozen(laptop: &Session<Wire>, vault: VaultId) -> usize {
    let now = laptop.platform().now();
    laptop.with_view(vault, |view| view.shares().filter(|share| view.is_frozen(share, now)).count()).unwrap()
}

/// Of two records that one person has by themselves, one is taken back; somebody else keeps both.
#[tokio::test]
async fn stopping_a_single_record_is_cut() {
    let results = Results::begin().await;
    let Results { vault, ecg, blood, .. } = results;
    let stopped = results.give(Who::Ito, Wish::Record(ecg)).await;
    results.give(Who::Ito, Wish::Record(blood)).await;
    results.give(Who::Noor, Wish::Record(ecg)).await;
    results.taken_up_by(&[Who::Ito, Who::Noor]).await;
    let check = async |host: &Rc<Host>, ended: bool| {
        let ito = Who::Ito.device(host).await;
        assert_eq!(ito.sync_shared().await, Ok(vec![vault]));
        assert_eq!(read(&ito, vault, blood).await.unwrap(), b"ferritin 12");
        let gone = Err(ClientError::Missing("record"));
        assert_eq!(read(&ito, vault, ecg).await, if ended { gone } else { Ok(b"sinus rhythm".to_vec()) });
        let noor = Who::Noor.device(host).await;
        noor.sync_shared().await.unwrap();
        assert_eq!(read(&noor, vault, ecg).await.unwrap(), b"sinus rhythm");
    };
    results.stop(stopped, check).await;
}

/// One of two people who see everything is stopped: the other one, and who sees a category, go on.
#[tokio::test]
async fn stopping_everything_is_cut() {
    let results = Results::begin().await;
    let Results { vault, ecg, blood, .. } = results;
    let stopped = results.give(Who::Ito, Wish::Everything).await;
    results.give(Who::Mallory, Wish::Everything).await;
    results.give(Who::Noor, Wish::Category(Category::Laboratory)).await;
    results.taken_up_by(&[Who::Ito, Who::Mallory, Who::Noor]).await;
    let check = async |host: &Rc<Host>, ended: bool| {
        assert_eq!(Who::Ito.device(host).await.sync_shared().await.unwrap().is_empty(), ended);
        let contents: [(Who, RecordId, &[u8]); 2] =
            [(Who::Mallory, blood, b"ferritin 12"), (Who::Noor, ecg, b"sinus rhythm")];
        for (reader, record, content) in contents {
            let device = reader.device(host).await;
            assert_eq!(device.sync_shared().await, Ok(vec![vault]));
            assert_eq!(read(&device, vault, record).await.unwrap(), content, "{reader:?}");
        }
    };
    results.stop(stopped, check).await;
}
