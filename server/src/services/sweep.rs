//! What is removed by itself: blobs that no entry ever named or that their record let go, and everything whose time
//! is over.

use futures_util::TryStreamExt as _;
use protocol::Minute;

use super::Result;
use super::notices::KEPT;
use super::session::{IDLE, SESSION};
use crate::causes::describe;
use crate::clock::DAY;
use crate::state::AppState;
use crate::store::blobs::Blob;
use crate::store::{attempts, blobs, commit, counters, instance, notices, sessions};

/// How long a blob waits for the entry that names it, and how long it stays after its record let it go: somebody may
/// be reading it, and a restored backup of the database still names it.
pub const UNNEEDED: u64 = 7 * DAY;

/// How many blobs or objects are looked at together.
const BATCH: usize = 100;

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs that no entry named, or that their record let go.
    pub blobs: u64,
    /// Objects that no chunk names: left by a crash between the two stores, or in the middle of one.
    pub objects: u64,
    /// Objects that no chunk names and that the blob store did not delete. The next sweep tries again.
    pub left: u64,
    /// Whether the blob store is not known to be this database's, so that none of its objects was touched, and no blob
    /// that names them.
    pub foreign: bool,
    /// Attempts to sign in that nobody finished.
    pub attempts: u64,
    /// Counters of windows that are over.
    pub counters: u64,
    /// Sessions past their end.
    pub sessions: u64,
    /// Wraps of devices that were idle for too long.
    pub wraps: u64,
    /// Notices that are too old to matter.
    pub notices: u64,
}

/// Sweeps once. What needs only the database comes first, so that no blob store holds it up.
pub async fn sweep(state: &AppState) -> Result<Swept> {
    let db = state.store.reader();
    let now = state.clock.now();
    let mut swept = Swept {
        attempts: attempts::delete_expired(db, now).await?,
        counters: counters::delete_expired(db, now).await?,
        sessions: sessions::delete_older(db, now.saturating_sub(SESSION)).await?,
        wraps: sessions::delete_idle_wraps(db, now.saturating_sub(IDLE)).await?,
        notices: notices::delete_older(db, Minute::from_unix_seconds(now.saturating_sub(KEPT))).await?,
        ..Swept::default()
    };
    let before = now.saturating_sub(UNNEEDED);
    // A copy of a database names the objects of the one that it was copied from, and knows nothing of what that one has
    // done with them since.
    if is_own(state).await? {
        swept.blobs = sweep_blobs(state, before).await?;
        sweep_objects(state, before, &mut swept).await?;
        swept.objects += state.blobs.tidy(before).await?;
    } else {
        swept.foreign = true;
        tracing::error!(
            "the blob store belongs to another database, and nothing was swept from it: see to the settings \
             `data`, `database` and `blobs`"
        );
    }
    Ok(swept)
}

/// Whether the blob store is this database's: to any other one, all of its objects are objects that no chunk names. A
/// store without an id is taken if it fits, and both know it from then on.
async fn is_own(state: &AppState) -> Result<bool> {
    let known = instance::store(state.store.reader()).await?;
    if let Some(found) = state.blobs.id().await? {
        return Ok(known == Some(found));
    }
    if !fits(state).await? {
        return Ok(false);
    }
    // The database first, which several servers may share: they all give the store the same id.
    let id = instance::draw(state.store.reader(), state.random.draw()).await?;
    state.blobs.set_id(id).await?;
    Ok(true)
}

/// Whether a store is empty, or most of what lies in it is named by the database: a few objects more were left by
/// crashes, but a database that is not the store's own names none, or what somebody has just sent.
async fn fits(state: &AppState) -> Result<bool> {
    let (mut named, mut all) = (0, 0);
    let mut batches = state.blobs.list().map_ok(|found| found.object).try_chunks(BATCH);
    while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
        all += batch.len();
        named += blobs::known_objects(state.store.reader(), batch).await?.len();
    }
    Ok(named * 2 >= all)
}

async fn sweep_blobs(state: &AppState, before: u64) -> Result<u64> {
    let mut swept = 0;
    loop {
        let unneeded = blobs::unneeded(state.store.reader(), before, BATCH as u64).await?;
        if unneeded.is_empty() {
            return Ok(swept);
        }
        for id in unneeded {
            let transaction = state.store.begin().await?;
            // An entry may have named it since.
            let needed = |blob: Blob| blob.record.is_some() && blob.released.is_none_or(|released| released >= before);
            if blobs::lock(&transaction, id).await?.is_none_or(needed) {
                continue;
            }
            let chunks = blobs::chunks(&transaction, id).await?;
            blobs::delete(&transaction, id).await?;
            commit(transaction).await?;
            for chunk in chunks.values() {
                // What fails is an object that no chunk names, from now on.
                delete(state, &chunk.object).await;
            }
            swept += 1;
        }
    }
}

/// Deletes an object, unless the blob store fails: one object holds up no other. Says whether it is gone.
async fn delete(state: &AppState, object: &str) -> bool {
    let deleted = state.blobs.delete(object).await;
    if let Err(error) = &deleted {
        tracing::warn!(cause = describe(error), "an object that nothing names could not be deleted");
    }
    deleted.is_ok()
}

async fn sweep_objects(state: &AppState, before: u64, swept: &mut Swept) -> Result<()> {
    let old = state.blobs.list().try_filter(|found| std::future::ready(found.written < before));
    let mut batches = old.try_chunks(BATCH);
    while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
        let objects: Vec<String> = batch.into_iter().map(|found| found.object).collect();
        let known = blobs::known_objects(state.store.reader(), objects.clone()).await?;
        for object in objects.iter().filter(|object| !known.contains(*object)) {
            if delete(state, object).await {
                swept.objects += 1;
            } else {
                swept.left += 1;
            }
        }
    }
    Ok(())
}
