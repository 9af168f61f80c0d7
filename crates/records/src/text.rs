//! Text of the kinds that are text, in whatever encoding it came, for reading on a screen and for the search index.

use crate::kind::{Kind, Viewer};
use std::fmt;

/// The most bytes of a file that are turned into text.
pub const LIMIT: usize = 2 * 1024 * 1024;

/// Readable text of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The text, without a byte order mark, line ends as `\n`.
    pub content: String,
    /// The file goes on after [`LIMIT`] bytes: say so below the text.
    pub cut: bool,
}

/// Says how long it is and nothing else.
impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Text({} bytes, cut: {})", self.content.len(), self.cut)
    }
}

/// The text of a kind that is text, or nothing. UTF-8, UTF-16 with a byte order mark, otherwise Latin-1.
pub fn extract(kind: Kind, content: &[u8]) -> Option<Text> {
    if kind.viewer() != Viewer::Text {
        return None;
    }
    let cut = content.len() > LIMIT;
    let text = decode(content.get(..LIMIT).unwrap_or(content), cut);
    let content = text.replace("\r\n", "\n").replace('\r', "\n");
    Some(Text { content, cut })
}

/// Text of the first bytes of a file if they look like text: no control characters besides white space.
pub(crate) fn decode_head(head: &[u8]) -> Option<String> {
    let utf16 = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
    if !utf16 && !valid_utf8_start(head) {
        return None;
    }
    let text = decode(head, true);
    let printable = text
        .chars()
        .all(|letter| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r' | '\x0B' | '\x0C' | '\x1C'));
    printable.then_some(text)
}

/// All of `bytes` as text. `cut` tells that the bytes may end inside a character.
pub(crate) fn decode(bytes: &[u8], cut: bool) -> String {
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return utf16(rest, u16::from_be_bytes);
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) if cut && error.error_len().is_none() => {
            String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default()).into_owned()
        }
        Err(_) => latin1(bytes),
    }
}

/// ISO 8859-1 with the quotation marks and dashes that Windows-1252 adds.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80 => '€',
            0x85 => '…',
            0x91 => '‘',
            0x92 => '’',
            0x93 => '“',
            0x94 => '”',
            0x96 => '–',
            0x97 => '—',
            other => char::from(*other),
        })
        .collect()
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| read(*pair)))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn valid_utf8_start(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn shown(content: &[u8]) -> String {
        extract(Kind::Text, content).unwrap().content
    }

    #[test]
    fn each_encoding_is_read() {
        let utf16: Vec<u8> = "\u{feff}Grüße".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let swapped: Vec<u8> = "\u{feff}Grüße".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(shown("Grüße".as_bytes()), "Grüße");
        assert_eq!(shown(b"\xEF\xBB\xBFGr\xC3\xBC\xC3\x9Fe"), "Grüße");
        assert_eq!(shown(b"Gr\xFC\xDFe \x96 ok"), "Grüße – ok");
        assert_eq!(shown(&utf16), "Grüße");
        assert_eq!(shown(&swapped), "Grüße");
        assert_eq!(shown(b"MSH|a\rPID|b\r\nOBX|c"), "MSH|a\nPID|b\nOBX|c");
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let long = format!("{}{}", "a".repeat(LIMIT - 1), "ü".repeat(10));
        let text = extract(Kind::Text, long.as_bytes()).unwrap();
        assert_eq!((text.content.len(), text.cut), (LIMIT - 1, true));
        assert_eq!(format!("{text:?}"), "Text(2097151 bytes, cut: true)");
    }

    #[test]
    fn kinds_that_are_not_read_as_text_give_nothing() {
        assert_eq!(extract(Kind::Html, b"<p>"), None);
        assert_eq!(extract(Kind::Pdf, b"%PDF-"), None);
    }
}
