//! A sign-in that is kept between commands: server, session cookie and device key, in a file for its owner alone.
//!
//! The device key unwraps nothing by itself: the wrap stays on the server, behind the session, for thirty idle
//! minutes.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::failure::Failure;

/// What is kept.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    /// The server's address.
    pub(crate) server: Option<String>,
    /// The session's cookie.
    pub(crate) cookie: Option<String>,
    /// The device key, in hexadecimal digits.
    pub(crate) device_key: Option<String>,
}

/// Where it is kept.
pub(crate) struct Store {
    folder: PathBuf,
    name: String,
}

impl Store {
    /// A place for profiles. The name becomes a file's name, so it is held to simple characters.
    pub(crate) fn new(home: Option<PathBuf>, name: &str) -> Result<Self, Failure> {
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            || name.starts_with('.')
        {
            return Err(Failure::new("a profile's name has letters, digits, dashes and dots only"));
        }
        #[expect(clippy::disallowed_methods, reason = "the one place where the home folder is looked up")]
        let folder = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".healthbridge")));
        let folder = folder.ok_or_else(|| Failure::new("there is no home folder: give one with --home"))?;
        Ok(Self { folder, name: name.to_owned() })
    }

    /// The folder for what uploads leave behind until they are finished.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.folder.join(format!("{}.outbox", self.name))
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    /// Reads the profile; an empty one if there is none.
    pub(crate) fn load(&self) -> Result<Profile, Failure> {
        let text = match fs::read_to_string(self.path()) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Profile::default()),
            Err(error) => return Err(error.into()),
        };
        let value: Value =
            serde_json::from_str(&text).map_err(|_| Failure::new("the kept sign-in is damaged; sign in again"))?;
        let field = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Profile { server: field("server"), cookie: field("cookie"), device_key: field("device_key") })
    }

    /// Writes the profile, readable by its owner alone, whole or not at all.
    pub(crate) fn save(&self, profile: &Profile) -> Result<(), Failure> {
        make_private_folder(&self.folder)?;
        let value = json!({ "server": profile.server, "cookie": profile.cookie, "device_key": profile.device_key });
        write_private(&self.path(), value.to_string().as_bytes())
    }

    /// Forgets the profile.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Makes a folder that only its owner can enter.
pub(crate) fn make_private_folder(folder: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(folder)?)
}

/// Writes a file that only its owner can read, by way of a temporary one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let temporary = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(fs::rename(&temporary, path)?)
}
