//! Sending chosen files into the vault, and going on with what a lock or a reload interrupted.

use std::rc::Rc;

use app::vault::{Details, UploadState};
use client::upload::{Draft, NoOutbox, Ticket, Watcher};
use client::{ClientError, Session};
use protocol::{RecordId, VaultId};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::apart::apart;
use super::convert;
use super::desk::{Desk, locate};
use super::locks;
use super::trouble::{Failure, half_way};
use super::uploads::{Absent, Chosen, Chunks, Progress, clear};
use crate::kept::{self, Shelf};
use crate::message::{Answer, News};
use crate::platform::Browser;

/// Files up to this are sealed into the outbox before they are sent, so that a reload loses nothing.
const SEALED_AHEAD: u64 = 256 << 20;

/// What is said where a chosen file cannot be read to its end.
const CHANGED: &str = "The file could not be read, or it changed while it was read. Nothing of it was added. Take it away \
                       here, and choose it again.";

impl Desk {
    pub(super) fn add(desk: &Rc<Self>, id: u32, details: &Details) -> Result<Answer, Failure> {
        let session = desk.session()?;
        let (file, mut draft) = desk.chosen.borrow_mut().remove(&id).ok_or(Failure::Gone)?;
        convert::apply(details, &mut draft.metadata);
        let upload = desk.uploads.begin(&draft.metadata, draft.fingerprint, None);
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
        let upload = desk.uploads.begin(&draft.metadata, draft.fingerprint, Some(record));
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

    /// Says why an upload failed that was on its way; it can be tried again from what is kept here.
    async fn failed_on_its_way(&self, upload: u32, name: &str, failure: &Failure) {
        let happened = self.trouble(failure).happened;
        let goes_on = goes_on(name).await;
        let state =
            if goes_on { UploadState::Interrupted(half_way(failure, happened)) } else { UploadState::Failed(happened) };
        self.uploads.end(upload, state);
    }

    /// Tries an upload again that failed.
    pub(super) async fn again(desk: &Rc<Self>, id: u32) -> Result<Answer, Failure> {
        let session = desk.session()?;
        let record = desk.uploads.record(id).ok_or(Failure::Gone)?;
        let ticket = kept_ticket(&session, &JsValue::from_str(&record)).await;
        desk.still(&session)?;
        let Some(ticket) = ticket else {
            desk.failed(id, &Failure::Gone);
            return Ok(Answer::Done);
        };
        if desk.uploads.again(id) {
            let file = desk.files.borrow().get(&ticket.record()).cloned().map(Chosen);
            let desk = Rc::clone(desk);
            spawn_local(async move { Self::send(&desk, &session, id, &ticket, file).await });
        }
        Ok(Answer::Done)
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
                desk.let_go(ticket.record());
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
        desk.hold(record).await;
        let result = Self::send_ticket(session, ticket, file.as_ref(), &progress).await;
        desk.running.borrow_mut().remove(&record);
        if !matches!(result, Ok(_) | Err(ClientError::Cancelled)) {
            // It waits for the person, who may go on with it in another tab.
            desk.let_go(record);
        }
        match result {
            Ok(_) => {
                desk.files.borrow_mut().remove(&record);
                clear(&name).await;
                desk.let_go(record);
                desk.page.tell(&News::Changed);
                desk.uploads.end(upload, UploadState::Kept(name));
            }
            Err(ClientError::Cancelled) if desk.uploads.was_stopped(upload) => {
                desk.files.borrow_mut().remove(&record);
                clear(&name).await;
                desk.let_go(record);
            }
            // Locking stops uploads too. Where the vault is open again by now, this one was passed over as being under
            // way.
            Err(ClientError::Cancelled) => {
                goes_on(&name).await;
                desk.let_go(record);
                if let Ok(session) = desk.session() {
                    Self::resume_uploads(desk, &session).await;
                }
            }
            Err(ClientError::Source) if file.is_none() => {
                desk.uploads.end(upload, UploadState::NeedsFile(ticket.is_replacement().then_some(name)));
            }
            // A browser reads no more of a file that was written to.
            Err(ClientError::Source) => desk.uploads.end(upload, UploadState::Failed(CHANGED.to_owned())),
            Err(error) => desk.failed_on_its_way(upload, &name, &error.into()).await,
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
        let key = JsValue::from_str(&name);
        let sealed = kept::ticket(&session.who().account.to_string(), &session.seal_ticket(ticket));
        let is_kept = kept::put(Shelf::Tickets, &key, &sealed).await.is_ok();
        progress.may_go_on().await?;
        let Some(file) = file else { return apart(session.run(ticket, &Absent, &Chunks(name), progress)).await };
        if is_kept && ticket.metadata()?.size <= SEALED_AHEAD {
            apart(session.seal_ahead(ticket, file, &Chunks(name.clone()), progress)).await?;
            apart(session.run(ticket, file, &Chunks(name), progress)).await
        } else {
            apart(session.run(ticket, file, &NoOutbox, progress)).await
        }
    }

    /// Stops an upload, or takes a finished one off the list.
    pub(super) async fn cancel(&self, id: u32) -> Answer {
        // What was stopped must not go on after a reload, so it is forgotten before anything else is said.
        let record = self.uploads.record(id);
        self.uploads.cancel(id);
        if let Some(record) = record {
            clear(&record).await;
            if let Ok(record) = record.parse() {
                self.files.borrow_mut().remove(&record);
                self.let_go(record);
            }
        }
        self.uploads.give_turns();
        Answer::Done
    }

    /// Goes on with what a lock or a reload interrupted.
    pub(super) async fn resume_uploads(desk: &Rc<Self>, session: &Rc<Session<Browser>>) {
        for ticket in desk.resting(session).await {
            // A second look may have come in between.
            if desk.running.borrow_mut().insert(ticket.record()) {
                spawn_local(Self::resume(Rc::clone(desk), ticket.record()));
            }
        }
    }

    /// Goes on with an upload once no other tab is at it. Until then nothing is said of it here: it is that tab's, and may
    /// be at its end when this one's turn comes.
    async fn resume(desk: Rc<Self>, record: RecordId) {
        desk.hold(record).await;
        // The vault may have been locked meanwhile, and opened again.
        let going = match desk.session() {
            Ok(session) => {
                let ticket = kept_ticket(&session, &JsValue::from_str(&record.to_string())).await;
                ticket.filter(|_| desk.still(&session).is_ok()).map(|ticket| (session, ticket))
            }
            Err(_) => None,
        };
        let begun = going.and_then(|(session, ticket)| Some((ticket.metadata().ok()?, session, ticket)));
        let Some((metadata, session, ticket)) = begun else {
            desk.running.borrow_mut().remove(&record);
            return desk.let_go(record);
        };
        let upload = desk.uploads.begin(&metadata, ticket.fingerprint(), Some(record));
        let file = desk.files.borrow().get(&record).cloned().map(Chosen);
        Self::send(&desk, &session, upload, &ticket, file).await;
    }

    /// Waits until no other tab is at an upload, and keeps them from it until it is let go: also while it waits for its
    /// file, or to be tried again.
    async fn hold(&self, record: RecordId) {
        let is_held = self.holds.borrow().contains_key(&record);
        if !is_held {
            let hold = locks::hold(&format!("upload {record}")).await;
            self.holds.borrow_mut().insert(record, hold);
        }
    }

    /// Leaves an upload to other tabs, where anything is left of it.
    fn let_go(&self, record: RecordId) {
        self.holds.borrow_mut().remove(&record);
    }

    /// The uploads that are kept here, and not under way.
    async fn resting(&self, session: &Session<Browser>) -> Vec<Ticket> {
        let mut resting = Vec::new();
        for name in kept::keys(Shelf::Tickets).await.unwrap_or_default() {
            let record = name.as_string().and_then(|name| name.parse().ok());
            if record.is_none_or(|record| self.running.borrow().contains(&record)) {
                continue;
            }
            resting.extend(kept_ticket(session, &name).await);
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

/// An upload that is kept here, if it is this account's.
async fn kept_ticket(session: &Session<Browser>, name: &JsValue) -> Option<Ticket> {
    let sealed = kept::get(Shelf::Tickets, name).await.ok()??;
    session.open_ticket(&kept::sealed_of(&sealed)?).ok()
}

/// Whether an upload can go on from what is kept of it here. Where it cannot, nothing is left behind: in another tab,
/// somebody may have signed out while a part of it was being kept.
async fn goes_on(name: &str) -> bool {
    let ticket = kept::get(Shelf::Tickets, &JsValue::from_str(name)).await;
    if let Ok(None) = ticket {
        clear(name).await;
    }
    matches!(ticket, Ok(Some(_)))
}
