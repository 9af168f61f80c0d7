//! Every message has one encoding, and no bytes make a decoder panic.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the other test looks at the rest of them")]
mod samples;

use proptest::prelude::*;
use protocol::account::AccountEntry;
use protocol::api::{
    AccountState, Append, Appended, BlobCreate, BlobStatus, DeviceWrap, Find, LogPage, PasswordFinish, Person,
    RecoveryFinish, SharedVault, SignInFinish, SignInStart, SignUpFinish, SignUpStart, SignedIn, SignedInWith,
    StoredChunk,
};
use protocol::entry::Entry;
use protocol::id::AttemptId;
use protocol::signature::Signed;
use protocol::{ApiError, Digest, cbor};
use samples::entries;

/// Whatever decodes must encode to the very bytes that were read.
fn one_encoding<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>>(bytes: &[u8]) {
    if let Ok(value) = cbor::decode::<T>(bytes) {
        assert_eq!(cbor::encode(&value), bytes);
    }
}

fn try_all(bytes: &[u8]) {
    one_encoding::<Signed<Entry>>(bytes);
    one_encoding::<Signed<AccountEntry>>(bytes);
    one_encoding::<Entry>(bytes);
    one_encoding::<AccountEntry>(bytes);
    one_encoding::<Append>(bytes);
    one_encoding::<Appended>(bytes);
    one_encoding::<LogPage>(bytes);
    one_encoding::<Vec<SharedVault>>(bytes);
    one_encoding::<BlobCreate>(bytes);
    one_encoding::<BlobStatus>(bytes);
    one_encoding::<SignUpStart>(bytes);
    one_encoding::<SignUpFinish>(bytes);
    one_encoding::<SignInStart>(bytes);
    one_encoding::<SignInFinish>(bytes);
    one_encoding::<RecoveryFinish>(bytes);
    one_encoding::<PasswordFinish>(bytes);
    one_encoding::<SignedIn>(bytes);
    one_encoding::<SignedInWith>(bytes);
    one_encoding::<AccountState>(bytes);
    one_encoding::<DeviceWrap>(bytes);
    one_encoding::<Find>(bytes);
    one_encoding::<Person>(bytes);
    one_encoding::<ApiError>(bytes);
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        try_all(&bytes);
    }

    #[test]
    fn an_entry_with_a_changed_byte_is_another_entry_or_none(entry in entries(), place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = cbor::encode(&entry);
        let place = place.index(bytes.len());
        bytes[place] ^= 1_u8 << bit;
        try_all(&bytes);
        prop_assert_ne!(cbor::decode::<Entry>(&bytes).ok(), Some(entry));
    }

    #[test]
    fn entries_round_trip(entry in entries()) {
        prop_assert_eq!(cbor::decode::<Entry>(&cbor::encode(&entry)), Ok(entry));
    }

    #[test]
    fn ids_round_trip_as_text(bytes in any::<[u8; 16]>()) {
        let id = AttemptId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn stored_chunks_round_trip(length in any::<u64>(), numbers in prop::collection::vec(any::<u32>(), 0..20)) {
        let stored = numbers.into_iter().map(|number| StoredChunk { number, digest: Digest::of(&number.to_le_bytes()) }).collect();
        let status = BlobStatus { length, stored };
        prop_assert_eq!(cbor::decode::<BlobStatus>(&cbor::encode(&status)), Ok(status));
    }
}
