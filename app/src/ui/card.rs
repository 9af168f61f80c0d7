//! A card: one job, one heading.

use leptos::prelude::*;

use super::Children;

/// What a card is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CardTone {
    /// Something to read or do.
    #[default]
    Plain,
    /// A question that waits for an answer.
    Ask,
    /// Something that is over.
    Sunken,
}

/// A card with an optional heading and an optional link beside it.
#[component]
pub fn Card(
    /// The heading. Leave it out when the page's own heading says it.
    #[prop(optional, into)]
    title: Option<TextProp>,
    /// What it is for.
    #[prop(optional)]
    tone: CardTone,
    /// A link or chip at the end of the heading.
    #[prop(optional, into)]
    action: ViewFnOnce,
    /// What is in it.
    children: Children,
) -> impl IntoView {
    let class = match tone {
        CardTone::Plain => "card",
        CardTone::Ask => "card ask",
        CardTone::Sunken => "card sunken",
    };
    let head = title.map(|title| view! { <header><h2>{move || title.get()}</h2>{action.run()}</header> });
    view! { <section class=class>{head}{children.draw()}</section> }
}
