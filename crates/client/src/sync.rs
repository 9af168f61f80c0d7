//! Reading a vault's log: verify every entry, fold it, and hold the server to what was seen before.

use protocol::account::AccountEntry;
use protocol::api::{LogItem, LogPage};
use protocol::entry::{Access, AccessKind, Body};
use protocol::ledger::Reach;
use protocol::signature::Signed;
use protocol::{Account, AccountId, ApiError, VaultId};
use vault::account::Pin;
use vault::recipient::Untrusted;

use crate::api;
use crate::error::{Alarm, ClientError};
use crate::kept::KeptItem;
use crate::platform::Platform;
use crate::restored::Keepsake;
use crate::session::Session;
use crate::view::VaultView;

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
        let _turn = self.writing.lock().await;
        self.sync_in_turn(vault).await
    }

    /// As [`Self::sync`], for who already has the turn to write.
    pub(crate) async fn sync_in_turn(&self, vault: VaultId) -> Result<(), ClientError> {
        let own = self.who().vault == Some(vault);
        if !self.state.borrow().vaults.contains_key(&vault) {
            let kept = if own { self.restore(self.own_view(vault)).await } else { None };
            let is_kept = kept.is_some();
            let mut view = match kept {
                Some(view) => view,
                None if own => self.own_view(vault),
                None => self.shared_view(vault).await?,
            };
            let last_restore = self.last_restore().await?;
            if is_kept {
                view.keepsake.unconfirmed = Some(last_restore);
            } else {
                view.keepsake = Keepsake::new(last_restore);
            }
            let mut state = self.state.borrow_mut();
            state.last_restore.get_or_insert(last_restore);
            state.vaults.insert(vault, view);
        }
        let mut result = self.read_log(vault).await;
        let unconfirmed = self.with_view(vault, |view| view.keepsake.unconfirmed).ok().flatten();
        match (unconfirmed, &result) {
            // Nothing that was kept is missing: this restore explains nothing from now on.
            (Some(last), Ok(())) => self.found_whole(vault, last).await?,
            (Some(last), Err(alarm @ ClientError::Alarm(_))) => {
                result = self.start_over(vault, last, alarm.clone()).await;
            }
            _ => {}
        }
        match &result {
            // What does not verify is not kept, so that the next sync starts from nothing and says it again.
            Err(ClientError::Alarm(_) | ClientError::Restored { .. }) => {
                self.state.borrow_mut().vaults.remove(&vault);
            }
            // A share that ended takes its records along.
            Err(ClientError::Api(ApiError::NotFound)) if !own => {
                self.state.borrow_mut().vaults.remove(&vault);
            }
            _ => {}
        }
        result
    }

    /// Brings every vault up to date that others share with this account, and forgets those that no longer are. Fails
    /// if one of them does, after all of them were tried.
    pub async fn sync_shared(&self) -> Result<Vec<VaultId>, ClientError> {
        self.sync_each_shared().await?.into_iter().map(|(vault, synced)| synced.map(|()| vault)).collect()
    }

    /// As [`Self::sync_shared`], and says what became of each: one person's vault that is damaged, or that does not
    /// verify, keeps nobody from the others. It fails only where the connection does, or the session.
    pub async fn sync_each_shared(&self) -> Result<Vec<(VaultId, Result<(), ClientError>)>, ClientError> {
        let shared = api::shared(&self.platform).await?;
        let vaults: Vec<VaultId> = shared.iter().map(|shared| shared.vault).collect();
        let own = self.who().vault;
        self.state.borrow_mut().vaults.retain(|vault, _| Some(*vault) == own || vaults.contains(vault));
        let mut each = Vec::new();
        for vault in vaults {
            match self.sync(vault).await {
                // It ended between the two requests.
                Err(ClientError::Api(ApiError::NotFound) | ClientError::Missing(_)) => {}
                Err(error) if error.is_passing() => return Err(error),
                Err(error @ ClientError::Api(ApiError::NotSignedIn | ApiError::TooMany(_))) => return Err(error),
                synced => each.push((vault, synced)),
            }
        }
        Ok(each)
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

    /// A vault of somebody else: its owner's chain is verified and pinned before a word of its log is believed.
    async fn shared_view(&self, vault: VaultId) -> Result<VaultView, ClientError> {
        let shared = api::shared(&self.platform).await?;
        let shared = shared.iter().find(|shared| shared.vault == vault).ok_or(ClientError::Missing("vault"))?;
        let person = self.person(shared.owner).await?;
        let owner = self.trust(shared.owner, &person.chain).await?;
        Ok(VaultView::new(vault, shared.owner, *owner.identity(), Reach::Partial))
    }

    /// Verifies a person's chain and holds it to the pin; pins the key when the person is new here.
    pub(crate) async fn trust(
        &self,
        account: AccountId,
        chain: &[Signed<AccountEntry>],
    ) -> Result<Account, ClientError> {
        let verified = Account::from_chain(account, chain)?;
        if self.pin(account).is_none() {
            let pin = Pin { account, identity: *verified.identity(), verified: None };
            // Another device may have pinned this person meanwhile: its pin is the older one, and stays.
            self.remember(|memory| {
                if memory.pin(account).is_none() {
                    memory.set_pin(pin.clone());
                }
            })
            .await?;
        }
        match self.pin(account) {
            Some(pin) if verified.descends_from(&pin.identity) => Ok(verified),
            _ => Err(Untrusted::Changed.into()),
        }
    }

    pub(crate) async fn read_log(&self, vault: VaultId) -> Result<(), ClientError> {
        let (keeps, mut grew) = (self.keeps(vault), false);
        let mut brought_back = false;
        // What a share reaches is given from the log's beginning once it is taken up, on whichever device that was.
        let mut passed_over =
            self.with_view(vault, |view| view.ledger.reach == Reach::Partial && view.head().seq > 0)?;
        loop {
            let after = self.with_view(vault, |view| view.head().seq)?;
            let page = api::log(&self.platform, vault, after).await?;
            if page.head.seq < after && !brought_back {
                self.bring_back(vault, page.head).await?;
                (brought_back, grew) = (true, keeps);
                continue;
            }
            grew |= keeps && !page.items.is_empty();
            match self.take_in_page(vault, page, passed_over)? {
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
        if grew {
            self.keep_log(vault).await;
        }
        let head = self.with_view(vault, VaultView::head)?;
        self.remember(|memory| {
            // Another device may have seen more.
            if memory.head(vault).is_none_or(|seen| seen.seq < head.seq) {
                memory.set_head(vault, head);
            }
        })
        .await?;
        // What another device saw meanwhile may be newer than this, but not other than this.
        let state = self.state.borrow();
        let view = state.vaults.get(&vault).ok_or(ClientError::Missing("vault"))?;
        match state.memory.head(vault) {
            Some(seen) if seen.seq <= head.seq && view.ledger.chain.get(&seen.seq) != Some(&seen.chain) => {
                Err(Alarm::RolledBack.into())
            }
            _ => Ok(()),
        }
    }

    /// Verifies and folds a page of the log. With `until_acceptance` it stops where this account took up a share:
    /// whatever follows builds on what was hidden before that.
    fn take_in_page(&self, vault: VaultId, page: LogPage, until_acceptance: bool) -> Result<Taken, ClientError> {
        let (keeps, own, now) = (self.keeps(vault), self.who().account, self.platform.now());
        let mut state = self.state.borrow_mut();
        let remembered = state.memory.head(vault);
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
        // What this account saw on any of its devices must still be there.
        if remembered.is_some_and(|seen| view.ledger.chain.get(&seen.seq) != Some(&seen.chain)) {
            return Err(Alarm::RolledBack.into());
        }
        view.keepsake.drop_old(now);
        view.resolve(&self.master, &self.keys);
        Ok(Taken::All)
    }

    /// Lends a vault as it was last synced.
    pub fn with_view<T>(&self, vault: VaultId, read: impl FnOnce(&VaultView) -> T) -> Result<T, ClientError> {
        self.state.borrow().vaults.get(&vault).map(read).ok_or(ClientError::Missing("vault"))
    }

    /// The vaults that are at hand.
    pub fn vaults(&self) -> Vec<VaultId> {
        self.state.borrow().vaults.keys().copied().collect()
    }
}
