//! Something to know or to act on, in the page: what happened, what was kept, what to do.

use leptos::prelude::*;

use super::{Children, Erase as _, Glyph, Icon, IconSize, Tone};

/// An alert. A failure is read aloud at once, anything else when the reader pauses.
#[component]
pub fn Alert(
    /// What it wants to be taken for.
    #[prop(optional)]
    tone: Tone,
    /// Stands above all, where the sentence alone may not be understood.
    #[prop(optional_no_strip)]
    head: Option<&'static str>,
    /// What happened, in a sentence.
    #[prop(into)]
    happened: TextProp,
    /// What was kept: "Your text is still here."
    #[prop(optional, into)]
    kept: Option<TextProp>,
    /// What to do now.
    #[prop(optional, into)]
    next: Option<TextProp>,
    /// Was there when the page came, so it need not be read aloud as news.
    #[prop(optional)]
    still: bool,
    /// Buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let role = match tone {
        _ if still => None,
        Tone::Stop => Some("alert"),
        _ => Some("status"),
    };
    view! {
        <div class=format!("alert {}", tone.class()) role=role>
            <Icon glyph=tone.glyph() />
            <div class="stack">
                {head.map(|head| view! { <p class="alert-head">{head}</p> })}
                <p class="name">{move || happened.get()}</p>
                {kept.map(|kept| view! {
                    <p class="kept"><Icon glyph=Glyph::Check size=IconSize::Small /><span>{move || kept.get()}</span></p>
                })}
                {next.map(|next| view! { <p>{move || next.get()}</p> })}
                {children.map(|children| view! { <div class="actions">{children.draw()}</div> })}
            </div>
        </div>
    }
    .erased()
}
