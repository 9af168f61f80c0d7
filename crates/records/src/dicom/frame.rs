//! The first picture of a scan as pixels: layout, decompression, window, colour (DICOM PS3.3, C.7.6.3 and C.11).

use super::data_set::{DataSet, File, Value};
use super::{DicomError, TransferSyntax, codec, grey, palette, summary, tag};
use crate::pixels::Pixels;

/// How the samples of a picture lie (DICOM PS3.3, C.7.6.3).
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) rows: u16,
    pub(super) columns: u16,
    pub(super) samples: u16,
    pub(super) allocated: u16,
    pub(super) stored: u16,
    pub(super) high_bit: u16,
    pub(super) signed: bool,
    pub(super) planar: bool,
    pub(super) frames: u32,
    pub(super) photometric: Photometric,
}

/// What the samples mean (DICOM PS3.3, C.7.6.3.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Photometric {
    Monochrome1,
    Monochrome2,
    Palette,
    Rgb,
    YbrFull,
    YbrFull422,
    /// `YBR_ICT` and `YBR_RCT`: JPEG 2000 turns them back into RGB by itself.
    YbrJpeg2000,
}

/// The samples of one frame, before they mean anything.
pub(super) enum Samples {
    /// One value per pixel, as stored.
    Grey(Vec<f32>),
    /// Three values per pixel, interleaved.
    Colour { values: Vec<u8>, space: Photometric },
}

/// Draws the first frame with the window that the file asks for, or from its darkest to its brightest value.
///
/// Not applied: lookup tables in sequences, and windows that enhanced multi-frame objects keep in functional groups.
pub fn first_frame(bytes: &[u8]) -> Result<Pixels, DicomError> {
    let file = File::open(bytes)?;
    let data = file.data_set();
    if !summary::has_picture(&data) {
        let damaged = data.is_empty() || data.truncated;
        return Err(if damaged { DicomError::Damaged } else { DicomError::NoPicture });
    }
    let layout = Layout::read(&data)?;
    let samples = match data.value(tag::PIXEL_DATA) {
        Some(Value::Bytes(bytes)) => uncompressed(bytes, &layout, &data)?,
        Some(Value::Fragments(fragments)) => codec::decode(file.transfer_syntax, fragments, &layout, data.truncated)?,
        // Floating-point pixel data is for measurements, not for looking at.
        None => return Err(DicomError::PictureType),
    };
    let rgba = match samples {
        Samples::Grey(values) if layout.photometric == Photometric::Palette => palette::apply(&values, &data)?,
        Samples::Grey(values) => grey::apply(&values, &layout, &data),
        Samples::Colour { values, space } => colour(&values, space),
    };
    Pixels::new(u32::from(layout.columns), u32::from(layout.rows), rgba).ok_or(DicomError::Picture)
}

impl Layout {
    fn read(data: &DataSet<'_>) -> Result<Self, DicomError> {
        let required = |tag| data.unsigned_short(tag).ok_or(DicomError::Damaged);
        let photometric = match data.text(tag::PHOTOMETRIC_INTERPRETATION).as_deref() {
            Some("MONOCHROME1") => Photometric::Monochrome1,
            Some("MONOCHROME2") | None => Photometric::Monochrome2,
            Some("PALETTE COLOR") => Photometric::Palette,
            Some("RGB") => Photometric::Rgb,
            Some("YBR_FULL") => Photometric::YbrFull,
            Some("YBR_FULL_422") => Photometric::YbrFull422,
            Some("YBR_ICT" | "YBR_RCT") => Photometric::YbrJpeg2000,
            Some(_) => return Err(DicomError::PictureType),
        };
        let allocated = required(tag::BITS_ALLOCATED)?;
        let stored = data.unsigned_short(tag::BITS_STORED).unwrap_or(allocated);
        let high_bit = data.unsigned_short(tag::HIGH_BIT).unwrap_or(stored.saturating_sub(1));
        let layout = Self {
            rows: required(tag::ROWS)?,
            columns: required(tag::COLUMNS)?,
            samples: data.unsigned_short(tag::SAMPLES_PER_PIXEL).unwrap_or(1),
            allocated,
            stored,
            high_bit,
            signed: data.unsigned_short(tag::PIXEL_REPRESENTATION) == Some(1),
            planar: data.unsigned_short(tag::PLANAR_CONFIGURATION) == Some(1),
            frames: summary::frames(data),
            photometric,
        };
        layout.check()?;
        Ok(layout)
    }

    fn check(&self) -> Result<(), DicomError> {
        if self.rows == 0 || self.columns == 0 {
            return Err(DicomError::Damaged);
        }
        if !Pixels::allowed(u32::from(self.columns), u32::from(self.rows)) {
            return Err(DicomError::TooLarge);
        }
        let colour = self.is_colour();
        let expected_samples = if colour { 3 } else { 1 };
        let depth_known = matches!(self.allocated, 8 | 16) || (!colour && matches!(self.allocated, 1 | 32));
        if self.samples != expected_samples || !depth_known {
            return Err(DicomError::PictureType);
        }
        if self.stored == 0
            || self.stored > self.allocated
            || self.high_bit >= self.allocated
            || self.high_bit + 1 < self.stored
        {
            return Err(DicomError::Damaged);
        }
        Ok(())
    }

    pub(super) fn is_colour(&self) -> bool {
        !matches!(self.photometric, Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette)
    }

    /// How many pixels one frame has.
    pub(super) fn pixels(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns)
    }

    /// A stored value without the bits around it, with its sign (DICOM PS3.5, 8.1.1).
    pub(super) fn value(&self, word: u32) -> f32 {
        let width = u32::from(self.stored);
        let shifted = word >> (u32::from(self.high_bit) + 1 - width);
        let empty = 32 - width;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_wrap,
            reason = "256 greys are shown of it, and the sign bit is meant"
        )]
        if self.signed { ((shifted << empty) as i32 >> empty) as f32 } else { (shifted << empty >> empty) as f32 }
    }

    /// A colour sample of up to 16 bits as the 8 bits of the screen.
    pub(super) fn byte(&self, word: u16) -> u8 {
        let shift = self.high_bit.saturating_sub(7).min(8);
        u8::try_from(word >> shift & 0xFF).unwrap_or(u8::MAX)
    }
}

fn uncompressed(bytes: &[u8], layout: &Layout, data: &DataSet<'_>) -> Result<Samples, DicomError> {
    let pixels = layout.pixels();
    let halved = layout.photometric == Photometric::YbrFull422 && !layout.planar;
    let count = if halved { pixels.div_ceil(2) * 4 } else { pixels * usize::from(layout.samples) };
    let length = match layout.allocated {
        1 => count.div_ceil(8),
        bits => count * usize::from(bits / 8),
    };
    let frame = bytes.get(..length).ok_or(DicomError::Incomplete)?;
    if !layout.is_colour() {
        return Ok(Samples::Grey(grey_values(frame, layout, data.big_endian)));
    }
    let values: Vec<u8> = if layout.allocated == 16 {
        let (pairs, _) = frame.as_chunks::<2>();
        let read = if data.big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
        pairs.iter().map(|pair| layout.byte(read(*pair))).collect()
    } else {
        frame.to_vec()
    };
    let values = if halved {
        spread(&values, pixels)
    } else if layout.planar {
        interleave(&values, pixels)
    } else {
        values
    };
    Ok(Samples::Colour { values, space: layout.photometric })
}

fn grey_values(frame: &[u8], layout: &Layout, big_endian: bool) -> Vec<f32> {
    match layout.allocated {
        1 => {
            let bits = frame.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1));
            bits.take(layout.pixels()).map(f32::from).collect()
        }
        8 => frame.iter().map(|byte| layout.value(u32::from(*byte))).collect(),
        16 => {
            let read = if big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
            frame.as_chunks::<2>().0.iter().map(|pair| layout.value(u32::from(read(*pair)))).collect()
        }
        _ => {
            let read = if big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
            frame.as_chunks::<4>().0.iter().map(|word| layout.value(read(*word))).collect()
        }
    }
}

/// Two pixels share one pair of colour samples: `Y Y Cb Cr` (DICOM PS3.3, C.7.6.3.1.2).
fn spread(values: &[u8], pixels: usize) -> Vec<u8> {
    let (groups, _) = values.as_chunks::<4>();
    let mut full: Vec<u8> =
        groups.iter().flat_map(|[first, second, blue, red]| [*first, *blue, *red, *second, *blue, *red]).collect();
    full.truncate(pixels * 3);
    full
}

/// All reds, all greens, all blues become red, green, blue, red, ...
pub(super) fn interleave(values: &[u8], pixels: usize) -> Vec<u8> {
    let (first, rest) = values.split_at(pixels.min(values.len()));
    let (second, third) = rest.split_at(pixels.min(rest.len()));
    first.iter().zip(second).zip(third).flat_map(|((first, second), third)| [*first, *second, *third]).collect()
}

fn colour(values: &[u8], space: Photometric) -> Vec<u8> {
    let (triples, _) = values.as_chunks::<3>();
    match space {
        Photometric::YbrFull | Photometric::YbrFull422 => {
            triples.iter().flat_map(|[luminance, blue, red]| from_ybr(*luminance, *blue, *red)).collect()
        }
        _ => triples.iter().flat_map(|[red, green, blue]| [*red, *green, *blue, u8::MAX]).collect(),
    }
}

/// The equations of `YBR_FULL` (DICOM PS3.3, C.7.6.3.1.2), solved for red, green and blue.
fn from_ybr(luminance: u8, blue: u8, red: u8) -> [u8; 4] {
    let (luminance, blue, red) = (f32::from(luminance), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    [
        grey::to_byte(luminance + 1.402 * red),
        grey::to_byte(luminance - 0.344_136 * blue - 0.714_136 * red),
        grey::to_byte(luminance + 1.772 * blue),
        u8::MAX,
    ]
}

/// The transfer syntax, as an error that names it.
pub(super) fn cannot_show(syntax: TransferSyntax) -> DicomError {
    DicomError::Compression(syntax)
}

#[cfg(test)]
mod tests;
