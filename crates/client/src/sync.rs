//! Reading a vault's log: verify every entry, fold it, and hold the server to what was seen before.

use std::collections::BTreeSet;

use protocol::api::{LogItem, LogPage};
use protocol::entry::{Access, AccessKind, Body};
use protocol::ledger::Reach;
use protocol::{ApiError, Head, VaultId, Violation};

use crate::api;
use crate::error::{Alarm, ClientError};
use crate::kept::KeptItem;
use crate::platform::Platform;
use crate::restored::{Keepsake, LastRestore};
use crate::session::Session;
use crate::view::VaultView;

/// The most entries that somebody else's log may be said to have. Digests of what this account may not see cost a
/// server that lies nothing; a vault that thousand entries a day are written to gets there after eleven years.
const LONGEST: u64 = 1 << 22;

/// How far a page of the log was taken in.
enum Taken {
    /// All of it, and there is more to ask for.
    Part,
    /// All that there is.
    All,
    /// As far as this account's taking up of a share.
    UpToAcceptance,
}

impl<P: Platform> Session<P> {
    /// Brings a vault up to date.
    pub async fn sync(&self, vault: VaultId) -> Result<(), ClientError> {
        let synced = {
            let _turn = self.writing.lock().await;
            self.sync_in_turn(vault).await
        };
        match synced {
            Ok(()) | Err(ClientError::Restored { .. }) => Box::pin(self.settle(vault)).await.and(synced),
            Err(error) => Err(error),
        }
    }

    /// As [`Self::sync`], for who already has the turn to write.
    pub(crate) async fn sync_in_turn(&self, vault: VaultId) -> Result<(), ClientError> {
        let own = self.who().vault == Some(vault);
        if !self.state.borrow().vaults.contains_key(&vault) {
            self.begin_to_read(vault).await?;
        }
        let reached = self.with_view(vault, VaultView::head)?;
        let mut result = self.read_log(vault).await;
        // Whoever manages somebody else's vault comes into sight with an entry of theirs, and their grant stands where
        // it was hidden before: the log from its beginning shows it.
        let is_first_doubt = reached.seq > 0 && !self.state.borrow().doubted.contains_key(&vault);
        if let Err(ClientError::Alarm(alarm @ Alarm::Violation(Violation::Stranger))) = result
            && !own
            && is_first_doubt
        {
            self.put_aside(vault, reached, alarm);
            result = match self.begin_to_read(vault).await {
                Ok(()) => self.read_log(vault).await,
                Err(error) => Err(error),
            };
        }
        if let Err(ClientError::Alarm(alarm @ (Alarm::RolledBack | Alarm::Violation(_)))) = result {
            result = Box::pin(self.explain(vault, reached, alarm)).await;
        }
        let mut state = self.state.borrow_mut();
        match &result {
            // All that was seen is there.
            Ok(()) => drop(state.doubted.remove(&vault)),
            // What does not verify is not kept, so that the next sync starts from nothing and says it again.
            Err(ClientError::Alarm(_)) => drop(state.vaults.remove(&vault)),
            // A share that ended takes its records along.
            Err(ClientError::Api(ApiError::NotFound) | ClientError::Missing("vault")) if !own => {
                state.vaults.remove(&vault);
                state.doubted.remove(&vault);
            }
            _ => {}
        }
        result
    }

    /// Begins to read a log: from what this device kept of it, or from nothing. An alarm that nothing explained yet is
    /// not hidden by a connection that broke since.
    async fn begin_to_read(&self, vault: VaultId) -> Result<(), ClientError> {
        let begun = self.begin_view(vault).await;
        let mut state = self.state.borrow_mut();
        let standing = state.doubted.get(&vault).map(|doubt| doubt.alarm);
        let view = match (begun, standing) {
            (Err(error), Some(alarm)) if error.is_of_the_line() => return Err(alarm.into()),
            (begun, _) => begun?,
        };
        state.vaults.insert(vault, view);
        Ok(())
    }

    async fn begin_view(&self, vault: VaultId) -> Result<VaultView, ClientError> {
        let own = self.who().vault == Some(vault);
        let kept = if own { self.restore(self.own_view(vault)).await } else { None };
        let is_kept = kept.is_some();
        let mut view = match kept {
            Some(view) => view,
            None => self.new_view(vault).await?,
        };
        let last_restore = self.last_restore().await?;
        if is_kept {
            view.keepsake.unconfirmed = Some(last_restore);
        } else {
            view.keepsake = Keepsake::new(last_restore);
        }
        Ok(view)
    }

    /// Brings every vault up to date that others share with this account, and forgets those that no longer are. Fails
    /// if one of them does, after all of them were tried: where several do, with what says most.
    pub async fn sync_shared(&self) -> Result<Vec<VaultId>, ClientError> {
        let mut each = self.sync_each_shared().await?;
        // What does not verify is never hidden by a connection that broke elsewhere.
        each.sort_by_key(|(_, synced)| synced.as_ref().is_err_and(ClientError::is_of_the_line));
        each.into_iter().map(|(vault, synced)| synced.map(|()| vault)).collect()
    }

    /// As [`Self::sync_shared`], and says what became of each: one person's vault that is damaged, that does not verify
    /// or that does not come keeps nobody from the others, and hides nothing of them. Every vault that is listed has
    /// its one result; it fails only where the list does not come.
    pub async fn sync_each_shared(&self) -> Result<Vec<(VaultId, Result<(), ClientError>)>, ClientError> {
        let shared = api::shared(&self.platform).await?;
        let mut listed = BTreeSet::new();
        let vaults: Vec<VaultId> =
            shared.iter().map(|shared| shared.vault).filter(|vault| listed.insert(*vault)).collect();
        let own = self.who().vault;
        {
            let mut state = self.state.borrow_mut();
            state.vaults.retain(|vault, _| Some(*vault) == own || listed.contains(vault));
            state.doubted.retain(|vault, _| Some(*vault) == own || listed.contains(vault));
        }
        let mut each = Vec::new();
        for vault in vaults {
            let synced = self.sync(vault).await;
            let is_gone = matches!(synced, Err(ClientError::Api(ApiError::NotFound) | ClientError::Missing("vault")));
            if !(is_gone && self.is_shared_no_longer(vault).await) {
                each.push((vault, synced));
            }
        }
        Ok(each)
    }

    /// Whether a vault that was listed is not any more: its share ended between two requests, and not only by the word
    /// of a server that lists it.
    async fn is_shared_no_longer(&self, vault: VaultId) -> bool {
        api::shared(&self.platform).await.is_ok_and(|shared| shared.iter().all(|listed| listed.vault != vault))
    }

    /// Forgets what was folded, so that the next sync verifies everything again.
    pub fn forget(&self, vault: VaultId) {
        let mut state = self.state.borrow_mut();
        state.vaults.remove(&vault);
        state.afresh.insert(vault);
    }

    pub(crate) fn own_view(&self, vault: VaultId) -> VaultView {
        VaultView::new(vault, self.who().account, self.keys.identity.public(), Reach::Full)
    }

    /// A vault of which nothing was read yet.
    pub(crate) async fn new_view(&self, vault: VaultId) -> Result<VaultView, ClientError> {
        if self.who().vault == Some(vault) { Ok(self.own_view(vault)) } else { self.shared_view(vault).await }
    }

    /// A vault of somebody else: its owner's chain is verified and pinned before a word of its log is believed.
    async fn shared_view(&self, vault: VaultId) -> Result<VaultView, ClientError> {
        let shared = api::shared(&self.platform).await?;
        let shared = shared.iter().find(|shared| shared.vault == vault).ok_or(ClientError::Missing("vault"))?;
        let person = self.person(shared.owner).await?;
        let owner = self.trust(shared.owner, &person.chain).await?;
        Ok(VaultView::new(vault, shared.owner, *owner.identity(), Reach::Partial))
    }

    async fn read_log(&self, vault: VaultId) -> Result<(), ClientError> {
        if self.take_in_log(vault, None).await? {
            self.keep_log(vault).await;
        }
        self.remember_head(vault, None).await
    }

    /// Verifies and folds what is new of a log, and says whether there is anything for this device to keep. With `since`
    /// a restore, only what was remembered since then has to be there.
    pub(crate) async fn take_in_log(&self, vault: VaultId, since: Option<LastRestore>) -> Result<bool, ClientError> {
        let (keeps, mut grew) = (self.keeps(vault), false);
        // What this account saw on any of its devices before the server is asked must be in its answer, and so must
        // what this one saw before it doubted the log.
        let doubted = self.state.borrow().doubted.get(&vault).map(|doubt| doubt.reached);
        let must_have: Vec<Head> = self.remembered(vault, since).into_iter().chain(doubted).collect();
        // Where the log stood at the first page. What is written after that comes the next time: whoever reads must not
        // be led on for ever.
        let mut announced: Option<Head> = None;
        // What a share reaches is given from the log's beginning once it is taken up, on whichever device that was.
        let (reach, known) = self.with_view(vault, |view| (view.ledger.reach, view.head().seq))?;
        let mut passed_over = reach == Reach::Partial && known > 0;
        loop {
            let after = self.with_view(vault, |view| view.head().seq)?;
            let mut page = api::log(&self.platform, vault, after).await?;
            let goal = *announced.get_or_insert(page.head);
            if reach == Reach::Partial && goal.seq > LONGEST {
                return Err(Alarm::Endless.into());
            }
            if page.head.seq > goal.seq {
                page.items.truncate(usize::try_from(goal.seq.saturating_sub(after)).unwrap_or(usize::MAX));
            }
            page.head = goal;
            grew |= keeps && !page.items.is_empty();
            match self.take_in_page(vault, page, passed_over, &must_have)? {
                Taken::Part => {}
                Taken::All => break,
                Taken::UpToAcceptance => {
                    // Were this to fail half-way, the next sync must not go on after the acceptance.
                    let before = self.state.borrow_mut().vaults.remove(&vault);
                    let mut view = self.shared_view(vault).await?;
                    view.keepsake = before.map(|before| before.keepsake).unwrap_or_default();
                    self.state.borrow_mut().vaults.insert(vault, view);
                    passed_over = false;
                }
            }
        }
        // Nothing that was kept is missing: a restore that there was explains nothing from now on.
        let confirmed = self.with_view_mut(vault, |view| view.keepsake.confirm())?;
        Ok(grew || keeps && confirmed)
    }

    /// Verifies and folds a page of the log, up to where the log was said to stand, which has to hold what was seen of
    /// it. With `until_acceptance` it stops where this account took up a share: whatever follows builds
    /// on what was hidden before that.
    fn take_in_page(
        &self,
        vault: VaultId,
        page: LogPage,
        until_acceptance: bool,
        must_have: &[Head],
    ) -> Result<Taken, ClientError> {
        let (keeps, own, now) = (self.keeps(vault), self.who().account, self.platform.now());
        let mut state = self.state.borrow_mut();
        let view = state.vaults.get_mut(&vault).ok_or(ClientError::Missing("vault"))?;
        view.clocks = Some((page.now, now));
        let empty = page.items.is_empty();
        for item in page.items {
            let verified = match &item {
                LogItem::Entry(signed) => {
                    let verified = view.ledger.apply(signed)?;
                    view.keepsake.keep(own, now, &verified, signed);
                    Some(verified)
                }
                LogItem::Hidden(digest) => view.ledger.pass_over(*digest).map(|()| None)?,
            };
            if keeps {
                view.tail.push(KeptItem::new(item, verified.as_ref().map(|verified| &verified.entry)));
            }
            if let Some(verified) = verified {
                let is_acceptance =
                    matches!(verified.entry.body, Body::Access(Access { kind: AccessKind::Accepted, .. }));
                if until_acceptance && is_acceptance && verified.entry.author == own {
                    return Ok(Taken::UpToAcceptance);
                }
                view.take_in(verified);
            }
        }
        let head = view.ledger.head;
        if page.head.seq > head.seq && !empty {
            return Ok(Taken::Part);
        }
        // There is no vault without a first entry.
        if page.head != head || head.seq == 0 {
            return Err(Alarm::RolledBack.into());
        }
        // What was seen must still be there.
        if must_have.iter().any(|seen| !view.has(*seen)) {
            return Err(Alarm::RolledBack.into());
        }
        view.keepsake.drop_old(now);
        view.resolve(&self.master, &self.keys);
        view.is_whole = true;
        Ok(Taken::All)
    }

    /// Lends a vault as it was last synced.
    pub fn with_view<T>(&self, vault: VaultId, read: impl FnOnce(&VaultView) -> T) -> Result<T, ClientError> {
        self.state.borrow().vaults.get(&vault).map(read).ok_or(ClientError::Missing("vault"))
    }

    /// The vaults that are at hand: those whose logs were read to their end. One that never came shows nothing, which
    /// must not be taken for a vault with nothing in it.
    pub fn vaults(&self) -> Vec<VaultId> {
        let state = self.state.borrow();
        state.vaults.iter().filter(|(_, view)| view.is_whole).map(|(vault, _)| *vault).collect()
    }
}
