//! Each body by its rule: whether the author may do this, whether it makes sense, and whether it lost a race.

use super::{Ledger, Reach, RecordFacts, Superseded, Violation};
use crate::entry::{
    Access, AccessKind, Body, Content, Entry, Grant, PartKind, RecordKey, Revision, ScopeEpoch, Term, Tombstone,
    VaultEpoch,
};
use crate::signature::PublicKey;
use crate::{AccountId, GrantId, GrantScope, Level};

impl Ledger {
    /// Whether the author may do this, whether it makes sense, and whether it lost a race.
    pub(super) fn judge(&self, entry: &Entry) -> Result<Option<Superseded>, Violation> {
        let genesis_is_due = self.head.seq == 0;
        if matches!(entry.body, Body::Genesis(_)) != genesis_is_due {
            return Err(Violation::Order);
        }
        match &entry.body {
            Body::Genesis(key) => self.judge_genesis(entry.author, key),
            Body::Access(access) => self.judge_access(entry, access),
            Body::Revocation(grant) => self.judge_revocation(entry, *grant),
            _ if !self.manages(entry.author, entry.at) => Err(Violation::Authority),
            Body::VaultEpoch(epoch) => self.judge_vault_epoch(epoch),
            Body::ScopeEpoch(epoch) => self.judge_scope_epoch(epoch),
            Body::RecordKey(key) => self.judge_record_key(key),
            Body::Revision(revision) => self.judge_revision(revision),
            Body::Tombstone(tombstone) => Ok(self.judge_tombstone(tombstone)),
            Body::Grant(grant) => self.judge_grant(entry.author, grant),
            Body::Reseal(reseal) => Ok(match self.grants.get(&reseal.grant) {
                Some(grant) if !grant.revoked => self.stale_epoch(grant.scope, reseal.epoch),
                _ => Some(Superseded::Ended),
            }),
            Body::Term(term) => self.judge_term(entry, *term),
        }
    }

    fn judge_genesis(&self, author: AccountId, key: &PublicKey) -> Result<Option<Superseded>, Violation> {
        let owner = self.members.get(&self.owner).ok_or(Violation::Stranger)?;
        if author == self.owner && *key == owner.key { Ok(None) } else { Err(Violation::Authority) }
    }

    fn judge_vault_epoch(&self, new: &VaultEpoch) -> Result<Option<Superseded>, Violation> {
        if new.previous.is_some() != (new.epoch > 0) {
            return Err(Violation::Form);
        }
        let due = self.vault_epoch.map_or(0, |epoch| epoch + 1);
        // A partial reader sees no vault epochs, so it has nothing to compare with.
        Ok((new.epoch != due).then_some(Superseded::Number))
    }

    fn judge_scope_epoch(&self, new: &ScopeEpoch) -> Result<Option<Superseded>, Violation> {
        if new.previous.is_some() != (new.epoch > 0) {
            return Err(Violation::Form);
        }
        let due = self.scopes.get(&new.scope).map_or(0, |scope| scope.epoch + 1);
        if new.epoch != due {
            return Ok(Some(Superseded::Number));
        }
        let stale = self.reach == Reach::Full && self.vault_epoch != Some(new.vault_epoch);
        Ok(stale.then_some(Superseded::Epoch))
    }

    fn judge_record_key(&self, key: &RecordKey) -> Result<Option<Superseded>, Violation> {
        match self.records.get(&key.record) {
            Some(record) if record.deleted => Ok(Some(Superseded::Ended)),
            Some(record) => self.judge_key(key, Some(record)),
            // A partial reader meets keys of records that it was never shown.
            None if self.reach == Reach::Partial => Ok(Some(Superseded::Ended)),
            None => Err(Violation::Form),
        }
    }

    fn judge_key(&self, key: &RecordKey, record: Option<&RecordFacts>) -> Result<Option<Superseded>, Violation> {
        if key.previous.is_some() != (key.generation > 0) {
            return Err(Violation::Form);
        }
        let due = record.map_or(Some(0), |record| record.generation.checked_add(1));
        // A partial reader does not see what happens to a record outside of what its grant reaches.
        let later = record.is_none_or(|record| key.generation > record.generation);
        if Some(key.generation) != due && !(later && self.reach == Reach::Partial) {
            return Ok(Some(Superseded::Number));
        }
        Ok(self.stale_epoch(GrantScope::Scope(key.scope), key.epoch))
    }

    fn judge_revision(&self, revision: &Revision) -> Result<Option<Superseded>, Violation> {
        check_parts(revision)?;
        let record = self.records.get(&revision.record);
        if record.is_some_and(|record| record.deleted) {
            return Ok(Some(Superseded::Ended));
        }
        let due = record.map_or(Some(0), |record| record.number.checked_add(1));
        if Some(revision.number) != due {
            let later = record.is_none_or(|record| revision.number > record.number);
            match (self.reach, &revision.key) {
                // It is new here, or comes back from where this reader could not see it: with a new key, then.
                (Reach::Partial, Some(_)) if later => {}
                (Reach::Partial, None) if later && record.is_some() => return Err(Violation::Withheld),
                _ => return Ok(Some(Superseded::Number)),
            }
        }
        match (&revision.key, record) {
            (Some(key), _) if key.record != revision.record || key.generation != revision.generation => {
                Err(Violation::Form)
            }
            (Some(key), record) => self.judge_key(key, record),
            (None, None) if self.reach == Reach::Partial => Ok(Some(Superseded::Ended)),
            (None, None) => Err(Violation::Form),
            (None, Some(record)) if revision.generation != record.generation => Ok(Some(Superseded::Epoch)),
            (None, Some(record)) => Ok(self.stale_epoch(GrantScope::Scope(record.scope), record.epoch)),
        }
    }

    fn judge_tombstone(&self, tombstone: &Tombstone) -> Option<Superseded> {
        match self.records.get(&tombstone.record) {
            Some(record) if record.deleted => Some(Superseded::Ended),
            Some(record) if record.number == tombstone.number => None,
            Some(_) => Some(Superseded::Number),
            None => Some(Superseded::Ended),
        }
    }

    fn judge_grant(&self, author: AccountId, grant: &Grant) -> Result<Option<Superseded>, Violation> {
        let to_owner = grant.recipient == self.owner;
        // Only a grant over the whole vault carries the vault key, which is what `manage` means.
        let manage_is_whole = grant.level == Level::Manage && grant.scope != GrantScope::Vault;
        if to_owner || manage_is_whole {
            return Err(Violation::Form);
        }
        // Who manages may neither lengthen its own grant nor replace a recipient's key.
        let known = self.members.get(&grant.recipient);
        if grant.recipient == author || known.is_some_and(|member| member.key != grant.recipient_key) {
            return Err(Violation::Authority);
        }
        if self.grants.contains_key(&grant.grant) {
            return Ok(Some(Superseded::Number));
        }
        if let GrantScope::Record(record) = grant.scope
            && self.records.get(&record).is_some_and(|record| record.deleted)
        {
            return Ok(Some(Superseded::Ended));
        }
        Ok(self.stale_epoch(grant.scope, grant.epoch))
    }

    fn judge_revocation(&self, entry: &Entry, grant: GrantId) -> Result<Option<Superseded>, Violation> {
        let Some(facts) = self.grants.get(&grant) else { return Err(Violation::Form) };
        // Anyone may give up what was given to them.
        if facts.recipient != entry.author && !self.manages(entry.author, entry.at) {
            return Err(Violation::Authority);
        }
        Ok(facts.revoked.then_some(Superseded::Ended))
    }

    fn judge_term(&self, entry: &Entry, term: Term) -> Result<Option<Superseded>, Violation> {
        let facts = match (self.grants.get(&term.grant), self.reach) {
            (Some(facts), _) => facts,
            // A partial reader meets new ends of managers' grants that it was never shown.
            (None, Reach::Partial) => return Ok(Some(Superseded::Ended)),
            (None, Reach::Full) => return Err(Violation::Form),
        };
        // Who manages may not lengthen its own grant.
        if facts.recipient == entry.author {
            return Err(Violation::Authority);
        }
        if term.until == term.from || term.until.is_some_and(|until| until < entry.at) {
            return Err(Violation::Form);
        }
        if !facts.holds_at(entry.at) {
            return Ok(Some(Superseded::Ended));
        }
        Ok((facts.until != term.from).then_some(Superseded::Number))
    }

    fn judge_access(&self, entry: &Entry, access: &Access) -> Result<Option<Superseded>, Violation> {
        let grant = self.grants.get(&access.grant).ok_or(Violation::Authority)?;
        if grant.recipient != entry.author || !grant.holds_at(entry.at) {
            return Err(Violation::Authority);
        }
        match (access.kind, access.record) {
            (AccessKind::Accepted, None) => Ok(None),
            (AccessKind::Opened | AccessKind::Saved, Some(id)) => {
                let allowed =
                    access.kind == AccessKind::Opened && grant.level >= Level::View || grant.level.reads_originals();
                match self.records.get(&id) {
                    Some(record) if allowed && grant.scope.covers(id, record.scope) => {
                        Ok(record.deleted.then_some(Superseded::Ended))
                    }
                    // What an earlier share reached is hidden by now; the reader's own openings of it are not.
                    None if allowed && self.reach == Reach::Partial => Ok(None),
                    _ => Err(Violation::Authority),
                }
            }
            _ => Err(Violation::Form),
        }
    }

    /// Whether a key of this scope and epoch has turned. What a partial reader cannot see it cannot judge: a key may have
    /// turned while nothing reached it, and what is given with a later one is no older for that.
    fn stale_epoch(&self, scope: GrantScope, epoch: u32) -> Option<Superseded> {
        let current = match scope {
            GrantScope::Record(record) => self.records.get(&record).map(|record| record.generation),
            GrantScope::Scope(scope) => self.scopes.get(&scope).map(|scope| scope.epoch),
            GrantScope::Vault => self.vault_epoch,
        };
        match (current, self.reach) {
            (Some(current), Reach::Full) => (current != epoch).then_some(Superseded::Epoch),
            (Some(current), Reach::Partial) => (epoch < current).then_some(Superseded::Epoch),
            (None, Reach::Partial) => None,
            (None, Reach::Full) => Some(Superseded::Ended),
        }
    }
}

/// Parts ascend by kind, metadata comes first and inline, and none is from a later revision.
fn check_parts(revision: &Revision) -> Result<(), Violation> {
    let ascend = revision.parts.windows(2).all(|pair| matches!(pair, [a, b] if a.kind < b.kind));
    let data_is_inline = revision
        .parts
        .first()
        .is_some_and(|part| part.kind == PartKind::Data && matches!(part.content, Content::Inline(_)));
    let in_time = revision
        .parts
        .iter()
        .all(|part| part.origin.revision <= revision.number && part.origin.generation <= revision.generation);
    if ascend && data_is_inline && in_time { Ok(()) } else { Err(Violation::Form) }
}
