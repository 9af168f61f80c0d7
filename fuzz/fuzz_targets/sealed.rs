//! Envelopes, wrapped keys, file headers, sealed grants and recovery codes: garbage never opens and never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{AccountId, VaultId};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vault::envelope::open_envelope;
use vault::floe::{Native, Opener};
use vault::recipient::EncryptionKey;
use vault::recovery::RecoveryCode;
use vault::{AccountMasterKey, ContentKey, KeyContext, SealContext};

fuzz_target!(|bytes: &[u8]| {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let context = SealContext::Keyring(AccountId::from_bytes([1; 16]));
    let key = ContentKey::make(rng);
    assert!(open_envelope(&key, &context, bytes).is_err());
    let vault = KeyContext::Vault(VaultId::from_bytes([1; 16]), 0);
    assert!(AccountMasterKey::make(rng).unwrap_vault_key(&vault, bytes).is_err());
    assert!(EncryptionKey::make(rng).open_seed(&context, bytes).is_err());
    assert!(Opener::start(Native, &key, &context, bytes, bytes.len() as u64).is_err());
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = RecoveryCode::parse(text);
    }
});
