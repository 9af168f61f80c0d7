//! Every message of the vault protocol: whatever decodes must encode to the bytes that were read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::api::*;
use protocol::{ApiError, cbor};

fn one_encoding<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>>(bytes: &[u8]) {
    if let Ok(value) = cbor::decode::<T>(bytes) {
        assert_eq!(cbor::encode(&value), bytes);
    }
}

fuzz_target!(|bytes: &[u8]| {
    one_encoding::<Append>(bytes);
    one_encoding::<Appended>(bytes);
    one_encoding::<LogPage>(bytes);
    one_encoding::<Vec<SharedVault>>(bytes);
    one_encoding::<Restored>(bytes);
    one_encoding::<BlobCreate>(bytes);
    one_encoding::<BlobStatus>(bytes);
    one_encoding::<SignUpStart>(bytes);
    one_encoding::<SignUpStarted>(bytes);
    one_encoding::<SignUpFinish>(bytes);
    one_encoding::<SignInStart>(bytes);
    one_encoding::<SignInStarted>(bytes);
    one_encoding::<SignInFinish>(bytes);
    one_encoding::<RecoveryStart>(bytes);
    one_encoding::<RecoveryStarted>(bytes);
    one_encoding::<RecoveryFinish>(bytes);
    one_encoding::<PasswordStart>(bytes);
    one_encoding::<PasswordStarted>(bytes);
    one_encoding::<PasswordFinish>(bytes);
    one_encoding::<SignedInWith>(bytes);
    one_encoding::<AccountState>(bytes);
    one_encoding::<DeviceWrap>(bytes);
    one_encoding::<Find>(bytes);
    one_encoding::<Person>(bytes);
    one_encoding::<ApiError>(bytes);
});
