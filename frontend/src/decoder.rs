//! The decoder: a thread of its own, without keys, that makes visible what is in files. A file from hostile hands may hold
//! it up without end, or fill its memory. Then the vault ends it, and with it whatever it held.

#![expect(clippy::unnecessary_wraps, reason = "what lies in another module may fail to come")]

mod craft;
pub(crate) mod message;

use std::cell::RefCell;

use js_sys::{ArrayBuffer, Uint8Array};
#[cfg(feature = "split")]
use leptos::wasm_split::wasm_split;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::message::{UNASKED, pack, unpack};
use crate::worker::lazy::{NotLoaded, lazily};
use crate::{buffers, pixels};
pub(crate) use craft::Craft;
use message::{Answered, Ask, Said};

/// Listens to the vault, once the decoders are there.
pub(crate) fn run() {
    spawn_local(async {
        if lazily!(split_serve()).is_err() {
            say(UNASKED, Said::NotLoaded, &[]);
        }
    });
}

/// Answers what the vault asks, from now on.
#[cfg_attr(feature = "split", wasm_split(decoders, fallible, wasm_split_path = ::leptos::wasm_split))]
fn split_serve() -> Result<(), NotLoaded> {
    let craft = RefCell::new(Craft::default());
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Some((number, bytes, beside)) = unpack(&event.data()) else { return };
        let Ok(ask) = protocol::cbor::decode::<Ask>(&bytes) else { return };
        let mut file = Vec::new();
        if let Some(buffer) = beside.dyn_ref::<ArrayBuffer>() {
            buffers::take(&mut file, &Uint8Array::new(buffer));
        }
        let (said, rgba) = craft.borrow_mut().answer(ask, file);
        say(number, said, &rgba);
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    say(UNASKED, Said::Ready, &[]);
    Ok(())
}

/// Answers in the thread of whoever asks, where that cannot have others. What is known from one question to the next goes
/// in and comes out again.
#[cfg_attr(feature = "split", wasm_split(decoders, fallible, wasm_split_path = ::leptos::wasm_split))]
pub(crate) fn split_answer(craft: Craft, ask: Ask, file: Vec<u8>) -> Result<(Craft, Said, Vec<u8>), NotLoaded> {
    let mut craft = craft;
    let (said, rgba) = craft.answer(ask, file);
    Ok((craft, said, rgba))
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Tells the vault something, with pixels beside it.
fn say(number: u32, said: Said, rgba: &[u8]) {
    let beside = pixels::beside(rgba);
    let answered = pack(number, &Answered { said, memory: memory() }, &beside);
    // A vault that is gone hears nothing.
    drop(scope().post_message_with_transfer(&answered, &pixels::handed_over(&beside)));
}

/// How much memory this thread's program has taken, in MiB. It never gives any back.
fn memory() -> u32 {
    #[cfg(target_arch = "wasm32")]
    let pages = std::arch::wasm32::memory_size::<0>();
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0_usize;
    u32::try_from(pages / PAGES_IN_MIB).unwrap_or(u32::MAX)
}

/// A page of WebAssembly's memory has 64 KiB.
const PAGES_IN_MIB: usize = 16;
