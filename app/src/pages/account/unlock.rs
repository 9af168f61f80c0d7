//! The panel of a locked vault: whose it is, and the ways on. Nothing of the vault is in the page.

use leptos::prelude::*;

use crate::pages::asking::use_act;
use crate::pages::telling::TroubleAlert;
use crate::pages::words;
use crate::ui::{Button, ButtonKind, Card, Erase as _, Face, Glyph, PasswordField};
use crate::vault::Me;

/// Asks for the password of the one who is signed in.
#[component]
pub fn LockedPanel(
    /// Who is signed in.
    me: Me,
) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let missing = RwSignal::new(None::<String>);
    let unlock = use_act();
    let leave = use_act();
    let initials = words::initials(&me.name);
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let entered = password.get_untracked();
        if entered.is_empty() {
            missing.set(Some("Enter your password.".to_owned()));
            return;
        }
        missing.set(None);
        leave.trouble.set(None);
        unlock.run(move |vault| vault.unlock(entered), move |()| {});
    };
    view! {
        <div class="narrow stack wide">
            <div class="stack">
                <h1>"Locked"</h1>
                <p class="soft">"Your records are sealed. Nobody can read them on this device until you unlock."</p>
            </div>
            <Card>
                <div class="row still">
                    <Face initials />
                    <div class="stack grow">
                        <strong>{me.name}</strong>
                        <span class="soft">{me.email.clone()}</span>
                    </div>
                </div>
                <form class="form" on:submit=send>
                    <input type="email" hidden autocomplete="username" value=me.email />
                    <PasswordField name="password" label="Password" value=password error=missing />
                    <TroubleAlert trouble=unlock.trouble kept="Your vault stays locked. Nothing was lost." />
                    <TroubleAlert trouble=leave.trouble />
                    <div class="actions">
                        <Button submit=true glyph=Glyph::Unlocked busy=unlock.busy>"Unlock"</Button>
                        <Button
                            kind=ButtonKind::Quiet
                            glyph=Glyph::SignOut
                            busy=leave.busy
                            on_press=move || {
                                unlock.trouble.set(None);
                                leave.run(|vault| vault.sign_out(), |()| {});
                            }
                        >
                            "Sign out"
                        </Button>
                    </div>
                    <p class="hint">"If a file was still being added, signing out stops that. Your own files stay where they are. A picture that you took here may have to be taken again."</p>
                    <a href="/forgot">"Forgot your password?"</a>
                </form>
            </Card>
        </div>
    }
    .erased()
}
