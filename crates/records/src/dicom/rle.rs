//! RLE Lossless: byte planes in `PackBits` (DICOM PS3.5, G).

use super::DicomError;
use super::frame::{Layout, Samples, interleave};

const HEADER: usize = 64;

pub(super) fn decode(fragment: &[u8], layout: &Layout) -> Result<Samples, DicomError> {
    let planes_per_sample = match layout.allocated {
        8 => 1,
        16 => 2,
        32 => 4,
        _ => return Err(DicomError::PictureType),
    };
    let planes = segments(fragment, planes_per_sample * usize::from(layout.samples), layout.pixels())?;
    let samples: Vec<Vec<u32>> = planes.chunks(planes_per_sample).map(|planes| join(planes, layout.pixels())).collect();
    match samples.as_slice() {
        [grey] => Ok(Samples::Grey(grey.iter().map(|word| layout.value(*word)).collect())),
        several => {
            let bytes: Vec<u8> =
                several.iter().flatten().map(|word| layout.byte(u16::try_from(*word).unwrap_or(u16::MAX))).collect();
            Ok(Samples::Colour { values: interleave(&bytes, layout.pixels()), space: layout.photometric })
        }
    }
}

/// The byte planes, the most significant of each sample first. They are counted before any is unpacked.
fn segments(fragment: &[u8], expected: usize, pixels: usize) -> Result<Vec<Vec<u8>>, DicomError> {
    let (header, _) = fragment.get(..HEADER).ok_or(DicomError::Incomplete)?.as_chunks::<4>();
    let mut numbers = header.iter().map(|word| usize::try_from(u32::from_le_bytes(*word)).unwrap_or(usize::MAX));
    let count = numbers.next().filter(|count| *count == expected).ok_or(DicomError::Picture)?;
    let offsets: Vec<usize> = numbers.take(count).collect();
    let ends = offsets.iter().skip(1).copied().chain([fragment.len()]);
    offsets
        .iter()
        .zip(ends)
        .map(|(start, end)| unpack(fragment.get(*start..end).ok_or(DicomError::Picture)?, pixels))
        .collect()
}

fn join(planes: &[Vec<u8>], pixels: usize) -> Vec<u32> {
    let mut words = vec![0_u32; pixels];
    for plane in planes {
        for (word, byte) in words.iter_mut().zip(plane) {
            *word = *word << 8 | u32::from(*byte);
        }
    }
    words
}

/// `PackBits`, up to the size of a plane and never beyond (DICOM PS3.5, G.3.2).
fn unpack(mut packed: &[u8], size: usize) -> Result<Vec<u8>, DicomError> {
    // Two bytes never become more than 128: a small file that promises a large picture takes no memory.
    if packed.len().div_ceil(2).saturating_mul(128) < size {
        return Err(DicomError::Incomplete);
    }
    let mut plane = Vec::with_capacity(size);
    while plane.len() < size {
        let Some((control, rest)) = packed.split_first() else {
            return Err(DicomError::Incomplete);
        };
        packed = rest;
        let room = size - plane.len();
        match *control {
            length @ 0..=127 => {
                let length = usize::from(length) + 1;
                let literal = packed.get(..length).ok_or(DicomError::Incomplete)?;
                plane.extend(literal.iter().take(room));
                packed = packed.get(length..).unwrap_or_default();
            }
            128 => {}
            length => {
                let (value, rest) = packed.split_first().ok_or(DicomError::Incomplete)?;
                packed = rest;
                plane.extend(std::iter::repeat_n(*value, (257 - usize::from(length)).min(room)));
            }
        }
    }
    Ok(plane)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn runs_and_literals_are_unpacked_and_held_to_the_size() {
        assert_eq!(unpack(&[2, 1, 2, 3, 254, 9, 128], 6), Ok(vec![1, 2, 3, 9, 9, 9]));
        assert_eq!(unpack(&[129, 7], 5), Ok(vec![7; 5]));
        assert_eq!(unpack(&[2, 1], 3), Err(DicomError::Incomplete));
        assert_eq!(unpack(&[], 1), Err(DicomError::Incomplete));
    }

    #[test]
    fn only_as_many_planes_are_unpacked_as_the_picture_has() {
        let fragment = |planes: u8| {
            let mut fragment = vec![0; HEADER];
            fragment[0] = planes;
            for plane in 0..usize::from(planes) {
                fragment[4 + 4 * plane] = u8::try_from(HEADER + 2 * plane).unwrap();
            }
            fragment.extend([254, 9].repeat(usize::from(planes)));
            fragment
        };
        assert_eq!(segments(&fragment(1), 1, 3), Ok(vec![vec![9; 3]]));
        assert_eq!(segments(&fragment(12), 12, 3).map(|planes| planes.len()), Ok(12));
        assert_eq!(segments(&fragment(12), 1, 3), Err(DicomError::Picture));
        assert_eq!(segments(&fragment(1), 3, 3), Err(DicomError::Picture));
    }
}
