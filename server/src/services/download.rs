//! Ciphertext on its way out. Every chunk asks again whether the caller may have it.

use axum::body::Bytes;
use futures_util::stream::BoxStream;
use protocol::api::Refusal;
use protocol::{ApiError, BlobId};

use super::Result;
use super::session::Caller;
use super::standing::Standing;
use crate::blobs::BlobsError;
use crate::clock::HOUR;
use crate::state::AppState;
use crate::store::blobs::Chunk;
use crate::store::vaults::Vault;
use crate::store::{blobs, log, vaults};

/// For how long an access entry opens a record.
pub const ACCESS: u64 = HOUR;

/// One chunk and its bytes.
pub struct Download {
    /// What is known of it.
    pub chunk: Chunk,
    /// Its bytes.
    pub bytes: BoxStream<'static, std::result::Result<Bytes, BlobsError>>,
}

/// One chunk of a blob.
pub async fn chunk(state: &AppState, caller: Caller, id: BlobId, number: u32) -> Result<Download> {
    let db = state.store.reader();
    let blob = blobs::find(db, id).await?.ok_or(ApiError::NotFound)?;
    let vault = vaults::find(db, blob.vault).await?.ok_or(ApiError::NotFound)?;
    let standing = Standing::of(caller.account, db, &vault, state.clock.minute()).await?;
    if !standing.is_whole() {
        let record = blob.record.ok_or(ApiError::NotFound)?;
        require_access(state, caller, &vault, &standing, record).await?;
    }
    let chunk = blobs::chunk(db, id, number).await?.ok_or(ApiError::NotFound)?;
    let bytes = state.blobs.get(&chunk.object).await?;
    state.metrics.sent(chunk.length);
    Ok(Download { chunk, bytes })
}

async fn require_access(
    state: &AppState,
    caller: Caller,
    vault: &Vault,
    standing: &Standing,
    record: protocol::RecordId,
) -> Result<()> {
    let db = state.store.reader();
    let records = vaults::records(db, vault.id, &[record].into()).await?;
    let facts = records.get(&record).filter(|facts| !facts.deleted).ok_or(ApiError::NotFound)?;
    if !standing.reads_originals(record, facts.scope) {
        return Err(ApiError::NotFound.into());
    }
    let since = state.clock.now().saturating_sub(ACCESS);
    if log::has_access(caller.account, db, vault.id, record, since).await? {
        Ok(())
    } else {
        Err(Refusal::AccessNotRecorded.into())
    }
}
