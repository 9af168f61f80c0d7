//! Small sealed objects, `HBE1`.
//!
//! `"HBE1" ‖ suite (1) ‖ nonce (24) ‖ key commitment (32) ‖ ciphertext ‖ tag (16)`. Suite 1 is
//! XChaCha20-Poly1305. The additional data is the header (magic and suite) and SHA-256 of the context. Content is padded first.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::context::SealContext;
use crate::hazmat::aead;
use crate::padding::{pad, unpad};
use crate::{ContentKey, OpenError};

/// `"HBE1"` and suite 1.
const HEADER: &[u8; 5] = b"HBE1\x01";

/// Seals content under its own key, bound to a context.
pub fn seal_envelope(key: &ContentKey, context: &SealContext, content: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
    let sealed = aead::seal(key.expose(), &additional_data(context), &pad(content), rng);
    [&HEADER[..], &sealed].concat()
}

/// Opens an envelope for the context that the caller asked for.
pub fn open_envelope(
    key: &ContentKey,
    context: &SealContext,
    envelope: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let sealed = envelope.strip_prefix(HEADER).ok_or(OpenError)?;
    unpad(aead::open(key.expose(), &additional_data(context), sealed)?)
}

fn additional_data(context: &SealContext) -> Vec<u8> {
    [&HEADER[..], context.digest().as_bytes()].concat()
}
