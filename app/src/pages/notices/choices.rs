//! What one is told of, and by which way.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::sentence::choice_words;
use crate::api::Refused;
use crate::api::notices::{NoticeChoice, choose_notices, notice_choices};
use crate::pages::asking::use_alive;
use crate::ui::{Alert, Card, Skeleton, Switch, Tone};

/// The choices of whoever is signed in.
#[component]
pub fn ChoicesCard() -> impl IntoView {
    let choices = RwSignal::new(None::<Result<Vec<NoticeChoice>, Refused>>);
    let alive = use_alive();
    Effect::new(move |_| {
        if alive.get() {
            spawn_local(async move {
                let answer = notice_choices().await;
                choices.try_set(Some(answer));
            });
        }
    });
    view! {
        <Card title="What you are told">
            {move || match choices.get() {
                None => view! { <Skeleton label="Getting your choices" count=4 /> }.into_any(),
                Some(Err(refused)) => view! { <Alert tone=Tone::Stop happened=refused.to_string() next="Nothing was changed. Load the page again in a moment." /> }.into_any(),
                Some(Ok(choices)) => view! { <ChoiceList choices /> }.into_any(),
            }}
        </Card>
    }
    .into_any()
}

/// The choices.
#[component]
pub fn ChoiceList(
    /// As they are now.
    choices: Vec<NoticeChoice>,
) -> impl IntoView {
    let failed = RwSignal::new(None::<Refused>);
    let (open, fixed): (Vec<_>, Vec<_>) = choices.into_iter().partition(|choice| !choice.kind.is_security());
    let sections = open.into_iter().map(|choice| view! { <ChoiceRow choice failed /> }).collect_view();
    let always = fixed.into_iter().map(|choice| view! { <li>{choice_words(choice.kind)}</li> }).collect_view();
    view! {
        {move || failed.get().map(|refused| view! {
            <Alert tone=Tone::Stop happened=refused.to_string() next="This choice was not saved. Try again in a moment." />
        })}
        <div class="stack">{sections}</div>
        <h3>"Always, here and by mail"</h3>
        <p class="hint">"These are about the safety of your account, so they cannot be switched off."</p>
        <ul class="points">{always}</ul>
        <p class="hint">"A mail says only that something happened. It never says who, or what is in your records. Openings are told of once a day at most."</p>
    }
    .into_any()
}

#[component]
fn ChoiceRow(choice: NoticeChoice, failed: RwSignal<Option<Refused>>) -> impl IntoView {
    let (in_app, by_mail) = (RwSignal::new(choice.in_app), RwSignal::new(choice.by_mail));
    let words = choice_words(choice.kind);
    Effect::new(move |before: Option<NoticeChoice>| {
        let chosen = NoticeChoice { kind: choice.kind, in_app: in_app.get(), by_mail: by_mail.get() };
        if let Some(before) = before
            && before != chosen
        {
            failed.set(None);
            spawn_local(async move {
                if let Err(refused) = choose_notices(chosen).await {
                    failed.try_set(Some(refused));
                    in_app.try_set(before.in_app);
                    by_mail.try_set(before.by_mail);
                }
            });
        }
        chosen
    });
    let name = format!("{:?}", choice.kind).to_lowercase();
    view! {
        <fieldset class="choice-pair">
            <legend>{words}</legend>
            <Switch name=format!("{name}-here") label="Here" on=in_app />
            <Switch name=format!("{name}-mail") label="By mail" on=by_mail />
        </fieldset>
    }
    .into_any()
}
