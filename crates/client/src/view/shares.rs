//! What the log says of shares: whom each gives what, whether it holds, and how far its end has come.

use std::collections::BTreeMap;

use protocol::entry::{Grant, Reseal, Term};
use protocol::ledger::GrantFacts;
use protocol::time::DAY;
use protocol::{AccountId, GrantId, GrantScope, Minute, RecordId};

use super::{Record, VaultView};
use crate::activity::What;

/// A share, with everything that the log says of it.
#[derive(Clone, Debug)]
pub struct Share {
    /// As its author signed it, but for its end, which is the one that was signed last.
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

    /// What gives it another end; none where it has that end already.
    pub(crate) fn new_term(&self, until: Option<Minute>) -> Option<Term> {
        let Grant { grant, until: from, .. } = self.grant;
        (from != until).then_some(Term { grant, from, until })
    }

    /// Whether its holder may sign for it: an entry must hold by the clock that dates it, whatever the server's says.
    pub(crate) fn may_be_signed_for(&self, now: Minute) -> bool {
        self.grant.until.is_none_or(|until| now <= until)
    }

    /// The newest generation of the holder's encryption key that anything was sealed to.
    pub(crate) fn last_generation(&self) -> u32 {
        let later = self.reseals.iter().map(|reseal| reseal.encryption_generation);
        later.fold(self.grant.encryption_generation, u32::max)
    }
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

/// That somebody opened a record, or saved a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// When.
    pub at: Minute,
    /// The share by which they signed for it.
    pub grant: GrantId,
    /// The record.
    pub record: RecordId,
}

/// What each person opened, oldest first.
pub type Openings = BTreeMap<AccountId, Vec<Opening>>;

impl VaultView {
    /// What everybody opened who was given something.
    pub fn openings(&self) -> Openings {
        let mut openings = Openings::new();
        for event in &self.events {
            let (What::Opened(grant, record) | What::Saved(grant, record)) = event.what else { continue };
            openings.entry(event.who).or_default().push(Opening { at: event.at, grant, record });
        }
        openings
    }

    /// What a share's holder opened, while it held, of what it reaches. Which of their shares they signed by does not
    /// matter: what they have seen, they have seen.
    pub fn opened_by_holder<'a>(
        &'a self,
        share: &'a Share,
        openings: &'a Openings,
    ) -> impl DoubleEndedIterator<Item = &'a Opening> {
        let end = share.stopped.map(|(at, _)| at).or(share.grant.until);
        let while_it_held = move |at: Minute| share.at <= at && end.is_none_or(|end| at <= end);
        let own = openings.get(&share.grant.recipient).into_iter().flatten();
        own.filter(move |opening| {
            opening.grant == share.grant.grant || while_it_held(opening.at) && self.reaches(share, opening.record)
        })
    }

    /// Shares, past and present.
    pub fn shares(&self) -> impl Iterator<Item = &Share> {
        self.shares.values()
    }

    /// A share by its id.
    pub fn share(&self, grant: GrantId) -> Option<&Share> {
        self.shares.get(&grant)
    }

    /// The grant by which an account may reach a record now, the widest first.
    pub fn grant_for(&self, account: AccountId, record: RecordId, now: Minute) -> Option<&Share> {
        self.grants_for(account, record, now).max_by_key(|share| share.grant.level)
    }

    /// As [`Self::grant_for`], for an entry that is dated now.
    pub(crate) fn grant_to_sign_for(&self, account: AccountId, record: RecordId, now: Minute) -> Option<&Share> {
        let dated = self.grants_for(account, record, now).filter(|share| share.may_be_signed_for(now));
        dated.max_by_key(|share| share.grant.level)
    }

    fn grants_for(&self, account: AccountId, record: RecordId, now: Minute) -> impl Iterator<Item = &Share> {
        let scope = self.ledger.records.get(&record).map(|facts| facts.scope);
        let covers = move |share: &&Share| scope.is_some_and(|scope| share.grant.scope.covers(record, scope));
        let theirs = self.shares.values().filter(move |share| share.grant.recipient == account).filter(covers);
        theirs.filter(move |share| self.holds(share, now))
    }

    /// Whether a share holds now: it has ended once the server's clock and this device's say so.
    pub fn holds(&self, share: &Share, now: Minute) -> bool {
        self.facts(share.grant.grant).is_some_and(|facts| facts.holds_at(self.surely(now)))
    }

    /// The minute that has surely come. A clock that is fast ends no share that the server still serves; a server
    /// whose clock is slow, or that says so, puts an end off by no more than the day by which it lets clocks differ.
    fn surely(&self, now: Minute) -> Minute {
        let Some((theirs, ours)) = self.clocks else { return now };
        let by_server = theirs.plus(now.0.saturating_sub(ours.0));
        now.min(by_server.max(Minute(now.0.saturating_sub(DAY))))
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
        let current = self.current_epoch(share.grant.scope);
        // What was deleted has no key to turn.
        let is_gone = match share.grant.scope {
            GrantScope::Record(record) => self.ledger.records.get(&record).is_some_and(|facts| facts.deleted),
            GrantScope::Scope(_) | GrantScope::Vault => false,
        };
        let rotated = is_gone || current.is_some_and(|current| current > share.last_sealed_epoch());
        let reencrypted = rotated && self.reached_by(share).all(|record| self.is_fresh(record));
        Some(Ending { blocked: true, rotated, reencrypted })
    }

    /// Whether a share holds, but the present key was not sealed to its holder: that person's identity on the server
    /// could not be checked when the key turned. Sharing again, once it can be, gives the key, and ends the wait of
    /// this share as well.
    pub fn is_frozen(&self, share: &Share, now: Minute) -> bool {
        let Some(current) = self.current_epoch(share.grant.scope) else { return false };
        let mut theirs = self.holders(share.grant.scope, now);
        self.holds(share, now)
            && !theirs
                .any(|other| other.grant.recipient == share.grant.recipient && other.last_sealed_epoch() >= current)
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

    fn facts(&self, grant: GrantId) -> Option<&GrantFacts> {
        self.ledger.grants.get(&grant)
    }
}
