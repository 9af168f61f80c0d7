//! Copies that the browser saves.

use leptos::prelude::document;
use records::visible::shown_name;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlAnchorElement, Url};

/// Lets the browser save a blob under a file's name.
pub(crate) fn offer(blob: &Blob, file_name: &str) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
    link.set_href(&url);
    link.set_download(&shown_name(file_name));
    link.click();
    // The browser has taken hold of the blob by the time the click returns, but some read it a little later.
    gloo::timers::callback::Timeout::new(60_000, move || drop(Url::revoke_object_url(&url))).forget();
    Ok(())
}
