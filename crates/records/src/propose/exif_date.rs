//! The day on which a photo was taken, from its EXIF data (CIPA DC-008, 4.6).

use crate::date::Date;
use exif::{In, Reader, Tag, Value};
use std::io::Cursor;

pub(super) fn read(content: &[u8]) -> Option<Date> {
    let exif = Reader::new().read_from_container(&mut Cursor::new(content)).ok()?;
    [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime].into_iter().find_map(|tag| {
        let Value::Ascii(values) = &exif.get_field(tag, In::PRIMARY)?.value else {
            return None;
        };
        Date::from_exif(std::str::from_utf8(values.first()?).ok()?)
    })
}
