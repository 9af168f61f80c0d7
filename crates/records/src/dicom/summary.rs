//! The main facts of a scan's header in plain words, shown beside the picture or instead of it.

use super::{DicomError, File, TransferSyntax, data_set::DataSet, tag, words};
use crate::date::Date;
use crate::propose::clean;
use std::fmt;

/// One line of a summary.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is, in plain words: "Part of the body".
    pub label: &'static str,
    /// What the file says.
    pub value: String,
}

/// The main facts of a DICOM header. Plaintext health data: `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct Summary {
    /// The facts that the file states, in the order in which they are shown.
    pub facts: Vec<Fact>,
    /// Whether there is pixel data. A report or a waveform has none.
    pub has_picture: bool,
    /// How many pictures the file holds; 1 where it does not say.
    pub frames: u32,
    /// How the file is laid out and its picture compressed.
    pub transfer_syntax: TransferSyntax,
    /// The file breaks off early: say so beside the facts.
    pub truncated: bool,
}

impl fmt::Debug for Fact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fact({}: redacted)", self.label)
    }
}

impl fmt::Debug for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Summary({} facts, redacted)", self.facts.len())
    }
}

/// Reads the main facts. A file without a picture, or with one that cannot be shown, still has them.
pub fn summary(bytes: &[u8]) -> Result<Summary, DicomError> {
    let file = File::open(bytes)?;
    let data = file.data_set();
    if data.is_empty() {
        return Err(DicomError::Damaged);
    }
    let has_picture = has_picture(&data);
    let frames = frames(&data);
    let facts = FACTS
        .iter()
        .filter_map(|(label, read)| {
            let value = clean(&read(&data)?)?;
            Some(Fact { label, value })
        })
        .collect();
    Ok(Summary { facts, has_picture, frames, transfer_syntax: file.transfer_syntax, truncated: data.truncated })
}

pub(super) fn has_picture(data: &DataSet<'_>) -> bool {
    [tag::PIXEL_DATA, tag::FLOAT_PIXEL_DATA, tag::DOUBLE_FLOAT_PIXEL_DATA]
        .into_iter()
        .any(|tag| data.value(tag).is_some())
}

pub(super) fn frames(data: &DataSet<'_>) -> u32 {
    data.text(tag::NUMBER_OF_FRAMES).and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}

/// The day of the study, or of what else is dated in it.
pub(crate) fn study_date(data: &DataSet<'_>) -> Option<Date> {
    [tag::STUDY_DATE, tag::SERIES_DATE, tag::ACQUISITION_DATE, tag::CONTENT_DATE]
        .into_iter()
        .find_map(|tag| Date::from_dicom(&data.text(tag)?))
}

type Read = fn(&DataSet<'_>) -> Option<String>;

const FACTS: &[(&str, Read)] = &[
    ("Kind of scan", |data| {
        let code = data.text(tag::MODALITY)?;
        Some(words::modality(&code).map_or(code, |modality| modality.alone.to_owned()))
    }),
    ("Part of the body", |data| {
        let part = words::body_part(&data.text(tag::BODY_PART_EXAMINED)?)?;
        Some(part.strip_prefix("the ").unwrap_or(&part).to_owned())
    }),
    ("Side", |data| words::laterality(&data.text(tag::LATERALITY)?).map(str::to_owned)),
    ("Study", |data| data.text(tag::STUDY_DESCRIPTION)),
    ("Series", |data| data.text(tag::SERIES_DESCRIPTION)),
    ("Protocol", |data| data.text(tag::PROTOCOL_NAME)),
    ("Date", |data| study_date(data).map(|date| date.to_string())),
    ("Patient name in the file", |data| data.text(tag::PATIENT_NAME).map(|name| words::person_name(&name))),
    ("Patient number in the file", |data| data.text(tag::PATIENT_ID)),
    ("Date of birth in the file", |data| {
        Date::from_dicom(&data.text(tag::PATIENT_BIRTH_DATE)?).map(|date| date.to_string())
    }),
    ("Sex in the file", |data| {
        let code = data.text(tag::PATIENT_SEX)?;
        Some(match code.as_str() {
            "F" => "female".to_owned(),
            "M" => "male".to_owned(),
            "O" => "other".to_owned(),
            _ => code,
        })
    }),
    ("Institution", |data| data.text(tag::INSTITUTION_NAME)),
    ("Referring physician", |data| data.text(tag::REFERRING_PHYSICIAN_NAME).map(|name| words::person_name(&name))),
    ("Device", |data| {
        let parts = [data.text(tag::MANUFACTURER), data.text(tag::MANUFACTURER_MODEL_NAME)];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }),
    ("Slice thickness", |data| data.text(tag::SLICE_THICKNESS).map(|thickness| format!("{thickness} mm"))),
    ("Number in the series", |data| data.text(tag::INSTANCE_NUMBER)),
    ("Size of the picture", |data| {
        let (rows, columns) = (data.unsigned_short(tag::ROWS)?, data.unsigned_short(tag::COLUMNS)?);
        Some(format!("{columns} × {rows} pixels"))
    }),
    ("Number of pictures", |data| (frames(data) > 1).then(|| frames(data).to_string())),
];
