//! A document written by hand: two pages, one with a red square.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn document(trailer: &str) -> Vec<u8> {
    let square = "1 0 0 rg 0 0 50 50 re f";
    format!(
        "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n\
        2 0 obj\n<</Type/Pages/Count 2/Kids[3 0 R 5 0 R]>>\nendobj\n\
        3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]/Contents 4 0 R>>\nendobj\n\
        4 0 obj\n<</Length {}>>\nstream\n{square}\nendstream\nendobj\n\
        5 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]/Rotate 90>>\nendobj\n\
        trailer\n<</Root 1 0 R/Size 6{trailer}>>\n%%EOF\n",
        square.len()
    )
    .into_bytes()
}

#[test]
fn pages_are_counted_measured_and_drawn() {
    let document = Document::open(document("")).unwrap();
    assert_eq!(document.page_count(), 2);
    assert_eq!(document.page_size(0), Ok((100.0, 200.0)));
    assert_eq!(document.page_size(1), Ok((200.0, 100.0)));
    let pixels = document.render(0, 50).unwrap();
    assert_eq!((pixels.width, pixels.height), (50, 100));
    let pixel = |x: usize, y: usize| &pixels.rgba[(y * 50 + x) * 4..][..4];
    assert_eq!(pixel(5, 95), [255, 0, 0, 255]);
    assert_eq!(pixel(5, 5), [255, 255, 255, 255]);
}

#[test]
fn what_cannot_be_drawn_says_why() {
    assert_eq!(Document::open(b"%PDF-1.4\n".to_vec()).err(), Some(PdfError::Damaged));
    assert_eq!(Document::open(Vec::new()).err(), Some(PdfError::Damaged));
    let document = Document::open(document("")).unwrap();
    assert_eq!(document.page_size(2), Err(PdfError::NoSuchPage));
    assert_eq!(document.render(2, 50).err(), Some(PdfError::NoSuchPage));
    assert_eq!(document.render(0, 0).map(|pixels| (pixels.width, pixels.height)), Ok((1, 2)));
}

#[test]
fn a_page_is_drawn_as_wide_as_wanted_or_as_large_as_a_screen_is_given() {
    let size = |page_width, page_height, width| {
        let (width, height) = drawn_size(page_width, page_height, width);
        (width.floor(), height.floor())
    };
    assert_eq!(size(100.0, 200.0, 50), (50.0, 100.0));
    assert_eq!(size(595.0, 842.0, 900), (900.0, 1274.0));
    assert_eq!(size(100.0, 200.0, 1_000_000), (2896.0, 5792.0));
    assert_eq!(size(1.0, 14_400.0, 3000), (1.0, 16_384.0));
    assert_eq!(size(f32::MAX, f32::MIN_POSITIVE, 3000), (3000.0, 1.0));
    assert_eq!(size(f32::MIN_POSITIVE, f32::MAX, 3000), (1.0, 16_384.0));
}
