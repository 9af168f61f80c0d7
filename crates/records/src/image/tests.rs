//! Pictures made by the encoders of the same library, and bombs made by hand.

use super::*;
use image::{ImageBuffer, Rgb};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Red on the left, blue on the right.
fn encoded(format: ImageFormat) -> Vec<u8> {
    let picture = ImageBuffer::from_fn(4, 2, |x, _| if x < 2 { Rgb([255_u8, 0, 0]) } else { Rgb([0, 0, 255]) });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn each_format_is_decoded() {
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::WebP] {
        let pixels = decode(&encoded(format)).unwrap();
        assert_eq!((pixels.width, pixels.height), (4, 2), "{format:?}");
        assert_eq!(pixels.rgba[..4], [255, 0, 0, 255], "{format:?}");
        assert_eq!(pixels.rgba[12..16], [0, 0, 255, 255], "{format:?}");
    }
    let pixels = decode(&encoded(ImageFormat::Jpeg)).unwrap();
    assert_eq!((pixels.width, pixels.height), (4, 2));
}

#[test]
fn a_photo_is_turned_upright() {
    let jpeg = encoded(ImageFormat::Jpeg);
    // An EXIF segment whose only entry is Orientation (0x0112) = 6: turn by 90 degrees.
    let exif = b"\xFF\xE1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let turned = [&jpeg[..2], exif, &jpeg[2..]].concat();
    let pixels = decode(&turned).unwrap();
    assert_eq!((pixels.width, pixels.height), (2, 4));
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    let mut png = encoded(ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(decode(&png), Err(ImageError::TooLarge));

    let mut bmp = encoded(ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0xE8, 0x80, 0, 0, 0xB8, 0x0B, 0, 0]);
    assert_eq!(decode(&bmp), Err(ImageError::TooLarge));

    let mut gif = encoded(ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(decode(&gif), Err(ImageError::TooLarge));
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[test]
fn what_is_not_drawn_says_why() {
    assert_eq!(decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Err(ImageError::Heic));
    assert_eq!(decode(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Err(ImageError::NotAPicture));
    assert_eq!(decode(b""), Err(ImageError::NotAPicture));
    let png = encoded(ImageFormat::Png);
    assert_eq!(decode(&png[..png.len() / 2]), Err(ImageError::Damaged));
}
