//! There is no room any more: for the database, for blobs, for the log.
//!
//! The small disks are file systems in memory that only the server's process sees, or PostgreSQL's. Where the system
//! lets nobody make one, that is said, and nothing is tested.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::rc::Rc;

use client::share::Wish;
use client::upload::{NoOutbox, Unwatched};
use client::{ClientError, Platform as _, Session};
use futures_util::future::join;
use protocol::api::Profile;
use protocol::{ApiError, GrantId, Level, VaultId};
use records::Category;

use crate::acts::{GivesUp, add, compare, draft, give, read, take_up, verify};
use crate::database::{Cluster, postgres};
use crate::host::{Host, until};
use crate::line::{Failed, Line};
use crate::people::{Kept, world};

const LABORATORY: Wish = Wish::Category(Category::Laboratory);
const NOT_NOW: ClientError = ClientError::Api(ApiError::Unavailable);

/// A disk of a few MiB at a folder, which a process has for as long as it runs.
struct SmallDisk {
    at: PathBuf,
    process: Box<dyn Fn() -> u32>,
}

impl SmallDisk {
    /// What starts a process that has a folder of the host's on a disk of its own, with what lies there.
    fn wrapper(host: &Host, folder: &str, mebibytes: u32) -> Option<(PathBuf, Vec<String>)> {
        let at = host.folder().join(folder);
        let before = host.folder().join("before");
        std::fs::create_dir_all(&at).unwrap();
        std::fs::create_dir_all(&before).unwrap();
        let script = r#"cp -a "$1/." "$2" && mount -t tmpfs -o size="$3"m none "$1" && cp -a "$2/." "$1" && shift 3 && exec "$@""#;
        let words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"].map(str::to_owned);
        let places = [at.display().to_string(), before.display().to_string(), mebibytes.to_string()];
        let wrapper: Vec<String> = words.into_iter().chain(places).collect();
        let (program, arguments) = wrapper.split_first().unwrap();
        if !Command::new(program).args(arguments).arg("true").stderr(Stdio::null()).status().is_ok_and(|s| s.success())
        {
            // Not by what the test runner captures: this should be seen.
            let _ = writeln!(std::io::stderr(), "NOT TESTED: a full disk. Nobody may make file systems here.");
            return None;
        }
        Some((at, wrapper))
    }

    /// Puts a folder of the host's onto one from the next start of its server on.
    fn under(host: &Rc<Host>, folder: &str, mebibytes: u32) -> Option<Self> {
        let (at, wrapper) = Self::wrapper(host, folder, mebibytes)?;
        host.wrap(wrapper);
        let host = host.clone();
        Some(Self { at, process: Box::new(move || host.process()) })
    }

    /// The folder as the process sees it.
    fn seen(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", (self.process)(), self.at.display()))
    }

    fn filler(&self) -> PathBuf {
        self.seen().join("filler")
    }

    /// Fills the disk to the last byte but so many MiB.
    fn fill(&self, but_mebibytes: usize) {
        let mut filler = File::create(self.filler()).unwrap();
        let (large, small) = (vec![1; 1 << 20], [1; 512]);
        let mut written = 0_usize;
        while filler.write_all(&large).is_ok() {
            written += 1;
        }
        while filler.write_all(&small).is_ok() {}
        if but_mebibytes > 0 {
            filler.set_len((written - but_mebibytes) as u64 * (1 << 20)).unwrap();
        }
    }

    /// Makes room.
    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

/// A server whose database lies on a small disk, and its blobs elsewhere; none where no such disk can be had.
fn small_database(mebibytes: u32) -> Option<(Rc<Host>, SmallDisk)> {
    let host = Host::on(&world().files);
    host.set("HEALTHBRIDGE_BLOBS", format!("file://{}", host.folder().join("elsewhere").display()));
    let disk = SmallDisk::under(&host, "data", mebibytes)?;
    host.start();
    Some((host, disk))
}

/// The other way round.
fn small_blobs(mebibytes: u32) -> Option<(Rc<Host>, SmallDisk)> {
    let host = Host::on(&world().files);
    let disk = SmallDisk::under(&host, "small", mebibytes)?;
    host.set("HEALTHBRIDGE_BLOBS", format!("file://{}", disk.at.display()));
    host.start();
    Some((host, disk))
}

/// What of PostgreSQL lies on a small disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Small {
    Tables,
    /// The write-ahead log, which everything that is committed is in first.
    Log,
}

/// A server on a PostgreSQL, part of which lies on a small disk; none where tests are to be without PostgreSQL, too.
async fn small_postgres(small: Small, mebibytes: u32) -> Option<(Rc<Host>, SmallDisk, Cluster)> {
    postgres()?;
    let host = Host::new();
    let (at, wrapper) = SmallDisk::wrapper(&host, "small", mebibytes)?;
    let tables = (small == Small::Tables).then_some(at.as_path());
    let log = if small == Small::Log { at.clone() } else { host.folder().join("write-ahead") };
    let cluster = Cluster::start(&host, wrapper, &log).await;
    cluster.make_database(&host, tables).await;
    host.start();
    let process = cluster.process();
    Some((host, SmallDisk { at, process: Box::new(move || process) }, cluster))
}

/// Adds records until there is no room for them, is told so, and goes on when there is some.
async fn fill_up(host: &Rc<Host>, disk: &SmallDisk, kept: &Kept) {
    let maya = kept.device(host).await;
    let vault = maya.own_vault().unwrap();
    let first = add(&maya, "Record", b"first").await.unwrap();
    disk.fill(0);
    // What there was room for is there; the first that there was none for is told so, and so is everything after it,
    // on more connections to the database than there are.
    let (mut acknowledged, mut refused) = (1, 0);
    while refused < 20 {
        match add_once(&maya).await {
            Some(()) => acknowledged += 1,
            None => refused += 1,
        }
        assert!(acknowledged < 1000, "the disk is not full");
    }
    assert!(maya.platform().failures().iter().all(|failed| *failed == Failed::NOT_NOW), "{}", host.log());
    // Reading goes on, here and for who comes now.
    assert_eq!(read(&maya, vault, first).await.unwrap(), b"first");
    assert_eq!(found(host, kept).await, acknowledged);

    disk.free();
    for _ in 0..6 {
        add(&maya, "Record", b"later").await.unwrap();
        acknowledged += 1;
    }
    assert_eq!(maya.platform().failures(), []);
    assert_eq!(verify(&kept.device(host).await).await.unwrap().len(), acknowledged);
}

/// Adds a record, unless there is no room for it now.
async fn add_once(device: &Session<Line>) -> Option<()> {
    let attempt = async {
        let ticket = device.begin(draft("Record", Category::Laboratory, b"another")).await?;
        device.run(&ticket, &b"another"[..], &NoOutbox, &GivesUp::default()).await
    };
    match attempt.await {
        Ok(_) => Some(()),
        // The second is the device's own word for it, once it was told the first.
        Err(ClientError::Api(ApiError::Unavailable) | ClientError::Cancelled) => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// How many records a device reads that looks for the first time, where nothing can be written.
async fn found(host: &Rc<Host>, kept: &Kept) -> usize {
    let laptop = kept.device(host).await;
    let vault = sync(&laptop).await;
    let records: Vec<_> = laptop.with_view(vault, |view| view.records().map(|record| record.id).collect()).unwrap();
    for record in &records {
        read(&laptop, vault, *record).await.unwrap();
    }
    records.len()
}

/// Reads a patient's log. That it was read may find no room to be remembered; it was read all the same.
async fn sync(laptop: &Session<Line>) -> VaultId {
    let vault = laptop.own_vault().unwrap();
    let synced = laptop.sync(vault).await;
    assert!(matches!(synced, Ok(()) | Err(ClientError::Api(ApiError::Unavailable))), "{synced:?}");
    vault
}

#[tokio::test]
async fn the_database_has_no_room() {
    let Some((host, disk)) = small_database(32) else { return };
    fill_up(&host, &disk, &world().maya).await;
}

#[tokio::test]
async fn postgres_has_no_room() {
    let Some((host, disk, _cluster)) = small_postgres(Small::Tables, 32).await else { return };
    let maya = Kept::sign_up(&host, "Maya", Profile::Patient).await;
    fill_up(&host, &disk, &maya).await;
    assert!(host.ended().is_none());
    host.stop();
    host.scrub();
}

/// Without room for what it is about to commit, PostgreSQL ends, and does not start again before there is some. Whoever
/// asks meanwhile is told to come again, and nobody has to do anything afterwards.
#[tokio::test]
async fn postgres_has_no_room_for_its_log() {
    let Some((host, disk, _cluster)) = small_postgres(Small::Log, 48).await else { return };
    let kept = Kept::sign_up(&host, "Maya", Profile::Patient).await;
    let maya = kept.device(&host).await;
    disk.fill(0);
    // What the log has room for already is used up first.
    let mut acknowledged = 0;
    while add_once(&maya).await.is_some() {
        acknowledged += 1;
        assert!(acknowledged < 1000, "the disk is not full");
    }
    until("nothing is read any more", async || {
        let read = maya.sync(maya.own_vault().unwrap()).await;
        assert!(matches!(read, Ok(()) | Err(NOT_NOW)), "{read:?}: {}", host.log());
        read.is_err()
    })
    .await;
    assert!(maya.platform().failures().iter().all(|failed| *failed == Failed::NOT_NOW), "{}", host.log());

    disk.free();
    // The device goes on by itself once there is a database again.
    add(&maya, "Record", b"later").await.unwrap();
    let found = verify(&kept.device(&host).await).await.unwrap().len();
    // Of the last one it is not known whether it was written.
    assert!((acknowledged + 1..=acknowledged + 2).contains(&found), "{found} of {acknowledged} and one");
    assert!(host.ended().is_none());
    host.stop();
    host.scrub();
}

#[tokio::test]
async fn blobs_have_no_room() {
    let Some((host, disk)) = small_blobs(64) else { return };
    let maya = world().maya.device(&host).await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    disk.fill(12);
    // The upload waits for room, and goes on by itself when there is some.
    let content: Vec<u8> = (0..20_u32 << 20).map(|place| (place % 251) as u8).collect();
    let ticket = maya.begin(draft("Scan", Category::Imaging, &content)).await.unwrap();
    let run = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched);
    let make_room = async {
        until("there is no room", async || maya.platform().has_failures()).await;
        let laptop = world().maya.device(&host).await;
        assert_eq!(verify(&laptop).await.unwrap(), [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
        disk.free();
    };
    let (record, ()) = join(run, make_room).await;
    record.unwrap();
    let failures = maya.platform().failures();
    assert!(!failures.is_empty() && failures.iter().all(|failed| *failed == Failed::NOT_NOW), "{failures:?}");
    let verified = verify(&world().maya.device(&host).await).await.unwrap();
    assert!(verified == [("ECG".to_owned(), b"sinus rhythm".to_vec()), ("Scan".to_owned(), content)]);
    // What was written in vain is gone.
    let folders = std::fs::read_dir(disk.seen()).unwrap().map(|folder| folder.unwrap().path());
    let mut half_written = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()));
    assert!(half_written.all(|name| !name.to_string_lossy().contains('#')));
}

#[tokio::test]
async fn the_log_has_no_room() {
    let host = Host::on(&world().files);
    host.set("RUST_LOG", "debug");
    host.start_into(|| Stdio::from(File::options().write(true).open("/dev/full").unwrap())).await;
    let maya = world().maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    assert_eq!(maya.find("nobody@example.org").await, Err(ClientError::Api(ApiError::NotFound)));
    let vault = maya.own_vault().unwrap();
    assert_eq!(read(&maya, vault, record).await.unwrap(), b"sinus rhythm");
    // Neither does it hold up who shares and stops.
    let grant = give(&maya, &world().ito.email, LABORATORY).await.unwrap();
    let ito = world().ito.device(&host).await;
    assert_eq!(take_up(&ito).await, Ok(vault));
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    maya.stop(vault, grant).await.unwrap();
    while maya.renew_next(vault).await.unwrap() {}
    assert_eq!(ito.sync_shared().await, Ok(vec![]));
    assert_eq!(maya.platform().failures(), []);
    assert!(host.ended().is_none());
    host.stop();
}

/// What a device that looks for the first time sees of the shares: which of them hold. Nothing of any is half done.
async fn held(host: &Rc<Host>) -> BTreeSet<GrantId> {
    let laptop = world().maya.device(host).await;
    let vault = sync(&laptop).await;
    let now = laptop.platform().now();
    let held = laptop.with_view(vault, |view| {
        let (held, ended): (Vec<_>, Vec<_>) = view.shares().partition(|share| view.holds(share, now));
        assert!(ended.iter().all(|share| view.ending(share, now).is_some_and(|ending| ending.rotated)));
        assert!(!held.iter().any(|share| view.is_frozen(share, now)));
        held.iter().map(|share| share.grant.grant).collect()
    });
    held.unwrap()
}

#[tokio::test]
async fn the_database_has_no_room_to_share_or_to_stop() {
    let Some((host, disk)) = small_database(32) else { return };
    let maya = world().maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let noor = compare(&maya, &world().noor.email).await.unwrap();
    let itos = give(&maya, &world().ito.email, LABORATORY).await.unwrap();
    take_up(&world().ito.device(&host).await).await.unwrap();
    disk.fill(0);
    // What is left of the room goes to ends that are moved, which is less to write than sharing and stopping.
    let far = maya.platform().now().plus(24 * 60);
    let mut moved = 0;
    let refused = loop {
        match maya.change_end(vault, itos, Some(far.plus(moved))).await {
            Ok(()) => moved += 1,
            Err(error) => break error,
        }
        assert!(moved < 5000, "the disk is not full");
    };
    assert_eq!(refused, NOT_NOW, "{}", host.log());

    // Each is told that it cannot be done now, and was not done.
    let give_noor = || maya.share(&noor, LABORATORY, Level::Download, None);
    assert_eq!(give_noor().await, Err(NOT_NOW), "{}", host.log());
    assert_eq!(maya.stop(vault, itos).await, Err(NOT_NOW), "{}", host.log());
    let failures = maya.platform().failures();
    assert!(!failures.is_empty() && failures.iter().all(|failed| *failed == Failed::NOT_NOW), "{failures:?}");
    assert_eq!(held(&host).await, BTreeSet::from([itos]));
    assert_eq!(world().ito.device(&host).await.sync_each_shared().await.unwrap().len(), 1);

    disk.free();
    let noors = give_noor().await.unwrap();
    maya.stop(vault, itos).await.unwrap();
    while maya.renew_next(vault).await.unwrap() {}
    assert_eq!(maya.platform().failures(), []);
    assert_eq!(held(&host).await, BTreeSet::from([noors]));
    assert_eq!(world().ito.device(&host).await.sync_shared().await, Ok(vec![]));
    let noor = world().noor.device(&host).await;
    assert_eq!(take_up(&noor).await, Ok(vault));
    assert_eq!(read(&noor, vault, record).await.unwrap(), b"sinus rhythm");
    let verified = verify(&world().maya.device(&host).await).await.unwrap();
    assert_eq!(verified, [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
}

/// Sharing and stopping need no room for blobs. What was reachable is sealed anew as soon as there is some.
#[tokio::test]
async fn a_share_is_stopped_where_blobs_have_no_room() {
    let Some((host, disk)) = small_blobs(16) else { return };
    let maya = world().maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let itos = give(&maya, &world().ito.email, LABORATORY).await.unwrap();
    disk.fill(0);
    let noors = give(&maya, &world().noor.email, LABORATORY).await.unwrap();
    maya.stop(vault, itos).await.unwrap();
    assert_eq!(maya.platform().failures(), []);
    let seal_anew = async { while maya.renew_next(vault).await.unwrap() {} };
    let make_room = async {
        until("there is no room", async || maya.platform().has_failures()).await;
        assert_eq!(held(&host).await, BTreeSet::from([noors]));
        assert_eq!(world().ito.device(&host).await.sync_shared().await, Ok(vec![]));
        let noor = world().noor.device(&host).await;
        assert_eq!(take_up(&noor).await, Ok(vault));
        assert_eq!(read(&noor, vault, record).await.unwrap(), b"sinus rhythm");
        disk.free();
    };
    join(Box::pin(seal_anew), Box::pin(make_room)).await;
    let failures = maya.platform().failures();
    assert!(!failures.is_empty() && failures.iter().all(|failed| *failed == Failed::NOT_NOW), "{failures:?}");
    let laptop = world().maya.device(&host).await;
    assert_eq!(verify(&laptop).await.unwrap(), [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
    let now = laptop.platform().now();
    let ending = laptop.with_view(vault, |view| view.ending(view.share(itos).unwrap(), now)).unwrap();
    assert!(ending.is_some_and(|ending| ending.reencrypted));
}
