//! A dialog on the browser's own `<dialog>`, which keeps focus inside, closes on Escape and gives focus back.

use leptos::html;
use leptos::prelude::*;

use super::{Children, Erase as _, Glyph, IconButton};

/// A dialog that is open while its signal is true. On a phone it comes from below.
#[component]
pub fn Dialog(
    /// Unique on the page; names the heading too.
    id: &'static str,
    /// Whether it is open. Closing it, in whatever way, sets it to false.
    open: RwSignal<bool>,
    /// The question or the job.
    #[prop(into)]
    title: TextProp,
    /// What is in it; the last part is an element of class `actions`.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            // It fails only for a dialog that is not in the page; then there is nothing to show.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // It comes a little later. Whoever is quick has opened the dialog again by then.
    let closed = move |_| {
        if !node.get_untracked().is_some_and(|dialog| dialog.open()) {
            open.set(false);
        }
    };
    view! {
        <dialog
            id=id
            class="dialog"
            aria-labelledby=labelled_by
            node_ref=node
            on:close=closed
        >
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2 id=heading>{move || title.get()}</h2>
                    <IconButton glyph=Glyph::Close label="Close" on_press=move || open.set(false) />
                </div>
                {children.draw()}
            </div>
        </dialog>
    }
    .erased()
}
