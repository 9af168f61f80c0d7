//! Codes and words that people read aloud, write down or compare.

use leptos::prelude::*;

/// The recovery code in numbered groups. Stands in an element of class `kit`, which is what gets printed.
#[component]
pub fn RecoveryCode(
    /// The groups in order.
    #[prop(into)]
    groups: Signal<Vec<String>>,
) -> impl IntoView {
    let items = move || {
        groups
            .get()
            .into_iter()
            .zip(1usize..)
            .map(|(group, place)| view! { <li><span class="place">{place}</span><span>{group}</span></li> })
            .collect_view()
    };
    view! { <ol class="code-groups" role="list" aria-label="Recovery code" translate="no">{items}</ol> }
}

/// The safety phrase: six words that must be the same on both screens.
#[component]
pub fn SafetyPhrase(
    /// The words in order.
    #[prop(into)]
    words: Signal<Vec<String>>,
) -> impl IntoView {
    let items = move || {
        words
            .get()
            .into_iter()
            .zip(1usize..)
            .map(|(word, place)| view! { <li><span class="place">{place}</span><span>{word}</span></li> })
            .collect_view()
    };
    view! { <ol class="phrase" role="list" aria-label="Safety phrase" translate="no">{items}</ol> }
}
