//! What a grant gives: a level, a scope, an end.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

use crate::{RecordId, ScopeId};

/// What the holder of a grant gets and may do. Each level includes the reading rights of the one before it,
/// from [`Level::View`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Level {
    /// May put records into the patient's inbox, and sees nothing.
    #[n(1)]
    Drop,
    /// Sees a watermarked rendition, never the original.
    #[n(2)]
    View,
    /// Opens and keeps the originals.
    #[n(3)]
    Download,
    /// As download, and adds records.
    #[n(4)]
    Contribute,
    /// Holds the vault key and acts for the patient, but for unlock methods, ownership and its own end.
    #[n(5)]
    Manage,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 5] = [Self::Drop, Self::View, Self::Download, Self::Contribute, Self::Manage];

    /// The word used on the command line and in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::View => "view",
            Self::Download => "download",
            Self::Contribute => "contribute",
            Self::Manage => "manage",
        }
    }

    /// Whether the holder may fetch the ciphertext of originals.
    pub const fn reads_originals(self) -> bool {
        matches!(self, Self::Download | Self::Contribute | Self::Manage)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a level: expected drop, view, download, contribute or manage")]
pub struct NotALevel;

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, NotALevel> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(NotALevel)
    }
}

/// What a grant reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum GrantScope {
    /// One record, through all its revisions.
    #[n(1)]
    Record(#[n(0)] RecordId),
    /// A category or an area of daily health.
    #[n(2)]
    Scope(#[n(0)] ScopeId),
    /// Everything in the vault.
    #[n(3)]
    Vault,
}

impl GrantScope {
    /// Whether a record that lies in `scope` is reached.
    pub fn covers(self, record: RecordId, scope: ScopeId) -> bool {
        match self {
            Self::Record(granted) => granted == record,
            Self::Scope(granted) => granted == scope,
            Self::Vault => true,
        }
    }
}
