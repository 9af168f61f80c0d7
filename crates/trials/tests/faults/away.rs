//! The database is locked, breaks off in the middle and at a commit, or is not there at all; and two servers on one
//! database hear each other.

use std::rc::Rc;
use std::time::Duration;

use client::{ClientError, Session};
use futures_util::future::join;
use protocol::api::Profile;
use protocol::{ApiError, RecordId, VaultId};

use crate::acts::{add, verify};
use crate::database::{Beside, Postgres};
use crate::host::{Host, PATIENCE, until};
use crate::line::{Failed, Line, direct};
use crate::people::{Kept, world};

const NOT_NOW: ClientError = ClientError::Api(ApiError::Unavailable);

async fn retitle(session: &Session<Line>, record: RecordId, title: &str) -> Result<(), ClientError> {
    let vault = session.own_vault()?;
    session.edit(vault, record, |metadata| title.clone_into(&mut metadata.title)).await
}

#[tokio::test]
async fn sqlite_is_locked_by_another_process() {
    let host = Host::on(&world().files);
    host.start();
    let maya = world().maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let beside = Beside::sqlite(&host).await;
    beside.execute("BEGIN IMMEDIATE").await;
    let look = async {
        // Reading goes on meanwhile.
        let laptop = world().maya.device(&host).await;
        assert_eq!(verify(&laptop).await.unwrap(), [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
        until("the server gives up", async || maya.platform().has_failures()).await;
        beside.execute("ROLLBACK").await;
    };
    // The device tries again by itself.
    let (retitled, ()) = join(retitle(&maya, record, "ECG at rest"), look).await;
    retitled.unwrap();
    assert_eq!(maya.platform().failures(), [Failed::NOT_NOW], "{}", host.log());
    beside.close().await;
    assert_eq!(revisions(&world().maya.device(&host).await, record, "ECG at rest").await, 1);
    host.stop();
    host.scrub();
}

/// How often a record was changed, as a device that sees it for the first time verifies.
async fn revisions(laptop: &Session<Line>, record: RecordId, title: &str) -> u32 {
    assert_eq!(verify(laptop).await.unwrap().first().unwrap().0, title);
    laptop.with_view(laptop.own_vault().unwrap(), |view| view.record(record).unwrap().revision.number).unwrap()
}

/// A server on a PostgreSQL, with a patient who has a record.
struct Away {
    host: Rc<Host>,
    database: Postgres,
    beside: Beside,
    outside: Beside,
    kept: Kept,
    maya: Session<Line>,
    record: RecordId,
}

impl Away {
    async fn begin() -> Option<Self> {
        let host = Host::new();
        let database = Postgres::make(&host).await?;
        host.start();
        let kept = Kept::sign_up(&host, "Maya", Profile::Patient).await;
        let maya = kept.device(&host).await;
        let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
        let (beside, outside) = (database.beside().await, database.outside().await);
        Some(Self { host, database, beside, outside, kept, maya, record })
    }

    fn vault(&self) -> VaultId {
        self.maya.own_vault().unwrap()
    }

    /// How many of the server's connections are so.
    async fn connections(&self, so: &str) -> i64 {
        let name = &self.database.name;
        let query = format!("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '{name}' AND {so}");
        self.outside.number(&query).await
    }

    /// Ends the server's connections that are so.
    async fn end(&self, so: &str) {
        let name = &self.database.name;
        let all = format!("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'");
        assert!(self.outside.number(&format!("{all} AND {so}")).await > 0);
    }

    /// Ends the connection on which the server waits for a lock, as soon as it does.
    async fn end_whoever_waits(&self) {
        until("the server waits", async || self.connections(WAITING).await > 0).await;
        self.end(WAITING).await;
    }

    /// Changes the record while the connection breaks at a lock, which the second statement lets go.
    async fn change_while_it_breaks(&self, title: &str, let_go: &str) {
        let entries = async || self.beside.number("SELECT COUNT(*) FROM entries").await;
        let before = entries().await;
        let breaking = async {
            self.end_whoever_waits().await;
            until("the device is told", async || self.maya.platform().has_failures()).await;
            assert_eq!(entries().await, before, "half of it was written");
            self.beside.execute(let_go).await;
        };
        // The device tries again by itself.
        let (retitled, ()) = join(retitle(&self.maya, self.record, title), breaking).await;
        retitled.unwrap();
        assert_eq!(self.maya.platform().failures(), [Failed::NOT_NOW], "{}", self.host.log());
    }

    /// How often the record was changed.
    async fn revisions(&self, title: &str) -> u32 {
        revisions(&self.kept.device(&self.host).await, self.record, title).await
    }

    async fn finish(self) {
        self.host.stop();
        self.host.scrub();
        self.beside.close().await;
        self.outside.close().await;
        self.database.drop().await;
    }
}

const WAITING: &str = "wait_event_type = 'Lock'";

#[tokio::test]
async fn postgres_breaks_off_in_the_middle_and_at_the_commit() {
    let Some(away) = Away::begin().await else { return };
    // In the middle: the server waits for the vault's row.
    away.beside.execute("BEGIN; SELECT 1 FROM vaults FOR UPDATE").await;
    away.change_while_it_breaks("ECG at rest", "ROLLBACK").await;
    assert_eq!(away.revisions("ECG at rest").await, 1);

    // At the commit: it waits for what the database looks at last.
    away.beside
        .execute(
            "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER lingering AFTER INSERT ON entries
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger();
             SELECT pg_advisory_lock(7)",
        )
        .await;
    away.change_while_it_breaks("ECG under load", "SELECT pg_advisory_unlock(7)").await;
    assert_eq!(away.revisions("ECG under load").await, 2);
    away.finish().await;
}

#[tokio::test]
async fn postgres_is_away_and_comes_back() {
    let Some(away) = Away::begin().await else { return };
    let Away { database, maya, record, .. } = &away;
    let allow = async |yes: bool| {
        away.outside.execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS {yes}", database.name)).await;
    };
    allow(false).await;
    away.end("TRUE").await;
    assert_eq!(retitle(maya, *record, "ECG at rest").await, Err(NOT_NOW), "{}", away.host.log());
    let (_, failures) = (maya.sync(away.vault()).await, maya.platform().failures());
    assert!(failures.len() > 1 && failures.iter().all(|failed| *failed == Failed::NOT_NOW), "{failures:?}");
    let ready = async || {
        let asked = direct().build().unwrap().get(format!("{}/readyz", away.host.address()));
        asked.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ready().await, 503);
    allow(true).await;
    // By itself, at the next request.
    assert_eq!(ready().await, 200);
    retitle(maya, *record, "ECG at rest").await.unwrap();
    assert_eq!(away.revisions("ECG at rest").await, 1);
    let Away { host, database, outside, .. } = away;
    host.stop();
    host.scrub();
    outside.close().await;
    database.drop().await;
}

/// A page's stream of nudges.
struct Nudges(reqwest::Response);

impl Nudges {
    async fn open(host: &Host, kept: &Kept) -> Self {
        let asked =
            direct().build().unwrap().get(format!("{}/api/v1/events", host.address())).header("cookie", kept.cookie());
        let mut nudges = Self(asked.send().await.unwrap());
        assert!(nudges.comes(PATIENCE).await, "the first word is a nudge");
        nudges
    }

    /// Whether a nudge comes within a time.
    async fn comes(&mut self, within: Duration) -> bool {
        let nudge = async {
            loop {
                let piece = self.0.chunk().await.unwrap().expect("the stream goes on");
                // What keeps an idle line alive is no nudge.
                if piece.starts_with(b"event: changed") || piece.windows(8).any(|bytes| bytes == b"\nevent: ") {
                    return;
                }
            }
        };
        tokio::time::timeout(within, nudge).await.is_ok()
    }

    /// Waits until none has come for a while.
    async fn quiet(&mut self) {
        while self.comes(Duration::from_millis(300)).await {}
    }
}

#[tokio::test]
async fn two_servers_on_one_postgres_hear_each_other() {
    let Some(away) = Away::begin().await else { return };
    let other = away.host.twin();
    other.start();
    let listening = "query LIKE 'LISTEN%'";
    until("both listen", async || away.connections(listening).await == 2).await;
    let mut page = Nudges::open(&other, &away.kept).await;
    page.quiet().await;
    retitle(&away.maya, away.record, "ECG at rest").await.unwrap();
    assert!(page.comes(PATIENCE).await);

    // What is told while nobody hears it reaches the page as soon as somebody does again.
    page.quiet().await;
    away.end(listening).await;
    retitle(&away.maya, away.record, "ECG under load").await.unwrap();
    assert!(page.comes(PATIENCE).await);
    until("both listen again", async || away.connections(listening).await == 2).await;
    page.quiet().await;
    retitle(&away.maya, away.record, "ECG").await.unwrap();
    assert!(page.comes(PATIENCE).await);
    drop(page);
    other.stop();
    away.finish().await;
}
