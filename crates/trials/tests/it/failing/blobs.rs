//! The blob store answers with errors, slowly, partly or not at all.

use std::time::Duration;

use client::platform::Method;
use client::upload::{NoOutbox, Unwatched};
use client::{ClientError, Platform as _};
use protocol::ApiError;
use records::Category;
use server::services::sweep::sweep;
use server::uploads::UPLOADS_AT_ONCE;

use super::moody::{LATER, Mood, moody};
use crate::cut::GivesUp;
use crate::people::{add, draft, read, verify};
use crate::wire::On;

const NOT_NOW: ClientError = ClientError::Api(ApiError::Unavailable);
const PUT_CHUNK: On = On(Method::Put, "/chunks/");

#[tokio::test]
async fn a_store_that_fails_acknowledges_nothing_and_loses_nothing() {
    let (store, host, maya) = moody().await;
    let vault = maya.own_vault().unwrap();
    let first = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let content = b"ferritin 12";
    let ticket = maya.begin(draft("Blood", Category::Laboratory, content)).await.unwrap();
    // The upload would wait for the store; here it is given up at once.
    let give_up = async || maya.run(&ticket, &content[..], &NoOutbox, &GivesUp::default()).await;
    for mood in [Mood::Fails, Mood::FailsAfterwards] {
        store.set(mood);
        assert_eq!(give_up().await, Err(ClientError::Cancelled), "{mood:?}");
        assert_eq!(host.count("chunks").await, 3);
    }
    // What the server says of it names nothing of the store's.
    maya.platform().count_anew();
    assert_eq!(give_up().await, Err(ClientError::Cancelled));
    let request = maya.platform().requests(PUT_CHUNK).remove(0);
    let response = maya.platform().deliver(request).await;
    assert_eq!((response.status, response.body), (503, protocol::cbor::encode(&ApiError::Unavailable)));
    store.set(Mood::Fails);
    assert_eq!(read(&maya, vault, first).await, Err(NOT_NOW));

    store.set(Mood::Well);
    maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    assert_eq!(verify(&maya).await.unwrap().len(), 2);
    assert_eq!(host.count("chunks").await, 6);
    // What was written without being acknowledged goes by itself, and nothing else does.
    assert!(store.count().await > 6);
    host.pass(LATER);
    sweep(&host.state).await.unwrap();
    assert_eq!(store.count().await, 6);
}

#[tokio::test]
async fn a_store_that_reads_half_gives_nothing_wrong() {
    let (store, _host, maya) = moody().await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    for mood in [Mood::BreaksOff, Mood::FallsShort] {
        store.set(mood);
        let lost = ClientError::Unreachable(client::platform::Unreachable);
        assert_eq!(read(&maya, vault, record).await, Err(lost.clone()), "{mood:?}");
        assert_eq!(maya.thumbnail(vault, record).await, Err(lost), "{mood:?}");
    }
    store.set(Mood::Well);
    assert_eq!(read(&maya, vault, record).await.unwrap(), b"sinus rhythm");
}

#[tokio::test]
async fn a_slow_store_is_waited_for() {
    let (store, _host, maya) = moody().await;
    let vault = maya.own_vault().unwrap();
    store.set(Mood::Slow);
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    assert_eq!(read(&maya, vault, record).await.unwrap(), b"sinus rhythm");
}

/// More uploads than may be in memory at once hang, and their clients go away: the next ones find room.
#[tokio::test]
async fn a_store_that_hangs_holds_up_nothing_for_good() {
    let (store, host, maya) = moody().await;
    let content = b"ferritin 12";
    let ticket = maya.begin(draft("Blood", Category::Laboratory, content)).await.unwrap();
    store.set(Mood::Hangs);
    for _ in 0..=UPLOADS_AT_ONCE {
        let hung = tokio::time::timeout(Duration::from_mins(1), store.hung.notified());
        tokio::select! {
            result = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched) => panic!("nothing was stored: {result:?}"),
            hung = hung => hung.expect("there is room for the next one"),
        }
    }
    // Whatever needs no blobs goes on meanwhile.
    maya.sync(maya.own_vault().unwrap()).await.unwrap();
    assert_eq!(host.count("chunks").await, 0);
    store.set(Mood::Well);
    maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    assert_eq!(verify(&maya).await.unwrap(), [("Blood".to_owned(), content.to_vec())]);
}

/// A chunk is sent again with other bytes for the same place, and the object that it replaces cannot be deleted.
#[tokio::test]
async fn what_cannot_be_deleted_does_not_undo_what_is_stored() {
    let (store, host, maya) = moody().await;
    let blob = protocol::BlobId::from_bytes([5; 16]);
    let vault = maya.own_vault().unwrap();
    let create = protocol::api::BlobCreate { vault, length: 4 };
    let request = |method, path: String, body: Vec<u8>, chunk| client::platform::Request {
        method,
        path,
        body: body.into(),
        chunk,
    };
    let path = format!("/api/v1/blobs/{blob}");
    let created = maya.platform().send(request(Method::Put, path.clone(), protocol::cbor::encode(&create), None));
    assert_eq!(created.await.unwrap().status, 204);
    store.set(Mood::KeepsAll);
    for bytes in [b"once", b"anew", b"anew"] {
        let chunk = Some(protocol::Digest::of(bytes));
        let sent = maya.platform().send(request(Method::Put, format!("{path}/chunks/0"), bytes.to_vec(), chunk));
        assert_eq!(sent.await.unwrap().status, 204);
    }
    let got = maya.platform().send(request(Method::Get, format!("{path}/chunks/0"), Vec::new(), None)).await.unwrap();
    assert_eq!(got.body, b"anew");
    assert_eq!((host.count("chunks").await, store.count().await), (1, 2));
}

/// One object holds up no other, and no object holds up what needs no blob store.
#[tokio::test]
async fn a_sweep_goes_past_what_cannot_be_deleted() {
    let (store, host, maya) = moody().await;
    let vault = maya.own_vault().unwrap();
    for title in ["ECG", "Blood", "Scan"] {
        let record = add(&maya, title, b"content").await.unwrap();
        if title != "ECG" {
            maya.delete(vault, record).await.unwrap();
        }
    }
    maya.find("nobody@example.org").await.unwrap_err();
    assert_eq!((store.count().await, host.count("counters").await > 0), (9, true));
    host.pass(LATER);
    store.set(Mood::KeepsOne);
    let swept = sweep(&host.state).await.unwrap();
    assert_eq!((swept.blobs, swept.left, store.count().await), (6, 1, 4));
    store.set(Mood::KeepsAll);
    let swept = sweep(&host.state).await.unwrap();
    assert_eq!((swept.blobs, swept.objects, swept.left), (0, 0, 1));
    assert_eq!((host.count("counters").await, host.count("sessions").await), (0, 0));
    // It is tried again each time.
    store.set(Mood::Well);
    let swept = sweep(&host.state).await.unwrap();
    assert_eq!((swept.objects, swept.left, store.count().await), (1, 0, 3));
}
