//! Until when something is shared: some days, a day that is chosen, or no end.

use leptos::prelude::*;

use crate::clock::{Now, use_now};
use crate::pages::focus::{bring_in_sight, lead_focus};
use crate::pages::words::{self, Day};
use crate::ui::{Alert, Choice, Choices, Erase as _, TextField, Tone};

/// For how many days something may be shared.
const DAYS: [i64; 4] = [1, 7, 30, 90];

/// What is chosen.
#[derive(Clone, Copy)]
pub struct Length {
    /// What gives no more time than until this day is left out.
    after: RwSignal<Option<Day>>,
    /// `1`, `7`, `30`, `90`, `date` or `none`.
    chosen: RwSignal<String>,
    /// The last day, where it is chosen by date.
    date: RwSignal<String>,
    wrong: RwSignal<Option<String>>,
}

impl Length {
    /// A month, until something else is chosen.
    pub fn new() -> Self {
        Self {
            after: RwSignal::new(None),
            chosen: RwSignal::new("30".to_owned()),
            date: RwSignal::new(String::new()),
            wrong: RwSignal::new(None),
        }
    }

    /// Begins anew.
    pub fn reset(self) {
        self.begin(None, "30".to_owned());
    }

    /// Begins anew, for more time than until a day: the first choice that gives more is chosen.
    pub fn reset_for_more(self, end: Day, now: Now) {
        let first = days_after(Some(end), now).into_iter().next();
        self.begin(Some(end), first.map_or_else(|| "date".to_owned(), |days| days.to_string()));
    }

    fn begin(self, after: Option<Day>, chosen: String) {
        self.after.set(after);
        self.chosen.set(chosen);
        self.date.set(String::new());
        self.wrong.set(None);
    }

    /// Whether it is chosen to give more time.
    pub fn is_for_more(self) -> bool {
        self.after.with(Option::is_some)
    }

    /// The last day; none is "no end".
    pub fn until(self, now: Now) -> Option<String> {
        last_day(&self.chosen.get(), &self.date.get(), now)
    }

    /// Whether it can be so; what is wrong is said where it was chosen.
    pub fn is_right(self, now: Now) -> bool {
        let until = untrack(|| self.until(now));
        let error = last_day_error(until.as_deref(), self.after.get_untracked(), now);
        let is_right = error.is_none();
        self.wrong.set(error);
        if !is_right {
            lead_focus(format!("{MORE} input"));
            // What is wrong stands below the field.
            bring_in_sight(MORE);
        }
        is_right
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

/// What is wrong with a last day, which may have to be later than another one. Pure.
pub fn last_day_error(until: Option<&str>, after: Option<Day>, now: Now) -> Option<String> {
    let until = until?;
    match (Day::parse(until), after) {
        (None, _) => Some("Choose the last day.".to_owned()),
        (Some(day), Some(after)) if day <= after => Some(format!("Choose a day after {}.", after.words(Some(now)))),
        (Some(day), _) if day < words::today(now) => Some("Choose today or a later day.".to_owned()),
        (Some(_), _) => None,
    }
}

/// For how many days it may be shared, if that is to be longer than until a day. Pure.
fn days_after(after: Option<Day>, now: Now) -> Vec<i64> {
    let is_longer = |days: &i64| after.is_none_or(|after| words::in_days(now, *days) > after);
    DAYS.into_iter().filter(is_longer).collect()
}

/// What a choice brings up below it.
const MORE: &str = ".length-more";

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
    let days = now.get_untracked().map_or_else(|| DAYS.to_vec(), |now| days_after(length.after.get_untracked(), now));
    let mut choices: Vec<_> = days
        .into_iter()
        .map(|days| {
            let label = words::count(days.unsigned_abs(), "day");
            Choice::new(days.to_string(), label, until_words(days))
        })
        .collect();
    choices.push(Choice::new("date", "Until a day that I choose", ""));
    choices.push(Choice::new("none", "No end", "Until you stop it yourself."));
    // What a choice brings up must be seen, also where it would lie below what is in sight.
    Effect::new(move |before: Option<String>| {
        let chosen = length.chosen.get();
        if before.is_some_and(|before| before != chosen) && matches!(chosen.as_str(), "date" | "none") {
            bring_in_sight(MORE);
        }
        chosen
    });
    view! {
        <Choices name="length" label="How long may it be seen?" value=length.chosen choices />
        {move || match length.chosen.get().as_str() {
            "date" => view! {
                <div class="length-more">
                    <TextField name="last-day" label="Last day" kind="date" autocomplete="off" value=length.date error=length.wrong />
                </div>
            }.erased(),
            "none" => view! {
                <div class="length-more">
                    <Alert tone=Tone::Warn happened="This share has no end." next="People change jobs and forget. A day is safer: you can always give more time." />
                </div>
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
        assert_eq!(last_day_error(None, None, NOW), None);
        assert_eq!(last_day_error(Some("2026-11-22"), None, NOW), None);
        assert!(last_day_error(Some("2026-11-21"), None, NOW).is_some());
        assert!(last_day_error(Some(""), None, NOW).is_some());
    }

    #[test]
    fn more_time_ends_later_than_what_is_there() {
        let day = |iso| Day::parse(iso).unwrap();
        let days = |iso| days_after(Some(day(iso)), NOW);
        assert_eq!(days_after(None, NOW), DAYS);
        assert_eq!(days("2026-11-22"), DAYS, "it ends today");
        assert_eq!(days("2026-11-23"), [7, 30, 90]);
        assert_eq!(days("2026-11-28"), [7, 30, 90]);
        assert_eq!(days("2026-11-29"), [30, 90]);
        assert!(days("2027-12-01").is_empty());
        let wrong = |until| last_day_error(Some(until), Some(day("2026-11-25")), NOW);
        assert_eq!(wrong("2026-11-25").as_deref(), Some("Choose a day after 25 November."));
        assert_eq!(wrong("2026-11-26"), None);
        assert_eq!(wrong("").as_deref(), Some("Choose the last day."));
        assert_eq!(last_day_error(None, Some(day("2026-11-25")), NOW), None, "no end is more time");
    }

    #[test]
    fn the_first_choice_that_gives_more_time_is_chosen() {
        Owner::new().with(|| {
            let length = Length::new();
            let begins = |end| {
                length.reset_for_more(Day::parse(end).unwrap(), NOW);
                (length.chosen.get_untracked(), length.is_for_more())
            };
            assert_eq!(begins("2026-11-22"), ("1".to_owned(), true));
            assert_eq!(begins("2026-11-25"), ("7".to_owned(), true));
            assert_eq!(begins("2027-12-01"), ("date".to_owned(), true));
            length.reset();
            assert_eq!((length.chosen.get_untracked(), length.is_for_more()), ("30".to_owned(), false));
        });
    }
}
