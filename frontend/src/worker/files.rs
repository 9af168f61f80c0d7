//! Files that are looked at: chosen ones, opened ones, and copies to be saved.

use std::rc::Rc;

use app::vault::{Chosen as ChosenFile, Content, Known};
use client::draft::{examined, unread};
use client::upload::{Draft, Source};
use client::view::VaultView;
use client::{ClientError, Session};
use protocol::RecordId;
use records::metadata::{FILE_NAME_LIMIT, MetadataError};
use records::preview::is_preview;
use records::visible::shown_name;
use records::{Metadata, Viewer};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

use super::apart::apart;
use super::convert;
use super::copies::{self, Copy, saved_as};
use super::desk::{Desk, locate};
use super::look::{beginning, cannot_be_shown, whole};
use super::trouble::Failure;
use super::uploads::Chosen;
use crate::message::{Answer, News};
use crate::platform::Browser;

impl Desk {
    /// A record's small picture. Whoever helped with the vault may have put anything in its place, and the browser's own
    /// decoder draws it: what is not small is not shown.
    pub(super) async fn thumbnail(&self, id: &str) -> Result<Option<Vec<u8>>, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        Ok(session.thumbnail(vault, record).await?.filter(|encoded| is_preview(encoded)))
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
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970")]
        let modified = file.last_modified().max(0.0) as u64;
        let content = beginning(&file, examined(size)).await?;
        let examined_draft = self.decoder.examine(file.name(), content, size, modified).await?;
        let source = Chosen(file);
        let draft = match examined_draft {
            Some(draft) => draft,
            // It is kept all the same, by its name.
            None => unread(&source.0.name(), &source.read(0, examined(size)).await?, size, modified),
        };
        self.still(&session)?;
        let id = self.next_chosen.replace(self.next_chosen.get() + 1);
        let chosen = ChosenFile {
            id,
            file_name: shown_name(&draft.metadata.file_name),
            kind: draft.metadata.kind.label().to_owned(),
            size,
            details: convert::details(&draft.metadata),
            can_be_shown: draft.metadata.kind.viewer() != Viewer::None,
            known: self.known(&session, &draft),
        };
        self.chosen.borrow_mut().insert(id, (source.0, draft));
        Ok(Answer::Chosen(chosen))
    }

    /// Whether a file was chosen already; is in the vault, as far as its name, size and kind tell; or was added on this
    /// page, whatever it was called.
    fn known(&self, session: &Session<Browser>, draft: &Draft) -> Option<Known> {
        let Metadata { file_name, size, kind, .. } = &draft.metadata;
        if self.chosen.borrow().values().any(|(_, other)| other.fingerprint == draft.fingerprint) {
            return Some(Known::Chosen);
        }
        let vault = session.own_vault().ok()?;
        let found = |view: &VaultView| {
            let metadata = view.records().filter_map(|record| record.metadata.as_ref());
            let mut same =
                metadata.filter(|other| (&other.file_name, &other.size, &other.kind) == (file_name, size, kind));
            same.next().map(|same| Known::Kept(same.title.clone()))
        };
        let is_there = |record: &str| {
            let record = record.parse::<RecordId>();
            record.is_ok_and(|id| session.with_view(vault, |view| view.record(id).is_some()).unwrap_or(false))
        };
        let added = || self.uploads.met(draft.fingerprint, is_there).map(Known::Added);
        session.with_view(vault, found).ok()?.or_else(added)
    }

    pub(super) async fn open(&self, id: &str) -> Result<(Answer, JsValue), Failure> {
        let session = self.session()?;
        let (content, beside) = self.look(&session, id).await?;
        let is_document = matches!(content, Content::Pages(_));
        *self.document.borrow_mut() = is_document.then(|| id.to_owned());
        Ok((Answer::Content(content), beside))
    }

    /// Opens a record, and what is in it.
    async fn look(&self, session: &Rc<Session<Browser>>, id: &str) -> Result<(Content, JsValue), Failure> {
        let (vault, record) = locate(session, id)?;
        let mut reader = session.open(vault, record).await?;
        if session.with_view(vault, VaultView::owner)? != session.who().account {
            self.page.tell(&News::Changed);
        }
        if let Some(why) = cannot_be_shown(reader.metadata()) {
            return Ok((Content::None { why, facts: Vec::new() }, JsValue::NULL));
        }
        let kind = reader.metadata().kind;
        let file = whole(&mut reader).await?;
        self.still(session)?;
        let looked = self.decoder.look(id, kind, file).await?;
        self.still(session)?;
        Ok(looked)
    }

    /// Draws a page of the document that was opened last. Where the decoder was ended since, because it rested or because
    /// another page held it up, the document is opened anew.
    pub(super) async fn page(&self, id: &str, number: u32, width: u32) -> Result<(Answer, JsValue), Failure> {
        let session = self.session()?;
        if self.document.borrow().as_deref() != Some(id) {
            return Err(Failure::Gone);
        }
        let drawn = match self.decoder.page(id, number, width).await {
            Err(Failure::Gone) => {
                if let (Content::None { why, .. }, _) = self.look(&session, id).await? {
                    return Err(Failure::NotShown(why));
                }
                self.decoder.page(id, number, width).await
            }
            drawn => drawn,
        };
        self.still(&session)?;
        let (pixels, beside) = drawn?;
        Ok((Answer::Pixels(pixels), beside))
    }

    /// Makes a copy of a record's file for the browser to save.
    pub(super) async fn save(&self, id: &str) -> Result<(Answer, JsValue), Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        let mut reader = apart(session.save(vault, record)).await?;
        let (name, kind) = (reader.metadata().file_name.clone(), reader.metadata().kind);
        let mut copy = Copy::begin(reader.metadata().size).await;
        let take = async |piece: &[u8]| {
            self.still(&session).map_err(|_| ClientError::Cancelled)?;
            copy.take(piece).await
        };
        let streamed = apart(reader.stream(take)).await;
        if let Err(failure) = self.still(&session).and(streamed.map_err(Failure::from)) {
            copy.discard().await;
            return Err(failure);
        }
        let copy = copy.finish(saved_as(kind)).await?;
        if let Err(failure) = self.still(&session) {
            copies::remove_all().await;
            return Err(failure);
        }
        Ok((Answer::File(name), copy.into()))
    }
}
