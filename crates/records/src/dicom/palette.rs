//! Colours by number: the lookup tables of PALETTE COLOR pictures (DICOM PS3.3, C.7.6.3.1.5 and 6).

use super::DicomError;
use super::data_set::DataSet;
use super::tag;

struct Table {
    first: f32,
    entries: Vec<u8>,
}

pub(super) fn apply(values: &[f32], data: &DataSet<'_>) -> Result<Vec<u8>, DicomError> {
    let red = Table::read(data, tag::RED_PALETTE_DESCRIPTOR, tag::RED_PALETTE)?;
    let green = Table::read(data, tag::GREEN_PALETTE_DESCRIPTOR, tag::GREEN_PALETTE)?;
    let blue = Table::read(data, tag::BLUE_PALETTE_DESCRIPTOR, tag::BLUE_PALETTE)?;
    Ok(values.iter().flat_map(|value| [red.at(*value), green.at(*value), blue.at(*value), u8::MAX]).collect())
}

impl Table {
    fn read(data: &DataSet<'_>, descriptor: u32, entries: u32) -> Result<Self, DicomError> {
        let mut descriptor = data.unsigned_shorts(descriptor);
        let (Some(count), Some(first), Some(bits)) = (descriptor.next(), descriptor.next(), descriptor.next()) else {
            return Err(DicomError::PictureType);
        };
        // Sixteen bits cannot say 65,536, so zero does.
        let count = if count == 0 { 65_536 } else { usize::from(count) };
        let bytes = data.bytes(entries).ok_or(DicomError::PictureType)?;
        let entries: Vec<u8> = if bits == 8 && bytes.len() < count * 2 {
            bytes.iter().take(count).copied().collect()
        } else {
            // Many files say 16 bits and fill only the lower 8.
            let words: Vec<u16> = data.unsigned_shorts(entries).take(count).collect();
            let shift = if words.iter().all(|word| *word <= 0xFF) { 0 } else { 8 };
            words.iter().map(|word| u8::try_from(word >> shift & 0xFF).unwrap_or(u8::MAX)).collect()
        };
        if entries.is_empty() {
            return Err(DicomError::Damaged);
        }
        let signed = data.unsigned_short(tag::PIXEL_REPRESENTATION) == Some(1);
        let first = if signed { f32::from(first.cast_signed()) } else { f32::from(first) };
        Ok(Self { first, entries })
    }

    /// Values before the table show its first entry, values behind it the last.
    fn at(&self, value: f32) -> u8 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float turns into the nearest index that exists"
        )]
        let index = (value - self.first).max(0.0) as usize;
        self.entries.get(index).or(self.entries.last()).copied().unwrap_or(0)
    }
}
