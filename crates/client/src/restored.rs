//! When a log ends before a place that was seen: a server that was restored from a backup says so, one that lies is
//! caught, and what this account wrote in between is written again.
//!
//! The server alone says that it was restored, so that nothing rests on it: it explains a log that is shorter, never
//! one that is other, and the person is told of whatever is gone.

use std::collections::BTreeMap;

use protocol::api::{Append, Restored};
use protocol::entry::Head;
use protocol::ledger::Verified;
use protocol::time::DAY;
use protocol::{AccountId, ApiError, Entry, Minute, Signed, VaultId};

use crate::api;
use crate::error::{Alarm, ClientError};
use crate::platform::Platform;
use crate::session::Session;
use crate::view::VaultView;

/// What the server says of its last restore from a backup; none when there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LastRestore(Option<Restored>);

impl LastRestore {
    /// The restore, if it is another one than was known.
    pub(crate) fn since(self, known: Self) -> Option<Restored> {
        self.0.filter(|_| self != known)
    }
}

/// What is kept of a vault for the case that its server is restored.
#[derive(Debug, Default)]
pub(crate) struct Keepsake {
    /// The server's last restore when the vault was first read.
    known: LastRestore,
    /// Entries of this account, by place, for as long as a server takes them.
    own: BTreeMap<u64, (Minute, Signed<Entry>)>,
}

impl Keepsake {
    /// Nothing yet but which restore is known.
    pub(crate) const fn new(known: LastRestore) -> Self {
        Self { known, own: BTreeMap::new() }
    }

    /// Keeps an entry if it is by this account, and new enough.
    pub(crate) fn keep(&mut self, own: AccountId, now: Minute, verified: &Verified, signed: &Signed<Entry>) {
        self.own.retain(|_, (at, _)| at.plus(DAY) >= now);
        let at = verified.entry.at;
        if verified.entry.author == own && at.plus(DAY) >= now {
            self.own.insert(verified.head.seq, (at, signed.clone()));
        }
    }
}

impl<P: Platform> Session<P> {
    /// The server's last restore from a backup, as it says.
    pub(crate) async fn last_restore(&self) -> Result<LastRestore, ClientError> {
        match api::restored(&self.platform).await {
            Ok(restored) => Ok(LastRestore(Some(restored))),
            Err(ClientError::Api(ApiError::NotFound)) => Ok(LastRestore(None)),
            Err(error) => Err(error),
        }
    }

    /// What to make of a log that ends at `end`, before a place that was verified. Without a restore that was not
    /// known yet, or when it is not the beginning of what was seen, it is an alarm. Otherwise, own entries that are gone are
    /// appended again as they were signed, and the rest is told.
    pub(crate) async fn bring_back(&self, vault: VaultId, end: Head) -> Result<(), ClientError> {
        let (known, seen, begins) = self.with_view(vault, |view| {
            (view.keepsake.known, view.head(), view.ledger.chain.get(&end.seq) == Some(&end.chain))
        })?;
        if !begins {
            return Err(Alarm::RolledBack.into());
        }
        let last = self.last_restore().await?;
        let restored = last.since(known).ok_or(Alarm::RolledBack)?;
        let reached = self.append_again(vault, end.seq).await?;
        if reached == seen.seq {
            self.with_view_mut(vault, |view| view.keepsake.known = last)?;
            return Ok(());
        }
        let chain = self.with_view(vault, |view| view.ledger.chain.get(&reached).copied())?;
        let head = Head { seq: reached, chain: chain.ok_or(Alarm::RolledBack)? };
        self.remember(|memory| memory.set_head(vault, head)).await?;
        Err(ClientError::Restored { at: restored.at, lost: seen.seq.saturating_sub(reached) })
    }

    /// Appends own entries after a place, each where it stood, and gives the place up to which that worked: a server
    /// that has them again has the very log that it had.
    async fn append_again(&self, vault: VaultId, after: u64) -> Result<u64, ClientError> {
        let own: Vec<(u64, Signed<Entry>)> = self.with_view(vault, |view| {
            let later = view.keepsake.own.range(after + 1..);
            later.map(|(place, (_, signed))| (*place, signed.clone())).collect()
        })?;
        let mut reached = after;
        for (place, signed) in own {
            if place != reached + 1 {
                break;
            }
            match api::append(&self.platform, vault, &Append { entries: vec![signed] }).await {
                Ok(_) => reached = place,
                // A file that is gone, or somebody else's entry in between.
                Err(ClientError::Api(
                    ApiError::Refused(_) | ApiError::Conflict(_) | ApiError::NotFound | ApiError::TooLarge,
                )) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(reached)
    }

    fn with_view_mut<T>(&self, vault: VaultId, change: impl FnOnce(&mut VaultView) -> T) -> Result<T, ClientError> {
        self.state.borrow_mut().vaults.get_mut(&vault).map(change).ok_or(ClientError::Missing("vault"))
    }
}
