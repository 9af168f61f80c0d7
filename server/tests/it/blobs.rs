//! Ciphertext in and out, for its owner.

use axum::body::Bytes;
use futures_util::StreamExt as _;
use protocol::api::{BlobCreate, BlobStatus, Conflict, Profile, Refusal, StoredChunk};
use protocol::entry::{CHUNK, Content, Part, Revision, Tombstone};
use protocol::{ApiError, BlobId, Body, Digest, RecordId};
use server::blobs::Blobs;
use server::clock::DAY;
use server::services::sweep::{Swept, sweep};

use crate::person::{Person, chunks_of, data_part, file_part, first_revision, id16};
use crate::test_app::TestApp;

async fn status(app: &TestApp, person: &Person, blob: BlobId) -> Result<BlobStatus, ApiError> {
    app.get(&format!("/api/v1/blobs/{blob}"), Some(&person.cookie)).await.read()
}

async fn objects(app: &TestApp) -> usize {
    app.state.blobs.list().count().await
}

/// Longer ago than stores in memory were written to, which know the time by themselves.
const YEARS: u64 = 10 * 365 * DAY;

/// An object that no chunk names.
async fn stray(app: &TestApp) {
    app.state.blobs.copy_in("00/stray", Bytes::from_static(b"stray")).await.unwrap();
}

fn second_revision(record: RecordId, parts: Vec<Part>) -> Body {
    Body::Revision(Revision { record, number: 1, generation: 0, key: None, parts })
}

const DAMAGED: Result<(), ApiError> = Err(ApiError::Refused(Refusal::Chunk));

on_both! {
    async fn a_file_goes_in_and_comes_back(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let blob = BlobId::from_bytes(id16());
        let chunks = chunks_of(CHUNK + 5);
        ann.put_blob(&app, ann.vault, blob, &chunks).await.unwrap();
        let record = RecordId::from_bytes(id16());
        ann.append(&app, ann.vault, first_revision(record, ann.scope, vec![data_part(), file_part(blob, &chunks)])).await.unwrap();
        for (number, chunk) in chunks.iter().enumerate() {
            assert!(ann.chunk(&app, blob, number).await.unwrap() == *chunk);
        }
        assert_eq!(ann.chunk(&app, blob, 2).await, Err(ApiError::NotFound));
    }

    async fn what_the_store_lost_comes_back_from_who_still_has_it(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let (_, blob) = ann.add_record(&app, b"bytes").await;
        let again = async |bytes: &[u8]| ann.put_chunk(&app, blob, 0, bytes, Digest::of(bytes)).await;
        again(b"bytes").await.unwrap();
        assert_eq!(objects(&app).await, 1, "what is there is not stored twice");
        let lost: Vec<_> = app.state.blobs.list().collect().await;
        app.state.blobs.delete(&lost[0].as_ref().unwrap().object).await.unwrap();
        assert!(again(b"other").await.is_err(), "not with other bytes");
        again(b"bytes").await.unwrap();
        assert_eq!((ann.chunk(&app, blob, 0).await.unwrap(), objects(&app).await), (b"bytes".to_vec(), 1));
    }

    async fn an_interrupted_upload_goes_on_where_it_stopped(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let blob = BlobId::from_bytes(id16());
        let chunks = chunks_of(CHUNK + 5);
        let create = BlobCreate { vault: ann.vault, length: CHUNK + 5 };
        let path = format!("/api/v1/blobs/{blob}");
        assert_eq!(status(&app, &ann, blob).await, Err(ApiError::NotFound));
        for _ in 0..2 {
            app.call("PUT", &path, Some(&ann.cookie), &create).await.done().unwrap();
        }
        assert_eq!(status(&app, &ann, blob).await, Ok(BlobStatus { length: CHUNK + 5, stored: vec![] }));
        let digest = Digest::of(&chunks[1]);
        ann.put_chunk(&app, blob, 1, &chunks[1], digest).await.unwrap();
        let stored = vec![StoredChunk { number: 1, digest }];
        assert_eq!(status(&app, &ann, blob).await, Ok(BlobStatus { length: CHUNK + 5, stored }));

        let revision = first_revision(RecordId::from_bytes(id16()), ann.scope, vec![data_part(), file_part(blob, &chunks)]);
        let incomplete = Err(ApiError::Refused(Refusal::BlobIncomplete));
        assert_eq!(ann.append(&app, ann.vault, revision.clone()).await, incomplete);
        ann.put_chunk(&app, blob, 0, &chunks[0], Digest::of(&chunks[0])).await.unwrap();
        assert!(ann.append(&app, ann.vault, revision).await.is_ok());

        let other = BlobCreate { vault: ann.vault, length: 7 };
        let taken = app.call("PUT", &path, Some(&ann.cookie), &other).await.done();
        assert_eq!(taken, Err(ApiError::Conflict(Conflict::Id)));
        let huge = BlobCreate { vault: ann.vault, length: (1 << 40) + 1 };
        let path = format!("/api/v1/blobs/{}", BlobId::from_bytes(id16()));
        assert_eq!(app.call("PUT", &path, Some(&ann.cookie), &huge).await.done(), Err(ApiError::TooLarge));
    }

    async fn a_chunk_is_what_was_announced_or_is_refused(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let blob = BlobId::from_bytes(id16());
        let create = BlobCreate { vault: ann.vault, length: 4 };
        app.call("PUT", &format!("/api/v1/blobs/{blob}"), Some(&ann.cookie), &create).await.done().unwrap();
        assert_eq!(ann.put_chunk(&app, blob, 0, b"abcd", Digest::of(b"abce")).await, DAMAGED);
        assert_eq!(ann.put_chunk(&app, blob, 0, b"abc", Digest::of(b"abc")).await, DAMAGED);
        assert_eq!(ann.put_chunk(&app, blob, 0, b"abcde", Digest::of(b"abcde")).await, DAMAGED);
        assert_eq!(ann.put_chunk(&app, blob, 1, b"abcd", Digest::of(b"abcd")).await, DAMAGED);
        assert_eq!(objects(&app).await, 0);
        assert_eq!(ann.put_chunk(&app, blob, 0, b"abcd", Digest::of(b"abcd")).await, Ok(()));
    }

    async fn a_chunk_may_be_repeated_and_replaced_until_it_is_named(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let blob = BlobId::from_bytes(id16());
        let put = async |ann: &Person, bytes: &[u8]| ann.put_chunk(&app, blob, 0, bytes, Digest::of(bytes)).await;
        ann.put_blob(&app, ann.vault, blob, &[b"one".to_vec()]).await.unwrap();
        assert_eq!(put(&ann, b"one").await, Ok(()));
        assert_eq!(objects(&app).await, 1);
        assert_eq!(put(&ann, b"two").await, Ok(()));
        assert_eq!(objects(&app).await, 1);
        assert_eq!(ann.chunk(&app, blob, 0).await.unwrap(), b"two");
        let parts = vec![data_part(), file_part(blob, &[b"two".to_vec()])];
        ann.append(&app, ann.vault, first_revision(RecordId::from_bytes(id16()), ann.scope, parts)).await.unwrap();
        assert_eq!(put(&ann, b"two").await, Ok(()));
        assert_eq!(put(&ann, b"one").await, Err(ApiError::Conflict(Conflict::Id)));
        assert_eq!(objects(&app).await, 1);
        assert_eq!(ann.chunk(&app, blob, 0).await.unwrap(), b"two");
    }

    async fn many_writers_at_once_all_come_through(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let blobs: Vec<BlobId> = (0..40).map(|_| BlobId::from_bytes(id16())).collect();
        let chunks = [b"bytes".to_vec()];
        let puts = blobs.iter().map(|blob| ann.put_blob(&app, ann.vault, *blob, &chunks));
        let outcomes = futures_util::future::join_all(puts).await;
        assert_eq!(outcomes, vec![Ok(()); 40]);
        assert_eq!(objects(&app).await, 40);
    }

    async fn a_revision_names_its_own_blobs_as_they_are(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut eve = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
        let vault = ann.vault;
        let chunks = [b"bytes".to_vec()];
        let blob = BlobId::from_bytes(id16());
        ann.put_blob(&app, vault, blob, &chunks).await.unwrap();
        let incomplete = Err(ApiError::Refused(Refusal::BlobIncomplete));
        let rule = Err(ApiError::Refused(Refusal::Rule));
        let revision = |scope, part| first_revision(RecordId::from_bytes(id16()), scope, vec![data_part(), part]);

        assert_eq!(ann.append(&app, vault, revision(ann.scope, file_part(BlobId::from_bytes(id16()), &chunks))).await, incomplete);
        assert_eq!(eve.append(&app, eve.vault, revision(eve.scope, file_part(blob, &chunks))).await, incomplete);
        assert_eq!(ann.append(&app, vault, revision(ann.scope, file_part(blob, &[b"other".to_vec()]))).await, rule);
        let mut long = file_part(blob, &chunks);
        if let Content::Blob(blob) = &mut long.content {
            blob.length += 1;
        }
        assert_eq!(ann.append(&app, vault, revision(ann.scope, long)).await, rule);
        ann.append(&app, vault, revision(ann.scope, file_part(blob, &chunks))).await.unwrap();
        // It is a part of that record now, and of no other.
        assert_eq!(ann.append(&app, vault, revision(ann.scope, file_part(blob, &chunks))).await, rule);
    }

    async fn strangers_cannot_tell_a_blob_from_nothing(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let eve = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
        let (_, blob) = ann.add_record(&app, b"bytes").await;
        assert_eq!(status(&app, &eve, blob).await, Err(ApiError::NotFound));
        assert_eq!(eve.chunk(&app, blob, 0).await, Err(ApiError::NotFound));
        assert_eq!(eve.put_chunk(&app, blob, 0, b"bytes", Digest::of(b"bytes")).await, Err(ApiError::NotFound));
        assert_eq!(eve.put_blob(&app, ann.vault, blob, &[b"bytes".to_vec()]).await, Err(ApiError::NotFound));
    }

    async fn what_no_entry_named_is_swept_after_a_week(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let (_, kept) = ann.add_record(&app, b"kept").await;
        let blob = BlobId::from_bytes(id16());
        ann.put_blob(&app, ann.vault, blob, &[b"left".to_vec()]).await.unwrap();
        app.pass(7 * 24 * 3600);
        assert_eq!(sweep(&app.state).await.unwrap().blobs, 0);
        app.pass(1);
        assert_eq!(sweep(&app.state).await.unwrap().blobs, 1);
        assert_eq!(status(&app, &ann, blob).await, Err(ApiError::NotFound));
        assert_eq!(ann.chunk(&app, kept, 0).await.unwrap(), b"kept");
        assert_eq!(objects(&app).await, 1);
        assert_eq!(sweep(&app.state).await.unwrap(), Swept::default());
    }

    async fn what_a_record_let_go_is_swept_a_week_later(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let vault = ann.vault;
        let (deleted, gone) = ann.add_record(&app, b"deleted").await;
        let (replaced, old) = ann.add_record(&app, b"old").await;
        let new = BlobId::from_bytes(id16());
        let chunks = [b"new".to_vec()];
        ann.put_blob(&app, vault, new, &chunks).await.unwrap();
        app.pass(10 * 24 * 3600);
        let tombstone = Body::Tombstone(Tombstone { record: deleted, number: 0 });
        ann.append(&app, vault, tombstone).await.unwrap();
        ann.append(&app, vault, second_revision(replaced, vec![data_part(), file_part(new, &chunks)])).await.unwrap();
        let parts = vec![data_part(), file_part(old, &[b"old".to_vec()])];
        let back = Body::Revision(Revision { record: replaced, number: 2, generation: 0, key: None, parts });
        assert_eq!(ann.append(&app, vault, back).await, Err(ApiError::Refused(Refusal::Rule)), "it was let go");
        app.pass(7 * 24 * 3600);
        assert_eq!(sweep(&app.state).await.unwrap().blobs, 0);
        app.pass(1);
        assert_eq!(sweep(&app.state).await.unwrap().blobs, 2);
        for blob in [gone, old] {
            assert_eq!(status(&app, &ann, blob).await, Err(ApiError::NotFound));
        }
        assert_eq!(ann.chunk(&app, new, 0).await.unwrap(), b"new");
        assert_eq!(objects(&app).await, 1);
    }

    async fn a_store_is_swept_only_by_the_database_that_it_belongs_to(app) {
        let mut own = TestApp::sqlite().await;
        let mut ann = Person::sign_up(&own, "ann@example.org", Profile::Patient).await;
        ann.add_record(&own, b"kept").await;
        assert_eq!(sweep(&own.state).await.unwrap(), Swept::default());
        // An empty database, and the store of another one.
        app.set(|state| state.blobs = own.state.blobs.clone());
        let mut eve = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
        for _ in 0..3 {
            eve.add_record(&app, b"sent").await;
        }
        // A copy of a database names what the one that it was copied from may have named since.
        let unnamed = BlobId::from_bytes(id16());
        eve.put_blob(&app, eve.vault, unnamed, &[b"unnamed".to_vec()]).await.unwrap();
        app.pass(YEARS);
        let swept = sweep(&app.state).await.unwrap();
        assert_eq!((swept.blobs, swept.foreign), (0, true));
        assert_eq!(objects(&app).await, 5);
        // Its own one still sweeps it.
        stray(&own).await;
        own.pass(YEARS);
        let swept = sweep(&own.state).await.unwrap();
        assert_eq!((swept.objects, swept.foreign), (5, false));
        let known = own.state.blobs.clone();
        own.set(|state| state.blobs = Blobs::memory());
        stray(&own).await;
        assert!(sweep(&own.state).await.unwrap().foreign, "a store without an id is not its own either");
        own.set(|state| state.blobs = known);
        assert_eq!((objects(&own).await, sweep(&own.state).await.unwrap().foreign), (1, false));
    }

    async fn a_store_from_before_there_were_ids_goes_to_whoever_names_what_lies_in_it(app) {
        let own = TestApp::sqlite().await;
        let mut ann = Person::sign_up(&own, "ann@example.org", Profile::Patient).await;
        for _ in 0..3 {
            ann.add_record(&own, b"kept").await;
        }
        let before = app.state.blobs.clone();
        app.set(|state| state.blobs = own.state.blobs.clone());
        let mut eve = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
        eve.add_record(&app, b"sent").await;
        app.pass(YEARS);
        assert!(sweep(&app.state).await.unwrap().foreign);
        assert_eq!((objects(&app).await, app.state.blobs.id().await.unwrap()), (4, None));
        own.pass(YEARS);
        let swept = sweep(&own.state).await.unwrap();
        assert_eq!((swept.objects, swept.foreign, objects(&own).await), (1, false, 3));
        let id = own.state.blobs.id().await.unwrap();
        assert!(id.is_some());
        // An empty one is anybody's, and is theirs from then on.
        app.set(|state| state.blobs = before);
        assert!(!sweep(&app.state).await.unwrap().foreign);
        stray(&app).await;
        assert_eq!((sweep(&app.state).await.unwrap().objects, objects(&app).await), (1, 0));
        assert!(app.state.blobs.id().await.unwrap().is_some_and(|drawn| Some(drawn) != id));
    }

    async fn everything_whose_time_is_over_is_swept(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let wrap = protocol::api::DeviceWrap { wrap: vec![1] };
        app.call("PUT", "/api/v1/device-wrap", Some(&ann.cookie), &wrap).await.done().unwrap();
        let message = protocol::api::RecoveryStart { email: "ann@example.org".to_owned() };
        app.call("POST", "/api/v1/recovery/start", None, &message).await;
        assert_eq!(sweep(&app.state).await.unwrap(), Swept::default());
        app.pass(2 * 3600);
        let expected = Swept { attempts: 1, counters: 4, wraps: 1, ..Swept::default() };
        assert_eq!(sweep(&app.state).await.unwrap(), expected);
        app.pass(30 * 24 * 3600);
        assert_eq!(sweep(&app.state).await.unwrap(), Swept { sessions: 1, ..Swept::default() });
    }
}
