//! `docs/protocol.cddl` says what the code does: whatever is encoded here follows its rule there, and what is damaged is
//! refused by both alike.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

mod samples;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use cddl_cat::cbor::validate_cbor;
use cddl_cat::context::BasicContext;
use cddl_cat::flatten::flatten_from_str;
use ciborium::Value;
use minicbor::bytes::ByteVec;
use proptest::prelude::*;
use protocol::account::{AccountBody, AccountEntry, ENCRYPTION_KEY_LENGTH, identity_consent};
use protocol::api::{
    AccountState, Append, Appended, BlobCreate, BlobStatus, Conflict, DeviceWrap, Find, LogItem, LogPage,
    PasswordFinish, PasswordStart, PasswordStarted, Person, Profile, RecoveryFinish, RecoveryStart, RecoveryStarted,
    Refusal, Restored, SharedVault, SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart, SignUpStarted,
    SignedIn, SignedInWith, StoredChunk,
};
use protocol::entry::{AccessKind, Blob, Body, Content, Entry, Head, Origin, Part, PartKind, RecordKey};
use protocol::id::AttemptId;
use protocol::signature::{Signature, Signed};
use protocol::{AccountId, ApiError, Digest, GrantScope, Level, PublicKey, cbor};
use samples::{
    ACCOUNT, BLOB, DIGEST, ENVELOPE, GRANT, HEAD, KEY, NOW, ORIGIN, RECORD, SCOPE, SCOPES, VAULT, WRAPPED, signature,
};

static RULES: LazyLock<BasicContext> = LazyLock::new(|| {
    let text = include_str!("../../../docs/protocol.cddl");
    BasicContext::new(flatten_from_str(text).expect("docs/protocol.cddl is well formed"))
});

/// Whether a value follows a rule.
fn follows(rule: &str, value: &Value) -> bool {
    let Some(definition) = RULES.rules.get(rule) else { unreachable!("there is no rule {rule}") };
    validate_cbor(definition, value, &*RULES).is_ok()
}

fn value_of(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).expect("well-formed CBOR")
}

/// Something that the code encodes, its rule, and whether the code reads other bytes as such a thing.
struct Sample {
    rule: &'static str,
    bytes: Vec<u8>,
    reads: fn(&[u8]) -> bool,
}

fn sample<T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>>(rule: &'static str, value: &T) -> Sample {
    Sample { rule, bytes: cbor::encode(value), reads: |bytes| cbor::decode::<T>(bytes).is_ok() }
}

fn bytes(rule: &'static str, length: usize) -> Sample {
    sample(rule, &ByteVec::from(vec![1; length]))
}

fn text(rule: &'static str, text: &str) -> Sample {
    sample(rule, &text.to_owned())
}

/// The rule of a variant. A new variant does not compile without one.
const fn rule_of_body(body: &Body) -> &'static str {
    match body {
        Body::Genesis(_) => "genesis",
        Body::VaultEpoch(_) => "vault-epoch",
        Body::ScopeEpoch(_) => "scope-epoch",
        Body::RecordKey(_) => "record-key-entry",
        Body::Revision(_) => "revision",
        Body::Tombstone(_) => "tombstone",
        Body::Grant(_) => "grant",
        Body::Reseal(_) => "reseal",
        Body::Revocation(_) => "revocation",
        Body::Access(_) => "access",
        Body::Term(_) => "term",
    }
}

const fn rule_of_step(body: &AccountBody) -> &'static str {
    match body {
        AccountBody::Genesis { .. } => "account-genesis",
        AccountBody::Encryption { .. } => "account-encryption",
        AccountBody::Identity { .. } => "account-identity",
    }
}

const fn rule_of_error(error: &ApiError) -> &'static str {
    match error {
        ApiError::Refused(_) => "refused",
        ApiError::NotSignedIn => "not-signed-in",
        ApiError::WrongCredentials => "wrong-credentials",
        ApiError::NotFound => "not-found",
        ApiError::Conflict(_) => "conflict",
        ApiError::TooMany(_) => "too-many",
        ApiError::TooLarge => "too-large",
        ApiError::Internal => "internal",
        ApiError::Unavailable => "unavailable",
    }
}

const fn rule_of_scope(scope: GrantScope) -> &'static str {
    match scope {
        GrantScope::Record(_) => "record-scope",
        GrantScope::Scope(_) => "category-scope",
        GrantScope::Vault => "vault-scope",
    }
}

/// Ids, numbers, keys and boxes.
fn values() -> Vec<Sample> {
    let mut samples = vec![
        sample("u32", &u32::MAX),
        sample("u64", &u64::MAX),
        sample("minute", &NOW),
        sample("account-id", &ACCOUNT),
        sample("vault-id", &VAULT),
        sample("record-id", &RECORD),
        sample("scope-id", &SCOPE),
        sample("grant-id", &GRANT),
        sample("blob-id", &BLOB),
        sample("attempt-id", &AttemptId::from_bytes([1; 16])),
        sample::<Digest>("digest", &DIGEST),
        sample::<PublicKey>("public-key", &KEY),
        sample::<Signature>("signature", &signature()),
        sample::<Head>("head", &HEAD),
        sample::<Origin>("origin", &ORIGIN),
        bytes("encryption-key", ENCRYPTION_KEY_LENGTH),
        bytes("wrapped-key", WRAPPED),
        bytes("envelope", ENVELOPE),
        bytes("sealed-key", 1168),
        bytes("floe-header", 74),
        bytes("device-wrapped", 1),
        bytes("opaque-registration-request", 32),
        bytes("opaque-registration-response", 64),
        bytes("opaque-registration-upload", 192),
        bytes("opaque-ke1", 96),
        bytes("opaque-ke2", 320),
        bytes("opaque-ke3", 64),
        text("email", "ann@example.org"),
        text("name", "Ann Lee"),
        text("words", ""),
    ];
    samples.extend(Level::ALL.iter().map(|level| sample("level", level)));
    let kinds = [AccessKind::Accepted, AccessKind::Opened, AccessKind::Saved];
    samples.extend(kinds.iter().map(|kind| sample("access-kind", kind)));
    for part in samples::parts() {
        samples.push(sample::<PartKind>("part-kind", &part.kind));
        let rule = match &part.content {
            Content::Inline(_) => "inline",
            Content::Blob(_) => "in-blob",
        };
        samples.push(sample(rule, &part.content));
        samples.push(sample::<Part>("part", &part));
    }
    for scope in SCOPES {
        samples.push(sample(rule_of_scope(scope), &scope));
        samples.push(sample("grant-scope", &scope));
    }
    samples
}

/// Account chains and logs.
fn entries() -> Vec<Sample> {
    let consent = identity_consent(ACCOUNT, DIGEST);
    let read = |bytes: &[u8]| cbor::decode::<(AccountId, Digest)>(bytes).is_ok();
    let mut samples = vec![
        Sample { rule: "identity-consent", bytes: consent, reads: read },
        sample::<Vec<Signed<AccountEntry>>>("account-chain", &samples::chain()),
    ];
    for entry in samples::account_entries() {
        samples.push(sample(rule_of_step(&entry.body), &entry.body));
        samples.push(sample::<AccountBody>("account-body", &entry.body));
        samples.push(sample::<AccountEntry>("account-entry", &entry));
    }
    samples.extend(samples::chain().iter().map(|step| sample("signed-account-entry", step)));
    samples.extend(samples::record_keys().iter().map(|key| sample::<RecordKey>("record-key", key)));
    samples.extend(samples::blobs().iter().map(|blob| sample::<Blob>("blob", blob)));
    for body in samples::bodies() {
        samples.push(sample(rule_of_body(&body), &body));
        samples.push(sample::<Body>("entry-body", &body));
        samples.push(sample::<Entry>("entry", &samples::entry(body)));
    }
    samples.extend(samples::log().iter().map(|signed| sample("signed-entry", signed)));
    samples
}

/// Sign-up, sign-in, recovery, and what an account is.
fn accounts() -> Vec<Sample> {
    let email = || "ann@example.org".to_owned();
    let name = || "Ann Lee".to_owned();
    let attempt = AttemptId::from_bytes([1; 16]);
    let state = || AccountState { version: 300, sealed: vec![1; ENVELOPE] };
    let (registration, password_wrap) = (vec![1; 192], vec![1; WRAPPED]);
    let password = PasswordFinish::message(ACCOUNT, &registration, &password_wrap);
    let read = |bytes: &[u8]| cbor::decode::<(AccountId, ByteVec, ByteVec)>(bytes).is_ok();
    let mut samples = vec![
        Sample { rule: "password-message", bytes: password, reads: read },
        sample("password-finish", &PasswordFinish { registration, password_wrap, signature: signature() }),
        sample("password-start", &PasswordStart { registration: vec![1; 32] }),
        sample("password-started", &PasswordStarted { registration: vec![1; 64] }),
        sample("sign-up-start", &SignUpStart { email: email(), registration: vec![1; 32] }),
        sample("sign-up-started", &SignUpStarted { registration: vec![1; 64] }),
        sample("sign-in-start", &SignInStart { email: email(), request: vec![1; 96] }),
        sample("sign-in-started", &SignInStarted { attempt, response: vec![1; 320] }),
        sample("sign-in-finish", &SignInFinish { attempt, finalization: vec![1; 64] }),
        sample("recovery-start", &RecoveryStart { email: email() }),
        sample("recovery-started", &RecoveryStarted { attempt, challenge: [1; 32] }),
        sample("recovery-finish", &RecoveryFinish { attempt, signature: signature() }),
        sample("account-state", &state()),
        sample("device-wrap", &DeviceWrap { wrap: vec![1] }),
        sample("find", &Find { email: email() }),
    ];
    for (profile, rule) in samples::profiles().into_iter().zip(["patient", "provider"]) {
        samples.extend([sample(rule, &profile), sample::<Profile>("profile", &profile)]);
        let own = profile == Profile::Patient;
        let signed_in = SignedIn {
            account: ACCOUNT,
            email: email(),
            name: name(),
            profile: profile.clone(),
            vault: own.then_some(VAULT),
            keyring: vec![1; ENVELOPE],
            chain: samples::chain(),
            state: state(),
        };
        samples.push(sample("signed-in", &signed_in));
        samples.push(sample("signed-in-with", &SignedInWith { signed_in, wrap: vec![1; WRAPPED] }));
        let chain = samples::chain();
        samples.push(sample(
            "sign-up-finish",
            &SignUpFinish {
                email: email(),
                name: name(),
                profile: profile.clone(),
                registration: vec![1; 192],
                chain: chain.first().unwrap().clone(),
                password_wrap: vec![1; WRAPPED],
                recovery_wrap: vec![1; WRAPPED],
                recovery_key: KEY,
                keyring: vec![1; ENVELOPE],
                state: vec![1; ENVELOPE],
                log: if own { samples::log() } else { Vec::new() },
            },
        ));
        samples.push(sample("person", &Person { account: ACCOUNT, name: name(), email: email(), profile, chain }));
    }
    samples
}

/// Logs, blobs and errors.
fn messages() -> Vec<Sample> {
    let log = samples::log();
    let shown = LogItem::Entry(log.first().unwrap().clone());
    let hidden = LogItem::Hidden(DIGEST);
    let shared = SharedVault { vault: VAULT, owner: ACCOUNT, head: HEAD };
    let stored = StoredChunk { number: 300, digest: DIGEST };
    let mut samples = vec![
        sample("shown", &shown),
        sample("hidden", &hidden),
        sample("log-item", &shown),
        sample("log-item", &hidden),
        sample("log-page", &LogPage { head: HEAD, items: vec![shown, hidden], now: NOW }),
        sample("log-page", &LogPage { head: HEAD, items: Vec::new(), now: NOW }),
        sample("append", &Append { entries: log }),
        sample("appended", &Appended { head: HEAD }),
        sample("shared-vault", &shared),
        sample("shared-vaults", &vec![shared.clone(), shared]),
        sample("restored", &Restored { id: [1; 16], at: NOW }),
        sample("blob-create", &BlobCreate { vault: VAULT, length: 1 << 40 }),
        sample("blob-status", &BlobStatus { length: 1 << 40, stored: vec![stored, stored] }),
        sample("stored-chunk", &stored),
    ];
    // Numbers that name something are the ones that the code knows.
    for number in 0..=40_u8 {
        let bytes = cbor::encode(&number);
        samples.extend(cbor::decode::<Refusal>(&bytes).ok().map(|refusal| sample("refusal", &refusal)));
        samples.extend(cbor::decode::<Conflict>(&bytes).ok().map(|conflict| sample("conflict-kind", &conflict)));
    }
    for error in [
        ApiError::Refused(Refusal::Malformed),
        ApiError::NotSignedIn,
        ApiError::WrongCredentials,
        ApiError::NotFound,
        ApiError::Conflict(Conflict::Log),
        ApiError::TooMany(900),
        ApiError::TooLarge,
        ApiError::Internal,
        ApiError::Unavailable,
    ] {
        samples.extend([sample(rule_of_error(&error), &error), sample::<ApiError>("api-error", &error)]);
    }
    samples
}

fn everything() -> Vec<Sample> {
    [values(), entries(), accounts(), messages()].into_iter().flatten().collect()
}

/// What was done to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    /// A field is missing.
    Dropped,
    /// A field has another type.
    Swapped,
    /// There is a field too many.
    Added,
    /// A byte string lacks its last byte.
    Shortened,
}

/// A value with one damage, for every place and every damage that fits there. Byte strings are not looked into.
fn damaged(value: &Value) -> Vec<(Damage, Value)> {
    let mut all = vec![];
    match value {
        Value::Array(items) => {
            for place in 0..items.len() {
                let mut fewer = items.clone();
                let taken = fewer.remove(place);
                all.push((Damage::Dropped, Value::Array(fewer)));
                for (damage, other) in damaged(&taken) {
                    let mut changed = items.clone();
                    *changed.get_mut(place).unwrap() = other;
                    all.push((damage, Value::Array(changed)));
                }
            }
            for more in [Value::from(0), Value::Null] {
                all.push((Damage::Added, Value::Array(items.iter().cloned().chain([more]).collect())));
            }
            all.push((Damage::Swapped, Value::Map(vec![])));
        }
        Value::Bytes(bytes) => {
            all.push((Damage::Swapped, Value::Text("x".to_owned())));
            if let Some((_, shorter)) = bytes.split_last() {
                all.push((Damage::Shortened, Value::Bytes(shorter.to_vec())));
            }
        }
        Value::Null => all.push((Damage::Swapped, Value::Text(String::new()))),
        _ => all.push((Damage::Swapped, Value::Bytes(vec![]))),
    }
    all
}

#[test]
fn every_encoding_follows_its_rule() {
    for Sample { rule, bytes, reads } in everything() {
        assert!(reads(&bytes), "{rule}: the code does not read what it wrote");
        assert!(follows(rule, &value_of(&bytes)), "{rule}: {:?}", value_of(&bytes));
    }
}

#[test]
fn every_rule_is_tried() {
    let tried: BTreeSet<String> = everything().iter().map(|sample| sample.rule.to_owned()).collect();
    assert_eq!(tried, RULES.rules.keys().cloned().collect());
}

/// Rules and code agree on what is damaged; a length that only the client keeps is in the rules alone.
#[test]
fn what_is_damaged_follows_no_rule() {
    for Sample { rule, bytes, reads } in everything() {
        let value = value_of(&bytes);
        let mut refused = BTreeSet::new();
        for (damage, other) in damaged(&value) {
            let mut encoded = vec![];
            ciborium::into_writer(&other, &mut encoded).unwrap();
            let holds = follows(rule, &other);
            if damage == Damage::Shortened {
                assert!(!holds, "{rule} holds for bytes that are too short: {other:?}");
            } else {
                assert_eq!(holds, reads(&encoded), "{rule}, {damage:?}: rule and code disagree over {other:?}");
            }
            if !holds {
                refused.insert(damage);
            }
        }
        let due = match value {
            Value::Array(_) => [Damage::Dropped, Damage::Swapped, Damage::Added].into(),
            _ => BTreeSet::from([Damage::Swapped]),
        };
        assert!(refused.is_superset(&due), "{rule}: only {refused:?} was refused of {value:?}");
    }
}

#[test]
fn numbers_that_name_nothing_follow_no_rule() {
    for number in 0..=40_u8 {
        let (bytes, value) = (cbor::encode(&number), Value::from(number));
        let known: [(&str, bool); 5] = [
            ("refusal", cbor::decode::<Refusal>(&bytes).is_ok()),
            ("conflict-kind", cbor::decode::<Conflict>(&bytes).is_ok()),
            ("level", cbor::decode::<Level>(&bytes).is_ok()),
            ("part-kind", cbor::decode::<PartKind>(&bytes).is_ok()),
            ("access-kind", cbor::decode::<AccessKind>(&bytes).is_ok()),
        ];
        for (rule, known) in known {
            assert_eq!(follows(rule, &value), known, "{rule} {number}");
        }
    }
}

#[test]
fn the_signed_payload_is_looked_into() {
    let Value::Array(mut signed) = value_of(&samples::log().first().unwrap().to_bytes()) else { unreachable!() };
    assert!(follows("signed-entry", &Value::Array(signed.clone())));
    let payload = signed.get_mut(1).unwrap();
    let Value::Bytes(bytes) = payload else { unreachable!() };
    let Value::Array(mut entry) = value_of(bytes) else { unreachable!() };
    entry.push(Value::from(0));
    bytes.clear();
    ciborium::into_writer(&Value::Array(entry), bytes).unwrap();
    assert!(!follows("signed-entry", &Value::Array(signed)));
}

proptest! {
    #[test]
    fn entries_of_any_place_and_time_follow_their_rule(entry in samples::entries()) {
        prop_assert!(follows("entry", &value_of(&cbor::encode(&entry))));
    }
}
