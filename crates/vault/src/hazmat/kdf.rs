//! HKDF-SHA256 (RFC 5869) with one shape of label for everything.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// `HKDF-Expand(HKDF-Extract(∅, secret), "hb/v1/" ‖ label ‖ 0x00 ‖ context, 32)`.
pub(crate) fn derive(secret: &[u8], label: &str, context: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut output = Zeroizing::new([0; 32]);
    let expanded = Hkdf::<Sha256>::new(None, secret)
        .expand_multi_info(&[b"hb/v1/", label.as_bytes(), &[0], context], &mut *output);
    // The only error is an output of over 255 blocks.
    if expanded.is_err() {
        unreachable!("32 bytes are one block");
    }
    output
}
