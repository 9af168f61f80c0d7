//! The rules of a vault's log: a pure fold from entries to who may do what.
//!
//! Server and clients run the same rules. The server runs them over the few facts that an entry touches,
//! to keep the data clean; a client runs them over the whole log, from the owner's key, and trusts nothing
//! else. What breaks a rule that a correct server would have upheld is a [`Violation`] and ends the fold.
//! What merely lost a race is [`Outcome::Superseded`]: it keeps its place and changes nothing.

use std::collections::BTreeMap;

use crate::entry::{Body, Entry, Head, RecordKey, VERSION};
use crate::signature::{NotSigned, PublicKey, Signed};
use crate::{AccountId, Digest, GrantId, GrantScope, Level, Minute, RecordId, ScopeId, VaultId};

mod judge;

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
            Body::Term(term) => {
                if let Some(grant) = self.grants.get_mut(&term.grant) {
                    grant.until = term.until;
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
