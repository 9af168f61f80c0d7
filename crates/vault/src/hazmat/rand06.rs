//! Lends the caller's generator to `opaque-ke`, which speaks the previous generation's traits.

use opaque_ke::rand::{CryptoRng, Error, RngCore};

/// A generator, under its old name.
pub(crate) struct Rand06<'a>(pub &'a mut dyn rand_core::CryptoRng);

impl RngCore for Rand06<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Rand06<'_> {}
