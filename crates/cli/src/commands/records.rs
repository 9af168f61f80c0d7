//! Listing, opening, changing and deleting records.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cli::platform::Terminal;
use client::upload::Source as _;
use client::view::Record;
use client::{ClientError, Session};
use protocol::{RecordId, VaultId};
use records::visible::shown_name;
use records::{Category, Metadata};
use serde_json::{Value, json};

use crate::arguments::Edit;
use crate::commands::disk::{Looked, look};
use crate::commands::upload::send;
use crate::failure::Failure;
use crate::output;
use crate::unlock::Context;

/// Brings everything up to date that this account may see. Of what others share, what does not verify is left out, and
/// the command says so and fails once it has done the rest.
pub(crate) async fn sync_all(context: &Context, session: &Session<Terminal>) -> Result<(), Failure> {
    if let Ok(vault) = session.own_vault() {
        session.sync(vault).await?;
        session.finish_endings(vault).await?;
    }
    let mut of_the_line = None;
    for (vault, synced) in session.sync_each_shared().await? {
        let taken_up = match synced {
            Ok(()) => session.accept_all(vault).await,
            Err(error) => Err(error),
        };
        match taken_up {
            Ok(()) => {}
            Err(error) if error.is_of_the_line() => of_the_line = of_the_line.or(Some(error)),
            Err(error) => context.leave_out(&error),
        }
    }
    // A connection that broke over one vault does not hide what is wrong with another.
    match of_the_line {
        Some(error) => Err(context.nothing_noted().err().unwrap_or_else(|| error.into())),
        None => Ok(()),
    }
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
        row("file", shown_name(&metadata.file_name)),
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

/// A record's own file name, fit to be created in a folder: its last component, as it is shown.
pub(crate) fn safe_name(name: &str, id: RecordId) -> PathBuf {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean = shown_name(last);
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
    let Looked { disk, mut draft, unread } = look(path, &context.decoder).await?;
    // What the person said stays; what the file is comes from the new file.
    draft.metadata = Metadata {
        file_name: draft.metadata.file_name,
        kind: draft.metadata.kind,
        size: draft.metadata.size,
        ..current
    };
    apply(&mut draft.metadata);
    let ticket = session.begin_replacement(vault, wanted.id, draft).await?;
    match send(context, &session, &ticket, &disk).await {
        Err(ClientError::Source) if !disk.is_unchanged() => {
            Err(Failure::new("the file changed while it was read, and the record was not changed"))
        }
        sent => {
            sent?;
            match unread {
                Some(why) => output::note(format!("{}: {why}; it has no small picture", path.display())),
                None => Ok(()),
            }
        }
    }
}

/// `delete`
pub(crate) async fn delete(context: &Context, id: RecordId) -> Result<(), Failure> {
    let session = context.session().await?;
    Ok(session.delete(session.own_vault()?, id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_fit_for_a_folder() {
        let id = RecordId::from_bytes([7; 16]);
        let spare = id.to_string();
        for (name, safe) in [
            ("scan 1.pdf", "scan 1.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\letters\\first.txt", "first.txt"),
            ("invoice\u{202E}fdp.exe", "invoicefdp.exe"),
            ("a\u{200E}b\u{200F}c\u{061C}d.txt", "abcd.txt"),
            ("\u{200F}", spare.as_str()),
            ("..", spare.as_str()),
        ] {
            assert_eq!(safe_name(name, id), Path::new(safe), "{name:?}");
        }
    }
}
