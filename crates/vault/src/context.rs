//! What a ciphertext is bound to. The reader rebuilds it from what it asked for; it is never read from the
//! ciphertext.

use minicbor::{Decode, Encode};
use protocol::entry::{Origin, PartKind};
use protocol::{AccountId, Digest, GrantId, GrantScope, RecordId, ScopeId, VaultId, cbor};

/// Where a wrapped key belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum KeyContext {
    /// AMK, wrapped for the password.
    #[n(1)]
    Password(#[n(0)] AccountId),
    /// AMK, wrapped for the recovery kit.
    #[n(2)]
    Recovery(#[n(0)] AccountId),
    /// VK\[e\], wrapped under AMK.
    #[n(3)]
    Vault(#[n(0)] VaultId, #[n(1)] u32),
    /// VK\[e\], wrapped under VK\[e+1\].
    #[n(4)]
    VaultPrevious(#[n(0)] VaultId, #[n(1)] u32),
    /// CS\[c,e\], wrapped under VK.
    #[n(5)]
    Scope(#[n(0)] VaultId, #[n(1)] ScopeId, #[n(2)] u32),
    /// CS\[c,e\], wrapped under CS\[c,e+1\].
    #[n(6)]
    ScopePrevious(#[n(0)] VaultId, #[n(1)] ScopeId, #[n(2)] u32),
    /// RK\[r\] of a generation, wrapped under CS\[c,e\].
    #[n(7)]
    Record {
        /// The vault.
        #[n(0)]
        vault: VaultId,
        /// The record.
        #[n(1)]
        record: RecordId,
        /// The generation of its key.
        #[n(2)]
        generation: u32,
        /// The scope whose seed wraps it.
        #[n(3)]
        scope: ScopeId,
        /// The epoch of that seed.
        #[n(4)]
        epoch: u32,
    },
    /// RK\[r\] of a generation, wrapped under the next generation.
    #[n(8)]
    RecordPrevious(#[n(0)] VaultId, #[n(1)] RecordId, #[n(2)] u32),
    /// A content key, wrapped under RK\[r\].
    #[n(9)]
    Content {
        /// The vault.
        #[n(0)]
        vault: VaultId,
        /// The record.
        #[n(1)]
        record: RecordId,
        /// The generation of the record key that wraps it.
        #[n(2)]
        generation: u32,
        /// The part whose content it opens.
        #[n(3)]
        part: PartKind,
        /// The revision that the content was sealed in.
        #[n(4)]
        origin: Origin,
    },
    /// AMK, wrapped for a device that keeps its key in a file.
    #[n(10)]
    Device(#[n(0)] AccountId),
}

/// Where sealed content belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum SealContext {
    /// The account's secret keys.
    #[n(1)]
    Keyring(#[n(0)] AccountId),
    /// The account's own state, of a version.
    #[n(2)]
    AccountState(#[n(0)] AccountId, #[n(1)] u32),
    /// What a category or area stands for.
    #[n(3)]
    ScopeLabel(#[n(0)] VaultId, #[n(1)] ScopeId, #[n(2)] u32),
    /// A part of a revision of a record.
    #[n(4)]
    Part {
        /// The vault.
        #[n(0)]
        vault: VaultId,
        /// The record.
        #[n(1)]
        record: RecordId,
        /// The part.
        #[n(2)]
        part: PartKind,
        /// The revision that it was sealed in: number, key epoch and author.
        #[n(3)]
        origin: Origin,
    },
    /// A key, sealed to the holder of a grant.
    #[n(5)]
    Grant {
        /// The vault.
        #[n(0)]
        vault: VaultId,
        /// The grant.
        #[n(1)]
        grant: GrantId,
        /// Whose eyes it is for.
        #[n(2)]
        recipient: AccountId,
        /// The generation of the recipient's encryption key.
        #[n(3)]
        encryption_generation: u32,
        /// What the key reaches.
        #[n(4)]
        scope: GrantScope,
        /// The epoch of the key.
        #[n(5)]
        epoch: u32,
    },
    /// An upload that this account has begun, kept by a device between two runs.
    #[n(6)]
    Outbox(#[n(0)] AccountId),
    /// A page of a vault's log that this account has verified, kept by a device: the account, the vault, and the
    /// page's number.
    #[n(7)]
    LogPage(#[n(0)] AccountId, #[n(1)] VaultId, #[n(2)] u64),
}

impl KeyContext {
    /// SHA-256 of the encoding, under a name of its own.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&[b"hb/v1/context/key\0", &cbor::encode(self)[..]].concat())
    }
}

impl SealContext {
    /// SHA-256 of the encoding, under a name of its own.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&[b"hb/v1/context/seal\0", &cbor::encode(self)[..]].concat())
    }
}
