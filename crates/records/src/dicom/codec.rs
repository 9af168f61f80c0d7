//! Decompresses the first frame of encapsulated pixel data (DICOM PS3.5, A.4), within what the header promised.

use super::frame::{Layout, Photometric, Samples, cannot_show, interleave};
use super::{DicomError, TransferSyntax, rle};
use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use jpeg_decoder::{ColorTransform, Decoder, Error as JpegError, PixelFormat, UnsupportedFeature};
use std::borrow::Cow;

pub(super) fn decode(
    syntax: TransferSyntax,
    fragments: &[&[u8]],
    layout: &Layout,
    truncated: bool,
) -> Result<Samples, DicomError> {
    // The first item is the offset table, which one frame does not need.
    let fragments = fragments.get(1..).filter(|rest| !rest.is_empty()).ok_or(DicomError::Incomplete)?;
    if truncated && fragments.len() == 1 {
        return Err(DicomError::Incomplete);
    }
    match syntax {
        TransferSyntax::RleLossless => rle::decode(fragments.first().copied().unwrap_or_default(), layout),
        TransferSyntax::JpegBaseline | TransferSyntax::JpegExtended | TransferSyntax::JpegLossless => {
            jpeg(syntax, &first_stream(fragments, layout, b"\xFF\xD8"), layout)
        }
        TransferSyntax::Jpeg2000 => jpeg2000(&first_stream(fragments, layout, b"\xFF\x4F"), layout),
        other => Err(cannot_show(other)),
    }
}

/// The fragments up to the next one that begins a picture of its own.
fn first_stream<'a>(fragments: &[&'a [u8]], layout: &Layout, start: &[u8]) -> Cow<'a, [u8]> {
    let count = if layout.frames == 1 {
        fragments.len()
    } else {
        1 + fragments.iter().skip(1).take_while(|fragment| !fragment.starts_with(start)).count()
    };
    match fragments.get(..count) {
        Some([only]) => Cow::Borrowed(only),
        Some(several) => Cow::Owned(several.concat()),
        None => Cow::Borrowed(&[]),
    }
}

fn jpeg(syntax: TransferSyntax, stream: &[u8], layout: &Layout) -> Result<Samples, DicomError> {
    let refused = |error: JpegError| match error {
        JpegError::Unsupported(
            UnsupportedFeature::SamplePrecision(_)
            | UnsupportedFeature::ArithmeticEntropyCoding
            | UnsupportedFeature::Hierarchical,
        ) => cannot_show(syntax),
        _ => DicomError::Picture,
    };
    let mut decoder = Decoder::new(stream);
    decoder.set_max_decoding_buffer_size(layout.pixels().saturating_mul(6));
    decoder.read_info().map_err(refused)?;
    let info = decoder.info().ok_or(DicomError::Picture)?;
    if info.width != layout.columns || info.height != layout.rows {
        return Err(DicomError::Picture);
    }
    if info.pixel_format == PixelFormat::RGB24 {
        // What the header says counts more than the decoder's guess, unless the stream itself says otherwise.
        let in_ybr = matches!(layout.photometric, Photometric::YbrFull | Photometric::YbrFull422) || says_ybr(stream);
        decoder.set_color_transform(if in_ybr { ColorTransform::YCbCr } else { ColorTransform::RGB });
    }
    let bytes = decoder.decode().map_err(refused)?;
    let words = bytes.as_chunks::<2>().0;
    let expected = layout.pixels();
    match info.pixel_format {
        PixelFormat::L8 if !layout.is_colour() && bytes.len() == expected => {
            Ok(Samples::Grey(bytes.iter().map(|byte| layout.value(u32::from(*byte))).collect()))
        }
        PixelFormat::L16 if !layout.is_colour() && words.len() == expected => {
            Ok(Samples::Grey(words.iter().map(|pair| layout.value(u32::from(u16::from_ne_bytes(*pair)))).collect()))
        }
        PixelFormat::RGB24 if layout.is_colour() && bytes.len() == expected * 3 => {
            // Lossless streams keep the colours as they were put in; the others have been turned into RGB above.
            let as_stored = syntax == TransferSyntax::JpegLossless;
            Ok(Samples::Colour { values: bytes, space: if as_stored { layout.photometric } else { Photometric::Rgb } })
        }
        _ => Err(DicomError::PictureType),
    }
}

/// Whether a JFIF or Adobe segment before the picture says that its colours are luminance and chrominance.
fn says_ybr(stream: &[u8]) -> bool {
    let mut rest = stream.get(2..).unwrap_or_default();
    while let Some([0xFF, marker @ 0xC0..=0xFE, high, low]) = rest.first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let body = rest.get(4..2 + length).unwrap_or_default();
        match marker {
            0xE0 if body.starts_with(b"JFIF\0") => return true,
            0xEE if body.starts_with(b"Adobe") => return body.get(11) == Some(&1),
            0xDA => return false,
            _ => {}
        }
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    false
}

fn jpeg2000(stream: &[u8], layout: &Layout) -> Result<Samples, DicomError> {
    let size = ImageSize::read(stream).ok_or(DicomError::Picture)?;
    if size.width != u32::from(layout.columns) || size.height != u32::from(layout.rows) {
        return Err(DicomError::Picture);
    }
    if !size.can_be_decoded() {
        return Err(DicomError::PictureType);
    }
    let settings = DecodeSettings { resolve_palette_indices: false, ..DecodeSettings::default() };
    let image = Image::new(stream, &settings).map_err(|_| DicomError::Picture)?;
    if image.width() != size.width || image.height() != size.height {
        return Err(DicomError::Picture);
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_| DicomError::Picture)?;
    let components = decoded.components();
    let pixels = layout.pixels();
    if components.iter().any(|component| component.samples().len() < pixels) {
        return Err(DicomError::Picture);
    }
    match components {
        [grey] if !layout.is_colour() => {
            let signed = size.components.first().is_some_and(|component| component.signed);
            let correct = |sample: &f32| stored_value(*sample, grey.bit_depth(), signed, layout.signed);
            Ok(Samples::Grey(grey.samples().iter().take(pixels).map(correct).collect()))
        }
        [red, green, blue] if layout.is_colour() => {
            let planes: Vec<u8> = [red, green, blue]
                .into_iter()
                .flat_map(|plane| {
                    let brightest = 2_f32.powi(i32::from(plane.bit_depth())) - 1.0;
                    plane
                        .samples()
                        .iter()
                        .take(pixels)
                        .map(move |sample| super::grey::to_byte(sample / brightest * 255.0))
                })
                .collect();
            // The stream says by itself whether it was turned; only plain YBR_FULL was put in as it is.
            Ok(Samples::Colour { values: interleave(&planes, pixels), space: layout.photometric })
        }
        _ => Err(DicomError::PictureType),
    }
}

/// The decoder shifts all samples as if they were unsigned: take that back where the stream says signed. Where the
/// stream says unsigned and the header signed, the writer put the bits in as they were.
fn stored_value(sample: f32, depth: u8, stream_signed: bool, header_signed: bool) -> f32 {
    let half = 2_f32.powi(i32::from(depth) - 1);
    if stream_signed {
        sample - half
    } else if header_signed && sample >= half {
        sample - 2.0 * half
    } else {
        sample
    }
}

/// The image and tile size segment of a JPEG 2000 codestream (ISO/IEC 15444-1, A.5.1), read before the decoder sees it.
struct ImageSize {
    width: u32,
    height: u32,
    tiles: u64,
    components: Vec<Component>,
}

struct Component {
    depth: u8,
    signed: bool,
    subsampled: bool,
}

impl ImageSize {
    fn read(stream: &[u8]) -> Option<Self> {
        let start = crate::kind::find(stream, b"\xFF\x4F\xFF\x51")?;
        let (numbers, rest) = stream.get(start + 8..)?.split_at_checked(32)?;
        let mut numbers = numbers.as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes));
        let mut next = || numbers.next();
        let (right, bottom, left, top) = (next()?, next()?, next()?, next()?);
        let (tile_width, tile_height) = (next()?, next()?);
        let (count, rest) = rest.split_first_chunk::<2>()?;
        let components = rest.get(..usize::from(u16::from_be_bytes(*count)) * 3)?;
        let components = components.as_chunks::<3>().0.iter().map(|[size, horizontal, vertical]| Component {
            depth: (size & 0x7F) + 1,
            signed: size & 0x80 != 0,
            subsampled: *horizontal != 1 || *vertical != 1,
        });
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        if tile_width == 0 || tile_height == 0 {
            return None;
        }
        let tiles = u64::from(right.div_ceil(tile_width)) * u64::from(bottom.div_ceil(tile_height));
        Some(Self { width, height, tiles, components: components.collect() })
    }

    /// Whether it is a layout that scans use. A hostile one could make the decoder stumble or fill the memory.
    fn can_be_decoded(&self) -> bool {
        let plain = |component: &Component| component.depth <= 16 && !component.subsampled;
        self.tiles <= 65_535 && matches!(self.components.len(), 1 | 3) && self.components.iter().all(plain)
    }
}

#[cfg(test)]
mod tests;
