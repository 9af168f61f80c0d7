//! Times, sizes and names in words, as `style/WORDS.md` asks. Pure, so that a test can hold the time.

use crate::clock::{DAY, Now};
use crate::vault::{Reach, Share};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// The year.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

impl Day {
    /// The day that lies this many days after 1 January 1970 (Howard Hinnant, "chrono-compatible low-level date
    /// algorithms").
    pub fn of_number(number: i64) -> Self {
        let shifted = number + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: u32::try_from(month).unwrap_or(1),
            day: u32::try_from(day_of_year - (153 * from_march + 2) / 5 + 1).unwrap_or(1),
        }
    }

    /// How many days after 1 January 1970 it lies.
    pub fn number(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let from_march = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * from_march + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// Reads an ISO 8601 date; none for anything else, also for days that no month has.
    pub fn parse(iso: &str) -> Option<Self> {
        let mut parts = iso.splitn(3, '-');
        let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
        let month = parts.next()?.parse().ok()?;
        let day = parts.next()?.get(..2)?.parse().ok()?;
        let read = Self { year, month, day };
        (Self::of_number(read.number()) == read).then_some(read)
    }

    /// As an ISO 8601 date.
    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// The day in the person's zone.
    pub fn of_minute(minute: u32, offset_minutes: i32) -> Self {
        let local = i64::from(minute) + i64::from(offset_minutes);
        Self::of_number(local.div_euclid(i64::from(DAY)))
    }

    /// "12 November", with the year when it is not this one or when this one is not known.
    pub fn words(self, now: Option<Now>) -> String {
        let today = now.map(|now| Self::of_minute(now.minute, now.offset_minutes));
        let month = month_name(self.month);
        if today.is_some_and(|today| today.year == self.year) {
            format!("{} {month}", self.day)
        } else {
            format!("{} {month} {}", self.day, self.year)
        }
    }
}

fn month_name(month: u32) -> &'static str {
    usize::try_from(month).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1))).copied().unwrap_or("")
}

/// Today, in the person's zone.
pub fn today(now: Now) -> Day {
    Day::of_minute(now.minute, now.offset_minutes)
}

/// The day that lies some days after today.
pub fn in_days(now: Now, days: i64) -> Day {
    Day::of_number(today(now).number() + days)
}

/// An ISO 8601 date in words. A year or a month alone, as old records have it, stays what it is.
pub fn date_words(iso: &str, now: Option<Now>) -> String {
    if let Some(day) = Day::parse(iso) {
        return day.words(now);
    }
    let month = iso
        .split_once('-')
        .filter(|(_, month)| month.len() == 2)
        .and_then(|(year, month)| Some((year, month_name(month.parse().ok()?))))
        .filter(|(_, month)| !month.is_empty());
    match month {
        Some((year, month)) => format!("{month} {year}"),
        None => iso.to_owned(),
    }
}

/// What a list of records is grouped by: "November 2026", or "Without a date".
pub fn month_heading(iso: &str) -> String {
    match Day::parse(iso) {
        Some(day) => format!("{} {}", month_name(day.month), day.year),
        None if iso.is_empty() => "Without a date".to_owned(),
        None => date_words(iso, None),
    }
}

fn clock_time(minute: u32, offset_minutes: i32) -> String {
    let local = (i64::from(minute) + i64::from(offset_minutes)).rem_euclid(i64::from(DAY));
    format!("{:02}:{:02}", local / 60, local % 60)
}

/// When something happened: "today at 08:05", "yesterday at 16:20", "12 November at 18:02".
pub fn moment(minute: u32, now: Option<Now>) -> String {
    let Some(at) = now else {
        return Day::of_minute(minute, 0).words(None);
    };
    let time = clock_time(minute, at.offset_minutes);
    format!("{} at {time}", near_day(minute, at))
}

/// When something happened, under a heading that says the day: "at 08:05".
pub fn time_of_day(minute: u32, now: Option<Now>) -> String {
    now.map_or_else(|| moment(minute, None), |now| format!("at {}", clock_time(minute, now.offset_minutes)))
}

/// The day of something that happened: "today", "yesterday", "12 November".
pub fn near_day(minute: u32, now: Now) -> String {
    let day = Day::of_minute(minute, now.offset_minutes);
    match today(now).number() - day.number() {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        _ => day.words(Some(now)),
    }
}

/// How long: the largest unit that fits, one unit only; from 60 days on, months.
pub fn duration(minutes: u32) -> String {
    match minutes {
        0 => "less than a minute".to_owned(),
        1..60 => count(minutes, "minute"),
        60..DAY => count(minutes / 60, "hour"),
        _ => {
            let days = minutes / DAY;
            if days < 60 { count(days, "day") } else { count(days / 30, "month") }
        }
    }
}

/// How much of a share is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeLeft {
    /// Percent of its time.
    pub percent: u8,
    /// "until 13 December, 22 days left".
    pub words: String,
    /// It ends within a week.
    pub soon: bool,
}

/// How much of a share is left now.
pub fn time_left(from: u32, until: Option<u32>, now: Option<Now>) -> TimeLeft {
    let Some(until) = until else {
        return TimeLeft { percent: 100, words: "until you stop it".to_owned(), soon: false };
    };
    let Some(at) = now else {
        return TimeLeft {
            percent: 100,
            words: format!("until {}", Day::of_minute(until, 0).words(None)),
            soon: false,
        };
    };
    let last = Day::of_minute(until, at.offset_minutes);
    if until <= at.minute {
        return TimeLeft { percent: 0, words: format!("ended on {}", last.words(now)), soon: false };
    }
    let left = until - at.minute;
    let whole = until.saturating_sub(from).max(1);
    let percent = u8::try_from(u64::from(left) * 100 / u64::from(whole)).unwrap_or(100);
    let days = last.number() - today(at).number();
    let words = match days {
        ..=0 => format!("until today at {}", clock_time(until, at.offset_minutes)),
        1 => format!("until {}, 1 day left", last.words(now)),
        2..60 => format!("until {}, {days} days left", last.words(now)),
        _ => format!("until {}, {} left", last.words(now), duration(left)),
    };
    TimeLeft { percent: percent.clamp(1, 100), words, soon: days < 7 }
}

/// When something ended, to begin a heading with: "Ended today", "Ended on 2 November".
pub fn ended(minute: u32, now: Option<Now>) -> String {
    let Some(now) = now else {
        return format!("Ended on {}", Day::of_minute(minute, 0).words(None));
    };
    match near_day(minute, now) {
        near if near == "today" || near == "yesterday" => format!("Ended {near}"),
        day => format!("Ended on {day}"),
    }
}

/// The bar and words of a share.
pub fn share_left(share: &Share, now: Option<Now>) -> TimeLeft {
    time_left(share.from, share.until, now)
}

/// How much is left of what somebody else shares, and may stop.
pub fn given_left(from: u32, until: Option<u32>, now: Option<Now>) -> TimeLeft {
    let left = time_left(from, until, now);
    if until.is_some() { left } else { TimeLeft { words: "until it is stopped".to_owned(), ..left } }
}

/// "1 record", "2 records".
pub fn count(number: impl Into<u64>, one: &str) -> String {
    let number = number.into();
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Bytes: "84 kB", "1.2 GB".
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes / (unit / 10);
            let (whole, rest) = (tenths / 10, tenths % 10);
            return if whole >= 10 || rest == 0 { format!("{whole} {name}") } else { format!("{whole}.{rest} {name}") };
        }
    }
    count(bytes, "byte")
}

/// What is left of something that is sent: "about 2 minutes left". None while the speed says nothing yet.
pub fn sending_left(bytes: u64, speed: u64) -> Option<String> {
    if speed == 0 {
        return None;
    }
    let seconds = bytes / speed;
    Some(match seconds {
        0..15 => "a few seconds left".to_owned(),
        15..90 => "about a minute left".to_owned(),
        _ => {
            let minutes = u32::try_from((seconds + 30) / 60).unwrap_or(u32::MAX);
            format!("about {} left", duration(minutes))
        }
    })
}

/// Percent of a whole.
pub fn percent(part: u64, whole: u64) -> u8 {
    part.min(whole).saturating_mul(100).checked_div(whole).and_then(|percent| u8::try_from(percent).ok()).unwrap_or(0)
}

/// One or two letters for a name, without its title: "KI" for "Dr Kenji Ito".
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name
        .split_whitespace()
        .filter(|word| !matches!(word.trim_end_matches('.'), "Dr" | "Prof" | "Mr" | "Mrs" | "Ms"))
        .collect();
    let letter = |word: Option<&&str>| word.and_then(|word| word.chars().next());
    let first = letter(words.first());
    let last = if words.len() > 1 { letter(words.last()) } else { None };
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// The name to greet somebody by.
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// What a level lets somebody do.
pub fn level_words(level: &str) -> &'static str {
    match level {
        "view" => "may look",
        "download" => "may save copies",
        "contribute" => "may add records",
        "manage" => "helps you, may help you share",
        "drop" => "may only add results",
        _ => "may look for now",
    }
}

/// What a share reaches, in words.
pub fn reach_words(reach: &Reach) -> String {
    match reach {
        Reach::Record(_, title) if title.is_empty() => "one record".to_owned(),
        Reach::Record(_, title) => title.clone(),
        Reach::Category(slug) => super::category::inside(slug),
        Reach::Everything => "everything".to_owned(),
    }
}

/// What a share reaches, inside a sentence: "all records filed under Imaging".
pub fn reach_sentence(reach: &Reach) -> String {
    match reach {
        Reach::Category(slug) => format!("all records filed under {}", super::category::label(slug)),
        Reach::Everything => "every record in your vault".to_owned(),
        Reach::Record(..) => reach_words(reach),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2026, 14:30 in a zone an hour ahead of UTC.
    const NOW: Now = Now { minute: 29_922_570, offset_minutes: 60 };

    #[test]
    fn days_and_numbers_are_each_others_inverse() {
        for number in [-719_468, -1, 0, 59, 60, 11_016, 19_782, 20_779, 2_932_896] {
            assert_eq!(Day::of_number(number).number(), number);
        }
        assert_eq!(today(NOW).iso(), "2026-11-22");
        assert_eq!(Day::parse("2026-02-29"), None);
        assert!(Day::parse("2028-02-29").is_some());
        assert_eq!(in_days(NOW, 30).iso(), "2026-12-22");
    }

    #[test]
    fn near_days_have_names_and_far_ones_dates() {
        assert_eq!(moment(NOW.minute - 385, Some(NOW)), "today at 08:05");
        assert_eq!(moment(NOW.minute - 1330, Some(NOW)), "yesterday at 16:20");
        assert_eq!(moment(NOW.minute - 10 * DAY + 212, Some(NOW)), "12 November at 18:02");
        assert_eq!(moment(NOW.minute - 366 * DAY, Some(NOW)), "21 November 2025 at 14:30");
        assert_eq!(moment(NOW.minute, None), "22 November 2026");
        assert_eq!(time_of_day(NOW.minute - 385, Some(NOW)), "at 08:05");
        assert_eq!(ended(NOW.minute, Some(NOW)), "Ended today");
        assert_eq!(ended(NOW.minute - 20 * DAY, Some(NOW)), "Ended on 2 November");
    }

    #[test]
    fn dates_of_records_keep_what_they_leave_out() {
        assert_eq!(date_words("2026-11-12", Some(NOW)), "12 November");
        assert_eq!(date_words("2024-01-02", Some(NOW)), "2 January 2024");
        assert_eq!(date_words("2019-05", Some(NOW)), "May 2019");
        assert_eq!(date_words("2019", Some(NOW)), "2019");
        assert_eq!(date_words("", Some(NOW)), "");
        assert_eq!(month_heading("2026-11-12"), "November 2026");
        assert_eq!(month_heading(""), "Without a date");
    }

    #[test]
    fn an_end_says_the_day_first_and_then_what_is_left() {
        let from = NOW.minute - 8 * DAY;
        let left = |until| time_left(from, Some(until), Some(NOW));
        let in_22 = left(NOW.minute + 22 * DAY);
        assert_eq!(in_22.words, "until 14 December, 22 days left");
        assert_eq!((in_22.percent, in_22.soon), (73, false));
        assert_eq!(left(NOW.minute + 210).words, "until today at 18:00");
        assert_eq!(left(NOW.minute + DAY).words, "until 23 November, 1 day left");
        assert!(left(NOW.minute + 5 * DAY).soon);
        assert_eq!(left(NOW.minute + 90 * DAY).words, "until 20 February 2027, 3 months left");
        assert_eq!(left(NOW.minute).words, "ended on 22 November");
        assert_eq!(time_left(from, None, Some(NOW)).words, "until you stop it");
        assert_eq!(given_left(from, None, Some(NOW)).words, "until it is stopped");
        assert_eq!(given_left(from, Some(NOW.minute + DAY), Some(NOW)), left(NOW.minute + DAY));
    }

    #[test]
    fn sizes_and_what_is_left_are_short() {
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(84_000), "84 kB");
        assert_eq!(size(1_240_000_000), "1.2 GB");
        assert_eq!(size(112_900_000), "112 MB");
        assert_eq!(sending_left(1_000_000, 0), None);
        assert_eq!(sending_left(120_000_000, 1_000_000).as_deref(), Some("about 2 minutes left"));
        assert_eq!(percent(137, 214), 64);
        assert_eq!(percent(0, 0), 0);
    }

    #[test]
    fn durations_have_one_unit() {
        let words = [0, 6, 120, 22 * DAY, 61 * DAY].map(duration);
        assert_eq!(words, ["less than a minute", "6 minutes", "2 hours", "22 days", "2 months"]);
    }

    #[test]
    fn initials_leave_titles_out() {
        assert_eq!(initials("Dr Kenji Ito"), "KI");
        assert_eq!(initials("Maya Sørensen"), "MS");
        assert_eq!(initials("Åsa"), "Å");
        assert_eq!(initials(""), "");
    }
}
