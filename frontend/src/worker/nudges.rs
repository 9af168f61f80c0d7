//! The server's nudges: something that concerns this account has changed.
//!
//! The server's first word on every connection is a nudge; so nothing that happened while there was none is missed. The
//! browser connects again by itself after a connection that breaks, but gives up for good after an answer that is not a
//! stream: of a proxy whose server restarts, or of a server that has no room. Then it is tried again from here.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use futures_channel::oneshot;
use gloo::timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventSource;

use super::Page;
use crate::message::News;

/// The first wait before listening again, in milliseconds; each further one is twice as long.
const FIRST_WAIT: u32 = 1_000;

/// The longest wait.
const LONGEST_WAIT: u32 = 60_000;

/// A stream that says nothing for so long is dead, in milliseconds: the server says every 25 seconds that it lives.
const SILENCE: f64 = 40_000.0;

/// Listens while the vault is open.
pub(crate) struct Nudges(Rc<Inner>);

struct Inner {
    page: Page,
    stream: RefCell<Option<Stream>>,
    waiting: RefCell<Option<oneshot::Sender<()>>>,
    /// A nudge that came while nobody waited for one.
    missed: Cell<bool>,
    /// When the server last said anything, in milliseconds since 1970.
    last_word: Cell<f64>,
    /// How often in a row the server did not let this one listen.
    refused: Cell<u32>,
    /// Listens again, in a while.
    again: RefCell<Option<Timeout>>,
}

struct Stream {
    source: EventSource,
    _listeners: [Closure<dyn Fn()>; 3],
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

impl Nudges {
    pub(crate) fn new(page: Page) -> Self {
        Self(Rc::new(Inner {
            page,
            stream: RefCell::default(),
            waiting: RefCell::default(),
            missed: Cell::default(),
            last_word: Cell::default(),
            refused: Cell::default(),
            again: RefCell::default(),
        }))
    }

    /// Begins to listen, in place of what was listened to before.
    pub(crate) fn listen(&self) {
        self.0.refused.set(0);
        drop(self.0.again.take());
        Inner::listen(&self.0);
    }

    /// Listens anew where nothing was heard for too long. A connection that died while this device slept fails of itself
    /// only after minutes, if ever.
    pub(crate) fn revive(&self) {
        let is_silent = js_sys::Date::now() - self.0.last_word.get() > SILENCE;
        if self.0.stream.borrow().is_some() && is_silent {
            self.listen();
        }
    }

    /// Listens no more.
    pub(crate) fn stop(&self) {
        drop(self.0.again.take());
        drop(self.0.stream.take());
    }

    /// Lets whoever waits for a nudge look at once.
    pub(crate) fn rouse(&self) {
        self.0.wake();
    }

    /// Waits for a nudge.
    pub(crate) async fn next(&self) {
        if self.0.missed.take() {
            return;
        }
        let (sender, receiver) = oneshot::channel();
        *self.0.waiting.borrow_mut() = Some(sender);
        // Whoever waits next takes the place of this one.
        let (Ok(()) | Err(_)) = receiver.await;
    }
}

impl Inner {
    fn listen(inner: &Rc<Self>) {
        let on_event = |act: fn(&Rc<Self>)| {
            let inner = Rc::downgrade(inner);
            Closure::<dyn Fn()>::new(move || {
                if let Some(inner) = Weak::upgrade(&inner) {
                    act(&inner);
                }
            })
        };
        let (heard, failed) = (on_event(|inner| inner.heard()), on_event(Self::failed));
        let beat = on_event(|inner| inner.last_word.set(js_sys::Date::now()));
        inner.last_word.set(js_sys::Date::now());
        // Where the browser cannot listen, the worker still looks now and then.
        let stream = EventSource::new("/api/v1/events").ok().and_then(|source| {
            source.add_event_listener_with_callback("changed", heard.as_ref().unchecked_ref()).ok()?;
            source.add_event_listener_with_callback("beat", beat.as_ref().unchecked_ref()).ok()?;
            source.add_event_listener_with_callback("error", failed.as_ref().unchecked_ref()).ok()?;
            Some(Stream { source, _listeners: [heard, beat, failed] })
        });
        *inner.stream.borrow_mut() = stream;
    }

    fn heard(&self) {
        self.last_word.set(js_sys::Date::now());
        self.refused.set(0);
        self.page.tell(&News::Told);
        self.wake();
    }

    fn wake(&self) {
        // Whoever waited may have gone on by itself meanwhile.
        let woken = self.waiting.borrow_mut().take().is_some_and(|waiting| waiting.send(()).is_ok());
        self.missed.set(!woken);
    }

    /// The stream failed. Unless it was closed, the browser connects again by itself.
    fn failed(inner: &Rc<Self>) {
        let is_closed =
            |stream: &Option<Stream>| stream.as_ref().is_some_and(|it| it.source.ready_state() == EventSource::CLOSED);
        if !is_closed(&inner.stream.borrow()) {
            return;
        }
        let refused = inner.refused.get();
        if refused == 0 {
            // It may be that this session has ended, which whoever looks finds out.
            inner.wake();
        }
        inner.refused.set(refused.saturating_add(1));
        let wait = FIRST_WAIT.saturating_mul(1 << refused.min(6)).min(LONGEST_WAIT);
        let weak = Rc::downgrade(inner);
        *inner.again.borrow_mut() = Some(Timeout::new(wait, move || {
            if let Some(inner) = Weak::upgrade(&weak) {
                Self::listen(&inner);
            }
        }));
    }
}
