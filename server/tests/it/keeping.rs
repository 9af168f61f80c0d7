//! Backups and restores.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Bytes;
use object_store::local::LocalFileSystem;
use protocol::api::{LogItem, LogPage, Profile, Restored, SignedInWith};
use protocol::{ApiError, BlobId, Digest, Head, Minute};
use sea_orm::ConnectionTrait as _;
use server::backup::{BackupError, Copied, Marker, Place, backup, restore};
use server::blobs::Blobs;
use server::clock::DAY;
use server::random::SystemRandom;
use server::secrets::Secrets;
use server::services::scrub::{Damage, Finding};
use server::services::sweep::sweep;
use server::store::Store;

use crate::person::{Person, id16};
use crate::scrubbing::{chunk_of, findings, lose};
use crate::test_app::TestApp;

const MARKER: Marker = Marker { id: [7; 16], at: Minute(29_833_333) };

/// Puts something in an object's place that cannot be opened, not by root either.
fn make_unreadable(object: &Path) {
    std::fs::remove_file(object).unwrap();
    std::os::unix::fs::symlink(object, object).unwrap();
}

/// Where an app keeps everything.
fn place(app: &TestApp) -> Place<'_> {
    Place { store: &app.state.store, blobs: &app.state.blobs, folder: app.site_folder() }
}

async fn take(app: &TestApp, to: &Path) -> Result<Copied, BackupError> {
    backup(place(app), to, false, |finding| panic!("{finding}")).await
}

async fn bring_back(from: &Path, app: &TestApp) -> Result<Copied, BackupError> {
    restore(from, place(app), MARKER, |finding| panic!("{finding}")).await
}

fn new_folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    (folder, path)
}

/// Reads a whole log and checks that its chain holds.
async fn log_of(app: &TestApp, person: &Person) -> Vec<LogItem> {
    let mut head = Head::before(person.vault);
    let mut items = vec![];
    loop {
        let path = format!("/api/v1/vaults/{}/log?after={}", person.vault, head.seq);
        let page: LogPage = app.get(&path, Some(&person.cookie)).await.read().unwrap();
        for item in &page.items {
            let LogItem::Entry(signed) = item else { panic!("hidden from its owner") };
            head = head.then(signed.digest());
        }
        let done = page.head == head;
        assert!(done || !page.items.is_empty(), "the chain does not hold");
        items.extend(page.items);
        if done {
            return items;
        }
    }
}

on_both! {
    async fn what_is_restored_is_what_was_backed_up(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let (_, blob) = ann.add_record(&app, b"bytes").await;
        let coming = BlobId::from_bytes(id16());
        ann.put_blob(&app, ann.vault, coming, &[b"coming".to_vec()]).await.unwrap();
        let (_folder, path) = new_folder();
        assert_eq!(take(&app, &path).await.unwrap(), Copied { accounts: 1, records: 1, chunks: 2, findings: 0 });
        let log = log_of(&app, &ann).await;
        // What came after the backup is not in it.
        let (_, later) = ann.add_record(&app, b"later").await;

        // Into either database, whichever it came from.
        for into in [Some(TestApp::sqlite().await), TestApp::postgres().await].into_iter().flatten() {
            let mut into = into;
            into.set(|state| state.secrets = app.state.secrets.clone());
            assert_eq!(into.get("/api/v1/restored", Some(&ann.cookie)).await.error(), ApiError::NotSignedIn);
            assert_eq!(bring_back(&path, &into).await.unwrap(), Copied { accounts: 1, records: 1, chunks: 2, findings: 0 });
            assert_eq!(findings(&into).await.1, vec![]);
            assert_eq!(log_of(&into, &ann).await, log);
            assert_eq!(ann.chunk(&into, blob, 0).await.unwrap(), b"bytes");
            assert_eq!(ann.chunk(&into, coming, 0).await.unwrap(), b"coming");
            assert_eq!(ann.chunk(&into, later, 0).await, Err(ApiError::NotFound));
            let marker: Restored = into.get("/api/v1/restored", Some(&ann.cookie)).await.read().unwrap();
            assert_eq!(marker, Restored { id: MARKER.id, at: MARKER.at });

            // It goes on from there.
            let answer = Person::sign_in(&into, "ann@example.org", b"correct horse battery", None).await;
            answer.read::<SignedInWith>().unwrap();
            ann.author_seq = log.len() as u64;
            let (_, next) = ann.add_record(&into, b"next").await;
            assert_eq!(ann.chunk(&into, next, 0).await.unwrap(), b"next");
        }
        assert_eq!(app.get("/api/v1/restored", Some(&ann.cookie)).await.error(), ApiError::NotFound);
    }

    async fn what_was_restored_is_swept_as_before(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        ann.add_record(&app, b"bytes").await;
        assert!(!sweep(&app.state).await.unwrap().foreign);
        let (_folder, path) = new_folder();
        take(&app, &path).await.unwrap();
        for into in [Some(TestApp::sqlite().await), TestApp::postgres().await].into_iter().flatten() {
            // A server may have run here already, and the store may have been another database's.
            assert!(!sweep(&into.state).await.unwrap().foreign);
            into.state.blobs.set_id([9; 16]).await.unwrap();
            assert!(sweep(&into.state).await.unwrap().foreign);
            bring_back(&path, &into).await.unwrap();
            into.state.blobs.copy_in("00/stray", Bytes::from_static(b"stray")).await.unwrap();
            into.pass(10 * 365 * DAY);
            let swept = sweep(&into.state).await.unwrap();
            assert_eq!((swept.objects, swept.foreign), (1, false));
            let (scrubbed, found) = findings(&into).await;
            assert_eq!((scrubbed.chunks, found), (1, vec![]));
        }
    }

    async fn a_backup_is_consistent_while_people_write(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut ben = Person::sign_up(&app, "ben@example.org", Profile::Patient).await;
        for _ in 0..20 {
            ann.add_record(&app, b"before").await;
        }
        let (_folder, path) = new_folder();
        let app = &app;
        let write = async |person: &mut Person| {
            for _ in 0..30 {
                person.add_record(app, b"meanwhile").await;
            }
        };
        let (copied, (), ()) = tokio::join!(take(app, &path), write(&mut ann), write(&mut ben));
        let copied = copied.unwrap();
        assert!((20..=80).contains(&copied.records), "{copied:?}");
        let mut into = TestApp::sqlite().await;
        into.set(|state| state.secrets = app.state.secrets.clone());
        assert_eq!(bring_back(&path, &into).await.unwrap(), copied);
        assert_eq!(findings(&into).await.1, vec![]);
        for person in [&ann, &ben] {
            let restored = log_of(&into, person).await;
            let now = log_of(app, person).await;
            assert_eq!(restored, now[..restored.len()]);
        }
    }

    async fn what_cannot_be_read_is_told_and_everything_else_is_copied(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let objects = tempfile::tempdir().unwrap();
        app.set(|state| state.blobs = Blobs::folder(objects.path()).unwrap());
        let mut blobs = vec![];
        for _ in 0..5 {
            blobs.push(ann.add_record(&app, b"bytes").await);
        }
        let coming = BlobId::from_bytes(id16());
        ann.put_blob(&app, ann.vault, coming, &[b"coming".to_vec()]).await.unwrap();
        let unreadable = |(record, blob)| Finding { account: ann.account, vault: ann.vault, record, blob, number: 0, damage: Damage::Unreadable };
        let (_folder, whole) = new_folder();
        take(&app, &whole).await.unwrap();

        // A store elsewhere may only stumble; a folder may be as bad as it is.
        let mut expected = vec![];
        for (bad, store) in [(1, elsewhere(objects.path())), (5, Blobs::folder(objects.path()).unwrap())] {
            for (record, blob) in &blobs[expected.len()..bad] {
                make_unreadable(&objects.path().join(chunk_of(&app, *blob, 0).await.object));
                expected.push(unreadable((Some(*record), *blob)));
            }
            app.set(|state| state.blobs = store);
            let (_folder, path) = new_folder();
            let mut found = vec![];
            let copied = backup(place(&app), &path, false, |finding| found.push(*finding)).await.unwrap();
            assert_eq!((copied.chunks, copied.findings, &found), (6 - bad as u64, bad as u64, &expected));
        }

        // The same on the way back, and nobody is told to send again what may be read the next time.
        for blob in [blobs[0].1, coming] {
            make_unreadable(&whole.join("objects").join(chunk_of(&app, blob, 0).await.object));
        }
        let into = TestApp::sqlite().await;
        let mut found = vec![];
        let copied = restore(&whole, place(&into), MARKER, |finding| found.push(*finding)).await.unwrap();
        assert_eq!((copied.chunks, found), (4, vec![expected[0], unreadable((None, coming))]));
        chunk_of(&into, coming, 0).await;
        assert_eq!(findings(&into).await.0.findings, 2);
    }

    async fn damage_is_told_and_everything_else_is_copied(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let (_, whole) = ann.add_record(&app, b"whole").await;
        let (record, lost) = ann.add_record(&app, b"lost").await;
        lose(&app, lost).await;
        let (_folder, path) = new_folder();
        let expected = Finding { account: ann.account, vault: ann.vault, record: Some(record), blob: lost, number: 0, damage: Damage::Missing };
        let mut found = vec![];
        let copied = backup(place(&app), &path, false, |finding| found.push(*finding)).await.unwrap();
        assert_eq!((copied, &found), (Copied { accounts: 1, records: 2, chunks: 1, findings: 1 }, &vec![expected]));

        // A byte of the backup itself turns.
        let object = path.join("objects").join(chunk_of(&app, whole, 0).await.object);
        std::fs::write(&object, b"whale").unwrap();
        let into = TestApp::sqlite().await;
        let mut found = vec![];
        let copied = restore(&path, place(&into), MARKER, |finding| found.push(*finding)).await.unwrap();
        assert_eq!((copied.findings, found.len(), found[0].damage, found[1]), (2, 2, Damage::Damaged, expected));
        assert_eq!(findings(&into).await.0.findings, 2);
    }
}

/// Between the database's copy and an object's, the object may be removed on purpose.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_swept_during_a_backup_is_not_missed() {
    let app = TestApp::sqlite().await;
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (_, lost) = ann.add_record(&app, b"lost").await;
    let abandoned = BlobId::from_bytes(id16());
    ann.put_blob(&app, ann.vault, abandoned, &[b"abandoned".to_vec()]).await.unwrap();
    app.pass(8 * 24 * 3600);
    let resent = BlobId::from_bytes(id16());
    ann.put_blob(&app, ann.vault, resent, &[b"first".to_vec()]).await.unwrap();
    lose(&app, lost).await;
    let (_folder, path) = new_folder();
    // The first blob's loss is told after the database was copied and before the other objects are.
    let mut told = 0;
    let copied = backup(place(&app), &path, false, |_| {
        told += 1;
        let meanwhile = async {
            assert_eq!(sweep(&app.state).await.unwrap().blobs, 1);
            ann.put_chunk(&app, resent, 0, b"later", Digest::of(b"later")).await.unwrap();
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(meanwhile));
    });
    let copied = copied.await.unwrap();
    assert_eq!((told, copied.chunks, copied.findings), (1, 0, 1));
    let into = TestApp::sqlite().await;
    restore(&path, place(&into), MARKER, |_| {}).await.unwrap();
    let (scrubbed, _) = findings(&into).await;
    assert_eq!((scrubbed.chunks, scrubbed.findings), (1, 1));
}

#[tokio::test]
async fn a_backup_goes_into_a_folder_of_its_own() {
    let app = TestApp::sqlite().await;
    let (_folder, path) = new_folder();
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("letter.txt"), "mine").unwrap();
    assert!(matches!(take(&app, &path).await, Err(BackupError::NotEmpty(_))));
}

#[tokio::test]
async fn only_a_whole_backup_is_restored() {
    let app = TestApp::sqlite().await;
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    ann.add_record(&app, b"bytes").await;
    let (_folder, path) = new_folder();
    take(&app, &path).await.unwrap();
    let sums = std::fs::read(path.join("SHA256SUMS")).unwrap();
    let database = std::fs::read(path.join("healthbridge.db")).unwrap();
    let into = TestApp::sqlite().await;

    std::fs::remove_file(path.join("SHA256SUMS")).unwrap();
    assert!(matches!(bring_back(&path, &into).await, Err(BackupError::Unfinished(_))));
    std::fs::write(path.join("SHA256SUMS"), &sums).unwrap();

    let mut damaged = database.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(path.join("healthbridge.db"), damaged).unwrap();
    assert!(matches!(bring_back(&path, &into).await, Err(BackupError::Damaged(_))));
    std::fs::write(path.join("healthbridge.db"), database).unwrap();
    bring_back(&path, &into).await.unwrap();
}

/// Changes a backup's database, and the list of digests with it.
async fn edit(backup: &Path, change: &str) {
    let path = backup.join("healthbridge.db");
    let before = Digest::of(&std::fs::read(&path).unwrap()).to_string();
    let store = Store::portable(&path).await.unwrap();
    store.reader().execute_unprepared(change).await.unwrap();
    store.close().await.unwrap();
    let after = Digest::of(&std::fs::read(&path).unwrap()).to_string();
    let sums = std::fs::read_to_string(backup.join("SHA256SUMS")).unwrap();
    std::fs::write(backup.join("SHA256SUMS"), sums.replace(&before, &after)).unwrap();
}

#[tokio::test]
async fn a_backup_by_an_older_version_is_restored_and_one_by_a_newer_is_not() {
    let app = TestApp::sqlite().await;
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (_, blob) = ann.add_record(&app, b"bytes").await;
    let (_folder, path) = new_folder();
    take(&app, &path).await.unwrap();
    let into = TestApp::sqlite().await;
    edit(&path, "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)").await;
    assert!(matches!(bring_back(&path, &into).await, Err(BackupError::Store(_))));
    edit(&path, "DELETE FROM seaql_migrations WHERE version = 'm9999_later'").await;
    edit(&path, "DROP TABLE restores; DELETE FROM seaql_migrations WHERE version = 'm0005_restores'").await;
    bring_back(&path, &into).await.unwrap();
    assert_eq!(ann.chunk(&into, blob, 0).await.unwrap(), b"bytes");
}

/// A store elsewhere that is made of a folder, so that an object in it can be made unreadable.
fn elsewhere(folder: &Path) -> Blobs {
    Blobs::over(Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap()))
}

#[tokio::test]
async fn a_blob_store_that_does_not_answer_leaves_no_finished_backup() {
    let mut app = TestApp::sqlite().await;
    let objects = tempfile::tempdir().unwrap();
    app.set(|state| state.blobs = elsewhere(objects.path()));
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    // One, of which it is not known before the end, and more than are missed in a row.
    for count in [1, 4] {
        for _ in 0..count {
            let (_, blob) = ann.add_record(&app, b"bytes").await;
            make_unreadable(&objects.path().join(chunk_of(&app, blob, 0).await.object));
        }
        let (_folder, path) = new_folder();
        let outcome = backup(place(&app), &path, false, |_| {}).await;
        assert!(matches!(outcome, Err(BackupError::Blobs(_))), "{outcome:?}");
        let into = TestApp::sqlite().await;
        assert!(matches!(bring_back(&path, &into).await, Err(BackupError::Unfinished(_))));
    }
}

/// The journal of somebody who was killed while changing the database's first page: it would be undone by other bytes.
fn hot_journal(database: &Path, journal: &Path) {
    let page_size = 4096_u32;
    let database = std::fs::read(database).unwrap();
    let pages = u32::try_from(database.len()).unwrap() / page_size;
    let mut bytes = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let (nonce, sector) = (0_u32, 512_u32);
    for number in [1, nonce, pages, sector, page_size] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.resize(512, 0);
    let page = vec![0_u8; page_size as usize];
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(&page);
    // SQLite's check sum: every two hundredth byte from the end.
    bytes.extend(nonce.to_be_bytes());
    std::fs::write(journal, bytes).unwrap();
}

#[tokio::test]
async fn a_restore_goes_to_an_empty_place() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut app = TestApp::sqlite().await;
    let secrets = Secrets::open(app.site_folder(), false, &SystemRandom).unwrap();
    app.set(|state| state.secrets = Arc::new(secrets));
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (_, blob) = ann.add_record(&app, b"bytes").await;
    let object = chunk_of(&app, blob, 0).await.object;
    let (_folder, path) = new_folder();
    backup(place(&app), &path, true, |_| {}).await.unwrap();
    let refusal = async |app: &TestApp| bring_back(&path, app).await.unwrap_err().to_string();

    let into = TestApp::sqlite().await;
    Person::sign_up(&into, "ben@example.org", Profile::Patient).await;
    insta::assert_snapshot!(refusal(&into).await, @"the database holds accounts already: restore only to an empty place; nothing was changed");

    let into = TestApp::sqlite().await;
    into.state.blobs.copy_in("00/other", Bytes::from_static(b"other")).await.unwrap();
    insta::assert_snapshot!(refusal(&into).await, @"the blob store holds other files already: restore only to an empty place; nothing was changed");

    // Other keys would lock everybody out.
    let into = TestApp::sqlite().await;
    Secrets::open(into.site_folder(), false, &SystemRandom).unwrap();
    insta::assert_snapshot!(refusal(&into).await, @"the key files in the data folder are not those of this backup: restore only to an empty place; nothing was changed");
    assert!(!into.site_folder().join("restoring.db").exists());
    // One of the two is not enough.
    std::fs::copy(app.site_folder().join("server.key"), into.site_folder().join("server.key")).unwrap();
    assert!(refusal(&into).await.starts_with("the key files in the data folder are not those"));
    // Another one stays as it is, also where there is only that.
    for name in ["opaque.key", "server.key"] {
        let into = TestApp::sqlite().await;
        std::fs::write(into.site_folder().join(name), b"other").unwrap();
        assert!(refusal(&into).await.starts_with("the key files in the data folder are not those"));
        assert_eq!(std::fs::read(into.site_folder().join(name)).unwrap(), b"other");
        assert!(Secrets::are_missing(into.site_folder()));
    }
    // The other one joins the right one.
    for name in ["opaque.key", "server.key"] {
        let into = TestApp::sqlite().await;
        std::fs::copy(app.site_folder().join(name), into.site_folder().join(name)).unwrap();
        bring_back(&path, &into).await.unwrap();
        Secrets::open(into.site_folder(), true, &SystemRandom).unwrap();
    }

    // Half of it is there already, from an attempt that was interrupted.
    let mut into = TestApp::sqlite().await;
    into.state.blobs.copy_in(&object, Bytes::from_static(b"by")).await.unwrap();
    std::fs::write(into.site_folder().join("restoring.db"), b"half").unwrap();
    hot_journal(&path.join("healthbridge.db"), &into.site_folder().join("restoring.db-journal"));
    std::fs::write(into.site_folder().join("restoring.db-wal"), b"half").unwrap();
    bring_back(&path, &into).await.unwrap();
    for left in ["restoring.db", "restoring.db-journal", "restoring.db-wal", "restoring.db-shm"] {
        assert!(!into.site_folder().join(left).exists(), "{left}");
    }
    for name in ["opaque.key", "server.key"] {
        let restored = into.site_folder().join(name);
        assert_eq!(std::fs::read(&restored).unwrap(), std::fs::read(app.site_folder().join(name)).unwrap());
        assert_eq!(std::fs::metadata(&restored).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let secrets = Secrets::open(into.site_folder(), true, &SystemRandom).unwrap();
    into.set(|state| state.secrets = Arc::new(secrets));
    Person::sign_in(&into, "ann@example.org", b"correct horse battery", None).await.read::<SignedInWith>().unwrap();
    assert_eq!(ann.chunk(&into, blob, 0).await.unwrap(), b"bytes");
}

/// The whole way through the command, over files.
#[tokio::test]
async fn the_command_backs_up_restores_and_scrubs() {
    let mut app = TestApp::sqlite().await;
    let folder = app.site_folder().to_owned();
    std::fs::rename(folder.join("test.db"), folder.join("gone")).unwrap();
    let store = Store::connect(&format!("sqlite://{}", folder.join("healthbridge.db").display())).await.unwrap();
    store.migrate().await.unwrap();
    let secrets = Secrets::open(&folder, false, &SystemRandom).unwrap();
    app.set(|state| {
        state.store = store;
        state.secrets = Arc::new(secrets);
        state.blobs = Blobs::folder(&folder.join("blobs")).unwrap();
    });
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (record, blob) = ann.add_record(&app, b"bytes").await;
    let data = folder.display().to_string();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_healthbridge-server"));
        let output = command.args(arguments).current_dir(&folder).env_clear().output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let said = |text: &str| (Some(0), text.to_owned(), String::new());
    assert_eq!(run(&["scrub", "--data", &data]), said("Looked at 1 chunks, 5 bytes: all are as they were stored.\n"));
    let backed_up = "Backed up 1 accounts, 1 records and 1 chunks.\n";
    let apart = "The two key files are not in it: keep a copy of them apart, or nobody can sign in.\n";
    assert_eq!(run(&["backup", "without", "--data", &data]), said(&format!("{backed_up}{apart}")));
    assert_eq!(run(&["backup", "with", "--with-secrets", "--data", &data]), said(backed_up));
    assert!(!folder.join("without/opaque.key").exists());
    let restored = "Restored 1 accounts, 1 records and 1 chunks.\n";
    assert_eq!(run(&["restore", "with", "--data", "new"]), said(restored));
    assert_eq!(run(&["scrub", "--data", "new"]).0, Some(0));
    let (code, told, _) = run(&["restore", "without", "--data", "other"]);
    assert_eq!((code, told.contains("Put opaque.key and server.key into ")), (Some(0), true));
    let checked = std::process::Command::new("sha256sum")
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(folder.join("with"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");

    lose(&app, blob).await;
    let line = format!("account {} vault {} record {record} blob {blob} chunk 0: is missing\n", ann.account, ann.vault);
    let total = "healthbridge-server: Looked at 1 chunks, 5 bytes: 1 are damaged or missing.\n".to_owned();
    assert_eq!(run(&["scrub", "--data", &data]), (Some(1), line.clone(), total));
    let lacks =
        "healthbridge-server: the backup is finished, but lacks 1 chunks that are damaged or missing\n".to_owned();
    assert_eq!(run(&["backup", "third", "--data", &data]), (Some(1), line, lacks));
    let (code, _, told) = run(&["scrub", "--data", "nowhere"]);
    assert_eq!(
        (code, told.as_str()),
        (Some(1), "healthbridge-server: `data`: nowhere holds no database; say where the data are\n")
    );
}
