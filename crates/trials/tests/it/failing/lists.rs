//! What lies in the blob store cannot be listed, or not all of it: nothing goes that is needed, and nobody says that all is
//! well who could not look.

use std::time::Duration;

use axum::body::Bytes;
use client::Session;
use futures_util::future::join;
use protocol::BlobId;
use server::backup::{BackupError, Marker, restore};
use server::blobs::Blobs;
use server::random::SystemRandom;
use server::services::ServiceError;
use server::services::scrub::{Damage, Scrubbed, scrub};
use server::services::sweep::sweep;
use server::start::{scrub_daily, sweep_hourly};

use super::moody::{LATER, Mood, Moody, moody};
use crate::host::Host;
use crate::people::{PASSWORD, Who, add, host_over, verify};
use crate::wire::Wire;

/// Objects that nothing needs: more than a sweep looks at together.
const STRAYS: usize = 150;

/// Leaves objects in the store that no chunk names.
async fn stray(host: &Host, objects: usize) {
    for _ in 0..objects {
        host.state.blobs.put(&SystemRandom, Bytes::from_static(b"stray")).await.unwrap();
    }
}

/// Reads every chunk: what was looked at, and what is wrong with some.
async fn scrubbed(host: &Host) -> (Scrubbed, Vec<Damage>) {
    let mut found = Vec::new();
    let first = BlobId::from_bytes([0; 16]);
    let scrubbed = scrub(&host.state.store, &host.state.blobs, first, None, |finding| found.push(finding.damage)).await;
    (scrubbed.unwrap(), found)
}

/// How a scrub ends that finds so many chunks, and each as it was stored.
async fn assert_whole(host: &Host, chunks: u64) {
    let (scrubbed, found) = scrubbed(host).await;
    assert_eq!((scrubbed.chunks, found), (chunks, vec![]));
}

#[tokio::test]
async fn a_partial_list_takes_nothing_that_is_needed() {
    let (store, host, maya) = moody().await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    stray(&host, STRAYS).await;
    host.pass(LATER);
    for listed in [0, 1, STRAYS - 30] {
        let before = store.count().await;
        store.set(Mood::ListBreaksOff(listed));
        assert!(matches!(sweep(&host.state).await, Err(ServiceError::Blobs(_))), "after {listed}");
        store.set(Mood::ListFallsShort(listed));
        assert!(!sweep(&host.state).await.unwrap().foreign, "after {listed}");
        // What was not listed was not touched, and of what was, only what no chunk names.
        assert!(store.count().await + 2 * listed >= before, "after {listed}");
        assert_whole(&host, 3).await;
    }
    // What was left goes as soon as all of it can be listed, and nothing else does.
    store.set(Mood::Well);
    sweep(&host.state).await.unwrap();
    assert_eq!(store.count().await, 3);
    // By the clock that moved, the devices were signed out.
    let again = Session::sign_in(Wire::new(&host, None), Who::Maya.email(), PASSWORD).await.unwrap();
    assert_eq!(verify(&again).await.unwrap(), [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
}

/// A store that cannot be listed to its end is not taken for an empty one: neither by the database that it belongs to,
/// nor by another one, which would sweep all of it.
#[tokio::test]
async fn a_list_that_breaks_off_gives_nobody_the_store() {
    let store = Moody::new();
    let blobs = Blobs::over(store.clone());
    let own = host_over(blobs.clone()).await;
    let maya = Who::Maya.device(&own).await;
    for title in ["ECG", "Blood"] {
        add(&maya, title, b"content").await.unwrap();
    }
    let other = host_over(blobs.clone()).await;
    for host in [&other, &own] {
        host.pass(LATER);
        for listed in [0, 2] {
            store.set(Mood::ListBreaksOff(listed));
            assert!(matches!(sweep(&host.state).await, Err(ServiceError::Blobs(_))), "after {listed}");
            assert_eq!((blobs.id().await.unwrap(), store.count().await), (None, 6), "after {listed}");
        }
    }
    store.set(Mood::Well);
    assert!(sweep(&other.state).await.unwrap().foreign);
    let swept = sweep(&own.state).await.unwrap();
    assert_eq!((swept.foreign, swept.objects, store.count().await), (false, 0, 6));
    assert_whole(&own, 6).await;
}

/// While a list takes its time, people go on, and what they add meanwhile stays.
#[tokio::test]
async fn a_slow_list_holds_up_nobody() {
    let (store, host, maya) = moody().await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    stray(&host, 1).await;
    host.pass(LATER);
    store.set(Mood::ListWaits);
    let meanwhile = async {
        store.hung.notified().await;
        // The sweep has ended the sessions that were too old.
        let again = Session::sign_in(Wire::new(&host, None), Who::Maya.email(), PASSWORD).await.unwrap();
        add(&again, "Blood", b"ferritin 12").await.unwrap();
        assert_eq!(verify(&again).await.unwrap().len(), 2);
        store.go_on.notify_one();
        again
    };
    let (swept, again) = join(sweep(&host.state), Box::pin(meanwhile)).await;
    assert_eq!(swept.map(|swept| (swept.objects, swept.left)).unwrap(), (1, 0));
    assert_eq!(store.count().await, 6);
    store.set(Mood::Slow);
    assert_eq!(sweep(&host.state).await.unwrap().objects, 0);
    store.set(Mood::Well);
    assert_eq!(verify(&again).await.unwrap().len(), 2);
    assert_whole(&host, 6).await;
}

/// Whoever watches the server hears that it could not look, and not that there was nothing to remove.
#[tokio::test]
async fn a_sweep_that_could_not_look_counts_as_failed() {
    let (store, host, maya) = moody().await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    store.set(Mood::ListBreaksOff(1));
    let is_counted = |outcome: &str| {
        let line = format!("healthbridge_sweeps_total{{outcome=\"{outcome}\"}} 1\n");
        host.state.metrics.render().contains(&line)
    };
    let failed = async {
        while !is_counted("failed") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = sweep_hourly(host.state.clone()) => panic!("it goes on for ever"),
        failed = tokio::time::timeout(Duration::from_mins(1), failed) => failed.expect("it is counted"),
    }
    assert!(!is_counted("done"));
}

/// A scrub needs no list: it asks for each chunk. Of what it could not read it does not say that it is well.
#[tokio::test]
async fn a_scrub_that_could_not_look_does_not_say_that_all_is_well() {
    let (store, host, maya) = moody().await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    for (mood, damage) in [
        (Mood::ListBreaksOff(0), None),
        (Mood::Fails, Some(Damage::Unreadable)),
        (Mood::BreaksOff, Some(Damage::Unreadable)),
        (Mood::FallsShort, Some(Damage::Damaged)),
        (Mood::Slow, None),
    ] {
        store.set(mood);
        let (scrubbed, found) = scrubbed(&host).await;
        assert_eq!(scrubbed.chunks, 3, "{mood:?}");
        assert_eq!(found, damage.into_iter().cycle().take(3).collect::<Vec<_>>(), "{mood:?}");
        assert_eq!(scrubbed.to_string().contains("all are as they were stored"), damage.is_none(), "{mood:?}");
    }
    // One that waits for an answer has not come to its end.
    store.set(Mood::Hangs);
    tokio::select! {
        () = scrub_daily(host.state.clone(), 1 << 30) => panic!("it goes on for ever"),
        () = store.hung.notified() => {}
    }
    assert!(!host.state.metrics.render().contains("healthbridge_scrubs_total{outcome=\"done\"}"));
}

/// Nothing is restored to a store of which nobody knows whether it is empty.
#[tokio::test]
async fn a_backup_is_not_restored_where_nothing_can_be_listed() {
    let (_, host, maya) = moody().await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let backup = host.back_up().await;
    let store = Moody::new();
    let to = Host::on(None, host.state.secrets.clone(), Blobs::over(store.clone())).await;
    let other = to.state.blobs.put(&SystemRandom, Bytes::from_static(b"another's")).await.unwrap();
    let restored = async || {
        let marker = Marker { id: [7; 16], at: protocol::Minute::from_unix_seconds(to.now()) };
        restore(&backup.path().join("backup"), to.place(), marker, |finding| panic!("{finding}")).await
    };
    store.set(Mood::ListBreaksOff(0));
    assert!(matches!(restored().await, Err(BackupError::Blobs(_))));
    store.set(Mood::Well);
    assert!(matches!(restored().await, Err(BackupError::Occupied(_))));
    assert_eq!((to.count("accounts").await, store.count().await), (0, 1));
    to.state.blobs.delete(&other).await.unwrap();
    restored().await.unwrap();
    assert_eq!(store.count().await, 3);
    assert_whole(&to, 3).await;
}
