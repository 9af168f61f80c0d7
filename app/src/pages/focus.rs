//! Leading the focus: what was pressed may be gone once it has done its work, and then nobody would know where they are.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

/// Whether nothing has the focus, such as after the button that had it has gone.
pub fn is_nowhere() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}

/// Leads the focus to the first element that a selector finds, once the page shows what was just done. What cannot take
/// the focus by itself, such as a heading, can from then on, but not by Tab. Where nothing is found, the heading of the
/// page takes it.
pub fn lead_focus(selector: impl Into<String>) {
    let selector = selector.into();
    lead_focus_to(move || document().query_selector(&selector).ok().flatten());
}

/// The same, to the element of this place among those that a selector finds, below an element or in the whole page.
pub fn lead_focus_nth(below: Option<web_sys::Element>, selector: &'static str, place: usize) {
    lead_focus_to(move || {
        let all = match below {
            Some(below) => below.query_selector_all(selector),
            None => document().query_selector_all(selector),
        };
        all.ok()?.item(u32::try_from(place).ok()?)?.dyn_into().ok()
    });
}

fn lead_focus_to(find: impl FnOnce() -> Option<web_sys::Element> + 'static) {
    request_animation_frame(move || {
        let found = find().or_else(|| document().query_selector("main h1").ok().flatten());
        let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
        if !matches!(element.tag_name().as_str(), "A" | "BUTTON" | "INPUT") {
            element.set_tab_index(-1);
        }
        drop(element.focus());
    });
}
