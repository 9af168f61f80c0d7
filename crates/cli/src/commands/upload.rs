//! Adding files.

use std::fs;
use std::path::{Path, PathBuf};

use cli::decoding::Unread;
use cli::platform::Terminal;
use client::upload::{Draft, NoOutbox, Source as _, Ticket, Watcher};
use client::view::Record;
use client::{Alarm, ClientError, Session};
use indicatif::ProgressBar;
use protocol::{ApiError, RecordId, VaultId};
use records::Metadata;
use serde_json::{Value, json};

use crate::arguments::Upload;
use crate::commands::disk::{Disk, Looked, look};
use crate::failure::Failure;
use crate::output;
use crate::profile::{make_private_folder, write_private};
use crate::unlock::Context;

/// A progress bar watches.
struct Bar(ProgressBar);

impl Watcher for Bar {
    fn sent(&self, bytes: u64, _: u64) {
        self.0.set_position(bytes);
    }

    fn offline(&self, offline: bool) {
        self.0.set_message(if offline { "waiting for the connection" } else { "" });
    }

    async fn may_go_on(&self) -> Result<(), ClientError> {
        Ok(())
    }
}

/// What a file is in the vault.
struct Added {
    id: RecordId,
    metadata: Metadata,
    /// Whether it came just now.
    is_new: bool,
    /// Why only its name tells what it is, if that is so.
    unread: Option<Unread>,
}

/// Why a file was not added.
struct NotAdded {
    why: Failure,
    /// Whether it keeps the others out, too.
    ends: bool,
}

impl From<std::io::Error> for NotAdded {
    fn from(error: std::io::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<ClientError> for NotAdded {
    fn from(error: ClientError) -> Self {
        Self { ends: is_of_all(&error), why: error.into() }
    }
}

impl From<Failure> for NotAdded {
    fn from(why: Failure) -> Self {
        Self { why, ends: false }
    }
}

/// Whether an error would meet every other file as well: without a connection, a session or a history that holds,
/// nothing is added.
fn is_of_all(error: &ClientError) -> bool {
    match error {
        ClientError::Unreachable(_)
        | ClientError::Later(_)
        | ClientError::Api(ApiError::NotSignedIn | ApiError::TooMany(_)) => true,
        ClientError::Alarm(alarm) => *alarm != Alarm::Blob,
        _ => false,
    }
}

/// What became of the files, in words.
struct Summary {
    added: usize,
    there: usize,
    /// Files that were not added, and why.
    failed: Vec<String>,
    untried: usize,
}

impl Summary {
    fn words(&self) -> String {
        let mut words = format!("{} added", self.added);
        if self.there > 0 {
            words.push_str(&format!(", {} there already", self.there));
        }
        if !self.failed.is_empty() {
            words.push_str(&format!(", but not {}: {}", self.failed.len(), self.failed.join("; ")));
        }
        if self.untried > 0 {
            words.push_str(&format!("; {} more not tried", self.untried));
        }
        words
    }
}

/// `upload`. A file that cannot be added keeps no other one out; the command names it at its end, and fails. One that is
/// there already is named, and is no failure.
pub(crate) async fn upload(context: &Context, wanted: &Upload) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = session.own_vault()?;
    session.sync(vault).await?;
    let mut summary = Summary { added: 0, there: 0, failed: Vec::new(), untried: 0 };
    let mut files = Vec::new();
    for path in &wanted.paths {
        walk(path, &mut files, &mut summary.failed);
    }
    let mut listed = Vec::new();
    for (place, path) in files.iter().enumerate() {
        let Added { id, metadata, is_new, unread } = match add(context, &session, vault, path, wanted).await {
            Ok(added) => added,
            Err(NotAdded { why, ends }) => {
                summary.failed.push(format!("{}: {why}", path.display()));
                if ends {
                    summary.untried = files.len() - place - 1;
                    break;
                }
                continue;
            }
        };
        if is_new {
            summary.added += 1;
        } else {
            summary.there += 1;
        }
        if context.json {
            listed.push(json!({
                "id": id.to_string(),
                "title": metadata.title,
                "category": metadata.category.slug(),
                "bytes": metadata.size,
                "added": is_new,
                "looked_into": unread.is_none(),
            }));
        } else if is_new {
            output::line(id.to_string())?;
            if let Some(why) = unread {
                output::note(format!("{}: {why}; what is said about it comes from its name", path.display()))?;
            }
        } else {
            let title = output::plain(&metadata.title);
            output::note(format!("{}: there already, as “{title}”, {id}", path.display()))?;
        }
    }
    if context.json {
        output::json(&Value::Array(listed))?;
    }
    if !summary.failed.is_empty() {
        return Err(Failure::new(summary.words()));
    }
    if summary.there > 0 && !context.json {
        output::note(format!("{}; --again adds such files all the same", summary.words()))?;
    }
    Ok(())
}

/// Files under a path, folders walked in the order of their names. Links in folders are not followed.
fn walk(path: &Path, files: &mut Vec<PathBuf>, failed: &mut Vec<String>) {
    let entries = match fs::metadata(path) {
        Ok(about) if about.is_file() => return files.push(path.to_owned()),
        Ok(about) if about.is_dir() => fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>),
        Ok(_) => return failed.push(format!("{}: this is no file", path.display())),
        Err(error) => Err(error),
    };
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return failed.push(format!("{}: {error}", path.display())),
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_symlink() => failed.push(format!("{}: links are not followed", entry.path().display())),
            _ => walk(&entry.path(), files, failed),
        }
    }
}

async fn add(
    context: &Context,
    session: &Session<Terminal>,
    vault: VaultId,
    path: &Path,
    wanted: &Upload,
) -> Result<Added, NotAdded> {
    let Looked { disk, mut draft, unread } = look(path, &context.decoder).await?;
    let metadata = &mut draft.metadata;
    if let Some(title) = &wanted.title {
        metadata.title.clone_from(title);
    }
    metadata.category = wanted.category.unwrap_or(metadata.category);
    metadata.date = wanted.date.or(metadata.date);
    let (kept, ticket) = if let Some(found) = resume(context, session, path, &draft)? {
        found
    } else {
        if !wanted.again
            && let Some((id, metadata)) = find(session, vault, &draft.metadata, &disk).await?
        {
            return Ok(Added { id, metadata, is_new: false, unread });
        }
        let ticket = session.begin(draft).await?;
        (keep(context, session, path, &ticket)?, ticket)
    };
    match send(context, session, &ticket, &disk).await {
        // What was sent of it is of no use to what it is now.
        Err(ClientError::Source) if !disk.is_unchanged() => {
            fs::remove_file(kept)?;
            Err(Failure::new("the file changed while it was read, and nothing of it was added").into())
        }
        Err(error) => Err(error.into()),
        Ok(id) => {
            fs::remove_file(kept)?;
            Ok(Added { id, metadata: ticket.metadata()?, is_new: true, unread })
        }
    }
}

/// Sends a file under a bar.
pub(crate) async fn send(
    context: &Context,
    session: &Session<Terminal>,
    ticket: &Ticket,
    disk: &Disk,
) -> Result<RecordId, ClientError> {
    let bar = output::bar(context.json, ticket.metadata()?.size);
    let sent = session.run(ticket, disk, &NoOutbox, &Bar(bar.clone())).await;
    bar.finish_and_clear();
    sent
}

/// The record that a file is already, if it is: one of the same name, size and kind, and the same to the last byte.
async fn find(
    session: &Session<Terminal>,
    vault: VaultId,
    wanted: &Metadata,
    disk: &Disk,
) -> Result<Option<(RecordId, Metadata)>, ClientError> {
    let named = (&wanted.file_name, wanted.size, wanted.kind);
    let is_alike = |own: &&Metadata| (&own.file_name, own.size, own.kind) == named;
    let alike = session.with_view(vault, |view| {
        let own = |record: &Record| Some((record.id, record.metadata.as_ref().filter(is_alike)?.clone()));
        view.records().filter_map(own).collect::<Vec<_>>()
    })?;
    for (id, metadata) in alike {
        match is_same(session, vault, id, disk).await {
            Ok(true) => return Ok(Some((id, metadata))),
            Err(error) if error.is_passing() || is_of_all(&error) => return Err(error),
            // One that is damaged does not stand for the file.
            Ok(false) | Err(_) => {}
        }
    }
    Ok(None)
}

/// Whether a record's file is the one on disk. What differs is mostly known from the first piece.
async fn is_same(session: &Session<Terminal>, vault: VaultId, id: RecordId, disk: &Disk) -> Result<bool, ClientError> {
    let mut reader = session.open(vault, id).await?;
    let (mut at, mut is_same) = (0, true);
    let compared = reader
        .stream(async |piece| {
            is_same = disk.read(at, piece.len()).await? == piece;
            at += piece.len() as u64;
            if is_same { Ok(()) } else { Err(ClientError::Cancelled) }
        })
        .await;
    if is_same { compared.map(|()| true) } else { Ok(false) }
}

/// Where the ticket of an upload of this path is kept until it is finished.
fn ticket_path(context: &Context, path: &Path) -> PathBuf {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = protocol::Digest::of(whole.as_os_str().as_encoded_bytes());
    context.store.outbox().join(name.to_string())
}

fn keep(context: &Context, session: &Session<Terminal>, path: &Path, ticket: &Ticket) -> Result<PathBuf, Failure> {
    make_private_folder(&context.store.outbox())?;
    let kept = ticket_path(context, path);
    write_private(&kept, &session.seal_ticket(ticket))?;
    Ok(kept)
}

/// An upload of this very file that was interrupted.
fn resume(
    context: &Context,
    session: &Session<Terminal>,
    path: &Path,
    draft: &Draft,
) -> Result<Option<(PathBuf, Ticket)>, ClientError> {
    let kept = ticket_path(context, path);
    let Ok(sealed) = fs::read(&kept) else { return Ok(None) };
    // Another account's ticket, or one for other contents, is no use here.
    let Ok(mut ticket) = session.open_ticket(&sealed) else { return Ok(None) };
    if !ticket.is_for(draft) || ticket.is_replacement() {
        return Ok(None);
    }
    ticket.describe(&draft.metadata)?;
    Ok(Some((kept, ticket)))
}

#[cfg(test)]
mod tests {
    use client::platform::Unreachable;
    use protocol::api::Refusal;

    use super::*;

    #[test]
    fn only_what_meets_every_file_ends_the_command() {
        let offline = ClientError::from(Unreachable);
        for error in [offline, ApiError::NotSignedIn.into(), Alarm::RolledBack.into()] {
            assert!(NotAdded::from(error.clone()).ends, "{error}");
        }
        let refused = ApiError::Refused(Refusal::Chunk).into();
        for error in [ClientError::Busy, ClientError::Source, refused, ApiError::Internal.into(), Alarm::Blob.into()] {
            assert!(!NotAdded::from(error.clone()).ends, "{error}");
        }
    }

    #[test]
    fn the_summary_counts_every_file() {
        let mut summary = Summary { added: 2, there: 0, failed: Vec::new(), untried: 0 };
        assert_eq!(summary.words(), "2 added");
        summary.there = 1;
        assert_eq!(summary.words(), "2 added, 1 there already");
        summary.failed = vec!["a: no".to_owned(), "b: no".to_owned()];
        summary.untried = 3;
        assert_eq!(summary.words(), "2 added, 1 there already, but not 2: a: no; b: no; 3 more not tried");
    }
}
