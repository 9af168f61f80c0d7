//! The rules of a vault's log: a pure fold from entries to who may do what.
//!
//! Server and clients run the same rules. The server runs them over the few facts that an entry touches,
//! to keep the data clean; a client runs them over the whole log, from the owner's key, and trusts nothing
//! else. What breaks a rule that a correct server would have upheld is a [`Violation`] and ends the fold.
//! What merely lost a race is [`Outcome::Superseded`]: it keeps its place and changes nothing.

use std::collections::BTreeMap;

use crate::entry::{
    Access, AccessKind, Body, Content, Entry, Grant, Head, PartKind, RecordKey, Revision, ScopeEpoch, Tombstone,
    VERSION, VaultEpoch,
};
use crate::signature::{NotSigned, PublicKey, Signed};
use crate::{AccountId, Digest, GrantId, GrantScope, Level, Minute, RecordId, ScopeId, VaultId};

/// Whoever has written, or may write, to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The identity key that its entries are checked with.
    pub key: PublicKey,
    /// The count in its last entry; 0 before the first.
    pub author_seq: u64,
    /// The newest place that it said it had seen.
    pub seen: u64,
}

/// What the rules need to know of a category or area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeFacts {
    /// The current epoch of its seed.
    pub epoch: u32,
}

/// What the rules need to know of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordFacts {
    /// Where it lies.
    pub scope: ScopeId,
    /// The scope's epoch under which its key was last wrapped.
    pub epoch: u32,
    /// The generation of its key.
    pub generation: u32,
    /// Its newest revision.
    pub number: u32,
    /// Whether a tombstone ended it.
    pub deleted: bool,
}

/// What the rules need to know of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantFacts {
    /// To whom.
    pub recipient: AccountId,
    /// What for.
    pub level: Level,
    /// With what.
    pub scope: GrantScope,
    /// The last minute, if there is one.
    pub until: Option<Minute>,
    /// Whether it was revoked.
    pub revoked: bool,
}

impl GrantFacts {
    /// Whether it holds at this minute.
    pub fn holds_at(&self, at: Minute) -> bool {
        !self.revoked && self.until.is_none_or(|until| at <= until)
    }
}

/// How much of the log this reader is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every entry: the owner, whoever manages the vault, and the server.
    Full,
    /// What a grant reaches; bare digests for the rest.
    Partial,
}

/// The state that entries fold to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Which vault.
    pub vault: VaultId,
    /// Whose vault.
    pub owner: AccountId,
    /// How much of it is seen.
    pub reach: Reach,
    /// The place after the last entry.
    pub head: Head,
    /// Chain values by place, to hold authors to what they say they saw.
    pub chain: BTreeMap<u64, Digest>,
    /// Authors.
    pub members: BTreeMap<AccountId, Member>,
    /// The current epoch of the vault key.
    pub vault_epoch: Option<u32>,
    /// Categories and areas.
    pub scopes: BTreeMap<ScopeId, ScopeFacts>,
    /// Records.
    pub records: BTreeMap<RecordId, RecordFacts>,
    /// Grants.
    pub grants: BTreeMap<GrantId, GrantFacts>,
}

/// The log breaks a rule: the server or an author did what a correct one never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The signature, or the form of what was signed.
    #[error("an entry is not properly signed: {0}")]
    Signature(#[from] NotSigned),
    /// An unknown version of the format.
    #[error("an entry is of an unknown version")]
    Version,
    /// The entry belongs to another vault.
    #[error("an entry belongs to another vault")]
    Vault,
    /// The author has no place in this vault.
    #[error("an entry's author has no place in this vault")]
    Stranger,
    /// An entry of this author was dropped, doubled or moved.
    #[error("an entry is missing, doubled or out of order")]
    Order,
    /// The author had seen another history than this one.
    #[error("an entry's author had seen another history")]
    Fork,
    /// The author may not do this.
    #[error("an entry does what its author may not do")]
    Authority,
    /// The entry contradicts itself.
    #[error("an entry contradicts itself")]
    Form,
    /// A reader who should see everything was given a bare digest.
    #[error("an entry was withheld")]
    Withheld,
}

/// Why an entry changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Superseded {
    /// Another entry took the same number first.
    #[error("another change came first")]
    Number,
    /// The key that it was made under has turned since.
    #[error("the key has turned since")]
    Epoch,
    /// What it changes has ended.
    #[error("what it changes has ended")]
    Ended,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Accepted,
    /// It lost a race.
    Superseded(Superseded),
}

/// An entry whose signature, place and authority were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The place after it.
    pub head: Head,
    /// What it says.
    pub entry: Entry,
    /// Whether it took effect.
    pub outcome: Outcome,
}

impl Ledger {
    /// The state before the first entry. The owner's key comes from the owner's account chain, which the
    /// caller has verified.
    pub fn new(vault: VaultId, owner: AccountId, owner_key: PublicKey, reach: Reach) -> Self {
        let head = Head::before(vault);
        Self {
            vault,
            owner,
            reach,
            head,
            chain: BTreeMap::from([(0, head.chain)]),
            members: BTreeMap::from([(owner, Member { key: owner_key, author_seq: 0, seen: 0 })]),
            vault_epoch: None,
            scopes: BTreeMap::new(),
            records: BTreeMap::new(),
            grants: BTreeMap::new(),
        }
    }

    /// Checks one entry and takes it in, or says which rule it breaks and stays as it was.
    pub fn apply(&mut self, signed: &Signed<Entry>) -> Result<Verified, Violation> {
        let member = *self.members.get(&signed.signer()).ok_or(Violation::Stranger)?;
        let entry = signed.open(&member.key)?;
        self.fold(member, entry, signed.digest())
    }

    /// Takes in again an entry whose signature this reader has checked before, and which it kept since where nobody
    /// else can write: under a seal of its own. Everything but the signature is checked again.
    pub fn replay(&mut self, signed: &Signed<Entry>) -> Result<Verified, Violation> {
        let member = *self.members.get(&signed.signer()).ok_or(Violation::Stranger)?;
        self.fold(member, signed.open_again()?, signed.digest())
    }

    fn fold(&mut self, member: Member, entry: Entry, digest: Digest) -> Result<Verified, Violation> {
        if entry.version != VERSION {
            return Err(Violation::Version);
        }
        if entry.vault != self.vault {
            return Err(Violation::Vault);
        }
        self.check_order(&member, &entry)?;
        let outcome = match self.judge(&entry)? {
            Some(superseded) => Outcome::Superseded(superseded),
            None => Outcome::Accepted,
        };
        if outcome == Outcome::Accepted {
            self.take_in(&entry);
        }
        self.advance(digest);
        if let Some(member) = self.members.get_mut(&entry.author) {
            member.author_seq = entry.author_seq;
            member.seen = entry.seen.seq;
        }
        Ok(Verified { head: self.head, entry, outcome })
    }

    /// Passes over an entry that this reader may not see, by its digest alone.
    pub fn pass_over(&mut self, digest: Digest) -> Result<(), Violation> {
        match self.reach {
            Reach::Full => Err(Violation::Withheld),
            Reach::Partial => {
                self.advance(digest);
                Ok(())
            }
        }
    }

    /// Whether this account holds the whole vault now: its owner, or a manager whose grant holds.
    pub fn manages(&self, account: AccountId, at: Minute) -> bool {
        account == self.owner
            || self.grants.values().any(|grant| {
                grant.recipient == account
                    && grant.level == Level::Manage
                    && grant.scope == GrantScope::Vault
                    && grant.holds_at(at)
            })
    }

    fn advance(&mut self, digest: Digest) {
        self.head = self.head.then(digest);
        self.chain.insert(self.head.seq, self.head.chain);
    }

    fn check_order(&self, member: &Member, entry: &Entry) -> Result<(), Violation> {
        let follows = match self.reach {
            Reach::Full => entry.author_seq == member.author_seq + 1,
            Reach::Partial => entry.author_seq > member.author_seq,
        };
        if !follows || entry.seen.seq < member.seen {
            return Err(Violation::Order);
        }
        if self.chain.get(&entry.seen.seq) == Some(&entry.seen.chain) { Ok(()) } else { Err(Violation::Fork) }
    }

    /// Whether the author may do this, whether it makes sense, and whether it lost a race.
    fn judge(&self, entry: &Entry) -> Result<Option<Superseded>, Violation> {
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
        let due = record.map(|record| record.generation + 1);
        // A partial reader does not see what happens to a record outside of what its grant reaches.
        let later = record.is_none_or(|record| key.generation > record.generation);
        if key.generation != due.unwrap_or(0) && !(later && self.reach == Reach::Partial) {
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
        let due = record.map_or(0, |record| record.number + 1);
        if revision.number != due {
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

    /// Whether a key of this scope and epoch has turned. What a partial reader cannot see it cannot judge.
    fn stale_epoch(&self, scope: GrantScope, epoch: u32) -> Option<Superseded> {
        let current = match scope {
            GrantScope::Record(record) => self.records.get(&record).map(|record| record.generation),
            GrantScope::Scope(scope) => self.scopes.get(&scope).map(|scope| scope.epoch),
            GrantScope::Vault => self.vault_epoch,
        };
        match (current, self.reach) {
            (Some(current), _) => (current != epoch).then_some(Superseded::Epoch),
            (None, Reach::Partial) => None,
            (None, Reach::Full) => Some(Superseded::Ended),
        }
    }

    fn take_in(&mut self, entry: &Entry) {
        match &entry.body {
            Body::VaultEpoch(new) => self.vault_epoch = Some(new.epoch),
            Body::ScopeEpoch(new) => {
                self.scopes.insert(new.scope, ScopeFacts { epoch: new.epoch });
            }
            Body::RecordKey(key) => self.take_in_key(key, None),
            Body::Revision(revision) => match &revision.key {
                Some(key) => self.take_in_key(key, Some(revision.number)),
                None => {
                    if let Some(record) = self.records.get_mut(&revision.record) {
                        record.number = revision.number;
                    }
                }
            },
            Body::Tombstone(tombstone) => {
                if let Some(record) = self.records.get_mut(&tombstone.record) {
                    record.deleted = true;
                }
            }
            Body::Grant(grant) => {
                self.members.entry(grant.recipient).or_insert(Member {
                    key: grant.recipient_key,
                    author_seq: 0,
                    seen: 0,
                });
                self.grants.insert(
                    grant.grant,
                    GrantFacts {
                        recipient: grant.recipient,
                        level: grant.level,
                        scope: grant.scope,
                        until: grant.until,
                        revoked: false,
                    },
                );
            }
            Body::Revocation(grant) => {
                if let Some(grant) = self.grants.get_mut(grant) {
                    grant.revoked = true;
                }
            }
            Body::Genesis(_) | Body::Reseal(_) | Body::Access(_) => {}
        }
    }

    fn take_in_key(&mut self, key: &RecordKey, number: Option<u32>) {
        let known = self.records.get(&key.record).map_or(0, |record| record.number);
        self.records.insert(
            key.record,
            RecordFacts {
                scope: key.scope,
                epoch: key.epoch,
                generation: key.generation,
                number: number.unwrap_or(known),
                deleted: false,
            },
        );
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
