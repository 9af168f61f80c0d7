//! A small preview for lists, sealed beside the file so that a list never has to open the file itself.

use crate::kind::{Kind, Viewer};
use crate::pixels::Pixels;
use crate::{dicom, image as picture, pdf};
use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, RgbaImage, imageops};

/// The longest side of a preview, in pixels.
pub const SIDE: u32 = 160;

const QUALITY: u8 = 80;

/// A JPEG of at most [`SIDE`] pixels a side: of a picture, of a scan's first frame or of a document's first page.
/// Nothing where the file cannot be drawn.
pub fn thumbnail(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    let pixels = match kind.viewer() {
        Viewer::Image => picture::decode(bytes).ok()?,
        Viewer::Dicom => dicom::first_frame(bytes).ok()?,
        Viewer::Pdf => {
            let document = pdf::Document::open(bytes.to_vec()).ok()?;
            let (width, height) = document.page_size(0).ok()?;
            document.render(0, if width >= height { SIDE } else { narrower(width / height) }).ok()?
        }
        Viewer::Text | Viewer::None => return None,
    };
    encode(pixels)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a ratio of at most 1 of a small number"
)]
fn narrower(ratio: f32) -> u32 {
    (SIDE as f32 * ratio) as u32
}

fn encode(pixels: Pixels) -> Option<Vec<u8>> {
    let full = RgbaImage::from_raw(pixels.width, pixels.height, pixels.rgba)?;
    let (width, height) = fitted(pixels.width, pixels.height);
    let small = if (width, height) == full.dimensions() { full } else { imageops::thumbnail(&full, width, height) };
    // JPEG knows no transparency: put the picture on white.
    let opaque = RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, alpha] = small.get_pixel(x, y).0;
        image::Rgb([red, green, blue].map(|value| over_white(value, alpha)))
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&opaque).ok()?;
    Some(jpeg)
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u16::from(value), u16::from(alpha));
    u8::try_from((value * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

/// The size within the limit, never larger than it is, never nothing.
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= SIDE {
        return (width, height);
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(SIDE) / u64::from(longest);
        u32::try_from(side).unwrap_or(SIDE).max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preview::is_preview;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_picture_keeps_its_shape() {
        assert_eq!(fitted(320, 160), (160, 80));
        assert_eq!(fitted(30, 20), (30, 20));
        assert_eq!(fitted(16_000, 10), (160, 1));
    }

    #[test]
    fn transparent_becomes_white() {
        assert_eq!([over_white(0, 0), over_white(0, 255), over_white(255, 128)], [255, 0, 255]);
    }

    #[test]
    fn a_preview_is_a_small_jpeg() {
        let jpeg = encode(Pixels { width: 400, height: 100, rgba: vec![200; 160_000] }).unwrap();
        let pixels = picture::decode(&jpeg).unwrap();
        assert_eq!((pixels.width, pixels.height), (160, 40));
        assert!(jpeg.len() < 2000);
        assert!(is_preview(&jpeg));
    }

    #[test]
    fn what_is_not_drawn_has_no_preview() {
        assert_eq!(thumbnail(Kind::Html, b"<p>"), None);
        assert_eq!(thumbnail(Kind::Png, b"not a picture"), None);
        assert_eq!(thumbnail(Kind::Pdf, b"%PDF-"), None);
        assert_eq!(thumbnail(Kind::Dicom, b""), None);
    }
}
