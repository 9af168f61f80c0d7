//! XChaCha20-Poly1305 with a key commitment.
//!
//! Poly1305 alone lets someone who knows two keys craft one ciphertext that opens under both. Every box
//! here therefore begins with a commitment to its key, derived beside the encryption key and compared first.

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::kdf;
use crate::OpenError;

const NONCE: usize = 24;
const COMMITMENT: usize = 32;

/// `nonce ‖ commitment ‖ ciphertext ‖ tag`.
pub(crate) fn seal(key: &[u8; 32], aad: &[u8], plaintext: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
    let nonce: [u8; NONCE] = crate::make_bytes(rng);
    let (encryption, commitment) = split(key, &nonce);
    let cipher = XChaCha20Poly1305::new((&*encryption).into());
    let sealed = cipher.encrypt((&nonce).into(), Payload { msg: plaintext, aad });
    // The only error is a plaintext of over 256 GiB.
    let Ok(ciphertext) = sealed else { unreachable!("the plaintext is in memory") };
    [&nonce[..], &commitment, &ciphertext].concat()
}

/// Opens what [`seal`] made.
pub(crate) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(OpenError)?;
    let (claimed, ciphertext) = rest.split_first_chunk::<COMMITMENT>().ok_or(OpenError)?;
    let (encryption, commitment) = split(key, nonce);
    if !bool::from(commitment[..].ct_eq(&claimed[..])) {
        return Err(OpenError);
    }
    let cipher = XChaCha20Poly1305::new((&*encryption).into());
    cipher.decrypt(nonce.into(), Payload { msg: ciphertext, aad }).map(Zeroizing::new).map_err(|_| OpenError)
}

/// The encryption key and the commitment, both from the key and the nonce.
fn split(key: &[u8; 32], nonce: &[u8; NONCE]) -> (Zeroizing<[u8; 32]>, [u8; COMMITMENT]) {
    (kdf::derive(key, "box/key", nonce), *kdf::derive(key, "box/commitment", nonce))
}
