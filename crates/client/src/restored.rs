//! When a log does not go on from what was seen of it: a server that was restored from a backup says so, one that lies is
//! caught, and what this account wrote in between is written again.
//!
//! The server alone says that it was restored, so that nothing rests on it. It explains that what was seen last is gone,
//! and that others have written on since. What is there has to hold by itself, from its first entry, and whoever had seen
//! more is told how much is gone. Each restore does so once: with whatever is kept or remembered of a log stands which
//! restore was known then.

use std::collections::BTreeMap;

use protocol::api::{Append, Restored};
use protocol::entry::Head;
use protocol::ledger::Verified;
use protocol::time::DAY;
use protocol::{AccountId, ApiError, Entry, Minute, Signed, VaultId};
use vault::account::{AccountMemory, KnownRestore, SeenHead};

use crate::aftermath::Aftermath;
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

    /// As it was known when a head was verified.
    pub(crate) fn of(seen: &SeenHead) -> Self {
        Self(seen.restore.map(|known| known.restore))
    }

    /// The restore, if it is another one than was known.
    pub(crate) fn since(self, known: Self) -> Option<Restored> {
        self.0.filter(|_| self != known)
    }

    /// Whether there was one, and nothing in an account's memory was verified since then.
    pub(crate) fn is_new_to(self, memory: &AccountMemory) -> bool {
        self.0.is_some() && memory.heads.iter().all(|seen| Self::of(seen) != self)
    }

    fn is_after(self, other: Self) -> bool {
        self.0.map(|restored| restored.at) > other.0.map(|restored| restored.at)
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

    /// Notes that nothing is missing of what this device kept: the restore that there was explains nothing from now on.
    /// Says whether it was not known before.
    pub(crate) fn confirm(&mut self) -> bool {
        self.unconfirmed.take().is_some_and(|last| std::mem::replace(&mut self.known, last) != last)
    }

    /// Takes over from another device which restore is known, if that is a later one.
    pub(crate) fn learn(&mut self, last: LastRestore) {
        if last.is_after(self.known) {
            self.known = last;
        }
    }
}

/// What was seen of a vault whose log does not go on from it, until it is known why.
pub(crate) struct Doubt {
    /// Perhaps with entries beyond what was seen, which verified before one did not.
    pub(crate) view: VaultView,
    /// Up to where it was seen.
    pub(crate) reached: Head,
    /// What was found.
    pub(crate) alarm: Alarm,
}

impl VaultView {
    /// Whether the log has this very place, as far as it was verified.
    pub(crate) fn has(&self, place: Head) -> bool {
        self.ledger.chain.get(&place.seq) == Some(&place.chain)
    }

    /// What to remember of the log in place of what is remembered; none if that may stay. Another device may have seen
    /// more, which has to be there; with `since` a restore, only what was remembered since then.
    pub(crate) fn to_remember(&self, seen: Option<&SeenHead>, since: Option<LastRestore>) -> Option<SeenHead> {
        let known = self.keepsake.known;
        let restore = match seen {
            Some(seen) if self.has(seen.head) && !known.is_after(LastRestore::of(seen)) => seen.restore,
            Some(seen) if !self.has(seen.head) && since.is_none_or(|last| LastRestore::of(seen) == last) => {
                return None;
            }
            // What went with the one before is not forgotten over this one.
            _ => known.note().map(|restore| KnownRestore::after(seen.and_then(|seen| seen.restore), restore)),
        };
        let newer = SeenHead { vault: self.id(), head: self.head(), restore };
        (seen != Some(&newer)).then_some(newer)
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

    /// What to make of a log that did not go on from what was seen of it, up to `reached`: an alarm, unless the server
    /// says of a restore that explains it. While it says nothing, the alarm stands, and what was seen stays as proof.
    pub(crate) async fn explain(&self, vault: VaultId, reached: Head, alarm: Alarm) -> Result<(), ClientError> {
        let last = self.last_restore().await;
        // What was seen when the log was first doubted counts, and not what was read of it in vain since then.
        let doubt = self.state.borrow_mut().doubted.remove(&vault);
        let reached = match doubt {
            Some(Doubt { view, reached, .. }) => {
                self.state.borrow_mut().vaults.insert(vault, view);
                reached
            }
            None => reached,
        };
        let Ok(last) = last else {
            self.put_aside(vault, reached, alarm);
            return Err(alarm.into());
        };
        let result = Box::pin(self.start_over(vault, reached, alarm, last)).await;
        // Where that was cut off, nothing is shown of what did not verify.
        let is_as_before = self.with_view(vault, |view| view.head() == reached).unwrap_or(false);
        if !is_as_before && !matches!(result, Ok(()) | Err(ClientError::Restored { .. } | ClientError::Alarm(_))) {
            self.put_aside(vault, reached, alarm);
        }
        result
    }

    /// Shows a vault no longer whose log is doubted, and keeps what was seen of it, up to `reached`.
    pub(crate) fn put_aside(&self, vault: VaultId, reached: Head, alarm: Alarm) {
        let mut state = self.state.borrow_mut();
        if let Some(view) = state.vaults.remove(&vault) {
            state.doubted.insert(vault, Doubt { view, reached, alarm });
        }
    }

    /// Starts over with a log that lacks what was seen of it: by this session, up to `reached`, or by the account, up
    /// to what it remembers. Only a restore that was not known then explains it; otherwise the alarm stands. Own
    /// entries that are gone are appended again as they were signed. Where that does not bring everything back, the log
    /// is read from its beginning, and what it lacks is counted and told.
    async fn start_over(
        &self,
        vault: VaultId,
        reached: Head,
        alarm: Alarm,
        last: LastRestore,
    ) -> Result<(), ClientError> {
        let remembered = self.state.borrow().memory.seen(vault).copied();
        let known = self.with_view(vault, |view| view.keepsake.known)?;
        let noted = remembered.as_ref().map(LastRestore::of);
        let Some(restored) = last.since(known).or_else(|| last.since(noted?)) else { return Err(alarm.into()) };
        let is_explained = last.since(known).is_some();
        let before = if is_explained && self.bring_back(vault, reached).await? {
            self.with_view_mut(vault, |view| {
                view.keepsake.known = last;
                view.keepsake.unconfirmed = None;
            })?;
            None
        } else {
            let mut view = self.new_view(vault).await?;
            view.keepsake = Keepsake::new(last);
            self.state.borrow_mut().vaults.insert(vault, view)
        };
        // What was seen since this restore must be there all the same.
        let must_have = (!is_explained).then_some(reached);
        if let Err(error) = self.read_after(vault, last, must_have, alarm).await {
            // Whoever tries again needs what was seen.
            if let Some(before) = before {
                self.state.borrow_mut().vaults.insert(vault, before);
            }
            return Err(error);
        }
        let mut aftermath = Aftermath::none(restored.at);
        self.with_view(vault, |view| {
            if let Some(before) = &before {
                aftermath.count(before, reached, view, self.who().account);
            }
            if let Some(seen) = remembered.filter(|seen| !view.has(seen.head)) {
                aftermath.lacks_at_least(seen.head.seq.saturating_sub(view.head().seq).max(1));
            }
        })?;
        if aftermath.is_nothing() {
            self.keep_log(vault).await;
            return Ok(());
        }
        let told = aftermath.told();
        self.state.borrow_mut().add_aftermath(vault, aftermath);
        Err(told)
    }

    /// Reads a log, of which only what was seen since a restore has to be there.
    async fn read_after(
        &self,
        vault: VaultId,
        last: LastRestore,
        must_have: Option<Head>,
        alarm: Alarm,
    ) -> Result<(), ClientError> {
        self.take_in_log(vault, Some(last)).await?;
        if self.with_view(vault, |view| must_have.is_some_and(|seen| !view.has(seen)))? {
            return Err(alarm.into());
        }
        self.remember_head(vault, Some(last)).await
    }

    /// Appends own entries again that a log lacks of what was seen, each where it stood. Says whether nothing is missing
    /// then: a server that has them again has the very log that it had.
    async fn bring_back(&self, vault: VaultId, reached: Head) -> Result<bool, ClientError> {
        let end = api::log(&self.platform, vault, reached.seq).await?.head;
        let own = self.with_view(vault, |view| {
            // Where others have written on, nothing goes to where it stood.
            if view.head() != reached || !view.has(end) {
                return None;
            }
            let later = view.keepsake.own.range(end.seq + 1..);
            Some(later.map(|(place, (_, signed))| (*place, signed.clone())).collect::<Vec<_>>())
        })?;
        let Some(own) = own else { return Ok(false) };
        let mut at = end.seq;
        for (place, signed) in own {
            // Somebody else's entry stood in between.
            if place != at + 1 {
                break;
            }
            match api::append(&self.platform, vault, &Append { entries: vec![signed] }).await {
                Ok(_) => at = place,
                // A file that is gone, or another entry that came first.
                Err(ClientError::Api(
                    ApiError::Refused(_) | ApiError::Conflict(_) | ApiError::NotFound | ApiError::TooLarge,
                )) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(at == reached.seq)
    }

    pub(crate) fn with_view_mut<T>(
        &self,
        vault: VaultId,
        change: impl FnOnce(&mut VaultView) -> T,
    ) -> Result<T, ClientError> {
        self.state.borrow_mut().vaults.get_mut(&vault).map(change).ok_or(ClientError::Missing("vault"))
    }
}
