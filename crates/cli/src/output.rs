//! Answers on standard output: words for people, JSON for machines.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use protocol::Minute;
use records::Date;
use serde_json::Value;

use crate::failure::Failure;

/// Prints a line.
pub(crate) fn line(text: impl AsRef<str>) -> Result<(), Failure> {
    Ok(writeln!(io::stdout().lock(), "{}", text.as_ref())?)
}

/// Says something beside the answer, on standard error.
pub(crate) fn note(text: impl AsRef<str>) -> Result<(), Failure> {
    Ok(writeln!(io::stderr().lock(), "{}", text.as_ref())?)
}

/// Prints JSON.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    line(value.to_string())
}

/// Prints rows in columns.
pub(crate) fn table(rows: &[Vec<String>]) -> Result<(), Failure> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", plain(cell))).collect();
        line(cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Text from a record, made safe for a terminal: no control characters, so that no title can steer it.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A moment in ISO 8601, UTC.
pub(crate) fn moment(minute: Minute) -> String {
    let days = minute.0 / (24 * 60);
    let of_day = minute.0 % (24 * 60);
    format!("{}T{:02}:{:02}Z", day(days), of_day / 60, of_day % 60)
}

/// A day since 1970 in ISO 8601 (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn day(days: u32) -> String {
    let z = u64::from(days) + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The last minute of a day, UTC.
pub(crate) fn end_of(date: Date) -> Minute {
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Minute(u32::try_from((days + 1) * 24 * 60 - 1).unwrap_or(0))
}

/// A bar for people; nothing when standard error is no terminal, or machines read along.
pub(crate) fn bar(json: bool, total: u64) -> ProgressBar {
    if json || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{msg:30!} {bar:30} {bytes:>10} of {total_bytes} {bytes_per_sec:>12} {eta:>5}");
    let bar = ProgressBar::new(total);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(20_779), "2026-11-22");
        assert_eq!(moment(Minute(20_779 * 1440 + 61)), "2026-11-22T01:01Z");
    }

    #[test]
    fn a_day_ends_with_its_last_minute() {
        for (year, month, of_month) in [(1970, 1, 1), (2000, 2, 29), (2026, 11, 22), (2026, 12, 31)] {
            let end = end_of(Date::new(year, month, of_month).unwrap());
            assert_eq!(moment(end), format!("{year:04}-{month:02}-{of_month:02}T23:59Z"));
        }
    }
}
