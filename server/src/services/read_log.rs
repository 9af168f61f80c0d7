//! Reading a log: everything for who holds the vault, and for a grantee what the grant reaches.

use std::collections::BTreeSet;

use protocol::api::{LogItem, LogPage, MAX_ENTRIES, Restored};
use protocol::{AccountId, ApiError, GrantId, GrantScope, Level, RecordId, ScopeId, VaultId};

use super::Result;
use super::session::Caller;
use super::standing::Standing;
use crate::state::AppState;
use crate::store::grants::Grant;
use crate::store::log::{Concern, Header};
use crate::store::vaults::Vault;
use crate::store::{Rows, StoreError, grants, log, restores, vaults};

/// The most bytes of entries in one page. One entry always fits.
const PAGE: u64 = 4 << 20;

// The codes of `protocol::Body`.
const GENESIS: u8 = 1;
const VAULT_EPOCH: u8 = 2;
const SCOPE_EPOCH: u8 = 3;
const RECORD_KEY: u8 = 4;
const TOMBSTONE: u8 = 6;
const GRANT: u8 = 7;
const REVOCATION: u8 = 9;
const ACCESS: u8 = 10;
const TERM: u8 = 11;

/// Why a log may end before a place that was seen.
pub async fn restored(state: &AppState) -> Result<Restored> {
    Ok(restores::last(state.store.reader()).await?.ok_or(ApiError::NotFound)?)
}

/// The items after a place, as the caller may see them.
pub async fn page(state: &AppState, caller: Caller, id: VaultId, after: u64) -> Result<LogPage> {
    let db = state.store.reader();
    let vault = vaults::find(db, id).await?.ok_or(ApiError::NotFound)?;
    let standing = Standing::of(caller.account, db, &vault, state.clock.minute()).await?;
    if after >= vault.head.seq {
        // As most of the time.
        return Ok(LogPage { head: vault.head, items: Vec::new(), now: state.clock.minute() });
    }
    let headers = log::headers_after(db, id, after, MAX_ENTRIES as u64).await?;
    let headers: Vec<Header> = headers.into_iter().take_while(|header| header.seq <= vault.head.seq).collect();
    let sight = Sight::of(caller.account, db, &vault, &standing).await?;
    let mut size = 0;
    let mut shown = BTreeSet::new();
    let mut items = Vec::with_capacity(headers.len());
    for header in headers {
        if sight.sees(header.concern) {
            size += header.size;
            if size > PAGE && !items.is_empty() {
                break;
            }
            shown.insert(header.seq);
        }
        items.push(header);
    }
    let mut envelopes = log::envelopes(db, id, &shown).await?;
    let item = |header: Header| {
        if !shown.contains(&header.seq) {
            return Ok(LogItem::Hidden(header.digest));
        }
        envelopes.remove(&header.seq).map(LogItem::Entry).ok_or(StoreError::Corrupt("entries.seq"))
    };
    let items = items.into_iter().map(item).collect::<std::result::Result<_, _>>()?;
    Ok(LogPage { head: vault.head, items, now: state.clock.minute() })
}

/// What of a log somebody sees.
enum Sight {
    Whole,
    Partial(Partial),
}

#[derive(Default)]
struct Partial {
    reader: Option<AccountId>,
    /// Holds a grant over the whole vault; and took it up.
    vault: bool,
    whole: bool,
    scopes: BTreeSet<ScopeId>,
    records: BTreeSet<RecordId>,
    grants: BTreeSet<GrantId>,
    /// The grants that made managers of those whose entries are seen.
    managers: BTreeSet<GrantId>,
    /// Every grant that made somebody a manager. Who was shown one once goes by its end for good, so that its new ends
    /// are shown to everybody; they say a grant's id and minutes.
    managing: BTreeSet<GrantId>,
}

impl Sight {
    async fn of(reader: AccountId, db: &impl Rows, vault: &Vault, standing: &Standing) -> Result<Self> {
        let Standing::Grantee(held) = standing else { return Ok(Self::Whole) };
        let own = grants::of_recipient(reader, db, vault.id).await?;
        let mut sight = Partial { reader: Some(reader), ..Partial::default() };
        sight.grants.extend(own.iter().map(|grant| grant.id));
        // Who may only put records in sees none.
        for grant in held.iter().filter(|grant| grant.facts.level >= Level::View) {
            sight.reach(grant);
        }
        sight.vouch_for_authors(db, vault.id).await?;
        Ok(Self::Partial(sight))
    }

    fn sees(&self, concern: Concern) -> bool {
        match self {
            Self::Whole => true,
            Self::Partial(partial) => partial.sees(concern),
        }
    }
}

impl Partial {
    fn reach(&mut self, grant: &Grant) {
        self.vault |= grant.facts.scope == GrantScope::Vault;
        // Titles and dates come after the reader has said that it takes the grant up.
        if !grant.accepted {
            return;
        }
        match grant.facts.scope {
            GrantScope::Record(id) => {
                self.records.insert(id);
            }
            GrantScope::Scope(id) => {
                self.scopes.insert(id);
            }
            GrantScope::Vault => self.whole = true,
        }
    }

    fn sees(&self, entry: Concern) -> bool {
        let in_scope = |scope: Option<ScopeId>| scope.is_some_and(|scope| self.scopes.contains(&scope));
        let of = |grants: &BTreeSet<GrantId>| entry.grant.is_some_and(|grant| grants.contains(&grant));
        match entry.code {
            GENESIS => true,
            VAULT_EPOCH => self.vault,
            SCOPE_EPOCH => self.whole || in_scope(entry.scope),
            RECORD_KEY..=TOMBSTONE => {
                self.whole
                    || in_scope(entry.scope)
                    || in_scope(entry.left_scope)
                    || entry.record.is_some_and(|record| self.records.contains(&record))
            }
            GRANT..=REVOCATION => of(&self.grants) || entry.code == GRANT && of(&self.managers),
            TERM => of(&self.grants) || of(&self.managing),
            ACCESS => Some(entry.author) == self.reader,
            _ => false,
        }
    }

    /// Shows the grants that made managers of those whose entries are seen, and of those who granted that.
    async fn vouch_for_authors(&mut self, db: &impl Rows, vault: VaultId) -> Result<()> {
        let managing = grants::of_managers(db, vault).await?;
        if managing.is_empty() {
            return Ok(());
        }
        self.managing.extend(managing.iter().map(|grant| grant.id));
        let managers: BTreeSet<AccountId> = managing.iter().map(|grant| grant.facts.recipient).collect();
        let written = log::concerns_of(db, vault, &managers).await?;
        loop {
            let seen: BTreeSet<AccountId> =
                written.iter().filter(|entry| self.sees(**entry)).map(|entry| entry.author).collect();
            let before = self.managers.len();
            self.managers
                .extend(managing.iter().filter(|grant| seen.contains(&grant.facts.recipient)).map(|grant| grant.id));
            if self.managers.len() == before {
                return Ok(());
            }
        }
    }
}
