//! Proposals from small made-up files; the real ones are in `tests/corpus.rs`.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn line(name: &str, kind: Kind, content: &[u8]) -> String {
    let proposal = propose(name, kind, content);
    let date = proposal.date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    format!("{} | {} | {date}", proposal.title, proposal.category.slug())
}

#[test]
fn a_title_is_never_empty() {
    for kind in Kind::ALL {
        for name in ["", "...", "\u{202E}", "IMG_0001", "   ", "0"] {
            assert!(!propose(name, kind, b"").title.trim().is_empty(), "{kind:?} {name:?}");
        }
    }
}

#[test]
fn what_is_not_read_is_proposed_like_what_cannot_be() {
    for kind in Kind::ALL {
        for name in ["", "IMG_0001", "Lab report 2024-03-07.pdf", "MRI knee.dcm"] {
            assert_eq!(propose_unread(name, kind), propose(name, kind, b""), "{kind:?} {name:?}");
        }
    }
}

#[test]
fn pdf_information_is_read() {
    let pdf = b"%PDF-1.4\n1 0 obj\n<</Title (Discharge \\(final\\) letter) /CreationDate (D:20240307101112+01'00')>>\nendobj\n\
        2 0 obj\n<</Title (A bookmark)>>\nendobj\ntrailer\n<</Root 3 0 R /Info 1 0 R>>\n";
    assert_eq!(line("scan0001.pdf", Kind::Pdf, pdf), "Discharge (final) letter | hospital-stays | 2024-03-07");
    let utf16 = b"%PDF-1.4\n12 0 obj\n<</Title <FEFF004200E9>>>\nendobj\ntrailer\n<</Info 12 0 R>>\n";
    assert_eq!(line("x.pdf", Kind::Pdf, utf16), "B\u{e9} | other | -");
    let word = b"%PDF-1.4\n1 0 obj\n<</Title (Microsoft Word - Lab report.docx)>>\nendobj\ntrailer\n<</Info 1 0 R>>\n";
    assert_eq!(line("x.pdf", Kind::Pdf, word), "Lab report | laboratory | -");
    let encrypted = b"%PDF-1.4\n1 0 obj\n<</Title (8xx)>>\nendobj\ntrailer\n<</Info 1 0 R /Encrypt 4 0 R>>\n";
    assert_eq!(line("Bill.pdf", Kind::Pdf, encrypted), "Bill | insurance-and-legal | -");
    let packet = b"%PDF-1.4\n<x:xmpmeta><dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Eye &amp; ear</rdf:li></rdf:Alt></dc:title>\
        <xmp:CreateDate>2023-05-06T07:08:09Z</xmp:CreateDate></x:xmpmeta>";
    assert_eq!(line("x.pdf", Kind::Pdf, packet), "Eye & ear | other | 2023-05-06");
}

#[test]
fn a_photo_is_dated_by_its_exif_data() {
    // JPEG with an APP1 segment: TIFF header, one IFD entry DateTime (0x0132), 20 ASCII bytes at offset 26.
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x32\x01\x02\0\x14\0\0\0\x1a\0\0\0\0\0\0\0".to_vec();
    tiff.extend_from_slice(b"2024:03:07 10:11:12\0");
    let mut jpeg = b"\xFF\xD8\xFF\xE1".to_vec();
    jpeg.extend_from_slice(&u16::try_from(tiff.len() + 8).unwrap().to_be_bytes());
    jpeg.extend_from_slice(b"Exif\0\0");
    jpeg.extend_from_slice(&tiff);
    jpeg.extend_from_slice(b"\xFF\xD9");
    assert_eq!(line("IMG_0042.jpg", Kind::Jpeg, &jpeg), "Photo | other | 2024-03-07");
    assert_eq!(line("rash 2023-01-02.jpg", Kind::Jpeg, b"\xFF\xD8\xFF"), "Rash | other | 2023-01-02");
}

#[test]
fn clinical_documents_speak_by_their_header() {
    let document = "<ClinicalDocument xmlns='urn:hl7-org:v3'><code code='18842-5' displayName='Discharge summary'/>\
        <title>St. Mary &amp; Sons&#32;letter</title><effectiveTime value='20240307'/>\
        <component><structuredBody><component><section><title>Other</title><code code='11502-2'/></section></component></structuredBody></component></ClinicalDocument>";
    assert_eq!(line("x.xml", Kind::Ccda, document.as_bytes()), "St. Mary & Sons letter | hospital-stays | 2024-03-07");
    let untitled = "<ClinicalDocument><code code='11502-2' displayName='Laboratory report'/></ClinicalDocument>";
    assert_eq!(line("x.xml", Kind::Ccda, untitled.as_bytes()), "Laboratory report | laboratory | -");
}

#[test]
fn fhir_resources_speak_for_themselves() {
    let table = [
        (
            r#"{"resourceType":"Immunization","vaccineCode":{"text":"Influenza"},"occurrenceDateTime":"2024-10-01"}"#,
            "Vaccination: Influenza | immunisations | 2024-10-01",
        ),
        (
            r#"{"resourceType":"MedicationRequest","medicationCodeableConcept":{"coding":[{"display":"Metformin 500 mg"}]},"authoredOn":"2024-10-01T08:00:00Z"}"#,
            "Prescription: Metformin 500 mg | medications | 2024-10-01",
        ),
        (
            r#"{"resourceType":"Observation","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"text":"Body weight"},"effectiveDateTime":"2024-10"}"#,
            "Body weight | vital-signs | -",
        ),
        (
            r#"{"resourceType":"DiagnosticReport","category":[{"coding":[{"code":"RAD"}]}],"code":{"text":"Chest X-ray"},"effectivePeriod":{"start":"2024-10-01"}}"#,
            "Chest X-ray | imaging | 2024-10-01",
        ),
        (
            r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","name":[{"given":["Ana","B"],"family":"Sol"}]}},{"resource":{"resourceType":"Immunization"}}]}"#,
            "Health record of Ana Sol | immunisations | -",
        ),
        (r#"{"resourceType":7,"entry":"no"}"#, "X | other | -"),
    ];
    for (json, expected) in table {
        assert_eq!(line("x.json", Kind::FhirJson, json.as_bytes()), expected);
    }
}

#[test]
fn hospital_messages_speak_by_their_type() {
    let table = [
        (
            "MSH|^~\\&|L|H|||20240308||ORU^R01|1|P|2.5\rPID|1\rOBR|1|||5^Lipid \\T\\ glucose^L|||202403070930\r",
            "Lipid & glucose | laboratory | 2024-03-07",
        ),
        ("MSH|^~\\&|L|H|||20240308||ADT^A03|1|P|2.5\r", "Hospital discharge | hospital-stays | 2024-03-08"),
        ("MSH|^~\\&|L|H|||20240308||VXU^V04|1|P|2.5\r", "Vaccination record | immunisations | 2024-03-08"),
        ("MSH", "X | other | -"),
    ];
    for (message, expected) in table {
        assert_eq!(line("x.hl7", Kind::Hl7v2, message.as_bytes()), expected);
    }
}

#[test]
fn lines_are_cleaned_for_the_eye() {
    assert_eq!(clean("a\u{202E}b\n\tc\u{200B} d\u{0}").as_deref(), Some("ab c d"));
    assert_eq!(clean(" \u{202E}- "), None);
    assert_eq!(clean(&"word ".repeat(60)).unwrap().chars().count(), 120);
}

#[test]
fn debug_shows_no_content() {
    assert_eq!(format!("{:?}", propose("Secret.pdf", Kind::Pdf, b"")), "Proposal(redacted)");
}
