//! A new password for whoever knows the one that it takes the place of.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::entered::password_error;
use super::sign_up::NewPassword;
use crate::pages::asking::use_act;
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::telling::TroubleAlert;
use crate::ui::{Button, ButtonKind, Card, Erase as _, LinkButton, PasswordField, use_toasts};
use crate::vault::Me;

/// `/account/password`
#[component]
pub fn PasswordPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Everybody title="New password" page=Inside::Password /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside(me: Me) -> AnyView {
    view! { <PasswordView me /> }.erased()
}

/// The page.
#[component]
pub fn PasswordView(
    /// Whose it is.
    me: Me,
) -> impl IntoView {
    let (old, new) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (old_wrong, new_wrong) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let level = RwSignal::new(None::<u8>);
    let act = use_act();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let about = Signal::stored(vec![me.name, me.email.clone()]);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (before, chosen) = (old.get_untracked(), new.get_untracked());
        old_wrong.set(before.is_empty().then(|| "Enter the password that you have now.".to_owned()));
        let wrong = if !chosen.is_empty() && chosen == before {
            Some("This is the password that you have now. Choose another.")
        } else {
            password_error(&chosen, level.get_untracked())
        };
        new_wrong.set(wrong.map(str::to_owned));
        if [old_wrong, new_wrong].iter().any(|wrong| wrong.with_untracked(Option::is_some)) {
            return;
        }
        let navigate = navigate.clone();
        act.run(
            move |vault| vault.change_password(before, chosen),
            move |()| {
                toasts.good("Your new password is set, and everywhere else you are signed out.");
                if act.is_here() {
                    navigate("/account", NavigateOptions { replace: true, ..NavigateOptions::default() });
                }
            },
        );
    };
    view! {
        <div class="narrow stack wide">
            <div class="stack">
                <h1>"New password"</h1>
                <p class="soft">"It opens your vault from now on. Everywhere else you are signed out. Your recovery kit stays the same."</p>
            </div>
            <Card>
                <form class="form" novalidate on:submit=send>
                    <input type="email" hidden autocomplete="username" value=me.email />
                    <PasswordField name="password" label="Password that you have now" value=old error=old_wrong />
                    <NewPassword label="New password" password=new level error=new_wrong about />
                    <TroubleAlert trouble=act.trouble kept="Your password is as it was." />
                    <div class="actions fill">
                        <Button submit=true busy=act.busy>"Set the new password"</Button>
                        <LinkButton kind=ButtonKind::Quiet href="/account">"Keep the password as it is"</LinkButton>
                    </div>
                    <a href="/forgot">"Forgot your password?"</a>
                </form>
            </Card>
        </div>
    }
    .erased()
}
