//! Appending to a log: the rules are run over the few facts that the entries touch, and all of it is kept,
//! or none.

mod facts;

use protocol::api::{Append, Appended, Conflict, MAX_ENTRIES, MAX_ENTRY, Refusal};
use protocol::entry::{AccessKind, Part, Revision};
use protocol::ledger::Outcome;
use protocol::time::DAY;
use protocol::{
    AccountId, ApiError, Body, Digest, Entry, GrantId, Head, Ledger, Minute, RecordId, ScopeId, Signed, VaultId,
    Violation,
};

use super::session::Caller;
use super::standing::Standing;
use super::{Result, ServiceError, limits, notices};
use crate::state::AppState;
use crate::store::log::{Concern, Header, NewEntry};
use crate::store::vaults::Vault;
use crate::store::{Transaction, accounts, blobs, commit, grants, log, vaults};

/// Appends entries, all by the caller.
pub async fn append(state: &AppState, caller: Caller, id: VaultId, message: Append) -> Result<Appended> {
    let bytes: usize = message.entries.iter().map(|entry| entry.to_bytes().len()).sum();
    limits::charge(state, caller, message.entries.len(), bytes as u64)?;
    let transaction = state.store.begin().await?;
    let vault = vaults::lock(&transaction, id).await?.ok_or(ApiError::NotFound)?;
    Standing::of(caller.account, &transaction, &vault, state.clock.minute()).await?;
    // Those whose grant ends or begins by this are told as well.
    let now = state.clock.minute();
    let mut concerned = grants::recipients(&transaction, id, now).await?;
    let head = append_in(state, &transaction, caller.account, vault, &message.entries).await?;
    concerned.extend(grants::recipients(&transaction, id, now).await?);
    concerned.insert(vault.owner);
    commit(transaction).await?;
    state.events.tell(&concerned.into_iter().collect::<Vec<_>>()).await;
    state.metrics.appended(message.entries.len());
    Ok(Appended { head })
}

/// Appends entries within a transaction that holds the vault.
pub(super) async fn append_in(
    state: &AppState,
    transaction: &Transaction,
    author: AccountId,
    vault: Vault,
    entries: &[Signed<Entry>],
) -> Result<Head> {
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(Refusal::Malformed.into());
    }
    let opened = open_all(transaction, author, &vault, entries).await?;
    let now = state.clock.minute();
    if opened.iter().any(|entry| entry.at.0.abs_diff(now.0) > DAY) {
        return Err(Refusal::Clock.into());
    }
    let before = facts::load(transaction, &vault, author, &opened).await?;
    let mut ledger = before.clone();
    for (place, (signed, entry)) in entries.iter().zip(&opened).enumerate() {
        check_by_own_clock(&ledger, entry, now)?;
        let left = record_of(&ledger, &entry.body).and_then(|id| ledger.records.get(&id)).map(|record| record.scope);
        let verified = ledger.apply(signed).map_err(|violation| refusal(violation, entry, place == 0, vault.head))?;
        if let Outcome::Superseded(superseded) = verified.outcome {
            return Err(ApiError::from(superseded).into());
        }
        match &entry.body {
            // A restored server may lack an account that was there.
            Body::Grant(grant) if accounts::name(transaction, grant.recipient).await?.is_none() => {
                return Err(Refusal::Rule.into());
            }
            Body::Revision(revision) => {
                name_blobs(transaction, author, &vault, revision).await?;
                let kept = revision.parts.iter().filter_map(Part::blob).map(|blob| blob.id);
                blobs::release_others(transaction, vault.id, revision.record, kept, state.clock.now()).await?;
            }
            Body::Tombstone(tombstone) => {
                let none = std::iter::empty();
                blobs::release_others(transaction, vault.id, tombstone.record, none, state.clock.now()).await?;
            }
            _ => {}
        }
        if let Body::Access(access) = &entry.body
            && access.kind == AccessKind::Accepted
        {
            facts::store_grants(transaction, &before, &ledger).await?;
            grants::accept(transaction, vault.id, access.grant).await?;
        }
        let new = new_entry(&ledger, signed, entry, left, verified.head.chain);
        log::insert(transaction, vault.id, new, state.clock.now()).await?;
    }
    facts::store(transaction, &before, &ledger).await?;
    notices::tell_of_entries(state, transaction, &vault, &ledger, &opened).await?;
    Ok(ledger.head)
}

/// Checks signatures first: only what the author signed says which facts are touched.
async fn open_all(
    transaction: &Transaction,
    author: AccountId,
    vault: &Vault,
    entries: &[Signed<Entry>],
) -> Result<Vec<Entry>> {
    let members = vaults::members(transaction, vault.id, &[author].into()).await?;
    let member = members.get(&author).ok_or(ApiError::NotFound)?;
    let open = |signed: &Signed<Entry>| {
        if signed.to_bytes().len() > MAX_ENTRY {
            return Err(ServiceError::from(ApiError::TooLarge));
        }
        if signed.signer() != author {
            return Err(Refusal::Rule.into());
        }
        signed.open(&member.key).map_err(|_| Refusal::Rule.into())
    };
    entries.iter().map(open).collect()
}

/// What an author may do by the server's clock, too: whose grant has ended cannot date an entry back.
fn check_by_own_clock(ledger: &Ledger, entry: &Entry, now: Minute) -> Result<()> {
    let manages = || ledger.manages(entry.author, now);
    match &entry.body {
        Body::Access(access) => {
            let holds = ledger.grants.get(&access.grant).is_some_and(|grant| grant.holds_at(now));
            if holds { Ok(()) } else { Err(ApiError::NotFound.into()) }
        }
        Body::Revocation(id) => {
            let own = ledger.grants.get(id).is_some_and(|grant| grant.recipient == entry.author);
            if own || manages() { Ok(()) } else { Err(Refusal::Rule.into()) }
        }
        _ if !manages() => Err(Refusal::Rule.into()),
        // What has run out here may have turned its key already. What was stopped is told by the log itself: that the
        // author had not read it yet is a race, after which it shares anew.
        Body::Term(term)
            if ledger.grants.get(&term.grant).is_some_and(|grant| !grant.revoked && !grant.holds_at(now)) =>
        {
            Err(ApiError::NotFound.into())
        }
        _ => Ok(()),
    }
}

/// What an author is told of a broken rule. Its own writes from another device are a race, not an offence.
fn refusal(violation: Violation, entry: &Entry, first: bool, head: Head) -> ServiceError {
    let genesis = matches!(entry.body, Body::Genesis(_));
    match violation {
        Violation::Order if !genesis && head.seq > 0 => Conflict::Log.into(),
        // The first entry names what was read from here; a later one may name what it expected to be written.
        Violation::Fork if !first || entry.seen.seq > head.seq => Conflict::Log.into(),
        Violation::Stranger => ApiError::NotFound.into(),
        _ => Refusal::Rule.into(),
    }
}

/// Every blob that a revision names is whole, of this vault and of this record, and is kept from now on.
async fn name_blobs(transaction: &Transaction, author: AccountId, vault: &Vault, revision: &Revision) -> Result<()> {
    for named in revision.parts.iter().filter_map(Part::blob) {
        let blob = blobs::lock(transaction, named.id).await?.filter(|blob| blob.vault == vault.id);
        let blob = blob.ok_or(Refusal::BlobIncomplete)?;
        match blob.record {
            Some(record) if record == revision.record && blob.released.is_none() => {}
            None if blob.creator == author => blobs::name(transaction, named.id, revision.record).await?,
            _ => return Err(Refusal::Rule.into()),
        }
        let chunks = blobs::chunks(transaction, named.id).await?;
        let stored: u64 = chunks.values().map(|chunk| chunk.length).sum();
        if stored != blob.length {
            return Err(Refusal::BlobIncomplete.into());
        }
        let digest = Digest::of_all(chunks.values().map(|chunk| chunk.digest));
        if named.length != blob.length || named.digest != digest {
            return Err(Refusal::Rule.into());
        }
    }
    Ok(())
}

const fn record_of_body(body: &Body) -> Option<RecordId> {
    match body {
        Body::RecordKey(key) => Some(key.record),
        Body::Revision(revision) => Some(revision.record),
        Body::Tombstone(tombstone) => Some(tombstone.record),
        Body::Access(access) => access.record,
        _ => None,
    }
}

fn record_of(ledger: &Ledger, body: &Body) -> Option<RecordId> {
    record_of_body(body).filter(|id| ledger.records.contains_key(id))
}

fn new_entry(ledger: &Ledger, signed: &Signed<Entry>, entry: &Entry, left: Option<ScopeId>, chain: Digest) -> NewEntry {
    let record = record_of_body(&entry.body);
    let lies_in = record.and_then(|id| ledger.records.get(&id)).map(|record| record.scope);
    let (scope, grant): (Option<ScopeId>, Option<GrantId>) = match &entry.body {
        Body::ScopeEpoch(epoch) => (Some(epoch.scope), None),
        Body::Grant(grant) => (None, Some(grant.grant)),
        Body::Reseal(reseal) => (None, Some(reseal.grant)),
        Body::Revocation(id) => (None, Some(*id)),
        Body::Term(term) => (None, Some(term.grant)),
        Body::Access(access) => (lies_in, Some(access.grant)),
        _ => (lies_in, None),
    };
    let bytes = signed.to_bytes();
    NewEntry {
        header: Header {
            seq: ledger.head.seq,
            digest: signed.digest(),
            concern: Concern {
                code: entry.body.code(),
                author: entry.author,
                scope,
                left_scope: left.filter(|left| Some(*left) != scope),
                record,
                grant,
            },
            size: bytes.len() as u64,
        },
        chain,
        minute: entry.at,
        access: if let Body::Access(access) = &entry.body { Some(access.kind) } else { None },
        bytes,
    }
}
