//! How much time a share has left: a bar for the eye, words for everybody.

use leptos::prelude::*;

use super::Erase as _;
use super::progress::Track;

/// Time left of a share.
#[component]
pub fn Until(
    /// Percent of its time that is left, 0 to 100.
    #[prop(into)]
    percent: Signal<u8>,
    /// "until 13 December, 22 days left".
    #[prop(into)]
    words: TextProp,
    /// Ends within a week: the bar and the words say so.
    #[prop(optional, into)]
    soon: Signal<bool>,
) -> impl IntoView {
    let filled = Signal::derive(move || Some(percent.get().min(100)));
    view! {
        <div class="until" class:soon=move || soon.get() class:over=move || percent.get() == 0>
            <Track percent=filled />
            <span class="soft">{move || words.get()}</span>
        </div>
    }
    .erased()
}
