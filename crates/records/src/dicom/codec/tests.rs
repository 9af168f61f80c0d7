//! Compressed pictures made by hand, since the sample records hold none of these.

use super::super::{DicomError, example::Example, first_frame, tag};
use super::*;
use std::fmt::Write as _;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// JPEG Lossless, first-order prediction (ISO/IEC 10918-1, H): every difference category has a code of five bits.
fn lossless(columns: u16, values: &[u16], precision: u8) -> Vec<u8> {
    let mut stream = b"\xFF\xD8\xFF\xC4\x00\x24\x00\0\0\0\0\x11\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    stream.extend(0..17_u8);
    stream.extend([0xFF, 0xC3, 0, 11, precision, 0, 1]);
    stream.extend(columns.to_be_bytes());
    stream.extend(b"\x01\x01\x11\x00\xFF\xDA\x00\x08\x01\x01\x00\x01\x00\x00");
    let mut bits = String::new();
    let mut previous = 1_i32 << (precision - 1);
    for value in values {
        // Differences wrap around at 16 bits, and half way round has no bits of its own (H.1.2.2).
        let difference = (i32::from(*value) - previous + 32_767).rem_euclid(65_536) - 32_767;
        previous = i32::from(*value);
        let category = 32 - difference.unsigned_abs().leading_zeros();
        write!(bits, "{category:05b}").unwrap();
        let extra = if difference < 0 { difference + (1 << category) - 1 } else { difference };
        if (1..16).contains(&category) {
            write!(bits, "{extra:0width$b}", width = category as usize).unwrap();
        }
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('1');
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        stream.push(byte);
        if byte == 0xFF {
            stream.push(0);
        }
    }
    stream.extend(b"\xFF\xD9");
    stream
}

fn file(syntax: &str, columns: u16, allocated: u16, window: (&str, &str), fragments: &[&[u8]]) -> Vec<u8> {
    let mut example = Example::default()
        .text(tag::MODALITY, "CT")
        .text(tag::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2")
        .numbers(tag::ROWS, &[1])
        .numbers(tag::COLUMNS, &[columns])
        .numbers(tag::BITS_ALLOCATED, &[allocated])
        .text(tag::WINDOW_CENTER, window.0)
        .text(tag::WINDOW_WIDTH, window.1)
        .raw(b"\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\0\0\0\0");
    for fragment in fragments {
        example =
            example.raw(b"\xFE\xFF\0\xE0").raw(&u32::try_from(fragment.len()).unwrap().to_le_bytes()).raw(fragment);
    }
    example.raw(b"\xFE\xFF\xDD\xE0\0\0\0\0").file(syntax)
}

fn greys(file: &[u8]) -> Result<Vec<u8>, DicomError> {
    first_frame(file).map(|pixels| pixels.rgba.chunks(4).map(|pixel| pixel[0]).collect())
}

const LOSSLESS: &str = "1.2.840.10008.1.2.4.70";

#[test]
fn lossless_jpeg_keeps_every_value() {
    let eight = lossless(5, &[0, 255, 128, 127, 3], 8);
    assert_eq!(greys(&file(LOSSLESS, 5, 8, ("128", "256"), &[&eight])), Ok(vec![0, 255, 128, 127, 3]));
    let sixteen = lossless(4, &[0, 0x8000, 0xFFFF, 0x4000], 16);
    assert_eq!(greys(&file(LOSSLESS, 4, 16, ("32768", "65536"), &[&sixteen])), Ok(vec![0, 128, 255, 64]));
}

#[test]
fn a_picture_in_pieces_is_put_together() {
    let stream = lossless(5, &[0, 255, 128, 127, 3], 8);
    let (front, back) = stream.split_at(50);
    assert_eq!(greys(&file(LOSSLESS, 5, 8, ("128", "256"), &[front, back])), Ok(vec![0, 255, 128, 127, 3]));
}

#[test]
fn a_stream_of_another_size_than_the_header_is_refused() {
    let stream = lossless(5, &[0, 255, 128, 127, 3], 8);
    assert_eq!(greys(&file(LOSSLESS, 6, 8, ("128", "256"), &[&stream])), Err(DicomError::Picture));
    assert_eq!(greys(&file(LOSSLESS, 5, 8, ("128", "256"), &[])), Err(DicomError::Incomplete));
}

#[test]
fn the_size_of_a_codestream_is_read_before_it_is_decoded() {
    let codestream = |tile: u32, size: u8| {
        let mut bytes = b"\xFF\x4F\xFF\x51\0\x29\0\0".to_vec();
        for number in [1000_u32, 1000, 0, 0, tile, tile, 0, 0] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend([0, 1, size, 1, 1]);
        bytes
    };
    let judged = |tile, size| ImageSize::read(&codestream(tile, size)).map(|size| size.can_be_decoded());
    assert_eq!(judged(1000, 0x8F), Some(true));
    assert_eq!(judged(1, 0x0F), Some(false));
    assert_eq!(judged(1000, 0x7F), Some(false));
    assert_eq!(judged(0, 0x0F), None);
    assert_eq!(ImageSize::read(b"\xFF\x4F\xFF\x51").map(|size| size.width), None);
}

#[test]
fn samples_lose_the_shift_that_the_decoder_gave_them() {
    let near = |value: f32, expected: f32| (value - expected).abs() < 0.5;
    assert!(near(stored_value(32_768.0 + 127.0, 16, true, true), 127.0));
    assert!(near(stored_value(65_535.0, 16, false, true), -1.0));
    assert!(near(stored_value(65_535.0, 16, false, false), 65_535.0));
}
