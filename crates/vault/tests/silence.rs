//! No secret speaks in `Debug`.

use protocol::AccountId;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vault::account::AccountKeys;
use vault::floe::SegmentKey;
use vault::password::{Password, Registration, SignIn};
use vault::recipient::EncryptionKey;
use vault::recovery::RecoveryCode;
use vault::signing::IdentityKey;
use vault::{AccountMasterKey, ContentKey, KeyEncryptionKey, RecordKey, ScopeSeed, VaultKey};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn secrets_are_silent() {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let said = [
        format!("{:?}", KeyEncryptionKey::make(rng)),
        format!("{:?}", AccountMasterKey::make(rng)),
        format!("{:?}", VaultKey::make(rng)),
        format!("{:?}", ScopeSeed::make(rng)),
        format!("{:?}", RecordKey::make(rng)),
        format!("{:?}", ContentKey::make(rng)),
        format!("{:?}", SegmentKey::make(rng)),
        format!("{:?}", IdentityKey::make(rng)),
        format!("{:?}", EncryptionKey::make(rng)),
        format!("{:?}", RecoveryCode::make_code(rng)),
        format!("{:?}", Password::new("correct horse")),
        format!("{:?}", Registration::start(Password::new("correct horse"), rng).unwrap().0),
        format!("{:?}", SignIn::start(Password::new("correct horse"), rng).unwrap().0),
        format!("{:?}", AccountKeys::make(AccountId::from_bytes([1; 16]), rng).unwrap().0),
    ];
    assert_eq!(
        said.join("\n"),
        "KeyEncryptionKey(secret)\n\
         AccountMasterKey(secret)\n\
         VaultKey(secret)\n\
         ScopeSeed(secret)\n\
         RecordKey(secret)\n\
         ContentKey(secret)\n\
         SegmentKey(secret)\n\
         IdentityKey(secret)\n\
         EncryptionKey(secret)\n\
         RecoveryCode(secret)\n\
         Password(secret)\n\
         Registration(secret)\n\
         SignIn(secret)\n\
         AccountKeys { account: AccountId(01010101010101010101010101010101), identity: IdentityKey(secret), \
         encryption: [EncryptionKey(secret)] }"
    );
}
