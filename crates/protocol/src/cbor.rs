//! Deterministic CBOR (RFC 8949 §4.2): one value has one encoding.

use minicbor::{Decode, Encode};

/// The bytes are not the one encoding of the value that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a well-formed message of this version")]
pub struct Malformed;

/// The encoding of a value. Writing to memory cannot fail.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    match minicbor::encode(value, &mut bytes) {
        Ok(()) => bytes,
        Err(error) => unreachable!("encoding into memory failed: {error}"),
    }
}

/// Decodes what must be exactly one value in its one encoding.
///
/// Long integers, indefinite lengths, unknown or repeated fields and trailing bytes all make the value's
/// own encoding differ from what was read, so that one comparison rejects them all.
pub fn decode<'b, T: Decode<'b, ()> + Encode<()>>(bytes: &'b [u8]) -> Result<T, Malformed> {
    let value = minicbor::decode(bytes).map_err(|_| Malformed)?;
    if encode(&value) == bytes { Ok(value) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Encode, Decode)]
    struct Pair(#[n(0)] u32, #[n(1)] Option<u32>);

    #[test]
    fn accepts_the_one_encoding() {
        assert_eq!(decode::<Pair>(&[0x82, 0x01, 0x02]), Ok(Pair(1, Some(2))));
        assert_eq!(decode::<Pair>(&[0x81, 0x01]), Ok(Pair(1, None)));
    }

    #[test]
    fn rejects_every_other_encoding() {
        for (why, bytes) in [
            ("trailing byte", &[0x82, 0x01, 0x02, 0x00][..]),
            ("long integer", &[0x82, 0x18, 0x01, 0x02]),
            ("indefinite array", &[0x9f, 0x01, 0x02, 0xff]),
            ("unknown field", &[0x83, 0x01, 0x02, 0x03]),
            ("null written out", &[0x82, 0x01, 0xf6]),
            ("cut", &[0x82, 0x01]),
            ("empty", &[]),
        ] {
            assert_eq!(decode::<Pair>(bytes), Err(Malformed), "{why}");
        }
    }
}
