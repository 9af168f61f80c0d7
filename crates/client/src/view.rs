//! One vault as this account sees it: the verified log, folded, and whatever its keys open.

use std::collections::{BTreeMap, BTreeSet};

use protocol::entry::{
    Body, Grant, Head, Origin, Part, PartKind, RecordKey as RecordKeyEntry, Reseal, Revision, ScopeEpoch, VaultEpoch,
};
use protocol::ledger::{GrantFacts, Outcome, Reach, Verified};
use protocol::{AccountId, Digest, GrantId, GrantScope, Ledger, Minute, PublicKey, RecordId, ScopeId, VaultId};
use records::{Category, Metadata};
use vault::account::AccountKeys;
use vault::envelope::open_envelope;
use vault::{AccountMasterKey, ContentKey, KeyContext, OpenError, RecordKey, ScopeSeed, SealContext, VaultKey};

use crate::activity::Event;
use crate::codec::decode_label;
use crate::kept::KeptItem;
use crate::restored::Keepsake;

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
    /// When it last changed.
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

/// A share, with everything that the log says of it.
#[derive(Clone, Debug)]
pub struct Share {
    /// As its author signed it.
    pub grant: Grant,
    /// Who gave it.
    pub author: AccountId,
    /// When.
    pub at: Minute,
    /// The place of its entry.
    pub seq: u64,
    /// When and by whom it was stopped.
    pub stopped: Option<(Minute, AccountId)>,
    /// Keys that were sealed again since.
    pub(crate) reseals: Vec<Reseal>,
    /// Whether the recipient has taken it up.
    pub accepted: bool,
}

impl Share {
    /// The newest epoch whose key was ever sealed to the holder.
    pub(crate) fn last_sealed_epoch(&self) -> u32 {
        self.reseals.iter().map(|reseal| reseal.epoch).fold(self.grant.epoch, u32::max)
    }

    /// The newest generation of the holder's encryption key that anything was sealed to.
    pub(crate) fn last_generation(&self) -> u32 {
        let later = self.reseals.iter().map(|reseal| reseal.encryption_generation);
        later.fold(self.grant.encryption_generation, u32::max)
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

/// How far the end of a share has come (blocked, rotated, re-encrypted).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The server refuses and, if a person ended it, the end is signed.
    pub blocked: bool,
    /// What is written from now on is under another key.
    pub rotated: bool,
    /// What was reachable has new content keys.
    pub reencrypted: bool,
}

/// The keys that this account holds in one vault.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) vault: BTreeMap<u32, VaultKey>,
    pub(crate) seeds: BTreeMap<(ScopeId, u32), ScopeSeed>,
    /// Those that shares sealed to this account; all others open from what is above them.
    pub(crate) records: BTreeMap<(RecordId, u32), RecordKey>,
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
    /// For the case that the server is restored from a backup.
    pub(crate) keepsake: Keepsake,
    /// Records whose metadata is still to be opened.
    unopened: BTreeSet<RecordId>,
    /// Whether entries came since keys were last looked for.
    stale: bool,
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
            keepsake: Keepsake::default(),
            unopened: BTreeSet::new(),
            stale: false,
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

    /// Shares, past and present.
    pub fn shares(&self) -> impl Iterator<Item = &Share> {
        self.shares.values()
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

    /// The grant by which an account may reach a record now, the widest first.
    pub fn grant_for(&self, account: AccountId, record: RecordId, now: Minute) -> Option<&Share> {
        let scope = self.ledger.records.get(&record)?.scope;
        self.shares
            .values()
            .filter(|share| share.grant.recipient == account && share.grant.scope.covers(record, scope))
            .filter(|share| self.facts(share.grant.grant).is_some_and(|facts| facts.holds_at(now)))
            .max_by_key(|share| share.grant.level)
    }

    /// Whether a share holds now.
    pub fn holds(&self, share: &Share, now: Minute) -> bool {
        self.facts(share.grant.grant).is_some_and(|facts| facts.holds_at(now))
    }

    /// Everyone else's shares that hold now and reach a scope or a record.
    pub(crate) fn holders(&self, scope: GrantScope, now: Minute) -> impl Iterator<Item = &Share> {
        self.shares.values().filter(move |share| share.grant.scope == scope && self.holds(share, now))
    }

    /// How far the end of a share has come; none while it holds.
    pub fn ending(&self, share: &Share, now: Minute) -> Option<Ending> {
        if self.holds(share, now) {
            return None;
        }
        let rotated = self.current_epoch(share.grant.scope).is_some_and(|current| current > share.last_sealed_epoch());
        let reencrypted = rotated && self.reached_by(share).all(|record| self.is_fresh(record));
        Some(Ending { blocked: true, rotated, reencrypted })
    }

    /// Whether a share holds, but the present key was not sealed to its holder: that person's identity on the server
    /// could not be checked when the key turned. Sharing again, once it can be, gives the key.
    pub fn is_frozen(&self, share: &Share, now: Minute) -> bool {
        let current = self.current_epoch(share.grant.scope);
        self.holds(share, now) && current.is_some_and(|current| current > share.last_sealed_epoch())
    }

    /// The records that a share reaches, or reached before it ended.
    pub fn reached_by(&self, share: &Share) -> impl Iterator<Item = &Record> {
        self.records().filter(|record| self.reaches(share, record.id))
    }

    /// Whether a share reaches a record, or reached it before it ended.
    pub fn reaches(&self, share: &Share, record: RecordId) -> bool {
        self.ledger.records.get(&record).is_some_and(|facts| share.grant.scope.covers(record, facts.scope))
    }

    /// Whether a record's key and all its content keys are of the present epoch.
    pub(crate) fn is_fresh(&self, record: &Record) -> bool {
        let Some(facts) = self.ledger.records.get(&record.id) else { return true };
        let current = self.ledger.scopes.get(&facts.scope).map(|scope| scope.epoch);
        current == Some(facts.epoch)
            && record.revision.parts.iter().all(|part| part.origin.generation == facts.generation)
    }

    fn current_epoch(&self, scope: GrantScope) -> Option<u32> {
        match scope {
            GrantScope::Record(record) => self.ledger.records.get(&record).map(|record| record.generation),
            GrantScope::Scope(scope) => self.ledger.scopes.get(&scope).map(|scope| scope.epoch),
            GrantScope::Vault => self.ledger.vault_epoch,
        }
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

    fn facts(&self, grant: GrantId) -> Option<&GrantFacts> {
        self.ledger.grants.get(&grant)
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
                let added = self.records.get(&id).map_or(at, |record| record.added);
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
            Body::Access(access) => {
                if let Some(share) = self.shares.get_mut(&access.grant) {
                    share.accepted = true;
                }
            }
            Body::Genesis(_) | Body::Tombstone(_) => {}
        }
    }

    /// Opens whatever the account's keys open: first the keys, then the metadata of new records.
    pub(crate) fn resolve(&mut self, master: &AccountMasterKey, own: &AccountKeys) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        self.resolve_vault_keys(master);
        self.resolve_grants(own);
        self.resolve_seeds();
        for id in std::mem::take(&mut self.unopened) {
            match self.open_metadata(id) {
                Some(metadata) => self.set_metadata(id, metadata),
                None => drop(self.unopened.insert(id)),
            }
        }
    }

    /// Notes what a record's newest metadata opened to.
    pub(crate) fn set_metadata(&mut self, id: RecordId, metadata: Metadata) {
        if let Some(record) = self.records.get_mut(&id) {
            record.metadata = Some(metadata);
            self.unopened.remove(&id);
        }
    }

    fn resolve_vault_keys(&mut self, master: &AccountMasterKey) {
        let vault = self.ledger.vault;
        for epoch in &self.vault_epochs {
            if let std::collections::btree_map::Entry::Vacant(free) = self.keys.vault.entry(epoch.epoch) {
                let key = master.unwrap_vault_key(&KeyContext::Vault(vault, epoch.epoch), &epoch.wrapped);
                if let Ok(key) = key.and_then(|key| key.check(&epoch.commitment)) {
                    free.insert(key);
                }
            }
        }
    }

    /// Opens what was sealed to this account by grants.
    fn resolve_grants(&mut self, own: &AccountKeys) {
        let vault = self.ledger.vault;
        let vault_epochs = &self.vault_epochs;
        // A vault key that is not the one the log commits to is worth nothing, whoever sealed it.
        let committed = |number: u32, key: VaultKey| {
            let epoch = vault_epochs.iter().find(|epoch| epoch.epoch == number).ok_or(OpenError)?;
            key.check(&epoch.commitment)
        };
        for share in self.shares.values().filter(|share| share.grant.recipient == own.account) {
            let first = (share.grant.epoch, share.grant.encryption_generation, &share.grant.sealed);
            let later = share.reseals.iter().map(|reseal| (reseal.epoch, reseal.encryption_generation, &reseal.sealed));
            for (epoch, generation, sealed) in std::iter::once(first).chain(later) {
                let Ok(key) = own.encryption(generation) else { continue };
                let context = seal_context(vault, share, generation, epoch);
                match share.grant.scope {
                    GrantScope::Record(record) if !self.keys.records.contains_key(&(record, epoch)) => {
                        if let Ok(key) = key.open_record_key(&context, sealed) {
                            self.keys.records.insert((record, epoch), key);
                        }
                    }
                    GrantScope::Scope(scope) if !self.keys.seeds.contains_key(&(scope, epoch)) => {
                        if let Ok(seed) = key.open_seed(&context, sealed) {
                            self.keys.seeds.insert((scope, epoch), seed);
                        }
                    }
                    GrantScope::Vault if !self.keys.vault.contains_key(&epoch) => {
                        if let Ok(key) = key.open_vault_key(&context, sealed).and_then(|key| committed(epoch, key)) {
                            self.keys.vault.insert(epoch, key);
                        }
                    }
                    _ => {}
                }
            }
        }
        // An epoch's key opens the one before it.
        for epoch in self.vault_epochs.iter().rev() {
            let (Some(previous), Some(before)) = (&epoch.previous, epoch.epoch.checked_sub(1)) else { continue };
            if let (Some(key), false) = (self.keys.vault.get(&epoch.epoch), self.keys.vault.contains_key(&before))
                && let Ok(key) = key
                    .unwrap_previous(&KeyContext::VaultPrevious(vault, before), previous)
                    .and_then(|key| committed(before, key))
            {
                self.keys.vault.insert(before, key);
            }
        }
    }

    fn resolve_seeds(&mut self) {
        let vault = self.ledger.vault;
        for (id, scope) in &mut self.scopes {
            for (index, epoch) in scope.epochs.iter().enumerate().rev() {
                let place = (*id, epoch.epoch);
                if !self.keys.seeds.contains_key(&place) {
                    let wrapped = self.keys.vault.get(&epoch.vault_epoch).and_then(|key| {
                        key.unwrap_seed(&KeyContext::Scope(vault, *id, epoch.epoch), &epoch.wrapped).ok()
                    });
                    let next =
                        scope.epochs.get(index + 1).and_then(|next| next.previous.as_ref().map(|p| (next.epoch, p)));
                    let from_next = || {
                        let (epoch_after, previous) = next?;
                        let after = self.keys.seeds.get(&(*id, epoch_after))?;
                        after.unwrap_previous(&KeyContext::ScopePrevious(vault, *id, epoch.epoch), previous).ok()
                    };
                    if let Some(seed) = wrapped.or_else(from_next) {
                        self.keys.seeds.insert(place, seed);
                    }
                }
                // A seed that is not the one the log commits to is worth nothing, whoever sealed it.
                if self.keys.seeds.get(&place).is_some_and(|seed| seed.commitment() != epoch.commitment) {
                    self.keys.seeds.remove(&place);
                }
                if scope.category.is_none()
                    && let Some(seed) = self.keys.seeds.get(&place)
                {
                    let context = SealContext::ScopeLabel(vault, *id, epoch.epoch);
                    let label = open_envelope(&seed.derive_metadata_key(), &context, &epoch.label);
                    scope.category = label.ok().and_then(|label| decode_label(&label));
                }
            }
        }
    }

    /// A record's key of a generation: the one that was sealed to this account by a share, or that the scope's seed
    /// wraps, or that the key after it wraps; but only if it is the one that the log commits to. It is opened when it
    /// is needed, because most keys of a large vault never are.
    pub(crate) fn record_key(&self, record: RecordId, generation: u32) -> Result<RecordKey, OpenError> {
        let vault = self.ledger.vault;
        let entries = self.record_keys.get(&record).ok_or(OpenError)?;
        let mut found: Option<RecordKey> = None;
        let mut later: Option<&RecordKeyEntry> = None;
        for entry in entries.iter().rev().take_while(|entry| entry.generation >= generation) {
            let check = |key: RecordKey| key.check(&entry.commitment).ok();
            let granted = || self.keys.records.get(&(record, entry.generation)).cloned().and_then(check);
            let wrapped = || {
                let seed = self.keys.seeds.get(&(entry.scope, entry.epoch))?;
                let RecordKeyEntry { generation, scope, epoch, .. } = *entry;
                let context = KeyContext::Record { vault, record, generation, scope, epoch };
                seed.unwrap_record_key(&context, &entry.wrapped).ok().and_then(check)
            };
            let from_later = || {
                let context = KeyContext::RecordPrevious(vault, record, entry.generation);
                let previous = later?.previous.as_ref()?;
                found.as_ref()?.unwrap_previous(&context, previous).ok().and_then(check)
            };
            found = granted().or_else(wrapped).or_else(from_later);
            later = Some(entry);
        }
        match later {
            Some(entry) if entry.generation == generation => found.ok_or(OpenError),
            _ => Err(OpenError),
        }
    }

    fn open_metadata(&self, id: RecordId) -> Option<Metadata> {
        let part = self.records.get(&id)?.part(PartKind::Data)?;
        let protocol::entry::Content::Inline(envelope) = &part.content else { return None };
        let key = self.content_key(id, part).ok()?;
        let context = self.part_context(id, part.kind, part.origin);
        Metadata::decode(&open_envelope(&key, &context, envelope).ok()?).ok()
    }

    /// The content key of a part of a record's newest revision.
    pub(crate) fn content_key(&self, id: RecordId, part: &Part) -> Result<ContentKey, OpenError> {
        let generation = self.records.get(&id).ok_or(OpenError)?.revision.generation;
        let key = self.record_key(id, generation)?;
        key.unwrap_content_key(&self.content_context(id, generation, part.kind, part.origin), &part.key)
    }

    pub(crate) const fn content_context(
        &self,
        record: RecordId,
        generation: u32,
        part: PartKind,
        origin: Origin,
    ) -> KeyContext {
        KeyContext::Content { vault: self.ledger.vault, record, generation, part, origin }
    }

    pub(crate) const fn part_context(&self, record: RecordId, part: PartKind, origin: Origin) -> SealContext {
        SealContext::Part { vault: self.ledger.vault, record, part, origin }
    }
}

/// The context of the key that a share carries.
pub(crate) const fn seal_context(vault: VaultId, share: &Share, encryption_generation: u32, epoch: u32) -> SealContext {
    SealContext::Grant {
        vault,
        grant: share.grant.grant,
        recipient: share.grant.recipient,
        encryption_generation,
        scope: share.grant.scope,
        epoch,
    }
}
