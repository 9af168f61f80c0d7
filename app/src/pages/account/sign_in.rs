//! Signing in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::entered::{email_error, way_back};
use crate::pages::asking::{use_act, use_alive};
use crate::pages::guarded::side_of;
use crate::pages::telling::TroubleAlert;
use crate::ui::{Alert, BareFrame, Button, Card, Erase as _, PasswordField, TextField, Tone};
use crate::vault::{Me, Status, Trouble, TroubleKind, use_status, use_vault};

/// `/sign-in`
#[component]
pub fn SignInPage() -> impl IntoView {
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let email_wrong = RwSignal::new(None::<String>);
    let password_wrong = RwSignal::new(None::<String>);
    let act = use_act();
    let alive = use_alive();
    go_on_when_signed_in();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (address, entered) = (email.get_untracked().trim().to_owned(), password.get_untracked());
        email_wrong.set(email_error(&address).map(str::to_owned));
        password_wrong.set(entered.is_empty().then(|| "Enter your password.".to_owned()));
        if email_wrong.with_untracked(Option::is_none) && !entered.is_empty() {
            act.run(move |vault| vault.sign_in(address, entered), |()| {});
        }
    };
    view! {
        <Title text="Sign in" />
        <BareFrame>
            <h1>"Sign in"</h1>
            <WhyHere />
            <Card>
                <form class="form" novalidate on:submit=send>
                    <TextField name="email" label="E-mail" kind="email" inputmode="email" autocomplete="username" value=email error=email_wrong />
                    <PasswordField name="password" label="Password" value=password error=password_wrong />
                    {move || act.trouble.get().map(trouble_alert)}
                    <Button submit=true full=true busy=act.busy disabled=Signal::derive(move || !alive.get())>"Sign in"</Button>
                    <p role="status" class="soft">
                        {move || act.busy.get().then_some("Opening your vault. This takes a moment: your password never leaves this device.")}
                    </p>
                </form>
            </Card>
            <p class="row ends">
                <a class="tap" href="/forgot">"Forgot your password?"</a>
                <a class="tap" href="/sign-up">"Sign up"</a>
            </p>
        </BareFrame>
    }
    .erased()
}

/// Why somebody stands here who did not sign out.
#[component]
fn WhyHere() -> impl IntoView {
    let vault = use_vault();
    let ended = move || vault.get().and_then(|vault| vault.ended().get());
    move || {
        ended().map(|ended| {
            let happened = "You are signed out here. It had been a while, or you signed out elsewhere, or another person signed in on this browser.";
            let next = "Sign in again to go on.";
            if ended.unfinished {
                let kept = "Files that were still on their way are kept on this device. A very large one may have to be chosen again.";
                view! { <Alert tone=Tone::Warn happened kept=kept next=next /> }.erased()
            } else {
                view! { <Alert tone=Tone::Warn happened next=next /> }.erased()
            }
        })
    }
}

/// What is said where a server is not what it should be. It may have taken the password by then, but nothing was opened.
const NOT_OPENED: &str = "Your vault was not opened. You may be signed in all the same.";

fn trouble_alert(trouble: Trouble) -> AnyView {
    let is_alarm = trouble.kind == TroubleKind::Alarm;
    let trouble = Signal::stored(Some(trouble));
    if is_alarm {
        view! { <TroubleAlert trouble kept=NOT_OPENED alone=true /> }.erased()
    } else {
        view! { <TroubleAlert trouble /> }.erased()
    }
}

/// Whoever is signed in has nothing to do here: on to where they came from, or to their first page. A locked vault asks
/// for the password there.
fn go_on_when_signed_in() {
    let status = use_status();
    let go_on = going_on();
    Effect::new(move |_| {
        if let Status::Open(me) | Status::Locked(me) = status.get() {
            go_on(&me);
        }
    });
}

/// Leads a person on to where they came from, or to their first page.
pub(super) fn going_on() -> impl Fn(&Me) + 'static {
    let query = use_query_map();
    let navigate = use_navigate();
    move |me| {
        let back = query.with_untracked(|query| way_back(query.get_str("back")));
        let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
        navigate(back.as_deref().unwrap_or(side_of(me).home()), options);
    }
}
