//! Bringing a backup back, to an empty place only.

use std::fs;
use std::io;
use std::path::Path;

use futures_util::TryStreamExt as _;
use protocol::Minute;

use super::manifest::Manifest;
use super::{BackupError, Copied, DATABASE, OBJECTS, Place, digest_of, file_error};
use crate::blobs::Blobs;
use crate::causes::describe;
use crate::secrets::Secrets;
use crate::services::scrub::{Damage, Finding, read_whole};
use crate::store::inventory::{Kept, each, forget_chunk};
use crate::store::{Store, commit, copy, instance, restores};

/// What a restore is known by, so that clients can tell it from a server that hides what they have seen.
#[derive(Clone, Copy, Debug)]
pub struct Marker {
    /// Drawn for this restore.
    pub id: [u8; 16],
    /// When.
    pub at: Minute,
}

/// Brings back everything that a backup holds, and tells of each chunk that it lacks or holds damaged. The database
/// is written last and at once: who is interrupted has restored nothing, and may begin again.
pub async fn restore(
    from: &Path,
    to: Place<'_>,
    marker: Marker,
    mut found: impl FnMut(&Finding),
) -> Result<Copied, BackupError> {
    let manifest = Manifest::read(from)?;
    require_empty(to, &manifest).await?;
    // What is checked is what is used, and an older backup is brought up to date in this copy.
    let working = to.folder.join("restoring.db");
    remove(&working)?;
    fs::copy(from.join(DATABASE), &working).map_err(file_error(&working))?;
    let outcome = restore_by(&working, &manifest, from, to, marker, &mut found).await;
    remove(&working)?;
    outcome
}

/// Removes a database and what SQLite may have left beside it. An attempt that was killed leaves a journal, and that
/// would be played back into the next one's copy.
fn remove(database: &Path) -> Result<(), BackupError> {
    for suffix in ["-journal", "-wal", "-shm", ""] {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(Path::new(&name))(error)),
            _ => {}
        }
    }
    Ok(())
}

async fn restore_by(
    working: &Path,
    manifest: &Manifest,
    from: &Path,
    to: Place<'_>,
    marker: Marker,
    mut found: impl FnMut(&Finding),
) -> Result<Copied, BackupError> {
    if Some(digest_of(working)?) != manifest.digest(DATABASE) {
        return Err(BackupError::Damaged(DATABASE.to_owned()));
    }
    let taken = Store::portable(working).await?;
    taken.migrate().await?;
    restore_secrets(from, to.folder, manifest)?;

    let objects = Blobs::folder(&from.join(OBJECTS))?;
    let mut findings = 0;
    let mut all = Box::pin(each(taken.reader()));
    while let Some(kept) = all.try_next().await? {
        restore_chunks(to.blobs, &taken, &kept, &objects, |finding| {
            findings += 1;
            found(finding);
        })
        .await?;
    }
    drop(all);
    let (accounts, records, chunks) = copy::count(taken.reader()).await?;
    let writing = to.store.begin().await?;
    let reading = taken.snapshot().await?;
    copy::copy(&reading, &writing).await?;
    restores::set(&writing, marker.id, marker.at).await?;
    // Both were empty, and belong together from now on. Who is interrupted here begins again, with another id.
    instance::set(&writing, marker.id).await?;
    to.blobs.set_id(marker.id).await?;
    commit(writing).await?;
    drop(reading);
    taken.close().await?;
    Ok(Copied { accounts, records, chunks: chunks.saturating_sub(findings), findings })
}

/// Refuses a place that is in use. Objects of this very backup are from an attempt that was interrupted.
async fn require_empty(to: Place<'_>, manifest: &Manifest) -> Result<(), BackupError> {
    if !copy::is_empty(to.store.reader()).await? {
        return Err(BackupError::Occupied("the database holds accounts already"));
    }
    let mut objects = to.blobs.list();
    while let Some(found) = objects.try_next().await? {
        if !manifest.has(&format!("{OBJECTS}/{}", found.object)) {
            return Err(BackupError::Occupied("the blob store holds other files already"));
        }
    }
    Ok(())
}

/// Brings back the secret files that are missing, if the backup has them. Those that are there already are never
/// overwritten, and must be the ones that the backup's accounts depend on.
fn restore_secrets(from: &Path, to: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let (own, missing): (Vec<_>, Vec<_>) = Secrets::FILES.into_iter().partition(|name| to.join(name).exists());
    for name in own {
        if Some(digest_of(&to.join(name))?) != manifest.apart(name) {
            return Err(BackupError::Occupied("the key files in the data folder are not those of this backup"));
        }
    }
    if Secrets::FILES.into_iter().all(|name| manifest.has(name)) {
        for name in &missing {
            let digest = Some(digest_of(&from.join(name))?);
            if digest != manifest.digest(name) || digest != manifest.apart(name) {
                return Err(BackupError::Damaged((*name).to_owned()));
            }
        }
        for name in missing {
            Secrets::copy_file(name, from, to)?;
        }
    }
    Ok(())
}

async fn restore_chunks(
    to: &Blobs,
    taken: &Store,
    kept: &Kept,
    objects: &Blobs,
    mut found: impl FnMut(&Finding),
) -> Result<(), BackupError> {
    for (number, chunk) in &kept.chunks {
        let read = read_whole(objects, chunk).await.unwrap_or_else(|error| {
            tracing::warn!(cause = describe(&error), "a chunk in the backup cannot be read");
            Err(Damage::Unreadable)
        });
        match read {
            Ok(bytes) => to.copy_in(&chunk.object, bytes).await?,
            // It is there, and the next attempt may read it.
            Err(Damage::Unreadable) => found(&Finding::new(kept, *number, Damage::Unreadable)),
            // Who was still sending it sends it again.
            Err(_) if kept.record.is_none() => forget_chunk(taken.reader(), kept.blob, *number).await?,
            Err(damage) => found(&Finding::new(kept, *number, damage)),
        }
    }
    Ok(())
}
