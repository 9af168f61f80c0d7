//! Hydration and every browser binding: the worker that holds the keys, the one that opens files, fetch, IndexedDB,
//! `WebCrypto`, canvas.

mod buffers;
pub mod cipher;
mod clock;
mod decoder;
mod device;
mod kept;
mod message;
mod offer;
mod pixels;
pub mod platform;
mod private_files;

mod page;
mod worker;

use app::visitor::{Visitor, provide_visitor};
use leptos::prelude::document;
use wasm_bindgen::prelude::wasm_bindgen;

/// Room that nothing uses. The splitter aligns what each module holds; where that takes more room than there was, it
/// leaves all data in the first page's module.
#[cfg(feature = "split")]
#[used]
static ROOM: [u8; 4096] = [1; 4096];

/// Takes over the page that the server rendered.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(|| {
        let visitor = document().document_element().and_then(|root| root.get_attribute("data-visitor"));
        let visitor = Visitor::from_attribute(visitor.as_deref());
        page::provide(visitor);
        clock::provide();
        provide_visitor(visitor);
        app::App()
    });
}

/// Runs the vault in a dedicated worker.
#[wasm_bindgen]
pub fn run_worker() {
    console_error_panic_hook::set_once();
    worker::run();
}

/// Runs the decoder in a dedicated worker, which the vault's worker starts.
#[wasm_bindgen]
pub fn run_decoder() {
    console_error_panic_hook::set_once();
    decoder::run();
}
