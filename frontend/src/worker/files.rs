//! Files that are looked at: chosen ones, opened ones, and copies to be saved.

use std::rc::Rc;

use app::vault::{Chosen as ChosenFile, Content, Known};
use client::draft::examined;
use client::upload::{Draft, Source};
use client::view::VaultView;
use client::{ClientError, Session};
use records::metadata::{FILE_NAME_LIMIT, MetadataError};
use records::{Metadata, Viewer};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

use super::convert;
use super::copies::{self, Copy};
use super::desk::{Desk, locate};
use super::look::{cannot_be_shown, examine, look, page};
use super::trouble::Failure;
use super::uploads::Chosen;
use crate::message::{Answer, News};
use crate::platform::Browser;

impl Desk {
    pub(super) async fn thumbnail(&self, id: &str) -> Result<Option<Vec<u8>>, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        Ok(session.thumbnail(vault, record).await?)
    }

    pub(super) async fn choose(&self, beside: JsValue) -> Result<Answer, Failure> {
        let session = self.session()?;
        let file: File = beside.dyn_into().map_err(|_| Failure::Gone)?;
        // Said at once: nothing that is entered on the page can mend it.
        if file.name().len() > FILE_NAME_LIMIT {
            return Err(ClientError::from(MetadataError::FileNameTooLong).into());
        }
        // One at a time: each is read whole.
        let _turn = self.choosing.lock().await;
        self.still(&session)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a file's size is a whole number")]
        let size = file.size() as u64;
        let source = Chosen(file);
        let content = source.read(0, examined(size)).await?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970")]
        let modified = source.0.last_modified().max(0.0) as u64;
        let draft = examine(source.0.name(), content, size, modified).await?;
        self.still(&session)?;
        let id = self.next_chosen.replace(self.next_chosen.get() + 1);
        let chosen = ChosenFile {
            id,
            file_name: draft.metadata.file_name.clone(),
            kind: draft.metadata.kind.label().to_owned(),
            size,
            details: convert::details(&draft.metadata),
            can_be_shown: draft.metadata.kind.viewer() != Viewer::None,
            known: self.known(&session, &draft),
        };
        self.chosen.borrow_mut().insert(id, (source.0, draft));
        Ok(Answer::Chosen(chosen))
    }

    /// Whether a file was chosen already, or is in the vault as far as its name, size and kind tell.
    fn known(&self, session: &Session<Browser>, draft: &Draft) -> Option<Known> {
        let Metadata { file_name, size, kind, .. } = &draft.metadata;
        let is_same = |other: &Draft| other.fingerprint == draft.fingerprint && other.metadata.file_name == *file_name;
        if self.chosen.borrow().values().any(|(_, other)| is_same(other)) {
            return Some(Known::Chosen);
        }
        let found = |view: &VaultView| {
            let metadata = view.records().filter_map(|record| record.metadata.as_ref());
            let mut same =
                metadata.filter(|other| (&other.file_name, &other.size, &other.kind) == (file_name, size, kind));
            same.next().map(|same| Known::Kept(same.title.clone()))
        };
        session.with_view(session.own_vault().ok()?, found).ok()?
    }

    pub(super) async fn open(&self, id: &str) -> Result<Answer, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        let mut reader = session.open(vault, record).await?;
        if session.with_view(vault, VaultView::owner)? != session.who().account {
            self.page.tell(&News::Changed);
        }
        if let Some(why) = cannot_be_shown(reader.metadata()) {
            return Ok(Answer::Content(Content::None { why, facts: Vec::new() }));
        }
        let kind = reader.metadata().kind;
        let (content, document) = look(id.to_owned(), kind, reader.read_all().await?).await?;
        self.still(&session)?;
        *self.document.borrow_mut() = document;
        Ok(Answer::Content(content))
    }

    pub(super) async fn page(&self, id: &str, number: u32, width: u32) -> Result<Answer, Failure> {
        self.session()?;
        let document = {
            let open = self.document.borrow();
            let open = open.as_ref().filter(|open| open.record == id).ok_or(Failure::Gone)?;
            Rc::clone(&open.document)
        };
        Ok(Answer::Pixels(page(document, number, width).await?))
    }

    /// Makes a copy of a record's file for the browser to save.
    pub(super) async fn save(&self, id: &str) -> Result<(Answer, JsValue), Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        let mut reader = session.save(vault, record).await?;
        let (name, kind) = (reader.metadata().file_name.clone(), reader.metadata().kind);
        let mut copy = Copy::begin(reader.metadata().size).await;
        let streamed = reader
            .stream(async |piece| {
                self.still(&session).map_err(|_| ClientError::Cancelled)?;
                copy.take(piece).await
            })
            .await;
        if let Err(failure) = self.still(&session).and(streamed.map_err(Failure::from)) {
            copy.discard().await;
            return Err(failure);
        }
        // Only kinds that no browser runs keep their type; everything else is bytes.
        let of = if kind.viewer() == Viewer::None { "application/octet-stream" } else { kind.media_type() };
        let copy = copy.finish(of).await?;
        if let Err(failure) = self.still(&session) {
            copies::remove_all().await;
            return Err(failure);
        }
        Ok((Answer::File(name), copy.into()))
    }
}
