//! Sending chosen files into the vault, and going on with what a reload interrupted.

use std::rc::Rc;

use app::vault::{Details, UploadState};
use client::upload::{Draft, NoOutbox, Ticket};
use client::{ClientError, Session};
use js_sys::Uint8Array;
use protocol::RecordId;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

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
    /// Whether an upload is under way already.
    fn is_running(&self, ticket: &Ticket) -> bool {
        self.running.borrow().contains(&ticket.record())
    }

    /// Watches an upload.
    fn progress(&self, upload: u32) -> Progress {
        Progress { uploads: Rc::clone(&self.uploads), id: upload }
    }

    pub(super) fn add(desk: &Rc<Self>, id: u32, details: &Details) -> Result<Answer, Failure> {
        let session = desk.session()?;
        let (file, mut draft) = desk.chosen.borrow_mut().remove(&id).ok_or(Failure::Gone)?;
        convert::apply(details, &mut draft.metadata);
        // The same file as one that a reload interrupted goes on from there.
        let desk = Rc::clone(desk);
        spawn_local(async move {
            let upload = desk.uploads.begin(&draft.metadata, None);
            let interrupted = interrupted(&session, &draft).await.filter(|ticket| !desk.is_running(ticket));
            let begun = match interrupted {
                Some(ticket) => Ok(ticket),
                None => session.patiently(&desk.progress(upload), || session.begin(draft.clone())).await,
            };
            Self::send(&desk, &session, upload, begun, Some(Chosen(file))).await;
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
        let desk = Rc::clone(desk);
        spawn_local(async move {
            let upload = desk.uploads.begin(&draft.metadata, Some(record));
            let begin = || session.begin_replacement(vault, record, draft.clone());
            let begun = session.patiently(&desk.progress(upload), begin).await;
            Self::send(&desk, &session, upload, begun, Some(Chosen(file))).await;
        });
        Ok(Answer::Done)
    }

    /// Sends an upload that has begun, and says how it ended.
    async fn send(
        desk: &Rc<Self>,
        session: &Session<Browser>,
        upload: u32,
        begun: Result<Ticket, ClientError>,
        file: Option<Chosen>,
    ) {
        let progress = desk.progress(upload);
        let result = match &begun {
            Ok(ticket) => {
                desk.uploads.set_record(upload, ticket.record().to_string());
                desk.running.borrow_mut().insert(ticket.record());
                let result = Self::send_ticket(session, ticket, file.as_ref(), &progress).await;
                desk.running.borrow_mut().remove(&ticket.record());
                result
            }
            Err(error) => Err(error.clone()),
        };
        let state = match result {
            Ok(record) => {
                clear(&record.to_string()).await;
                desk.page.tell(&News::Changed);
                UploadState::Kept(record.to_string())
            }
            // Locking stops uploads too; those go on when the vault is opened again.
            Err(ClientError::Cancelled) => {
                if let (Ok(ticket), Ok(_)) = (&begun, desk.session()) {
                    clear(&ticket.record().to_string()).await;
                }
                return;
            }
            Err(ClientError::Source) if file.is_none() => UploadState::NeedsFile,
            Err(error) => UploadState::Failed(desk.trouble(&error.into()).happened),
        };
        desk.uploads.set(upload, state);
    }

    async fn send_ticket(
        session: &Session<Browser>,
        ticket: &Ticket,
        file: Option<&Chosen>,
        progress: &Progress,
    ) -> Result<RecordId, ClientError> {
        let name = ticket.record().to_string();
        let Some(file) = file else { return session.run(ticket, &Absent, &Chunks(name), progress).await };
        let sealed = Uint8Array::from(&session.seal_ticket(ticket)[..]);
        let is_kept = kept::put(Shelf::Tickets, &JsValue::from_str(&name), &sealed).await.is_ok();
        if is_kept && ticket.metadata()?.size <= SEALED_AHEAD {
            session.seal_ahead(ticket, file, &Chunks(name.clone()), progress).await?;
            session.run(ticket, file, &Chunks(name), progress).await
        } else {
            session.run(ticket, file, &NoOutbox, progress).await
        }
    }

    /// Goes on with what a reload interrupted.
    pub(super) async fn resume_uploads(desk: &Rc<Self>, session: &Rc<Session<Browser>>) {
        for (_, sealed) in kept::all(Shelf::Tickets).await.unwrap_or_default() {
            let Some(Ok(ticket)) = kept::bytes(&sealed).map(|sealed| session.open_ticket(&sealed)) else { continue };
            let Ok(metadata) = ticket.metadata() else { continue };
            if desk.is_running(&ticket) {
                continue;
            }
            let (desk, session) = (Rc::clone(desk), Rc::clone(session));
            let upload = desk.uploads.begin(&metadata, Some(ticket.record()));
            spawn_local(async move { Self::send(&desk, &session, upload, Ok(ticket), None).await });
        }
    }
}

/// An upload of this very file that a reload interrupted.
async fn interrupted(session: &Session<Browser>, draft: &Draft) -> Option<Ticket> {
    let kept = kept::all(Shelf::Tickets).await.ok()?;
    let tickets = kept.iter().filter_map(|(_, sealed)| session.open_ticket(&kept::bytes(sealed)?).ok());
    tickets.into_iter().find(|ticket| ticket.is_for(draft))
}
