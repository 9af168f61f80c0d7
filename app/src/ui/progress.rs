//! How far a slow act has come. The bar is drawn with SVG, because inline styles are forbidden.

use leptos::prelude::*;

use super::Erase as _;

/// A bar with words above it. Without a number it only says that work goes on.
#[component]
pub fn Progress(
    /// What is being done: "Sealing and sending".
    #[prop(into)]
    label: TextProp,
    /// Percent done, 0 to 100; none while nobody knows.
    #[prop(into)]
    percent: Signal<Option<u8>>,
    /// More about it: "3 of 12 files, about 2 minutes left".
    #[prop(optional, into)]
    detail: Option<TextProp>,
) -> impl IntoView {
    let percent = Signal::derive(move || percent.get().map(|percent| percent.min(100)));
    let name = label.clone();
    view! {
        <div class="progress">
            <div class="progress-words">
                <span>{move || label.get()}</span>
                <span class="soft">
                    {move || detail.as_ref().map(|detail| detail.get().to_string()).or_else(|| percent.get().map(|percent| format!("{percent} %")))}
                </span>
            </div>
            <div
                role="progressbar"
                aria-label=move || name.get()
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || percent.get().map(|percent| percent.to_string())
            >
                <Track percent moving=Signal::derive(move || percent.get().is_none()) />
            </div>
        </div>
    }
    .erased()
}

/// The bar itself, shared with the bar of time left.
#[component]
pub(super) fn Track(
    /// Percent filled; 40 while none.
    #[prop(into)]
    percent: Signal<Option<u8>>,
    /// Runs to and fro.
    #[prop(optional, into)]
    moving: Signal<bool>,
) -> impl IntoView {
    view! {
        <svg class="track" class:moving=move || moving.get() aria-hidden="true">
            <rect width=move || format!("{}%", percent.get().unwrap_or(40)) height="100%" />
        </svg>
    }
    .erased()
}
