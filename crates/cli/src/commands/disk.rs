//! A file on disk, as it was when it was opened.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cli::decoding::{Decoder, Unread};
use client::ClientError;
use client::draft::examined;
use client::upload::{Draft, Source};

/// By what a file that was written to is told: how long it is, and when it last changed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    size: u64,
    modified: Option<SystemTime>,
}

impl State {
    fn of(about: &fs::Metadata) -> Self {
        Self { size: about.len(), modified: about.modified().ok() }
    }
}

/// A file on disk that is read in pieces.
pub(crate) struct Disk {
    file: RefCell<File>,
    at_first: State,
}

impl Source for Disk {
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        let mut file = self.file.borrow_mut();
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|_| ClientError::Source)?;
        Ok(bytes)
    }

    fn is_unchanged(&self) -> bool {
        self.file.borrow().metadata().is_ok_and(|about| State::of(&about) == self.at_first)
    }
}

/// A file that was looked at.
pub(crate) struct Looked {
    /// The file.
    pub(crate) disk: Disk,
    /// What it is.
    pub(crate) draft: Draft,
    /// Why only its name tells that, if that is so.
    pub(crate) unread: Option<Unread>,
}

/// Looks at a file.
pub(crate) async fn look(path: &Path, decoder: &Decoder) -> io::Result<Looked> {
    let file = File::open(path)?;
    let at_first = State::of(&file.metadata()?);
    let State { size, modified } = at_first;
    let modified = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or(0);
    let mut head = Vec::new();
    (&file).take(examined(size) as u64).read_to_end(&mut head)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (draft, unread) = decoder.examine(&name, &head, size, modified).await;
    Ok(Looked { disk: Disk { file: RefCell::new(file), at_first }, draft, unread })
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;

    /// Whether a file still counts as the same after somebody wrote to it.
    async fn is_unchanged_by(write: impl FnOnce(&mut File)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        fs::write(&path, "Dear Maya").unwrap();
        let nobody = Decoder::new("/nowhere/at/all".into(), &[], |_| Duration::ZERO);
        let looked = look(&path, &nobody).await.unwrap();
        assert_eq!((looked.draft.metadata.size, looked.unread), (9, Some(Unread::Broke)));
        assert!(looked.disk.is_unchanged());
        // Longer than the clock of a file system takes for one step.
        std::thread::sleep(Duration::from_millis(50));
        write(&mut OpenOptions::new().write(true).open(&path).unwrap());
        looked.disk.is_unchanged()
    }

    #[tokio::test]
    async fn whoever_writes_to_a_file_changes_it() {
        assert!(is_unchanged_by(|_| {}).await);
        assert!(!is_unchanged_by(|file| file.write_all(b"Dear Ines").unwrap()).await, "of the same size");
        assert!(!is_unchanged_by(|file| file.set_len(20).unwrap()).await, "longer");
        assert!(!is_unchanged_by(|file| file.set_len(2).unwrap()).await, "shorter");
    }
}
