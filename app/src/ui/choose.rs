//! Fields that are chosen, not typed: lists, boxes, switches and questions with a few answers.

use leptos::html;
use leptos::prelude::*;

use super::field::{FieldError, FieldLabel, Hint, Ids, tie_value};
use super::{Erase as _, Glyph, Icon, IconSize};

/// One of a list. For five or fewer use [`Choices`], which shows them all.
#[component]
pub fn Select(
    /// Unique in the page; also the name that the form is sent with.
    #[prop(into)]
    name: String,
    /// What to choose.
    #[prop(into)]
    label: TextProp,
    /// The value that is chosen.
    value: RwSignal<String>,
    /// Value and words of each.
    options: Vec<(String, String)>,
    /// Help, said before anything is wrong.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong and what to do; none while all is well.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// May be left as it is; the label says so.
    #[prop(optional)]
    optional: bool,
    /// Cannot be changed.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let node = NodeRef::<html::Select>::new();
    tie_value!(node, value);
    let ids = Ids::new(&name);
    let described = {
        let (ids, has_hint) = (ids.clone(), hint.is_some());
        move || ids.describing(has_hint, error.get().is_some())
    };
    let options = options
        .into_iter()
        .map(|(option, words)| {
            let selected = value.with_untracked(|value| *value == option);
            view! { <option value=option selected=selected>{words}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <FieldLabel field=ids.field.clone() label optional />
            <Hint id=ids.hint hint />
            <div class="select">
                <select
                    class="input"
                    id=ids.field
                    name=name
                    node_ref=node
                    disabled=move || disabled.get()
                    aria-invalid=move || error.get().is_some().then_some("true")
                    aria-describedby=described
                    on:change:target=move |event| value.set(event.target().value())
                >
                    {options}
                </select>
                <Icon glyph=Glyph::Down />
            </div>
            <FieldError id=ids.error error />
        </div>
    }
    .erased()
}

/// A box to tick, for something that is sent with a form.
#[component]
pub fn Checkbox(
    /// Unique in the page; also the name that the form is sent with.
    #[prop(into)]
    name: String,
    /// What ticking it means.
    #[prop(into)]
    label: TextProp,
    /// Whether it is ticked.
    checked: RwSignal<bool>,
    /// Help, said before anything is wrong.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong and what to do; none while all is well.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// Cannot be changed.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let ids = Ids::new(&name);
    let label_for = ids.field.clone();
    let described = {
        let (ids, has_hint) = (ids.clone(), hint.is_some());
        move || ids.describing(has_hint, error.get().is_some())
    };
    view! {
        <div class="check">
            <label for=label_for>
                <span class="check-box">
                    <input
                        type="checkbox"
                        id=ids.field
                        name=name
                        checked=checked.get_untracked()
                        prop:checked=move || checked.get()
                        disabled=move || disabled.get()
                        aria-invalid=move || error.get().is_some().then_some("true")
                        aria-describedby=described
                        on:change:target=move |event| checked.set(event.target().checked())
                    />
                    <Icon glyph=Glyph::Check size=IconSize::Small />
                </span>
                <span class="words">{move || label.get()}</span>
            </label>
            <Hint id=ids.hint hint />
            <FieldError id=ids.error error />
        </div>
    }
    .erased()
}

/// A switch, for something that takes effect at once.
#[component]
pub fn Switch(
    /// Unique in the page.
    #[prop(into)]
    name: String,
    /// What is on or off.
    #[prop(into)]
    label: TextProp,
    /// Whether it is on.
    on: RwSignal<bool>,
    /// What it does.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// Cannot be changed.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What to do when somebody has turned it.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
) -> impl IntoView {
    let turn = move |now: bool| {
        on.set(now);
        if let Some(on_change) = on_change {
            on_change.run(now);
        }
    };
    let ids = Ids::new(&name);
    let described = ids.describing(hint.is_some(), false);
    let label_for = ids.field.clone();
    let labelled_by = format!("{}-label", ids.field);
    let label_id = format!("{}-label", ids.field);
    view! {
        <label class="switch" for=label_for>
            <span class="words">
                <span id=label_id>{move || label.get()}</span>
                {hint.map(|hint| view! { <span class="hint" id=ids.hint>{move || hint.get()}</span> })}
            </span>
            <span class="switch-word" aria-hidden="true">{move || if on.get() { "On" } else { "Off" }}</span>
            <span class="switch-case">
                <input
                    type="checkbox"
                    role="switch"
                    id=ids.field
                    name=name
                    checked=on.get_untracked()
                    prop:checked=move || on.get()
                    disabled=move || disabled.get()
                    aria-labelledby=labelled_by
                    aria-describedby=described
                    on:change:target=move |event| turn(event.target().checked())
                />
                <span class="switch-track"></span>
            </span>
        </label>
    }
    .erased()
}

/// One of the things to choose from in [`Choices`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the form is sent with.
    pub value: String,
    /// What it is called.
    pub label: String,
    /// What it means; may be empty.
    pub hint: String,
}

impl Choice {
    /// A thing to choose, from its value, its name and its meaning.
    pub fn new(value: impl Into<String>, label: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: hint.into() }
    }
}

/// One of a few, all in sight, each with what it means.
#[component]
pub fn Choices(
    /// Unique in the page; also the name that the form is sent with.
    #[prop(into)]
    name: String,
    /// The question.
    #[prop(into)]
    label: TextProp,
    /// The value that is chosen.
    value: RwSignal<String>,
    /// The answers.
    choices: Vec<Choice>,
    /// Help, said before anything is wrong.
    #[prop(optional, into)]
    hint: Option<TextProp>,
    /// What is wrong and what to do; none while all is well.
    #[prop(optional, into)]
    error: MaybeProp<String>,
) -> impl IntoView {
    let ids = Ids::new(&name);
    let described = {
        let (ids, has_hint) = (ids.clone(), hint.is_some());
        move || ids.describing(has_hint, error.get().is_some())
    };
    let items = choices
        .into_iter()
        .zip(1usize..)
        .map(move |(Choice { value: own, label, hint }, place)| {
            let id = format!("{}-{place}", ids.field);
            let hint_id = format!("{id}-hint");
            let label_for = id.clone();
            let label_id = format!("{id}-label");
            let labelled_by = label_id.clone();
            let own_name = name.clone();
            let described = (!hint.is_empty()).then(|| hint_id.clone());
            let (is_own, set_own) = (own.clone(), own.clone());
            let checked = value.with_untracked(|value| *value == own);
            view! {
                <label class="choice" for=label_for>
                    <span class="check-box">
                        <input
                            type="radio"
                            id=id
                            name=own_name
                            value=own
                            checked=checked
                            prop:checked=move || value.with(|value| *value == is_own)
                            aria-labelledby=labelled_by
                            aria-describedby=described
                            on:change=move |_| value.set(set_own.clone())
                        />
                    </span>
                    <span class="words">
                        <strong id=label_id>{label}</strong>
                        {(!hint.is_empty()).then(|| view! { <span class="hint" id=hint_id>{hint}</span> })}
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field" aria-describedby=described>
            <legend class="group-label">{move || label.get()}</legend>
            <Hint id=ids.hint hint />
            <div class="choices">{items}</div>
            <FieldError id=ids.error error />
        </fieldset>
    }
    .erased()
}
