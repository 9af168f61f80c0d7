//! Files on their way: queue, progress, pause, and what survives a reload.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use app::vault::{Upload, UploadState};
use client::ClientError;
use client::upload::{Outbox, Source, Watcher};
use futures_channel::oneshot;
use js_sys::Uint8Array;
use protocol::RecordId;
use records::Metadata;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::Page;
use crate::kept::{self, Shelf};
use crate::message::News;

/// A file that the person chose.
pub(crate) struct Chosen(pub(crate) File);

impl Source for Chosen {
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        #[expect(clippy::cast_precision_loss, reason = "files are far shorter than 2^53 bytes")]
        let (start, end) = (offset as f64, (offset + length as u64) as f64);
        let slice = self.0.slice_with_f64_and_f64(start, end).map_err(|_| ClientError::Source)?;
        let buffer = JsFuture::from(slice.array_buffer()).await.map_err(|_| ClientError::Source)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}

/// After a reload the file is gone; whatever is not in the outbox cannot be read.
pub(crate) struct Absent;

impl Source for Absent {
    async fn read(&self, _: u64, _: usize) -> Result<Vec<u8>, ClientError> {
        Err(ClientError::Source)
    }
}

/// Sealed chunks of one upload, in IndexedDB.
pub(crate) struct Chunks(pub(crate) String);

impl Outbox for Chunks {
    async fn put(&self, number: u64, chunk: &[u8]) {
        // A full or forbidden store only costs the resume after a reload.
        drop(kept::put(Shelf::Chunks, &kept::chunk_key(&self.0, number), &Uint8Array::from(chunk)).await);
    }

    async fn get(&self, number: u64) -> Option<Vec<u8>> {
        kept::bytes(&kept::get(Shelf::Chunks, &kept::chunk_key(&self.0, number)).await.ok()??)
    }
}

/// Forgets what was kept of an upload.
pub(crate) async fn clear(record: &str) {
    drop(kept::remove(Shelf::Tickets, wasm_bindgen::JsValue::from_str(record)).await);
    if let Ok(range) = kept::chunks_of(record) {
        drop(kept::remove(Shelf::Chunks, range).await);
    }
}

/// The uploads of this page's life.
pub(crate) struct Uploads {
    page: Page,
    next: Cell<u32>,
    list: RefCell<BTreeMap<u32, Going>>,
}

struct Going {
    shown: Upload,
    paused: bool,
    stopped: bool,
    waiting: Option<oneshot::Sender<()>>,
    /// Bytes and milliseconds when the speed was last reckoned.
    measured: (u64, f64),
}

impl Uploads {
    pub(crate) const fn new(page: Page) -> Self {
        Self { page, next: Cell::new(1), list: RefCell::new(BTreeMap::new()) }
    }

    /// Puts an upload on the list. `record` is the one that it becomes a part of, where that is known already.
    pub(crate) fn begin(&self, metadata: &Metadata, record: Option<RecordId>) -> u32 {
        let id = self.next.replace(self.next.get() + 1);
        let shown = Upload {
            id,
            title: metadata.title.clone(),
            category: metadata.category.slug().to_owned(),
            sent: 0,
            total: metadata.size,
            speed: 0,
            state: UploadState::Sending,
            record: record.map(|record| record.to_string()),
        };
        let going = Going { shown, paused: false, stopped: false, waiting: None, measured: (0, js_sys::Date::now()) };
        self.list.borrow_mut().insert(id, going);
        self.tell();
        id
    }

    /// Notes which record an upload becomes.
    pub(crate) fn set_record(&self, id: u32, record: String) {
        if let Some(going) = self.list.borrow_mut().get_mut(&id) {
            going.shown.record = Some(record);
        }
    }

    /// The record that an upload becomes.
    pub(crate) fn record(&self, id: u32) -> Option<String> {
        self.list.borrow().get(&id)?.shown.record.clone()
    }

    /// Says how an upload stands.
    pub(crate) fn set(&self, id: u32, state: UploadState) {
        if let Some(going) = self.list.borrow_mut().get_mut(&id) {
            going.shown.state = state;
        }
        self.tell();
    }

    /// Pauses an upload, or lets it go on.
    pub(crate) fn pause(&self, id: u32, paused: bool) {
        if let Some(going) = self.list.borrow_mut().get_mut(&id) {
            going.paused = paused;
            going.shown.state = if paused { UploadState::Paused } else { UploadState::Sending };
            going.shown.speed = 0;
            if !paused {
                drop(going.waiting.take());
            }
        }
        self.tell();
    }

    /// Stops an upload, or takes a finished one off the list.
    pub(crate) fn cancel(&self, id: u32) {
        let mut list = self.list.borrow_mut();
        if let Some(going) = list.get_mut(&id) {
            going.stopped = true;
            drop(going.waiting.take());
        }
        list.remove(&id);
        drop(list);
        self.tell();
    }

    /// Stops every upload and empties the list.
    pub(crate) fn clear(&self) {
        self.list.borrow_mut().clear();
        self.tell();
    }

    fn tell(&self) {
        let uploads = self.list.borrow().values().map(|going| going.shown.clone()).collect();
        self.page.tell(&News::Uploads(uploads));
    }
}

/// Watches one upload.
pub(crate) struct Progress {
    pub(crate) uploads: Rc<Uploads>,
    pub(crate) id: u32,
}

impl Watcher for Progress {
    fn sent(&self, bytes: u64, total: u64) {
        if let Some(going) = self.uploads.list.borrow_mut().get_mut(&self.id) {
            let now = js_sys::Date::now();
            let (before, at) = going.measured;
            let elapsed = now - at;
            if elapsed >= 250.0 && bytes > before {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a speed to be shown"
                )]
                let speed = ((bytes - before) as f64 * 1000.0 / elapsed) as u64;
                going.shown.speed = speed;
                going.measured = (bytes, now);
            }
            (going.shown.sent, going.shown.total) = (bytes, total);
        }
        self.uploads.tell();
    }

    fn offline(&self, offline: bool) {
        // What the person paused stays paused, whatever the connection does.
        if !self.uploads.list.borrow().get(&self.id).is_some_and(|going| going.paused) {
            self.uploads.set(self.id, if offline { UploadState::Offline } else { UploadState::Sending });
        }
    }

    async fn may_go_on(&self) -> Result<(), ClientError> {
        loop {
            let waiting = {
                let mut list = self.uploads.list.borrow_mut();
                let going = list.get_mut(&self.id).filter(|going| !going.stopped).ok_or(ClientError::Cancelled)?;
                if !going.paused {
                    return Ok(());
                }
                let (sender, receiver) = oneshot::channel();
                going.waiting = Some(sender);
                receiver
            };
            // The sender is dropped when the person lets it go on, or stops it.
            let (Ok(()) | Err(_)) = waiting.await;
        }
    }
}
