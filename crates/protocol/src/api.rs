//! The messages of the vault protocol, `/api/v1/...`: CBOR in, CBOR out.

mod account;
mod blob;
mod error;
mod log;

pub use account::{
    AccountState, DeviceWrap, Find, PasswordFinish, PasswordStart, PasswordStarted, Person, Profile, RecoveryFinish,
    RecoveryStart, RecoveryStarted, SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted,
    SignedIn, SignedInWith,
};
pub use blob::{BlobCreate, BlobStatus, StoredChunk};
pub use error::{ApiError, Conflict, Refusal};
pub use log::{Append, Appended, LogItem, LogPage, Restored, SharedVault};

/// The media type of every body but a chunk's.
pub const MEDIA_TYPE: &str = "application/cbor";

/// The request header that carries a chunk's SHA-256 in lower-case hexadecimal digits.
pub const CHUNK_DIGEST_HEADER: &str = "x-chunk-sha256";

/// The request header that names the account whose request it is. A session of another account is refused.
pub const ACCOUNT_HEADER: &str = "x-healthbridge-account";

/// The name of the session's cookie. `__Host-` binds it to one host, to HTTPS, and to the whole site.
pub const SESSION_COOKIE: &str = "__Host-healthbridge";

/// The longest name, specialty or organisation, in characters; and the longest address, in bytes.
pub const MAX_NAME: usize = 200;

/// The largest entry of a log, in bytes.
pub const MAX_ENTRY: usize = 256 << 10;

/// The most entries in one append, and in one page.
pub const MAX_ENTRIES: usize = 500;
