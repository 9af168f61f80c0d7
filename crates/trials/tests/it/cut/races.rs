//! Two devices of one owner at once: one shares while the other one stops a share, which turns the key. However they meet,
//! whoever has a share has the present key.

use std::cell::Cell;
use std::rc::Rc;

use client::share::Wish;
use client::{ClientError, Platform as _, Session};
use protocol::api::Person;
use protocol::{GrantId, Level, Minute, RecordId, VaultId};
use records::Category;

use crate::host::Host;
use crate::people::{Who, add, compared, host, read, share, take_up};
use crate::wire::Wire;

/// What is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Record,
    Laboratory,
    Everything,
}

/// A record in a share that is to be stopped, before two devices race.
struct Before {
    host: Rc<Host>,
    database: Vec<u8>,
    vault: VaultId,
    record: RecordId,
    stopped: GrantId,
    ito: Person,
}

impl Before {
    /// With a share that this person has.
    async fn begin(holder: Who, reach: Reach) -> Self {
        let host = host().await;
        let maya = Who::Maya.device(&host).await;
        let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
        let ito = compared(&maya, Who::Ito).await.unwrap();
        let stopped = share(&maya, holder, wish(reach, record)).await.unwrap();
        Self { database: host.database().await, vault: maya.own_vault().unwrap(), host, record, stopped, ito }
    }

    /// The same once more, for two devices.
    async fn devices(&self) -> (Rc<Host>, Session<Wire>, Session<Wire>) {
        let (secrets, blobs) = (self.host.state.secrets.clone(), self.host.state.blobs.clone());
        let host = Host::on(Some(&self.database), secrets, blobs).await;
        let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
        (host, phone, laptop)
    }

    /// Shares with Ito.
    async fn share(&self, device: &Session<Wire>, reach: Reach, until: Option<Minute>) -> Result<GrantId, ClientError> {
        device.share(&self.ito, wish(reach, self.record), Level::Download, until).await
    }

    async fn stop(&self, device: &Session<Wire>) {
        device.stop(self.vault, self.stopped).await.unwrap();
    }

    /// What Ito was given by this share opens, also what is written from now on; and no key that anybody has is an old one.
    async fn check(&self, host: &Rc<Host>, grant: GrantId) {
        let laptop = Who::Maya.device(host).await;
        laptop.edit(self.vault, self.record, |metadata| "ECG at rest".clone_into(&mut metadata.title)).await.unwrap();
        let now = laptop.platform().now();
        let holds_and_frozen = laptop.with_view(self.vault, |view| {
            let frozen = view.shares().filter(|share| view.is_frozen(share, now)).count();
            (view.holds(view.share(grant).unwrap(), now), frozen)
        });
        assert_eq!(holds_and_frozen, Ok((true, 0)));
        let ito = Who::Ito.device(host).await;
        assert_eq!(take_up(&ito).await, Ok(self.vault));
        let title = ito.with_view(self.vault, |view| view.title(self.record).map(str::to_owned));
        assert_eq!(title, Ok(Some("ECG at rest".to_owned())));
        assert_eq!(read(&ito, self.vault, self.record).await.unwrap(), b"sinus rhythm");
    }
}

const fn wish(reach: Reach, record: RecordId) -> Wish {
    match reach {
        Reach::Record => Wish::Record(record),
        Reach::Laboratory => Wish::Category(Category::Laboratory),
        Reach::Everything => Wish::Everything,
    }
}

/// Just before any request of a device that shares, from when it reads the log until it reads what it wrote, another one
/// turns the key.
#[tokio::test]
async fn a_key_turns_while_something_is_shared() {
    for reach in [Reach::Record, Reach::Laboratory, Reach::Everything] {
        let before = Before::begin(Who::Noor, reach).await;
        for request in 0.. {
            let (host, phone, laptop) = before.devices().await;
            let (share, stop) = (Box::pin(before.share(&phone, reach, None)), Box::pin(before.stop(&laptop)));
            let (shared, raced) = Box::pin(phone.platform().overtaken_at(request, share, stop)).await;
            if !raced {
                assert!(request > 2, "sharing has more than two requests");
                break;
            }
            Box::pin(before.check(&host, shared.unwrap())).await;
            assert_eq!(Who::Noor.device(&host).await.sync_shared().await, Ok(Vec::new()), "{reach:?} at {request}");
        }
    }
}

/// The other way round: who is given something while a key turns gets the new one.
#[tokio::test]
async fn something_is_shared_while_a_key_turns() {
    for stopped in [Reach::Laboratory, Reach::Everything] {
        let before = Before::begin(Who::Noor, stopped).await;
        for request in 0.. {
            let (host, phone, laptop) = before.devices().await;
            let given = Cell::new(None);
            let share = async { given.set(Some(before.share(&laptop, Reach::Laboratory, None).await.unwrap())) };
            let (stop, share) = (Box::pin(before.stop(&phone)), Box::pin(share));
            let ((), raced) = Box::pin(phone.platform().overtaken_at(request, stop, share)).await;
            if !raced {
                assert!(request > 2, "a stop has more than two requests");
                break;
            }
            Box::pin(before.check(&host, given.get().unwrap())).await;
            assert_eq!(Who::Noor.device(&host).await.sync_shared().await, Ok(Vec::new()), "{stopped:?} at {request}");
        }
    }
}

/// One device gives a share another end while another one stops that very share. Either the stop came later, and the share
/// has ended; or it came first, and what was shared is a new share, under the new key.
#[tokio::test]
async fn a_share_is_stopped_while_it_gets_another_end() {
    let before = Before::begin(Who::Ito, Reach::Laboratory).await;
    let (mut ended, mut anew) = (0, 0);
    for request in 0.. {
        let (host, phone, laptop) = before.devices().await;
        let until = Some(phone.platform().now().plus(60));
        let (share, stop) = (Box::pin(before.share(&phone, Reach::Laboratory, until)), Box::pin(before.stop(&laptop)));
        let (shared, raced) = Box::pin(phone.platform().overtaken_at(request, share, stop)).await;
        if !raced {
            break;
        }
        let grant = shared.unwrap();
        phone.sync(before.vault).await.unwrap();
        let end = phone.with_view(before.vault, |view| view.share(grant).unwrap().grant.until);
        assert_eq!(end, Ok(until), "at {request}");
        if grant == before.stopped {
            ended += 1;
            assert_eq!(Who::Ito.device(&host).await.sync_shared().await, Ok(Vec::new()), "at {request}");
        } else {
            anew += 1;
            Box::pin(before.check(&host, grant)).await;
        }
    }
    assert!(ended > 0 && anew > 0, "{ended} and {anew}");
}
