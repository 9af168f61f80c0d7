//! Every sealed object opens in its own context with its own key, and nowhere else.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use protocol::api::Restored;
use protocol::entry::{Origin, PartKind};
use protocol::{AccountId, GrantId, GrantScope, Minute, PublicKey, RecordId, ScopeId, VaultId, cbor};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vault::account::{AccountKeys, AccountMemory, KnownRestore, Losses, Pin};
use vault::envelope::{open_envelope, seal_envelope};
use vault::{
    AccountMasterKey, ContentKey, KeyContext, OpenError, RecordKey, ScopeSeed, SealContext, VaultKey, VerifiedRecipient,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn part(vault: u8, record: u8, revision: u32, part: PartKind, generation: u32, author: u8) -> SealContext {
    SealContext::Part {
        vault: VaultId::from_bytes([vault; 16]),
        record: RecordId::from_bytes([record; 16]),
        part,
        origin: Origin { revision, generation, author: AccountId::from_bytes([author; 16]) },
    }
}

/// Vault, record, revision, field, key epoch and author, each in two values.
fn contexts() -> Vec<SealContext> {
    let mut all = Vec::new();
    for bits in 0..64_u8 {
        let bit = |place: u8| bits >> place & 1;
        let kind = if bit(3) == 0 { PartKind::Data } else { PartKind::File };
        all.push(part(bit(0), bit(1), bit(2).into(), kind, bit(4).into(), bit(5)));
    }
    all
}

#[test]
fn an_envelope_opens_only_on_the_diagonal_of_contexts() {
    let key = ContentKey::make(&mut rng(1));
    for (row, sealed_for) in contexts().iter().enumerate() {
        let envelope = seal_envelope(&key, sealed_for, b"4.2 mmol/L", &mut rng(2));
        for (column, opened_for) in contexts().iter().enumerate() {
            let opened = open_envelope(&key, opened_for, &envelope);
            assert_eq!(opened.is_ok(), row == column, "sealed for {sealed_for:?}, opened for {opened_for:?}");
        }
    }
}

#[test]
fn an_envelope_opens_only_with_its_key_and_hides_its_length() {
    let (key, other) = (ContentKey::make(&mut rng(1)), ContentKey::make(&mut rng(2)));
    let context = part(1, 2, 3, PartKind::Data, 4, 5);
    let lengths: Vec<usize> =
        [0, 1, 10, 63].map(|length| seal_envelope(&key, &context, &vec![9; length], &mut rng(3)).len()).into();
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
    let envelope = seal_envelope(&key, &context, b"content", &mut rng(3));
    assert_eq!(open_envelope(&key, &context, &envelope).unwrap().as_slice(), b"content");
    assert_eq!(open_envelope(&other, &context, &envelope), Err(OpenError));
}

/// The version and the part are part of what is sealed, also where nothing outside would show that they are not right.
#[test]
fn an_envelope_of_a_lower_version_or_of_another_part_does_not_open() {
    let key = ContentKey::make(&mut rng(1));
    let of = |kind: PartKind| part(1, 2, 3, kind, 4, 5);
    let kinds = [PartKind::Data, PartKind::File, PartKind::Thumbnail, PartKind::Text];
    for sealed_for in kinds {
        let envelope = seal_envelope(&key, &of(sealed_for), b"4.2 mmol/L", &mut rng(2));
        assert_eq!(envelope[..5], *b"HBE1\x01");
        let mut lower = envelope.clone();
        lower[4] = 0;
        assert_eq!(open_envelope(&key, &of(sealed_for), &lower), Err(OpenError), "{sealed_for:?}");
        for opened_for in kinds.into_iter().filter(|kind| *kind != sealed_for) {
            let opened = open_envelope(&key, &of(opened_for), &envelope);
            assert_eq!(opened, Err(OpenError), "sealed for {sealed_for:?}, opened for {opened_for:?}");
        }
        assert_eq!(open_envelope(&key, &of(sealed_for), &envelope).unwrap().as_slice(), b"4.2 mmol/L");
    }
}

/// Tries every single-byte change, every cut and an added byte.
fn assert_brittle(name: &str, sealed: &[u8], opens: impl Fn(&[u8]) -> bool) {
    assert!(opens(sealed), "{name} does not open at all");
    for place in 0..sealed.len() {
        let mut altered = sealed.to_vec();
        altered[place] ^= 1 << (place % 8);
        assert!(!opens(&altered), "{name} opens with byte {place} changed");
        assert!(!opens(&sealed[..place]), "{name} opens when cut to {place} bytes");
    }
    assert!(!opens(&[sealed, &[0]].concat()), "{name} opens with a byte added");
}

#[test]
fn every_changed_byte_of_every_object_is_caught() {
    let (account, vault) = (AccountId::from_bytes([1; 16]), VaultId::from_bytes([2; 16]));
    let (scope, record) = (ScopeId::from_bytes([3; 16]), RecordId::from_bytes([4; 16]));
    let rng = &mut rng(7);

    let content = ContentKey::make(rng);
    let context = part(1, 2, 3, PartKind::Data, 4, 5);
    let envelope = seal_envelope(&content, &context, b"content", rng);
    assert_brittle("an envelope", &envelope, |bytes| open_envelope(&content, &context, bytes).is_ok());

    let (master, vault_key, seed, record_key) =
        (AccountMasterKey::make(rng), VaultKey::make(rng), ScopeSeed::make(rng), RecordKey::make(rng));
    let context = KeyContext::Vault(vault, 0);
    let wrapped = master.wrap_vault_key(&context, &vault_key, rng);
    assert_brittle("a vault key", &wrapped, |bytes| master.unwrap_vault_key(&context, bytes).is_ok());
    let context = KeyContext::Scope(vault, scope, 0);
    let wrapped = vault_key.wrap_seed(&context, &seed, rng);
    assert_brittle("a category seed", &wrapped, |bytes| vault_key.unwrap_seed(&context, bytes).is_ok());
    let context = KeyContext::Record { vault, record, generation: 0, scope, epoch: 0 };
    let wrapped = seed.wrap_record_key(&context, &record_key, rng);
    assert_brittle("a record key", &wrapped, |bytes| seed.unwrap_record_key(&context, bytes).is_ok());

    let (keys, genesis) = AccountKeys::make(account, rng).unwrap();
    let chain = protocol::Account::from_chain(account, &[genesis]).unwrap();
    let keyring = keys.seal(&master, rng);
    assert_brittle("a keyring", &keyring, |bytes| AccountKeys::open(&master, &chain, bytes).is_ok());
    let memory = AccountMemory { pins: vec![Pin::of(&chain)], heads: vec![] };
    let sealed = memory.seal(&master, account, 3, rng);
    assert_brittle("an account's memory", &sealed, |bytes| AccountMemory::open(&master, account, 3, bytes).is_ok());
    assert_eq!(AccountMemory::open(&master, account, 2, &sealed), Err(OpenError), "an older version is not this one");

    let recipient = VerifiedRecipient::verify(&chain, chain.identity()).unwrap();
    let context = SealContext::Grant {
        vault,
        grant: GrantId::from_bytes([5; 16]),
        recipient: account,
        encryption_generation: 0,
        scope: GrantScope::Record(record),
        epoch: 0,
    };
    let sealed = recipient.seal_record_key(&context, &record_key, rng).unwrap();
    let own = keys.encryption(0).unwrap();
    assert_eq!(own.open_record_key(&context, &sealed).unwrap(), record_key);
    assert_brittle("a sealed record key", &sealed, |bytes| own.open_record_key(&context, bytes).is_ok());
}

#[test]
fn wrapped_keys_stay_in_their_place() {
    let rng = &mut rng(9);
    let (vault, other) = (VaultId::from_bytes([1; 16]), VaultId::from_bytes([2; 16]));
    let scope = ScopeId::from_bytes([3; 16]);
    let (key, seed) = (VaultKey::make(rng), ScopeSeed::make(rng));
    let wrapped = key.wrap_seed(&KeyContext::Scope(vault, scope, 1), &seed, rng);
    assert_eq!(key.unwrap_seed(&KeyContext::Scope(vault, scope, 1), &wrapped), Ok(seed));
    for elsewhere in [
        KeyContext::Scope(other, scope, 1),
        KeyContext::Scope(vault, ScopeId::from_bytes([4; 16]), 1),
        KeyContext::Scope(vault, scope, 2),
        KeyContext::ScopePrevious(vault, scope, 1),
    ] {
        assert_eq!(key.unwrap_seed(&elsewhere, &wrapped), Err(OpenError), "{elsewhere:?}");
    }
    // The same bytes under the same key in another role are not that role's key.
    assert_eq!(key.unwrap_previous(&KeyContext::Scope(vault, scope, 1), &wrapped), Err(OpenError));
}

#[test]
fn a_sealed_key_opens_for_its_recipient_and_grant_alone() {
    let rng = &mut rng(11);
    let (one, two) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
    let (keys, genesis) = AccountKeys::make(one, rng).unwrap();
    let (stranger, _) = AccountKeys::make(two, rng).unwrap();
    let chain = protocol::Account::from_chain(one, &[genesis]).unwrap();
    let recipient = VerifiedRecipient::verify(&chain, chain.identity()).unwrap();
    let grant = |grant: u8, recipient, epoch| SealContext::Grant {
        vault: VaultId::from_bytes([3; 16]),
        grant: GrantId::from_bytes([grant; 16]),
        recipient,
        encryption_generation: 0,
        scope: GrantScope::Vault,
        epoch,
    };
    let seed = ScopeSeed::make(rng);
    let sealed = recipient.seal_seed(&grant(4, one, 0), &seed, rng).unwrap();
    let own = keys.encryption(0).unwrap();
    assert_eq!(own.open_seed(&grant(4, one, 0), &sealed), Ok(seed));
    for context in [grant(5, one, 0), grant(4, two, 0), grant(4, one, 1)] {
        assert_eq!(own.open_seed(&context, &sealed), Err(OpenError), "{context:?}");
    }
    assert_eq!(stranger.encryption(0).unwrap().open_seed(&grant(4, one, 0), &sealed), Err(OpenError));
}

#[test]
fn nothing_is_sealed_to_an_identity_that_is_not_the_pinned_one() {
    let rng = &mut rng(12);
    let account = AccountId::from_bytes([1; 16]);
    let (_, genesis) = AccountKeys::make(account, rng).unwrap();
    let (swapped, _) = AccountKeys::make(account, rng).unwrap();
    let chain = protocol::Account::from_chain(account, &[genesis]).unwrap();
    assert_eq!(
        VerifiedRecipient::verify(&chain, &swapped.identity.public()),
        Err(vault::recipient::Untrusted::Changed)
    );
}

/// What was sealed before steps were counted and addresses noted still opens, and is the same bytes again.
#[test]
fn an_older_memory_still_opens() {
    let account = AccountId::from_bytes([1; 16]);
    let (identity, verified) = (PublicKey::from_bytes([7; 32]), Some(Minute(300)));
    let one = |bytes: &[u8]| [&[0x82, 0x50][..], &[1; 16], &[0x58, 0x20], &[7; 32], bytes].concat();
    let pinned = [&[0x82, 0x81][..], &one(&[]), &[0x80]].concat();
    let mut compared = [&[0x82, 0x81][..], &one(&[0x19, 0x01, 0x2c]), &[0x80]].concat();
    compared[2] = 0x83;
    for (bytes, verified) in [(pinned, None), (compared, verified)] {
        let memory: AccountMemory = cbor::decode(&bytes).unwrap();
        assert_eq!(
            memory.pin(account),
            Some(&Pin { account, identity, verified, steps: None, address: None, address_verified: None })
        );
        assert_eq!(cbor::encode(&memory), bytes);
    }
}

#[test]
fn a_pin_admits_what_goes_on_from_it_at_its_own_address() {
    const ADDRESS: Option<&str> = Some("ito@example.org");
    let rng = &mut rng(15);
    let (ito, mallory) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
    let (mut keys, first) = AccountKeys::make(ito, rng).unwrap();
    let old = protocol::Account::from_chain(ito, std::slice::from_ref(&first)).unwrap();
    let step = keys.rotate_encryption(&old, rng).unwrap();
    let new = protocol::Account::from_chain(ito, &[first, step]).unwrap();
    let (_, swapped) = AccountKeys::make(ito, rng).unwrap();
    let swapped = protocol::Account::from_chain(ito, &[swapped]).unwrap();
    let (_, other) = AccountKeys::make(mallory, rng).unwrap();
    let other = protocol::Account::from_chain(mallory, &[other]).unwrap();

    let mut memory = AccountMemory::default();
    assert!([&old, &new, &other].into_iter().all(|account| memory.admits(account, ADDRESS)), "on first use");
    memory.note(&old, None);
    assert_eq!(memory.pin(ito), Some(&Pin::of(&old)));
    memory.note(&new, ADDRESS);
    let pinned = memory.pin(ito).cloned().unwrap();
    assert_eq!((pinned.steps, pinned.address.as_deref()), (Some(2), ADDRESS));
    // The old key, other keys, another account at the address, and the account at another address.
    for (account, address) in
        [(&old, None), (&old, ADDRESS), (&swapped, ADDRESS), (&other, ADDRESS), (&new, Some("noor@example.org"))]
    {
        assert!(!memory.admits(account, address), "{:?} at {address:?}", account.next());
        memory.note(account, address);
        assert_eq!(memory.pins, std::slice::from_ref(&pinned), "nothing is noted over what is pinned");
    }
    assert!(memory.admits(&new, ADDRESS) && memory.admits(&new, None));
    // Somebody else is somebody else.
    assert!(memory.admits(&other, None) && memory.admits(&other, Some("mallory@example.org")));
    // What was compared in person takes the address along.
    memory.set_pin(Pin { address: pinned.address.clone(), ..Pin::of(&other) });
    assert!(memory.admits(&other, ADDRESS) && !memory.admits(&new, ADDRESS) && memory.admits(&new, None));
}

/// Whatever a restore took away stays noted over the next ones, once, however many memories of the account tell of it.
#[test]
fn a_restore_hides_nothing_of_those_before_it() {
    let restore = |number: u8| Restored { id: [number; 16], at: Minute(number.into()) };
    let first = KnownRestore { lost: 2, ..KnownRestore::after(None, restore(1)) };
    assert_eq!((KnownRestore::after(None, restore(1)).losses(), first.earlier), (None, None));
    let second = KnownRestore::after(Some(first), restore(2));
    assert_eq!((second.lost, second.earlier), (0, Some(Losses { at: Minute(1), lost: 2 })));
    assert_eq!(second.losses(), second.earlier);
    let second = KnownRestore { lost: 3, ..second };
    let third = KnownRestore::after(Some(second), restore(3));
    assert_eq!(third.earlier, Some(Losses { at: Minute(2), lost: 5 }));

    // Another memory that knows less, as much of the same, or more of it.
    let less = KnownRestore::after(None, restore(3));
    for other in [None, Some(less), Some(first), Some(second), Some(third)] {
        assert_eq!(third.with_losses_of(other), third, "{other:?}");
    }
    assert_eq!(less.with_losses_of(Some(third)), third);
    assert_eq!(less.with_losses_of(Some(second)), third);
    assert_eq!(third.with_losses_of(Some(KnownRestore { lost: 4, ..less })), KnownRestore { lost: 4, ..third });
}

#[test]
fn a_swapped_keyring_is_not_taken_for_ones_own() {
    let rng = &mut rng(13);
    let account = AccountId::from_bytes([1; 16]);
    let master = AccountMasterKey::make(rng);
    let (_, genesis) = AccountKeys::make(account, rng).unwrap();
    let (swapped, _) = AccountKeys::make(account, rng).unwrap();
    let chain = protocol::Account::from_chain(account, &[genesis]).unwrap();
    let sealed = swapped.seal(&master, rng);
    assert!(AccountKeys::open(&master, &chain, &sealed).is_err());
}

#[test]
fn an_old_encryption_key_still_opens_what_was_sealed_to_it() {
    let rng = &mut rng(14);
    let account = AccountId::from_bytes([1; 16]);
    let (mut keys, genesis) = AccountKeys::make(account, rng).unwrap();
    let before = protocol::Account::from_chain(account, std::slice::from_ref(&genesis)).unwrap();
    let step = keys.rotate_encryption(&before, rng).unwrap();
    let after = protocol::Account::from_chain(account, &[genesis, step]).unwrap();
    assert_eq!(after.encryption().0, 1);
    assert_ne!(before.encryption().1, after.encryption().1);
    let context = SealContext::Keyring(account);
    let old = VerifiedRecipient::verify(&before, before.identity()).unwrap();
    let key = RecordKey::make(rng);
    let sealed = old.seal_record_key(&context, &key, rng).unwrap();
    assert_eq!(keys.encryption(0).unwrap().open_record_key(&context, &sealed), Ok(key));
    assert!(keys.encryption(1).unwrap().open_record_key(&context, &sealed).is_err());
}
