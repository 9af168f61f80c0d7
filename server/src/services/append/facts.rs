//! The few facts of a vault that some entries touch: read as a ledger, and written back as it became.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ledger::Reach;
use protocol::{AccountId, Body, Entry, GrantId, GrantScope, Head, Ledger, RecordId, ScopeId};

use super::super::Result;
use crate::store::vaults::Vault;
use crate::store::{Transaction, grants, log, vaults};

#[derive(Default)]
struct Touched {
    places: BTreeSet<u64>,
    members: BTreeSet<AccountId>,
    scopes: BTreeSet<ScopeId>,
    records: BTreeSet<RecordId>,
    grants: BTreeSet<GrantId>,
}

impl Touched {
    fn by(&mut self, entry: &Entry) {
        self.places.insert(entry.seen.seq);
        self.members.insert(entry.author);
        match &entry.body {
            Body::Genesis(_) | Body::VaultEpoch(_) => {}
            Body::ScopeEpoch(epoch) => {
                self.scopes.insert(epoch.scope);
            }
            Body::RecordKey(key) => {
                self.records.insert(key.record);
                self.scopes.insert(key.scope);
            }
            Body::Revision(revision) => {
                self.records.insert(revision.record);
                self.scopes.extend(revision.key.as_ref().map(|key| key.scope));
            }
            Body::Tombstone(tombstone) => {
                self.records.insert(tombstone.record);
            }
            Body::Grant(grant) => {
                self.grants.insert(grant.grant);
                self.members.insert(grant.recipient);
                self.reach(grant.scope);
            }
            Body::Reseal(reseal) => {
                self.grants.insert(reseal.grant);
            }
            Body::Revocation(id) => {
                self.grants.insert(*id);
            }
            Body::Term(term) => {
                self.grants.insert(term.grant);
            }
            Body::Access(access) => {
                self.grants.insert(access.grant);
                self.records.extend(access.record);
            }
        }
    }

    fn reach(&mut self, scope: GrantScope) {
        match scope {
            GrantScope::Record(id) => {
                self.records.insert(id);
            }
            GrantScope::Scope(id) => {
                self.scopes.insert(id);
            }
            GrantScope::Vault => {}
        }
    }
}

/// The ledger of a vault, with what the entries touch and the author's own grants.
pub(super) async fn load(db: &Transaction, vault: &Vault, author: AccountId, entries: &[Entry]) -> Result<Ledger> {
    let mut touched = Touched::default();
    for entry in entries {
        touched.by(entry);
    }
    let id = vault.id;
    let mut chain = log::chain_at(db, id, &touched.places).await?;
    chain.insert(0, Head::before(id).chain);
    let members = vaults::members(db, id, &touched.members).await?;
    let mut known = grants::facts(db, id, &touched.grants).await?;
    for grant in known.values() {
        touched.reach(grant.scope);
    }
    known.extend(grants::of_recipient(author, db, id).await?.into_iter().map(|grant| (grant.id, grant.facts)));
    let records = vaults::records(db, id, &touched.records).await?;
    touched.scopes.extend(records.values().map(|record| record.scope));
    let scopes = vaults::scopes(db, id, &touched.scopes).await?;
    Ok(Ledger {
        vault: id,
        owner: vault.owner,
        reach: Reach::Full,
        head: vault.head,
        chain,
        members,
        vault_epoch: vault.epoch,
        scopes,
        records,
        grants: known,
    })
}

fn changed<'a, K: Ord, V: PartialEq>(
    before: &'a BTreeMap<K, V>,
    after: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    after.iter().filter(|(key, value)| before.get(key) != Some(value))
}

/// Writes back what became of the grants.
pub(super) async fn store_grants(db: &Transaction, before: &Ledger, after: &Ledger) -> Result<()> {
    for (id, grant) in changed(&before.grants, &after.grants) {
        grants::put(db, after.vault, *id, *grant).await?;
    }
    Ok(())
}

/// Writes back what became of the ledger.
pub(super) async fn store(db: &Transaction, before: &Ledger, after: &Ledger) -> Result<()> {
    let vault = after.vault;
    for (id, member) in changed(&before.members, &after.members) {
        vaults::put_member(db, vault, *id, *member).await?;
    }
    for (id, scope) in changed(&before.scopes, &after.scopes) {
        vaults::put_scope(db, vault, *id, *scope).await?;
    }
    for (id, record) in changed(&before.records, &after.records) {
        vaults::put_record(db, vault, *id, *record).await?;
    }
    store_grants(db, before, after).await?;
    Ok(vaults::set_head(db, vault, after.head, after.vault_epoch).await?)
}
