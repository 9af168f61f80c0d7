//! Whether a small preview that came sealed from somebody else may be given to a browser, whose own decoder draws it.

/// The longest side of a preview that is shown, in pixels. The ones made here are far smaller.
const SIDE: u16 = 512;
/// The most bytes of one.
const BYTES: usize = 128 * 1024;

const START_OF_FRAME: u8 = 0xC0;
const START_OF_SCAN: u8 = 0xDA;

/// Whether these bytes begin like a small baseline JPEG, the one form in which previews are made. Whoever may write to
/// a vault could have put any picture in its place, and one that unpacks to more than a browser holds.
pub fn is_preview(bytes: &[u8]) -> bool {
    let is_short = |side: u16| (1..=SIDE).contains(&side);
    bytes.len() <= BYTES && size(bytes).is_some_and(|(width, height)| is_short(width) && is_short(height))
}

/// Width and height, if nothing stands before the picture but what it needs (ITU-T T.81, B.2).
fn size(bytes: &[u8]) -> Option<(u16, u16)> {
    let mut rest = bytes.strip_prefix(b"\xFF\xD8")?;
    let mut size = None;
    loop {
        let [start, marker, high, low] = *rest.first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..length + 2)?;
        match (start, marker) {
            (0xFF, START_OF_FRAME) if size.is_none() => size = Some(frame(segment)?),
            (0xFF, START_OF_SCAN) => return size,
            // Huffman and quantisation tables, the restart interval, applications' own, a comment.
            (0xFF, 0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE) => {}
            _ => return None,
        }
        rest = rest.get(length + 2..)?;
    }
}

/// Width and height of a frame with 8 bits a sample.
fn frame(segment: &[u8]) -> Option<(u16, u16)> {
    let [8, height_high, height_low, width_high, width_low] = *segment.first_chunk::<5>()? else { return None };
    Some((u16::from_be_bytes([width_high, width_low]), u16::from_be_bytes([height_high, height_low])))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The beginning of a JPEG, with what stands before its frame and behind it. The frame is its marker, height, width
    /// and number of components.
    fn jpeg(before: &[u8], frame: [u8; 6], behind: &[u8]) -> Vec<u8> {
        let [marker, size @ ..] = frame;
        [&b"\xFF\xD8"[..], before, &[0xFF, marker, 0, 8, 8], &size, behind, b"\xFF\xDA\0\x02"].concat()
    }

    #[test]
    fn a_small_baseline_jpeg_is_a_preview() {
        assert!(is_preview(&jpeg(b"", [0xC0, 0, 160, 0, 90, 3], b"")));
        assert!(is_preview(&jpeg(b"\xFF\xE0\0\x04ab\xFF\xDB\0\x02", [0xC0, 2, 0, 2, 0, 1], b"\xFF\xC4\0\x03x")));
    }

    #[test]
    fn anything_else_is_none() {
        let frame = [0xC0, 0, 160, 0, 90, 3];
        for (why, bytes) in [
            ("nothing", Vec::new()),
            ("a PNG", b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR".to_vec()),
            ("too wide", jpeg(b"", [0xC0, 0, 160, 2, 1, 3], b"")),
            ("too high", jpeg(b"", [0xC0, 0xFF, 0xFF, 0, 90, 3], b"")),
            ("without a height", jpeg(b"", [0xC0, 0, 0, 0, 90, 3], b"")),
            ("progressive", jpeg(b"", [0xC2, 0, 160, 0, 90, 3], b"")),
            ("two frames", jpeg(b"", frame, b"\xFF\xC0\0\x08\x08\xFF\xFF\xFF\xFF\x03")),
            ("a segment without a length", jpeg(b"\xFF\xE0\0\0", frame, b"")),
            ("a segment that is cut", jpeg(b"\xFF\xE0\xFF\xFF", frame, b"")),
            ("something else between", jpeg(b"\0\xE0\0\x02", frame, b"")),
            ("too long", jpeg(b"", frame, &[b"\xFF\xFE\xFF\xFF".to_vec(), vec![0; 0xFFFD]].concat().repeat(2))),
        ] {
            assert!(!is_preview(&bytes), "{why}");
        }
    }
}
