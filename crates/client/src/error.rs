//! What can go wrong, in words for the person whose records these are.

use protocol::account::BrokenChain;
use protocol::{ApiError, Minute, Violation};
use vault::OpenError;
use vault::floe::{CipherUnavailable, SealError};
use vault::password::WrongPassword;
use vault::recipient::Untrusted;
use vault::recovery::NotACode;

use crate::platform::{Asked, Unreachable, Unsent};

/// Why the client could not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server refused.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The server could not be reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The server has no time, and said how long that lasts.
    #[error("the server is busy; try again in {0}")]
    Later(Asked),
    /// The server answered with something that is no answer.
    #[error("the server's answer makes no sense to this version")]
    Answer,
    /// The server's data are not what they were: this is never ignored.
    #[error("{0}")]
    Alarm(#[from] Alarm),
    /// The server says that it was restored from a backup, and lacks what this account verified before. Told once; what is
    /// there has been read, and the next sync goes on from it.
    #[error("the server was brought back from an older copy, {gone}")]
    Restored {
        /// When it was restored.
        at: Minute,
        /// What is gone.
        gone: Gone,
    },
    /// Something sealed did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Wrong address or password.
    #[error(transparent)]
    Password(#[from] WrongPassword),
    /// What was typed is not a recovery code.
    #[error(transparent)]
    Code(#[from] NotACode),
    /// Nothing can be sealed to this person.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The person's safety phrase must be compared first.
    #[error("compare the safety phrase with this person before you share everything")]
    NotCompared,
    /// The record, grant or vault is not there.
    #[error("there is no such {0} here")]
    Missing(&'static str),
    /// This account has no vault of its own.
    #[error("this account has no records of its own")]
    NoVault,
    /// This device's cipher does not work.
    #[error(transparent)]
    Cipher(#[from] CipherUnavailable),
    /// A file changed while it was read, or could not be read.
    #[error("the file could not be read, or it changed meanwhile")]
    Source,
    /// The person stopped it.
    #[error("stopped")]
    Cancelled,
    /// What the person entered cannot be kept so.
    #[error(transparent)]
    Metadata(#[from] records::metadata::MetadataError),
    /// Another device kept changing the vault.
    #[error("another device is changing the same things; try again shortly")]
    Busy,
    /// The password is too short or too common.
    #[error("{0}")]
    WeakPassword(String),
}

impl ClientError {
    /// Whether it may pass by itself: the connection broke, or the server has no time. The answer may have been lost
    /// after the server did what it was asked for.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Later(_) | Self::Api(ApiError::Unavailable))
    }

    /// Whether it is about this device's connection or session alone, and says nothing of what was asked for.
    pub const fn is_of_the_line(&self) -> bool {
        self.is_passing() || matches!(self, Self::Api(ApiError::NotSignedIn | ApiError::TooMany(_)))
    }

    /// Whether asking again after a while may help: it passes by itself, or too much was asked for at once.
    pub(crate) const fn may_be_waited_for(&self) -> bool {
        self.is_passing() || matches!(self, Self::Api(ApiError::TooMany(_)))
    }

    /// For how long the server asked not to be asked again, in milliseconds: not at all where it said nothing of it.
    pub(crate) const fn asks_for(&self) -> u32 {
        match self {
            Self::Later(asked) => asked.milliseconds(),
            Self::Api(ApiError::TooMany(seconds)) => Asked(*seconds).milliseconds(),
            _ => 0,
        }
    }

    /// Whether it is about one record alone: its file is damaged or gone, or does not open.
    pub(crate) const fn is_of_one_record(&self) -> bool {
        matches!(
            self,
            Self::Alarm(Alarm::Blob)
                | Self::Open(_)
                | Self::Missing(_)
                | Self::Api(ApiError::NotFound | ApiError::Internal)
        )
    }
}

/// What a restore of the server took away, as far as this device can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// How many entries the log lacks, at least.
    pub lost: u64,
    /// How many records lack the file that they had.
    pub files: u64,
    /// How much was done again: shares that had been stopped or were to end earlier, and records that had been deleted.
    pub again: u64,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { lost, files, again } = *self;
        let count = |number: u64, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
        write!(f, "which lacks {} at least", count(lost, "change"))?;
        if files > 0 {
            write!(f, ", among them the file of {}", count(files, "record"))?;
        }
        if again > 0 {
            write!(f, "; what you had stopped sharing or deleted is so again, {} in all", count(again, "thing"))?;
        }
        f.write_str("; look what is missing and add it again, and stop sharing again where you had stopped it")
    }
}

/// The data on the server were changed, dropped, reordered or rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// An entry breaks a rule.
    #[error("the history on the server was changed: {0}")]
    Violation(#[from] Violation),
    /// The log is shorter than, or other than, what was verified before.
    #[error("the server left out or changed something that this account has seen before")]
    RolledBack,
    /// The log goes on for longer than any vault does.
    #[error("the history on the server does not come to an end")]
    Endless,
    /// An account's chain does not hold.
    #[error("a person's identity on the server was changed: {0}")]
    Identity(#[from] BrokenChain),
    /// A file's bytes are not those that were signed.
    #[error("a file on the server was changed or is damaged")]
    Blob,
}

impl From<Unsent> for ClientError {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Unreachable(lost) => Self::Unreachable(lost),
            Unsent::Later(asked) => Self::Later(asked),
            Unsent::Endless => Self::Answer,
        }
    }
}

impl From<Violation> for ClientError {
    fn from(violation: Violation) -> Self {
        Self::Alarm(Alarm::Violation(violation))
    }
}

impl From<BrokenChain> for ClientError {
    fn from(broken: BrokenChain) -> Self {
        Self::Alarm(Alarm::Identity(broken))
    }
}

impl From<SealError> for ClientError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Cipher(unavailable) => Self::Cipher(unavailable),
            SealError::Length => Self::Source,
        }
    }
}
