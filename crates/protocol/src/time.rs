//! Time as the log keeps it: whole minutes, so that it says no more than it must.

use minicbor::{Decode, Encode};

/// Whole minutes since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Minute(#[n(0)] pub u32);

impl Minute {
    /// The minute that contains this many seconds since the Unix epoch.
    pub fn from_unix_seconds(seconds: u64) -> Self {
        Self(u32::try_from(seconds / 60).unwrap_or(u32::MAX))
    }

    /// Seconds since the Unix epoch at the start of the minute.
    pub fn unix_seconds(self) -> u64 {
        u64::from(self.0) * 60
    }

    /// This many minutes later.
    #[must_use]
    pub fn plus(self, minutes: u32) -> Self {
        Self(self.0.saturating_add(minutes))
    }
}

/// Minutes in a day.
pub const DAY: u32 = 24 * 60;
