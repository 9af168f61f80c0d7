//! The site's files under a path that changes whenever one of them does, so that browsers may keep them for good.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Bytes of the digest that stand in the path.
const SHOWN: usize = 12;
/// Bytes that are read at once: the files need not be in memory whole.
const AT_ONCE: usize = 64 << 10;

/// The path that stands before every file of the site, such as `/v/3kTMd9…`: a digest of their names and contents.
pub(crate) fn versioned_path(site: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    list(site, &mut files)?;
    files.sort();
    let mut all = Sha256::new();
    for file in files {
        let name = file.strip_prefix(site).unwrap_or(&file).as_os_str().as_encoded_bytes();
        all.update(Sha256::digest(name));
        all.update(digest(&file)?);
    }
    let digest = all.finalize();
    let shown = digest.get(..SHOWN).unwrap_or_default();
    Ok(format!("/v/{}", URL_SAFE_NO_PAD.encode(shown)))
}

/// What is served as it is. Compressed copies follow from it.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_none_or(|extension| extension != "br" && extension != "gz") {
            files.push(path);
        }
    }
    Ok(())
}

fn digest(path: &Path) -> io::Result<impl AsRef<[u8]>> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; AT_ONCE];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize()),
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_or_content_is_another_path_and_compression_is_not() {
        let site = tempfile::tempdir().unwrap();
        let path = || versioned_path(site.path()).unwrap();
        let write = |name: &str, content: &str| std::fs::write(site.path().join(name), content).unwrap();
        std::fs::create_dir(site.path().join("pkg")).unwrap();
        write("pkg/a.wasm", "one");
        let before = path();
        assert_eq!(before, path());
        write("pkg/a.wasm.br", "one, compressed");
        assert_eq!(before, path());
        write("pkg/a.wasm", "two");
        let changed = path();
        assert_ne!(before, changed);
        std::fs::rename(site.path().join("pkg/a.wasm"), site.path().join("pkg/b.wasm")).unwrap();
        assert_ne!(changed, path());
    }
}
