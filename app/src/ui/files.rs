//! Bringing files in: the place to drop them and the rows that they become.

use leptos::ev;
use leptos::prelude::*;

use super::{Children, Erase as _, Glyph, Icon, IconButton, IconSize, Progress};

/// A place to drop files on, which is also a button that opens the file chooser.
#[component]
pub fn DropZone(
    /// Unique on the page; the name of the file input.
    name: &'static str,
    /// "Drop files here, or choose them".
    #[prop(into)]
    title: TextProp,
    /// What may be dropped, in a sentence.
    #[prop(into)]
    hint: TextProp,
    /// The `accept` attribute.
    #[prop(optional, into)]
    accept: Option<String>,
    /// Files were chosen: read them from the event's target, an input of type file.
    #[prop(into)]
    on_choose: Callback<ev::Event>,
    /// Files were dropped: read them from the event's data transfer. The default act is already prevented.
    #[prop(optional, into)]
    on_drop: Option<Callback<ev::DragEvent>>,
) -> impl IntoView {
    let over = RwSignal::new(false);
    let hint_id = format!("{name}-hint");
    view! {
        <div
            class="drop"
            class:over=move || over.get()
            on:dragover=move |event| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=move |event| {
                over.set(false);
                if let Some(on_drop) = on_drop {
                    event.prevent_default();
                    on_drop.run(event);
                }
            }
        >
            <Icon glyph=Glyph::Upload size=IconSize::Large />
            <label class="name" for=name>{move || title.get()}</label>
            <span class="hint" id=hint_id.clone()>{move || hint.get()}</span>
            <input
                type="file"
                id=name
                name=name
                multiple
                accept=accept
                aria-describedby=hint_id
                on:change=move |event| on_choose.run(event)
            />
        </div>
    }
    .erased()
}

/// How far a file has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// In the queue.
    Waiting,
    /// On its way; percent, where known.
    Sending(Option<u8>),
    /// Not going on by itself or not just now: percent, and the words that say why and what to do.
    Resting(u8, &'static str),
    /// Safe.
    Kept,
    /// Not sent: what happened, what was kept, what to do.
    Failed(String),
    /// Not sent to its end: what happened, and what is kept, so that it can go on.
    Interrupted(String, &'static str),
}

/// A file on its way into the vault.
#[component]
pub fn FileRow(
    /// Its name.
    #[prop(into)]
    name: String,
    /// Its size and kind: "CT images, 112 MB".
    #[prop(into)]
    about: TextProp,
    /// The slug of its category, for the tile.
    #[prop(default = "other")]
    category: &'static str,
    /// How far it has come.
    #[prop(into)]
    state: Signal<FileState>,
    /// How fast it goes and what is left, while it is sent.
    #[prop(optional, into)]
    detail: Option<TextProp>,
    /// Takes it away again.
    #[prop(optional, into)]
    on_remove: Option<Callback<()>>,
    /// Buttons below it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let remove = format!("Take away {name}");
    view! {
        <li class="file">
            {super::category_tile(category)}
            <div class="stack">
                <span class="name">{name}</span>
                <span class="soft">{move || about.get()}</span>
            </div>
            {on_remove.map(|on_remove| view! { <IconButton glyph=Glyph::Close label=remove on_press=on_remove /> })}
            {move || match state.get() {
                FileState::Waiting => view! {
                    <p class="seen"><Icon glyph=Glyph::Clock /><span>"Waiting"</span></p>
                }.erased(),
                FileState::Sending(percent) => match detail.clone() {
                    Some(detail) => view! { <Progress label="Sealing and sending" percent=Signal::stored(percent) detail /> }.erased(),
                    None => view! { <Progress label="Sealing and sending" percent=Signal::stored(percent) /> }.erased(),
                },
                FileState::Resting(percent, words) => view! {
                    <Progress label=words percent=Signal::stored(Some(percent)) />
                }.erased(),
                FileState::Kept => view! {
                    <p class="seen"><Icon glyph=Glyph::Check /><span>"Safe in your vault"</span></p>
                }.erased(),
                FileState::Failed(words) => view! {
                    <p class="error"><Icon glyph=Glyph::Failed size=IconSize::Small /><span>{words}</span></p>
                }.erased(),
                FileState::Interrupted(words, kept) => view! {
                    <p class="error"><Icon glyph=Glyph::Failed size=IconSize::Small /><span>{words}</span></p>
                    <p class="seen"><Icon glyph=Glyph::Check /><span>{kept}</span></p>
                }.erased(),
            }}
            {children.map(|children| view! { <div class="actions file-acts">{children.draw()}</div> })}
        </li>
    }
    .erased()
}
