//! SHA-256 values.

use std::fmt;

use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

/// A SHA-256 value (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Digest(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl Digest {
    /// Hashes bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Hashes pieces as if they lay end to end, without laying them there.
    pub fn of_pieces(pieces: &[&[u8]]) -> Self {
        let hasher = pieces.iter().fold(Sha256::new(), Sha256::chain_update);
        Self(hasher.finalize().into())
    }

    /// Hashes two digests: the step of a hash chain, and of a tree.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(next.0).finalize().into())
    }

    /// The digest of a sequence of digests, laid end to end.
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Self {
        let hasher = parts.into_iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part.0));
        Self(hasher.finalize().into())
    }

    /// A digest that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::str::FromStr for Digest {
    type Err = crate::id::NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::id::from_hex(text).map(Self)
    }
}
