//! Everything that should lie in the blob store, and whose it is: for scrubbing and backups, which ask for nobody.

use std::collections::BTreeMap;

use futures_util::stream::{Stream, StreamExt as _, TryStreamExt as _, iter, try_unfold};
use protocol::{AccountId, BlobId, RecordId, VaultId};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::blobs::Chunk;
use super::column::{fixed, unsigned};
use super::entity::{blobs, chunks, vaults};
use super::{Result, StoreError};

/// A blob with its stored chunks, and whose it is.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its id.
    pub blob: BlobId,
    /// The vault that it is for.
    pub vault: VaultId,
    /// Who owns that.
    pub owner: AccountId,
    /// The record of which a revision names it; none while it is on its way in.
    pub record: Option<RecordId>,
    /// Bytes in all chunks together.
    pub length: u64,
    /// The chunks that are stored, by number.
    pub chunks: BTreeMap<u32, Chunk>,
}

/// Blobs that are looked up together.
const BATCH: u64 = 100;

/// Every blob, in the order of the ids.
pub fn each<C: ConnectionTrait>(db: &C) -> impl Stream<Item = Result<Kept>> {
    between(db, None, None)
}

/// Every blob, in the order of the ids but from `first` on, and then those before it.
pub fn each_from<C: ConnectionTrait>(db: &C, first: BlobId) -> impl Stream<Item = Result<Kept>> {
    between(db, Some(first), None).chain(between(db, None, Some(first)))
}

/// Blobs with ids above `last`, up to and with `end`.
fn between<C: ConnectionTrait>(db: &C, last: Option<BlobId>, end: Option<BlobId>) -> impl Stream<Item = Result<Kept>> {
    try_unfold(last, move |last| async move {
        let batch = after(db, last, end, BATCH).await?;
        let last = batch.last().map(|kept| kept.blob);
        Ok::<_, StoreError>(last.map(|last| (iter(batch.into_iter().map(Ok)), Some(last))))
    })
    .try_flatten()
}

/// At most `most` blobs with the next higher ids.
async fn after(db: &impl ConnectionTrait, last: Option<BlobId>, end: Option<BlobId>, most: u64) -> Result<Vec<Kept>> {
    let mut query = blobs::Entity::find().order_by_asc(blobs::Column::Id).limit(most);
    if let Some(last) = last {
        query = query.filter(blobs::Column::Id.gt(last.as_bytes().to_vec()));
    }
    if let Some(end) = end {
        query = query.filter(blobs::Column::Id.lte(end.as_bytes().to_vec()));
    }
    let rows = query.all(db).await?;
    let named = rows.iter().map(|row| row.vault.clone());
    let vaults = vaults::Entity::find().filter(vaults::Column::Id.is_in(named)).all(db).await?;
    let owner = |vault: &[u8]| vaults.iter().find(|row| row.id == vault).map(|row| row.owner.clone());
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let blob = fixed("blobs.id", &row.id, BlobId::from_bytes)?;
        kept.push(Kept {
            blob,
            vault: fixed("blobs.vault", &row.vault, VaultId::from_bytes)?,
            owner: fixed("vaults.owner", &owner(&row.vault).unwrap_or_default(), AccountId::from_bytes)?,
            record: row.record.as_ref().map(|id| fixed("blobs.record", id, RecordId::from_bytes)).transpose()?,
            length: unsigned("blobs.length", row.length)?,
            chunks: super::blobs::chunks(db, blob).await?,
        });
    }
    Ok(kept)
}

/// Forgets that a chunk is stored, so that whoever was sending it sends it again.
pub async fn forget_chunk(db: &impl ConnectionTrait, blob: BlobId, number: u32) -> Result<()> {
    chunks::Entity::delete_by_id((blob.as_bytes().to_vec(), i64::from(number))).exec(db).await?;
    Ok(())
}
