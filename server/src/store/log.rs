//! The entries of logs, and what is known of each without opening it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::entry::AccessKind;
use protocol::{AccountId, Digest, Entry, GrantId, Minute, RecordId, ScopeId, Signed, VaultId};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::column::{digest, fixed, signed, unsigned};
use super::entity::entries;
use super::{Result, StoreError};

/// What is known of an entry without opening it.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Its place.
    pub seq: u64,
    /// The digest of the whole envelope.
    pub digest: Digest,
    /// What it concerns.
    pub concern: Concern,
    /// Bytes in the envelope.
    pub size: u64,
}

/// What an entry concerns, and who says so: as much of a header as decides who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concern {
    /// [`protocol::Body::code`].
    pub code: u8,
    /// Who signed it.
    pub author: AccountId,
    /// The scope that it concerns: for a record, the one where it lies after the entry.
    pub scope: Option<ScopeId>,
    /// The scope that a record left by it.
    pub left_scope: Option<ScopeId>,
    /// The record that it concerns.
    pub record: Option<RecordId>,
    /// The grant that it concerns.
    pub grant: Option<GrantId>,
}

/// An entry that is about to be kept.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What is known of it.
    pub header: Header,
    /// The chain's value after it.
    pub chain: Digest,
    /// When, by the author's clock.
    pub minute: Minute,
    /// What a reader did.
    pub access: Option<AccessKind>,
    /// The envelope.
    pub bytes: Vec<u8>,
}

const fn access_code(kind: AccessKind) -> i16 {
    match kind {
        AccessKind::Accepted => 1,
        AccessKind::Opened => 2,
        AccessKind::Saved => 3,
    }
}

/// Keeps an entry.
pub async fn insert(db: &impl ConnectionTrait, vault: VaultId, entry: NewEntry, now: u64) -> Result<()> {
    let (header, concern) = (entry.header, entry.header.concern);
    let row = entries::ActiveModel {
        vault: Set(vault.as_bytes().to_vec()),
        seq: Set(signed(header.seq)),
        chain: Set(entry.chain.as_bytes().to_vec()),
        digest: Set(header.digest.as_bytes().to_vec()),
        code: Set(i16::from(concern.code)),
        author: Set(concern.author.as_bytes().to_vec()),
        minute: Set(i64::from(entry.minute.0)),
        scope: Set(concern.scope.map(|id| id.as_bytes().to_vec())),
        left_scope: Set(concern.left_scope.map(|id| id.as_bytes().to_vec())),
        record: Set(concern.record.map(|id| id.as_bytes().to_vec())),
        grant_id: Set(concern.grant.map(|id| id.as_bytes().to_vec())),
        access: Set(entry.access.map(access_code)),
        received: Set(signed(now)),
        size: Set(signed(header.size)),
        bytes: Set(entry.bytes),
    };
    entries::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The chain's values at those of the places that the log has reached.
pub async fn chain_at(
    db: &impl ConnectionTrait,
    vault: VaultId,
    places: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Digest>> {
    let rows: Vec<(i64, Vec<u8>)> = entries::Entity::find()
        .select_only()
        .columns([entries::Column::Seq, entries::Column::Chain])
        .filter(entries::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(entries::Column::Seq.is_in(places.iter().copied().map(signed)))
        .into_tuple()
        .all(db)
        .await?;
    rows.iter().map(|(seq, chain)| Ok((unsigned("entries.seq", *seq)?, digest("entries.chain", chain)?))).collect()
}

#[derive(FromQueryResult)]
struct ConcernRow {
    code: i16,
    author: Vec<u8>,
    scope: Option<Vec<u8>>,
    left_scope: Option<Vec<u8>>,
    record: Option<Vec<u8>>,
    grant_id: Option<Vec<u8>>,
}

#[derive(FromQueryResult)]
struct HeaderRow {
    seq: i64,
    digest: Vec<u8>,
    size: i64,
    #[sea_orm(nested)]
    concern: ConcernRow,
}

const CONCERN: [entries::Column; 6] = [
    entries::Column::Code,
    entries::Column::Author,
    entries::Column::Scope,
    entries::Column::LeftScope,
    entries::Column::Record,
    entries::Column::GrantId,
];

fn read_concern(row: &ConcernRow) -> Result<Concern> {
    let scope = |column, id: &Option<Vec<u8>>| id.as_ref().map(|id| fixed(column, id, ScopeId::from_bytes)).transpose();
    Ok(Concern {
        code: unsigned("entries.code", i64::from(row.code))?,
        author: fixed("entries.author", &row.author, AccountId::from_bytes)?,
        scope: scope("entries.scope", &row.scope)?,
        left_scope: scope("entries.left_scope", &row.left_scope)?,
        record: row.record.as_ref().map(|id| fixed("entries.record", id, RecordId::from_bytes)).transpose()?,
        grant: row.grant_id.as_ref().map(|id| fixed("entries.grant_id", id, GrantId::from_bytes)).transpose()?,
    })
}

fn read(row: &HeaderRow) -> Result<Header> {
    Ok(Header {
        seq: unsigned("entries.seq", row.seq)?,
        digest: digest("entries.digest", &row.digest)?,
        concern: read_concern(&row.concern)?,
        size: unsigned("entries.size", row.size)?,
    })
}

/// What is known of the entries after a place, for the caller who then decides which of them the actor sees.
pub async fn headers_after(db: &impl ConnectionTrait, vault: VaultId, after: u64, most: u64) -> Result<Vec<Header>> {
    let rows = entries::Entity::find()
        .select_only()
        .columns([entries::Column::Seq, entries::Column::Digest, entries::Column::Size])
        .columns(CONCERN)
        .filter(entries::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(entries::Column::Seq.gt(signed(after)))
        .order_by_asc(entries::Column::Seq)
        .limit(most)
        .into_model::<HeaderRow>()
        .all(db)
        .await?;
    rows.iter().map(read).collect()
}

/// What the entries of these authors concern: each once, however often they wrote of it.
pub async fn concerns_of(
    db: &impl ConnectionTrait,
    vault: VaultId,
    authors: &BTreeSet<AccountId>,
) -> Result<Vec<Concern>> {
    let rows = entries::Entity::find()
        .select_only()
        .columns(CONCERN)
        .distinct()
        .filter(entries::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(entries::Column::Author.is_in(authors.iter().map(|id| id.as_bytes().to_vec())))
        .into_model::<ConcernRow>()
        .all(db)
        .await?;
    rows.iter().map(read_concern).collect()
}

/// The envelopes at these places.
pub async fn envelopes(
    db: &impl ConnectionTrait,
    vault: VaultId,
    places: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, Signed<Entry>>> {
    let rows: Vec<(i64, Vec<u8>)> = entries::Entity::find()
        .select_only()
        .columns([entries::Column::Seq, entries::Column::Bytes])
        .filter(entries::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(entries::Column::Seq.is_in(places.iter().copied().map(signed)))
        .into_tuple()
        .all(db)
        .await?;
    let envelope = |(seq, bytes): &(i64, Vec<u8>)| {
        let signed = Signed::from_bytes(bytes).map_err(|_| StoreError::Corrupt("entries.bytes"))?;
        Ok((unsigned("entries.seq", *seq)?, signed))
    };
    rows.iter().map(envelope).collect()
}

/// Whether the actor said, since this second, that it opens or saves the record.
pub async fn has_access(
    actor: AccountId,
    db: &impl ConnectionTrait,
    vault: VaultId,
    record: RecordId,
    since: u64,
) -> Result<bool> {
    let count = entries::Entity::find()
        .filter(entries::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(entries::Column::Author.eq(actor.as_bytes().to_vec()))
        .filter(entries::Column::Record.eq(record.as_bytes().to_vec()))
        .filter(entries::Column::Access.is_in([access_code(AccessKind::Opened), access_code(AccessKind::Saved)]))
        .filter(entries::Column::Received.gte(signed(since)))
        .count(db)
        .await?;
    Ok(count > 0)
}
