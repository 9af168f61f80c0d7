//! The entries of a vault's log: what authors sign.

use minicbor::{Decode, Encode};

use crate::signature::{Namespace, PublicKey, Signable};
use crate::{AccountId, BlobId, Digest, GrantId, GrantScope, Level, Minute, RecordId, ScopeId, VaultId};

/// The version of the entry format. There is one.
pub const VERSION: u8 = 1;

/// A place in a log: the number of the last entry, from 1, and the chain value there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// How many entries came before and with it.
    #[n(0)]
    pub seq: u64,
    /// `chain[seq] = SHA-256(chain[seq - 1] ‖ SHA-256(entry))`, from `chain[0] = SHA-256(vault id)`.
    #[n(1)]
    pub chain: Digest,
}

impl Head {
    /// The place before a vault's first entry.
    pub fn before(vault: VaultId) -> Self {
        Self { seq: 0, chain: Digest::of(vault.as_bytes()) }
    }

    /// The place after an entry with this digest.
    #[must_use]
    pub fn then(self, entry: Digest) -> Self {
        Self { seq: self.seq + 1, chain: self.chain.then(entry) }
    }
}

/// One change of a vault, as its author signs it. The author says which head it had seen, not which place
/// the entry takes: the server orders entries, and nobody signs twice.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// The vault that it changes.
    #[n(1)]
    pub vault: VaultId,
    /// Who says so.
    #[n(2)]
    pub author: AccountId,
    /// The author's own count in this vault, from 1 without gaps.
    #[n(3)]
    pub author_seq: u64,
    /// The head that the author had seen and verified.
    #[n(4)]
    pub seen: Head,
    /// When, by the author's clock.
    #[n(5)]
    pub at: Minute,
    /// What changes.
    #[n(6)]
    pub body: Body,
}

impl Signable for Entry {
    const NAMESPACE: Namespace = Namespace::Entry;

    fn signer(&self) -> AccountId {
        self.author
    }
}

/// What an entry changes. Ciphertexts are opaque bytes here; `vault` makes and opens them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// The first entry: the owner's identity key.
    #[n(1)]
    Genesis(#[n(0)] PublicKey),
    /// A new vault key.
    #[n(2)]
    VaultEpoch(#[n(0)] VaultEpoch),
    /// A new seed for a category or area; at epoch 0, the category itself.
    #[n(3)]
    ScopeEpoch(#[n(0)] ScopeEpoch),
    /// A new key for a record whose content stays as it is.
    #[n(4)]
    RecordKey(#[n(0)] RecordKey),
    /// A record, or a later revision of one.
    #[n(5)]
    Revision(#[n(0)] Revision),
    /// The end of a record.
    #[n(6)]
    Tombstone(#[n(0)] Tombstone),
    /// A share.
    #[n(7)]
    Grant(#[n(0)] Grant),
    /// A turned key, sealed again to the holder of a grant.
    #[n(8)]
    Reseal(#[n(0)] Reseal),
    /// The end of a share.
    #[n(9)]
    Revocation(#[n(0)] GrantId),
    /// Somebody other than the owner saw something.
    #[n(10)]
    Access(#[n(0)] Access),
    /// A new end for a share that holds.
    #[n(11)]
    Term(#[n(0)] Term),
}

impl Body {
    /// The type code: with author, minute and place, what the server may know of any entry.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Genesis(_) => 1,
            Self::VaultEpoch(_) => 2,
            Self::ScopeEpoch(_) => 3,
            Self::RecordKey(_) => 4,
            Self::Revision(_) => 5,
            Self::Tombstone(_) => 6,
            Self::Grant(_) => 7,
            Self::Reseal(_) => 8,
            Self::Revocation(_) => 9,
            Self::Access(_) => 10,
            Self::Term(_) => 11,
        }
    }
}

/// A vault key of epoch `epoch`, VK\[e\].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct VaultEpoch {
    /// From 0; one more than the one before.
    #[n(0)]
    pub epoch: u32,
    /// What every holder checks the key against.
    #[n(1)]
    pub commitment: Digest,
    /// VK\[e\], wrapped under the owner's account master key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub wrapped: Vec<u8>,
    /// VK\[e-1\], wrapped under VK\[e\].
    #[cbor(n(3), with = "minicbor::bytes")]
    pub previous: Option<Vec<u8>>,
}

/// A category seed of epoch `epoch`, CS\[c,e\].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ScopeEpoch {
    /// The category or area.
    #[n(0)]
    pub scope: ScopeId,
    /// From 0; one more than the one before.
    #[n(1)]
    pub epoch: u32,
    /// The vault epoch whose key wraps the seed.
    #[n(2)]
    pub vault_epoch: u32,
    /// What every holder checks the seed against.
    #[n(3)]
    pub commitment: Digest,
    /// CS\[c,e\], wrapped under VK.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub wrapped: Vec<u8>,
    /// CS\[c,e-1\], wrapped under CS\[c,e\].
    #[cbor(n(5), with = "minicbor::bytes")]
    pub previous: Option<Vec<u8>>,
    /// What the scope stands for, sealed under the seed.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub label: Vec<u8>,
}

/// A record key of generation `generation`, RK\[r\].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecordKey {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// From 0; one more than the one before.
    #[n(1)]
    pub generation: u32,
    /// Where the record lies from now on.
    #[n(2)]
    pub scope: ScopeId,
    /// The scope's current epoch.
    #[n(3)]
    pub epoch: u32,
    /// What every holder checks the key against.
    #[n(4)]
    pub commitment: Digest,
    /// RK\[r\], wrapped under CS\[c,e\].
    #[cbor(n(5), with = "minicbor::bytes")]
    pub wrapped: Vec<u8>,
    /// RK\[r\] of the generation before, wrapped under this one.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub previous: Option<Vec<u8>>,
}

/// A record's content at one point.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Revision {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// From 0; one more than the one before.
    #[n(1)]
    pub number: u32,
    /// The key generation that wraps the content keys.
    #[n(2)]
    pub generation: u32,
    /// The record's first key, or a new one.
    #[n(3)]
    pub key: Option<RecordKey>,
    /// What the revision consists of. Kinds ascend, and none comes twice.
    #[n(4)]
    pub parts: Vec<Part>,
}

/// What a part of a revision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum PartKind {
    /// Title, category, date, notes, file name.
    #[n(1)]
    Data,
    /// The file itself.
    #[n(2)]
    File,
    /// A small picture of it.
    #[n(3)]
    Thumbnail,
    /// Its text, for search.
    #[n(4)]
    Text,
}

/// One sealed part with its own content key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    /// What it is.
    #[n(0)]
    pub kind: PartKind,
    /// Where it was sealed: in this revision, or in an earlier one that it is kept from unchanged.
    #[n(1)]
    pub origin: Origin,
    /// Its content key, wrapped under RK\[r\].
    #[cbor(n(2), with = "minicbor::bytes")]
    pub key: Vec<u8>,
    /// The ciphertext, or where it lies.
    #[n(3)]
    pub content: Content,
}

impl Part {
    /// The blob that holds it, if one does.
    pub const fn blob(&self) -> Option<&Blob> {
        match &self.content {
            Content::Blob(blob) => Some(blob),
            Content::Inline(_) => None,
        }
    }
}

/// The revision that a part was sealed in. With vault, record and kind it is the context that the ciphertext
/// is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Origin {
    /// The number of that revision.
    #[n(0)]
    pub revision: u32,
    /// The key generation then.
    #[n(1)]
    pub generation: u32,
    /// Its author.
    #[n(2)]
    pub author: AccountId,
}

/// Where a part's ciphertext is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Content {
    /// Here: an envelope.
    #[n(1)]
    Inline(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// In a blob.
    #[n(2)]
    Blob(#[n(0)] Blob),
}

/// Ciphertext that lies in the blob store as numbered chunks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Blob {
    /// Its id.
    #[n(0)]
    pub id: BlobId,
    /// The FLOE header of a file; empty for the other parts, whose blob is one envelope. The chunks hold segments
    /// only, so that a chunk begins where a segment begins.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub header: Vec<u8>,
    /// Bytes in all chunks together.
    #[n(2)]
    pub length: u64,
    /// SHA-256 over the SHA-256 of each chunk, in order.
    #[n(3)]
    pub digest: Digest,
}

/// Bytes in every chunk of a blob but the last: eight FLOE segments.
pub const CHUNK: u64 = 8 << 20;

impl Blob {
    /// How many chunks it has.
    pub const fn chunks(&self) -> u64 {
        self.length.div_ceil(CHUNK)
    }
}

/// The end of a record. Its blobs are removed later.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Tombstone {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// Its last revision.
    #[n(1)]
    pub number: u32,
}

/// A share: who, what, which level, until when, and the key, sealed to that person alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Grant {
    /// Its id.
    #[n(0)]
    pub grant: GrantId,
    /// To whom.
    #[n(1)]
    pub recipient: AccountId,
    /// The identity key that the author verified as the recipient's.
    #[n(2)]
    pub recipient_key: PublicKey,
    /// What the recipient may do.
    #[n(3)]
    pub level: Level,
    /// With what.
    #[n(4)]
    pub scope: GrantScope,
    /// The epoch of the sealed key: the vault's, the scope's, or the record's key generation.
    #[n(5)]
    pub epoch: u32,
    /// The last minute. None is "no end", chosen by a person who was warned.
    #[n(6)]
    pub until: Option<Minute>,
    /// The generation of the recipient's encryption key that was sealed to.
    #[n(7)]
    pub encryption_generation: u32,
    /// The key, sealed by HPKE.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// A turned key, sealed again to the holder of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reseal {
    /// The grant.
    #[n(0)]
    pub grant: GrantId,
    /// The new epoch.
    #[n(1)]
    pub epoch: u32,
    /// The generation of the recipient's encryption key that was sealed to.
    #[n(2)]
    pub encryption_generation: u32,
    /// The key, sealed by HPKE.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// A new end for a share that holds: later, earlier, or none. Its holder keeps the key that was sealed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Term {
    /// The grant.
    #[n(0)]
    pub grant: GrantId,
    /// The last minute so far: of two who change it at once, the second has not seen what the first did.
    #[n(1)]
    pub from: Option<Minute>,
    /// The last minute from now on; none is "no end".
    #[n(2)]
    pub until: Option<Minute>,
}

/// What a reader did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum AccessKind {
    /// Took up the grant: saw titles and dates of what it reaches.
    #[n(1)]
    Accepted,
    /// Opened a record's content.
    #[n(2)]
    Opened,
    /// Saved a copy of it.
    #[n(3)]
    Saved,
}

/// A reader's own, signed statement that it takes up a grant or opens a record by it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Access {
    /// The grant that allows it.
    #[n(0)]
    pub grant: GrantId,
    /// What the reader does.
    #[n(1)]
    pub kind: AccessKind,
    /// Which record; none for [`AccessKind::Accepted`].
    #[n(2)]
    pub record: Option<RecordId>,
}
