//! A consistent copy of everything that the server keeps, taken while it serves, and brought back.
//!
//! A backup is a folder: the database as one SQLite file, whichever database it came from; every object that this
//! file names; the two secret files only if they are asked for; and, written last, the digests of all of these.
//! The database is copied first, in one snapshot. Objects never change, so that they can follow.

mod manifest;
mod restore;

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use futures_util::TryStreamExt as _;
use protocol::Digest;

use crate::blobs::{Blobs, BlobsError};
use crate::causes::describe;
use crate::secrets::{Secrets, SecretsError};
use crate::services::ServiceError;
use crate::services::scrub::{Damage, Finding, is_named, read_whole};
use crate::store::blobs::Chunk;
use crate::store::inventory::{Kept, each, forget_chunk};
use crate::store::{Store, StoreError, blobs, commit, copy};

use manifest::Manifest;
pub use restore::{Marker, restore};

/// The database in a backup.
const DATABASE: &str = "healthbridge.db";
/// The folder of objects in a backup.
const OBJECTS: &str = "objects";

/// Why a backup could not be taken or brought back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder has something in it already.
    #[error("{0} is not empty: a backup goes into a folder of its own")]
    NotEmpty(PathBuf),
    /// The folder holds no finished backup.
    #[error("{0} holds no finished backup: its list of digests is missing or cut off")]
    Unfinished(PathBuf),
    /// A file is not the one that was backed up.
    #[error("{0} in the backup is damaged; nothing was restored")]
    Damaged(String),
    /// What would be restored to is in use.
    #[error("{0}: restore only to an empty place; nothing was changed")]
    Occupied(&'static str),
    /// A file cannot be read or written.
    #[error("cannot read or write {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The database.
    #[error("the database")]
    Store(#[from] StoreError),
    /// The blob store.
    #[error("the blob store")]
    Blobs(#[from] BlobsError),
    /// The secrets.
    #[error("the secret files")]
    Secrets(#[from] SecretsError),
    /// A look at the blob store.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// What a backup is of, or a restore goes to.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The database.
    pub store: &'a Store,
    /// The blob store.
    pub blobs: &'a Blobs,
    /// The data folder.
    pub folder: &'a Path,
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Accounts.
    pub accounts: u64,
    /// Records that are there.
    pub records: u64,
    /// Chunks of files.
    pub chunks: u64,
    /// Chunks that are damaged or missing, and are not among these.
    pub findings: u64,
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}

/// Copies everything into a new or empty folder, and tells of each chunk that cannot be copied because it is
/// damaged or missing.
pub async fn backup(
    from: Place<'_>,
    to: &Path,
    with_secrets: bool,
    mut found: impl FnMut(&Finding),
) -> Result<Copied, BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(file_error(to))?;
    if fs::read_dir(to).map_err(file_error(to))?.next().is_some() {
        return Err(BackupError::NotEmpty(to.to_owned()));
    }
    let database = to.join(DATABASE);
    let taken = Store::portable(&database).await?;
    copy_database(from.store, &taken).await?;

    let mut manifest = Manifest::default();
    let objects = Blobs::folder(&to.join(OBJECTS))?;
    let mut findings = 0;
    let mut source = Source::new(from.blobs);
    let mut all = Box::pin(each(taken.reader()));
    while let Some(kept) = all.try_next().await? {
        copy_chunks(from.store, &mut source, &taken, &kept, &objects, &mut manifest, |finding| {
            findings += 1;
            found(finding);
        })
        .await?;
    }
    drop(all);
    source.finish()?;
    let (accounts, records, chunks) = copy::count(taken.reader()).await?;
    taken.close().await?;
    manifest.add(DATABASE, digest_of(&database)?);
    for name in Secrets::FILES {
        let file = from.folder.join(name);
        if file.exists() {
            manifest.add_apart(name, digest_of(&file)?);
        }
    }
    if with_secrets {
        for name in Secrets::FILES {
            manifest.add(name, Secrets::copy_file(name, from.folder, to)?);
        }
    }
    manifest.write(to)?;
    Ok(Copied { accounts, records, chunks: chunks.saturating_sub(findings), findings })
}

async fn copy_database(from: &Store, to: &Store) -> Result<(), BackupError> {
    to.migrate().await?;
    let snapshot = from.snapshot().await?;
    let writing = to.begin().await?;
    copy::copy(&snapshot, &writing).await?;
    Ok(commit(writing).await?)
}

/// How often a chunk is asked for that a store elsewhere does not give.
const TRIES: u32 = 3;
/// How long is waited before it is asked for again, the first time.
const WAIT: Duration = Duration::from_millis(500);
/// Chunks in a row that a store elsewhere does not give, before it counts as one that is away.
const IN_A_ROW: u32 = 3;

/// The blob store that is copied from. One object that it cannot read holds up no other, but a backup that lacks
/// everything, because the store was away, is none.
struct Source<'a> {
    blobs: &'a Blobs,
    /// Whether it ever gave an answer.
    answers: bool,
    failures: u32,
    last: Option<BlobsError>,
}

impl<'a> Source<'a> {
    /// A store of which nothing is known yet.
    const fn new(blobs: &'a Blobs) -> Self {
        Self { blobs, answers: false, failures: 0, last: None }
    }

    /// A chunk's bytes, or what is wrong with them.
    async fn read(&mut self, chunk: &Chunk) -> Result<Result<Bytes, Damage>, BackupError> {
        let tries = if self.blobs.is_local() { 1 } else { TRIES };
        let mut wait = WAIT;
        for left in (0..tries).rev() {
            match read_whole(self.blobs, chunk).await {
                Ok(read) => {
                    (self.answers, self.failures, self.last) = (true, 0, None);
                    return Ok(read);
                }
                Err(error) => {
                    tracing::warn!(cause = describe(&error), "a chunk cannot be read");
                    self.last = Some(error);
                }
            }
            if left > 0 {
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
        }
        self.failures += 1;
        match self.last.take_if(|_| !self.blobs.is_local() && self.failures >= IN_A_ROW) {
            Some(error) => Err(error.into()),
            None => Ok(Err(Damage::Unreadable)),
        }
    }

    /// Refuses to call it a backup if a store elsewhere never answered.
    fn finish(self) -> Result<(), BackupError> {
        match self.last.filter(|_| !self.answers && !self.blobs.is_local()) {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

/// Copies the objects of one blob. What was removed on purpose since the snapshot is forgotten in the copy, too.
async fn copy_chunks(
    store: &Store,
    from: &mut Source<'_>,
    taken: &Store,
    kept: &Kept,
    objects: &Blobs,
    manifest: &mut Manifest,
    mut found: impl FnMut(&Finding),
) -> Result<(), BackupError> {
    for (number, chunk) in &kept.chunks {
        match from.read(chunk).await? {
            Ok(bytes) => {
                objects.copy_in(&chunk.object, bytes).await?;
                manifest.add(&format!("{OBJECTS}/{}", chunk.object), chunk.digest);
            }
            Err(damage) if is_named(store, kept.blob, *number, chunk).await? => {
                found(&Finding::new(kept, *number, damage));
            }
            Err(_) if blobs::find(store.reader(), kept.blob).await?.is_none() => {
                blobs::delete(taken.reader(), kept.blob).await?;
                return Ok(());
            }
            Err(_) => forget_chunk(taken.reader(), kept.blob, *number).await?,
        }
    }
    Ok(())
}

/// The digest of a file, whatever its size.
fn digest_of(path: &Path) -> Result<Digest, BackupError> {
    use sha2::{Digest as _, Sha256};
    let hash = || {
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut hasher = Sha256::new();
        loop {
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok(hasher.finalize());
            }
            hasher.update(bytes);
            let read = bytes.len();
            reader.consume(read);
        }
    };
    let digest = hash().map_err(file_error(path))?;
    Ok(Digest::from_bytes(digest.into()))
}
