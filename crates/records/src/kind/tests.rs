//! Detection, one line per input.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn codes_are_frozen() {
    for (index, kind) in Kind::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(kind.code()), index + 1);
        assert_eq!(Kind::from_code(kind.code()), Some(kind));
    }
    assert_eq!(Kind::from_code(0), None);
    assert_eq!(Kind::from_code(22), None);
}

#[test]
fn nothing_that_can_run_a_program_is_drawn() {
    assert_eq!(Kind::Html.viewer(), Viewer::None);
    assert_eq!(Kind::Svg.viewer(), Viewer::None);
    assert_eq!(Kind::Zip.viewer(), Viewer::None);
    assert_eq!(Kind::Unknown.viewer(), Viewer::None);
}

#[test]
fn content_decides() {
    let mut with_preamble = vec![0; 128];
    with_preamble.extend_from_slice(b"DICM\x02\0\0\0UL\x04\0");
    let mut tiff_in_front = b"II*\0".to_vec();
    tiff_in_front.resize(128, 0);
    tiff_in_front.extend_from_slice(b"DICM\x02\0\0\0UL\x04\0");
    let utf16: Vec<u8> =
        "\u{feff}<?xml version=\"1.0\"?><ClinicalDocument/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table: &[(&str, &[u8], Kind)] = &[
        ("scan", &with_preamble, Kind::Dicom),
        ("scan.tif", &tiff_in_front, Kind::Dicom),
        ("a.pdf", b"\xFF\xD8\xFF\xE0\0\x10JFIF", Kind::Jpeg),
        ("a", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", Kind::Png),
        ("a", b"GIF89a\x01\0\x01\0", Kind::Gif),
        ("a", b"RIFF\x10\0\0\0WEBPVP8 ", Kind::Webp),
        ("a", b"MM\0*\0\0\0\x08", Kind::Tiff),
        ("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind::Heic),
        ("a.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", Kind::Unknown),
        ("a", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0", Kind::Bmp),
        ("a.txt", b"%PDF-1.7\n", Kind::Pdf),
        ("a", b"\r\n\r\n%PDF-1.4\n", Kind::Pdf),
        ("a", b"PK\x03\x04\x14\0", Kind::Zip),
        ("a.txt", b"\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- <svg> -->\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\">", Kind::Ccda),
        ("a.txt", b"<cda:ClinicalDocument xmlns:cda=\"urn:hl7-org:v3\">", Kind::Ccda),
        ("a", &utf16, Kind::Ccda),
        ("export.xml", b"<?xml version=\"1.0\"?><!DOCTYPE HealthData [<!ELEMENT HealthData (Record)>]><HealthData locale=\"en_US\">", Kind::AppleHealth),
        ("a", b"<?xml version=\"1.0\"?><plan/>", Kind::Xml),
        ("a", b"<!DOCTYPE html><html>", Kind::Html),
        ("a.txt", b"<HTML><BODY>", Kind::Html),
        ("a.png", b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\">", Kind::Svg),
        ("a", b"{\"resourceType\":\"Bundle\"}", Kind::FhirJson),
        ("a", b"\"{\\n \\\"resourceType\\\": \\\"Bundle\\\"", Kind::FhirJson),
        ("a.phr", b"{\"resourceType\":\"Composition\"", Kind::FhirNdjson),
        ("a", b"{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n", Kind::FhirNdjson),
        ("a", b"{\"weight\": 71}", Kind::Json),
        ("a", b"[1, 2]", Kind::Json),
        ("a", b"[see the note of Tuesday", Kind::Text),
        ("a", b"MSH|^~\\&|LAB|", Kind::Hl7v2),
        ("a", b"\x0BMSH|^~\\&|LAB|", Kind::Hl7v2),
        ("a", b"MSHx", Kind::Text),
        ("a.dcm", b"Blood pressure 120/80\r\n", Kind::Text),
        ("a.txt", b"Gr\xFC\xDFe", Kind::Text),
        ("a", b"\x00\x01\x02\x03", Kind::Unknown),
        ("a.dcm", b"\x00\x01\x02\x03", Kind::Dicom),
        ("a", b"", Kind::Unknown),
        ("a.txt", b"", Kind::Text),
    ];
    for (name, head, expected) in table {
        assert_eq!(Kind::detect(name, head), *expected, "{name:?} {:?}", String::from_utf8_lossy(head));
    }
}

#[test]
fn a_data_set_without_header_is_recognised() {
    let explicit = b"\x08\0\x05\0CS\x0a\0ISO_IR 100\x08\0\x08\0CS\x10\0ORIGINAL\\PRIMARY\x08\0\x16\0UI\x02\x001\0";
    let stray_byte = [b" ", explicit.as_slice()].concat();
    let implicit =
        b"\x08\0\x05\0\x0a\0\0\0ISO_IR 100\x08\0\x08\0\x10\0\0\0ORIGINAL\\PRIMARY\x08\0\x16\0\x02\0\0\x001\0";
    assert_eq!(Kind::detect("a", explicit), Kind::Dicom);
    assert_eq!(Kind::detect("a", &stray_byte), Kind::Dicom);
    assert_eq!(Kind::detect("a", implicit), Kind::Dicom);
}
