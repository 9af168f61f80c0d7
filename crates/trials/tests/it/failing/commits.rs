//! The database fails: at a row, or at the very end, when all of it should be made to last.

use client::session::SignUp;
use client::share::Wish;
use client::upload::{NoOutbox, Unwatched};
use client::{ClientError, Session};
use futures_util::StreamExt as _;
use protocol::api::Profile;
use protocol::{ApiError, cbor};
use records::Category;

use crate::host::Host;
use crate::people::{PASSWORD, Who, add, chosen, draft, empty_host, entries, host, share, verify};
use crate::wire::{APPEND, Wire};

const FAILED: ClientError = ClientError::Api(ApiError::Internal);

/// Lets every insertion into a table fail, at once or at the commit.
async fn fail(host: &Host, table: &str, at_commit: bool) {
    let trigger = if at_commit {
        host.execute(
            "CREATE TABLE never (id INTEGER PRIMARY KEY);
             CREATE TABLE fault (id INTEGER REFERENCES never (id) DEFERRABLE INITIALLY DEFERRED);",
        )
        .await;
        format!("CREATE TRIGGER failing AFTER INSERT ON {table} BEGIN INSERT INTO fault VALUES (1); END")
    } else {
        format!("CREATE TRIGGER failing BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk of maya'); END")
    };
    host.execute(&trigger).await;
}

async fn heal(host: &Host) {
    host.execute("DROP TRIGGER failing; DROP TABLE IF EXISTS fault; DROP TABLE IF EXISTS never;").await;
}

const TABLES: [&str; 10] =
    ["accounts", "account_chain", "blobs", "chunks", "entries", "grants", "members", "records", "scopes", "sessions"];

async fn rows(host: &Host) -> Vec<u64> {
    let mut rows = Vec::new();
    for table in TABLES {
        rows.push(host.count(table).await);
    }
    rows
}

#[tokio::test]
async fn an_append_that_fails_leaves_nothing() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let laboratory = Wish::Category(Category::Laboratory);
    let ito = share(&maya, Who::Ito, laboratory).await.unwrap();
    maya.find(Who::Noor.email()).await.unwrap();
    share(&maya, Who::Noor, Wish::Record(record)).await.unwrap();
    let before = entries(&host).await;
    for (table, at_commit) in [("entries", false), ("entries", true), ("scopes", false), ("members", false)] {
        fail(&host, table, at_commit).await;
        let rows_before = rows(&host).await;
        maya.platform().count_anew();
        // Revocation, turned key and sealed keys are one change.
        assert_eq!(maya.stop(vault, ito).await, Err(FAILED), "{table}");
        assert_eq!(rows(&host).await, rows_before, "{table}");
        assert_eq!(entries(&host).await, before, "{table}");
        let request = maya.platform().requests(APPEND).remove(0);
        let response = maya.platform().deliver(request).await;
        assert_eq!((response.status, response.body), (500, cbor::encode(&ApiError::Internal)), "{table}");
        // The same connections are used again, more of them than there are.
        for _ in 0..5 {
            maya.sync(vault).await.unwrap();
        }
        heal(&host).await;
    }
    maya.stop(vault, ito).await.unwrap();
    while maya.renew_next(vault).await.unwrap() {}
    assert_eq!(verify(&maya).await.unwrap().len(), 1);
    assert_eq!(Who::Ito.device(&host).await.sync_shared().await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_chunk_that_cannot_be_noted_is_not_stored() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let content = b"ferritin 12";
    let ticket = maya.begin(draft("Blood", Category::Laboratory, content)).await.unwrap();
    let run = || maya.run(&ticket, &content[..], &NoOutbox, &Unwatched);
    for at_commit in [false, true] {
        fail(&host, "chunks", at_commit).await;
        assert_eq!(run().await, Err(FAILED));
        assert_eq!((host.count("chunks").await, host.state.blobs.list().count().await), (0, 0));
        heal(&host).await;
    }
    run().await.unwrap();
    assert_eq!(verify(&maya).await.unwrap(), [("Blood".to_owned(), content.to_vec())]);
}

/// Account, chain, vault, first entries and session are one: who is told that it failed has no account.
#[tokio::test]
async fn a_sign_up_that_fails_leaves_no_account() {
    let host = empty_host().await;
    let password = &chosen(PASSWORD);
    let entered = || SignUp { email: "new@example.org", name: "New", profile: Profile::Patient, password };
    for (table, at_commit) in [("accounts", false), ("entries", true), ("sessions", false)] {
        fail(&host, table, at_commit).await;
        assert_eq!(Session::sign_up(Wire::new(&host, None), entered()).await.err(), Some(FAILED), "{table}");
        heal(&host).await;
        assert_eq!(rows(&host).await, [0; TABLES.len()], "{table}");
    }
    let (session, _) = Session::sign_up(Wire::new(&host, None), entered()).await.unwrap();
    session.sync(session.own_vault().unwrap()).await.unwrap();
}
