//! The encoding, byte by byte, and everything that it must refuse.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn example() -> Metadata {
    Metadata {
        title: "MRI of the knee".to_owned(),
        category: Category::Imaging,
        date: Date::new(2024, 3, 7),
        notes: "Left.".to_owned(),
        file_name: "knee.dcm".to_owned(),
        kind: Kind::Dicom,
        size: 70_000,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn the_encoding_is_frozen() {
    assert_eq!(
        hex(&example().encode()),
        "a80001016f4d5249206f6620746865206b6e65650201031a0134d7b304654c6566742e05686b6e65652e64636d0601071a00011170"
    );
    let undated = Metadata { date: None, ..example() };
    assert_eq!(
        hex(&undated.encode()),
        "a70001016f4d5249206f6620746865206b6e6565020104654c6566742e05686b6e65652e64636d0601071a00011170"
    );
}

#[test]
fn what_was_written_is_read() {
    assert_eq!(Metadata::decode(&example().encode()), Ok(example()));
    let undated = Metadata { date: None, notes: String::new(), ..example() };
    assert_eq!(Metadata::decode(&undated.encode()), Ok(undated));
}

#[test]
fn every_cut_and_every_added_byte_is_refused() {
    let bytes = example().encode();
    for end in 0..bytes.len() {
        assert!(Metadata::decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(Metadata::decode(&longer), Err(MetadataError::Malformed));
}

#[test]
fn another_version_is_refused() {
    let mut bytes = example().encode();
    bytes[2] = 2;
    assert_eq!(Metadata::decode(&bytes), Err(MetadataError::UnknownVersion));
}

#[test]
fn another_spelling_of_the_same_is_refused() {
    let bytes = example().encode();
    // The version as a two-byte number.
    let wide = [&bytes[..2], &[0x18, 0x01], &bytes[3..]].concat();
    assert_eq!(Metadata::decode(&wide), Err(MetadataError::Malformed));
    // A map of indefinite length.
    let open = [&[0xBF], &bytes[1..], &[0xFF]].concat();
    assert_eq!(Metadata::decode(&open), Err(MetadataError::Malformed));
    // The same key twice.
    let twice = [&[0xA9, 0, 1], &bytes[1..]].concat();
    assert_eq!(Metadata::decode(&twice), Err(MetadataError::Malformed));
}

#[test]
fn unknown_codes_and_impossible_dates_are_refused() {
    let bytes = example().encode();
    let category_at = 1 + 2 + 2 + 15 + 1;
    assert_eq!(bytes[category_at], 1);
    let mut stranger = bytes.clone();
    stranger[category_at] = 11;
    assert_eq!(Metadata::decode(&stranger), Err(MetadataError::Malformed));
    let mut impossible = bytes;
    impossible[category_at + 6] ^= 0x1F;
    assert_eq!(Metadata::decode(&impossible), Err(MetadataError::Malformed));
}

#[test]
fn limits_are_told_in_plain_words() {
    let message = |metadata: Metadata| metadata.validate().map_err(|error| error.to_string());
    assert_eq!(message(example()), Ok(()));
    assert_eq!(message(Metadata { title: "ü".repeat(300), ..example() }), Ok(()));
    assert_eq!(
        message(Metadata { title: "ü".repeat(301), ..example() }),
        Err("The title is too long. Please keep it under 300 characters.".to_owned())
    );
    assert_eq!(
        message(Metadata { title: " ".to_owned(), ..example() }),
        Err("Please give the record a title.".to_owned())
    );
    assert_eq!(
        message(Metadata { notes: "n".repeat(20_001), ..example() }),
        Err("The notes are too long. Please keep them under 20000 characters.".to_owned())
    );
    assert_eq!(
        message(Metadata { file_name: "n".repeat(4097), ..example() }),
        Err("The name of the file is too long. Please give the file a shorter name.".to_owned())
    );
    let too_long = Metadata { title: "t".repeat(301), ..example() };
    assert_eq!(Metadata::decode(&too_long.encode()), Err(MetadataError::TitleTooLong));
}

#[test]
fn debug_shows_no_content() {
    assert_eq!(format!("{:?}", example()), "Metadata(redacted)");
}
