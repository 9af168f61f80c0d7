//! The worker's side: an unlocked session, and the commands of the page.

mod apart;
mod changing;
mod convert;
pub(crate) mod copies;
mod decoding;
mod desk;
mod entering;
mod files;
mod following;
pub(crate) mod lazy;
mod listen;
mod lists;
mod locks;
mod look;
mod nudges;
mod passwords;
mod sending;
mod trouble;
mod uploads;

use gloo::timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
use web_sys::DedicatedWorkerGlobalScope;

use crate::message::{News, UNASKED, pack};
use lazy::lazily;
use listen::split_listen;

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

/// Loads the vault, however often that takes, and lets it listen to the page.
pub(crate) fn run() {
    spawn_local(async {
        // Until the vault says that it is ready, the page keeps what it wants to ask.
        while lazily!(split_listen()).is_err() {
            TimeoutFuture::new(2_000).await;
        }
    });
}
