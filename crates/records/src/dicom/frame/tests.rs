//! Pictures from small made-up files: one line of pixels each.

use super::super::example::Example;
use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const EXPLICIT: &str = "1.2.840.10008.1.2.1";

struct Picture {
    photometric: &'static str,
    columns: u16,
    samples: u16,
    /// Allocated, stored, high bit, signed.
    bits: [u16; 4],
    planar: u16,
    window: Option<(&'static str, &'static str)>,
    data: Vec<u8>,
}

impl Picture {
    fn grey(data: &[u8]) -> Self {
        Self {
            photometric: "MONOCHROME2",
            columns: u16::try_from(data.len()).unwrap(),
            samples: 1,
            bits: [8, 8, 7, 0],
            planar: 0,
            window: Some(("128", "256")),
            data: data.to_vec(),
        }
    }

    fn colour(photometric: &'static str, columns: u16, planar: u16, data: &[u8]) -> Self {
        Self { photometric, columns, samples: 3, planar, ..Self::grey(data) }
    }

    fn example(&self) -> Example {
        let [allocated, stored, high_bit, signed] = self.bits;
        let example = Example::default()
            .text(tag::MODALITY, "OT")
            .numbers(tag::SAMPLES_PER_PIXEL, &[self.samples])
            .text(tag::PHOTOMETRIC_INTERPRETATION, self.photometric)
            .numbers(tag::PLANAR_CONFIGURATION, &[self.planar])
            .numbers(tag::ROWS, &[1])
            .numbers(tag::COLUMNS, &[self.columns])
            .numbers(tag::BITS_ALLOCATED, &[allocated])
            .numbers(tag::BITS_STORED, &[stored])
            .numbers(tag::HIGH_BIT, &[high_bit])
            .numbers(tag::PIXEL_REPRESENTATION, &[signed]);
        match self.window {
            Some((centre, width)) => example.text(tag::WINDOW_CENTER, centre).text(tag::WINDOW_WIDTH, width),
            None => example,
        }
    }

    fn file(&self) -> Vec<u8> {
        self.example().element(tag::PIXEL_DATA, *b"OW", &self.data).file(EXPLICIT)
    }
}

/// The red of each pixel, which is its grey.
fn greys(file: &[u8]) -> Result<Vec<u8>, DicomError> {
    first_frame(file).map(|pixels| pixels.rgba.chunks(4).map(|pixel| pixel[0]).collect())
}

fn colours(file: &[u8]) -> Result<Vec<[u8; 3]>, DicomError> {
    first_frame(file).map(|pixels| pixels.rgba.chunks(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect())
}

#[test]
fn greys_go_through_the_window() {
    assert_eq!(greys(&Picture::grey(&[0, 1, 128, 255]).file()), Ok(vec![0, 1, 128, 255]));
    let inverted = Picture { photometric: "MONOCHROME1", ..Picture::grey(&[0, 1, 128, 255]) };
    assert_eq!(greys(&inverted.file()), Ok(vec![255, 254, 127, 0]));
    let unwindowed = Picture { window: None, ..Picture::grey(&[10, 15, 20, 20]) };
    assert_eq!(greys(&unwindowed.file()), Ok(vec![0, 128, 255, 255]));
}

#[test]
fn bits_around_a_value_are_ignored_and_its_sign_is_kept() {
    // 12 bits, signed: -2048, -1, 0, 2047, with rubbish above.
    let data = [0x00, 0xF8, 0xFF, 0x7F, 0x00, 0xA0, 0xFF, 0x57];
    let picture = Picture { columns: 4, bits: [16, 12, 11, 1], window: None, ..Picture::grey(&data) };
    assert_eq!(greys(&picture.file()), Ok(vec![0, 127, 128, 255]));
}

#[test]
fn one_bit_masks_are_black_and_white() {
    let picture = Picture { columns: 8, bits: [1, 1, 0, 0], window: None, ..Picture::grey(&[0b0000_0101]) };
    assert_eq!(greys(&picture.file()), Ok(vec![255, 0, 255, 0, 0, 0, 0, 0]));
}

#[test]
fn colours_are_put_together() {
    let interleaved = Picture::colour("RGB", 2, 0, &[1, 2, 3, 4, 5, 6]);
    assert_eq!(colours(&interleaved.file()), Ok(vec![[1, 2, 3], [4, 5, 6]]));
    let planar = Picture::colour("RGB", 2, 1, &[1, 4, 2, 5, 3, 6]);
    assert_eq!(colours(&planar.file()), Ok(vec![[1, 2, 3], [4, 5, 6]]));
    let luminance = Picture::colour("YBR_FULL", 2, 0, &[76, 85, 255, 29, 255, 107]);
    assert_eq!(colours(&luminance.file()), Ok(vec![[254, 0, 0], [0, 0, 254]]));
    let halved = Picture::colour("YBR_FULL_422", 2, 0, &[10, 200, 128, 128]);
    assert_eq!(colours(&halved.file()), Ok(vec![[10, 10, 10], [200, 200, 200]]));
}

#[test]
fn palette_colours_are_looked_up() {
    let picture = Picture { photometric: "PALETTE COLOR", columns: 4, ..Picture::grey(&[4, 5, 6, 9]) };
    let words = |values: [u16; 3]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
    let file = picture
        .example()
        .numbers(tag::RED_PALETTE_DESCRIPTOR, &[3, 4, 16])
        .numbers(tag::GREEN_PALETTE_DESCRIPTOR, &[3, 4, 16])
        .numbers(tag::BLUE_PALETTE_DESCRIPTOR, &[3, 4, 16])
        .element(tag::RED_PALETTE, *b"OW", &words([0xFF00, 0, 0x8000]))
        .element(tag::GREEN_PALETTE, *b"OW", &words([0, 0xFF00, 0x8000]))
        .element(tag::BLUE_PALETTE, *b"OW", &words([0, 0, 0x8000]))
        .element(tag::PIXEL_DATA, *b"OW", &picture.data)
        .file(EXPLICIT);
    assert_eq!(colours(&file), Ok(vec![[255, 0, 0], [0, 255, 0], [128, 128, 128], [128, 128, 128]]));
}

#[test]
fn what_cannot_be_drawn_says_why() {
    assert_eq!(greys(&Example::default().text(tag::MODALITY, "SR").file(EXPLICIT)), Err(DicomError::NoPicture));
    let short = Picture { columns: 5, ..Picture::grey(&[1, 2, 3, 4]) };
    assert_eq!(greys(&short.file()), Err(DicomError::Incomplete));
    let odd = Picture { photometric: "HSV", ..Picture::grey(&[1, 2]) };
    assert_eq!(greys(&odd.file()), Err(DicomError::PictureType));
    let unheard = Picture { bits: [12, 12, 11, 0], ..Picture::grey(&[1, 2]) };
    assert_eq!(greys(&unheard.file()), Err(DicomError::PictureType));
    let impossible = Picture { bits: [8, 9, 8, 0], ..Picture::grey(&[1, 2]) };
    assert_eq!(greys(&impossible.file()), Err(DicomError::Damaged));
}

#[test]
fn a_picture_of_four_thousand_megapixels_takes_no_memory() {
    let file = Picture { columns: u16::MAX, ..Picture::grey(&[0, 0]) }
        .example()
        .numbers(tag::NUMBER_OF_FRAMES, &[0x3939])
        .element(tag::PIXEL_DATA, *b"OW", &[0; 4])
        .file(EXPLICIT);
    assert_eq!(greys(&file), Err(DicomError::Incomplete));
    let file = Example::default()
        .text(tag::MODALITY, "OT")
        .numbers(tag::ROWS, &[u16::MAX])
        .numbers(tag::COLUMNS, &[u16::MAX])
        .numbers(tag::BITS_ALLOCATED, &[8])
        .element(tag::PIXEL_DATA, *b"OB", &[0; 4])
        .file(EXPLICIT);
    assert_eq!(greys(&file), Err(DicomError::TooLarge));
}

#[test]
fn lost_compressions_are_named() {
    let fragments = b"\xFE\xFF\0\xE0\0\0\0\0\xFE\xFF\0\xE0\x02\0\0\0\xFF\xD8\xFE\xFF\xDD\xE0\0\0\0\0";
    let file = |syntax: &str| {
        let header = b"\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF";
        Picture::grey(&[1, 2]).example().raw(header).raw(fragments).file(syntax)
    };
    let message = |syntax: &str| greys(&file(syntax)).unwrap_err().to_string();
    let expected = |name: &str| {
        format!(
            "This kind of compression ({name}) cannot be shown yet. You can save a copy and open it in another program."
        )
    };
    assert_eq!(message("1.2.840.10008.1.2.4.80"), expected("JPEG-LS"));
    assert_eq!(message("1.2.840.10008.1.2.4.110"), expected("JPEG XL"));
    assert_eq!(message("1.2.840.10008.1.2.4.103"), expected("video"));
    assert_eq!(message("1.2.3"), expected("unknown"));
    assert_eq!(greys(&file("1.2.840.10008.1.2.4.50")), Err(DicomError::Picture));
}
