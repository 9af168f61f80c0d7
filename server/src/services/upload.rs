//! Ciphertext on its way in: announced, then chunk by chunk, each of them safe to repeat.

use axum::body::Bytes;
use futures_util::{Stream, StreamExt as _};
use protocol::api::{BlobCreate, BlobStatus, Conflict, Refusal, StoredChunk};
use protocol::entry::CHUNK;
use protocol::{ApiError, BlobId, Digest, VaultId};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

use super::session::Caller;
use super::standing::Standing;
use super::{Result, ServiceError, limits};
use crate::causes::describe;
use crate::state::AppState;
use crate::store::blobs::{Blob, Chunk};
use crate::store::{Rows, blobs, commit, vaults};
use crate::uploads::Pace;

/// The largest blob: one TiB.
const MAX_BLOB: u64 = 1 << 40;

/// How long one chunk may take on its way in.
const PATIENCE: Duration = Duration::from_mins(10);

/// Refuses everybody who does not hold the whole vault.
async fn require_whole(state: &AppState, db: &impl Rows, caller: Caller, id: VaultId) -> Result<()> {
    let vault = vaults::find(db, id).await?.ok_or(ApiError::NotFound)?;
    let standing = Standing::of(caller.account, db, &vault, state.clock.minute()).await?;
    if standing.is_whole() { Ok(()) } else { Err(ApiError::NotFound.into()) }
}

/// Announces a blob. Repeating it changes nothing.
pub async fn create(state: &AppState, caller: Caller, id: BlobId, message: BlobCreate) -> Result<()> {
    if message.length > MAX_BLOB {
        return Err(ApiError::TooLarge.into());
    }
    limits::charge(state, caller, 1, 0)?;
    let transaction = state.store.begin().await?;
    require_whole(state, &transaction, caller, message.vault).await?;
    let new = Blob {
        id,
        vault: message.vault,
        creator: caller.account,
        length: message.length,
        record: None,
        released: None,
    };
    match blobs::find(&transaction, id).await? {
        None => blobs::insert(&transaction, new, state.clock.now()).await?,
        Some(found) if (Blob { record: None, released: None, ..found }) == new => {}
        Some(_) => return Err(Conflict::Id.into()),
    }
    Ok(commit(transaction).await?)
}

/// What is stored of a blob.
pub async fn status(state: &AppState, caller: Caller, id: BlobId) -> Result<BlobStatus> {
    let db = state.store.reader();
    let blob = blobs::find(db, id).await?.ok_or(ApiError::NotFound)?;
    require_whole(state, db, caller, blob.vault).await?;
    let chunks = blobs::chunks(db, id).await?;
    let stored = chunks.iter().map(|(number, chunk)| StoredChunk { number: *number, digest: chunk.digest }).collect();
    Ok(BlobStatus { length: blob.length, stored })
}

/// Bytes that chunk `number` of a blob must have.
fn expected_length(blob: &Blob, number: u32) -> Result<u64> {
    let begin = u64::from(number) * CHUNK;
    if begin >= blob.length {
        return Err(Refusal::Chunk.into());
    }
    Ok((blob.length - begin).min(CHUNK))
}

/// Stores one chunk. When it returns, the chunk is durable. Repeating it changes nothing.
pub async fn put_chunk<E>(
    state: &AppState,
    caller: Caller,
    id: BlobId,
    number: u32,
    digest: Digest,
    body: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
) -> Result<()> {
    let db = state.store.reader();
    let blob = blobs::find(db, id).await?.filter(|blob| blob.creator == caller.account).ok_or(ApiError::NotFound)?;
    require_whole(state, db, caller, blob.vault).await?;
    let length = expected_length(&blob, number)?;
    limits::charge(state, caller, 1, length)?;
    let _turn = state.uploads.turn(caller.account).await.ok_or(ApiError::Unavailable)?;
    let received = tokio::time::timeout(PATIENCE, receive(body, length, digest, state.uploads.pace));
    let bytes = received.await.map_err(|_| ApiError::Unavailable)??;
    state.metrics.received(length);
    let mut lost = None;
    if let Some(chunk) = blobs::chunk(db, id, number).await?.filter(|chunk| chunk.digest == digest) {
        if state.blobs.has(&chunk.object).await? {
            return Ok(());
        }
        // Whoever still has the very bytes that the store lost brings them back.
        lost = Some(chunk.object);
    }
    let object = state.blobs.put(state.random.as_ref(), bytes.into()).await?;
    let chunk = Chunk { digest, length, object: object.clone() };
    match keep(state, id, number, chunk, lost.as_deref()).await {
        Ok(None) => Ok(()),
        Ok(Some(replaced)) => {
            tidy(state, &replaced).await;
            Ok(())
        }
        Err(NotKept { error, sure }) => {
            // What may be named after all stays; if nothing names it, the sweep finds it. Everything else goes at once,
            // or a client that tries again and again would fill the blob store.
            if sure {
                tidy(state, &object).await;
            }
            Err(error)
        }
    }
}

/// Why a chunk was not noted.
struct NotKept {
    error: ServiceError,
    /// Whether that is sure. A commit of which nothing was heard may have happened all the same, and its row name the
    /// object.
    sure: bool,
}

impl<E: Into<ServiceError>> From<E> for NotKept {
    fn from(error: E) -> Self {
        Self { error: error.into(), sure: true }
    }
}

/// Deletes an object that nothing names. What cannot be deleted now, the sweep finds later.
async fn tidy(state: &AppState, object: &str) {
    if let Err(error) = state.blobs.delete(object).await {
        tracing::warn!(cause = describe(&error), "an object that nothing names was left");
    }
}

/// Notes a stored chunk, in place of an object that was lost if there is one, and gives the object that nothing names
/// any more.
async fn keep(
    state: &AppState,
    id: BlobId,
    number: u32,
    chunk: Chunk,
    lost: Option<&str>,
) -> std::result::Result<Option<String>, NotKept> {
    let transaction = state.store.begin().await?;
    let blob = blobs::lock(&transaction, id).await?.ok_or(ApiError::NotFound)?;
    let replaced = match blobs::chunk(&transaction, id, number).await? {
        Some(found) if found.digest == chunk.digest && lost == Some(&*found.object) => None,
        Some(found) if found.digest == chunk.digest => return Ok(Some(chunk.object)),
        Some(_) if blob.record.is_some() => return Err(Conflict::Id.into()),
        found => found.map(|found| found.object),
    };
    blobs::put_chunk(&transaction, id, number, chunk).await?;
    commit(transaction).await.map_err(|error| NotKept { sure: error.is_refusal(), error: error.into() })?;
    Ok(replaced)
}

/// Reads exactly the bytes that were announced, unless they come too slowly. They go into one buffer as they come: kept as
/// the pieces that they came in, bytes that are sent one by one would take many times their room.
async fn receive<E>(
    mut body: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    length: u64,
    digest: Digest,
    pace: Pace,
) -> Result<Vec<u8>> {
    let mut received = Vec::with_capacity(usize::try_from(length.min(CHUNK)).unwrap_or_default());
    let mut hasher = Sha256::new();
    let mut missing = length;
    let mut window = tokio::time::interval_at(Instant::now() + pace.window, pace.window);
    window.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut wanted = length.saturating_sub(pace.least);
    loop {
        let bytes = tokio::select! {
            biased;
            bytes = body.next() => bytes,
            _ = window.tick() => {
                // Nothing was wanted but its end.
                if missing > wanted || wanted == 0 {
                    return Err(ApiError::Unavailable.into());
                }
                wanted = missing.saturating_sub(pace.least);
                continue;
            }
        };
        let Some(bytes) = bytes else { break };
        let bytes = bytes.map_err(|_| Refusal::Chunk)?;
        missing = missing.checked_sub(bytes.len() as u64).ok_or(Refusal::Chunk)?;
        hasher.update(&bytes);
        received.extend_from_slice(&bytes);
    }
    let whole = missing == 0 && Digest::from_bytes(hasher.finalize().into()) == digest;
    if whole { Ok(received) } else { Err(Refusal::Chunk.into()) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn bytes_that_come_one_by_one_take_no_more_room_than_together() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let pace = Pace { window: Duration::from_secs(30), least: 1 };
        let one_by_one = |bytes: &[u8]| {
            let frames: Vec<_> =
                bytes.iter().map(|byte| Ok::<_, Infallible>(Bytes::copy_from_slice(&[*byte]))).collect();
            stream::iter(frames)
        };
        let length = bytes.len() as u64;
        let received = receive(one_by_one(&bytes), length, Digest::of(&bytes), pace).await.unwrap();
        assert_eq!(received, bytes);
        assert_eq!(received.capacity(), bytes.len());
        for wrong in [length - 1, length + 1] {
            let refused = receive(one_by_one(&bytes), wrong, Digest::of(&bytes), pace).await;
            assert!(matches!(refused, Err(ServiceError::Api(ApiError::Refused(Refusal::Chunk)))));
        }
    }
}
