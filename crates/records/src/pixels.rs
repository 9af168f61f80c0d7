//! A picture ready for a canvas, and the limits: what decoders ask before they take memory, and what a screen is given.

use image::{RgbaImage, imageops};
use std::fmt;

/// The most pixels of a picture: 64 megapixels, 256 MiB as RGBA.
pub const LIMIT: u64 = 64 * 1024 * 1024;
/// The most pixels that a screen is given: 64 MiB as RGBA, and all that the canvas of a phone takes.
const SHOWN: f64 = 4096.0 * 4096.0;
/// The longest side that a screen is given.
const SHOWN_SIDE: f64 = 16_384.0;
/// What is so little below a whole number of pixels is that number.
pub(crate) const NEARLY: f64 = 1e-6;

/// A picture as rows of red, green, blue and alpha, 8 bits each, not premultiplied: what `ImageData` takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Columns, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
}

impl Pixels {
    /// Says whether a picture of this size may be decoded, without taking memory for it.
    pub fn allowed(width: u32, height: u32) -> bool {
        width > 0 && height > 0 && u64::from(width) * u64::from(height) <= LIMIT
    }

    /// The number of pixels of an allowed size.
    pub(crate) fn count(width: u32, height: u32) -> Option<usize> {
        if !Self::allowed(width, height) {
            return None;
        }
        usize::try_from(u64::from(width) * u64::from(height)).ok()
    }

    /// A picture of the given size, if the bytes are exactly as many as it has.
    pub(crate) fn new(width: u32, height: u32, rgba: Vec<u8>) -> Option<Self> {
        (Self::count(width, height)?.checked_mul(4)? == rgba.len()).then_some(Self { width, height, rgba })
    }

    /// The picture as it is shown: a very large one smaller, in its shape. For looking at, never for keeping. Nothing
    /// where the bytes are too few for the size.
    #[must_use]
    pub fn for_screen(self) -> Option<Self> {
        let reduction = reduction(f64::from(self.width), f64::from(self.height));
        if reduction >= 1.0 {
            return Some(self);
        }
        let (width, height) = (reduced(self.width, reduction), reduced(self.height, reduction));
        let full = RgbaImage::from_raw(self.width, self.height, self.rgba)?;
        Self::new(width, height, imageops::thumbnail(&full, width, height).into_raw())
    }
}

/// What both sides of a picture are multiplied by so that a screen is not given too much: 1 where it is small enough.
pub(crate) fn reduction(width: f64, height: f64) -> f64 {
    let by_area = (SHOWN / (width * height)).sqrt();
    by_area.min(SHOWN_SIDE / width.max(height)).min(1.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side that becomes shorter")]
fn reduced(side: u32, reduction: f64) -> u32 {
    ((f64::from(side) * reduction + NEARLY) as u32).max(1)
}

/// Says the size and nothing else.
impl fmt::Debug for Pixels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pixels({} x {})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn bombs_are_refused_by_their_size_alone() {
        assert!(Pixels::allowed(1, 1));
        assert!(Pixels::allowed(8192, 8192));
        assert!(!Pixels::allowed(8192, 8193));
        assert!(!Pixels::allowed(100_000, 100_000));
        assert!(!Pixels::allowed(u32::MAX, u32::MAX));
        assert!(!Pixels::allowed(0, 5));
    }

    #[test]
    fn a_large_picture_is_shown_smaller_and_keeps_its_shape() {
        for (width, height, expected) in [
            (4096, 4096, (4096, 4096)),
            (8192, 8192, (4096, 4096)),
            (10_000, 2_500, (8192, 2048)),
            (32_768, 1, (16_384, 1)),
            (100_000, 20, (16_384, 3)),
            (1, 1, (1, 1)),
        ] {
            let reduction = reduction(f64::from(width), f64::from(height));
            assert_eq!((reduced(width, reduction), reduced(height, reduction)), expected, "{width} x {height}");
        }
        let wide = Pixels { width: 20_000, height: 2, rgba: [10, 20, 30, 255].repeat(40_000) };
        let shown = wide.for_screen().unwrap();
        assert_eq!((shown.width, shown.height), (16_384, 1));
        assert!(shown.rgba.chunks(4).all(|pixel| pixel == [10, 20, 30, 255]));
        assert!(Pixels { width: 20_000, height: 2, rgba: Vec::new() }.for_screen().is_none());
    }

    #[test]
    fn the_bytes_must_fit_the_size() {
        assert!(Pixels::new(1, 2, vec![0; 8]).is_some());
        assert!(Pixels::new(1, 2, vec![0; 7]).is_none());
    }
}
