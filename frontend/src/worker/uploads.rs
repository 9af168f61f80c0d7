//! Files on their way: queue, progress, pause, and what survives a reload.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use app::vault::{Upload, UploadState};
use client::ClientError;
use client::upload::{Outbox, Source, Watcher};
use futures_channel::oneshot;
use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, Uint8Array};
use protocol::{Digest, RecordId};
use records::Metadata;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use super::Page;
use crate::buffers;
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
        let mut bytes = Vec::with_capacity(length);
        buffers::take(&mut bytes, &Uint8Array::new(&buffer));
        Ok(bytes)
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
        let chunk = Uint8Array::from(chunk);
        drop(kept::put(Shelf::Chunks, &kept::chunk_key(&self.0, number), &chunk).await);
        buffers::discard(&Array::of1(&chunk));
    }

    async fn get(&self, number: u64) -> Option<Vec<u8>> {
        let kept = kept::get(Shelf::Chunks, &kept::chunk_key(&self.0, number)).await.ok()??;
        let mut chunk = Vec::new();
        buffers::take(&mut chunk, kept.dyn_ref()?);
        Some(chunk)
    }
}

/// Forgets what was kept of an upload.
pub(crate) async fn clear(record: &str) {
    drop(kept::remove(Shelf::Tickets, wasm_bindgen::JsValue::from_str(record)).await);
    if let Ok(range) = kept::chunks_of(record) {
        drop(kept::remove(Shelf::Chunks, range).await);
    }
}

/// Whether anything is kept of an upload of an account.
pub(crate) async fn are_kept_of(account: &str) -> bool {
    for name in kept::keys(Shelf::Tickets).await.unwrap_or_default() {
        let ticket = kept::get(Shelf::Tickets, &name).await;
        if let Ok(Some(ticket)) = ticket
            && kept::owner_of(&ticket).is_some_and(|owner| owner == account)
        {
            return true;
        }
    }
    false
}

/// Forgets what was kept of all uploads of an account, and of those of which nobody knows whose they are: chunks without
/// a ticket, and tickets from before that was noted.
pub(crate) async fn clear_all_of(account: &str) {
    // A ticket is there before its first chunk, so that no chunk is looked for that came between.
    let chunks = kept::keys(Shelf::Chunks).await.unwrap_or_default();
    let mut gone: BTreeSet<String> = chunks.iter().filter_map(kept::record_of).collect();
    for name in kept::keys(Shelf::Tickets).await.unwrap_or_default() {
        let Some(record) = name.as_string() else { continue };
        let is_anothers = match kept::get(Shelf::Tickets, &name).await {
            Ok(Some(ticket)) => kept::owner_of(&ticket).is_some_and(|owner| owner != account),
            Ok(None) => false,
            Err(_) => true,
        };
        if is_anothers {
            gone.remove(&record);
        } else {
            gone.insert(record);
        }
    }
    for record in gone {
        clear(&record).await;
    }
}

/// Files that are sealed and sent at once; more than that would not fit into memory.
const AT_ONCE: usize = 3;

/// How often the page is told of progress, in milliseconds.
const TELL_EVERY: u32 = 100;

/// The uploads of this page's life.
pub(crate) struct Uploads {
    board: Rc<Board>,
    next: Cell<u32>,
    /// Those that the person stopped, until what is at work on them has noticed.
    stopped: RefCell<BTreeSet<u32>>,
}

/// What the page is told of. A thousand files change more often than anybody can see.
struct Board {
    page: Page,
    list: RefCell<BTreeMap<u32, Going>>,
    /// Whether the page was told a moment ago; and whether something has changed since.
    is_fresh: Cell<bool>,
    has_changed: Cell<bool>,
}

impl Board {
    /// Tells the page how everything stands.
    fn say(&self) {
        let uploads = self.list.borrow().values().map(|going| going.shown.clone()).collect();
        self.page.tell(&News::Uploads(uploads));
    }

    /// The same, now and at most once in a while.
    fn tell(board: &Rc<Self>) {
        if board.is_fresh.replace(true) {
            board.has_changed.set(true);
            return;
        }
        board.say();
        let board = Rc::clone(board);
        spawn_local(async move {
            loop {
                TimeoutFuture::new(TELL_EVERY).await;
                if !board.has_changed.replace(false) {
                    return board.is_fresh.set(false);
                }
                board.say();
            }
        });
    }
}

struct Going {
    shown: Upload,
    /// Tells the file from others.
    fingerprint: Digest,
    turn: Turn,
    paused: bool,
    /// Whoever waits for its turn to come: a chunk that is tried again does, too.
    waiting: Vec<oneshot::Sender<()>>,
    /// Bytes and milliseconds when the speed was last reckoned.
    measured: (u64, f64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Waits,
    Has,
    Over,
}

impl Uploads {
    pub(crate) fn new(page: Page) -> Self {
        let (is_fresh, has_changed) = (Cell::new(false), Cell::new(false));
        let board = Rc::new(Board { page, list: RefCell::default(), is_fresh, has_changed });
        Self { board, next: Cell::new(1), stopped: RefCell::default() }
    }

    /// Puts an upload at the end of the list. `record` is the one that it becomes a part of, where that is known already.
    pub(crate) fn begin(&self, metadata: &Metadata, fingerprint: Digest, record: Option<RecordId>) -> u32 {
        let id = self.next.replace(self.next.get() + 1);
        let shown = Upload {
            id,
            title: metadata.title.clone(),
            category: metadata.category.slug().to_owned(),
            sent: 0,
            total: metadata.size,
            speed: 0,
            state: UploadState::Waiting,
            record: record.map(|record| record.to_string()),
        };
        let measured = (0, js_sys::Date::now());
        let (turn, waiting) = (Turn::Waits, Vec::new());
        let going = Going { shown, fingerprint, turn, paused: false, waiting, measured };
        self.board.list.borrow_mut().insert(id, going);
        self.give_turns();
        id
    }

    /// Notes which record an upload becomes. What is left on the list of an earlier one of it makes way.
    pub(crate) fn set_record(&self, id: u32, record: &str) {
        let mut list = self.board.list.borrow_mut();
        let is_of = |going: &Going| going.shown.record.as_deref() == Some(record);
        list.retain(|other, going| *other == id || going.turn != Turn::Over || !is_of(going));
        if let Some(going) = list.get_mut(&id) {
            going.shown.record = Some(record.to_owned());
        }
        drop(list);
        self.tell();
    }

    /// The record that an upload becomes.
    pub(crate) fn record(&self, id: u32) -> Option<String> {
        self.board.list.borrow().get(&id)?.shown.record.clone()
    }

    /// The title of an upload of this very file that is under way, or that became a record which is there.
    pub(crate) fn met(&self, fingerprint: Digest, is_there: impl Fn(&str) -> bool) -> Option<String> {
        let list = self.board.list.borrow();
        let goes_well = |going: &Going| match &going.shown.state {
            UploadState::Kept(record) => is_there(record),
            _ => going.turn != Turn::Over,
        };
        let met = list.values().find(|going| going.fingerprint == fingerprint && goes_well(going));
        met.map(|going| going.shown.title.clone())
    }

    /// Lets an upload that failed wait for its turn once more; says whether it had failed.
    pub(crate) fn again(&self, id: u32) -> bool {
        let mut list = self.board.list.borrow_mut();
        let failed = |going: &&mut Going| matches!(going.shown.state, UploadState::Interrupted(_));
        let Some(going) = list.get_mut(&id).filter(failed) else { return false };
        (going.turn, going.shown.state) = (Turn::Waits, UploadState::Waiting);
        drop(list);
        self.give_turns();
        true
    }

    /// Says how an upload ended; the next one has its turn.
    pub(crate) fn end(&self, id: u32, state: UploadState) {
        if let Some(going) = self.board.list.borrow_mut().get_mut(&id) {
            (going.turn, going.shown.state) = (Turn::Over, state);
        }
        self.give_turns();
    }

    /// Pauses an upload, or lets it go on. While it rests, another one has its turn.
    pub(crate) fn pause(&self, id: u32, paused: bool) {
        if let Some(going) = self.board.list.borrow_mut().get_mut(&id).filter(|going| going.turn != Turn::Over) {
            (going.turn, going.paused) = (Turn::Waits, paused);
            going.shown.state = if paused { UploadState::Paused } else { UploadState::Waiting };
            going.shown.speed = 0;
        }
        self.give_turns();
    }

    /// Stops an upload, or takes a finished one off the list; the page sees it with the next turns that are given.
    pub(crate) fn cancel(&self, id: u32) {
        // Whoever waits is woken by being dropped.
        let gone = self.board.list.borrow_mut().remove(&id);
        if gone.is_some_and(|going| going.turn != Turn::Over) {
            self.stopped.borrow_mut().insert(id);
        }
    }

    /// Whether it was the person who stopped an upload. Asked once.
    pub(crate) fn was_stopped(&self, id: u32) -> bool {
        self.stopped.borrow_mut().remove(&id)
    }

    /// Stops every upload for good; whatever is at work notices it by itself.
    pub(crate) fn stop(&self) {
        let list = self.board.list.borrow();
        let under_way = list.iter().filter(|(_, going)| going.turn != Turn::Over).map(|(id, _)| *id);
        self.stopped.borrow_mut().extend(under_way);
    }

    /// Ends every upload and empties the list, at once: it has titles in it.
    pub(crate) fn clear(&self) {
        self.board.list.borrow_mut().clear();
        self.board.say();
    }

    /// Lets as many be at work as may, in the order in which they came.
    pub(crate) fn give_turns(&self) {
        let mut list = self.board.list.borrow_mut();
        let at_work = list.values().filter(|going| going.turn == Turn::Has).count();
        let waiting = list.values_mut().filter(|going| going.turn == Turn::Waits && !going.paused);
        for going in waiting.take(AT_ONCE.saturating_sub(at_work)) {
            (going.turn, going.shown.state) = (Turn::Has, UploadState::Sending);
            going.waiting.clear();
        }
        drop(list);
        self.tell();
    }

    fn tell(&self) {
        Board::tell(&self.board);
    }
}

/// Watches one upload.
pub(crate) struct Progress {
    pub(crate) uploads: Rc<Uploads>,
    pub(crate) id: u32,
}

impl Watcher for Progress {
    fn sent(&self, bytes: u64, total: u64) {
        if let Some(going) = self.uploads.board.list.borrow_mut().get_mut(&self.id) {
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
        // What rests stays so, whatever the connection does.
        if let Some(going) =
            self.uploads.board.list.borrow_mut().get_mut(&self.id).filter(|going| going.turn == Turn::Has)
        {
            going.shown.state = if offline { UploadState::Offline } else { UploadState::Sending };
        }
        self.uploads.tell();
    }

    async fn may_go_on(&self) -> Result<(), ClientError> {
        loop {
            let waiting = {
                let mut list = self.uploads.board.list.borrow_mut();
                let going = list.get_mut(&self.id).ok_or(ClientError::Cancelled)?;
                if going.turn == Turn::Has {
                    return Ok(());
                }
                let (sender, receiver) = oneshot::channel();
                going.waiting.push(sender);
                receiver
            };
            // The sender is dropped when its turn has come, or it is stopped.
            let (Ok(()) | Err(_)) = waiting.await;
        }
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use futures_util::FutureExt as _;
    use records::{Category, Kind};
    use wasm_bindgen::JsCast;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// Five uploads, and nobody who hears of them.
    fn five() -> Rc<Uploads> {
        let uploads = Rc::new(Uploads::new(Page(js_sys::global().unchecked_into())));
        let metadata = Metadata {
            title: "Letter".to_owned(),
            category: Category::Other,
            date: None,
            notes: String::new(),
            file_name: "letter.txt".to_owned(),
            kind: Kind::Unknown,
            size: 10,
        };
        for _ in 0..5 {
            uploads.begin(&metadata, Digest::of(b"Dear Maya"), None);
        }
        uploads
    }

    fn states(uploads: &Uploads) -> String {
        let letter = |state: &UploadState| match state {
            UploadState::Waiting => 'w',
            UploadState::Sending => 's',
            UploadState::Paused => 'p',
            UploadState::Offline => 'o',
            UploadState::NeedsFile(_) | UploadState::Failed(_) | UploadState::Interrupted(_) => 'f',
            UploadState::Kept(_) => 'k',
        };
        uploads.board.list.borrow().values().map(|going| letter(&going.shown.state)).collect()
    }

    #[wasm_bindgen_test]
    fn three_have_their_turn_and_whoever_rests_or_ends_gives_it_on() {
        let uploads = five();
        assert_eq!(states(&uploads), "sssww");
        uploads.pause(1, true);
        assert_eq!(states(&uploads), "psssw");
        uploads.pause(1, false);
        assert_eq!(states(&uploads), "wsssw");
        uploads.end(2, UploadState::Kept(String::new()));
        assert_eq!(states(&uploads), "skssw", "who came first goes first");
        uploads.cancel(3);
        uploads.give_turns();
        assert_eq!(states(&uploads), "skss");
        assert!(uploads.was_stopped(3) && !uploads.was_stopped(3));
        uploads.cancel(2);
        assert!(!uploads.was_stopped(2), "it had ended");
        uploads.clear();
        assert!(!uploads.was_stopped(1), "a lock is not the person's wish to stop");
    }

    #[wasm_bindgen_test]
    fn what_is_under_way_is_stopped_where_somebody_signs_out() {
        let uploads = five();
        uploads.pause(2, true);
        uploads.end(4, UploadState::Kept(String::new()));
        uploads.stop();
        uploads.clear();
        assert!([1, 2, 3, 5].iter().all(|id| uploads.was_stopped(*id)) && !uploads.was_stopped(4));
    }

    #[wasm_bindgen_test]
    fn a_file_is_met_while_it_is_under_way_and_while_its_record_is_there() {
        let uploads = five();
        let met = |is_there: bool| uploads.met(Digest::of(b"Dear Maya"), |_| is_there).is_some();
        assert!(met(false) && uploads.met(Digest::of(b"Dear Ines"), |_| true).is_none());
        for id in 1..=4 {
            uploads.end(id, UploadState::Failed(String::new()));
        }
        uploads.end(5, UploadState::Kept(String::new()));
        assert!(met(true) && !met(false));
    }

    #[wasm_bindgen_test]
    fn what_failed_waits_for_its_turn_once_more() {
        let uploads = five();
        uploads.end(1, UploadState::Interrupted(String::new()));
        uploads.end(2, UploadState::Failed(String::new()));
        assert_eq!(states(&uploads), "ffsss");
        assert!(uploads.again(1) && !uploads.again(1) && !uploads.again(2) && !uploads.again(3));
        assert_eq!(states(&uploads), "wfsss");
    }

    #[wasm_bindgen_test]
    async fn who_waits_goes_on_in_turn_however_many_ask() {
        let uploads = five();
        let fourth = Progress { uploads: Rc::clone(&uploads), id: 4 };
        let (mut one, mut other) = (Box::pin(fourth.may_go_on()), Box::pin(fourth.may_go_on()));
        assert!((&mut one).now_or_never().is_none() && (&mut other).now_or_never().is_none());
        fourth.offline(true);
        assert_eq!(states(&uploads), "sssww", "what waits stays so");
        uploads.pause(2, true);
        assert_eq!((one.await, other.await), (Ok(()), Ok(())));
        let second = Progress { uploads: Rc::clone(&uploads), id: 2 };
        let mut resting = Box::pin(second.may_go_on());
        assert!((&mut resting).now_or_never().is_none());
        uploads.cancel(2);
        assert_eq!(resting.await, Err(ClientError::Cancelled));
    }
}
