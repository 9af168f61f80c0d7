//! The frame of pages for those who are not signed in: one quiet column under the mark.

use leptos::prelude::*;

use super::{Children, Erase as _, Mark};

/// The frame of signed-out pages.
#[component]
pub fn BareFrame(
    /// A broad column, for the first page and for long reading.
    #[prop(optional)]
    broad: bool,
    /// The page, beginning with its `h1`.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="bare" class:broad=broad>
            <a class="skip" href="#main">"Skip to the page"</a>
            <header><Mark large=true /></header>
            <main id="main" tabindex="-1">{children.draw()}</main>
            <footer>
                <a href="/security">"How it is protected"</a>
                <a href="/help">"Help"</a>
            </footer>
        </div>
    }
    .erased()
}
