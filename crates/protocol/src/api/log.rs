//! The log: append, and read what one may see.

use minicbor::{Decode, Encode};

use crate::entry::{Entry, Head};
use crate::signature::Signed;
use crate::{AccountId, Digest, Minute, VaultId};

/// `POST /api/v1/vaults/{vault}/log`: all entries, in this order, or none.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Append {
    /// At most [`super::MAX_ENTRIES`].
    #[n(0)]
    pub entries: Vec<Signed<Entry>>,
}

/// The answer to [`Append`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Appended {
    /// The place after the last appended entry.
    #[n(0)]
    pub head: Head,
}

/// One entry of a log, as this reader may see it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum LogItem {
    /// The entry.
    #[n(1)]
    Entry(#[n(0)] Signed<Entry>),
    /// Its digest alone.
    #[n(2)]
    Hidden(#[n(0)] Digest),
}

/// `GET /api/v1/vaults/{vault}/log?after={seq}`
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LogPage {
    /// Where the log stands.
    #[n(0)]
    pub head: Head,
    /// The items after `after`, in order, at most [`super::MAX_ENTRIES`]; fewer than up to the head when
    /// there are more to ask for.
    #[n(1)]
    pub items: Vec<LogItem>,
    /// The server's time: it says when shares end.
    #[n(2)]
    pub now: Minute,
}

/// One vault that somebody shares with the caller. `GET /api/v1/shared`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SharedVault {
    /// The vault.
    #[n(0)]
    pub vault: VaultId,
    /// Its owner.
    #[n(1)]
    pub owner: AccountId,
    /// Where its log stands.
    #[n(2)]
    pub head: Head,
}

/// The server's last restore from a backup. `GET /api/v1/restored`, whose answer is "not there" when there was none.
///
/// It explains why a log may end before a place that was seen, and nothing else. The server alone says it, so a
/// client tells the person about every one that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Restored {
    /// Drawn at the restore, so that one is told from the next.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// When.
    #[n(1)]
    pub at: Minute,
}
