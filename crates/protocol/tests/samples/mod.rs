//! One value at least of every message, of every entry, and of every variant in them. Signatures are bytes of the right
//! length: what is looked at is the form.

use proptest::prelude::*;
use protocol::account::{AccountBody, AccountEntry, ENCRYPTION_KEY_LENGTH};
use protocol::api::Profile;
use protocol::entry::{
    Access, AccessKind, Blob, Body, Content, Entry, Grant, Head, Origin, Part, PartKind, RecordKey, Reseal, Revision,
    ScopeEpoch, Term, Tombstone, VaultEpoch,
};
use protocol::signature::{Signature, Signed};
use protocol::{
    AccountId, BlobId, Digest, GrantId, GrantScope, Level, Minute, PublicKey, RecordId, ScopeId, VaultId, cbor,
};

/// As `crates/vault` makes them.
pub(crate) const WRAPPED: usize = 109;
pub(crate) const ENVELOPE: usize = 141;
const SEALED: usize = 1168;
const FLOE_HEADER: usize = 74;

pub(crate) const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
pub(crate) const VAULT: VaultId = VaultId::from_bytes([2; 16]);
pub(crate) const RECORD: RecordId = RecordId::from_bytes([3; 16]);
pub(crate) const SCOPE: ScopeId = ScopeId::from_bytes([4; 16]);
pub(crate) const GRANT: GrantId = GrantId::from_bytes([5; 16]);
pub(crate) const BLOB: BlobId = BlobId::from_bytes([6; 16]);
pub(crate) const DIGEST: Digest = Digest::from_bytes([7; 32]);
pub(crate) const KEY: PublicKey = PublicKey::from_bytes([8; 32]);
pub(crate) const HEAD: Head = Head { seq: 300, chain: DIGEST };
pub(crate) const ORIGIN: Origin = Origin { revision: 0, generation: 0, author: ACCOUNT };
pub(crate) const NOW: Minute = Minute(29_833_333);

pub(crate) const fn signature() -> Signature {
    Signature::ed25519([9; 64])
}

/// The chain's steps, one of each kind.
pub(crate) fn account_bodies() -> Vec<AccountBody> {
    vec![
        AccountBody::Genesis { identity: KEY, encryption: vec![1; ENCRYPTION_KEY_LENGTH] },
        AccountBody::Encryption { generation: 1, key: vec![2; ENCRYPTION_KEY_LENGTH] },
        AccountBody::Identity { key: KEY, consent: signature() },
    ]
}

pub(crate) fn account_entries() -> Vec<AccountEntry> {
    let entry = |(number, body)| AccountEntry {
        version: 1,
        account: ACCOUNT,
        number,
        previous: (number > 0).then_some(DIGEST),
        body,
    };
    (0..).zip(account_bodies()).map(entry).collect()
}

pub(crate) fn chain() -> Vec<Signed<AccountEntry>> {
    account_entries().iter().map(|entry| Signed::from_parts(ACCOUNT, cbor::encode(entry), signature())).collect()
}

/// The first key of a record, and a later one.
pub(crate) fn record_keys() -> Vec<RecordKey> {
    let first = RecordKey {
        record: RECORD,
        generation: 0,
        scope: SCOPE,
        epoch: 0,
        commitment: DIGEST,
        wrapped: vec![1; WRAPPED],
        previous: None,
    };
    vec![first.clone(), RecordKey { generation: 1, epoch: 70_000, previous: Some(vec![2; WRAPPED]), ..first }]
}

/// A file's blob, and one that is an envelope.
pub(crate) fn blobs() -> Vec<Blob> {
    let file = Blob { id: BLOB, header: vec![0; FLOE_HEADER], length: 5 << 30, digest: DIGEST };
    vec![file.clone(), Blob { header: Vec::new(), length: ENVELOPE as u64, ..file }]
}

/// Every kind of part: one inline, the others in blobs.
pub(crate) fn parts() -> Vec<Part> {
    let [file, small] = blobs().try_into().unwrap();
    let part = |kind, content| Part { kind, origin: ORIGIN, key: vec![1; WRAPPED], content };
    vec![
        part(PartKind::Data, Content::Inline(vec![1; ENVELOPE])),
        part(PartKind::File, Content::Blob(file)),
        part(PartKind::Thumbnail, Content::Blob(small.clone())),
        part(PartKind::Text, Content::Blob(small)),
    ]
}

pub(crate) const SCOPES: [GrantScope; 3] = [GrantScope::Record(RECORD), GrantScope::Scope(SCOPE), GrantScope::Vault];

/// Every kind of entry; those with optional fields with and without them.
pub(crate) fn bodies() -> Vec<Body> {
    let wrapped = || vec![1; WRAPPED];
    let vault = VaultEpoch { epoch: 0, commitment: DIGEST, wrapped: wrapped(), previous: None };
    let scope = ScopeEpoch {
        scope: SCOPE,
        epoch: 0,
        vault_epoch: 0,
        commitment: DIGEST,
        wrapped: wrapped(),
        previous: None,
        label: vec![1; ENVELOPE],
    };
    let mut bodies = vec![
        Body::Genesis(KEY),
        Body::VaultEpoch(vault.clone()),
        Body::VaultEpoch(VaultEpoch { epoch: 1, previous: Some(wrapped()), ..vault }),
        Body::ScopeEpoch(scope.clone()),
        Body::ScopeEpoch(ScopeEpoch { epoch: 1, previous: Some(wrapped()), ..scope }),
        Body::Tombstone(Tombstone { record: RECORD, number: 300 }),
        Body::Reseal(Reseal { grant: GRANT, epoch: 1, encryption_generation: 0, sealed: vec![1; SEALED] }),
        Body::Revocation(GRANT),
        Body::Access(Access { grant: GRANT, kind: AccessKind::Accepted, record: None }),
        Body::Access(Access { grant: GRANT, kind: AccessKind::Opened, record: Some(RECORD) }),
        Body::Access(Access { grant: GRANT, kind: AccessKind::Saved, record: Some(RECORD) }),
        Body::Term(Term { grant: GRANT, from: None, until: Some(NOW) }),
        Body::Term(Term { grant: GRANT, from: Some(NOW), until: None }),
    ];
    for key in record_keys() {
        let generation = key.generation;
        let revision =
            Revision { record: RECORD, number: generation, generation, key: Some(key.clone()), parts: parts() };
        bodies.extend([Body::RecordKey(key), Body::Revision(revision.clone())]);
        bodies.push(Body::Revision(Revision { number: 2, key: None, ..revision }));
    }
    for (level, (scope, until)) in Level::ALL.into_iter().zip(SCOPES.into_iter().zip([None, Some(NOW)]).cycle()) {
        bodies.push(Body::Grant(Grant {
            grant: GRANT,
            recipient: ACCOUNT,
            recipient_key: KEY,
            level,
            scope,
            epoch: 0,
            until,
            encryption_generation: 0,
            sealed: vec![1; SEALED],
        }));
    }
    bodies
}

pub(crate) fn entry(body: Body) -> Entry {
    Entry { version: 1, vault: VAULT, author: ACCOUNT, author_seq: 300, seen: HEAD, at: NOW, body }
}

pub(crate) fn log() -> Vec<Signed<Entry>> {
    let sign = |body| Signed::from_parts(ACCOUNT, cbor::encode(&entry(body)), signature());
    bodies().into_iter().map(sign).collect()
}

pub(crate) fn profiles() -> Vec<Profile> {
    let words = |words: &str| words.to_owned();
    vec![
        Profile::Patient,
        Profile::Provider { specialty: words("Cardiology"), organisation: String::new(), verified: true },
    ]
}

/// Entries of every kind, with any place and time.
pub(crate) fn entries() -> impl Strategy<Value = Entry> {
    let body = prop::sample::select(bodies());
    (any::<[u8; 16]>(), any::<u64>(), any::<u64>(), any::<[u8; 32]>(), any::<u32>(), body).prop_map(
        |(id, author_seq, seq, chain, at, body)| Entry {
            version: 1,
            vault: VaultId::from_bytes(id),
            author: AccountId::from_bytes(id),
            author_seq,
            seen: Head { seq, chain: Digest::from_bytes(chain) },
            at: Minute(at),
            body,
        },
    )
}
