//! What a file is, judged by its content: a name can lie, and a browser's media type is only a guess from the name.

use crate::{dicom, text};
use std::fmt;

/// How many leading bytes [`Kind::detect`] likes to see. Fewer work, with more left to the name.
pub const HEAD: usize = 16 * 1024;

/// The format of a file. A stored format: codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// DICOM PS3.10, also without preamble and file meta information.
    Dicom,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
    /// TIFF.
    Tiff,
    /// HEIF with HEVC, what iPhones write.
    Heic,
    /// Windows bitmap.
    Bmp,
    /// PDF.
    Pdf,
    /// HL7 CDA release 2, of which C-CDA is the common profile.
    Ccda,
    /// One FHIR resource or bundle in JSON.
    FhirJson,
    /// FHIR resources line by line, also called Personal Health Record format (`.phr`).
    FhirNdjson,
    /// HL7 version 2 in its pipe notation.
    Hl7v2,
    /// Apple Health `export.xml`.
    AppleHealth,
    /// Other XML.
    Xml,
    /// Other JSON.
    Json,
    /// HTML. Never opened inline: it can run programs and call out.
    Html,
    /// SVG. Never opened inline, for the same reason.
    Svg,
    /// Plain text.
    Text,
    /// ZIP archives, and the office documents that are ZIP archives inside.
    Zip,
    /// Anything else. It is kept as it is.
    Unknown,
}

/// What draws a file on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// `image::decode`.
    Image,
    /// `pdf::Document`.
    Pdf,
    /// `dicom::summary` and `dicom::first_frame`.
    Dicom,
    /// `text::extract`.
    Text,
    /// Nothing: offer to save a copy.
    None,
}

impl Kind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 21] = [
        Self::Dicom,
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::Webp,
        Self::Tiff,
        Self::Heic,
        Self::Bmp,
        Self::Pdf,
        Self::Ccda,
        Self::FhirJson,
        Self::FhirNdjson,
        Self::Hl7v2,
        Self::AppleHealth,
        Self::Xml,
        Self::Json,
        Self::Html,
        Self::Svg,
        Self::Text,
        Self::Zip,
        Self::Unknown,
    ];

    /// The stored code, 1 to 21.
    pub const fn code(self) -> u8 {
        match self {
            Self::Dicom => 1,
            Self::Jpeg => 2,
            Self::Png => 3,
            Self::Gif => 4,
            Self::Webp => 5,
            Self::Tiff => 6,
            Self::Heic => 7,
            Self::Bmp => 8,
            Self::Pdf => 9,
            Self::Ccda => 10,
            Self::FhirJson => 11,
            Self::FhirNdjson => 12,
            Self::Hl7v2 => 13,
            Self::AppleHealth => 14,
            Self::Xml => 15,
            Self::Json => 16,
            Self::Html => 17,
            Self::Svg => 18,
            Self::Text => 19,
            Self::Zip => 20,
            Self::Unknown => 21,
        }
    }

    /// The kind with this stored code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dicom => "CT, MR or other scan (DICOM)",
            Self::Jpeg | Self::Heic => "Photo",
            Self::Png | Self::Gif | Self::Webp | Self::Bmp => "Picture",
            Self::Tiff => "Scanned picture (TIFF)",
            Self::Pdf => "PDF document",
            Self::Ccda => "Clinical document (C-CDA)",
            Self::FhirJson | Self::FhirNdjson => "Health record export (FHIR)",
            Self::Hl7v2 => "Hospital message (HL7)",
            Self::AppleHealth => "Apple Health export",
            Self::Xml => "Data file (XML)",
            Self::Json => "Data file (JSON)",
            Self::Html => "Web page",
            Self::Svg => "Drawing (SVG)",
            Self::Text => "Plain text",
            Self::Zip => "Archive or office document",
            Self::Unknown => "File",
        }
    }

    /// The media type (IANA). A browser is given a copy under it only where it runs nothing of that type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Dicom => "application/dicom",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Tiff => "image/tiff",
            Self::Heic => "image/heic",
            Self::Bmp => "image/bmp",
            Self::Pdf => "application/pdf",
            Self::Ccda | Self::AppleHealth | Self::Xml => "application/xml",
            Self::FhirJson => "application/fhir+json",
            Self::FhirNdjson => "application/fhir+ndjson",
            Self::Hl7v2 => "x-application/hl7-v2+er7",
            Self::Json => "application/json",
            Self::Html => "text/html",
            Self::Svg => "image/svg+xml",
            Self::Text => "text/plain",
            Self::Zip => "application/zip",
            Self::Unknown => "application/octet-stream",
        }
    }

    /// What draws it. Web pages and SVG drawings are never drawn; HEIC cannot be, for want of a decoder.
    pub const fn viewer(self) -> Viewer {
        match self {
            Self::Dicom => Viewer::Dicom,
            Self::Jpeg | Self::Png | Self::Gif | Self::Webp | Self::Tiff | Self::Bmp => Viewer::Image,
            Self::Pdf => Viewer::Pdf,
            Self::Ccda
            | Self::FhirJson
            | Self::FhirNdjson
            | Self::Hl7v2
            | Self::AppleHealth
            | Self::Xml
            | Self::Json
            | Self::Text => Viewer::Text,
            Self::Heic | Self::Html | Self::Svg | Self::Zip | Self::Unknown => Viewer::None,
        }
    }

    /// Judges a file by its first bytes ([`HEAD`] of them are plenty) and, where they say nothing, by its name.
    pub fn detect(name: &str, head: &[u8]) -> Self {
        let head = head.get(..HEAD).unwrap_or(head);
        by_signature(head)
            .or_else(|| by_text(name, head))
            .or_else(|| dicom::looks_bare(head).then_some(Self::Dicom))
            .or_else(|| by_name(name, head))
            .unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

fn by_signature(head: &[u8]) -> Option<Kind> {
    let at = |offset: usize, signature: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(signature));
    // First of all, because the 128 bytes before it are free and often hold a TIFF header (DICOM PS3.10, 7.1).
    if at(128, b"DICM") {
        return Some(Kind::Dicom);
    }
    if at(0, b"\xFF\xD8\xFF") {
        return Some(Kind::Jpeg);
    }
    if at(0, b"\x89PNG\r\n\x1A\n") {
        return Some(Kind::Png);
    }
    if at(0, b"GIF87a") || at(0, b"GIF89a") {
        return Some(Kind::Gif);
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Some(Kind::Webp);
    }
    if at(0, b"II*\0") || at(0, b"MM\0*") {
        return Some(Kind::Tiff);
    }
    if at(4, b"ftyp") && is_heif(head) {
        return Some(Kind::Heic);
    }
    if at(0, b"BM") && head.len() >= 26 && at(6, &[0, 0, 0, 0]) {
        return Some(Kind::Bmp);
    }
    if at(0, b"PK\x03\x04") || at(0, b"PK\x05\x06") {
        return Some(Kind::Zip);
    }
    // Readers accept the header anywhere in the first 1024 bytes; the name of a text file must not do so.
    let start = head.get(..1024).unwrap_or(head);
    (find(start, b"%PDF-").is_some() && (at(0, b"%PDF-") || !is_markup(start))).then_some(Kind::Pdf)
}

fn is_heif(head: &[u8]) -> bool {
    let length = head.first_chunk::<4>().map_or(0, |bytes| usize::try_from(u32::from_be_bytes(*bytes)).unwrap_or(0));
    let brands = head.get(8..length.clamp(12, 256)).or_else(|| head.get(8..12)).unwrap_or_default();
    brands
        .chunks_exact(4)
        .any(|brand| matches!(brand, b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1"))
        && !brands.starts_with(b"avi")
}

fn is_markup(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['<', '{', '['])
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|window| window == needle)
}

fn by_text(name: &str, head: &[u8]) -> Option<Kind> {
    let text = text::decode_head(head)?;
    let text = text.trim_start();
    // MLLP frames a message with a vertical tab, which `trim_start` takes for a space.
    if is_hl7v2(text) {
        return Some(Kind::Hl7v2);
    }
    if text.starts_with('<') {
        return markup(text);
    }
    if text.starts_with(['{', '[']) || text.starts_with("\"{") {
        return json(name, text);
    }
    None
}

fn is_hl7v2(text: &str) -> bool {
    ["MSH", "FHS", "BHS"].iter().any(|segment| {
        text.strip_prefix(segment)
            .is_some_and(|rest| rest.starts_with("|^~") || rest.chars().skip(1).take(4).eq("^~\\&".chars()))
    })
}

fn markup(text: &str) -> Option<Kind> {
    let lower = text.get(..15).unwrap_or_default().to_ascii_lowercase();
    if lower.starts_with("<!doctype html") {
        return Some(Kind::Html);
    }
    let Some(root) = root_element(text) else {
        return text.starts_with("<?xml").then_some(Kind::Xml);
    };
    let local = root.rsplit(':').next().unwrap_or(root);
    if local.eq_ignore_ascii_case("html") {
        return Some(Kind::Html);
    }
    match local {
        "svg" => Some(Kind::Svg),
        "ClinicalDocument" => Some(Kind::Ccda),
        "HealthData" => Some(Kind::AppleHealth),
        // Bits of a page without the page around them are still a page to a browser.
        "head" | "body" | "script" | "div" | "p" | "table" | "iframe" | "img" | "a" => Some(Kind::Html),
        _ => Some(Kind::Xml),
    }
}

/// The name of the first element, past declarations, comments and a document type.
fn root_element(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start().strip_prefix('<')?;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if rest.starts_with('?') {
            rest = rest.split_once("?>")?.1;
        } else if rest.starts_with('!') {
            rest = after_document_type(rest)?;
        } else {
            let end = rest
                .find(|letter: char| letter.is_whitespace() || letter == '>' || letter == '/')
                .unwrap_or(rest.len());
            let name = rest.get(..end)?;
            return name.starts_with(|first: char| first.is_alphabetic() || first == '_').then_some(name);
        }
    }
}

fn after_document_type(text: &str) -> Option<&str> {
    let mut depth = 0_u32;
    for (index, letter) in text.char_indices() {
        match letter {
            '[' => depth = depth.saturating_add(1),
            ']' => depth = depth.saturating_sub(1),
            '>' if depth == 0 => return text.get(index + 1..),
            _ => {}
        }
    }
    None
}

fn json(name: &str, text: &str) -> Option<Kind> {
    let lines = has_extension(name, &["phr", "ndjson", "jsonl"]) || has_second_object(text);
    if text.contains("\"resourceType\"") || text.contains("\\\"resourceType\\\"") {
        return Some(if lines { Kind::FhirNdjson } else { Kind::FhirJson });
    }
    let after = text.get(1..)?.trim_start();
    let plausible =
        after.is_empty() || after.starts_with(['"', '{', '}', '[', ']', '-']) || text.starts_with("\"{") || {
            after.starts_with(|first: char| first.is_ascii_digit() || first == 't' || first == 'f' || first == 'n')
                && text.starts_with('[')
                && text.contains([',', ']'])
        };
    plausible.then_some(Kind::Json)
}

/// Whether a whole object ends within the text and another begins on the next line.
fn has_second_object(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    match (lines.next(), lines.next()) {
        (Some(first), Some(second)) => {
            first.starts_with('{') && first.trim_end().ends_with('}') && second.trim_start().starts_with("{\"")
        }
        _ => false,
    }
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| extensions.iter().any(|extension| end.eq_ignore_ascii_case(extension)))
}

fn by_name(name: &str, head: &[u8]) -> Option<Kind> {
    if text::decode_head(head).is_some_and(|text| !text.is_empty()) {
        return Some(Kind::Text);
    }
    if has_extension(name, &["txt", "csv", "tsv", "md", "rtf", "log"]) && !head.contains(&0) {
        return Some(Kind::Text);
    }
    has_extension(name, &["dcm", "dicom"]).then_some(Kind::Dicom)
}

#[cfg(test)]
mod tests;
