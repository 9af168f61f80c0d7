//! What crosses the network: ids, messages, signed log entries and the rules to verify and fold them.
//!
//! Server, browser, command line and third parties share this crate. It holds no secret: signatures are
//! checked here and made in `vault`.

pub mod account;
pub mod api;
pub mod cbor;
pub mod digest;
pub mod entry;
pub mod grant;
pub mod id;
pub mod ledger;
pub mod opaque;
pub mod signature;
pub mod time;

pub use account::{Account, AccountEntry};
pub use api::ApiError;
pub use digest::Digest;
pub use entry::{Body, Entry, Head};
pub use grant::{GrantScope, Level};
pub use id::{AccountId, BlobId, GrantId, RecordId, ScopeId, VaultId};
pub use ledger::{Ledger, Violation};
pub use signature::{Namespace, PublicKey, Signature, Signed};
pub use time::Minute;
