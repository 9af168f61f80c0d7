//! The pauses between attempts at what may go well later.

use crate::platform::Platform;

/// The first pause, in milliseconds; each further one is twice as long.
const FIRST: u32 = 250;

/// The longest pause.
const LONGEST: u32 = 15_000;

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

    /// Waits, longer than the last time.
    pub(crate) async fn pause(&mut self, platform: &impl Platform) {
        platform.sleep(self.next).await;
        self.waited = self.waited.saturating_add(self.next);
        self.next = (self.next * 2).min(LONGEST);
    }
}
