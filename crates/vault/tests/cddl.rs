//! `docs/sealed.cddl` says what the code does, and so does the way to a key that `docs/protocol.md` gives.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use cddl_cat::cbor::validate_cbor;
use cddl_cat::context::BasicContext;
use cddl_cat::flatten::flatten_from_str;
use ciborium::Value;
use hkdf::Hkdf;
use protocol::api::Restored;
use protocol::entry::{Origin, PartKind};
use protocol::{Account, AccountId, Digest, GrantId, GrantScope, Head, Minute, RecordId, ScopeId, VaultId, cbor};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::Sha256;
use vault::account::{AccountKeys, AccountMemory, KnownRestore, Losses, Pin, SeenHead};
use vault::envelope::open_envelope;
use vault::{AccountMasterKey, ContentKey, KeyContext, SealContext};

const PROTOCOL: &str = include_str!("../../../docs/protocol.cddl");
const SEALED: &str = include_str!("../../../docs/sealed.cddl");

/// The rules of both files: the sealed ones go on from the protocol's.
static RULES: LazyLock<BasicContext> = LazyLock::new(|| {
    BasicContext::new(flatten_from_str(&[PROTOCOL, SEALED].concat()).expect("both files are well formed"))
});

fn follows(rule: &str, value: &Value) -> bool {
    let Some(definition) = RULES.rules.get(rule) else { unreachable!("there is no rule {rule}") };
    validate_cbor(definition, value, &*RULES).is_ok()
}

const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
const VAULT: VaultId = VaultId::from_bytes([2; 16]);
const RECORD: RecordId = RecordId::from_bytes([3; 16]);
const SCOPE: ScopeId = ScopeId::from_bytes([4; 16]);
const GRANT: GrantId = GrantId::from_bytes([5; 16]);
const ORIGIN: Origin = Origin { revision: 2, generation: 1, author: ACCOUNT };

/// A context of each kind. A new kind does not compile without its rule.
fn key_contexts() -> Vec<(&'static str, Vec<u8>)> {
    let (vault, record, scope) = (VAULT, RECORD, SCOPE);
    let contexts = [
        KeyContext::Password(ACCOUNT),
        KeyContext::Recovery(ACCOUNT),
        KeyContext::Device(ACCOUNT),
        KeyContext::Vault(VAULT, 300),
        KeyContext::VaultPrevious(VAULT, 300),
        KeyContext::Scope(VAULT, SCOPE, 300),
        KeyContext::ScopePrevious(VAULT, SCOPE, 300),
        KeyContext::Record { vault, record, generation: 1, scope, epoch: 300 },
        KeyContext::RecordPrevious(VAULT, RECORD, 300),
        KeyContext::Content { vault, record, generation: 1, part: PartKind::File, origin: ORIGIN },
    ];
    let rule = |context: &KeyContext| match context {
        KeyContext::Password(..) => "kek-password",
        KeyContext::Recovery(..) => "kek-recovery",
        KeyContext::Device(..) => "kek-device",
        KeyContext::Vault(..) => "vault-key",
        KeyContext::VaultPrevious(..) => "vault-key-previous",
        KeyContext::Scope(..) => "scope-seed",
        KeyContext::ScopePrevious(..) => "scope-seed-previous",
        KeyContext::Record { .. } => "record-key-wrapped",
        KeyContext::RecordPrevious(..) => "record-key-previous",
        KeyContext::Content { .. } => "content-key",
    };
    contexts
        .iter()
        .flat_map(|context| [rule(context), "key-context"].map(|rule| (rule, cbor::encode(context))))
        .collect()
}

fn seal_contexts() -> Vec<(&'static str, Vec<u8>)> {
    let (vault, record) = (VAULT, RECORD);
    let grant = |scope| SealContext::Grant {
        vault,
        grant: GRANT,
        recipient: ACCOUNT,
        encryption_generation: 0,
        scope,
        epoch: 300,
    };
    let contexts = [
        SealContext::Keyring(ACCOUNT),
        SealContext::AccountState(ACCOUNT, 300),
        SealContext::ScopeLabel(VAULT, SCOPE, 300),
        SealContext::Part { vault, record, part: PartKind::Data, origin: ORIGIN },
        grant(GrantScope::Record(RECORD)),
        grant(GrantScope::Scope(SCOPE)),
        grant(GrantScope::Vault),
        SealContext::Outbox(ACCOUNT),
        SealContext::LogPage(ACCOUNT, VAULT, 300),
    ];
    let rule = |context: &SealContext| match context {
        SealContext::Keyring(..) => "keyring-context",
        SealContext::AccountState(..) => "state-context",
        SealContext::ScopeLabel(..) => "label-context",
        SealContext::Part { .. } => "part-context",
        SealContext::Grant { .. } => "grant-context",
        SealContext::Outbox(..) => "outbox-context",
        SealContext::LogPage(..) => "kept-log-context",
    };
    contexts
        .iter()
        .flat_map(|context| [rule(context), "seal-context"].map(|rule| (rule, cbor::encode(context))))
        .collect()
}

/// A keyring as it is in its envelope, opened by the label that the document names.
fn keyring() -> Vec<u8> {
    let rng = &mut ChaCha20Rng::seed_from_u64(1);
    let master = AccountMasterKey::make(rng);
    let (mut keys, genesis) = AccountKeys::make(ACCOUNT, rng).unwrap();
    let chain = Account::from_chain(ACCOUNT, &[genesis]).unwrap();
    keys.rotate_encryption(&chain, rng).unwrap();
    let mut key = [0; 32];
    master.lend(|master| Hkdf::<Sha256>::new(None, master).expand(b"hb/v1/amk/keyring\0", &mut key)).unwrap();
    let sealed = keys.seal(&master, rng);
    open_envelope(&ContentKey::from_ticket(key), &SealContext::Keyring(ACCOUNT), &sealed).unwrap().to_vec()
}

fn memory() -> Vec<(&'static str, Vec<u8>)> {
    // What was pinned before steps were counted and addresses noted, and after.
    let older = Pin {
        account: ACCOUNT,
        identity: protocol::PublicKey::from_bytes([1; 32]),
        verified: None,
        steps: None,
        address: None,
        address_verified: None,
    };
    let pin = |number: u8, verified, steps, address: Option<&str>| Pin {
        account: AccountId::from_bytes([number; 16]),
        verified,
        steps,
        address: address.map(str::to_owned),
        ..older.clone()
    };
    let pins = [
        older.clone(),
        pin(2, Some(Minute(300)), None, None),
        pin(3, None, Some(1), None),
        pin(4, Some(Minute(300)), Some(300), None),
        pin(5, None, Some(2), Some("ito@example.org")),
        pin(9, Some(Minute(300)), Some(2), Some("noor@example.org")),
        Pin { address_verified: Some(Minute(301)), ..pin(10, Some(Minute(300)), Some(2), Some("li@example.org")) },
    ];
    let mut memory = AccountMemory::default();
    for pin in &pins {
        memory.set_pin(pin.clone());
    }
    let restore = KnownRestore { restore: Restored { id: [7; 16], at: Minute(300) }, lost: 300, earlier: None };
    let losses = Losses { at: Minute(200), lost: 3 };
    let second = KnownRestore { earlier: Some(losses), ..restore };
    let seen = SeenHead { vault: VAULT, head: Head { seq: 300, chain: Digest::of(b"chain") }, restore: Some(restore) };
    memory.set_seen(seen);
    memory.set_seen(SeenHead { vault: VaultId::from_bytes([8; 16]), restore: Some(second), ..seen });
    memory.set_seen(SeenHead { vault: VaultId::from_bytes([9; 16]), head: Head::before(VAULT), restore: None });
    let mut all = vec![("account-memory", cbor::encode(&memory))];
    all.extend(pins.iter().map(|pin| ("pin", cbor::encode(pin))));
    all.extend(memory.heads.iter().map(|head| ("seen-head", cbor::encode(head))));
    all.extend([restore, second].map(|known| ("known-restore", cbor::encode(&known))));
    all.push(("losses", cbor::encode(&losses)));
    all
}

fn everything() -> Vec<(&'static str, Vec<u8>)> {
    [key_contexts(), seal_contexts(), memory(), vec![("keyring", keyring())]].concat()
}

#[test]
fn every_encoding_follows_its_rule_and_none_does_that_is_damaged() {
    for (rule, bytes) in everything() {
        let value: Value = ciborium::from_reader(&bytes[..]).unwrap();
        assert!(follows(rule, &value), "{rule}: {value:?}");
        let Value::Array(fields) = value else { unreachable!("everything is an array") };
        let more = fields.iter().cloned().chain([Value::Text(String::new())]).collect();
        assert!(!follows(rule, &Value::Array(more)), "{rule} with a field too many");
        let fewer = fields.iter().skip(1).cloned().collect();
        assert!(!follows(rule, &Value::Array(fewer)), "{rule} with a field too few");
        for place in 0..fields.len() {
            let mut swapped = fields.clone();
            *swapped.get_mut(place).unwrap() = Value::Text(String::new());
            assert!(!follows(rule, &Value::Array(swapped)), "{rule}: field {place} of another type");
        }
    }
}

#[test]
fn every_rule_is_tried() {
    let protocol = flatten_from_str(PROTOCOL).unwrap();
    let due: BTreeSet<&str> =
        RULES.rules.keys().filter(|rule| !protocol.contains_key(*rule)).map(String::as_str).collect();
    assert_eq!(everything().iter().map(|(rule, _)| *rule).collect::<BTreeSet<_>>(), due);
    assert_eq!(RULES.rules.len(), protocol.len() + due.len());
}
