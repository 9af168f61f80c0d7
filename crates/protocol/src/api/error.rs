//! What a request can be refused with. One finite type at the boundary, for every client.

use minicbor::{Decode, Encode};

use crate::ledger::Superseded;

/// Why a request was refused. Nothing in it helps an attacker, and nothing is content.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
pub enum ApiError {
    /// The request itself is wrong.
    #[n(1)]
    #[error("{0}")]
    Refused(#[n(0)] Refusal),
    /// Nobody is signed in, or no longer.
    #[n(2)]
    #[error("you are not signed in")]
    NotSignedIn,
    /// Wrong address or wrong password: which of them is not said.
    #[n(3)]
    #[error("the e-mail address or the password is not right")]
    WrongCredentials,
    /// It is not there, or not for the caller; the two look the same.
    #[n(4)]
    #[error("there is no such thing here, or it is no longer shared with you")]
    NotFound,
    /// Something else came first.
    #[n(5)]
    #[error("{0}")]
    Conflict(#[n(0)] Conflict),
    /// Too many requests.
    #[n(6)]
    #[error("too many attempts; try again in {0} seconds")]
    TooMany(#[n(0)] u32),
    /// The body is larger than this route takes.
    #[n(7)]
    #[error("that is larger than the server takes")]
    TooLarge,
    /// The server failed. What happened is in its own log.
    #[n(8)]
    #[error("the server could not do that")]
    Internal,
    /// The server cannot answer now.
    #[n(9)]
    #[error("the server is busy; try again shortly")]
    Unavailable,
}

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
pub enum Refusal {
    /// The body is not such a message.
    #[n(1)]
    #[error("the server does not understand what this version sent")]
    Malformed,
    /// The address is not one.
    #[n(2)]
    #[error("that is not an e-mail address")]
    Email,
    /// The name is empty, too long, or holds control characters.
    #[n(3)]
    #[error("a name must have between 1 and 200 characters")]
    Name,
    /// An entry breaks a rule of the log.
    #[n(4)]
    #[error("this change does not fit what is there")]
    Rule,
    /// A chunk's bytes do not have the digest or the length that was announced.
    #[n(5)]
    #[error("a part of the file was damaged on the way; send it again")]
    Chunk,
    /// A revision names a blob that is not completely stored.
    #[n(6)]
    #[error("a file is not completely stored yet")]
    BlobIncomplete,
    /// An access entry must come before the ciphertext.
    #[n(7)]
    #[error("the opening must be recorded first")]
    AccessNotRecorded,
    /// The entry's clock is more than a day away from the server's.
    #[n(8)]
    #[error("this device's clock is more than a day off; set it and try again")]
    Clock,
    /// The origin of the request is not this site.
    #[n(9)]
    #[error("the request came from another site")]
    Origin,
}

/// What came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
pub enum Conflict {
    /// The address already has an account.
    #[n(1)]
    #[error("this e-mail address already has an account")]
    Email,
    /// The log moved on; sync and try again.
    #[n(2)]
    #[error("another device made a change first; try again")]
    Log,
    /// The account's state was replaced by another device.
    #[n(3)]
    #[error("another device changed the settings first; try again")]
    State,
    /// The id is taken with other contents.
    #[n(4)]
    #[error("something else is in this place already")]
    Id,
}

impl From<Superseded> for ApiError {
    fn from(_: Superseded) -> Self {
        Self::Conflict(Conflict::Log)
    }
}

impl ApiError {
    /// The HTTP status that carries it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused(_) => 400,
            Self::NotSignedIn | Self::WrongCredentials => 401,
            Self::NotFound => 404,
            Self::Conflict(_) => 409,
            Self::TooLarge => 413,
            Self::TooMany(_) => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}
