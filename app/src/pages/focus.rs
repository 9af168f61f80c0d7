//! Leading the focus: what was pressed may be gone once it has done its work, and then nobody would know where they are.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

use crate::ui::place::focus_on;
pub use crate::ui::place::is_nowhere;

/// Leads the focus to the first element that a selector finds, once the page shows what was just done. What cannot take
/// the focus by itself, such as a heading, can from then on, but not by Tab. Where nothing is found, the heading of the
/// page takes it from nowhere.
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

/// Scrolls to the first element that a selector finds, as far as it takes to see all of it. At once, not bit by bit: nothing
/// moves that somebody asked not to move.
pub fn bring_in_sight(selector: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = document().query_selector(selector).ok().flatten() {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

fn lead_focus_to(find: impl FnOnce() -> Option<web_sys::Element> + 'static) {
    request_animation_frame(move || {
        // Whoever is somewhere by then, say because they were quick to close the dialog that it was in, stays there.
        let heading = || document().query_selector("main h1").ok().flatten().filter(|_| is_nowhere());
        let found = find().or_else(heading);
        if let Some(element) = found {
            focus_on(element);
        }
    });
}
