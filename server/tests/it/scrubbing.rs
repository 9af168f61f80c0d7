//! Scrubs: what is damaged or missing is found, and whose it is.

use axum::body::Bytes;
use protocol::api::Profile;
use protocol::entry::CHUNK;
use protocol::{BlobId, RecordId};
use sea_orm::ConnectionTrait as _;
use server::services::scrub::{Damage, Finding, Scrubbed, scrub, scrub_if_due};
use server::store::blobs::Chunk;

use crate::person::{Person, chunks_of, data_part, file_part, first_revision, id16};
use crate::test_app::TestApp;

pub(crate) async fn chunk_of(app: &TestApp, blob: BlobId, number: u32) -> Chunk {
    server::store::blobs::chunk(app.state.store.reader(), blob, number).await.unwrap().unwrap()
}

pub(crate) async fn lose(app: &TestApp, blob: BlobId) {
    app.state.blobs.delete(&chunk_of(app, blob, 0).await.object).await.unwrap();
}

async fn damage(app: &TestApp, blob: BlobId, bytes: &'static [u8]) {
    app.state.blobs.copy_in(&chunk_of(app, blob, 0).await.object, Bytes::from_static(bytes)).await.unwrap();
}

/// Below every id that a test draws.
const FIRST: BlobId = BlobId::from_bytes([0; 16]);

pub(crate) async fn findings(app: &TestApp) -> (Scrubbed, Vec<Finding>) {
    let mut findings = vec![];
    let scrubbed =
        scrub(&app.state.store, &app.state.blobs, FIRST, None, |finding| findings.push(*finding)).await.unwrap();
    (scrubbed, findings)
}

on_both! {
    async fn a_scrub_finds_every_damaged_or_missing_chunk_and_whose_it_is(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut ben = Person::sign_up(&app, "ben@example.org", Profile::Patient).await;
        ann.add_record(&app, b"whole").await;
        let (missing, missing_blob) = ann.add_record(&app, b"missing").await;
        let (damaged, damaged_blob) = ben.add_record(&app, b"damaged").await;
        let (cut, cut_blob) = ben.add_record(&app, b"cut off").await;
        let blob = BlobId::from_bytes(id16());
        let record = RecordId::from_bytes(id16());
        let chunks = chunks_of(CHUNK + 5);
        ann.put_blob(&app, ann.vault, blob, &chunks).await.unwrap();
        ann.append(&app, ann.vault, first_revision(record, ann.scope, vec![data_part(), file_part(blob, &chunks)])).await.unwrap();
        let coming = BlobId::from_bytes(id16());
        ann.put_blob(&app, ann.vault, coming, &[b"coming".to_vec()]).await.unwrap();
        let (scrubbed, found) = findings(&app).await;
        assert_eq!((scrubbed.chunks, scrubbed.bytes, found), (7, CHUNK + 5 + 5 + 7 + 7 + 7 + 6, vec![]));

        lose(&app, missing_blob).await;
        lose(&app, coming).await;
        damage(&app, damaged_blob, b"damagee").await;
        damage(&app, cut_blob, b"cut").await;
        app.state.store.reader().execute_unprepared("DELETE FROM chunks WHERE number = 1").await.unwrap();
        let (scrubbed, found) = findings(&app).await;
        let finding = |person: &Person, record, blob, number, damage| Finding { account: person.account, vault: person.vault, record, blob, number, damage };
        let expected = vec![
            finding(&ann, Some(missing), missing_blob, 0, Damage::Missing),
            finding(&ben, Some(damaged), damaged_blob, 0, Damage::Damaged),
            finding(&ben, Some(cut), cut_blob, 0, Damage::Damaged),
            finding(&ann, Some(record), blob, 1, Damage::NeverStored),
            finding(&ann, None, coming, 0, Damage::Missing),
        ];
        assert_eq!((scrubbed.findings, found), (5, expected));
        let line = format!("account {} vault {} record {record} blob {blob} chunk 1: was never stored", ann.account, ann.vault);
        assert_eq!(findings(&app).await.1[3].to_string(), line);
        assert_eq!(scrubbed.to_string(), format!("Looked at 7 chunks, {} bytes: 5 are damaged or missing.", CHUNK + 32));
    }

    async fn a_scrub_that_begins_in_the_middle_goes_round(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut blobs = vec![];
        for _ in 0..5 {
            let (_, blob) = ann.add_record(&app, b"bytes").await;
            lose(&app, blob).await;
            blobs.push(blob);
        }
        let mut found = vec![];
        let scrubbed = scrub(&app.state.store, &app.state.blobs, blobs[2], None, |finding| found.push(finding.blob)).await.unwrap();
        assert_eq!(scrubbed.findings, 5);
        assert_eq!(found, [blobs[3], blobs[4], blobs[0], blobs[1], blobs[2]]);
    }

    async fn a_server_scrubs_once_a_day(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let (_, blob) = ann.add_record(&app, b"bytes").await;
        lose(&app, blob).await;
        let scrubbed = Scrubbed { chunks: 1, bytes: 5, findings: 1 };
        assert_eq!(scrub_if_due(&app.state, 1 << 30).await.unwrap(), Some(scrubbed));
        app.pass(24 * 3600 - 1);
        assert_eq!(scrub_if_due(&app.state, 1 << 30).await.unwrap(), None);
        app.pass(1);
        assert_eq!(scrub_if_due(&app.state, 1 << 30).await.unwrap(), Some(scrubbed));
        let metrics = app.state.metrics.render();
        assert!(metrics.contains("healthbridge_scrub_findings_total{what=\"missing\"} 2\n"), "{metrics}");
        assert!(metrics.contains("healthbridge_scrubs_total{outcome=\"done\"} 2\n"), "{metrics}");
    }
}
