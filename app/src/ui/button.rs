//! Buttons and links that look like them: one main act for each card, and a busy state that cannot be pressed twice.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;

use super::place::Place;
use super::{Children, Erase as _, Glyph, Icon};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do here.
    #[default]
    Main,
    /// Anything else.
    Quiet,
    /// Ends or deletes something.
    Stop,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            Self::Main => "button",
            Self::Quiet => "button quiet",
            Self::Stop => "button stop",
        }
    }
}

/// A button with words. While busy it keeps its place, its words and its focus, and takes no press.
#[component]
pub fn Button(
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// A drawing before the words.
    #[prop(optional, into)]
    glyph: MaybeProp<Glyph>,
    /// Sends the form that it stands in.
    #[prop(optional)]
    submit: bool,
    /// Cannot be pressed. Say nearby why.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Is at work.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// As wide as its column.
    #[prop(optional)]
    full: bool,
    /// What a press does.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let press = move |event: leptos::ev::MouseEvent| {
        if busy.get_untracked() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            run_in_place(&event, on_press);
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=kind.class()
            class:full=full
            disabled=move || disabled.get()
            aria-busy=move || busy.get().then_some("true")
            aria-disabled=move || busy.get().then_some("true")
            on:click=press
        >
            {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
            {move || glyph.get().map(|glyph| view! { <Icon glyph /> })}
            <span>{children.draw()}</span>
        </button>
    }
    .erased()
}

/// Does what a press does. Where the button goes away by that, the focus stays near.
fn run_in_place(event: &leptos::ev::MouseEvent, on_press: Callback<()>) {
    let pressed = event.current_target().and_then(|target| target.dyn_into().ok()).map(Place::of);
    on_press.run(());
    if let Some(place) = pressed {
        place.keep();
    }
}

/// A button that is only a drawing; its label is what a screen reader says.
#[component]
pub fn IconButton(
    /// The drawing.
    #[prop(into)]
    glyph: Signal<Glyph>,
    /// What it does, as words.
    #[prop(into)]
    label: TextProp,
    /// Cannot be pressed.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// For a button that stays down: whether it is.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// What a press does.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
) -> impl IntoView {
    let title = label.clone();
    view! {
        <button
            type="button"
            class="button only"
            disabled=move || disabled.get()
            aria-pressed=move || pressed.map(|pressed| if pressed.get() { "true" } else { "false" })
            aria-label=move || label.get()
            title=move || title.get()
            on:click=move |event| {
                if let Some(on_press) = on_press {
                    run_in_place(&event, on_press);
                }
            }
        >
            {move || view! { <Icon glyph=glyph.get() /> }}
        </button>
    }
    .erased()
}

/// A link that looks like a button: it goes somewhere, it does nothing.
#[component]
pub fn LinkButton(
    /// Where it goes.
    #[prop(into)]
    href: TextProp,
    /// How much it asks for attention.
    #[prop(optional)]
    kind: ButtonKind,
    /// A drawing before the words.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// As wide as its column.
    #[prop(optional)]
    full: bool,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <a class=kind.class() class:full=full href=move || href.get()>
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            <span>{children.draw()}</span>
        </a>
    }
    .erased()
}
