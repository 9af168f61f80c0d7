//! The keys that an account holds in one vault: how each opens the ones below it, and what they open.

use std::collections::BTreeMap;

use protocol::entry::{Content, Origin, Part, PartKind, RecordKey as RecordKeyEntry};
use protocol::{GrantScope, RecordId, ScopeId, VaultId};
use records::Metadata;
use vault::account::AccountKeys;
use vault::envelope::open_envelope;
use vault::{AccountMasterKey, ContentKey, KeyContext, OpenError, RecordKey, ScopeSeed, SealContext, VaultKey};

use super::{Share, VaultView};
use crate::codec::decode_label;

/// The keys that this account holds in one vault.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) vault: BTreeMap<u32, VaultKey>,
    pub(crate) seeds: BTreeMap<(ScopeId, u32), ScopeSeed>,
    /// Those that shares sealed to this account; all others open from what is above them.
    pub(crate) records: BTreeMap<(RecordId, u32), RecordKey>,
}

impl VaultView {
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
        self.settle_renewals(Self::is_as_before);
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
        let record = self.records.get(&id)?;
        self.open_data(id, record.revision.generation, record.part(PartKind::Data)?)
    }

    /// The metadata in a part of a revision that was written under a generation of the record's key.
    pub(super) fn open_data(&self, id: RecordId, generation: u32, part: &Part) -> Option<Metadata> {
        let Content::Inline(envelope) = &part.content else { return None };
        let key = self.part_key(id, generation, part).ok()?;
        let context = self.part_context(id, part.kind, part.origin);
        Metadata::decode(&open_envelope(&key, &context, envelope).ok()?).ok()
    }

    /// The content key of a part of a record's newest revision.
    pub(crate) fn content_key(&self, id: RecordId, part: &Part) -> Result<ContentKey, OpenError> {
        self.part_key(id, self.records.get(&id).ok_or(OpenError)?.revision.generation, part)
    }

    fn part_key(&self, id: RecordId, generation: u32, part: &Part) -> Result<ContentKey, OpenError> {
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
