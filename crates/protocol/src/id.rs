//! Random 128-bit identifiers. They say nothing about what they name.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

/// The text is not the lower-case hexadecimal form of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected lower-case hexadecimal digits")]
pub struct NotAnId;

/// Reads exactly `2 * N` lower-case hexadecimal digits.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], NotAnId> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(NotAnId),
    };
    if text.len() != 2 * N {
        return Err(NotAnId);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let &[high, low] = pair else { return Err(NotAnId) };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Ok(bytes)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

        impl $name {
            /// An id of 16 random bytes that the caller drew.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                from_hex(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// An account: one person who signs in.
    AccountId
    /// A vault: one patient's log and blobs.
    VaultId
    /// A record: one document, image or other item, through all its revisions.
    RecordId
    /// A category or area of one vault. The server knows the id; what it stands for is sealed.
    ScopeId
    /// A grant: who may do what with which scope, until when.
    GrantId
    /// A blob: the chunks of one sealed part.
    BlobId
    /// An attempt to sign in or to recover, between its two messages.
    AttemptId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let id = RecordId::from_bytes(*b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff");
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn only_the_canonical_text_is_an_id() {
        for text in [
            "",
            "00",
            "000102030405060708090A0B0C0D0EFF",
            "000102030405060708090a0b0c0d0ef",
            "000102030405060708090a0b0c0d0e f",
        ] {
            assert_eq!(text.parse::<RecordId>(), Err(NotAnId), "{text:?}");
        }
    }
}
