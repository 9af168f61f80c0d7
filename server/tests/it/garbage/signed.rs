//! Nonsense that is properly signed: whatever an author may write, the server refuses it with an error or keeps it so
//! that every client's rules hold.

use std::cell::{Cell, RefCell};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;
use protocol::api::{Append, Appended, Profile};
use protocol::entry::{
    Access, AccessKind, Blob, Content, Grant, Origin, Part, PartKind, RecordKey, Reseal, Revision, ScopeEpoch, Term,
    Tombstone, VERSION, VaultEpoch,
};
use protocol::{
    AccountId, BlobId, Body, Digest, Entry, GrantId, GrantScope, Head, Level, Minute, Namespace, PublicKey, RecordId,
    ScopeId, Signed, VaultId,
};
use server::clock::Clock as _;

use super::ground::{Ground, panics, runner};
use crate::person::{Person, data_part, file_part, first_revision, id16, provider, sign};

/// How many entries are tried.
const CASES: u32 = 1500;

/// What the vault holds; and accounts that there are, the author's and the reader's among them.
#[derive(Clone, Debug)]
struct Known {
    vault: VaultId,
    scope: ScopeId,
    records: Vec<RecordId>,
    grants: Vec<GrantId>,
    blob: BlobId,
    accounts: Vec<AccountId>,
}

fn numbers() -> BoxedStrategy<u32> {
    prop_oneof![4 => 0..4_u32, 1 => Just(u32::MAX), 1 => Just(u32::MAX - 1), 1 => any::<u32>()].boxed()
}

fn large_numbers() -> BoxedStrategy<u64> {
    let edges = select(vec![u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 53, 1 << 32]);
    prop_oneof![4 => 0..8_u64, 2 => edges, 1 => any::<u64>()].boxed()
}

fn known_or_any<T: Copy + std::fmt::Debug + 'static>(known: &[T], make: fn([u8; 16]) -> T) -> BoxedStrategy<T> {
    prop_oneof![5 => select(known.to_vec()), 1 => any::<[u8; 16]>().prop_map(make)].boxed()
}

fn boxes() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![4 => Just(vec![1; 109]), 1 => Just(vec![]), 1 => (0..3000_usize).prop_map(|length| vec![2; length])]
        .boxed()
}

fn digests() -> BoxedStrategy<Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes).boxed()
}

fn keys() -> BoxedStrategy<PublicKey> {
    prop_oneof![4 => Just(PublicKey::from_bytes([1; 32])), 1 => any::<[u8; 32]>().prop_map(PublicKey::from_bytes)]
        .boxed()
}

impl Known {
    fn accounts(&self) -> BoxedStrategy<AccountId> {
        known_or_any(&self.accounts, AccountId::from_bytes)
    }

    fn records(&self) -> BoxedStrategy<RecordId> {
        known_or_any(&self.records, RecordId::from_bytes)
    }

    fn scopes(&self) -> BoxedStrategy<ScopeId> {
        known_or_any(&[self.scope], ScopeId::from_bytes)
    }

    fn grants(&self) -> BoxedStrategy<GrantId> {
        known_or_any(&self.grants, GrantId::from_bytes)
    }

    fn reaches(&self) -> BoxedStrategy<GrantScope> {
        let (records, scopes) =
            (self.records().prop_map(GrantScope::Record), self.scopes().prop_map(GrantScope::Scope));
        prop_oneof![records, scopes, Just(GrantScope::Vault)].boxed()
    }

    fn record_keys(&self) -> BoxedStrategy<RecordKey> {
        (self.records(), self.scopes(), (numbers(), numbers()), digests(), boxes(), prop::option::of(boxes()))
            .prop_map(|(record, scope, (generation, epoch), commitment, wrapped, previous)| RecordKey {
                record,
                generation,
                scope,
                epoch,
                commitment,
                wrapped,
                previous,
            })
            .boxed()
    }

    fn parts(&self) -> BoxedStrategy<Vec<Part>> {
        let kind = select(vec![PartKind::Data, PartKind::File, PartKind::Thumbnail, PartKind::Text]);
        let origin = (numbers(), numbers(), self.accounts()).prop_map(|(revision, generation, author)| Origin {
            revision,
            generation,
            author,
        });
        let blob = (known_or_any(&[self.blob], BlobId::from_bytes), boxes(), large_numbers(), digests())
            .prop_map(|(id, header, length, digest)| Content::Blob(Blob { id, header, length, digest }));
        let content = prop_oneof![boxes().prop_map(Content::Inline), blob];
        let part = (kind, origin, boxes(), content).prop_map(|(kind, origin, key, content)| Part {
            kind,
            origin,
            key,
            content,
        });
        let right = Just(vec![data_part()]);
        let whole = Just(vec![data_part(), file_part(self.blob, &[b"bytes".to_vec()])]);
        prop_oneof![3 => right, 1 => whole, 3 => prop::collection::vec(part, 0..5)].boxed()
    }
}

fn bodies(known: &Known) -> impl Strategy<Value = Body> + use<> {
    let (records, grants) = (known.records(), known.grants());
    let vault_epoch = (numbers(), digests(), boxes(), prop::option::of(boxes()))
        .prop_map(|(epoch, commitment, wrapped, previous)| VaultEpoch { epoch, commitment, wrapped, previous });
    let scope_epoch = (known.scopes(), numbers(), numbers(), digests(), (boxes(), prop::option::of(boxes()), boxes()))
        .prop_map(|(scope, epoch, vault_epoch, commitment, (wrapped, previous, label))| ScopeEpoch {
            scope,
            epoch,
            vault_epoch,
            commitment,
            wrapped,
            previous,
            label,
        });
    let revision = (records.clone(), numbers(), numbers(), prop::option::of(known.record_keys()), known.parts())
        .prop_map(|(record, number, generation, key, parts)| Revision { record, number, generation, key, parts });
    let new = any::<[u8; 16]>().prop_map(GrantId::from_bytes);
    let ends = (numbers(), prop::option::of(numbers()), numbers());
    let grant = (new, (known.accounts(), keys()), select(Level::ALL.to_vec()), known.reaches(), ends, boxes())
        .prop_map(
            |(grant, (recipient, recipient_key), level, scope, (epoch, until, encryption_generation), sealed)| Grant {
                grant,
                recipient,
                recipient_key,
                level,
                scope,
                epoch,
                until: until.map(Minute),
                encryption_generation,
                sealed,
            },
        );
    let reseal =
        (grants.clone(), numbers(), numbers(), boxes()).prop_map(|(grant, epoch, encryption_generation, sealed)| {
            Reseal { grant, epoch, encryption_generation, sealed }
        });
    let kinds = select(vec![AccessKind::Accepted, AccessKind::Opened, AccessKind::Saved]);
    let access = (grants.clone(), kinds, prop::option::of(records.clone())).prop_map(|(grant, kind, record)| Access {
        grant,
        kind,
        record,
    });
    let ends = || prop::option::of(numbers().prop_map(Minute));
    let term = (grants.clone(), ends(), ends()).prop_map(|(grant, from, until)| Term { grant, from, until });
    // What ends records and grants comes seldom, so that there are some to the end.
    prop_oneof![
        2 => keys().prop_map(Body::Genesis),
        4 => vault_epoch.prop_map(Body::VaultEpoch),
        4 => scope_epoch.prop_map(Body::ScopeEpoch),
        8 => known.record_keys().prop_map(Body::RecordKey),
        8 => revision.prop_map(Body::Revision),
        2 => (records, numbers()).prop_map(|(record, number)| Body::Tombstone(Tombstone { record, number })),
        8 => grant.prop_map(Body::Grant),
        8 => reseal.prop_map(Body::Reseal),
        1 => grants.prop_map(Body::Revocation),
        16 => access.prop_map(Body::Access),
        4 => term.prop_map(Body::Term),
    ]
}

/// What stands around a body: mostly what is right, and sometimes not.
#[derive(Clone, Debug)]
struct Frame {
    version: Option<u8>,
    vault: Option<[u8; 16]>,
    author_seq: Option<u64>,
    seen: Option<(u64, Digest)>,
    at: Option<u32>,
}

fn frames() -> impl Strategy<Value = Frame> {
    fn rarely<T: Clone + std::fmt::Debug + 'static>(
        wrong: impl Strategy<Value = T> + 'static,
    ) -> BoxedStrategy<Option<T>> {
        prop_oneof![15 => Just(None), 1 => wrong.prop_map(Some)].boxed()
    }
    let seen = (large_numbers(), digests());
    (rarely(any::<u8>()), rarely(any::<[u8; 16]>()), rarely(large_numbers()), rarely(seen), rarely(numbers()))
        .prop_map(|(version, vault, author_seq, seen, at)| Frame { version, vault, author_seq, seen, at })
}

impl Ground {
    fn sign(&self, author: &Person, vault: VaultId, frame: &Frame, body: Body) -> Signed<Entry> {
        let entry = Entry {
            version: frame.version.unwrap_or(VERSION),
            vault: frame.vault.map_or(vault, VaultId::from_bytes),
            author: author.account,
            author_seq: frame.author_seq.unwrap_or(author.author_seq + 1),
            seen: frame.seen.map_or(author.seen, |(seq, chain)| Head { seq, chain }),
            at: frame.at.map_or(self.app.clock.minute(), Minute),
            body,
        };
        let bytes = protocol::cbor::encode(&entry);
        let signature = sign(&author.key, Namespace::Entry, &bytes);
        Signed::from_parts(author.account, bytes, signature)
    }
}

/// A patient with some records, each of them shared with a reader.
async fn world(ground: &Ground) -> ([Person; 2], Known) {
    let app = &ground.app;
    let mut author = Person::sign_up(app, "mad@example.org", Profile::Patient).await;
    let reader = Person::sign_up(app, "reader@example.org", provider()).await;
    let (vault, blob) = (author.vault, BlobId::from_bytes(id16()));
    author.put_blob(app, vault, blob, &[b"bytes".to_vec()]).await.unwrap();
    let (mut records, mut grants) = (vec![], vec![]);
    for _ in 0..12 {
        let record = RecordId::from_bytes(id16());
        author.append(app, vault, first_revision(record, author.scope, vec![data_part()])).await.unwrap();
        let reach = GrantScope::Record(record);
        grants.push(author.grant(app, vault, &reader, Level::Download, reach, 60).await.unwrap());
        records.push(record);
    }
    let accounts = vec![ground.owner.account, ground.stranger.account, author.account, reader.account];
    let known = Known { vault, scope: author.scope, records, grants, blob, accounts };
    ([author, reader], known)
}

/// A patient and a reader write anything at all.
fn what_is_kept_holds(ground: &Ground) {
    let (authors, known) = ground.runtime.block_on(world(ground));
    let path = format!("/api/v1/vaults/{}/log", known.vault);
    let (head, kept) = (authors[0].seen, [Cell::new(0), Cell::new(0)]);
    let authors = RefCell::new((authors, head));
    let input = (bodies(&known), frames(), prop_oneof![3 => Just(0), 1 => Just(1_usize)]);
    let tried = runner(CASES).run(&input, |(body, frame, who)| {
        let mut held = authors.borrow_mut();
        let (authors, head) = &mut *held;
        let author = &mut authors[who];
        author.seen = *head;
        let entry = ground.sign(author, known.vault, &frame, body);
        let message = Append { entries: vec![entry.clone()] };
        let answer = ground.runtime.block_on(ground.app.call("POST", &path, Some(&author.cookie), &message));
        prop_assert_eq!(panics(), 0, "a panic");
        prop_assert!(answer.status < 500, "status {}", answer.status);
        if let Ok(appended) = answer.read::<Appended>() {
            author.author_seq += 1;
            *head = head.then(entry.digest());
            prop_assert_eq!(appended.head, *head);
            kept[who].set(kept[who].get() + 1);
        }
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
    // Or nothing was tried but what is refused at once.
    assert!(kept.iter().all(|kept| kept.get() > 5), "{kept:?}");
    let (authors, head) = authors.into_inner();
    assert_eq!(ground.runtime.block_on(ground.verified(&authors[0], known.vault)).head, head);
    ground.runtime.block_on(ground.check_unharmed());
}

#[test]
fn what_is_kept_holds_on_sqlite() {
    what_is_kept_holds(&Ground::sqlite());
}

#[test]
fn what_is_kept_holds_on_postgres() {
    if let Some(ground) = Ground::postgres() {
        what_is_kept_holds(&ground);
    }
}
