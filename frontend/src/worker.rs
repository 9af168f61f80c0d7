//! The worker's side: an unlocked session, and the commands of the page.

mod convert;
mod copies;
mod desk;
mod lists;
mod look;
mod nudges;
mod sending;
mod trouble;
mod uploads;

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::message::{Answer, News, UNASKED, pack, unpack};
use desk::Desk;

/// The page at the other end.
#[derive(Clone)]
pub(crate) struct Page(DedicatedWorkerGlobalScope);

impl Page {
    /// Tells the page something unasked.
    pub(crate) fn tell(&self, news: &News) {
        // A page that is gone hears nothing.
        drop(self.0.post_message(&pack(UNASKED, news, &wasm_bindgen::JsValue::NULL)));
    }
}

/// Listens to the page, from now on.
pub(crate) fn run() {
    let page = Page(js_sys::global().unchecked_into());
    let desk = Rc::new(Desk::new(page.clone()));
    let for_messages = Rc::clone(&desk);
    let scope = page.0.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Some((number, bytes, beside)) = unpack(&event.data()) else { return };
        let Ok(command) = protocol::cbor::decode(&bytes) else { return };
        let (desk, scope) = (Rc::clone(&for_messages), scope.clone());
        spawn_local(async move {
            let (answer, beside) = match Desk::answer(&desk, command, beside).await {
                Ok(answered) => answered,
                Err(error) => (Answer::Failed(desk.trouble(&error)), wasm_bindgen::JsValue::NULL),
            };
            for piece in answer.into_pieces() {
                drop(scope.post_message(&pack(number, &piece, &beside)));
            }
        });
    });
    page.0.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    page.tell(&News::Ready);
    spawn_local(copies::sweep());
    spawn_local(async move { Desk::start(&desk).await });
}
