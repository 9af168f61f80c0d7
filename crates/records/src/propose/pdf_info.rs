//! Title and day from a PDF's document information (ISO 32000-1, 14.3.3) or its XMP packet, without reading the pages.

use super::Found;
use crate::date::Date;
use crate::kind::find;
use crate::text::latin1;

/// An information dictionary longer than this is not one.
const DICTIONARY_LIMIT: usize = 16 * 1024;

pub(super) fn read(content: &[u8]) -> Found {
    let found = in_clear(content);
    #[cfg(feature = "decode")]
    if found.title.is_none() || found.date.is_none() {
        let packed = packed(content);
        return Found { title: found.title.or(packed.title), date: found.date.or(packed.date), category: None };
    }
    found
}

/// What stands inside a compressed object stream or behind an empty password, where only a real reader gets at it.
#[cfg(feature = "decode")]
fn packed(content: &[u8]) -> Found {
    let Ok(pdf) = hayro::hayro_syntax::Pdf::new(content.to_vec()) else {
        return Found::default();
    };
    let metadata = pdf.metadata();
    let title = metadata.title.as_deref().and_then(|title| meaningful(&text(title)));
    let date = metadata.creation_date.and_then(|date| Date::new(date.year, date.month, date.day));
    Found { title, date, category: None }
}

fn in_clear(content: &[u8]) -> Found {
    // In an encrypted file these strings are ciphertext.
    if find(content, b"/Encrypt").is_some() {
        return Found::default();
    }
    let information = information(content);
    let title = information
        .and_then(|dictionary| string(dictionary, b"/Title"))
        .or_else(|| packet_title(content))
        .and_then(|title| meaningful(&title));
    let date = information
        .and_then(|dictionary| string(dictionary, b"/CreationDate"))
        .and_then(|date| Date::from_pdf(&date))
        .or_else(|| packet_date(content));
    Found { title, date, category: None }
}

/// The dictionary that the last `/Info` reference points to.
fn information(content: &[u8]) -> Option<&[u8]> {
    let at = content.windows(5).rposition(|window| window == b"/Info")?;
    let reference = content.get(at + 5..)?;
    let reference = reference.get(..32).unwrap_or(reference);
    let mut parts = reference.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
    let (number, generation) = (parts.next()?, parts.next()?);
    let digits = |part: &[u8]| !part.is_empty() && part.len() <= 10 && part.iter().all(u8::is_ascii_digit);
    if !digits(number) || !digits(generation) {
        return None;
    }
    let heading = [number, b" ", generation, b" obj"].concat();
    let start =
        (0..content.len()).filter(|index| content.get(*index..).is_some_and(|rest| rest.starts_with(&heading))).rfind(
            |index| index.checked_sub(1).and_then(|index| content.get(index)).is_none_or(|byte| !byte.is_ascii_digit()),
        )?;
    let body = content.get(start + heading.len()..)?;
    let body = body.get(..DICTIONARY_LIMIT).unwrap_or(body);
    let end = find(body, b"endobj").unwrap_or(body.len());
    body.get(..end)
}

/// The string behind a key: `(literal)` or `<hexadecimal>`.
fn string(dictionary: &[u8], key: &[u8]) -> Option<String> {
    let at = find(dictionary, key)?;
    let value = dictionary.get(at + key.len()..)?.trim_ascii_start();
    let bytes = match value.split_first()? {
        (b'(', rest) => literal(rest),
        (b'<', rest) if rest.first() != Some(&b'<') => hexadecimal(rest),
        _ => return None,
    };
    Some(text(&bytes))
}

/// A literal string (ISO 32000-1, 7.3.4.2).
fn literal(rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut depth = 0_u32;
    let mut rest = rest.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'(' => depth = depth.saturating_add(1),
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b'\\' => {
                let Some(escaped) = rest.next() else { break };
                match escaped {
                    b'n' => bytes.push(b'\n'),
                    b'r' | b't' | b'b' | b'f' => bytes.push(b' '),
                    b'\r' | b'\n' => {}
                    b'0'..=b'7' => {
                        let mut code = u32::from(escaped - b'0');
                        for _ in 0..2 {
                            if let Some(digit) = rest.next_if(|digit| (b'0'..=b'7').contains(digit)) {
                                code = code * 8 + u32::from(digit - b'0');
                            }
                        }
                        bytes.push(u8::try_from(code & 0xFF).unwrap_or(b'?'));
                    }
                    other => bytes.push(other),
                }
                continue;
            }
            _ => {}
        }
        bytes.push(byte);
    }
    bytes
}

fn hexadecimal(rest: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = rest
        .iter()
        .take_while(|byte| **byte != b'>')
        .filter_map(|byte| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    digits.chunks(2).map(|pair| pair.first().unwrap_or(&0) << 4 | pair.get(1).unwrap_or(&0)).collect()
}

/// A text string (ISO 32000-1, 7.9.2.2): UTF-16 or UTF-8 behind a mark, otherwise nearly Latin-1.
fn text(bytes: &[u8]) -> String {
    let marked =
        bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xEF, 0xBB, 0xBF]);
    if marked { crate::text::decode(bytes, false) } else { latin1(bytes) }
}

fn packet(content: &[u8]) -> Option<&[u8]> {
    let start = find(content, b"<x:xmpmeta")?;
    let rest = content.get(start..)?;
    let end = find(rest, b"</x:xmpmeta>")?;
    rest.get(..end)
}

fn packet_title(content: &[u8]) -> Option<String> {
    let packet = String::from_utf8_lossy(packet(content)?).into_owned();
    let (_, title) = packet.split_once("<dc:title>")?;
    let (title, _) = title.split_once("</dc:title>")?;
    let (_, item) = title.split_once("<rdf:li")?;
    let (_, item) = item.split_once('>')?;
    let (item, _) = item.split_once("</rdf:li>")?;
    Some(quick_xml::escape::unescape(item).ok()?.into_owned())
}

fn packet_date(content: &[u8]) -> Option<Date> {
    let packet = String::from_utf8_lossy(packet(content)?).into_owned();
    let (_, date) = packet.split_once("xmp:CreateDate")?;
    Date::from_iso(date.get(1..)?.trim_start_matches('"').split(['<', '"']).next()?)
}

/// Without what word processors put there by themselves.
fn meaningful(title: &str) -> Option<String> {
    let title = title.trim();
    let title = title.strip_prefix("Microsoft Word - ").unwrap_or(title);
    let lower = title.to_lowercase();
    let machine = ["untitled", "(anonymous)", "document", "document1", "title", "scan", "unknown"];
    if machine.contains(&lower.as_str()) || lower.starts_with("untitled") {
        return None;
    }
    let title = [".docx", ".doc", ".odt", ".pdf", ".rtf", ".indd"]
        .iter()
        .find_map(|ending| lower.ends_with(ending).then(|| title.get(..title.len() - ending.len())).flatten())
        .unwrap_or(title);
    super::clean(title)
}
