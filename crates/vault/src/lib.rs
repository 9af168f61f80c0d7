//! The vault's cryptography, without I/O: keys, envelopes, file streams, and sealing to people.
//!
//! `derive_*` is deterministic, `make_*` is random, `wrap_*`/`unwrap_*` is for keys, `seal_*`/`open_*` is for
//! content. Randomness is an argument. The raw primitives are private to `hazmat`. `README.md` beside this
//! crate draws the key hierarchy and says who can read what.

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;

mod hazmat;

pub mod account;
pub mod context;
pub mod envelope;
pub mod floe;
pub mod keys;
pub mod padding;
pub mod password;
pub mod recipient;
pub mod recovery;
pub mod secret;
pub mod signing;

pub use context::{KeyContext, SealContext};
pub use keys::{AccountMasterKey, ContentKey, KeyEncryptionKey, RecordKey, ScopeSeed, VaultKey};
pub use recipient::VerifiedRecipient;

/// Nothing came out. Wrong key, wrong context, altered, cut or unknown: from outside they all look the same,
/// on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this could not be opened")]
pub struct OpenError;

/// Random bytes from the caller's generator.
pub fn make_bytes<const N: usize>(rng: &mut dyn rand_core::CryptoRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
