//! Blobs: numbered chunks of ciphertext.

use minicbor::{Decode, Encode};

use crate::{Digest, VaultId};

/// `PUT /api/v1/blobs/{blob}`: announces a blob before its chunks. Repeating it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BlobCreate {
    /// The vault that it is for.
    #[n(0)]
    pub vault: VaultId,
    /// Bytes in all chunks together.
    #[n(1)]
    pub length: u64,
}

/// What the server holds of a blob. `GET /api/v1/blobs/{blob}`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BlobStatus {
    /// Bytes in all chunks together.
    #[n(0)]
    pub length: u64,
    /// The chunks that are stored, ascending.
    #[n(1)]
    pub stored: Vec<StoredChunk>,
}

/// A chunk that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StoredChunk {
    /// Its number, from 0.
    #[n(0)]
    pub number: u32,
    /// SHA-256 of its bytes.
    #[n(1)]
    pub digest: Digest,
}
