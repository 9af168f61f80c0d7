//! Where the vault's own module begins.

#![expect(clippy::unnecessary_wraps, reason = "what lies in another module may fail to come")]

use std::rc::Rc;

#[cfg(feature = "split")]
use leptos::wasm_split::wasm_split;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use super::desk::Desk;
use super::lazy::NotLoaded;
use super::{Page, copies};
use crate::message::{Answer, News, bytes_of, pack, unpack};
use crate::pixels;

/// Listens to the page, from now on. All that keeps keys and opens records hangs on this function; a page needs none of
/// it to be drawn, so it is a module of its own.
#[cfg_attr(feature = "split", wasm_split(vault, fallible, wasm_split_path = ::leptos::wasm_split))]
pub(super) fn split_listen() -> Result<(), NotLoaded> {
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
                let message = pack(number, &piece, &beside);
                let moved = pixels::handed_over(&beside);
                if let Some(bytes) = bytes_of(&message) {
                    moved.push(&bytes);
                }
                drop(scope.post_message_with_transfer(&message, &moved));
            }
        });
    });
    page.0.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    page.tell(&News::Ready);
    spawn_local(copies::sweep());
    spawn_local(async move { Desk::start(&desk).await });
    Ok(())
}
