//! What happened, for people to read: one event for each entry that tells something.

use protocol::entry::{AccessKind, Body, Entry};
use protocol::{AccountId, GrantId, Minute, RecordId, ScopeId, VaultId};
use vault::account::{KnownRestore, Losses};

use crate::error::ClientError;
use crate::platform::Platform;
use crate::session::Session;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the log.
    pub seq: u64,
    /// When, by its author's clock.
    pub at: Minute,
    /// Who did it; whose vault it is, for what the server did.
    pub who: AccountId,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The vault was made.
    Created,
    /// A record was added.
    Added(RecordId),
    /// A record was changed.
    Changed(RecordId),
    /// A record was sealed anew, after a share that reached it ended. Nothing that it says has changed.
    Renewed(RecordId),
    /// A record was deleted.
    Deleted(RecordId),
    /// Something was shared.
    Shared(GrantId),
    /// A share was stopped.
    Stopped(GrantId),
    /// The end of a share was changed; none is "no end".
    EndChanged(GrantId, Option<Minute>),
    /// The key of a category was turned.
    KeyTurned(Option<ScopeId>),
    /// A recipient took up a share.
    Accepted(GrantId),
    /// A recipient opened a record.
    Opened(GrantId, RecordId),
    /// A recipient saved a copy.
    Saved(GrantId, RecordId),
    /// The server was restored from a backup, and lacked so many changes at least; what went with restores before the
    /// last one is told as one.
    Restored(u64),
}

impl What {
    /// A word for machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Added(_) => "added",
            Self::Changed(_) => "changed",
            Self::Renewed(_) => "renewed",
            Self::Deleted(_) => "deleted",
            Self::Shared(_) => "shared",
            Self::Stopped(_) => "stopped",
            Self::EndChanged(..) => "end-changed",
            Self::KeyTurned(_) => "key-turned",
            Self::Accepted(_) => "accepted",
            Self::Opened(..) => "opened",
            Self::Saved(..) => "saved",
            Self::Restored(_) => "restored",
        }
    }

    /// The record that it concerns.
    pub const fn record(self) -> Option<RecordId> {
        match self {
            Self::Added(record)
            | Self::Changed(record)
            | Self::Renewed(record)
            | Self::Deleted(record)
            | Self::Opened(_, record)
            | Self::Saved(_, record) => Some(record),
            _ => None,
        }
    }

    /// The share that it concerns.
    pub const fn grant(self) -> Option<GrantId> {
        match self {
            Self::Shared(grant)
            | Self::Stopped(grant)
            | Self::EndChanged(grant, _)
            | Self::Accepted(grant)
            | Self::Opened(grant, _)
            | Self::Saved(grant, _) => Some(grant),
            _ => None,
        }
    }
}

impl Event {
    pub(crate) fn of(seq: u64, entry: &Entry) -> Option<Self> {
        let what = match &entry.body {
            Body::Genesis(_) => What::Created,
            Body::VaultEpoch(epoch) if epoch.epoch > 0 => What::KeyTurned(None),
            Body::ScopeEpoch(epoch) if epoch.epoch > 0 => What::KeyTurned(Some(epoch.scope)),
            Body::Revision(revision) if revision.number == 0 => What::Added(revision.record),
            Body::Revision(revision) => What::Changed(revision.record),
            Body::Tombstone(tombstone) => What::Deleted(tombstone.record),
            Body::Grant(grant) => What::Shared(grant.grant),
            Body::Revocation(grant) => What::Stopped(*grant),
            Body::Term(term) => What::EndChanged(term.grant, term.until),
            Body::Access(access) => match (access.kind, access.record) {
                (AccessKind::Opened, Some(record)) => What::Opened(access.grant, record),
                (AccessKind::Saved, Some(record)) => What::Saved(access.grant, record),
                _ => What::Accepted(access.grant),
            },
            Body::VaultEpoch(_) | Body::ScopeEpoch(_) | Body::RecordKey(_) | Body::Reseal(_) => return None,
        };
        Some(Self { seq, at: entry.at, who: entry.author, what })
    }
}

impl<P: Platform> Session<P> {
    /// What happened in a vault, oldest first. In one's own this says as well that a restore of the server took something
    /// away, once any device of the account was told. No entry says it: the server cannot sign one, and a device that did
    /// would only repeat the server's word.
    pub fn activity(&self, vault: VaultId) -> Result<Vec<Event>, ClientError> {
        let mut events = self.with_view(vault, |view| view.events().to_vec())?;
        let known = self.state.borrow().memory.seen(vault).and_then(|seen| seen.restore);
        let Some(KnownRestore { restore, lost, earlier }) = known.filter(|_| self.who().vault == Some(vault)) else {
            return Ok(events);
        };
        let last = (lost > 0).then_some(Losses { at: restore.at, lost });
        for Losses { at, lost } in earlier.into_iter().chain(last) {
            let place = events.iter().rposition(|event| event.at <= at).map_or(0, |last| last + 1);
            let seq = place.checked_sub(1).and_then(|last| events.get(last)).map_or(0, |last| last.seq);
            events.insert(place, Event { seq, at, who: self.who().account, what: What::Restored(lost) });
        }
        Ok(events)
    }
}
