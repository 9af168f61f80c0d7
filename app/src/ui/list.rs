//! Lists of records, people and happenings: a tile or a face, a name, what to know about it, and what to do.

use leptos::prelude::*;

use super::{Children, Erase as _, Glyph, Icon, LongPlace};

/// The tile of a record category: its drawing in its hue. Not read aloud; the row's words name the category.
pub fn category_tile(slug: &str) -> impl IntoView + use<> {
    let glyph = Glyph::of_category(slug);
    let hue = if glyph == Glyph::Other { "other" } else { slug };
    view! { <span class=format!("tile hue-{hue}")><Icon glyph /></span> }
}

/// A person as initials in a circle. Not read aloud; the name stands beside it.
#[component]
pub fn Face(
    /// One to three letters.
    #[prop(into)]
    initials: TextProp,
    /// Smaller, for bars.
    #[prop(optional)]
    small: bool,
) -> impl IntoView {
    view! { <span class="face" class:small=small aria-hidden="true">{move || initials.get()}</span> }
}

/// A list of [`Row`]s.
#[component]
pub fn List(
    /// What it lists, for screen readers, where no heading says it.
    #[prop(optional, into)]
    label: Option<String>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    view! { <ul class="list" role="list" aria-label=label>{children.draw()}</ul> }
}

/// One row of a [`List`].
#[component]
#[expect(clippy::similar_names, reason = "a tile and a title are what a row has, and their types keep them apart")]
pub fn Row(
    /// Its name.
    #[prop(into)]
    title: TextProp,
    /// What to know about it, in one line.
    #[prop(optional, into)]
    sub: Option<TextProp>,
    /// A `category_tile`, a `Face` or a thumbnail of class `tile`.
    #[prop(optional, into)]
    tile: ViewFnOnce,
    /// Makes the whole row a link.
    #[prop(optional, into)]
    href: Option<String>,
    /// Makes the whole row a button, where there is no `href`.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// Stands right after the name: a chip.
    #[prop(optional, into)]
    beside: ViewFnOnce,
    /// Stands under the second line: chips, time left, who saw it.
    #[prop(optional, into)]
    more: ViewFnOnce,
    /// Sets the tile at the top, for rows with `more`.
    #[prop(optional)]
    top: bool,
    /// Stands at the end: chips, buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let name = name(title, href, on_press);
    view! {
        <li class="item" class:top=top>
            <div class="lead">
                {tile.run()}
                <div class="item-words">
                    <div class="row">{name}{beside.run()}</div>
                    {sub.map(|sub| view! { <span class="soft">{move || sub.get()}</span> })}
                    {more.run()}
                </div>
            </div>
            {children.map(|children| view! { <div class="item-end">{children.draw()}</div> })}
        </li>
    }
    .erased()
}

fn name(title: TextProp, href: Option<String>, on_press: Option<Callback<()>>) -> AnyView {
    match (href, on_press) {
        (Some(href), _) => view! { <a class="name" href=href>{move || title.get()}</a> }.erased(),
        (None, Some(on_press)) => {
            view! { <button type="button" class="name" on:click=move |_| on_press.run(())>{move || title.get()}</button> }
                .erased()
        }
        (None, None) => view! { <span class="name">{move || title.get()}</span> }.erased(),
    }
}

/// One row of a [`LongList`](super::LongList): as a [`Row`], but at its place, of a fixed height, and with words that
/// are cut where they do not fit.
#[component]
#[expect(clippy::similar_names, reason = "a tile and a title are what a row has, and their types keep them apart")]
pub fn LongRow(
    /// Where it stands.
    place: Signal<LongPlace>,
    /// Its name.
    #[prop(into)]
    title: TextProp,
    /// What to know about it, in one line.
    #[prop(into)]
    sub: TextProp,
    /// A `category_tile`, a `Face` or a thumbnail of class `tile`.
    #[prop(into)]
    tile: ViewFnOnce,
    /// Makes the whole row a link.
    #[prop(into)]
    href: String,
    /// Stands at the end: a chip.
    end: Option<AnyView>,
) -> impl IntoView {
    let name = name(title, Some(href), None);
    view! {
        <li
            class="item"
            aria-posinset=move || place.get().position.to_string()
            aria-setsize=move || place.get().of.to_string()
            data-row=move || place.get().row.to_string()
            style=("--at", move || place.get().at.to_string())
        >
            <div class="lead">
                {tile.run()}
                <div class="item-words">
                    <div class="row">{name}</div>
                    <span class="soft">{move || sub.get()}</span>
                </div>
            </div>
            {end.map(|end| view! { <div class="item-end">{end}</div> })}
        </li>
    }
    .erased()
}

/// A list of [`Fact`]s about one thing.
#[component]
pub fn Facts(
    /// The facts.
    children: Children,
) -> impl IntoView {
    view! { <dl class="facts">{children.draw()}</dl> }
}

/// A named fact.
#[component]
pub fn Fact(
    /// Its name.
    #[prop(into)]
    name: TextProp,
    /// What is so.
    children: Children,
) -> impl IntoView {
    view! { <div><dt>{move || name.get()}</dt><dd>{children.draw()}</dd></div> }
}
