//! Leading the focus: what was pressed may be gone once it has done its work, and then nobody would know where they are.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

/// Leads the focus to the first element that a selector finds, once the page shows what was just done. What cannot take
/// the focus by itself, such as a heading, can from then on, but not by Tab. Where nothing is found, the heading of the
/// page takes it.
pub fn lead_focus(selector: impl Into<String>) {
    let selector = selector.into();
    request_animation_frame(move || {
        let find = |selector: &str| document().query_selector(selector).ok().flatten();
        let found = find(&selector).or_else(|| find("main h1"));
        let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
        if !matches!(element.tag_name().as_str(), "A" | "BUTTON" | "INPUT") {
            element.set_tab_index(-1);
        }
        drop(element.focus());
    });
}
