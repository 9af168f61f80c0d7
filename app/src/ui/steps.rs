//! Where one is in a task of several steps.

use leptos::prelude::*;

use super::{Glyph, Icon, IconSize};

/// The steps of a task. On a phone only the present one shows its name.
#[component]
pub fn Steps(
    /// Their names in order.
    names: Vec<&'static str>,
    /// Which one it is, counted from 0.
    #[prop(into)]
    current: Signal<usize>,
) -> impl IntoView {
    let all = names.len();
    let items = names
        .into_iter()
        .enumerate()
        .map(|(place, name)| {
            let done = move || place < current.get();
            view! {
                <li class="step" class:done=done aria-current=move || (place == current.get()).then_some("step")>
                    <span class="words">
                        {move || done().then(|| view! { <Icon glyph=Glyph::Check size=IconSize::Small /> })}
                        <span>
                            <span class="heard">{format!("Step {} of {all}: ", place + 1)}</span>
                            {name}
                            {move || done().then(|| view! { <span class="heard">", done"</span> })}
                        </span>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="steps" role="list" aria-label="Steps">{items}</ol> }
}
