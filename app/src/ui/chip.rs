//! Chips: facts in a word or two, and the toggles that narrow a list.

use leptos::prelude::*;

use super::{Children, Erase as _, Glyph, Icon, Tone};

/// A fact in a word or two. It does nothing when pressed.
#[component]
pub fn Chip(
    /// What it wants to be taken for.
    #[prop(optional)]
    tone: Tone,
    /// A drawing before the words.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// The hue of a record category, by its slug, in place of a tone.
    #[prop(optional, into)]
    category: Option<String>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let class = match category {
        Some(slug) => format!("chip hue-{slug}"),
        None => format!("chip {}", tone.class()).trim_end().to_owned(),
    };
    view! {
        <span class=class>
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            <span class="words">{children.draw()}</span>
        </span>
    }
    .erased()
}

/// A toggle that narrows a list. Put several in an element of class `filters` with `role="group"` and a label.
#[component]
pub fn ToggleChip(
    /// Whether it is on.
    #[prop(into)]
    pressed: Signal<bool>,
    /// What a press does.
    #[prop(into)]
    on_press: Callback<()>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="chip"
            aria-pressed=move || if pressed.get() { "true" } else { "false" }
            on:click=move |_| on_press.run(())
        >
            {children.draw()}
        </button>
    }
    .erased()
}
