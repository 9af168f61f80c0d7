//! Adding, listing, opening, changing and deleting records.

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cli::platform::Terminal;
use client::draft::{examine, examined};
use client::upload::{Draft, NoOutbox, Source, Ticket, Watcher};
use client::view::Record;
use client::{ClientError, Session};
use indicatif::ProgressBar;
use protocol::{RecordId, VaultId};
use records::{Category, Metadata};
use serde_json::{Value, json};

use crate::arguments::{Edit, Upload};
use crate::failure::Failure;
use crate::output;
use crate::profile::{make_private_folder, write_private};
use crate::unlock::Context;

/// A file on disk that is read in pieces.
struct Disk(RefCell<fs::File>);

impl Source for Disk {
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        let mut file = self.0.borrow_mut();
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|_| ClientError::Source)?;
        Ok(bytes)
    }
}

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

/// Why a file was not added.
enum NotAdded {
    /// It cannot be read, or it changed meanwhile: the others still can be.
    This(Failure),
    /// What keeps the others out, too.
    Any(Failure),
}

impl From<std::io::Error> for NotAdded {
    fn from(error: std::io::Error) -> Self {
        Self::This(error.into())
    }
}

impl From<ClientError> for NotAdded {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Source | ClientError::Metadata(_) => Self::This(error.into()),
            error => Self::Any(error.into()),
        }
    }
}

impl From<Failure> for NotAdded {
    fn from(failure: Failure) -> Self {
        Self::Any(failure)
    }
}

/// `upload`. A file that cannot be added keeps no other one out; the command names it at its end, and fails.
pub(crate) async fn upload(context: &Context, wanted: &Upload) -> Result<(), Failure> {
    let session = context.session().await?;
    let (mut files, mut failed) = (Vec::new(), Vec::new());
    for path in &wanted.paths {
        walk(path, &mut files, &mut failed);
    }
    let mut added = Vec::new();
    for path in &files {
        let (id, metadata) = match add(context, &session, path, wanted).await {
            Ok(added) => added,
            Err(NotAdded::This(why)) => {
                failed.push(format!("{}: {why}", path.display()));
                continue;
            }
            Err(NotAdded::Any(why)) => {
                failed.push(format!("{}: {why}", path.display()));
                break;
            }
        };
        if !context.json {
            output::line(id.to_string())?;
        }
        added.push(json!({
            "id": id.to_string(),
            "title": metadata.title,
            "category": metadata.category.slug(),
            "bytes": metadata.size,
        }));
    }
    let count = added.len();
    if context.json {
        output::json(&Value::Array(added))?;
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("{count} added, but not {}", failed.join("; ")))) }
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
    path: &Path,
    wanted: &Upload,
) -> Result<(RecordId, Metadata), NotAdded> {
    let (disk, mut draft) = read_draft(path)?;
    let metadata = &mut draft.metadata;
    if let Some(title) = &wanted.title {
        metadata.title.clone_from(title);
    }
    metadata.category = wanted.category.unwrap_or(metadata.category);
    metadata.date = wanted.date.or(metadata.date);
    let bar = output::bar(context.json, draft.metadata.size);
    let (kept, ticket) = if let Some(found) = resume(context, session, path, &draft)? {
        found
    } else {
        let ticket = session.begin(draft).await?;
        (keep(context, session, path, &ticket)?, ticket)
    };
    let id = session.run(&ticket, &disk, &NoOutbox, &Bar(bar.clone())).await?;
    bar.finish_and_clear();
    fs::remove_file(kept)?;
    Ok((id, ticket.metadata()?))
}

fn read_draft(path: &Path) -> std::io::Result<(Disk, Draft)> {
    let file = fs::File::open(path)?;
    let about = file.metadata()?;
    let size = about.len();
    let modified = about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or(0);
    let mut head = Vec::new();
    (&file).take(examined(size) as u64).read_to_end(&mut head)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((Disk(RefCell::new(file)), examine(&name, &head, size, modified)))
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

/// Brings everything up to date that this account may see. Of what others share, what does not verify is left out, and
/// the command says so and fails once it has done the rest.
pub(crate) async fn sync_all(context: &Context, session: &Session<Terminal>) -> Result<(), Failure> {
    if let Ok(vault) = session.own_vault() {
        session.sync(vault).await?;
        session.finish_endings(vault).await?;
    }
    for (vault, synced) in session.sync_each_shared().await? {
        let taken_up = match synced {
            Ok(()) => session.accept_all(vault).await,
            Err(error) => Err(error),
        };
        match taken_up {
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(error) => context.leave_out(&error),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// The vault that holds a record.
pub(crate) async fn locate(context: &Context, session: &Session<Terminal>, id: RecordId) -> Result<VaultId, Failure> {
    sync_all(context, session).await?;
    let holds = |vault: &VaultId| session.with_view(*vault, |view| view.record(id).is_some()).unwrap_or(false);
    session.vaults().into_iter().find(holds).ok_or_else(|| Failure::new("there is no such record here"))
}

/// A line of a list.
struct Row {
    id: RecordId,
    metadata: Option<Metadata>,
    owner: String,
}

async fn rows(session: &Session<Terminal>) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for vault in session.vaults() {
        let (owner, records) =
            session.with_view(vault, |view| (view.owner(), view.records().cloned().collect::<Vec<Record>>()))?;
        let owner = if owner == session.who().account {
            session.who().email.clone()
        } else {
            session.person(owner).await?.email
        };
        rows.extend(records.into_iter().map(|record| Row {
            id: record.id,
            metadata: record.metadata,
            owner: owner.clone(),
        }));
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.metadata.as_ref().and_then(|metadata| metadata.date)), row.id));
    Ok(rows)
}

/// `list`
pub(crate) async fn list(context: &Context, category: Option<Category>, from: Option<&str>) -> Result<(), Failure> {
    let session = context.session().await?;
    sync_all(context, &session).await?;
    let mut rows = rows(&session).await?;
    rows.retain(|row| {
        category.is_none_or(|wanted| row.metadata.as_ref().is_some_and(|metadata| metadata.category == wanted))
    });
    rows.retain(|row| from.is_none_or(|from| row.owner.eq_ignore_ascii_case(from.trim())));
    if context.json {
        return output::json(&rows.iter().map(|row| describe(row.id, row.metadata.as_ref(), &row.owner)).collect());
    }
    let cells = |row: &Row| match &row.metadata {
        Some(metadata) => vec![
            row.id.to_string(),
            metadata.date.map(|date| date.to_string()).unwrap_or_default(),
            metadata.category.slug().to_owned(),
            metadata.title.clone(),
        ],
        None => vec![row.id.to_string(), String::new(), String::new(), "cannot be opened".to_owned()],
    };
    output::table(&rows.iter().map(cells).collect::<Vec<_>>())
}

fn describe(id: RecordId, metadata: Option<&Metadata>, owner: &str) -> Value {
    json!({
        "id": id.to_string(),
        "title": metadata.map(|metadata| &metadata.title),
        "category": metadata.map(|metadata| metadata.category.slug()),
        "date": metadata.and_then(|metadata| metadata.date).map(|date| date.to_string()),
        "bytes": metadata.map(|metadata| metadata.size),
        "owner": owner,
    })
}

/// `show`
pub(crate) async fn show(context: &Context, id: RecordId) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = locate(context, &session, id).await?;
    let (owner, record) = session.with_view(vault, |view| (view.owner(), view.record(id).cloned()))?;
    let record = record.ok_or_else(|| Failure::new("there is no such record here"))?;
    let owner =
        if owner == session.who().account { session.who().email.clone() } else { session.person(owner).await?.email };
    let metadata = record.metadata.ok_or_else(|| Failure::new("the record cannot be opened with your keys"))?;
    if context.json {
        let mut value = describe(id, Some(&metadata), &owner);
        if let Some(object) = value.as_object_mut() {
            object.insert("notes".to_owned(), metadata.notes.into());
            object.insert("file_name".to_owned(), metadata.file_name.into());
            object.insert("kind".to_owned(), metadata.kind.media_type().into());
            object.insert("revision".to_owned(), record.revision.number.into());
            object.insert("added".to_owned(), output::moment(record.added).into());
        }
        return output::json(&value);
    }
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    output::table(&[
        row("title", metadata.title),
        row("category", metadata.category.label().to_owned()),
        row("date", metadata.date.map(|date| date.to_string()).unwrap_or_default()),
        row("notes", metadata.notes),
        row("file", metadata.file_name),
        row("kind", metadata.kind.label().to_owned()),
        row("bytes", metadata.size.to_string()),
        row("owner", owner),
        row("added", output::moment(record.added)),
    ])
}

/// `open`
pub(crate) async fn open(context: &Context, id: RecordId, to: Option<PathBuf>) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = locate(context, &session, id).await?;
    let mut reader = session.save(vault, id).await?;
    if to.as_deref() == Some(Path::new("-")) {
        let mut out = std::io::stdout();
        reader.stream(async |piece| out.write_all(piece).map_err(|_| ClientError::Source)).await?;
        return Ok(out.flush()?);
    }
    let to = to.unwrap_or_else(|| safe_name(&reader.metadata().file_name, id));
    let bar = output::bar(context.json, reader.metadata().size);
    // The name appears only once the whole file has been verified.
    let partial = to.with_file_name(format!("{}.part", to.file_name().unwrap_or_default().to_string_lossy()));
    let mut file = fs::File::create(&partial)?;
    let written = reader
        .stream(async |piece| {
            bar.inc(piece.len() as u64);
            file.write_all(piece).map_err(|_| ClientError::Source)
        })
        .await;
    bar.finish_and_clear();
    if let Err(error) = written {
        fs::remove_file(&partial)?;
        return Err(error.into());
    }
    file.sync_all()?;
    fs::rename(&partial, &to)?;
    if context.json { output::json(&json!({ "id": id.to_string(), "file": to.display().to_string() })) } else { Ok(()) }
}

/// A record's own file name, fit to be created in a folder: its last component, without control characters.
pub(crate) fn safe_name(name: &str, id: RecordId) -> PathBuf {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect();
    let mut end = clean.len().min(200);
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    match clean.get(..end).map(|clean| clean.trim_matches(['.', ' '])) {
        Some(clean) if !clean.is_empty() => PathBuf::from(clean),
        _ => PathBuf::from(id.to_string()),
    }
}

/// `edit`
pub(crate) async fn edit(context: &Context, wanted: Edit) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = session.own_vault()?;
    session.sync(vault).await?;
    let apply = |metadata: &mut Metadata| {
        if let Some(title) = &wanted.title {
            metadata.title.clone_from(title);
        }
        if let Some(notes) = &wanted.notes {
            metadata.notes.clone_from(notes);
        }
        metadata.category = wanted.category.unwrap_or(metadata.category);
        metadata.date = wanted.date.or(metadata.date);
    };
    let Some(path) = &wanted.file else { return Ok(session.edit(vault, wanted.id, apply).await?) };
    let current = session.with_view(vault, |view| view.record(wanted.id).and_then(|record| record.metadata.clone()))?;
    let current = current.ok_or_else(|| Failure::new("there is no such record here"))?;
    let (disk, mut draft) = read_draft(path)?;
    // What the person said stays; what the file is comes from the new file.
    draft.metadata = Metadata {
        file_name: draft.metadata.file_name,
        kind: draft.metadata.kind,
        size: draft.metadata.size,
        ..current
    };
    apply(&mut draft.metadata);
    let bar = output::bar(context.json, draft.metadata.size);
    let ticket = session.begin_replacement(vault, wanted.id, draft).await?;
    session.run(&ticket, &disk, &NoOutbox, &Bar(bar.clone())).await?;
    bar.finish_and_clear();
    Ok(())
}

/// `delete`
pub(crate) async fn delete(context: &Context, id: RecordId) -> Result<(), Failure> {
    let session = context.session().await?;
    Ok(session.delete(session.own_vault()?, id).await?)
}
