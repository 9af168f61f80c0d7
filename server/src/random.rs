//! Randomness as an argument.

use std::fmt;

use opaque_ke::rand::{CryptoRng, Error, RngCore};

/// A source of bytes that nobody can guess.
pub trait Random: fmt::Debug + Send + Sync {
    /// Fills the slice.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// Draws an array.
    pub fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the operating system for randomness"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness nothing here can go on safely; the request that needed it ends.
        if let Err(error) = getrandom::fill(bytes) {
            unreachable!("the operating system gives no randomness: {error}");
        }
    }
}

/// The form in which `opaque-ke` takes it.
pub(crate) struct ForOpaque<'a>(pub(crate) &'a dyn Random);

impl RngCore for ForOpaque<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.draw())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.draw())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl CryptoRng for ForOpaque<'_> {}
