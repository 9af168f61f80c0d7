//! One vault as this account sees it: the verified log, folded, and whatever its keys open.

use std::collections::{BTreeMap, BTreeSet};

use protocol::entry::{Body, Head, Part, PartKind, RecordKey as RecordKeyEntry, Revision, ScopeEpoch, VaultEpoch};
use protocol::ledger::{Outcome, Reach, Verified};
use protocol::{AccountId, Digest, GrantId, Ledger, Minute, PublicKey, RecordId, ScopeId, VaultId};
use records::{Category, Metadata};

pub(crate) use self::keys::{Keys, seal_context};
use self::renewals::Candidate;
pub use self::shares::{Ending, Opening, Openings, Share};
use crate::activity::Event;
use crate::kept::KeptItem;
use crate::restored::Keepsake;

mod keys;
mod renewals;
mod shares;

/// A category or area.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Its epochs, in order.
    pub(crate) epochs: Vec<ScopeEpoch>,
    /// What it stands for, once its label opened.
    pub(crate) category: Option<Category>,
}

/// A record at its newest revision.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// The newest revision, as its author signed it.
    pub revision: Revision,
    /// Who wrote that.
    pub author: AccountId,
    /// When the record was first added.
    pub added: Minute,
    /// When it last changed; that it was sealed anew is no change.
    pub changed: Minute,
    /// What it is, once opened; none if it does not open with this account's keys.
    pub metadata: Option<Metadata>,
}

impl Record {
    /// A part of the newest revision.
    pub fn part(&self, kind: PartKind) -> Option<&Part> {
        self.revision.parts.iter().find(|part| part.kind == kind)
    }
}

/// What became of entries that this device wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// They stand in the log and took effect.
    Effective,
    /// They stand in the log, but one of them came too late to change anything.
    Superseded,
    /// The log does not have them.
    Nowhere,
}

/// One vault, verified and folded.
#[derive(Debug)]
pub struct VaultView {
    pub(crate) ledger: Ledger,
    pub(crate) scopes: BTreeMap<ScopeId, Scope>,
    pub(crate) vault_epochs: Vec<VaultEpoch>,
    pub(crate) record_keys: BTreeMap<RecordId, Vec<RecordKeyEntry>>,
    pub(crate) records: BTreeMap<RecordId, Record>,
    pub(crate) shares: BTreeMap<GrantId, Share>,
    pub(crate) events: Vec<Event>,
    pub(crate) keys: Keys,
    /// The newest items, as far as they do not fill a kept page yet.
    pub(crate) tail: Vec<KeptItem>,
    /// The places of entries that came too late to change anything.
    superseded: BTreeSet<u64>,
    /// The server's time and this device's when the log was last read.
    pub(crate) clocks: Option<(Minute, Minute)>,
    /// For the case that the server is restored from a backup.
    pub(crate) keepsake: Keepsake,
    /// Revisions of which it is not decided yet whether they say anything new.
    candidates: Vec<Candidate>,
    /// Records whose metadata is still to be opened.
    unopened: BTreeSet<RecordId>,
    /// Whether entries came since keys were last looked for.
    stale: bool,
    /// Whether the log was read to its end, as far as it went when that was done last.
    pub(crate) is_whole: bool,
}

impl VaultView {
    pub(crate) fn new(vault: VaultId, owner: AccountId, owner_key: PublicKey, reach: Reach) -> Self {
        Self {
            ledger: Ledger::new(vault, owner, owner_key, reach),
            scopes: BTreeMap::new(),
            vault_epochs: Vec::new(),
            record_keys: BTreeMap::new(),
            records: BTreeMap::new(),
            shares: BTreeMap::new(),
            events: Vec::new(),
            keys: Keys::default(),
            tail: Vec::new(),
            superseded: BTreeSet::new(),
            clocks: None,
            keepsake: Keepsake::default(),
            candidates: Vec::new(),
            unopened: BTreeSet::new(),
            stale: false,
            is_whole: false,
        }
    }

    /// Which vault.
    pub const fn id(&self) -> VaultId {
        self.ledger.vault
    }

    /// Whose vault.
    pub const fn owner(&self) -> AccountId {
        self.ledger.owner
    }

    /// Up to where it was verified.
    pub const fn head(&self) -> Head {
        self.ledger.head
    }

    /// The records that are there and open, newest date first.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values().filter(|record| self.is_live(record.id))
    }

    /// A record that is there.
    pub fn record(&self, id: RecordId) -> Option<&Record> {
        self.records.get(&id).filter(|record| self.is_live(record.id))
    }

    /// A record's title, also of one that was deleted; none where it does not open with this account's keys.
    pub fn title(&self, id: RecordId) -> Option<&str> {
        Some(&self.records.get(&id)?.metadata.as_ref()?.title)
    }

    /// What happened, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The category that a scope stands for.
    pub fn category(&self, scope: ScopeId) -> Option<Category> {
        self.scopes.get(&scope)?.category
    }

    /// The scope of a category.
    pub fn scope_of(&self, category: Category) -> Option<ScopeId> {
        self.scopes.iter().find(|(_, scope)| scope.category == Some(category)).map(|(id, _)| *id)
    }

    /// What became of entries with these digests, which were made on top of `seen` and are appended together.
    pub(crate) fn place_of(&self, seen: Head, digests: &[Digest]) -> Place {
        let chain = &self.ledger.chain;
        let last = chain.range(seen.seq..).find_map(|(seq, value)| {
            let last = digests.iter().fold(Head { seq: *seq, chain: *value }, |head, digest| head.then(*digest));
            (chain.get(&last.seq) == Some(&last.chain)).then_some((*seq, last.seq))
        });
        match last {
            None => Place::Nowhere,
            Some((before, last)) if self.superseded.range(before + 1..=last).next().is_some() => Place::Superseded,
            Some(_) => Place::Effective,
        }
    }

    fn is_live(&self, record: RecordId) -> bool {
        self.ledger.records.get(&record).is_some_and(|facts| !facts.deleted)
    }

    /// Takes in an entry that the ledger has verified.
    pub(crate) fn take_in(&mut self, verified: Verified) {
        let Verified { head, entry, outcome } = verified;
        if outcome != Outcome::Accepted {
            self.superseded.insert(head.seq);
            return;
        }
        self.events.extend(Event::of(head.seq, &entry));
        self.stale = true;
        let (author, at) = (entry.author, entry.at);
        match entry.body {
            Body::VaultEpoch(epoch) => self.vault_epochs.push(epoch),
            Body::ScopeEpoch(epoch) => self.scopes.entry(epoch.scope).or_default().epochs.push(epoch),
            Body::RecordKey(key) => self.record_keys.entry(key.record).or_default().push(key),
            Body::Revision(mut revision) => {
                if let Some(key) = revision.key.take() {
                    self.record_keys.entry(key.record).or_default().push(key);
                }
                let id = revision.record;
                let before = self.records.get(&id);
                let added = before.map_or(at, |record| record.added);
                let event = self.events.len().saturating_sub(1);
                self.candidates.extend(before.and_then(|before| Candidate::of(before, &revision, head.seq, event)));
                self.records.insert(id, Record { id, revision, author, added, changed: at, metadata: None });
                self.unopened.insert(id);
            }
            Body::Grant(grant) => {
                let share =
                    Share { grant, author, at, seq: head.seq, stopped: None, reseals: Vec::new(), accepted: false };
                self.shares.insert(share.grant.grant, share);
            }
            Body::Reseal(reseal) => {
                if let Some(share) = self.shares.get_mut(&reseal.grant) {
                    share.reseals.push(reseal);
                }
            }
            Body::Revocation(grant) => {
                if let Some(share) = self.shares.get_mut(&grant) {
                    share.stopped = Some((at, author));
                }
            }
            Body::Term(term) => {
                if let Some(share) = self.shares.get_mut(&term.grant) {
                    share.grant.until = term.until;
                }
            }
            Body::Access(access) => {
                if let Some(share) = self.shares.get_mut(&access.grant) {
                    share.accepted = true;
                }
            }
            Body::Genesis(_) | Body::Tombstone(_) => {}
        }
    }

    /// Notes what a record's newest metadata opened to.
    pub(crate) fn set_metadata(&mut self, id: RecordId, metadata: Metadata) {
        if let Some(record) = self.records.get_mut(&id) {
            record.metadata = Some(metadata);
            self.unopened.remove(&id);
        }
    }
}
