//! Files that people add: recognised, proposed for, summarised and drawn without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use records::{Kind, dicom, image, pdf, propose, text, thumbnail};

fuzz_target!(|bytes: &[u8]| {
    let kind = Kind::detect("file", bytes);
    assert!(!propose("file", kind, bytes).title.is_empty());
    let _ = dicom::summary(bytes);
    let _ = dicom::first_frame(bytes);
    let _ = image::decode(bytes);
    let _ = text::extract(kind, bytes);
    let _ = thumbnail::thumbnail(kind, bytes);
    if let Ok(document) = pdf::Document::open(bytes.to_vec()) {
        let _ = document.render(0, 100);
    }
});
