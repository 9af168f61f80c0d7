//! A forgotten password: in by the recovery kit, with a new password.

use leptos::prelude::*;
use leptos_meta::Title;

use super::entered::{email_error, group, password_error};
use super::sign_in::going_on;
use super::sign_up::NewPassword;
use crate::pages::asking::{use_act, use_alive};
use crate::pages::telling::TroubleAlert;
use crate::ui::{BareFrame, Button, Card, Erase as _, TextArea, TextField, use_toasts};
use crate::vault::{Status, use_status};

/// Letters and digits in a whole kit.
const WHOLE_KIT: usize = 56;

/// `/forgot`
#[component]
pub fn ForgotPage() -> impl IntoView {
    let email = RwSignal::new(String::new());
    let code = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let level = RwSignal::new(None::<u8>);
    let email_wrong = RwSignal::new(None::<String>);
    let code_wrong = RwSignal::new(None::<String>);
    let password_wrong = RwSignal::new(None::<String>);
    let act = use_act();
    let alive = use_alive();
    let toasts = use_toasts();
    let status = use_status();
    let go_on = going_on();
    Effect::new(move |_| match status.get() {
        Status::Open(me) => go_on(&me),
        // Whoever comes here from a locked vault need not type the address.
        Status::Locked(me) if email.with_untracked(String::is_empty) => email.set(me.email),
        _ => {}
    });
    let typed = Signal::derive(move || code.with(|code| group(code).len()));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let address = email.get_untracked().trim().to_owned();
        let kit = code.get_untracked();
        let new = password.get_untracked();
        email_wrong.set(email_error(&address).map(str::to_owned));
        code_wrong.set(group(&kit).is_empty().then(|| "Enter the fourteen groups from your recovery kit.".to_owned()));
        password_wrong.set(password_error(&new, level.get_untracked()).map(str::to_owned));
        let fits = [email_wrong, code_wrong, password_wrong].iter().all(|wrong| wrong.with_untracked(Option::is_none));
        if fits {
            act.run(
                move |vault| vault.recover(address, kit, new),
                move |()| {
                    toasts
                        .good("Your new password is set. Your recovery kit stays the same: put it back in its place.");
                },
            );
        }
    };
    view! {
        <Title text="Forgot your password" />
        <BareFrame>
            <div class="stack">
                <h1>"Forgot your password?"</h1>
                <p class="soft">"Open your vault with your recovery kit and choose a new password. Without your password or your kit nobody can open your vault, not even we."</p>
            </div>
            <Card>
                <form class="form" novalidate on:submit=send>
                    <TextField name="email" label="E-mail" kind="email" inputmode="email" autocomplete="username" value=email error=email_wrong />
                    <div class="stack near code-entry">
                        <TextArea
                            name="kit"
                            label="Recovery code"
                            hint="All fourteen groups from the printed page, in their order. Small letters, spaces and line breaks do not matter."
                            rows=3
                            value=code
                            error=code_wrong
                        />
                        <p class="hint" role="status">
                            {move || match typed.get() {
                                0 => String::new(),
                                n if n >= WHOLE_KIT => "All fourteen groups are there.".to_owned(),
                                n => format!("{} of 14 groups", n / 4),
                            }}
                        </p>
                    </div>
                    <NewPassword label="New password" password level error=password_wrong about=Signal::derive(move || vec![email.get()]) />
                    // Where the answer was lost, or the vault behind it raises the alarm, the new password may be set.
                    <TroubleAlert trouble=act.trouble written=true alone=true kept="What you typed is still here." />
                    <Button submit=true full=true busy=act.busy disabled=Signal::derive(move || !alive.get())>"Set the new password"</Button>
                </form>
            </Card>
            <p><a class="tap" href="/sign-in">"Back to sign in"</a></p>
        </BareFrame>
    }
    .erased()
}
