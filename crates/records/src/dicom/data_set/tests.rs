//! Data sets well written, written otherwise, cut and nested without end.

use super::super::example::Example;
use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";

fn modality(bytes: &[u8]) -> Result<Option<String>, DicomError> {
    let file = File::open(bytes)?;
    Ok(file.data_set().text(tag::MODALITY))
}

fn example() -> Example {
    Example::default()
        .text(tag::SPECIFIC_CHARACTER_SET, "ISO_IR 100")
        .text(tag::STUDY_DATE, "20240307")
        .text(tag::MODALITY, "CT")
}

#[test]
fn a_data_set_is_found_with_and_without_header() {
    assert_eq!(modality(&example().file(EXPLICIT)), Ok(Some("CT".to_owned())));
    assert_eq!(modality(&example().body()), Ok(Some("CT".to_owned())));
    assert_eq!(modality(b"not a scan at all"), Err(DicomError::NotDicom));
    assert_eq!(modality(b""), Err(DicomError::NotDicom));
}

#[test]
fn a_header_that_names_the_wrong_encoding_is_seen_through() {
    assert_eq!(modality(&example().file(IMPLICIT)), Ok(Some("CT".to_owned())));
}

#[test]
fn a_deflated_data_set_is_inflated() {
    let deflated = miniz_oxide::deflate::compress_to_vec(&example().body(), 6);
    let file = Example::default().raw(&deflated).file("1.2.840.10008.1.2.1.99");
    assert_eq!(modality(&file), Ok(Some("CT".to_owned())));
    assert_eq!(modality(&file[..file.len() - 20]), Err(DicomError::Damaged));
}

#[test]
fn what_grows_over_the_limit_is_given_up() {
    let bomb = miniz_oxide::deflate::compress_to_vec(&vec![0; 200_000], 6);
    assert!(bomb.len() < 1000);
    assert_eq!(inflated(&bomb, 199_999), Err(DicomError::Damaged));
    assert_eq!(inflated(&bomb, 200_000).map(|body| body.len()), Ok(200_000));
}

#[test]
fn sequences_are_stepped_over() {
    // A sequence of undefined length with one item of undefined length, in which another modality stands.
    let sequence = b"\x08\0\x15\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF\
        \x08\0\x60\0CS\x02\0MR\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0";
    let bytes = Example::default().raw(sequence).text(tag::PATIENT_NAME, "Ito").file(EXPLICIT);
    let file = File::open(&bytes).unwrap();
    let data = file.data_set();
    assert_eq!(data.text(tag::MODALITY), None);
    assert_eq!(data.text(tag::PATIENT_NAME).as_deref(), Some("Ito"));
    assert!(!data.truncated);
}

#[test]
fn sequences_without_end_are_no_trap() {
    let opening = b"\x08\0\x15\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF";
    let bytes = example().raw(&opening.repeat(50_000)).file(EXPLICIT);
    let file = File::open(&bytes).unwrap();
    let data = file.data_set();
    assert!(data.truncated);
    assert_eq!(data.text(tag::MODALITY).as_deref(), Some("CT"));
}

#[test]
fn a_cut_value_is_noted_and_what_came_before_is_kept() {
    let bytes = example().text(tag::PATIENT_NAME, "Ito^Keiko").file(EXPLICIT);
    let file = File::open(&bytes[..bytes.len() - 4]).unwrap();
    let data = file.data_set();
    assert!(data.truncated);
    assert_eq!(data.text(tag::MODALITY).as_deref(), Some("CT"));
}

#[test]
fn text_is_read_in_its_character_set() {
    let latin = Example::default().element(tag::PATIENT_NAME, *b"PN", b"M\xFCller").file(EXPLICIT);
    assert_eq!(File::open(&latin).unwrap().data_set().text(tag::PATIENT_NAME).as_deref(), Some("Müller"));
    let utf8 = Example::default().element(tag::PATIENT_NAME, *b"PN", "Müller\0".as_bytes()).file(EXPLICIT);
    assert_eq!(File::open(&utf8).unwrap().data_set().text(tag::PATIENT_NAME).as_deref(), Some("Müller"));
}
