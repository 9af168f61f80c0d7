//! What a list shows when there is nothing in it: never a void, always the next step.

use leptos::prelude::*;

use super::{Children, Erase as _, Glyph, Icon, IconSize};

/// Nothing here yet, and what to do about it.
#[component]
pub fn EmptyState(
    /// A drawing of what would be here.
    glyph: Glyph,
    /// "No records yet".
    #[prop(into)]
    title: TextProp,
    /// What to do next, in a sentence.
    #[prop(into)]
    next: TextProp,
    /// The button that does it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty-sign"><Icon glyph size=IconSize::Large /></span>
            <strong>{move || title.get()}</strong>
            <p>{move || next.get()}</p>
            {children.map(|children| view! { <div class="actions">{children.draw()}</div> })}
        </div>
    }
    .erased()
}
