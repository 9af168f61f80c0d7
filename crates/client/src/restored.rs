//! When a log ends before a place that was seen: a server that was restored from a backup says so, one that lies is
//! caught, and what this account wrote in between is written again.
//!
//! The server alone says that it was restored, so that nothing rests on it: it explains a log that is shorter than what
//! an open session saw, never one that is other, and the person is told of whatever is gone. To a device that was not
//! open meanwhile it explains a log that others have written on since, too, and each restore does so once: what a device
//! keeps of a log says which restore it knew of.

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
    /// As a device noted it.
    pub(crate) const fn noted(note: Option<Restored>) -> Self {
        Self(note)
    }

    /// For a device to note.
    pub(crate) const fn note(self) -> Option<Restored> {
        self.0
    }

    /// The restore, if it is another one than was known.
    pub(crate) fn since(self, known: Self) -> Option<Restored> {
        self.0.filter(|_| self != known)
    }
}

/// What is kept of a vault for the case that its server is restored.
#[derive(Debug, Default)]
pub(crate) struct Keepsake {
    /// The server's last restore when the vault was last read from its beginning, or found to be whole.
    pub(crate) known: LastRestore,
    /// For a log that this device kept, until the server's is found to go on from it: the server's last restore now.
    pub(crate) unconfirmed: Option<LastRestore>,
    /// Entries of this account, by place, for as long as a server takes them.
    own: BTreeMap<u64, (Minute, Signed<Entry>)>,
}

impl Keepsake {
    /// Nothing yet but which restore is known.
    pub(crate) const fn new(known: LastRestore) -> Self {
        Self { known, unconfirmed: None, own: BTreeMap::new() }
    }

    /// Keeps an entry if it is by this account, and new enough.
    pub(crate) fn keep(&mut self, own: AccountId, now: Minute, verified: &Verified, signed: &Signed<Entry>) {
        let at = verified.entry.at;
        if verified.entry.author == own && at.plus(DAY) >= now {
            self.own.insert(verified.head.seq, (at, signed.clone()));
        }
    }

    /// Drops what no server takes any more.
    pub(crate) fn drop_old(&mut self, now: Minute) {
        self.own.retain(|_, (at, _)| at.plus(DAY) >= now);
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
        // The next start must not go on from what is gone.
        self.drop_kept(vault).await;
        Err(ClientError::Restored { at: restored.at, lost: seen.seq.saturating_sub(reached) })
    }

    /// Notes that a log goes on from everything that this device kept of it, after a restore of the server or without.
    pub(crate) async fn found_whole(&self, vault: VaultId, last: LastRestore) -> Result<(), ClientError> {
        let before = self.with_view_mut(vault, |view| {
            view.keepsake.unconfirmed = None;
            std::mem::replace(&mut view.keepsake.known, last)
        })?;
        if before != last {
            self.keep_log(vault).await;
        }
        Ok(())
    }

    /// What to make of a log that does not go on from what this device kept of it. The pages are proof: only a restore
    /// that was not known when they were kept explains another log, which then has to hold by itself and against what
    /// the account remembers. What it lacks is counted and told. Otherwise the alarm stands, and so do the pages.
    pub(crate) async fn start_over(
        &self,
        vault: VaultId,
        last: LastRestore,
        alarm: ClientError,
    ) -> Result<(), ClientError> {
        let Some(before) = self.state.borrow_mut().vaults.remove(&vault) else { return Err(alarm) };
        let Some(restored) = last.since(before.keepsake.known) else { return Err(alarm) };
        let mut view = self.own_view(vault);
        view.keepsake = Keepsake::new(last);
        self.state.borrow_mut().vaults.insert(vault, view);
        if let Err(error) = self.read_log(vault).await {
            // The next sync begins with what was kept, and says it again.
            self.state.borrow_mut().vaults.remove(&vault);
            return Err(error);
        }
        let (seen, common) = self.with_view(vault, |view| {
            let chain = &before.ledger.chain;
            let common = chain.iter().rev().find(|(seq, value)| view.ledger.chain.get(seq) == Some(value));
            (before.head().seq, common.map_or(0, |(seq, _)| *seq))
        })?;
        if common == seen {
            return Ok(());
        }
        self.drop_kept(vault).await;
        Err(ClientError::Restored { at: restored.at, lost: seen - common })
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

    pub(crate) fn with_view_mut<T>(
        &self,
        vault: VaultId,
        change: impl FnOnce(&mut VaultView) -> T,
    ) -> Result<T, ClientError> {
        self.state.borrow_mut().vaults.get_mut(&vault).map(change).ok_or(ClientError::Missing("vault"))
    }
}
