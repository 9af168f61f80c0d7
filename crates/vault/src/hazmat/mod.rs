//! Raw primitives. Nothing here is safe to use without the layer above it, so nothing here leaves the crate.

pub(crate) mod aead;
pub(crate) mod kdf;
pub(crate) mod rand06;
