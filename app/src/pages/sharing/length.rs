//! Until when something is shared: some days, a day that is chosen, or no end.

use leptos::prelude::*;

use crate::clock::{Now, use_now};
use crate::pages::words;
use crate::ui::{Alert, Choice, Choices, Erase as _, TextField, Tone};

/// What is chosen.
#[derive(Clone, Copy)]
pub struct Length {
    /// `1`, `7`, `30`, `90`, `date` or `none`.
    chosen: RwSignal<String>,
    /// The last day, where it is chosen by date.
    date: RwSignal<String>,
    wrong: RwSignal<Option<String>>,
}

impl Length {
    /// A month, until something else is chosen.
    pub fn new() -> Self {
        Self { chosen: RwSignal::new("30".to_owned()), date: RwSignal::new(String::new()), wrong: RwSignal::new(None) }
    }

    /// Begins anew.
    pub fn reset(self) {
        self.chosen.set("30".to_owned());
        self.date.set(String::new());
        self.wrong.set(None);
    }

    /// The last day; none is "no end".
    pub fn until(self, now: Now) -> Option<String> {
        last_day(&self.chosen.get(), &self.date.get(), now)
    }

    /// Whether it can be so; what is wrong is said where it was chosen.
    pub fn is_right(self, now: Now) -> bool {
        let until = untrack(|| self.until(now));
        let error = last_day_error(until.as_deref(), now);
        self.wrong.set(error.map(str::to_owned));
        error.is_none()
    }
}

impl Default for Length {
    fn default() -> Self {
        Self::new()
    }
}

/// The last day of a share: some days from now, a date, or none for no end. Pure.
pub fn last_day(length: &str, date: &str, now: Now) -> Option<String> {
    match length {
        "none" => None,
        "date" => Some(date.to_owned()),
        days => days.parse().ok().map(|days| words::in_days(now, days).iso()),
    }
}

/// What is wrong with a last day. Pure.
pub fn last_day_error(until: Option<&str>, now: Now) -> Option<&'static str> {
    let until = until?;
    match words::Day::parse(until) {
        None => Some("Choose the last day."),
        Some(day) if day < words::today(now) => Some("Choose today or a later day."),
        Some(_) => None,
    }
}

/// Chooses it.
#[component]
pub fn LengthChoice(
    /// What is chosen.
    length: Length,
) -> impl IntoView {
    let now = use_now();
    let until_words = move |days: i64| {
        now.get_untracked()
            .map(|now| format!("Until {}.", words::in_days(now, days).words(Some(now))))
            .unwrap_or_default()
    };
    let choices = vec![
        Choice::new("1", "1 day", until_words(1)),
        Choice::new("7", "7 days", until_words(7)),
        Choice::new("30", "30 days", until_words(30)),
        Choice::new("90", "90 days", until_words(90)),
        Choice::new("date", "Until a day that I choose", ""),
        Choice::new("none", "No end", "Until you stop it yourself."),
    ];
    view! {
        <Choices name="length" label="How long may it be seen?" value=length.chosen choices />
        {move || match length.chosen.get().as_str() {
            "date" => view! { <TextField name="last-day" label="Last day" kind="date" autocomplete="off" value=length.date error=length.wrong /> }.erased(),
            "none" => view! {
                <Alert tone=Tone::Warn happened="This share has no end." next="People change jobs and forget. A day is safer: you can always give more time." />
            }.erased(),
            _ => ().erased(),
        }}
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2026, 14:30 in a zone an hour ahead of UTC.
    const NOW: Now = Now { minute: 29_922_570, offset_minutes: 60 };

    #[test]
    fn the_last_day_is_today_or_later() {
        assert_eq!(last_day("30", "", NOW).as_deref(), Some("2026-12-22"));
        assert_eq!(last_day("none", "2026-12-01", NOW), None);
        assert_eq!(last_day("date", "2026-12-01", NOW).as_deref(), Some("2026-12-01"));
        assert_eq!(last_day_error(None, NOW), None);
        assert_eq!(last_day_error(Some("2026-11-22"), NOW), None);
        assert!(last_day_error(Some("2026-11-21"), NOW).is_some());
        assert!(last_day_error(Some(""), NOW).is_some());
    }
}
