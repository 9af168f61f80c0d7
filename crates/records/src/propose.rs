//! A first guess at title, category and date, so that adding a record is a matter of saying yes.

mod ccda;
mod exif_date;
mod fhir;
mod file_name;
mod hl7v2;
mod loinc;
mod pdf_info;

use crate::category::Category;
use crate::date::Date;
use crate::dicom::{self, tag, words};
use crate::kind::Kind;
use crate::visible::{ends_line, is_invisible};
use std::fmt;

/// The most characters of a proposed title: what fits on a card.
const TITLE_LENGTH: usize = 120;

/// A guess that the person may correct. Plaintext health data: `Debug` shows no content.
#[derive(Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Never empty.
    pub title: String,
    /// [`Category::Other`] where nothing tells.
    pub category: Category,
    /// Nothing where nothing tells; the caller has the clock and knows what to offer instead.
    pub date: Option<Date>,
}

impl fmt::Debug for Proposal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proposal(redacted)")
    }
}

/// What a format's own reader found. What it leaves open comes from the file name.
#[derive(Default)]
struct Found {
    title: Option<String>,
    category: Option<Category>,
    date: Option<Date>,
}

/// Proposes title, category and date from the content of a file and its name.
pub fn propose(name: &str, kind: Kind, content: &[u8]) -> Proposal {
    let found = match kind {
        Kind::Dicom => from_dicom(content),
        Kind::Pdf => pdf_info::read(content),
        Kind::Ccda => ccda::read(content),
        Kind::FhirJson | Kind::FhirNdjson => fhir::read(content),
        Kind::Hl7v2 => hl7v2::read(content),
        Kind::AppleHealth => from_apple_health(content),
        Kind::Jpeg | Kind::Heic | Kind::Tiff | Kind::Png | Kind::Webp => {
            Found { date: exif_date::read(content), ..Found::default() }
        }
        _ => Found::default(),
    };
    together(name, kind, &found)
}

/// What is proposed where the content cannot be read, or must not be. None of the readers comes into play, nor into a
/// program that calls only this.
pub fn propose_unread(name: &str, kind: Kind) -> Proposal {
    let found = match kind {
        Kind::Dicom => unread_dicom(),
        Kind::AppleHealth => apple_health(None),
        _ => Found::default(),
    };
    together(name, kind, &found)
}

/// What the content tells, and the name where that tells nothing.
fn together(name: &str, kind: Kind, found: &Found) -> Proposal {
    let named = file_name::read(name);
    let found_title = found.title.as_deref().and_then(clean);
    // A title inside often says what the file name does not ("Discharge letter" in "scan0001.pdf").
    let category = found
        .category
        .or(named.category)
        .or_else(|| found_title.as_deref().and_then(file_name::category_of))
        .unwrap_or(Category::Other);
    Proposal {
        title: found_title.or(named.title).unwrap_or_else(|| default_title(kind).to_owned()),
        category,
        date: found.date.or(named.date),
    }
}

fn default_title(kind: Kind) -> &'static str {
    match kind {
        Kind::Dicom => "Scan",
        Kind::Pdf | Kind::Ccda => "Document",
        Kind::Unknown => "File",
        _ => kind.label(),
    }
}

fn from_dicom(content: &[u8]) -> Found {
    let Ok(file) = dicom::File::open(content) else {
        return unread_dicom();
    };
    let data = file.data_set();
    let modality = data.text(tag::MODALITY).and_then(|code| words::modality(&code));
    let category = modality.as_ref().map_or(Category::Imaging, |modality| modality.category);
    let description = data
        .text(tag::STUDY_DESCRIPTION)
        .filter(|text| text.chars().filter(|letter| letter.is_alphabetic()).count() >= 4);
    let part = data.text(tag::BODY_PART_EXAMINED).and_then(|code| words::body_part(&code));
    let title = match (modality, part, description) {
        (Some(modality), Some(part), _) => Some(format!("{} of {part}", modality.of)),
        (Some(modality), None, Some(description)) => Some(format!("{}: {description}", modality.alone)),
        (Some(modality), None, None) => Some(modality.alone.to_owned()),
        (None, _, description) => description,
    };
    Found { title, category: Some(category), date: dicom::study_date(&data) }
}

fn unread_dicom() -> Found {
    Found { category: Some(Category::Imaging), ..Found::default() }
}

fn from_apple_health(content: &[u8]) -> Found {
    let start = String::from_utf8_lossy(content.get(..64 * 1024).unwrap_or(content));
    let date = start
        .split_once("<ExportDate")
        .and_then(|(_, rest)| rest.split_once("value=\""))
        .and_then(|(_, rest)| Date::from_iso(rest.split('"').next()?));
    apple_health(date)
}

fn apple_health(date: Option<Date>) -> Found {
    Found { title: Some("Apple Health export".to_owned()), category: Some(Category::VitalSigns), date }
}

/// One line of text for the eye: no control characters, nothing that turns the direction of writing, single spaces.
pub(crate) fn clean(text: &str) -> Option<String> {
    let visible: String = text
        .chars()
        .map(|letter| if ends_line(letter) { ' ' } else { letter })
        .filter(|letter| !is_invisible(*letter))
        .collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= TITLE_LENGTH {
        return line.chars().any(char::is_alphanumeric).then_some(line);
    }
    let short: String = line.chars().take(TITLE_LENGTH - 1).collect();
    Some(format!("{}…", short.trim_end()))
}

#[cfg(test)]
mod tests;
