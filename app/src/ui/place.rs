//! Where the focus was: what was pressed may be gone once it has done its work, and then nobody would know where they
//! are.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

/// Whether nothing has the focus, such as after the button that had it has gone.
pub fn is_nowhere() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}

/// Puts the focus on an element. What cannot take it by itself, such as a heading, can from then on, but not by Tab.
pub fn focus_on(element: web_sys::Element) {
    let Ok(element) = element.dyn_into::<web_sys::HtmlElement>() else { return };
    if !matches!(element.tag_name().as_str(), "A" | "BUTTON" | "INPUT") {
        element.set_tab_index(-1);
    }
    // What cannot be focused leaves the focus where it is.
    drop(element.focus());
}

/// An element and all that stands around it.
pub struct Place {
    element: web_sys::Element,
    /// The nearest first.
    around: Vec<web_sys::Element>,
}

impl Place {
    /// Where an element stands.
    pub fn of(element: web_sys::Element) -> Self {
        let around = std::iter::successors(element.parent_element(), |part| part.parent_element()).collect();
        Self { element, around }
    }

    /// Where the focus is.
    pub fn of_focus() -> Option<Self> {
        document().active_element().filter(|active| active.tag_name() != "BODY").map(Self::of)
    }

    /// Where the element is about to change places in the page, which takes the focus from it, it is given back.
    pub fn follow(self) {
        request_animation_frame(move || {
            if self.element.is_connected()
                && is_nowhere()
                && let Some(element) = self.element.dyn_ref::<web_sys::HtmlElement>()
            {
                // Whoever reads elsewhere by now stays there.
                let options = web_sys::FocusOptions::new();
                options.set_prevent_scroll(true);
                drop(element.focus_with_options(&options));
            }
        });
    }

    /// Where the element is gone once the page shows what was done, and the focus with it, the heading of the nearest part
    /// of the page that still stands takes it.
    pub fn keep(self) {
        // In the second frame, whoever leads the focus elsewhere has done so.
        request_animation_frame(move || {
            request_animation_frame(move || {
                if self.element.is_connected() || !is_nowhere() {
                    return;
                }
                let mut standing = self.around.iter().filter(|part| part.is_connected());
                let heading = standing.find_map(|part| part.query_selector("h1, h2, h3").ok()?);
                if let Some(heading) = heading {
                    focus_on(heading);
                }
            });
        });
    }
}
