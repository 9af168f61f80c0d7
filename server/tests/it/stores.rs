//! Blobs in Azure Blob Storage and in S3, where the environment names them: `scripts/with-blob-stores` starts both.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use protocol::api::Profile;
use protocol::entry::CHUNK;
use protocol::{BlobId, RecordId};
use server::backup::{Marker, Place, backup, restore};
use server::blobs::Blobs;
use server::clock::{Clock as _, DAY};
use server::services::scrub::{Damage, scrub};
use server::services::sweep::sweep;

use crate::person::{Person, chunks_of, data_part, file_part, first_revision, id16};
use crate::test_app::TestApp;

/// What every Azurite has; it guards nothing.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// What every s3rver has; it guards nothing.
const S3_KEY: &str = "S3RVER";

#[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

fn open(url: &str, variables: &[(&str, &str)]) -> Blobs {
    let variables = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Blobs::open(&url.parse().unwrap(), &variables.collect::<BTreeMap<_, _>>()).unwrap()
}

/// A folder of its own in the container.
fn azure(endpoint: &str, prefix: &str) -> Blobs {
    let variables = [
        ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT),
        ("AZURE_STORAGE_ACCOUNT_KEY", KEY),
        ("AZURE_STORAGE_ENDPOINT", endpoint),
        ("AZURE_ALLOW_HTTP", "true"),
    ];
    open(&format!("azure://vaults/{prefix}"), &variables)
}

/// A folder of its own in the bucket.
fn s3(endpoint: &str, prefix: &str) -> Blobs {
    let variables = [
        ("AWS_ACCESS_KEY_ID", S3_KEY),
        ("AWS_SECRET_ACCESS_KEY", S3_KEY),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
    ];
    open(&format!("s3://vaults/{prefix}"), &variables)
}

#[tokio::test]
async fn a_file_is_kept_in_azure() {
    let Some(endpoint) = named("HEALTHBRIDGE_TEST_AZURE") else { return };
    a_file_is_stored_read_scrubbed_backed_up_and_swept(|prefix| azure(&endpoint, prefix)).await;
}

#[tokio::test]
async fn a_file_is_kept_in_s3() {
    let Some(endpoint) = named("HEALTHBRIDGE_TEST_S3") else { return };
    a_file_is_stored_read_scrubbed_backed_up_and_swept(|prefix| s3(&endpoint, prefix)).await;
}

async fn a_file_is_stored_read_scrubbed_backed_up_and_swept(store: impl Fn(&str) -> Blobs) {
    let blobs = store("one");
    let mut app = TestApp::sqlite().await;
    app.set(|state| state.blobs = blobs.clone());
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (blob, record) = (BlobId::from_bytes(id16()), RecordId::from_bytes(id16()));
    let chunks = chunks_of(CHUNK + 5);
    ann.put_blob(&app, ann.vault, blob, &chunks).await.unwrap();
    let parts = vec![data_part(), file_part(blob, &chunks)];
    ann.append(&app, ann.vault, first_revision(record, ann.scope, parts)).await.unwrap();
    for (number, chunk) in chunks.iter().enumerate() {
        assert!(ann.chunk(&app, blob, number).await.unwrap() == *chunk);
    }

    // Its backup goes to another place in the same store.
    let folder = tempfile::tempdir().unwrap();
    let of = |app: &'_ TestApp| app.site_folder().to_owned();
    let (home, into_home) = (of(&app), tempfile::tempdir().unwrap());
    let place = Place { store: &app.state.store, blobs: &app.state.blobs, folder: &home };
    assert_eq!(backup(place, folder.path(), false, |_| {}).await.unwrap().chunks, 2);
    let mut into = TestApp::sqlite().await;
    into.set(|state| state.blobs = store("two"));
    let place = Place { store: &into.state.store, blobs: &into.state.blobs, folder: into_home.path() };
    let marker = Marker { id: [1; 16], at: app.clock.minute() };
    assert_eq!(restore(folder.path(), place, marker, |_| {}).await.unwrap().chunks, 2);
    assert!(ann.chunk(&into, blob, 1).await.unwrap() == chunks[1]);

    // One of its chunks is lost.
    let objects: Vec<_> = blobs.list().try_collect().await.unwrap();
    assert_eq!(objects.len(), 2);
    let mut found = Vec::new();
    blobs.delete(&objects[0].object).await.unwrap();
    blobs.delete(&objects[0].object).await.unwrap();
    scrub(&app.state.store, &blobs, BlobId::from_bytes([0; 16]), None, |finding| {
        found.push((finding.blob, finding.damage));
    })
    .await
    .unwrap();
    assert_eq!(found, [(blob, Damage::Missing)]);

    // What nothing names goes.
    into.state.blobs.copy_in("00/nothing", axum::body::Bytes::from_static(b"names it")).await.unwrap();
    // The store knows the time by itself.
    into.pass(10 * 365 * DAY);
    sweep(&into.state).await.unwrap();
    let left: Vec<_> = into.state.blobs.list().try_collect().await.unwrap();
    assert_eq!(left.len(), 2);
}
