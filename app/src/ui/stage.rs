//! The dark stage on which pictures and pages are shown, with its tools below.

use leptos::prelude::*;

use super::{Children, Erase as _};

/// A stage: the picture (a canvas) and a bar of tools.
#[component]
pub fn Stage(
    /// What is shown: "CT of the chest, 214 images".
    #[prop(into)]
    label: TextProp,
    /// The tools: `IconButton`s, a range, numbers.
    #[prop(optional, into)]
    tools: ViewFnOnce,
    /// The picture.
    children: Children,
) -> impl IntoView {
    view! {
        <figure class="stage" role="group" aria-label=move || label.get()>
            <div class="stage-view">{children.draw()}</div>
            <div class="stage-tools" role="toolbar" aria-label="Picture tools">{tools.run()}</div>
        </figure>
    }
    .erased()
}
