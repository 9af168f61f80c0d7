//! Every record and a manifest, written into a folder, verified on the way.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cli::platform::Terminal;
use client::{ClientError, Session};
use protocol::{RecordId, VaultId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::commands::records::safe_name;
use crate::failure::Failure;
use crate::output;
use crate::unlock::Context;

/// `export`
pub(crate) async fn export(context: &Context, folder: &Path) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = session.own_vault()?;
    session.sync(vault).await?;
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(Failure::new(format!("{} is not empty; nothing was written", folder.display())));
    }
    let ids = session.with_view(vault, |view| view.records().map(|record| record.id).collect::<Vec<RecordId>>())?;
    let bar = output::bar(context.json, 0);
    bar.set_length(ids.len() as u64);
    let mut taken = BTreeSet::new();
    let mut manifest = Vec::new();
    for id in ids {
        manifest.push(write(&session, vault, id, folder, &mut taken).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let head = session.with_view(vault, client::view::VaultView::head)?;
    let count = manifest.len();
    let whole = json!({
        "format": "healthbridge-export-1",
        "vault": vault.to_string(),
        "log": { "entries": head.seq, "chain": head.chain.to_string() },
        "records": manifest,
    });
    let text = serde_json::to_vec_pretty(&whole).map_err(|error| Failure::new(error.to_string()))?;
    fs::write(folder.join("manifest.json"), text)?;
    if context.json {
        output::json(&json!({ "records": count }))
    } else {
        output::line(format!("{count} records written and verified"))
    }
}

async fn write(
    session: &Session<Terminal>,
    vault: VaultId,
    id: RecordId,
    folder: &Path,
    taken: &mut BTreeSet<PathBuf>,
) -> Result<Value, Failure> {
    let mut reader = session.open(vault, id).await?;
    let metadata = reader.metadata().clone();
    let mut name = safe_name(&metadata.file_name, id);
    if name == Path::new("manifest.json") || !taken.insert(name.clone()) {
        name = PathBuf::from(format!("{id} {}", name.display()));
        taken.insert(name.clone());
    }
    let mut file = fs::File::create_new(folder.join(&name))?;
    let mut digest = Sha256::new();
    reader
        .stream(async |piece| {
            digest.update(piece);
            file.write_all(piece).map_err(|_| ClientError::Source)
        })
        .await?;
    file.sync_all()?;
    Ok(json!({
        "id": id.to_string(),
        "file": name.display().to_string(),
        "file_name": metadata.file_name,
        "title": metadata.title,
        "category": metadata.category.slug(),
        "date": metadata.date.map(|date| date.to_string()),
        "notes": metadata.notes,
        "kind": metadata.kind.media_type(),
        "bytes": metadata.size,
        "sha256": protocol::Digest::from_bytes(digest.finalize().into()).to_string(),
    }))
}
