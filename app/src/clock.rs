//! What time it is, as pages see it: the browser gives it, the server does not, since it cannot know the person's zone.

use leptos::prelude::*;

/// Minutes in a day.
pub const DAY: u32 = 24 * 60;

/// The time and zone of the person.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The present minute since 1970, UTC. It moves on by itself.
    pub now: Signal<u32>,
    /// What to add to UTC for the person's own time.
    pub offset_minutes: i32,
}

/// A moment at which words are made: a [`Clock`] that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The minute since 1970, UTC.
    pub minute: u32,
    /// What to add to UTC for the person's own time.
    pub offset_minutes: i32,
}

impl Clock {
    /// Reads it, and runs the reader again when it has moved on.
    pub fn read(self) -> Now {
        Now { minute: self.now.get(), offset_minutes: self.offset_minutes }
    }
}

/// Gives pages the time. `frontend` calls it beside `provide_vault`; nobody calls it on the server.
pub fn provide_clock(clock: Clock) {
    provide_context(clock);
}

/// The time of this page; none on the server, where dates stand without a time of day.
pub fn use_clock() -> Option<Clock> {
    use_context()
}

/// A signal of the present moment, for words that change with it. What holds buttons or links must read it untracked,
/// or they are made anew every minute and whoever is on one of them loses their place.
pub fn use_now() -> Signal<Option<Now>> {
    let clock = use_clock();
    Signal::derive(move || clock.map(Clock::read))
}
