//! PostgreSQL commits, and the server hears nothing of it: the connection breaks on the way back. Whoever wanted it tries
//! again, and it is there once.

use std::rc::Rc;

use client::share::Wish;
use client::{ClientError, Session};
use protocol::Level;
use protocol::api::Profile;
use records::Category;

use crate::acts::{add, compare, provider, read, take_up, verify};
use crate::database::{Beside, Postgres};
use crate::host::Host;
use crate::line::{Failed, Line};
use crate::people::Kept;
use crate::proxy::Proxy;

/// A server whose commits go unheard.
struct Unheard {
    host: Rc<Host>,
    database: Postgres,
    proxy: Proxy,
    beside: Beside,
}

impl Unheard {
    async fn begin() -> Option<Self> {
        let host = Host::new();
        let database = Postgres::make(&host).await?;
        let proxy = database.through_proxy(&host);
        host.start();
        let beside = database.beside().await;
        beside.mark(&["chunks", "entries"]).await;
        Some(Self { host, database, proxy, beside })
    }

    async fn rows(&self, table: &str) -> i64 {
        self.beside.number(&format!("SELECT COUNT(*) FROM {table}")).await
    }

    /// Does something that makes so many entries in so many commits, of none of which anybody hears: the device, which is
    /// told each time that it may try again, ends with having done it, once.
    async fn once<T>(
        &self,
        (entries, commits): (i64, usize),
        device: &Session<Line>,
        act: impl Future<Output = Result<T, ClientError>>,
    ) -> T {
        let before = (self.rows("entries").await, self.proxy.unheard());
        let done = Box::pin(act).await.unwrap_or_else(|error| panic!("{error:?}: {}", self.host.log()));
        let after = (self.rows("entries").await, self.proxy.unheard());
        assert_eq!((after.0 - before.0, after.1 - before.1), (entries, commits), "{}", self.host.log());
        assert_eq!(device.platform().failures(), vec![Failed::NOT_NOW; commits], "{}", self.host.log());
        done
    }

    /// How many objects there are beside the one that holds the store's id.
    fn objects(&self) -> usize {
        self.host.paths("blobs").iter().filter(|path| !path.ends_with("instance")).count()
    }
}

#[tokio::test]
async fn postgres_commits_and_nobody_hears_of_it() {
    let Some(unheard) = Unheard::begin().await else { return };
    let host = &unheard.host;
    let [ito, noor] = [Kept::sign_up(host, "Ito", provider()).await, Kept::sign_up(host, "Noor", provider()).await];
    assert_eq!(unheard.proxy.unheard(), 0);
    // The vault's first entries come with the account, which is there once, and opens.
    let maya = Kept::sign_up(host, "Maya", Profile::Patient).await;
    assert_eq!((unheard.proxy.unheard(), unheard.rows("accounts").await, unheard.rows("vaults").await), (1, 3, 1));

    let phone = maya.device(host).await;
    let vault = phone.own_vault().unwrap();
    // The chunks of the file, its picture and its text, and the entry that names them.
    let record = unheard.once((1, 3 + 1), &phone, add(&phone, "ECG", b"sinus rhythm")).await;
    // What may be named after all stays, and nothing is stored twice.
    assert_eq!((unheard.rows("chunks").await, unheard.objects()), (3, 3));
    let retitle = phone.edit(vault, record, |metadata| "ECG at rest".clone_into(&mut metadata.title));
    unheard.once((1, 1), &phone, retitle).await;

    let laboratory = Wish::Category(Category::Laboratory);
    let (person, other) = (compare(&phone, &ito.email).await.unwrap(), compare(&phone, &noor.email).await.unwrap());
    let itos = unheard.once((1, 1), &phone, phone.share(&person, laboratory, Level::Download, None)).await;
    unheard.once((1, 1), &phone, phone.share(&other, laboratory, Level::Download, None)).await;
    for reader in [&ito, &noor] {
        let device = reader.device(host).await;
        // Taking it up, and opening the record, are an entry each.
        assert_eq!(unheard.once((1, 1), &device, take_up(&device)).await, vault);
        assert_eq!(unheard.once((1, 1), &device, read(&device, vault, record)).await, b"sinus rhythm");
    }

    // The end, the turned key, and that key sealed to who stays; and then everything anew.
    unheard.once((3, 1), &phone, phone.stop(vault, itos)).await;
    assert!(unheard.once((1, 3 + 1), &phone, phone.renew_next(vault)).await);
    assert!(!unheard.once((0, 0), &phone, phone.renew_next(vault)).await);
    assert_eq!((unheard.rows("chunks").await, unheard.objects()), (6, 6));
    assert_eq!(ito.device(host).await.sync_shared().await, Ok(vec![]));
    let device = noor.device(host).await;
    assert_eq!(device.sync_shared().await, Ok(vec![vault]));
    assert_eq!(read(&device, vault, record).await.unwrap(), b"sinus rhythm");
    let laptop = maya.device(host).await;
    assert_eq!(verify(&laptop).await.unwrap(), [("ECG at rest".to_owned(), b"sinus rhythm".to_vec())]);
    assert_eq!(laptop.with_view(vault, |view| view.shares().count()), Ok(2));

    host.stop();
    host.scrub();
    let Unheard { database, beside, .. } = unheard;
    beside.close().await;
    database.drop().await;
}
