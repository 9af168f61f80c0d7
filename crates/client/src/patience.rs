//! The pauses between attempts at what may go well later.

use rand_core::Rng;

use crate::error::ClientError;
use crate::platform::Platform;

/// The first pause, in milliseconds; each further one is twice as long.
const FIRST: u32 = 250;

/// The longest pause that nobody asked for.
pub(crate) const LONGEST: u32 = 15_000;

/// The longest pause that a server may ask for where there is no end of patience otherwise.
pub(crate) const GRANTED: u32 = 600_000;

/// Below so many milliseconds lies the first pause in which another device goes first.
const GOES_FIRST: u32 = 50;

/// Lets another device go first, which was faster once more than so many times. Each pause may be twice as long as the
/// one before, up to sixteen times; it is by chance within that, so that two devices that met once do not meet again.
pub(crate) async fn give_way(platform: &impl Platform, times: u32) {
    let longest = GOES_FIRST << times.min(4);
    platform.sleep(platform.random().next_u32() % longest).await;
}

/// Pauses that grow.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: u32,
    waited: u32,
}

impl Pauses {
    /// Before the first attempt.
    pub(crate) const fn new() -> Self {
        Self { next: FIRST, waited: 0 }
    }

    /// How long it was waited so far, in milliseconds.
    pub(crate) const fn waited(&self) -> u32 {
        self.waited
    }

    /// The next pause, in milliseconds, which counts as waited from now on: longer than the last time, and at least so
    /// long.
    pub(crate) fn another(&mut self, least: u32) -> u32 {
        let pause = self.next.max(least);
        self.waited = self.waited.saturating_add(pause);
        self.next = (self.next * 2).min(LONGEST);
        pause
    }

    /// The next pause after what failed so, and at least as long as the server asked for; none where it does not pass by
    /// itself, where no patience is left, or where the server asked for more than that.
    pub(crate) fn after(&mut self, lost: &ClientError, patience: u32) -> Option<u32> {
        let asked = lost.asks_for();
        let is_in_vain = !lost.may_be_waited_for() || patience == 0 || asked > patience;
        (!is_in_vain).then(|| self.another(asked))
    }
}

#[cfg(test)]
mod tests {
    use protocol::ApiError;

    use super::*;
    use crate::platform::{Asked, Unreachable};

    #[test]
    fn a_pause_is_as_long_as_the_server_asks_for_and_grows_all_the_same() {
        let mut pauses = Pauses::new();
        let (lost, busy) = (ClientError::from(Unreachable), ClientError::Later(Asked(2)));
        let waits = [&lost, &busy, &lost, &busy].map(|lost| pauses.after(lost, 10_000));
        assert_eq!(waits, [Some(250), Some(2_000), Some(1_000), Some(2_000)]);
        assert_eq!(pauses.waited(), 5_250);
        // A longer one than was asked for is as good.
        let too_many = ClientError::Api(ApiError::TooMany(3));
        assert_eq!([(); 3].map(|()| pauses.after(&too_many, 10_000)), [Some(4_000), Some(8_000), Some(15_000)]);
    }

    #[test]
    fn nobody_waits_for_longer_than_there_is_patience() {
        let waits = |lost: ClientError, patience: u32| Pauses::new().after(&lost, patience).is_some();
        for (asked, patience, is_waited_for) in
            [(5, 5_000, true), (6, 5_000, false), (0, 0, false), (u32::MAX, GRANTED, false)]
        {
            assert_eq!(waits(ClientError::Later(Asked(asked)), patience), is_waited_for, "{asked} s of {patience} ms");
            assert_eq!(waits(ApiError::TooMany(asked).into(), patience), is_waited_for, "{asked} s of {patience} ms");
        }
        for lost in [ClientError::Cancelled, ApiError::Internal.into(), ClientError::Answer] {
            assert!(!waits(lost, GRANTED), "it does not pass by itself");
        }
    }
}
