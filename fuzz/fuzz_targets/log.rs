//! Signed entries and account chains from a server that answers anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::account::AccountEntry;
use protocol::entry::Entry;
use protocol::ledger::{Ledger, Reach};
use protocol::signature::Signed;
use protocol::{Account, AccountId, PublicKey, VaultId};

fuzz_target!(|bytes: &[u8]| {
    let (vault, owner) = (VaultId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
    if let Ok(signed) = Signed::<Entry>::from_bytes(bytes) {
        for reach in [Reach::Full, Reach::Partial] {
            let mut ledger = Ledger::new(vault, owner, PublicKey::from_bytes([3; 32]), reach);
            assert!(ledger.apply(&signed).is_err(), "an entry was believed without the owner's key");
        }
    }
    if let Ok(step) = Signed::<AccountEntry>::from_bytes(bytes) {
        let _ = Account::from_chain(step.signer(), &[step]);
    }
});
