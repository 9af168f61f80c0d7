//! Where ciphertext lies: each chunk its own object under a random name, on disk, in memory or in the cloud.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use std::{fmt, fs, io};

use axum::body::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt as _};
use tokio::fs::File;
use tokio_util::io::ReaderStream;
use url::Url;

use crate::failpoints;
use crate::random::Random;

/// Why the blob store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum BlobsError {
    /// The folder cannot be made.
    #[error("cannot make the folder for blobs")]
    Folder(#[source] io::Error),
    /// The URL names no store that this build knows, or lacks credentials.
    #[error("cannot open the blob store")]
    Open(#[source] object_store::Error),
    /// The store failed.
    #[error("the blob store failed")]
    Store(#[source] object_store::Error),
    /// A file in the folder cannot be read on.
    #[error("a file in the folder for blobs cannot be read")]
    Read(#[source] io::Error),
    /// There is no room for more.
    #[error("the blob store is full")]
    Full(#[source] object_store::Error),
    /// The store does not answer, or does not let anybody in: it may well do so later.
    #[error("the blob store does not answer")]
    NotNow(#[source] object_store::Error),
    /// What a crash left half-written cannot be looked for or removed.
    #[error("cannot tidy the folder for blobs")]
    Tidy(#[source] io::Error),
}

/// How much of a file is read at a time.
const PIECE: usize = 256 << 10;

/// What a disk says that has no room.
const NO_ROOM: [io::ErrorKind; 2] = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];

/// What a line says on which no answer comes, also one to a disk of another machine.
const NO_ANSWER: [io::ErrorKind; 10] = [
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::ConnectionRefused,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::HostUnreachable,
    io::ErrorKind::NetworkDown,
    io::ErrorKind::NetworkUnreachable,
    io::ErrorKind::NotConnected,
    io::ErrorKind::StaleNetworkFileHandle,
    io::ErrorKind::TimedOut,
];

/// Whether one of these lies below an error.
fn is_below(error: &object_store::Error, kinds: &[io::ErrorKind]) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.downcast_ref::<io::Error>().is_some_and(|found| kinds.contains(&found.kind())) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// The blob store.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Where objects are files.
    folder: Option<PathBuf>,
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs({})", self.store)
    }
}

/// One object that was found in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub object: String,
    /// When it was written, in seconds since the Unix epoch.
    pub written: u64,
}

impl Blobs {
    /// In memory, for tests.
    pub fn memory() -> Self {
        Self::over(Arc::new(InMemory::new()))
    }

    /// In any store: for tests, one that fails.
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None }
    }

    /// In a folder of this machine. What was acknowledged is on the disk.
    pub fn folder(folder: &FilePath) -> Result<Self, BlobsError> {
        fs::create_dir_all(folder).map_err(BlobsError::Folder)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(BlobsError::Open)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: Some(folder.to_owned()) })
    }

    /// In the store that a URL names, with credentials from these variables.
    pub fn open(url: &Url, variables: &BTreeMap<String, String>) -> Result<Self, BlobsError> {
        match (url.scheme(), url.to_file_path()) {
            ("memory", _) => Ok(Self::memory()),
            ("file", Ok(folder)) => Self::folder(&folder),
            _ => {
                let options = variables.iter().map(|(key, value)| (key.to_ascii_lowercase(), value.clone()));
                let (store, prefix) = object_store::parse_url_opts(url, options).map_err(BlobsError::Open)?;
                Ok(Self::over(Arc::new(PrefixStore::new(Arc::<dyn ObjectStore>::from(store), prefix))))
            }
        }
    }

    /// Whether it lies on this machine: what fails there fails for that object, and trying again soon is of no use.
    pub const fn is_local(&self) -> bool {
        self.folder.is_some()
    }

    /// What a failure of the store comes to. What fails elsewhere may go well later; what is not there, never.
    fn failed(&self, error: object_store::Error) -> BlobsError {
        use object_store::Error::{Generic, PermissionDenied, Unauthenticated};
        let is_elsewhere = !self.is_local();
        if is_below(&error, &NO_ROOM) {
            return BlobsError::Full(error);
        }
        match error {
            Generic { .. } | PermissionDenied { .. } | Unauthenticated { .. }
                if is_elsewhere || is_below(&error, &NO_ANSWER) =>
            {
                BlobsError::NotNow(error)
            }
            _ => BlobsError::Store(error),
        }
    }

    /// Stores bytes under a new random name and gives the name. When it returns, they are durable.
    pub async fn put(&self, random: &dyn Random, bytes: Bytes) -> Result<String, BlobsError> {
        let object = name(random.draw());
        failpoints::pass("before-put");
        self.store.put(&Path::from(object.as_str()), bytes.into()).await.map_err(|error| self.failed(error))?;
        failpoints::pass("after-put");
        Ok(object)
    }

    /// Reads an object as a stream.
    pub async fn get(&self, object: &str) -> Result<BoxStream<'static, Result<Bytes, BlobsError>>, BlobsError> {
        let found = self.store.get(&Path::from(object)).await.map_err(|error| self.failed(error))?;
        Ok(match found.payload {
            // By itself, the local store reads a few KiB at a time, each in a task of its own.
            GetResultPayload::File(file, _) => {
                ReaderStream::with_capacity(File::from_std(file), PIECE).map_err(BlobsError::Read).boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(BlobsError::Store).boxed(),
        })
    }

    /// Reads a whole object; none when it is not there.
    pub async fn read(&self, object: &str) -> Result<Option<Bytes>, BlobsError> {
        match self.store.get(&Path::from(object)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|error| self.failed(error)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Whether an object is there.
    pub async fn has(&self, object: &str) -> Result<bool, BlobsError> {
        match self.store.head(&Path::from(object)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Stores bytes under the name that they had in another store. When it returns, they are durable.
    pub async fn copy_in(&self, object: &str, bytes: Bytes) -> Result<(), BlobsError> {
        self.store.put(&Path::from(object), bytes.into()).await.map(drop).map_err(|error| self.failed(error))
    }

    /// Deletes an object. One that is not there is as good as deleted.
    pub async fn delete(&self, object: &str) -> Result<(), BlobsError> {
        failpoints::pass("before-delete");
        let deleted = self.store.delete(&Path::from(object)).await;
        failpoints::pass("after-delete");
        match deleted {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Removes what was half-written when a server died, from before this second, and gives how many there were. The
    /// store itself neither lists nor needs it.
    pub async fn tidy(&self, before: u64) -> Result<u64, BlobsError> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        // A task that did not come to its end has removed what it has; the next one goes on.
        tokio::task::spawn_blocking(move || tidy(&folder, before)).await.unwrap_or(Ok(0)).map_err(BlobsError::Tidy)
    }

    /// The id that this store was given; none until then. What is not one stands for the id of another.
    pub async fn id(&self) -> Result<Option<[u8; 16]>, BlobsError> {
        let Some(bytes) = self.read(ID).await? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).ok().map(str::trim_end);
        let id = text.and_then(|text| u128::from_str_radix(text, 16).ok()).unwrap_or_default();
        Ok(Some(id.to_be_bytes()))
    }

    /// Gives this store an id, in place of the one before. When it returns, that is durable.
    pub async fn set_id(&self, id: [u8; 16]) -> Result<(), BlobsError> {
        self.copy_in(ID, Bytes::from(format!("{}\n", hex(id)))).await
    }

    /// Every object in the store but the one that holds its id.
    pub fn list(&self) -> BoxStream<'static, Result<Found, BlobsError>> {
        self.store
            .list(None)
            .try_filter(|meta| std::future::ready(meta.location.as_ref() != ID))
            .map_ok(|meta| Found {
                object: meta.location.to_string(),
                written: u64::try_from(meta.last_modified.timestamp()).unwrap_or(0),
            })
            .map_err(BlobsError::Store)
            .boxed()
    }
}

/// The local store writes a file under its name, `#` and a number before it gives it its name.
fn tidy(folder: &FilePath, before: u64) -> io::Result<u64> {
    let before = UNIX_EPOCH + Duration::from_secs(before);
    let mut removed = 0;
    for within in fs::read_dir(folder)? {
        let within = within?;
        if !within.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(within.path())? {
            let file = file?;
            let unfinished = file.file_name().to_string_lossy().contains('#');
            // One that is gone meanwhile has its name by now.
            let old = || file.metadata().and_then(|meta| meta.modified()).is_ok_and(|written| written < before);
            if unfinished && old() && fs::remove_file(file.path()).is_ok() {
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// The object that holds the store's id. No chunk's name is like it.
const ID: &str = "instance";

/// 128 bits in hexadecimal digits.
fn hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// 128 random bits in hexadecimal digits, spread over folders by the first eight.
fn name(bytes: [u8; 16]) -> String {
    let hex = hex(bytes);
    format!("{}/{hex}", hex.get(..2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn what_fails_elsewhere_may_pass_and_what_is_gone_does_not() {
        let below = |kind| -> Box<dyn Error + Send + Sync> { Box::new(io::Error::new(kind, "no")) };
        let generic = |kind| object_store::Error::Generic { store: "test", source: below(kind) };
        let refused = io::ErrorKind::PermissionDenied;
        let denied = object_store::Error::PermissionDenied { path: String::new(), source: below(refused) };
        let gone = object_store::Error::NotFound { path: String::new(), source: below(io::ErrorKind::NotFound) };
        let folder = tempfile::tempdir().unwrap();
        let (here, elsewhere) = (Blobs::folder(folder.path()).unwrap(), Blobs::memory());
        assert!(matches!(elsewhere.failed(generic(refused)), BlobsError::NotNow(_)));
        assert!(matches!(elsewhere.failed(denied), BlobsError::NotNow(_)));
        assert!(matches!(elsewhere.failed(gone), BlobsError::Store(_)));
        assert!(matches!(here.failed(generic(refused)), BlobsError::Store(_)));
        assert!(matches!(here.failed(generic(io::ErrorKind::TimedOut)), BlobsError::NotNow(_)));
        for blobs in [here, elsewhere] {
            assert!(matches!(blobs.failed(generic(io::ErrorKind::StorageFull)), BlobsError::Full(_)));
        }
    }

    #[tokio::test]
    async fn what_a_crash_left_half_written_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::folder(folder.path()).unwrap();
        let object = blobs.put(&SystemRandom, Bytes::from_static(b"whole")).await.unwrap();
        let place = |suffix: &str| folder.path().join(format!("{object}{suffix}"));
        fs::write(place("#1"), b"ha").unwrap();
        fs::write(place("#2"), b"hal").unwrap();
        for (suffix, written) in [("", 5), ("#1", 5), ("#2", 15)] {
            let file = fs::File::options().write(true).open(place(suffix)).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(written)).unwrap();
        }
        assert_eq!(blobs.tidy(10).await.unwrap(), 1);
        assert_eq!([place("").exists(), place("#1").exists(), place("#2").exists()], [true, false, true]);
        assert_eq!(Blobs::memory().tidy(10).await.unwrap(), 0);
    }
}
