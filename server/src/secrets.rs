//! The two secrets that the server keeps in files beside the database, never in it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use opaque_ke::ServerSetup;
use protocol::Digest;
use protocol::opaque::Suite;
use sha2::Sha256;

use crate::random::{ForOpaque, Random};

/// Holds every password's OPRF seed and the server's key pair.
const OPAQUE_FILE: &str = "opaque.key";
/// Keys the digests that stand for addresses, and the marks on what devices prove.
const SERVER_FILE: &str = "server.key";
/// What marks are made of first. No other digest begins with it, so that none of them is one.
const DEVICE: &str = "device";

/// Why the secrets cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file cannot be read or written.
    #[error("cannot read or write {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file's content is of another length or form.
    #[error("{0} is damaged: restore it from a backup; without it nobody can sign in by password")]
    Damaged(PathBuf),
    /// There are accounts, but the file that their passwords depend on is gone.
    #[error("{0} is missing, but there are accounts: restore it from a backup; a new one would lock everybody out")]
    Missing(PathBuf),
}

/// The server's secrets.
pub struct Secrets {
    opaque: ServerSetup<Suite>,
    server: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// New secrets.
    pub fn make(random: &dyn Random) -> Self {
        Self { opaque: ServerSetup::new(&mut ForOpaque(random)), server: random.draw() }
    }

    /// Reads both files, and makes them when neither accounts nor files exist yet.
    pub fn open(folder: &Path, has_accounts: bool, random: &dyn Random) -> Result<Self, SecretsError> {
        let fresh = Self::make(random);
        let opaque = read_or_create(&folder.join(OPAQUE_FILE), &fresh.opaque.serialize(), has_accounts)?;
        let server = read_or_create(&folder.join(SERVER_FILE), &fresh.server, has_accounts)?;
        Self::from_files(folder, &opaque, server)
    }

    fn from_files(folder: &Path, opaque: &[u8], server: Vec<u8>) -> Result<Self, SecretsError> {
        let damaged = |file| SecretsError::Damaged(folder.join(file));
        Ok(Self {
            opaque: ServerSetup::deserialize(opaque).map_err(|_| damaged(OPAQUE_FILE))?,
            server: server.try_into().map_err(|_| damaged(SERVER_FILE))?,
        })
    }

    /// The names of the two files.
    pub(crate) const FILES: [&str; 2] = [OPAQUE_FILE, SERVER_FILE];

    /// Whether a folder lacks one of them.
    pub fn are_missing(folder: &Path) -> bool {
        Self::FILES.into_iter().any(|name| !folder.join(name).exists())
    }

    /// Copies one of them, for its owner's eyes only, and gives its digest.
    pub(crate) fn copy_file(name: &str, from: &Path, to: &Path) -> Result<Digest, SecretsError> {
        let failed = |path: PathBuf| move |source| SecretsError::File { path, source };
        let bytes = fs::read(from.join(name)).map_err(failed(from.join(name)))?;
        create(&to.join(name), &bytes).map_err(failed(to.join(name)))?;
        Ok(Digest::of(&bytes))
    }

    /// The OPAQUE set-up.
    pub(crate) const fn opaque(&self) -> &ServerSetup<Suite> {
        &self.opaque
    }

    /// What OPAQUE knows an e-mail address by.
    pub(crate) fn credential(&self, email: &str) -> Digest {
        self.digest("credential", email.as_bytes())
    }

    /// What a counter knows its subject by.
    pub(crate) fn counter(&self, kind: &str, subject: &[u8]) -> Digest {
        self.digest(kind, subject)
    }

    /// The mark on a device's proof, which nobody makes without these secrets.
    pub(crate) fn mark(&self, proven: &[u8]) -> [u8; 32] {
        self.mac(DEVICE, proven).finalize().into_bytes().into()
    }

    /// Whether a mark is the right one, in a time that does not say how much of it is.
    pub(crate) fn is_mark(&self, proven: &[u8], mark: &[u8; 32]) -> bool {
        self.mac(DEVICE, proven).verify_slice(mark).is_ok()
    }

    fn digest(&self, label: &str, bytes: &[u8]) -> Digest {
        Digest::from_bytes(self.mac(label, bytes).finalize().into_bytes().into())
    }

    fn mac(&self, label: &str, bytes: &[u8]) -> Hmac<Sha256> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.server) else {
            unreachable!("HMAC takes a key of any length");
        };
        mac.update(label.as_bytes());
        mac.update(bytes);
        mac
    }
}

fn read_or_create(path: &Path, fresh: &[u8], has_accounts: bool) -> Result<Vec<u8>, SecretsError> {
    let failed = |source| SecretsError::File { path: path.to_owned(), source };
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        Err(_) if has_accounts => Err(SecretsError::Missing(path.to_owned())),
        Err(_) => {
            create(path, fresh).map_err(failed)?;
            Ok(fresh.to_vec())
        }
    }
}

/// Writes the whole file or none of it, for its owner's eyes only.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn a_second_start_finds_the_same_secrets_and_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let first = Secrets::open(folder.path(), false, &SystemRandom).unwrap();
        let second = Secrets::open(folder.path(), true, &SystemRandom).unwrap();
        assert_eq!(first.credential("a@b.c"), second.credential("a@b.c"));
        assert_eq!(first.opaque.serialize(), second.opaque.serialize());
        for file in [OPAQUE_FILE, SERVER_FILE] {
            let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert_eq!(format!("{first:?}"), "Secrets { .. }");
    }

    #[test]
    fn a_mark_is_of_one_server_and_one_text() {
        let [own, other] = [(); 2].map(|()| Secrets::make(&SystemRandom));
        let mark = own.mark(b"proven");
        assert!(own.is_mark(b"proven", &mark));
        assert!(!own.is_mark(b"another", &mark) && !other.is_mark(b"proven", &mark));
        let mut changed = mark;
        changed[31] ^= 1;
        assert!(!own.is_mark(b"proven", &changed));
        assert_ne!(own.counter("attempts by device", b"proven").as_bytes(), &mark);
    }

    #[test]
    fn accounts_without_their_secrets_stop_the_start() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Secrets::open(folder.path(), true, &SystemRandom), Err(SecretsError::Missing(_))));
        fs::write(folder.path().join(OPAQUE_FILE), b"short").unwrap();
        assert!(matches!(Secrets::open(folder.path(), false, &SystemRandom), Err(SecretsError::Damaged(_))));
    }
}
