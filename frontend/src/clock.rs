//! The time and zone of the person, for words such as "yesterday at 16:20".

use app::clock::{Clock, provide_clock};
use leptos::prelude::*;

use crate::platform::minute;

/// Gives pages the time, and moves it on.
pub(crate) fn provide() {
    let (now, set_now) = signal(minute().0);
    gloo::timers::callback::Interval::new(20_000, move || {
        let minute = minute().0;
        if set_now.try_update(|now| std::mem::replace(now, minute)).is_none() {
            // The application is gone, and so is whoever reads the time.
        }
    })
    .forget();
    #[expect(clippy::cast_possible_truncation, reason = "a zone is at most 14 hours away")]
    let offset_minutes = -js_sys::Date::new_0().get_timezone_offset() as i32;
    provide_clock(Clock { now: now.into(), offset_minutes });
}
