//! Fields: a label above, a hint below it, an error that says what to do, all tied together for screen readers.
//!
//! What somebody typed before the page came alive is taken over, not wiped: on a poor connection that is the
//! normal case. So values are set through the node, not through `prop:value`, which would overwrite them.

use leptos::html;
use leptos::prelude::*;

use super::{Children, Erase as _, Glyph, Icon, IconButton, IconSize};

/// Ties a signal to an element that has a value, in both directions. The first run adopts what was typed before.
macro_rules! tie_value {
    ($node:expr, $value:expr) => {{
        let (node, value): (_, RwSignal<String>) = ($node, $value);
        Effect::new(move |adopted: Option<bool>| {
            let wanted = value.get();
            let Some(element) = node.get() else {
                return adopted.unwrap_or(false);
            };
            let present = element.value();
            if present != wanted {
                if adopted != Some(true) && wanted.is_empty() {
                    value.set(present);
                } else {
                    element.set_value(&wanted);
                }
            }
            true
        });
    }};
}

pub(super) use tie_value;

/// The ids of a field's parts, and which of them describe it at the moment.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) field: String,
    pub(super) hint: String,
    pub(super) error: String,
}

impl Ids {
    pub(super) fn new(name: &str) -> Self {
        Self {
            field: format!("field-{name}"),
            hint: format!("field-{name}-hint"),
            error: format!("field-{name}-error"),
        }
    }

    pub(super) fn describing(&self, has_hint: bool, has_error: bool) -> Option<String> {
        match (has_hint, has_error) {
            (true, true) => Some(format!("{} {}", self.error, self.hint)),
            (true, false) => Some(self.hint.clone()),
            (false, true) => Some(self.error.clone()),
            (false, false) => None,
        }
    }
}

/// The label above a field.
#[component]
pub(super) fn FieldLabel(field: String, label: TextProp, optional: bool) -> impl IntoView {
    view! {
        <label for=field>
            {move || label.get()}
            {optional.then(|| view! { <span class="optional">" (if you like)"</span> })}
        </label>
    }
    .erased()
}

/// The help below a label.
#[component]
pub(super) fn Hint(id: String, #[prop(optional_no_strip)] hint: Option<TextProp>) -> impl IntoView {
    hint.map(|hint| view! { <p class="hint" id=id>{move || hint.get()}</p> })
}

/// What is wrong, below a field.
#[component]
pub fn FieldError(
    /// Its id, which the field's `aria-describedby` names.
    #[prop(into)]
    id: String,
    /// What is wrong and what to do; none while all is well.
    #[prop(into)]
    error: MaybeProp<String>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            view! {
                <p class="error" id=id.clone()>
                    <Icon glyph=Glyph::Failed size=IconSize::Small />
                    <span>{error}</span>
                </p>
            }
        })
    }
}

/// A line of text: a name, an address, a number, a day.
#[component]
pub fn TextField(
    /// Unique in the page; also the name that the form is sent with.
    #[prop(into)]
    name: String,
    /// What to type.
    #[prop(into)]
    label: TextProp,
    /// What was typed.
    value: RwSignal<String>,
    /// Help, said before anything is wrong.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong and what to do; none while all is well.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// The `type` of the input: text, email, tel, url, number, date, time.
    #[prop(default = "text")]
    kind: &'static str,
    /// The `autocomplete` token, so that browsers can fill it in.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// The `inputmode`, so that a phone shows the right keys.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// May be left empty; the label says so.
    #[prop(optional)]
    optional: bool,
    /// Cannot be typed in.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Longest text.
    #[prop(optional)]
    maxlength: Option<u32>,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    tie_value!(node, value);
    let ids = Ids::new(&name);
    let described = {
        let (ids, has_hint) = (ids.clone(), hint.is_some());
        move || ids.describing(has_hint, error.get().is_some())
    };
    view! {
        <div class="field">
            <FieldLabel field=ids.field.clone() label optional />
            <Hint id=ids.hint hint />
            <input
                class="input"
                type=kind
                id=ids.field
                name=name
                node_ref=node
                value=value.get_untracked()
                autocomplete=autocomplete
                inputmode=inputmode
                maxlength=maxlength.map(|most| most.to_string())
                required=!optional
                disabled=move || disabled.get()
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
                on:input:target=move |event| value.set(event.target().value())
            />
            <FieldError id=ids.error error />
        </div>
    }
    .erased()
}

/// A password. It can be shown and pasted; it is never written into the page.
#[component]
pub fn PasswordField(
    /// Unique in the page.
    #[prop(into)]
    name: String,
    /// "Password".
    #[prop(into)]
    label: TextProp,
    /// What was typed.
    value: RwSignal<String>,
    /// Help, said before anything is wrong.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong and what to do; none while all is well.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// Is being chosen now, rather than entered again.
    #[prop(optional)]
    new: bool,
    /// Cannot be typed in.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Stands under the field: a `StrengthMeter`.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    tie_value!(node, value);
    let shown = RwSignal::new(false);
    let ids = Ids::new(&name);
    let described = {
        let (ids, has_hint) = (ids.clone(), hint.is_some());
        move || ids.describing(has_hint, error.get().is_some())
    };
    view! {
        <div class="field">
            <FieldLabel field=ids.field.clone() label optional=false />
            <Hint id=ids.hint hint />
            <div class="reveal">
                <input
                    class="input"
                    type=move || if shown.get() { "text" } else { "password" }
                    id=ids.field
                    name=name
                    node_ref=node
                    autocomplete=if new { "new-password" } else { "current-password" }
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    disabled=move || disabled.get()
                    aria-invalid=move || error.get().is_some().then_some("true")
                    aria-describedby=described
                    on:input:target=move |event| value.set(event.target().value())
                />
                <IconButton
                    glyph=Signal::derive(move || if shown.get() { Glyph::EyeOff } else { Glyph::Eye })
                    label=move || if shown.get() { "Hide password" } else { "Show password" }
                    on_press=move || shown.update(|shown| *shown = !*shown)
                />
            </div>
            {children.map(Children::draw)}
            <FieldError id=ids.error error />
        </div>
    }
    .erased()
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// Unique in the page; also the name that the form is sent with.
    #[prop(into)]
    name: String,
    /// What to type.
    #[prop(into)]
    label: TextProp,
    /// What was typed.
    value: RwSignal<String>,
    /// Help, said before anything is wrong.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong and what to do; none while all is well.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// How many lines at first.
    #[prop(default = 4)]
    rows: u8,
    /// May be left empty; the label says so.
    #[prop(optional)]
    optional: bool,
    /// Cannot be typed in.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let node = NodeRef::<html::Textarea>::new();
    tie_value!(node, value);
    let ids = Ids::new(&name);
    let described = {
        let (ids, has_hint) = (ids.clone(), hint.is_some());
        move || ids.describing(has_hint, error.get().is_some())
    };
    view! {
        <div class="field">
            <FieldLabel field=ids.field.clone() label optional />
            <Hint id=ids.hint hint />
            <textarea
                class="input"
                id=ids.field
                name=name
                node_ref=node
                rows=rows.to_string()
                required=!optional
                disabled=move || disabled.get()
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
                on:input:target=move |event| value.set(event.target().value())
            >
                {value.get_untracked()}
            </textarea>
            <FieldError id=ids.error error />
        </div>
    }
    .erased()
}

/// A line to search with. Its label is heard, not seen.
#[component]
pub fn SearchField(
    /// Unique in the page.
    #[prop(into)]
    name: String,
    /// What it searches: "Search your records".
    #[prop(into)]
    label: TextProp,
    /// What was typed.
    value: RwSignal<String>,
    /// An example in the empty field.
    #[prop(optional, into)]
    placeholder: Option<String>,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    tie_value!(node, value);
    view! {
        <div class="searching" role="search">
            <Icon glyph=Glyph::Search />
            <input
                class="input"
                type="search"
                id=format!("field-{name}")
                name=name
                node_ref=node
                value=value.get_untracked()
                placeholder=placeholder
                autocomplete="off"
                spellcheck="false"
                enterkeyhint="search"
                aria-label=move || label.get()
                on:input:target=move |event| value.set(event.target().value())
            />
        </div>
    }
    .erased()
}
