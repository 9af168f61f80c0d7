//! The list of a backup's files and their SHA-256, in the form that `sha256sum --check` reads.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use protocol::Digest;

use super::{BackupError, file_error};

/// The list's name. It is written last: without it, a backup was not finished.
const NAME: &str = "SHA256SUMS";
/// The last line, so that a list that was cut off is seen to be.
const END: &str = "# end of the backup";

/// What stands before a file that the backup depends on and that is kept apart from it.
const APART: &str = "# kept apart: ";

/// Digests by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    files: BTreeMap<String, Digest>,
    apart: BTreeMap<String, Digest>,
}

impl Manifest {
    /// Adds a file.
    pub(super) fn add(&mut self, name: &str, digest: Digest) {
        self.files.insert(name.to_owned(), digest);
    }

    /// Notes a file that the backup depends on, whether it has it or not.
    pub(super) fn add_apart(&mut self, name: &str, digest: Digest) {
        self.apart.insert(name.to_owned(), digest);
    }

    /// The digest of a file that the backup depends on.
    pub(super) fn apart(&self, name: &str) -> Option<Digest> {
        self.apart.get(name).copied()
    }

    /// The digest of a file, if the backup has it.
    pub(super) fn digest(&self, name: &str) -> Option<Digest> {
        self.files.get(name).copied()
    }

    /// Whether the backup has a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Writes the list into the backup's folder. When it returns, all of it is on the disk, or none.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let unfinished = folder.join("SHA256SUMS.new");
        let write = || {
            let mut file = File::create(&unfinished)?;
            let mut text = String::new();
            for (name, digest) in &self.files {
                text.push_str(&format!("{digest}  {name}\n"));
            }
            for (name, digest) in &self.apart {
                text.push_str(&format!("{APART}{digest}  {name}\n"));
            }
            text.push_str(END);
            text.push('\n');
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, folder.join(NAME))?;
            File::open(folder)?.sync_all()
        };
        write().map_err(file_error(&unfinished))
    }

    /// Reads the list of a backup.
    pub(super) fn read(folder: &Path) -> Result<Self, BackupError> {
        let unfinished = || BackupError::Unfinished(folder.to_owned());
        let path = folder.join(NAME);
        if !path.exists() {
            return Err(unfinished());
        }
        let text = fs::read_to_string(&path).map_err(file_error(&path))?;
        let lines = text.strip_suffix('\n').and_then(|text| text.strip_suffix(END)).ok_or_else(unfinished)?;
        let mut manifest = Self::default();
        for line in lines.lines() {
            let (of, line) = match line.strip_prefix(APART) {
                Some(line) => (&mut manifest.apart, line),
                None => (&mut manifest.files, line),
            };
            let (digest, name) = line.split_once("  ").ok_or_else(unfinished)?;
            of.insert(name.to_owned(), digest.parse().map_err(|_| unfinished())?);
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_and_never_when_it_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut manifest = Manifest::default();
        assert!(matches!(Manifest::read(folder.path()), Err(BackupError::Unfinished(_))));
        manifest.add("objects/ab/abcd", Digest::of(b"one"));
        manifest.add("healthbridge.db", Digest::of(b"two"));
        manifest.add_apart("server.key", Digest::of(b"three"));
        manifest.write(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest);
        let path = folder.path().join(NAME);
        let text = fs::read_to_string(&path).unwrap();
        for length in 0..text.len() {
            fs::write(&path, &text[..length]).unwrap();
            assert!(matches!(Manifest::read(folder.path()), Err(BackupError::Unfinished(_))), "{length}");
        }
    }
}
