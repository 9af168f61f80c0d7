//! Time as an argument.

use std::fmt;

use protocol::Minute;

/// Tells the time. Tests hold it still and move it.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Whole seconds since the Unix epoch.
    fn now(&self) -> u64;

    /// The minute that it is.
    fn minute(&self) -> Minute {
        Minute::from_unix_seconds(self.now())
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> u64 {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
    }
}

/// Seconds in a minute, an hour, a day.
pub const MINUTE: u64 = 60;
/// See [`MINUTE`].
pub const HOUR: u64 = 60 * MINUTE;
/// See [`MINUTE`].
pub const DAY: u64 = 24 * HOUR;
