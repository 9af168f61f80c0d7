//! Sharing and stopping: grants, revocations, turned keys, and new content keys for what was reachable.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::lock::Mutex;
use protocol::api::{Find, Person};
use protocol::entry::{Access, AccessKind, Body, Grant, Reseal, VaultEpoch};
use protocol::{Account, AccountId, ApiError, Digest, GrantId, GrantScope, Level, Minute, RecordId, ScopeId, VaultId};
use records::Category;
use vault::account::Pin;
use vault::recipient::Untrusted;
use vault::{KeyContext, OpenError, RecordKey, ScopeSeed, SealContext, VaultKey, VerifiedRecipient};

use crate::error::ClientError;
use crate::open::Reader;
use crate::platform::{Platform, Random};
use crate::record::turn_record_key;
use crate::session::{Session, scope_epoch};
use crate::upload::{Draft, NoOutbox, Unwatched};
use crate::view::{Record, Share, VaultView, seal_context};

/// What a person chooses to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// One record.
    Record(RecordId),
    /// A category.
    Category(Category),
    /// Everything.
    Everything,
}

/// A key of any scope.
enum Key<'a> {
    Record(RecordKey),
    Scope(&'a ScopeSeed),
    Vault(&'a VaultKey),
}

impl Key<'_> {
    fn seal<P: Platform>(
        &self,
        to: &VerifiedRecipient,
        context: &SealContext,
        platform: &P,
    ) -> Result<Vec<u8>, ClientError> {
        let rng = &mut Random(platform);
        Ok(match self {
            Self::Record(key) => to.seal_record_key(context, key, rng)?,
            Self::Scope(seed) => to.seal_seed(context, seed, rng)?,
            Self::Vault(key) => to.seal_vault_key(context, key, rng)?,
        })
    }
}

/// How often another device may be faster with one record that is to be sealed anew, and leave it to be done.
const OVERTAKEN: u32 = 8;

impl<P: Platform> Session<P> {
    /// Notes that the safety phrase was compared in person. The address by which the person was found leads to this
    /// account from then on, whoever was known there before.
    pub async fn confirm_phrase(&self, person: &Person) -> Result<(), ClientError> {
        self.confirm(person, self.found_by(person.account)).await
    }

    /// As [`Self::confirm_phrase`], of somebody whom nobody looked for just now, such as who holds a share: the address
    /// that is pinned stays. One by which this account was found meanwhile may be that of somebody else.
    pub async fn confirm_phrase_of_known(&self, person: &Person) -> Result<(), ClientError> {
        let account = Account::from_chain(person.account, &person.chain)?;
        self.state.borrow_mut().found_by.remove(&person.account);
        // The address was shown with the phrase.
        if let Err(changed) = self.hold_to_pins(&account, Some(&Find::plain(&person.email))) {
            self.state.borrow_mut().people.remove(&person.account);
            return Err(changed);
        }
        self.confirm(person, None).await
    }

    async fn confirm(&self, person: &Person, found_by: Option<String>) -> Result<(), ClientError> {
        let account = Account::from_chain(person.account, &person.chain)?;
        let now = self.platform.now();
        // What another device pinned meanwhile must be where this identity comes from.
        self.remember(|memory| {
            let known = memory.pin(person.account).cloned();
            if known.as_ref().is_none_or(|known| known.leads_to(&account)) {
                let address = found_by.clone().or_else(|| known.and_then(|known| known.address));
                let address_verified = address.as_ref().map(|_| now);
                memory.set_pin(Pin { verified: Some(now), address, address_verified, ..Pin::of(&account) });
            }
        })
        .await?;
        if self.pin(person.account).is_some_and(|known| known.leads_to(&account)) {
            Ok(())
        } else {
            Err(Untrusted::Changed.into())
        }
    }

    /// Shares: verifies the person, seals the key to that person alone, and signs the grant. Where the same person holds
    /// the same at this level already, it is that share, and its end becomes this one: repeating what seemed to fail does
    /// not share twice, and giving more time leaves no older share to run out.
    pub async fn share(
        &self,
        person: &Person,
        wish: Wish,
        level: Level,
        until: Option<Minute>,
    ) -> Result<GrantId, ClientError> {
        let vault = self.own_vault()?;
        let account = self.trust(person.account, &person.chain).await?;
        let pin = self.pin(person.account).ok_or(ClientError::NotCompared)?;
        if (wish == Wish::Everything || level == Level::Manage) && !self.is_compared(&account) {
            return Err(ClientError::NotCompared);
        }
        let recipient = VerifiedRecipient::verify(&account, &pin.identity)?;
        let grant = GrantId::from_bytes(vault::make_bytes(&mut Random(&self.platform)));
        self.commit(vault, |view| {
            hold_to_log(view, &account, &recipient)?;
            let (scope, epoch, key) = find_key(view, wish)?;
            let same = |share: &&Share| {
                let given = &share.grant;
                (given.recipient, given.level) == (recipient.account(), level)
                    && (share.last_sealed_epoch(), share.last_generation()) == (epoch, recipient.generation())
            };
            let now = self.platform.now();
            if let Some(held) = view.holders(scope, now).filter(|share| share.may_be_signed_for(now)).find(same) {
                return Ok((held.new_term(until).map(Body::Term).into_iter().collect(), held.grant.grant));
            }
            let context = SealContext::Grant {
                vault,
                grant,
                recipient: recipient.account(),
                encryption_generation: recipient.generation(),
                scope,
                epoch,
            };
            let body = Body::Grant(Grant {
                grant,
                recipient: recipient.account(),
                recipient_key: *recipient.identity(),
                level,
                scope,
                epoch,
                until,
                encryption_generation: recipient.generation(),
                sealed: key.seal(&recipient, &context, &self.platform)?,
            });
            Ok((vec![body], grant))
        })
        .await
    }

    /// Changes until when a share holds; none is "no end". One that has ended stays so: share again.
    pub async fn change_end(&self, vault: VaultId, grant: GrantId, until: Option<Minute>) -> Result<(), ClientError> {
        self.commit(vault, |view| Ok((self.move_end(view, grant, until)?, ()))).await
    }

    /// The entries that give a share another end.
    pub(crate) fn move_end(
        &self,
        view: &VaultView,
        grant: GrantId,
        until: Option<Minute>,
    ) -> Result<Vec<Body>, ClientError> {
        let now = self.platform.now();
        let share = view.shares.get(&grant).filter(|share| view.holds(share, now) && share.may_be_signed_for(now));
        let term = share.ok_or(ClientError::Missing("share"))?.new_term(until);
        Ok(term.map(Body::Term).into_iter().collect())
    }

    /// Stops a share and turns the key, in one append: the recipient is refused, everyone else's key is sealed
    /// again, and whatever is written later is under the new one.
    pub async fn stop(&self, vault: VaultId, grant: GrantId) -> Result<(), ClientError> {
        self.end(vault, grant, true).await
    }

    /// Ends a share: one that a person stops is revoked, one that ran out only has its key turned.
    async fn end(&self, vault: VaultId, grant: GrantId, by_person: bool) -> Result<(), ClientError> {
        // Whatever the share reached, others may reach too.
        self.commit_among(vault, |_| true, |view| Ok((self.end_share(view, grant, by_person)?, ()))).await
    }

    /// The entries that end a share, as far as it has not ended.
    pub(crate) fn end_share(
        &self,
        view: &VaultView,
        grant: GrantId,
        by_person: bool,
    ) -> Result<Vec<Body>, ClientError> {
        let share = view.shares.get(&grant).ok_or(ClientError::Missing("share"))?;
        let mut bodies = Vec::new();
        if by_person && share.stopped.is_none() {
            bodies.push(Body::Revocation(grant));
        }
        let ending = view.ending(share, self.platform.now());
        if ending.map_or(by_person, |ending| !ending.rotated) {
            bodies.extend(self.turn_keys(view, share)?);
        }
        Ok(bodies)
    }

    /// Fetches whoever keeps access by such shares. One who is gone, or whose identity does not hold, keeps nobody
    /// else from it: that share alone freezes.
    pub(crate) async fn know_holders(&self, vault: VaultId, keeps: impl Fn(&Share) -> bool) -> Result<(), ClientError> {
        let holders: BTreeSet<AccountId> = self.with_view(vault, |view| {
            let now = self.platform.now();
            let holding = view.shares().filter(|share| keeps(share) && view.holds(share, now));
            holding.map(|share| share.grant.recipient).collect()
        })?;
        for holder in holders {
            match self.person(holder).await {
                Ok(_)
                | Err(ClientError::Alarm(_) | ClientError::Untrusted(_) | ClientError::Api(ApiError::NotFound)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Shares of a vault that have ended but whose key has not turned: time ran out while no device was open, or a
    /// device stopped half-way. Any device of the owner finishes them.
    pub async fn finish_endings(&self, vault: VaultId) -> Result<(), ClientError> {
        let open_ends = self.with_view(vault, |view| {
            let now = self.platform.now();
            let unfinished = |share: &&Share| view.ending(share, now).is_some_and(|ending| !ending.rotated);
            view.shares().filter(unfinished).map(|share| share.grant.grant).collect::<Vec<_>>()
        })?;
        for grant in open_ends {
            self.end(vault, grant, false).await?;
        }
        Ok(())
    }

    /// Gives one record that an ended share reached new keys and new ciphertext; says whether there was one left. A
    /// record that cannot be read holds up no other: it is left as it is, and once nothing else is left to do, this
    /// fails once with the reason.
    pub async fn renew_next(&self, vault: VaultId) -> Result<bool, ClientError> {
        let mut overtaken = BTreeMap::<RecordId, u32>::new();
        while let Some(record) = self.next_to_renew(vault)? {
            match self.renew(vault, record).await {
                Ok(()) => return Ok(true),
                // Another device of the owner is at the same work, and was faster with this record or its key. Where it is
                // always faster, all of it gets done all the same.
                Err(ClientError::Busy) if overtaken.get(&record).is_none_or(|times| *times < OVERTAKEN) => {
                    *overtaken.entry(record).or_default() += 1;
                }
                Err(error) if error.is_of_one_record() => {
                    let mut state = self.state.borrow_mut();
                    state.not_renewed.insert(record);
                    state.why_not_renewed.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match self.state.borrow_mut().why_not_renewed.take() {
            Some(error) => Err(error),
            None => Ok(false),
        }
    }

    fn next_to_renew(&self, vault: VaultId) -> Result<Option<RecordId>, ClientError> {
        let state = self.state.borrow();
        let view = state.vaults.get(&vault).ok_or(ClientError::Missing("vault"))?;
        let now = self.platform.now();
        let is_due = |record: &&Record| !view.is_fresh(record) && !state.not_renewed.contains(&record.id);
        let mut ended = view
            .shares()
            .filter(|share| view.ending(share, now).is_some_and(|ending| ending.rotated && !ending.reencrypted));
        Ok(ended.find_map(|share| view.reached_by(share).find(is_due).map(|record| record.id)))
    }

    async fn renew(&self, vault: VaultId, record: RecordId) -> Result<(), ClientError> {
        let reader = self.reader(vault, record)?;
        let thumbnail = self.thumbnail(vault, record).await?;
        let text = self.text(vault, record).await?;
        let metadata = reader.metadata().clone();
        let fingerprint = Digest::of(record.as_bytes());
        let draft = Draft { metadata, fingerprint, thumbnail, text };
        let ticket = self.begin_replacement(vault, record, draft).await?;
        self.run(&ticket, &RenewalSource(Mutex::new(reader)), &NoOutbox, &Unwatched).await.map(drop)
    }

    /// Signs that this account takes up a share, which makes the server give it what the share reaches.
    pub async fn accept(&self, vault: VaultId, grant: GrantId) -> Result<(), ClientError> {
        let access = Access { grant, kind: AccessKind::Accepted, record: None };
        // What was hidden so far is given from now on: reading that back reads all of it.
        self.commit(vault, |_| Ok((vec![Body::Access(access.clone())], ()))).await
    }

    /// Takes up whatever was newly shared with this account.
    pub async fn accept_all(&self, vault: VaultId) -> Result<(), ClientError> {
        let (account, now) = (self.who().account, self.platform.now());
        let waiting = self.with_view(vault, |view| {
            view.shares()
                .filter(|share| share.grant.recipient == account && !share.accepted)
                .filter(|share| view.holds(share, now) && share.may_be_signed_for(now))
                .map(|share| share.grant.grant)
                .collect::<Vec<_>>()
        })?;
        for grant in waiting {
            self.accept(vault, grant).await?;
        }
        Ok(())
    }

    /// The entries that turn the key of an ended share's scope.
    fn turn_keys(&self, view: &VaultView, ended: &Share) -> Result<Vec<Body>, ClientError> {
        match ended.grant.scope {
            GrantScope::Record(record) => self.turn_record(view, record, ended.grant.grant),
            GrantScope::Scope(scope) => {
                let epoch = view.ledger.vault_epoch.ok_or(OpenError)?;
                let key = view.keys.vault.get(&epoch).ok_or(OpenError)?;
                self.turn_scope(view, scope, (epoch, key), ended.grant.grant)
            }
            GrantScope::Vault => self.turn_vault(view, ended.grant.grant),
        }
    }

    fn turn_record(&self, view: &VaultView, record: RecordId, ended: GrantId) -> Result<Vec<Body>, ClientError> {
        let Some(metadata) = view.record(record).and_then(|record| record.metadata.as_ref()) else {
            return Ok(Vec::new());
        };
        let renewed = turn_record_key(self, view, record, metadata.category)?;
        let to_ended = |body: &Body| matches!(body, Body::Reseal(reseal) if reseal.grant == ended);
        let reseals = renewed.bodies.into_iter().filter(|body| !to_ended(body));
        Ok(renewed.key.map(Body::RecordKey).into_iter().chain(reseals).collect())
    }

    fn turn_scope(
        &self,
        view: &VaultView,
        scope: ScopeId,
        vault_key: (u32, &VaultKey),
        ended: GrantId,
    ) -> Result<Vec<Body>, ClientError> {
        let category = view.category(scope).ok_or(OpenError)?;
        let current = view.ledger.scopes.get(&scope).ok_or(OpenError)?.epoch;
        let previous = view.keys.seeds.get(&(scope, current)).ok_or(OpenError)?;
        let (entry, seed) =
            scope_epoch(&self.platform, view.id(), scope, category, current + 1, vault_key, Some(previous));
        let reseals = self.reseal_all(view, GrantScope::Scope(scope), ended, current + 1, &Key::Scope(&seed));
        Ok(std::iter::once(Body::ScopeEpoch(entry)).chain(reseals).collect())
    }

    /// A new vault key, and under it a new seed for every category: whoever held the old one held them all.
    fn turn_vault(&self, view: &VaultView, ended: GrantId) -> Result<Vec<Body>, ClientError> {
        let vault = view.id();
        let current = view.ledger.vault_epoch.ok_or(OpenError)?;
        let previous = view.keys.vault.get(&current).ok_or(OpenError)?;
        let rng = &mut Random(&self.platform);
        let key = VaultKey::make(rng);
        let epoch = current + 1;
        let mut bodies = vec![Body::VaultEpoch(VaultEpoch {
            epoch,
            commitment: key.commitment(),
            wrapped: self.master.wrap_vault_key(&KeyContext::Vault(vault, epoch), &key, rng),
            previous: Some(key.wrap_previous(&KeyContext::VaultPrevious(vault, current), previous, rng)),
        })];
        bodies.extend(self.reseal_all(view, GrantScope::Vault, ended, epoch, &Key::Vault(&key)));
        for scope in view.scopes.keys() {
            bodies.extend(self.turn_scope(view, *scope, (epoch, &key), ended)?);
        }
        Ok(bodies)
    }

    fn reseal_all(&self, view: &VaultView, scope: GrantScope, ended: GrantId, epoch: u32, key: &Key<'_>) -> Vec<Body> {
        view.holders(scope, self.platform.now())
            .filter(|share| share.grant.grant != ended)
            .filter_map(|share| self.reseal(view, share, epoch, key))
            .collect()
    }

    /// Seals a turned key to the holder of a share. A person whose identity changed in a way that cannot be
    /// checked gets nothing: the share freezes until the two verify each other again.
    fn reseal(&self, view: &VaultView, share: &Share, epoch: u32, key: &Key<'_>) -> Option<Body> {
        let person = self.state.borrow().people.get(&share.grant.recipient).cloned()?;
        let account = Account::from_chain(person.account, &person.chain).ok()?;
        let recipient = VerifiedRecipient::verify(&account, &share.grant.recipient_key).ok()?;
        hold_to_log(view, &account, &recipient).ok()?;
        let context = seal_context(view.id(), share, recipient.generation(), epoch);
        let sealed = key.seal(&recipient, &context, &self.platform).ok()?;
        let encryption_generation = recipient.generation();
        Some(Body::Reseal(Reseal { grant: share.grant.grant, epoch, encryption_generation, sealed }))
    }
}

/// Seals a turned record key to the holder of a share of that record.
pub(crate) fn reseal_record_key<P: Platform>(
    session: &Session<P>,
    view: &VaultView,
    share: &Share,
    generation: u32,
    key: &RecordKey,
) -> Option<Body> {
    session.reseal(view, share, generation, &Key::Record(key.clone()))
}

/// Holds a person to what the log says of them: neither the identity key, nor the generation of the encryption key
/// that something was sealed to, goes back behind it.
fn hold_to_log(view: &VaultView, account: &Account, recipient: &VerifiedRecipient) -> Result<(), ClientError> {
    let known = view.ledger.members.get(&recipient.account());
    let another = known.is_some_and(|member| !account.descends_from(&member.key));
    let mut theirs = view.shares().filter(|share| share.grant.recipient == recipient.account());
    if another || theirs.any(|share| share.last_generation() > recipient.generation()) {
        return Err(Untrusted::Changed.into());
    }
    Ok(())
}

fn find_key(view: &VaultView, wish: Wish) -> Result<(GrantScope, u32, Key<'_>), ClientError> {
    match wish {
        Wish::Record(record) => {
            view.record(record).ok_or(ClientError::Missing("record"))?;
            let generation = view.ledger.records.get(&record).ok_or(OpenError)?.generation;
            let key = view.record_key(record, generation)?;
            Ok((GrantScope::Record(record), generation, Key::Record(key)))
        }
        Wish::Category(category) => {
            let scope = view.scope_of(category).ok_or(ClientError::Missing("category"))?;
            let epoch = view.ledger.scopes.get(&scope).ok_or(OpenError)?.epoch;
            let seed = view.keys.seeds.get(&(scope, epoch)).ok_or(OpenError)?;
            Ok((GrantScope::Scope(scope), epoch, Key::Scope(seed)))
        }
        Wish::Everything => {
            let epoch = view.ledger.vault_epoch.ok_or(OpenError)?;
            let key = view.keys.vault.get(&epoch).ok_or(OpenError)?;
            Ok((GrantScope::Vault, epoch, Key::Vault(key)))
        }
    }
}

/// A record's own content, read again to be sealed anew.
struct RenewalSource<'a, P: Platform>(Mutex<Reader<'a, P>>);

impl<P: Platform> crate::upload::Source for RenewalSource<'_, P> {
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        self.0.lock().await.read(offset, length).await
    }
}

/// A person as the log names them, for whom the server may no longer answer.
pub fn unknown_person(account: AccountId) -> String {
    let id = account.to_string();
    format!("someone ({})", id.get(..8).unwrap_or(&id))
}
