//! The OPAQUE configuration (RFC 9807) that both sides must agree on.

/// `OPAQUE-3DH` over ristretto255 with SHA-512 and Argon2id. The client sets Argon2's cost itself, at a
/// floor that no server can lower; the server never runs it.
#[derive(Debug)]
pub struct Suite;

impl opaque_ke::CipherSuite for Suite {
    type OprfCs = opaque_ke::Ristretto255;
    type KeyExchange = opaque_ke::TripleDh<opaque_ke::Ristretto255, sha2_of_opaque::Sha512>;
    type Ksf = opaque_ke::argon2::Argon2<'static>;
}

/// Binds every OPAQUE exchange to this product and version.
pub const CONTEXT: &[u8] = b"hb/v1/opaque";
