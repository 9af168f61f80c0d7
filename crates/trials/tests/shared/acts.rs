//! What people do with their devices, whatever connects these to a server.

#![allow(dead_code, reason = "each kind of trial uses its own part of it")]

use std::cell::Cell;

use client::password::NewPassword;
use client::share::Wish;
use client::upload::{Draft, NoOutbox, Unwatched, Watcher};
use client::{ClientError, Platform, Session};
use protocol::api::{Person, Profile};
use protocol::{Digest, GrantId, Level, RecordId, VaultId};
use records::{Category, Kind, Metadata};

/// The password of everyone.
pub(crate) const PASSWORD: &str = "a quiet bridge over seven winters";

/// A password that is to be set.
pub(crate) fn chosen(password: &str) -> NewPassword {
    NewPassword::choose(password, "somebody@example.org", "Somebody").unwrap()
}

pub(crate) fn provider() -> Profile {
    Profile::Provider { specialty: "Cardiology".to_owned(), organisation: "St. Anna".to_owned(), verified: false }
}

/// A record's draft: a file, a small picture of it, and its text.
pub(crate) fn draft(title: &str, category: Category, content: &[u8]) -> Draft {
    let metadata = Metadata {
        title: title.to_owned(),
        category,
        date: None,
        notes: "notes".to_owned(),
        file_name: "result.bin".to_owned(),
        kind: Kind::detect("result.bin", &[]),
        size: content.len() as u64,
    };
    Draft {
        metadata,
        fingerprint: Digest::of(content),
        thumbnail: Some(format!("picture of {title}").into_bytes()),
        text: Some(format!("text of {title}")),
    }
}

/// Adds a laboratory result.
pub(crate) async fn add<P: Platform>(
    session: &Session<P>,
    title: &str,
    content: &[u8],
) -> Result<RecordId, ClientError> {
    let ticket = session.begin(draft(title, Category::Laboratory, content)).await?;
    session.run(&ticket, content, &NoOutbox, &Unwatched).await
}

/// Opens a record and reads all of it.
pub(crate) async fn read<P: Platform>(
    session: &Session<P>,
    vault: VaultId,
    record: RecordId,
) -> Result<Vec<u8>, ClientError> {
    session.open(vault, record).await?.read_all().await
}

/// Finds a person and compares the safety phrase.
pub(crate) async fn compare<P: Platform>(session: &Session<P>, email: &str) -> Result<Person, ClientError> {
    let person = session.find(email).await?;
    session.confirm_phrase(&person).await?;
    Ok(person)
}

/// Finds a person, compares the safety phrase in person, and shares.
pub(crate) async fn give<P: Platform>(session: &Session<P>, email: &str, wish: Wish) -> Result<GrantId, ClientError> {
    let person = compare(session, email).await?;
    session.share(&person, wish, Level::Download, None).await
}

/// Takes up whatever is shared with this person, and gives the vault.
pub(crate) async fn take_up<P: Platform>(session: &Session<P>) -> Result<VaultId, ClientError> {
    let vaults = session.sync_shared().await?;
    let [vault] = vaults[..] else { return Err(ClientError::Missing("vault")) };
    session.accept_all(vault).await?;
    Ok(vault)
}

/// Verifies everything from the first entry to the last byte, as a device that sees it for the first time, and gives
/// the records' titles and contents.
pub(crate) async fn verify<P: Platform>(session: &Session<P>) -> Result<Vec<(String, Vec<u8>)>, ClientError> {
    let vault = session.own_vault()?;
    session.forget(vault);
    session.sync(vault).await?;
    let records: Vec<RecordId> = session.with_view(vault, |view| view.records().map(|record| record.id).collect())?;
    let mut verified = Vec::new();
    for record in records {
        let mut reader = session.open(vault, record).await?;
        let title = reader.metadata().title.clone();
        verified.push((title, reader.read_all().await?));
        session.thumbnail(vault, record).await?;
        session.text(vault, record).await?;
    }
    verified.sort();
    Ok(verified)
}

/// Watches an upload, and stops it as soon as the connection is lost: the process ends there.
#[derive(Default)]
pub(crate) struct GivesUp(Cell<bool>);

impl Watcher for GivesUp {
    fn sent(&self, _: u64, _: u64) {}

    fn offline(&self, offline: bool) {
        self.0.set(offline);
    }

    async fn may_go_on(&self) -> Result<(), ClientError> {
        if self.0.get() { Err(ClientError::Cancelled) } else { Ok(()) }
    }
}
