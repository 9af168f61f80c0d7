//! A plain calendar date, because records say on which day something happened and nothing finer.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, year 1 to 9999. It has no time and no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Text or numbers that are not a day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is not a date. Write it as year-month-day, for example 2024-03-07.")]
pub struct DateError;

impl Date {
    /// The given day, if the calendar has it.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year == 0 || year > 9999 || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// The year, 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Reads ISO 8601 `YYYY-MM-DD`. A time after `T` or a space is passed over, as FHIR `dateTime` and Apple Health write it.
    pub fn from_iso(text: &str) -> Option<Self> {
        let (date, rest) = text.trim().split_at_checked(10)?;
        if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
            return None;
        }
        separated(date, b'-')
    }

    /// Reads a DICOM `DA` value, `YYYYMMDD`, also in the form of ACR-NEMA, `YYYY.MM.DD` (DICOM PS3.5, 6.2).
    pub fn from_dicom(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\0']);
        match text.len() {
            8 => compact(text),
            10 => separated(text, b'.'),
            _ => None,
        }
    }

    /// Reads an HL7 v2 or v3 time stamp, `YYYYMMDD[HHMM[SS[.S]]][+/-ZZZZ]`. A stamp of only year or month is not a day.
    pub fn from_hl7(text: &str) -> Option<Self> {
        let (date, rest) = text.trim().split_at_checked(8)?;
        if !(rest.is_empty() || rest.starts_with(|first: char| first.is_ascii_digit() || first == '+' || first == '-'))
        {
            return None;
        }
        compact(date)
    }

    /// Reads an EXIF `DateTime`, `YYYY:MM:DD HH:MM:SS`. Cameras without a clock write zeros or blanks, which are no date.
    pub fn from_exif(text: &str) -> Option<Self> {
        let (date, _) = text.trim().split_at_checked(10)?;
        separated(date, b':')
    }

    /// Reads a PDF date, `D:YYYYMMDDHHmmSSOHH'mm'` (ISO 32000-1, 7.9.4). A date of only year or month is not a day.
    pub fn from_pdf(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, _) = text.strip_prefix("D:").unwrap_or(text).split_at_checked(8)?;
        compact(date)
    }

    /// The date as one number, `YYYYMMDD`: the stored form.
    pub(crate) const fn to_number(self) -> u32 {
        self.year as u32 * 10_000 + self.month as u32 * 100 + self.day as u32
    }

    pub(crate) fn from_number(number: u32) -> Option<Self> {
        let year = u16::try_from(number / 10_000).ok()?;
        let month = u8::try_from(number / 100 % 100).ok()?;
        let day = u8::try_from(number % 100).ok()?;
        Self::new(year, month, day)
    }
}

const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

fn compact(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::from_number(text.parse().ok()?)
}

fn separated(text: &str, separator: u8) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&separator) || bytes.get(7) != Some(&separator) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    compact(&digits)
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads exactly `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        separated(text, b'-').ok_or(DateError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn shown(date: Option<Date>) -> String {
        date.map_or_else(|| "-".to_owned(), |date| date.to_string())
    }

    #[test]
    fn the_calendar_is_kept() {
        assert_eq!(shown(Date::new(2024, 2, 29)), "2024-02-29");
        assert_eq!(shown(Date::new(2023, 2, 29)), "-");
        assert_eq!(shown(Date::new(1900, 2, 29)), "-");
        assert_eq!(shown(Date::new(2000, 2, 29)), "2000-02-29");
        assert_eq!(shown(Date::new(2024, 4, 31)), "-");
        assert_eq!(shown(Date::new(2024, 13, 1)), "-");
        assert_eq!(shown(Date::new(2024, 0, 1)), "-");
        assert_eq!(shown(Date::new(2024, 1, 0)), "-");
        assert_eq!(shown(Date::new(0, 1, 1)), "-");
        assert_eq!(shown(Date::new(10_000, 1, 1)), "-");
    }

    #[test]
    fn each_notation_is_read() {
        assert_eq!(shown(Date::from_iso("2024-03-07")), "2024-03-07");
        assert_eq!(shown(Date::from_iso("2024-03-07T10:00:00Z")), "2024-03-07");
        assert_eq!(shown(Date::from_iso("2019-07-19 10:36:11 -0700")), "2019-07-19");
        assert_eq!(shown(Date::from_iso("2024-03")), "-");
        assert_eq!(shown(Date::from_iso("2024-03-071")), "-");
        assert_eq!(shown(Date::from_dicom("20040119")), "2004-01-19");
        assert_eq!(shown(Date::from_dicom("20040119\0")), "2004-01-19");
        assert_eq!(shown(Date::from_dicom("2004.01.19")), "2004-01-19");
        assert_eq!(shown(Date::from_dicom("2004")), "-");
        assert_eq!(shown(Date::from_hl7("20130717114446.302-0500")), "2013-07-17");
        assert_eq!(shown(Date::from_hl7("20130717")), "2013-07-17");
        assert_eq!(shown(Date::from_hl7("20130717-0500")), "2013-07-17");
        assert_eq!(shown(Date::from_hl7("201307")), "-");
        assert_eq!(shown(Date::from_exif("2024:03:07 10:11:12")), "2024-03-07");
        assert_eq!(shown(Date::from_exif("0000:00:00 00:00:00")), "-");
        assert_eq!(shown(Date::from_exif("    :  :     :  :  ")), "-");
        assert_eq!(shown(Date::from_pdf("D:20240307101112+01'00'")), "2024-03-07");
        assert_eq!(shown(Date::from_pdf("D:2024")), "-");
    }

    #[test]
    fn a_letter_of_several_bytes_is_no_date_and_no_panic() {
        assert_eq!(shown(Date::from_iso("2024-03-0é")), "-");
        assert_eq!(shown(Date::from_hl7("2024030é")), "-");
        assert_eq!(shown(Date::from_exif("2024:03:0é")), "-");
    }

    #[test]
    fn text_round_trips_and_order_is_time() {
        let early: Date = "2024-03-07".parse().unwrap();
        let late: Date = "2024-11-01".parse().unwrap();
        assert!(early < late);
        assert_eq!("2024-3-7".parse::<Date>(), Err(DateError));
        assert_eq!(Date::from_number(early.to_number()), Some(early));
    }
}
