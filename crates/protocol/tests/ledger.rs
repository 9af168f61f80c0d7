//! The rules of the log, tried from both ends: what a correct author writes is taken in, and whatever breaks a rule
//! is refused with its own error.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use ed25519_dalek::{Signer, SigningKey};
use protocol::entry::{
    Access, AccessKind, Body, Content, Entry, Grant, Head, Origin, Part, PartKind, RecordKey, Reseal, Revision,
    ScopeEpoch, Term, Tombstone, VERSION, VaultEpoch,
};
use protocol::ledger::{Ledger, Outcome, Reach, Superseded, Violation};
use protocol::signature::{NotSigned, Signable, Signature, Signed};
use protocol::{AccountId, Digest, GrantId, GrantScope, Level, Minute, PublicKey, RecordId, ScopeId, VaultId, cbor};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[path = "ledger/partial.rs"]
mod partial;

const VAULT: VaultId = VaultId::from_bytes([1; 16]);
const SCOPE: ScopeId = ScopeId::from_bytes([2; 16]);
const OTHER_SCOPE: ScopeId = ScopeId::from_bytes([3; 16]);
const RECORD: RecordId = RecordId::from_bytes([4; 16]);
const GRANT: GrantId = GrantId::from_bytes([5; 16]);
const NOW: Minute = Minute(1000);
/// The end of grants here.
const END: Minute = Minute(1010);

/// Someone who signs.
struct Author {
    account: AccountId,
    key: SigningKey,
    written: u64,
}

impl Author {
    fn new(number: u8) -> Self {
        Self { account: AccountId::from_bytes([number; 16]), key: SigningKey::from_bytes(&[number; 32]), written: 0 }
    }

    fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.key.verifying_key().to_bytes())
    }

    /// The next entry as a correct author makes it.
    fn entry(&self, seen: Head, body: Body) -> Entry {
        Entry {
            version: VERSION,
            vault: VAULT,
            author: self.account,
            author_seq: self.written + 1,
            seen,
            at: NOW,
            body,
        }
    }

    fn sign(&self, entry: &Entry) -> Signed<Entry> {
        let payload = cbor::encode(entry);
        let signature = self.key.sign(&Entry::NAMESPACE.message(&payload));
        Signed::from_parts(entry.author, payload, Signature::ed25519(signature.to_bytes()))
    }

    /// Writes an entry that must be taken in.
    fn write(&mut self, ledger: &mut Ledger, body: Body) -> Signed<Entry> {
        let signed = self.sign(&self.entry(ledger.head, body));
        let verified = ledger.apply(&signed).expect("a correct entry");
        assert_eq!(verified.outcome, Outcome::Accepted);
        self.written += 1;
        signed
    }

    /// Tries a body and says what becomes of it; the ledger stays as it was when it is refused.
    fn attempt(&self, ledger: &Ledger, body: Body) -> Result<Outcome, Violation> {
        let mut copy = ledger.clone();
        let result = copy.apply(&self.sign(&self.entry(ledger.head, body))).map(|verified| verified.outcome);
        if result.is_err() {
            assert_eq!(&copy, ledger, "a refused entry changed something");
        }
        result
    }
}

fn vault_epoch(epoch: u32) -> Body {
    let previous = (epoch > 0).then(|| vec![1]);
    Body::VaultEpoch(VaultEpoch { epoch, commitment: Digest::of(b"vk"), wrapped: vec![1], previous })
}

fn scope_epoch(scope: ScopeId, epoch: u32) -> Body {
    let previous = (epoch > 0).then(|| vec![1]);
    let commitment = Digest::of(b"cs");
    Body::ScopeEpoch(ScopeEpoch {
        scope,
        epoch,
        vault_epoch: 0,
        commitment,
        wrapped: vec![1],
        previous,
        label: vec![1],
    })
}

fn key(generation: u32, scope: ScopeId, epoch: u32) -> RecordKey {
    let previous = (generation > 0).then(|| vec![1]);
    RecordKey { record: RECORD, generation, scope, epoch, commitment: Digest::of(b"rk"), wrapped: vec![1], previous }
}

fn revision(number: u32, generation: u32, key: Option<RecordKey>) -> Revision {
    let origin = Origin { revision: number, generation, author: AccountId::from_bytes([10; 16]) };
    let data = Part { kind: PartKind::Data, origin, key: vec![1], content: Content::Inline(vec![1]) };
    Revision { record: RECORD, number, generation, key, parts: vec![data] }
}

fn first_revision() -> Body {
    Body::Revision(revision(0, 0, Some(key(0, SCOPE, 0))))
}

fn grant(to: &Author, level: Level, scope: GrantScope) -> Grant {
    Grant {
        grant: GRANT,
        recipient: to.account,
        recipient_key: to.public(),
        level,
        scope,
        epoch: 0,
        until: Some(END),
        encryption_generation: 0,
        sealed: vec![1],
    }
}

fn access(kind: AccessKind, record: Option<RecordId>) -> Body {
    Body::Access(Access { grant: GRANT, kind, record })
}

/// A vault with two categories and one record, and everything that was written to it.
fn vault(owner: &mut Author) -> (Ledger, Vec<Signed<Entry>>) {
    let mut ledger = Ledger::new(VAULT, owner.account, owner.public(), Reach::Full);
    let bodies = [
        Body::Genesis(owner.public()),
        vault_epoch(0),
        scope_epoch(SCOPE, 0),
        scope_epoch(OTHER_SCOPE, 0),
        first_revision(),
    ];
    let log = bodies.into_iter().map(|body| owner.write(&mut ledger, body)).collect();
    (ledger, log)
}

fn fold(owner: &Author, log: &[Signed<Entry>]) -> Result<Ledger, Violation> {
    let mut ledger = Ledger::new(VAULT, owner.account, owner.public(), Reach::Full);
    log.iter().try_for_each(|signed| ledger.apply(signed).map(drop))?;
    Ok(ledger)
}

#[test]
fn a_log_folds_to_the_same_state_every_time() {
    let mut owner = Author::new(10);
    let (ledger, log) = vault(&mut owner);
    assert_eq!(fold(&owner, &log), Ok(ledger));
}

#[test]
fn dropped_doubled_and_reordered_entries_are_caught() {
    let mut owner = Author::new(10);
    let (_, log) = vault(&mut owner);
    for index in 0..log.len() - 1 {
        let mut dropped = log.clone();
        dropped.remove(index);
        assert!(fold(&owner, &dropped).is_err(), "entry {index} dropped");
        let mut swapped = log.clone();
        swapped.swap(index, index + 1);
        assert!(fold(&owner, &swapped).is_err(), "entries {index} and {} swapped", index + 1);
        let mut doubled = log.clone();
        doubled.insert(index, log[index].clone());
        assert!(fold(&owner, &doubled).is_err(), "entry {index} doubled");
    }
}

#[test]
fn every_changed_byte_of_an_entry_is_caught() {
    let mut owner = Author::new(10);
    let (ledger, log) = vault(&mut owner);
    let whole = log[4].to_bytes();
    let before = fold(&owner, &log[..4]).unwrap();
    for place in 0..whole.len() {
        let mut altered = whole.clone();
        altered[place] ^= 1 << (place % 8);
        let Ok(signed) = Signed::<Entry>::from_bytes(&altered) else { continue };
        let mut copy = before.clone();
        assert!(copy.apply(&signed).is_err(), "byte {place} changed");
        assert_ne!(copy.head, ledger.head);
    }
}

#[test]
fn a_fork_breaks_at_the_first_entry_that_crosses_over() {
    let mut owner = Author::new(10);
    let (mut one, log) = vault(&mut owner);
    let mut two = fold(&owner, &log).unwrap();
    // The server shows one device a deletion, and the other a share.
    let mut second_device = Author { account: owner.account, key: owner.key.clone(), written: owner.written };
    owner.write(&mut one, Body::Tombstone(Tombstone { record: RECORD, number: 0 }));
    second_device.write(&mut two, Body::Grant(grant(&Author::new(20), Level::Download, GrantScope::Scope(SCOPE))));
    let crossing = owner.sign(&owner.entry(one.head, scope_epoch(SCOPE, 1)));
    assert_eq!(two.apply(&crossing).map(|verified| verified.outcome), Err(Violation::Fork));
}

#[test]
fn strangers_and_forgers_are_refused() {
    let mut owner = Author::new(10);
    let (ledger, _) = vault(&mut owner);
    let stranger = Author::new(20);
    assert_eq!(stranger.attempt(&ledger, scope_epoch(SCOPE, 1)), Err(Violation::Stranger));
    // Signed by the stranger's key, in the owner's name.
    let forged = stranger.sign(&owner.entry(ledger.head, scope_epoch(SCOPE, 1)));
    let mut copy = ledger.clone();
    assert!(matches!(copy.apply(&forged), Err(Violation::Signature(NotSigned::Signature(_)))));
}

#[test]
fn an_entry_of_another_vault_or_version_is_refused() {
    let mut owner = Author::new(10);
    let (ledger, _) = vault(&mut owner);
    let entry = owner.entry(ledger.head, scope_epoch(SCOPE, 1));
    let elsewhere = Entry { vault: VaultId::from_bytes([9; 16]), ..entry.clone() };
    assert_eq!(ledger.clone().apply(&owner.sign(&elsewhere)), Err(Violation::Vault));
    let newer = Entry { version: 2, ..entry };
    assert_eq!(ledger.clone().apply(&owner.sign(&newer)), Err(Violation::Version));
}

#[test]
fn the_first_of_two_wins_and_the_other_changes_nothing() {
    let mut owner = Author::new(10);
    let (mut ledger, _) = vault(&mut owner);
    owner.write(&mut ledger, Body::Revision(revision(1, 0, None)));
    let late = owner.attempt(&ledger, Body::Revision(revision(1, 0, None)));
    assert_eq!(late, Ok(Outcome::Superseded(Superseded::Number)));
    assert_eq!(owner.attempt(&ledger, scope_epoch(SCOPE, 0)), Ok(Outcome::Superseded(Superseded::Number)));
    assert_eq!(owner.attempt(&ledger, vault_epoch(0)), Ok(Outcome::Superseded(Superseded::Number)));
}

#[test]
fn what_is_written_after_a_key_turned_is_under_the_new_key() {
    let mut owner = Author::new(10);
    let (mut ledger, _) = vault(&mut owner);
    owner.write(&mut ledger, scope_epoch(SCOPE, 1));
    let stale = Outcome::Superseded(Superseded::Epoch);
    assert_eq!(owner.attempt(&ledger, Body::Revision(revision(1, 0, None))), Ok(stale));
    assert_eq!(owner.attempt(&ledger, Body::Revision(revision(1, 1, Some(key(1, SCOPE, 0))))), Ok(stale));
    assert_eq!(
        owner.attempt(&ledger, Body::Grant(grant(&Author::new(20), Level::Download, GrantScope::Scope(SCOPE)))),
        Ok(stale)
    );
    let renewed = Body::Revision(revision(1, 1, Some(key(1, SCOPE, 1))));
    assert_eq!(owner.attempt(&ledger, renewed), Ok(Outcome::Accepted));
}

#[test]
fn a_deleted_record_stays_deleted() {
    let mut owner = Author::new(10);
    let (mut ledger, _) = vault(&mut owner);
    owner.write(&mut ledger, Body::Tombstone(Tombstone { record: RECORD, number: 0 }));
    let ended = Ok(Outcome::Superseded(Superseded::Ended));
    assert_eq!(owner.attempt(&ledger, Body::Revision(revision(1, 0, None))), ended);
    assert_eq!(owner.attempt(&ledger, Body::RecordKey(key(1, SCOPE, 0))), ended);
    assert_eq!(owner.attempt(&ledger, Body::Tombstone(Tombstone { record: RECORD, number: 0 })), ended);
    assert_eq!(
        owner.attempt(&ledger, Body::Grant(grant(&Author::new(20), Level::Download, GrantScope::Record(RECORD)))),
        ended
    );
}

#[test]
fn malformed_revisions_are_refused() {
    let mut owner = Author::new(10);
    let (ledger, _) = vault(&mut owner);
    let base = revision(1, 0, None);
    let data = base.parts[0].clone();
    let thumbnail = Part { kind: PartKind::Thumbnail, ..data.clone() };
    let late = Part { origin: Origin { revision: 2, ..data.origin }, ..data.clone() };
    for (why, parts) in [
        ("no parts", vec![]),
        ("no metadata", vec![thumbnail.clone()]),
        ("a part twice", vec![data.clone(), data.clone()]),
        ("out of order", vec![thumbnail, data]),
        ("from a later revision", vec![late]),
    ] {
        let body = Body::Revision(Revision { parts, ..base.clone() });
        assert_eq!(owner.attempt(&ledger, body), Err(Violation::Form), "{why}");
    }
    let elsewhere = RecordKey { record: RecordId::from_bytes([9; 16]), ..key(1, SCOPE, 0) };
    assert_eq!(owner.attempt(&ledger, Body::Revision(revision(1, 1, Some(elsewhere)))), Err(Violation::Form));
}

/// Who may write what: one row an action, one column a standing.
#[test]
fn authority_by_standing_and_action() {
    let mut owner = Author::new(10);
    let (mut ledger, _) = vault(&mut owner);
    let (reader, manager, expired, revoked) = (Author::new(20), Author::new(21), Author::new(22), Author::new(23));
    let numbered = |number: u8, grant: Grant| Body::Grant(Grant { grant: GrantId::from_bytes([number; 16]), ..grant });
    owner.write(&mut ledger, Body::Grant(grant(&reader, Level::Download, GrantScope::Scope(SCOPE))));
    owner.write(&mut ledger, numbered(6, grant(&manager, Level::Manage, GrantScope::Vault)));
    let ended = Grant { until: Some(Minute(NOW.0 - 1)), ..grant(&expired, Level::Manage, GrantScope::Vault) };
    owner.write(&mut ledger, numbered(7, ended));
    owner.write(&mut ledger, numbered(8, grant(&revoked, Level::Manage, GrantScope::Vault)));
    owner.write(&mut ledger, Body::Revocation(GrantId::from_bytes([8; 16])));

    let third = Author::new(30);
    let actions: Vec<(&str, Body)> = vec![
        ("vault key", vault_epoch(1)),
        ("category key", scope_epoch(SCOPE, 1)),
        ("record key", Body::RecordKey(key(1, SCOPE, 0))),
        ("revision", Body::Revision(revision(1, 0, None))),
        ("deletion", Body::Tombstone(Tombstone { record: RECORD, number: 0 })),
        ("grant", numbered(9, grant(&third, Level::Download, GrantScope::Scope(SCOPE)))),
        ("reseal", Body::Reseal(Reseal { grant: GRANT, epoch: 0, encryption_generation: 0, sealed: vec![1] })),
        ("revocation", Body::Revocation(GRANT)),
        ("new end", Body::Term(Term { grant: GRANT, from: Some(END), until: None })),
        ("opening", access(AccessKind::Opened, Some(RECORD))),
        ("genesis", Body::Genesis(owner.public())),
    ];
    let mut table = String::from("action        owner manager reader expired revoked stranger\n");
    for (name, body) in actions {
        table += &format!("{name:13}");
        for (author, width) in [(&owner, 6), (&manager, 8), (&reader, 7), (&expired, 8), (&revoked, 8), (&third, 8)] {
            let allowed = author.attempt(&ledger, body.clone()) == Ok(Outcome::Accepted);
            table += &format!(" {:<width$}", if allowed { "yes" } else { "no" }, width = width - 1);
        }
        table = table.trim_end().to_owned() + "\n";
    }
    let expected = "\
action        owner manager reader expired revoked stranger
vault key     yes   yes     no     no      no      no
category key  yes   yes     no     no      no      no
record key    yes   yes     no     no      no      no
revision      yes   yes     no     no      no      no
deletion      yes   yes     no     no      no      no
grant         yes   yes     no     no      no      no
reseal        yes   yes     no     no      no      no
revocation    yes   yes     yes    no      no      no
new end       yes   yes     no     no      no      no
opening       no    no      yes    no      no      no
genesis       no    no      no     no      no      no
";
    assert_eq!(table, expected);
}

#[test]
fn a_manager_cannot_lengthen_its_own_grant_or_swap_a_key() {
    let mut owner = Author::new(10);
    let (mut ledger, _) = vault(&mut owner);
    let manager = Author::new(21);
    owner.write(&mut ledger, Body::Grant(grant(&manager, Level::Manage, GrantScope::Vault)));
    let longer =
        Grant { grant: GrantId::from_bytes([6; 16]), until: None, ..grant(&manager, Level::Manage, GrantScope::Vault) };
    assert_eq!(manager.attempt(&ledger, Body::Grant(longer)), Err(Violation::Authority));
    let swapped = Grant {
        grant: GrantId::from_bytes([7; 16]),
        recipient_key: Author::new(40).public(),
        ..grant(&manager, Level::Download, GrantScope::Scope(SCOPE))
    };
    assert_eq!(owner.attempt(&ledger, Body::Grant(swapped)), Err(Violation::Authority));
    let part = Grant {
        grant: GrantId::from_bytes([8; 16]),
        ..grant(&Author::new(22), Level::Manage, GrantScope::Scope(SCOPE))
    };
    assert_eq!(owner.attempt(&ledger, Body::Grant(part)), Err(Violation::Form));
}

#[test]
fn a_share_that_holds_is_given_another_end_once() {
    let mut owner = Author::new(10);
    let (mut ledger, _) = vault(&mut owner);
    let (mut reader, manager) = (Author::new(20), Author::new(21));
    owner.write(&mut ledger, Body::Grant(grant(&reader, Level::Download, GrantScope::Scope(SCOPE))));
    let of_manager = GrantId::from_bytes([6; 16]);
    owner.write(
        &mut ledger,
        Body::Grant(Grant { grant: of_manager, ..grant(&manager, Level::Manage, GrantScope::Vault) }),
    );
    let term = |from, until| Body::Term(Term { grant: GRANT, from, until });
    let (soon, past) = (Minute(NOW.0 + 1), Minute(NOW.0 - 1));

    // Who manages may lengthen other people's grants, and not its own.
    assert_eq!(manager.attempt(&ledger, term(Some(END), None)), Ok(Outcome::Accepted));
    let own = Body::Term(Term { grant: of_manager, from: Some(END), until: None });
    assert_eq!(manager.attempt(&ledger, own), Err(Violation::Authority));
    // An end that was, or that it has, says nothing; of a grant that is not there, neither.
    for (from, until) in [(Some(END), Some(past)), (Some(END), Some(END)), (None, None)] {
        assert_eq!(owner.attempt(&ledger, term(from, until)), Err(Violation::Form));
    }
    let nowhere = Body::Term(Term { grant: GrantId::from_bytes([9; 16]), from: Some(END), until: None });
    assert_eq!(owner.attempt(&ledger, nowhere), Err(Violation::Form));

    // Of two who change it at once, the second has not seen what the first did.
    owner.write(&mut ledger, term(Some(END), Some(soon)));
    assert_eq!(ledger.grants[&GRANT].until, Some(soon));
    assert_eq!(owner.attempt(&ledger, term(Some(END), None)), Ok(Outcome::Superseded(Superseded::Number)));
    // The reader goes on by the same grant, and what has ended does not come back.
    reader.write(&mut ledger, access(AccessKind::Opened, Some(RECORD)));
    owner.write(&mut ledger, Body::Revocation(GRANT));
    assert_eq!(owner.attempt(&ledger, term(Some(soon), None)), Ok(Outcome::Superseded(Superseded::Ended)));
}

#[test]
fn a_reader_opens_only_what_its_grant_reaches_at_its_level() {
    for (level, opens, saves) in [
        (Level::Drop, false, false),
        (Level::View, true, false),
        (Level::Download, true, true),
        (Level::Contribute, true, true),
    ] {
        let mut owner = Author::new(10);
        let (mut ledger, _) = vault(&mut owner);
        let reader = Author::new(20);
        owner.write(&mut ledger, Body::Grant(grant(&reader, level, GrantScope::Scope(SCOPE))));
        let outcome = |kind| reader.attempt(&ledger, access(kind, Some(RECORD))).is_ok();
        assert_eq!((outcome(AccessKind::Opened), outcome(AccessKind::Saved)), (opens, saves), "{level}");
    }
    let mut owner = Author::new(10);
    let (mut ledger, _) = vault(&mut owner);
    let reader = Author::new(20);
    owner.write(&mut ledger, Body::Grant(grant(&reader, Level::Download, GrantScope::Scope(OTHER_SCOPE))));
    assert_eq!(reader.attempt(&ledger, access(AccessKind::Opened, Some(RECORD))), Err(Violation::Authority));
}
