//! Padding, so that a ciphertext's length says little about what is in it.

use zeroize::Zeroizing;

use crate::OpenError;

/// The least padded length of a small object.
const FLOOR: u64 = 64;

/// The length that a content of `length` bytes is padded to: Padmé (Nikitin et al., "Reducing Metadata Leakage
/// from Encrypted Files and Communication with PURBs", 2019). It adds at most 12 %, and less the longer the
/// content is.
pub fn padme(length: u64) -> u64 {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1_u64 << (exponent.saturating_sub(kept))) - 1;
    length.saturating_add(mask) & !mask
}

/// Appends `0x80` and zeros (ISO/IEC 7816-4) up to the padded length.
pub(crate) fn pad(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = usize::try_from(padme(content.len() as u64 + 1).max(FLOOR)).unwrap_or(usize::MAX);
    // Allocated once, so that no copy is left behind unerased.
    let mut padded = Zeroizing::new(vec![0; length]);
    for (to, from) in padded.iter_mut().zip(content.iter().chain(&[0x80])) {
        *to = *from;
    }
    padded
}

/// Takes the padding away.
pub(crate) fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(OpenError)?;
    if padded.get(end) != Some(&0x80) {
        return Err(OpenError);
    }
    padded.truncate(end);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn padme_follows_the_paper() {
        for (length, padded) in
            [(0, 0), (1, 1), (2, 2), (9, 10), (100, 104), (1_000, 1_024), (1_000_000, 1_015_808), (2 << 30, 2 << 30)]
        {
            assert_eq!(padme(length), padded, "{length}");
        }
        for length in 1..100_000 {
            let padded = padme(length);
            assert!(padded >= length && padded * 100 <= length * 112, "{length} -> {padded}");
        }
    }

    #[test]
    fn padding_comes_off_again() {
        for length in [0, 1, 62, 63, 64, 65, 1000] {
            let content = vec![0; length];
            let padded = pad(&content);
            assert!(padded.len() >= 64 && padded.len() as u64 == padme(length as u64 + 1).max(64), "{length}");
            assert_eq!(unpad(padded).unwrap().as_slice(), content, "{length}");
        }
        assert!(unpad(Zeroizing::new(vec![0; 64])).is_err());
        assert!(unpad(Zeroizing::new(vec![])).is_err());
        assert!(unpad(Zeroizing::new(vec![1, 0])).is_err());
    }
}
