//! The mark: the bridge, and the name beside it.

use leptos::prelude::*;

use super::Erase as _;

/// The bridge alone. Not read aloud.
#[component]
pub fn MarkSign() -> impl IntoView {
    view! {
        <svg class="mark-sign" viewBox="0 0 32 32" aria-hidden="true">
            <rect class="ground" width="32" height="32" rx="9" />
            <path class="arch" d="M6 21.5c0-6.5 4.4-10.5 10-10.5s10 4 10 10.5M4.5 21.5h23M11 13v8.5M16 11v10.5M21 13v8.5" />
        </svg>
    }
    .erased()
}

/// The bridge and the name, as a link to the start page.
#[component]
pub fn Mark(
    /// Where the start page is.
    #[prop(default = "/")]
    href: &'static str,
    /// Larger, for pages that begin with it.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    view! {
        <a class="mark" class:large=large href=href>
            <MarkSign />
            <span>"HealthBridge"</span>
        </a>
    }
    .erased()
}
