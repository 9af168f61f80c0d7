//! Finding what the blob store lost or damaged, before somebody asks for it.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::TryStreamExt as _;
use protocol::entry::CHUNK;
use protocol::{AccountId, BlobId, Digest, RecordId, VaultId};

use super::Result;
use crate::blobs::{Blobs, BlobsError};
use crate::causes::describe;
use crate::clock::DAY;
use crate::state::AppState;
use crate::store::blobs::Chunk;
use crate::store::inventory::{Kept, each_from};
use crate::store::{Store, blobs, counters};

/// What is wrong with a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It was stored, and is not there any more.
    Missing,
    /// Its bytes are not those that were stored.
    Damaged,
    /// The blob store cannot read it.
    Unreadable,
    /// A record names its blob, but it was never stored.
    NeverStored,
}

impl Damage {
    /// One word, for a counter's label.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::NeverStored => "never_stored",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::Damaged => "is damaged",
            Self::Unreadable => "cannot be read",
            Self::NeverStored => "was never stored",
        })
    }
}

/// One chunk that is not as it should be, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Who owns the vault.
    pub account: AccountId,
    /// The vault.
    pub vault: VaultId,
    /// The record; none when the blob was still on its way in.
    pub record: Option<RecordId>,
    /// The blob.
    pub blob: BlobId,
    /// The chunk's place in it.
    pub number: u32,
    /// What is wrong.
    pub damage: Damage,
}

impl Finding {
    pub(crate) const fn new(kept: &Kept, number: u32, damage: Damage) -> Self {
        Self { account: kept.owner, vault: kept.vault, record: kept.record, blob: kept.blob, number, damage }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account {} vault {} record ", self.account, self.vault)?;
        match self.record {
            Some(record) => write!(f, "{record}")?,
            None => f.write_str("none yet")?,
        }
        write!(f, " blob {} chunk {}: {}", self.blob, self.number, self.damage)
    }
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Chunks.
    pub chunks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those that are not as they should be.
    pub findings: u64,
}

impl fmt::Display for Scrubbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Looked at {} chunks, {} bytes: ", self.chunks, self.bytes)?;
        match self.findings {
            0 => f.write_str("all are as they were stored."),
            found => write!(f, "{found} are damaged or missing."),
        }
    }
}

/// Reads every chunk that the database names, and tells of each that is not what was stored. With `pace`, no more
/// than so many bytes in a second. It begins at `first` and goes round.
pub async fn scrub(
    store: &Store,
    objects: &Blobs,
    first: BlobId,
    pace: Option<u64>,
    mut found: impl FnMut(&Finding),
) -> Result<Scrubbed> {
    let mut scrubbed = Scrubbed::default();
    let mut all = pin!(each_from(store.reader(), first));
    while let Some(kept) = all.try_next().await? {
        for (number, chunk) in &kept.chunks {
            scrubbed.chunks += 1;
            scrubbed.bytes += chunk.length;
            let read = read_whole(objects, chunk).await.unwrap_or_else(|error| {
                tracing::warn!(cause = describe(&error), "a chunk cannot be read");
                Err(Damage::Unreadable)
            });
            if let Err(damage) = read
                && is_named(store, kept.blob, *number, chunk).await?
            {
                scrubbed.findings += 1;
                found(&Finding::new(&kept, *number, damage));
            }
            rest(pace, chunk.length).await;
        }
        for number in never_stored(store, &kept).await? {
            scrubbed.chunks += 1;
            scrubbed.findings += 1;
            found(&Finding::new(&kept, number, Damage::NeverStored));
        }
    }
    Ok(scrubbed)
}

/// A chunk's bytes, if they are those that were stored. A store that does not answer says nothing of them.
pub(crate) async fn read_whole(
    objects: &Blobs,
    chunk: &Chunk,
) -> std::result::Result<std::result::Result<Bytes, Damage>, BlobsError> {
    Ok(match objects.read(&chunk.object).await? {
        Some(bytes) if bytes.len() as u64 == chunk.length && Digest::of(&bytes) == chunk.digest => Ok(bytes),
        Some(_) => Err(Damage::Damaged),
        None => Err(Damage::Missing),
    })
}

/// Whether a chunk is still where it was: it may have been sent anew, or swept, since its row was read.
pub(crate) async fn is_named(store: &Store, blob: BlobId, number: u32, chunk: &Chunk) -> Result<bool> {
    Ok(blobs::chunk(store.reader(), blob, number).await?.as_ref() == Some(chunk))
}

/// The chunks that a record's blob must have and has not.
async fn never_stored(store: &Store, kept: &Kept) -> Result<Vec<u32>> {
    let missing: Vec<u32> = (0..u32::try_from(kept.length.div_ceil(CHUNK)).unwrap_or(u32::MAX))
        .filter(|number| !kept.chunks.contains_key(number))
        .collect();
    let whole = kept.record.is_none() || missing.is_empty();
    if whole || blobs::find(store.reader(), kept.blob).await?.is_none() { Ok(Vec::new()) } else { Ok(missing) }
}

async fn rest(pace: Option<u64>, bytes: u64) {
    if let Some(pace) = pace {
        let milliseconds = bytes.saturating_mul(1000) / pace.max(1);
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
}

/// Scrubs in the background if nobody did so within a day, this server or another one of the same database.
/// What it finds goes to the log and to the metrics.
pub async fn scrub_if_due(state: &AppState, pace: u64) -> Result<Option<Scrubbed>> {
    let key = state.secrets.counter("scrub", b"");
    if counters::count(state.store.reader(), key, DAY, state.clock.now()).await?.count > 1 {
        return Ok(None);
    }
    // Somewhere else each day: where a server never stays up for the whole of it, all is looked at nevertheless.
    let first = BlobId::from_bytes(state.random.draw());
    let scrubbed = scrub(&state.store, &state.blobs, first, Some(pace), |finding| {
        state.metrics.found(finding.damage);
        let Finding { account, vault, record, blob, number, damage } = *finding;
        let record = record.map(|record| record.to_string()).unwrap_or_default();
        tracing::error!(%account, %vault, record, %blob, chunk = number, damage = damage.word(), "a chunk is not as it was stored");
    })
    .await?;
    state.metrics.scrubbed(&scrubbed);
    Ok(Some(scrubbed))
}
