//! Photos and scanned pictures as pixels, upright, with their size judged before any memory is taken for them.

use crate::kind::Kind;
use crate::pixels::Pixels;
use image::error::ImageError as DecoderError;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// No side may be longer, whatever the other is.
const SIDE_LIMIT: u32 = 32_768;
/// What a decoder may take in all, in bytes.
const MEMORY_LIMIT: u64 = 512 * 1024 * 1024;

/// Why a picture cannot be shown. It never quotes content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Not one of the formats that are drawn.
    #[error("This file is not a picture that can be shown here. You can save a copy of it.")]
    NotAPicture,
    /// HEIC, the format of iPhone photos.
    #[error("iPhone photos (HEIC) cannot be shown here yet. You can save a copy and open it on your device.")]
    Heic,
    /// More pixels or bytes than this program is willing to hold in memory.
    #[error("This picture is too large to be shown here. You can save a copy and open it in another program.")]
    TooLarge,
    /// A variant of a known format that the decoder lacks.
    #[error("This kind of picture cannot be shown here yet. You can save a copy and open it in another program.")]
    PictureType,
    /// The bytes are not what the format demands, or break off.
    #[error("This picture is damaged and cannot be shown. You can still save a copy of it.")]
    Damaged,
}

impl From<DecoderError> for ImageError {
    fn from(error: DecoderError) -> Self {
        match error {
            DecoderError::Limits(_) => Self::TooLarge,
            DecoderError::Unsupported(_) => Self::PictureType,
            _ => Self::Damaged,
        }
    }
}

/// Decodes JPEG, PNG, GIF (its first picture), WebP, BMP and TIFF, turned as its EXIF orientation says.
pub fn decode(bytes: &[u8]) -> Result<Pixels, ImageError> {
    let format = match Kind::detect("", bytes) {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Gif => ImageFormat::Gif,
        Kind::Webp => ImageFormat::WebP,
        Kind::Bmp => ImageFormat::Bmp,
        Kind::Tiff => ImageFormat::Tiff,
        Kind::Heic => return Err(ImageError::Heic),
        _ => return Err(ImageError::NotAPicture),
    };
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE_LIMIT);
    limits.max_image_height = Some(SIDE_LIMIT);
    limits.max_alloc = Some(MEMORY_LIMIT);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if !Pixels::allowed(width, height) || decoder.total_bytes() > MEMORY_LIMIT {
        return Err(ImageError::TooLarge);
    }
    // A picture whose orientation cannot be read is shown as it lies.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let picture = picture.into_rgba8();
    let (width, height) = picture.dimensions();
    Pixels::new(width, height, picture.into_raw()).ok_or(ImageError::Damaged)
}

#[cfg(test)]
mod tests;
