//! The server's nudges: something that concerns this account has changed.
//!
//! The browser connects again by itself, after a restart of the server and after a sleep, and the server's first word
//! on every connection is a nudge; so nothing that happened meanwhile is missed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventSource;

use super::Page;
use crate::message::News;

/// Listens while the vault is open.
pub(crate) struct Nudges {
    page: Page,
    stream: RefCell<Option<Stream>>,
    waiting: Rc<RefCell<Option<oneshot::Sender<()>>>>,
    /// A nudge that came while nobody waited for one.
    missed: Rc<Cell<bool>>,
}

struct Stream {
    source: EventSource,
    _heard: Closure<dyn Fn()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

impl Nudges {
    pub(crate) fn new(page: Page) -> Self {
        Self { page, stream: RefCell::default(), waiting: Rc::default(), missed: Rc::default() }
    }

    /// Begins to listen, in place of what was listened to before.
    pub(crate) fn listen(&self) {
        let (page, waiting, missed) = (self.page.clone(), Rc::clone(&self.waiting), Rc::clone(&self.missed));
        let heard = Closure::<dyn Fn()>::new(move || {
            page.tell(&News::Told);
            match waiting.borrow_mut().take() {
                Some(waiting) => drop(waiting.send(())),
                None => missed.set(true),
            }
        });
        // Where the browser cannot listen, the worker still looks now and then.
        let stream = EventSource::new("/api/v1/events").ok().and_then(|source| {
            source.add_event_listener_with_callback("changed", heard.as_ref().unchecked_ref()).ok()?;
            Some(Stream { source, _heard: heard })
        });
        *self.stream.borrow_mut() = stream;
    }

    /// Listens no more.
    pub(crate) fn stop(&self) {
        self.stream.borrow_mut().take();
    }

    /// Waits for a nudge.
    pub(crate) async fn next(&self) {
        if self.missed.take() {
            return;
        }
        let (sender, receiver) = oneshot::channel();
        *self.waiting.borrow_mut() = Some(sender);
        // Whoever waits next takes the place of this one.
        let (Ok(()) | Err(_)) = receiver.await;
    }
}
