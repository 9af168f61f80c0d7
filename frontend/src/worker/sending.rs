//! Sending chosen files into the vault, and going on with what a lock or a reload interrupted.

use std::rc::Rc;

use app::vault::{Details, UploadState};
use client::upload::{Draft, NoOutbox, Ticket, Watcher};
use client::{ClientError, Session};
use js_sys::Uint8Array;
use protocol::{RecordId, VaultId};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::convert;
use super::desk::{Desk, locate};
use super::trouble::Failure;
use super::uploads::{Absent, Chosen, Chunks, Progress, clear};
use crate::kept::{self, Shelf};
use crate::message::{Answer, News};
use crate::platform::Browser;

/// Files up to this are sealed into the outbox before they are sent, so that a reload loses nothing.
const SEALED_AHEAD: u64 = 256 << 20;

impl Desk {
    pub(super) fn add(desk: &Rc<Self>, id: u32, details: &Details) -> Result<Answer, Failure> {
        let session = desk.session()?;
        let (file, mut draft) = desk.chosen.borrow_mut().remove(&id).ok_or(Failure::Gone)?;
        convert::apply(details, &mut draft.metadata);
        let upload = desk.uploads.begin(&draft.metadata, None);
        let desk = Rc::clone(desk);
        spawn_local(async move {
            // The same file as one that was interrupted goes on from there.
            let ticket = match desk.interrupted(&session, &draft, |ticket| !ticket.is_replacement()).await {
                Some(ticket) => Ok(ticket),
                None => session.prepare(&draft),
            };
            Self::send_chosen(&desk, &session, upload, ticket, file).await;
        });
        Ok(Answer::Done)
    }

    pub(super) fn replace(desk: &Rc<Self>, id: u32, record: &str) -> Result<Answer, Failure> {
        let session = desk.session()?;
        let (vault, record) = locate(&session, record)?;
        let (file, mut draft) = desk.chosen.borrow_mut().remove(&id).ok_or(Failure::Gone)?;
        let current =
            session.with_view(vault, |view| view.record(record).and_then(|record| record.metadata.clone()))?;
        if let Some(current) = current {
            convert::apply(&convert::details(&current), &mut draft.metadata);
        }
        let upload = desk.uploads.begin(&draft.metadata, Some(record));
        let desk = Rc::clone(desk);
        spawn_local(async move {
            // Without a connection, what this device knows of the record has to do.
            let ticket = match session.sync(vault).await.map_err(Failure::from) {
                Err(failure) if !failure.is_passing() => Err(failure),
                Ok(()) | Err(_) => Self::prepare_replacement(&desk, &session, (vault, record), &draft).await,
            };
            match ticket {
                Ok(ticket) => Self::send_chosen(&desk, &session, upload, Ok(ticket), file).await,
                Err(failure) => desk.failed(upload, &failure),
            }
        });
        Ok(Answer::Done)
    }

    async fn prepare_replacement(
        desk: &Self,
        session: &Session<Browser>,
        (vault, record): (VaultId, RecordId),
        draft: &Draft,
    ) -> Result<Ticket, Failure> {
        let known = session.with_view(vault, |view| view.record(record).map(|record| record.revision.number))?;
        let next = known.ok_or(Failure::Gone)? + 1;
        let goes_on = |ticket: &Ticket| ticket.record() == record && ticket.revision() == next;
        match desk.interrupted(session, draft, goes_on).await {
            Some(ticket) => Ok(ticket),
            None => Ok(session.prepare_replacement(vault, record, draft)?),
        }
    }

    fn failed(&self, upload: u32, failure: &Failure) {
        self.uploads.end(upload, UploadState::Failed(self.trouble(failure).happened));
    }

    /// Sends a file that the person chose just now.
    async fn send_chosen(
        desk: &Rc<Self>,
        session: &Session<Browser>,
        upload: u32,
        ticket: Result<Ticket, ClientError>,
        file: File,
    ) {
        match ticket {
            // It was stopped before it began.
            Ok(ticket) if desk.uploads.was_stopped(upload) => {
                desk.running.borrow_mut().remove(&ticket.record());
                clear(&ticket.record().to_string()).await;
            }
            Ok(ticket) => {
                desk.files.borrow_mut().insert(ticket.record(), file.clone());
                Self::send(desk, session, upload, &ticket, Some(Chosen(file))).await;
            }
            Err(error) => desk.failed(upload, &error.into()),
        }
    }

    /// Sends an upload when its turn comes, and says how it ended.
    async fn send(desk: &Rc<Self>, session: &Session<Browser>, upload: u32, ticket: &Ticket, file: Option<Chosen>) {
        let (record, name) = (ticket.record(), ticket.record().to_string());
        let progress = Progress { uploads: Rc::clone(&desk.uploads), id: upload };
        desk.uploads.set_record(upload, &name);
        desk.running.borrow_mut().insert(record);
        let result = Self::send_ticket(session, ticket, file.as_ref(), &progress).await;
        desk.running.borrow_mut().remove(&record);
        match result {
            Ok(_) => {
                desk.files.borrow_mut().remove(&record);
                clear(&name).await;
                desk.page.tell(&News::Changed);
                desk.uploads.end(upload, UploadState::Kept(name));
            }
            Err(ClientError::Cancelled) if desk.uploads.was_stopped(upload) => {
                desk.files.borrow_mut().remove(&record);
                clear(&name).await;
            }
            // Locking stops uploads too. Where the vault is open again by now, this one was passed over as being under
            // way.
            Err(ClientError::Cancelled) => {
                if let Ok(session) = desk.session() {
                    Self::resume_uploads(desk, &session).await;
                }
            }
            Err(ClientError::Source) if file.is_none() => desk.uploads.end(upload, UploadState::NeedsFile),
            Err(error) => desk.failed(upload, &error.into()),
        }
    }

    async fn send_ticket(
        session: &Session<Browser>,
        ticket: &Ticket,
        file: Option<&Chosen>,
        progress: &Progress,
    ) -> Result<RecordId, ClientError> {
        let name = ticket.record().to_string();
        // Before its turn comes, so that a file that waits is not forgotten by a lock or a reload.
        let sealed = Uint8Array::from(&session.seal_ticket(ticket)[..]);
        let is_kept = kept::put(Shelf::Tickets, &JsValue::from_str(&name), &sealed).await.is_ok();
        progress.may_go_on().await?;
        let Some(file) = file else { return session.run(ticket, &Absent, &Chunks(name), progress).await };
        if is_kept && ticket.metadata()?.size <= SEALED_AHEAD {
            session.seal_ahead(ticket, file, &Chunks(name.clone()), progress).await?;
            session.run(ticket, file, &Chunks(name), progress).await
        } else {
            session.run(ticket, file, &NoOutbox, progress).await
        }
    }

    /// Stops an upload, or takes a finished one off the list.
    pub(super) async fn cancel(&self, id: u32) -> Answer {
        // What was stopped must not go on after a reload, so it is forgotten before anything else is said.
        let record = self.uploads.record(id);
        self.uploads.cancel(id);
        if let Some(record) = record {
            if let Ok(record) = record.parse() {
                self.files.borrow_mut().remove(&record);
            }
            clear(&record).await;
        }
        self.uploads.give_turns();
        Answer::Done
    }

    /// Goes on with what a lock or a reload interrupted.
    pub(super) async fn resume_uploads(desk: &Rc<Self>, session: &Rc<Session<Browser>>) {
        for ticket in desk.resting(session).await {
            let Ok(metadata) = ticket.metadata() else { continue };
            // A second look may have come in between.
            if !desk.running.borrow_mut().insert(ticket.record()) {
                continue;
            }
            let upload = desk.uploads.begin(&metadata, Some(ticket.record()));
            let file = desk.files.borrow().get(&ticket.record()).cloned().map(Chosen);
            let (desk, session) = (Rc::clone(desk), Rc::clone(session));
            spawn_local(async move { Self::send(&desk, &session, upload, &ticket, file).await });
        }
    }

    /// The uploads that are kept here, and not under way.
    async fn resting(&self, session: &Session<Browser>) -> Vec<Ticket> {
        let mut resting = Vec::new();
        for name in kept::keys(Shelf::Tickets).await.unwrap_or_default() {
            let record = name.as_string().and_then(|name| name.parse().ok());
            if record.is_none_or(|record| self.running.borrow().contains(&record)) {
                continue;
            }
            let Ok(Some(sealed)) = kept::get(Shelf::Tickets, &name).await else { continue };
            resting.extend(kept::bytes(&sealed).and_then(|sealed| session.open_ticket(&sealed).ok()));
        }
        resting
    }

    /// An upload of this very file that was interrupted, with what is said of it now.
    async fn interrupted(
        &self,
        session: &Session<Browser>,
        draft: &Draft,
        goes_on: impl Fn(&Ticket) -> bool,
    ) -> Option<Ticket> {
        let resting = self.resting(session).await;
        let mut ticket = resting.into_iter().find(|ticket| goes_on(ticket) && ticket.is_for(draft))?;
        ticket.describe(&draft.metadata).ok()?;
        // The same file may be asked for twice at once.
        self.running.borrow_mut().insert(ticket.record()).then_some(ticket)
    }
}
