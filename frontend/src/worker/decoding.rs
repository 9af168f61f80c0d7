//! The decoder as the vault knows it: another thread, which is given a file and as much time as that should take. It is
//! ended when it takes longer, when it has grown too large, when nobody needs it for a while, and when the vault locks.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use app::vault::{Content, Pixels};
use client::upload::Draft;
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::lock::{Mutex, MutexGuard};
use gloo::timers::callback::Timeout;
use gloo::timers::future::TimeoutFuture;
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use records::Kind;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::lazy::{NotLoaded, lazily};
use super::trouble::Failure;
use crate::decoder::message::{Answered, Ask, Said};
use crate::decoder::{self, Craft};
use crate::message::{UNASKED, pack, unpack};
use crate::{buffers, pixels};

/// How long the decoder may take to come, in milliseconds. The network has a part in that.
const COMES: u32 = 120_000;

/// How long it may take for a small file, for each further MiB, and for any file, in milliseconds.
const SMALL_TAKES: u32 = 20_000;
const MIB_TAKES: u32 = 250;
const MOST_TAKES: u32 = 60_000;

/// How long it may take to draw a page, in milliseconds.
const PAGE_TAKES: u32 = 10_000;

/// How long it stays when nobody asks it anything, in milliseconds.
const STAYS: u32 = 300_000;

/// How much memory it may keep, in MiB: it gives none back by itself.
const KEEPS: u32 = 512;

/// What is said of a file that takes longer.
const TOO_LONG: &str = "This file takes too long to be shown. You can save a copy.";

/// What is said of a file over which the decoder breaks.
const BROKE: &str = "This file could not be shown here. You can save a copy.";

/// Opens files for the vault.
pub(super) struct Decoder {
    /// This one, for the timer.
    itself: Weak<Self>,
    /// One question at a time.
    turn: Mutex<()>,
    /// The thread, once it is needed.
    thread: RefCell<Option<Thread>>,
    /// What takes its place where a worker cannot have workers.
    here: RefCell<Craft>,
    /// The record whose document is open there.
    open: RefCell<Option<String>>,
    /// How much memory the thread has taken, in MiB.
    memory: Cell<u32>,
    /// How often the vault locked.
    dismissed: Cell<u32>,
    /// Ends the thread when nobody needs it for a while.
    rest: RefCell<Option<Timeout>>,
}

/// Why there is no answer.
enum Lost {
    /// It would have taken too long.
    TooLong,
    /// The decoder broke, most likely for want of memory.
    Broke,
    /// It has nothing to do with the file.
    Otherwise(Failure),
}

impl Decoder {
    pub(super) fn new() -> Rc<Self> {
        Rc::new_cyclic(|itself| Self {
            itself: Weak::clone(itself),
            turn: Mutex::default(),
            thread: RefCell::default(),
            here: RefCell::default(),
            open: RefCell::default(),
            memory: Cell::default(),
            dismissed: Cell::default(),
            rest: RefCell::default(),
        })
    }

    /// What a file of a record shows, and the bytes of a picture. A document stays open for its pages.
    pub(super) async fn look(
        &self,
        record: &str,
        kind: Kind,
        file: ArrayBuffer,
    ) -> Result<(Content, JsValue), Failure> {
        let _turn = self.turn().await?;
        self.make_room();
        drop(self.open.take());
        let time = time_for(file.byte_length());
        let nothing = |why: &str| (Content::None { why: why.to_owned(), facts: Vec::new() }, JsValue::NULL);
        match self.ask(Ask::Look(kind.code()), Some(file), time).await {
            Ok((Said::Content(content), beside)) => {
                if matches!(content, Content::Pages(_)) {
                    *self.open.borrow_mut() = Some(record.to_owned());
                } else {
                    self.make_room();
                }
                Ok((content, beside))
            }
            Ok(_) | Err(Lost::Broke) => Ok(nothing(BROKE)),
            Err(Lost::TooLong) => Ok(nothing(TOO_LONG)),
            Err(Lost::Otherwise(failure)) => Err(failure),
        }
    }

    /// A page of a document, and its bytes. It is gone where another file was looked at since, or the decoder was ended.
    pub(super) async fn page(&self, record: &str, page: u32, width: u32) -> Result<(Pixels, JsValue), Failure> {
        let _turn = self.turn().await?;
        if self.open.borrow().as_deref() != Some(record) {
            return Err(Failure::Gone);
        }
        let not_shown = |why: &str| Err(Failure::NotShown(why.to_owned()));
        match self.ask(Ask::Page(page, width), None, PAGE_TAKES).await {
            Ok((Said::Pixels(pixels), beside)) => Ok((pixels, beside)),
            Ok((Said::NotShown(why), _)) => not_shown(&why),
            Ok((Said::Gone, _)) => Err(Failure::Gone),
            Ok(_) | Err(Lost::Broke) => not_shown(BROKE),
            Err(Lost::TooLong) => not_shown(TOO_LONG),
            Err(Lost::Otherwise(failure)) => Err(failure),
        }
    }

    /// What is proposed of a chosen file, by what is examined of it. Nothing where the decoder does not come to an end
    /// with it.
    pub(super) async fn examine(
        &self,
        name: String,
        file: ArrayBuffer,
        size: u64,
        modified: u64,
    ) -> Result<Option<Draft>, Failure> {
        let _turn = self.turn().await?;
        self.make_room();
        let time = time_for(file.byte_length());
        let answer = self.ask(Ask::Examine(name, size, modified), Some(file), time).await;
        let is_open = self.open.borrow().is_some();
        if !is_open {
            self.make_room();
        }
        match answer {
            Ok((Said::Proposed(proposed), _)) => Ok(proposed.into_draft()),
            Ok(_) | Err(Lost::TooLong | Lost::Broke) => Ok(None),
            Err(Lost::Otherwise(failure)) => Err(failure),
        }
    }

    /// Ends it, and with it all that was opened. Whoever waits for an answer gets none.
    pub(super) fn dismiss(&self) {
        self.dismissed.set(self.dismissed.get().wrapping_add(1));
        drop(self.rest.take());
        self.end();
    }

    /// Waits for a turn. Whoever was waiting when the vault locked has none any more.
    async fn turn(&self) -> Result<MutexGuard<'_, ()>, Failure> {
        let dismissed = self.dismissed.get();
        let turn = self.turn.lock().await;
        if self.dismissed.get() == dismissed { Ok(turn) } else { Err(Failure::Locked) }
    }

    /// Ends a thread that has grown too large. Only before another file, or when no document is open: the pages of one
    /// come from there.
    fn make_room(&self) {
        if self.memory.get() > KEEPS {
            self.end();
        }
    }

    /// Ends the thread, whatever it does. The next question begins another one.
    fn end(&self) {
        drop(self.open.take());
        drop(self.here.take());
        drop(self.thread.take());
        self.memory.set(0);
    }

    /// Asks, and waits for no longer than `time`. Whoever calls this has the turn.
    async fn ask(&self, ask: Ask, file: Option<ArrayBuffer>, time: u32) -> Result<(Said, JsValue), Lost> {
        drop(self.rest.take());
        let answer = if has_workers() {
            self.ask_thread(&ask, file.as_ref(), time).await?
        } else {
            // Nobody could end this thread, so no time is set.
            let mut bytes = Vec::new();
            if let Some(file) = file {
                buffers::take(&mut bytes, &Uint8Array::new(&file));
            }
            let dismissed = self.dismissed.get();
            let answered = lazily!(decoder::split_answer(self.here.take(), ask, bytes));
            let (craft, said, rgba) = answered.map_err(|NotLoaded| Lost::Otherwise(Failure::NotLoaded))?;
            if self.dismissed.get() == dismissed {
                *self.here.borrow_mut() = craft;
            }
            (said, pixels::beside(&rgba))
        };
        self.rest_later();
        Ok(answer)
    }

    async fn ask_thread(&self, ask: &Ask, file: Option<&ArrayBuffer>, time: u32) -> Result<(Said, JsValue), Lost> {
        let is_there = self.thread.borrow().is_some();
        if !is_there {
            self.start().await?;
        }
        let asked = self.thread.borrow().as_ref().map(|thread| thread.ask(ask, file));
        match asked {
            Some(Ok(answer)) => self.wait(answer, time).await,
            // A file that cannot be handed over.
            Some(Err(_)) => Err(Lost::Broke),
            None => Err(Lost::Otherwise(Failure::Locked)),
        }
    }

    /// Starts the thread, and waits until it listens.
    async fn start(&self) -> Result<(), Lost> {
        let not_loaded = || Lost::Otherwise(Failure::NotLoaded);
        let (thread, ready) = Thread::start().map_err(|_| not_loaded())?;
        *self.thread.borrow_mut() = Some(thread);
        match self.wait(ready, COMES).await {
            Ok((Said::Ready, _)) => Ok(()),
            Err(lost @ Lost::Otherwise(_)) => Err(lost),
            Ok(_) | Err(Lost::TooLong | Lost::Broke) => {
                self.end();
                Err(not_loaded())
            }
        }
    }

    /// Waits for what the thread says. One that says nothing in time, or breaks, is ended.
    async fn wait(&self, answer: oneshot::Receiver<Heard>, time: u32) -> Result<(Said, JsValue), Lost> {
        let lost = match select(answer, TimeoutFuture::new(time)).await {
            Either::Left((Ok(Some((Answered { said, memory }, beside))), _)) => {
                self.memory.set(memory);
                return Ok((said, beside));
            }
            // The vault locked, and ended it.
            Either::Left((Err(oneshot::Canceled), _)) => return Err(Lost::Otherwise(Failure::Locked)),
            Either::Left((Ok(None), _)) => Lost::Broke,
            Either::Right(_) => Lost::TooLong,
        };
        self.end();
        Err(lost)
    }

    /// Ends the thread when nobody has asked it anything for a while. A document that is needed later is opened anew.
    fn rest_later(&self) {
        let itself = Weak::clone(&self.itself);
        let rest = Timeout::new(STAYS, move || {
            if let Some(decoder) = itself.upgrade() {
                decoder.end();
            }
        });
        *self.rest.borrow_mut() = Some(rest);
    }
}

/// How long it may take to open a file, in milliseconds.
fn time_for(bytes: u32) -> u32 {
    SMALL_TAKES.saturating_add((bytes >> 20).saturating_mul(MIB_TAKES)).min(MOST_TAKES)
}

/// Whether a worker can have workers in this browser.
fn has_workers() -> bool {
    Reflect::has(&js_sys::global(), &"Worker".into()).unwrap_or(false)
}

/// What came from the thread, with what lay beside it; nothing if it broke.
type Heard = Option<(Answered, JsValue)>;

/// Whoever waits for it.
type Waiting = Rc<RefCell<Option<oneshot::Sender<Heard>>>>;

/// A decoder that runs. Dropped, it is ended, whatever it does.
struct Thread {
    worker: Worker,
    waiting: Waiting,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_error: Closure<dyn Fn(Event)>,
}

impl Thread {
    /// Starts one. It says when it listens.
    fn start() -> Result<(Self, oneshot::Receiver<Heard>), JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        // It lies beside the vault's own script.
        let worker = Worker::new_with_options("decoder.js", &options)?;
        let (sender, ready) = oneshot::channel();
        let waiting: Waiting = Rc::new(RefCell::new(Some(sender)));
        let hearing = Rc::clone(&waiting);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            tell(&hearing, read(&event.data()));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let hearing = Rc::clone(&waiting);
        let on_error = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            // Else it would be this thread's error, too, and then the page's.
            event.prevent_default();
            tell(&hearing, None);
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok((Self { worker, waiting, _on_message: on_message, _on_error: on_error }, ready))
    }

    /// Asks for something. A file is handed over: here it is no more.
    fn ask(&self, ask: &Ask, file: Option<&ArrayBuffer>) -> Result<oneshot::Receiver<Heard>, JsValue> {
        let (sender, answer) = oneshot::channel();
        *self.waiting.borrow_mut() = Some(sender);
        let handed_over: Array = file.into_iter().collect();
        self.worker.post_message_with_transfer(&pack(ASKED, ask, &handed_over.get(0)), &handed_over)?;
        Ok(answer)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// The number of what the decoder is asked. There is one question at a time.
const ASKED: u32 = UNASKED + 1;

fn read(data: &JsValue) -> Heard {
    let (_, bytes, beside) = unpack(data)?;
    Some((protocol::cbor::decode(&bytes).ok()?, beside))
}

/// Tells whoever waits; only once.
fn tell(waiting: &Waiting, heard: Heard) {
    let sender = waiting.borrow_mut().take();
    if let Some(sender) = sender {
        // Nobody may wait any more.
        drop(sender.send(heard));
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn buffer(bytes: &[u8]) -> ArrayBuffer {
        Uint8Array::from(bytes).buffer()
    }

    #[wasm_bindgen_test]
    fn a_large_file_has_more_time_and_none_has_all_day() {
        assert_eq!(time_for(0), 20_000);
        assert_eq!(time_for(64 << 20), 36_000);
        assert_eq!(time_for(u32::MAX), 60_000);
    }

    // Here, as in some old browsers, a worker cannot have workers.
    #[wasm_bindgen_test]
    async fn without_a_thread_of_its_own_it_answers_in_this_one() {
        let decoder = Decoder::new();
        let (content, beside) = decoder.look("a", Kind::Text, buffer(b"Dear Maya")).await.unwrap();
        assert!(matches!(content, Content::Text { text, cut: false } if text == "Dear Maya") && beside.is_null());
        let page = "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n\
            2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n\
            3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 200]>>\nendobj\ntrailer\n<</Root 1 0 R/Size 4>>\n%%EOF\n";
        let (content, _) = decoder.look("b", Kind::Pdf, buffer(page.as_bytes())).await.unwrap();
        assert!(matches!(content, Content::Pages(1)));
        let (drawn, beside) = decoder.page("b", 0, 50).await.unwrap();
        assert_eq!((drawn.width, drawn.height, drawn.rgba.len()), (50, 100, 0));
        assert_eq!(beside.dyn_into::<ArrayBuffer>().unwrap().byte_length(), 50 * 100 * 4);
        assert!(matches!(decoder.page("b", 1, 50).await, Err(Failure::NotShown(_))));
        assert!(matches!(decoder.page("a", 0, 50).await, Err(Failure::Gone)));
        let draft = decoder.examine("Letter.txt".to_owned(), buffer(b"Dear"), 4, 1).await.unwrap().unwrap();
        assert_eq!((draft.metadata.title.as_str(), draft.metadata.kind), ("Letter", Kind::Text));
        decoder.dismiss();
        assert!(matches!(decoder.page("b", 0, 50).await, Err(Failure::Gone)), "what was open is forgotten");
    }
}
