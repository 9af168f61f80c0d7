//! Signing up: who, with which password, and then the recovery kit.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::entered::{email_error, name_error, password_error};
use super::kit::KitStep;
use crate::pages::asking::{use_act, use_alive};
use crate::pages::guarded::side_of;
use crate::pages::telling::TroubleAlert;
use crate::ui::{
    BareFrame, Button, Card, Choice, Choices, Erase as _, PasswordField, Side, Steps, StrengthMeter, TextField,
};
use crate::vault::{Provider, SignUp, Status, TroubleKind, use_status, use_vault};

/// `/sign-up`
#[component]
pub fn SignUpPage() -> impl IntoView {
    // The groups live here and nowhere else. While they are shown the address says so, so that "back" is noticed.
    let groups = RwSignal::new(Vec::<String>::new());
    let side = RwSignal::new(Side::Patient);
    let leaving = RwSignal::new(false);
    let at_kit = Signal::derive(move || groups.with(|groups| !groups.is_empty()));
    let status = use_status();
    let query = use_query_map();
    let navigate = use_navigate();
    let to = {
        let navigate = navigate.clone();
        move |path: &str| {
            navigate(path, NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    };
    let signing_up = RwSignal::new(false);
    Effect::new({
        let to = to.clone();
        move |_| {
            if let (Status::Open(me) | Status::Locked(me), false, false) =
                (status.get(), signing_up.get(), at_kit.get())
            {
                to(side_of(&me).home());
            }
        }
    });
    Effect::new(move |_| {
        let in_address = query.with(|query| query.get_str("step") == Some("kit"));
        if at_kit.get() && !in_address {
            if signing_up.get_untracked() {
                signing_up.set(false);
            } else {
                leaving.set(true);
            }
            navigate("/sign-up?step=kit", NavigateOptions::default());
        }
    });
    let finish = move |()| {
        groups.set(Vec::new());
        to(side.get_untracked().home());
    };
    view! {
        <Title text="Sign up" />
        <BareFrame>
            <Steps names=vec!["About you", "Recovery kit"] current=Signal::derive(move || usize::from(at_kit.get())) />
            {move || if at_kit.get() {
                view! { <KitStep groups leaving on_done=finish.clone() /> }.erased()
            } else {
                view! { <AboutYou groups side signing_up /> }.erased()
            }}
        </BareFrame>
    }
    .erased()
}

/// The first step: who, and with which password.
#[component]
fn AboutYou(groups: RwSignal<Vec<String>>, side: RwSignal<Side>, signing_up: RwSignal<bool>) -> impl IntoView {
    let new = || RwSignal::new(String::new());
    let (kind, name, email, password) = (RwSignal::new("patient".to_owned()), new(), new(), new());
    let (specialty, organisation) = (new(), new());
    let level = RwSignal::new(None::<u8>);
    let wrong = || RwSignal::new(None::<String>);
    let (name_wrong, email_wrong, password_wrong, specialty_wrong, organisation_wrong) =
        (wrong(), wrong(), wrong(), wrong(), wrong());
    let act = use_act();
    let alive = use_alive();
    let is_provider = Memo::new(move |_| kind.with(|kind| kind == "provider"));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let words = |error: Option<&'static str>| error.map(str::to_owned);
        let missing = |value: RwSignal<String>, words: &str| {
            (is_provider.get_untracked() && value.with_untracked(|value| value.trim().is_empty()))
                .then(|| words.to_owned())
        };
        name_wrong.set(words(name.with_untracked(|name| name_error(name))));
        email_wrong.set(words(email.with_untracked(|email| email_error(email))));
        let rated = level.get_untracked();
        password_wrong.set(words(password.with_untracked(|new| password_error(new, rated))));
        specialty_wrong.set(missing(specialty, "Enter what you do, such as Cardiology."));
        organisation_wrong.set(missing(organisation, "Enter where you work, such as St. Anna Hospital."));
        let all = [name_wrong, email_wrong, password_wrong, specialty_wrong, organisation_wrong];
        if !all.iter().all(|wrong| wrong.with_untracked(Option::is_none)) {
            return;
        }
        let trimmed = |value: RwSignal<String>| value.with_untracked(|value| value.trim().to_owned());
        let provider = is_provider.get_untracked().then(|| Provider {
            specialty: trimmed(specialty),
            organisation: trimmed(organisation),
            verified: false,
        });
        side.set(if provider.is_some() { Side::Provider } else { Side::Patient });
        let entered =
            SignUp { name: trimmed(name), email: trimmed(email), password: password.get_untracked(), provider };
        signing_up.set(true);
        act.run(move |vault| vault.sign_up(entered), move |made| groups.set(made));
    };
    Effect::new(move |_| {
        if act.trouble.with(Option::is_some) {
            signing_up.set(false);
        }
    });
    view! {
        <div class="stack">
            <h1>"Sign up"</h1>
            <p class="soft">"Your records are sealed on this device before they leave it. Only you, and those you share with, can open them."</p>
        </div>
        <Card>
            <form class="form" novalidate on:submit=send>
                <Choices
                    name="side"
                    label="Who are you here?"
                    hint="If you help somebody, such as your father, choose \"A patient\". Sign up together and enter his name: the vault is his."
                    value=kind
                    choices=vec![
                        Choice::new("patient", "A patient", "You keep your own records and share them."),
                        Choice::new("provider", "A care team", "A doctor, a nurse, a laboratory: patients share with you."),
                    ]
                />
                <TextField name="name" label="Your name" autocomplete="name" value=name error=name_wrong />
                {move || is_provider.get().then(|| view! {
                    <TextField name="specialty" label="What you do" hint="Such as Cardiology or Laboratory." value=specialty error=specialty_wrong />
                    <TextField name="organisation" label="Where you work" hint="Such as St. Anna Hospital." autocomplete="organization" value=organisation error=organisation_wrong />
                })}
                <TextField name="email" label="E-mail" kind="email" inputmode="email" autocomplete="username" value=email error=email_wrong />
                <NewPassword label="Password" password level error=password_wrong about=Signal::derive(move || vec![name.get(), email.get()]) />
                {move || act.trouble.get().map(|trouble| {
                    let kept = kept_words(trouble.kind);
                    view! { <TroubleAlert trouble=Signal::stored(Some(trouble)) kept /> }
                })}
                <Button submit=true full=true busy=act.busy disabled=Signal::derive(move || !alive.get())>"Make my vault"</Button>
                <p role="status" class="soft">{move || act.busy.get().then_some("Making your keys on this device. This takes a moment.")}</p>
            </form>
        </Card>
        <p>"Already have a vault? " <a class="tap" href="/sign-in">"Sign in"</a></p>
    }
    .erased()
}

/// What is left of a sign-up that failed. Only what is wrong with the entries, and a server that cannot be reached,
/// tell for certain that no account was made.
const fn kept_words(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::Input | TroubleKind::Offline | TroubleKind::Busy => {
            "No account was made, and what you typed is still here."
        }
        _ => {
            "What you typed is still here. The account may be there all the same: try to sign in before you sign up again."
        }
    }
}

/// A password that is chosen, with how good it is.
#[component]
pub fn NewPassword(
    /// "Password".
    label: &'static str,
    /// What was typed.
    password: RwSignal<String>,
    /// How good it is: 0 (refused) to 4; none while that is being found out.
    level: RwSignal<Option<u8>>,
    /// What is wrong.
    error: RwSignal<Option<String>>,
    /// What the password must not be made of: name and address.
    about: Signal<Vec<String>>,
) -> impl IntoView {
    let vault = use_vault();
    let advice = RwSignal::new(None::<String>);
    // The meter keeps its last answer while the next one is on its way.
    let shown = RwSignal::new(None::<u8>);
    Effect::new(move |_| {
        let (typed, about) = (password.get(), about.get());
        let Some(vault) = vault.get() else { return };
        level.set(None);
        error.set(None);
        if typed.is_empty() {
            shown.set(None);
            advice.set(None);
            return;
        }
        let rating = untrack(|| vault.rate_password(typed.clone(), about));
        spawn_local(async move {
            // What is not rated now is left to the vault, which refuses what is easy to guess in any case.
            let Some((rated, words)) = rating.await else { return };
            // What was typed meanwhile is rated by its own question.
            if password.try_get_untracked().is_some_and(|now| now == typed) {
                level.try_set(Some(rated));
                shown.try_set(Some(rated));
                advice.try_set(words);
            }
        });
    });
    // What is wrong says what to do, too: nothing is said twice.
    let advice = Signal::derive(move || advice.get().filter(|_| error.with(Option::is_none)));
    view! {
        <PasswordField name="new-password" label new=true value=password error hint="At least 12 characters. You may paste one.">
            <StrengthMeter level=shown advice />
        </PasswordField>
    }
    .erased()
}
