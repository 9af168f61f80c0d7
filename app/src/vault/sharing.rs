//! Shares, what happened, and those who share.

use minicbor::{Decode, Encode};

use super::Person;
use super::Trouble;

/// What a share reaches.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Reach {
    /// One record: its id, and its title where it is known.
    #[n(1)]
    Record(#[n(0)] String, #[n(1)] String),
    /// A category, by slug.
    #[n(2)]
    Category(#[n(0)] String),
    /// Everything.
    #[n(3)]
    Everything,
}

/// A share, past or present.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Share {
    /// Its id.
    #[n(0)]
    pub id: String,
    /// To whom; for a provider, whose.
    #[n(1)]
    pub person: Person,
    /// What it reaches.
    #[n(2)]
    pub reach: Reach,
    /// `view`, `download`, `contribute`, `manage` or `drop`.
    #[n(3)]
    pub level: String,
    /// From when, in minutes since 1970, UTC.
    #[n(4)]
    pub from: u32,
    /// The last minute; none is "until you stop it".
    #[n(5)]
    pub until: Option<u32>,
    /// Whether the person has taken it up.
    #[n(6)]
    pub accepted: bool,
    /// The last thing the person did with it: when, and the record's title.
    #[n(7)]
    pub last_opened: Option<(u32, String)>,
    /// How far its end has come; none while it holds.
    #[n(8)]
    pub ended: Option<Ended>,
    /// It holds, but waits: the person's key has changed, so that the present key of what it reaches was not sealed to
    /// them. Sharing again, once the six words were compared, ends the wait.
    #[n(9)]
    pub waits: bool,
}

/// The end of a share, in its three states.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ended {
    /// When it was stopped or ran out.
    #[n(0)]
    pub at: u32,
    /// The server refuses.
    #[n(1)]
    pub blocked: bool,
    /// The key has turned for everything later.
    #[n(2)]
    pub rotated: bool,
    /// What was reachable has new keys.
    #[n(3)]
    pub reencrypted: bool,
    /// What had been opened before: titles.
    #[n(4)]
    pub opened_before: Vec<String>,
}

/// What a patient enters to share.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewShare {
    /// With whom: the account's id, from [`Vault::find`].
    #[n(0)]
    pub account: String,
    /// What.
    #[n(1)]
    pub reach: Reach,
    /// The last day, inclusive, as an ISO 8601 date; none is "no end".
    #[n(2)]
    pub until: Option<String>,
}

/// One thing that happened, for the activity page.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Happening {
    /// Its place in the log.
    #[n(0)]
    pub seq: u64,
    /// When, in minutes since 1970, UTC.
    #[n(1)]
    pub at: u32,
    /// Who: the account's id.
    #[n(2)]
    pub who: String,
    /// Who, by name; "You" for oneself.
    #[n(3)]
    pub name: String,
    /// What: `created`, `added`, `changed`, `deleted`, `shared`, `end-changed`, `stopped`, `key-turned`,
    /// `accepted`, `opened`, `saved`, `restored`.
    #[n(4)]
    pub what: String,
    /// The record, by id and title.
    #[n(5)]
    pub record: Option<(String, String)>,
    /// For a share: with whom, and what it reaches.
    #[n(6)]
    pub share: Option<(String, Reach)>,
    /// Whether this account did it.
    #[n(7)]
    pub own: bool,
    /// For a server that was brought back from an older copy: how many changes that copy lacked, at least.
    #[n(8)]
    pub lost: Option<u64>,
}

/// A patient who shares, for a provider's dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Patient {
    /// The vault.
    #[n(0)]
    pub vault: String,
    /// Who.
    #[n(1)]
    pub person: Person,
    /// The shares that hold.
    #[n(2)]
    pub shares: Vec<Share>,
    /// How many records they reach.
    #[n(3)]
    pub records: u32,
    /// How many of them came or changed since they were last looked at here.
    #[n(4)]
    pub new: u32,
}

/// Those who share with this account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Patients {
    /// Those whose vaults are here.
    #[n(0)]
    pub here: Vec<Patient>,
    /// The vaults that did not come, or do not verify, and why.
    #[n(1)]
    pub missing: Vec<(String, Trouble)>,
}
