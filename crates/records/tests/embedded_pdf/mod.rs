//! The one real PDF of the corpus sits inside a clinical document, in base64.

use std::fs;
use std::path::Path;

/// The document inside `cda-with-embedded-pdf.xml`.
pub(crate) fn embedded_pdf(corpus: &Path) -> Vec<u8> {
    let document = fs::read_to_string(corpus.join("ccda/cda-with-embedded-pdf.xml")).unwrap();
    let (_, rest) = document.split_once("representation=\"B64\"").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    let (base64, _) = rest.split_once('<').unwrap();
    let mut bytes = Vec::new();
    let mut bits = 0_u32;
    let mut count = 0;
    for letter in base64.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).unwrap());
        }
    }
    bytes
}
