//! A picture ready for a canvas, and the limit that every decoder asks before it takes memory.

use std::fmt;

/// The most pixels of a picture: 64 megapixels, 256 MiB as RGBA.
pub const LIMIT: u64 = 64 * 1024 * 1024;

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
    fn the_bytes_must_fit_the_size() {
        assert!(Pixels::new(1, 2, vec![0; 8]).is_some());
        assert!(Pixels::new(1, 2, vec![0; 7]).is_none());
    }
}
