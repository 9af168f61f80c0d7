//! Blobs and their chunks: what is stored where.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{AccountId, BlobId, Digest, RecordId, VaultId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::Result;
use super::column::{digest, fixed, signed, unsigned};
use super::entity::{blobs, chunks};

/// One blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its id.
    pub id: BlobId,
    /// The vault that it is for.
    pub vault: VaultId,
    /// Who announced it.
    pub creator: AccountId,
    /// Bytes in all chunks together.
    pub length: u64,
    /// The record of which a revision names it.
    pub record: Option<RecordId>,
    /// When its record let it go.
    pub released: Option<u64>,
}

/// One stored chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes.
    pub length: u64,
    /// Where the blob store has it.
    pub object: String,
}

fn read(row: &blobs::Model) -> Result<Blob> {
    Ok(Blob {
        id: fixed("blobs.id", &row.id, BlobId::from_bytes)?,
        vault: fixed("blobs.vault", &row.vault, VaultId::from_bytes)?,
        creator: fixed("blobs.creator", &row.creator, AccountId::from_bytes)?,
        length: unsigned("blobs.length", row.length)?,
        record: row.record.as_ref().map(|id| fixed("blobs.record", id, RecordId::from_bytes)).transpose()?,
        released: row.released.map(|at| unsigned("blobs.released", at)).transpose()?,
    })
}

fn read_chunk(row: chunks::Model) -> Result<Chunk> {
    Ok(Chunk {
        digest: digest("chunks.digest", &row.digest)?,
        length: unsigned("chunks.length", row.length)?,
        object: row.object,
    })
}

/// Announces a blob.
pub async fn insert(db: &impl ConnectionTrait, blob: Blob, now: u64) -> Result<()> {
    let row = blobs::ActiveModel {
        id: Set(blob.id.as_bytes().to_vec()),
        vault: Set(blob.vault.as_bytes().to_vec()),
        creator: Set(blob.creator.as_bytes().to_vec()),
        length: Set(signed(blob.length)),
        created: Set(signed(now)),
        record: Set(None),
        released: Set(None),
    };
    blobs::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// A blob, for the caller who then asks what standing the actor has in its vault.
pub(crate) async fn find(db: &impl ConnectionTrait, id: BlobId) -> Result<Option<Blob>> {
    blobs::Entity::find_by_id(id.as_bytes().to_vec()).one(db).await?.as_ref().map(read).transpose()
}

/// The same, held so that nobody else changes it until the transaction ends.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: BlobId) -> Result<Option<Blob>> {
    let row = blobs::Entity::find_by_id(id.as_bytes().to_vec()).lock_exclusive().one(db).await?;
    row.as_ref().map(read).transpose()
}

/// Notes which record a blob is a part of, from now on.
pub async fn name(db: &impl ConnectionTrait, id: BlobId, record: RecordId) -> Result<()> {
    blobs::Entity::update_many()
        .col_expr(blobs::Column::Record, Expr::value(record.as_bytes().to_vec()))
        .col_expr(blobs::Column::Released, Expr::value(None::<i64>))
        .filter(blobs::Column::Id.eq(id.as_bytes().to_vec()))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that a record let go of every blob but these.
pub async fn release_others(
    db: &impl ConnectionTrait,
    vault: VaultId,
    record: RecordId,
    kept: impl Iterator<Item = BlobId>,
    now: u64,
) -> Result<()> {
    blobs::Entity::update_many()
        .col_expr(blobs::Column::Released, Expr::value(signed(now)))
        .filter(blobs::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(blobs::Column::Record.eq(record.as_bytes().to_vec()))
        .filter(blobs::Column::Id.is_not_in(kept.map(|id| id.as_bytes().to_vec())))
        .filter(blobs::Column::Released.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// One chunk.
pub async fn chunk(db: &impl ConnectionTrait, blob: BlobId, number: u32) -> Result<Option<Chunk>> {
    let row = chunks::Entity::find_by_id((blob.as_bytes().to_vec(), i64::from(number))).one(db).await?;
    row.map(read_chunk).transpose()
}

/// Every stored chunk of a blob, by number.
pub async fn chunks(db: &impl ConnectionTrait, blob: BlobId) -> Result<BTreeMap<u32, Chunk>> {
    let rows = chunks::Entity::find()
        .filter(chunks::Column::Blob.eq(blob.as_bytes().to_vec()))
        .order_by_asc(chunks::Column::Number)
        .all(db)
        .await?;
    rows.into_iter().map(|row| Ok((unsigned("chunks.number", row.number)?, read_chunk(row)?))).collect()
}

/// Notes a chunk that is stored, in place of another one if there was one.
pub async fn put_chunk(db: &impl ConnectionTrait, blob: BlobId, number: u32, chunk: Chunk) -> Result<()> {
    let row = chunks::ActiveModel {
        blob: Set(blob.as_bytes().to_vec()),
        number: Set(i64::from(number)),
        digest: Set(chunk.digest.as_bytes().to_vec()),
        length: Set(signed(chunk.length)),
        object: Set(chunk.object),
    };
    chunks::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([chunks::Column::Blob, chunks::Column::Number])
                .update_columns([chunks::Column::Digest, chunks::Column::Length, chunks::Column::Object])
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Blobs that nothing needs: announced before this second and named by no entry, or let go before it.
pub async fn unneeded(db: &impl ConnectionTrait, before: u64, most: u64) -> Result<Vec<BlobId>> {
    let abandoned = blobs::Column::Record.is_null().and(blobs::Column::Created.lt(signed(before)));
    let rows = blobs::Entity::find()
        .filter(abandoned.or(blobs::Column::Released.lt(signed(before))))
        .limit(most)
        .all(db)
        .await?;
    rows.iter().map(|row| fixed("blobs.id", &row.id, BlobId::from_bytes)).collect()
}

/// Forgets a blob and its chunks.
pub async fn delete(db: &impl ConnectionTrait, id: BlobId) -> Result<()> {
    blobs::Entity::delete_by_id(id.as_bytes().to_vec()).exec(db).await?;
    Ok(())
}

/// Those of the objects that belong to a chunk.
pub async fn known_objects(db: &impl ConnectionTrait, objects: Vec<String>) -> Result<BTreeSet<String>> {
    let rows: Vec<String> = chunks::Entity::find()
        .select_only()
        .column(chunks::Column::Object)
        .filter(chunks::Column::Object.is_in(objects))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}
