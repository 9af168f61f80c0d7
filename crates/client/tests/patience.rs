//! How long an upload waits for a server that has no time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod nearby;

use std::cell::{Cell, RefCell};

use client::ClientError;
use client::platform::{Asked, Response, Unreachable, Unsent};
use client::upload::{Draft, NoOutbox, Watcher};
use protocol::{ApiError, Digest, RecordId};
use records::{Category, Kind, Metadata};

use nearby::{Nearby, VAULT, refusal};

const CONTENT: &[u8] = b"Dear Maya";

/// Whoever watches lets it go on so often, and notes what is said of the connection.
struct Patient {
    goes_on: Cell<u32>,
    offline: RefCell<Vec<bool>>,
}

impl Watcher for Patient {
    fn sent(&self, _: u64, _: u64) {}

    fn offline(&self, offline: bool) {
        self.offline.borrow_mut().push(offline);
    }

    async fn may_go_on(&self) -> Result<(), ClientError> {
        self.goes_on.set(self.goes_on.get().checked_sub(1).ok_or(ClientError::Cancelled)?);
        Ok(())
    }
}

/// What becomes of an upload that meets this first, how long it waited each time, and what was said of the connection.
async fn upload(first: Result<Response, Unsent>, goes_on: u32) -> (Result<RecordId, ClientError>, Vec<u32>, Vec<bool>) {
    let nearby = Nearby::with_records(0, 1);
    let session = nearby.session();
    session.sync(VAULT).await.unwrap();
    let metadata = Metadata {
        title: "Letter".to_owned(),
        category: Category::Imaging,
        date: None,
        notes: String::new(),
        file_name: "letter.txt".to_owned(),
        kind: Kind::Text,
        size: CONTENT.len() as u64,
    };
    let draft = Draft { metadata, fingerprint: Digest::of(CONTENT), thumbnail: None, text: None };
    let ticket = session.prepare(&draft).unwrap();
    let watcher = Patient { goes_on: Cell::new(goes_on), offline: RefCell::default() };
    nearby.mood.borrow_mut().push_back(first);
    let sent = session.run(&ticket, CONTENT, &NoOutbox, &watcher).await;
    (sent, nearby.waited.take(), watcher.offline.take())
}

#[tokio::test]
async fn it_goes_on_when_the_server_may_be_asked_again() {
    let proxy = |status: u16| Response { status, body: b"<h1>One moment</h1>".to_vec() };
    for (first, waits) in [
        (Err(Unsent::Later(Asked(7))), 7_000),
        (Err(Unsent::Later(Asked(0))), 250),
        (Ok(refusal(&ApiError::TooMany(7))), 7_000),
        (Ok(refusal(&ApiError::Unavailable)), 250),
        (Err(Unreachable.into()), 250),
        // What stands before the server does not speak as it does, and is heard to the second where it says one.
        (Err(Unsent::later(429, Some("7"), Some("text/html")).unwrap()), 7_000),
        (Err(Unsent::later(503, Some("7"), None).unwrap()), 7_000),
        (Ok(proxy(429)), 250),
        (Ok(proxy(502)), 250),
    ] {
        let (sent, waited, offline) = upload(first, u32::MAX).await;
        assert!(sent.is_ok(), "{sent:?}");
        assert_eq!((waited, offline), (vec![waits], vec![true, false]));
    }
}

#[tokio::test]
async fn what_takes_too_long_is_given_up_and_said() {
    for (first, said) in [
        (Err(Unsent::Later(Asked(3_600))), ClientError::Later(Asked(3_600))),
        (Err(Unsent::later(429, Some("3600"), None).unwrap()), ClientError::Later(Asked(3_600))),
        (Ok(refusal(&ApiError::TooMany(86_400))), ApiError::TooMany(86_400).into()),
    ] {
        let given_up = upload(first, u32::MAX).await;
        assert_eq!(given_up, (Err(said), Vec::new(), Vec::new()));
    }
    assert_eq!(ClientError::Later(Asked(3_600)).to_string(), "the server is busy; try again in 60 minutes");
}

#[tokio::test]
async fn whoever_stops_it_is_heard_however_long_it_waits() {
    let (sent, waited, _) = upload(Err(Unsent::Later(Asked(100))), u32::MAX).await;
    assert!(sent.is_ok());
    assert_eq!(waited.iter().sum::<u32>(), 100_000);
    let (sent, waited, _) = upload(Err(Unsent::Later(Asked(100))), 2).await;
    assert_eq!((sent, waited), (Err(ClientError::Cancelled), vec![15_000, 15_000]));
}
