//! What went wrong, in words for the person.

use minicbor::{Decode, Encode};

/// What went wrong, in words for the person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Trouble {
    /// What happened.
    #[n(0)]
    pub happened: String,
    /// Which kind, for what the page does next.
    #[n(1)]
    pub kind: TroubleKind,
}

impl Trouble {
    /// Whether the page lost its vault by it: nothing helps but to load it again.
    pub fn is_loss(&self) -> bool {
        self.kind == TroubleKind::Broken
    }
}

/// Kinds of trouble that a page treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum TroubleKind {
    /// The person can correct it.
    #[n(1)]
    Input,
    /// There is no connection; what was entered is kept.
    #[n(2)]
    Offline,
    /// It is not there, or no longer shared.
    #[n(3)]
    Gone,
    /// The server's data, or somebody's identity there, are not what they were: shown as an alarm, everywhere, until the
    /// person has read it.
    #[n(4)]
    Alarm,
    /// It cannot be shown here, but a copy can be saved.
    #[n(5)]
    NotShown,
    /// The vault is locked.
    #[n(6)]
    Locked,
    /// Anything else.
    #[n(7)]
    Other,
    /// The page lost its vault, and has to be loaded again.
    #[n(8)]
    Broken,
    /// It was too much at once. What happened says how long to wait.
    #[n(9)]
    Busy,
    /// The server says that it was brought back from an older copy. Nothing here is wrong, but something is gone; and a
    /// server may say so without having been.
    #[n(10)]
    Restored,
}
