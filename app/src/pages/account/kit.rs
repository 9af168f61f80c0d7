//! The recovery kit: shown once, printed, and typed back before going on. The groups are never stored.

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

use super::entered::{asked_groups, group};
use crate::ui::{Alert, Button, ButtonKind, Card, Dialog, Erase as _, Glyph, MarkSign, RecoveryCode, TextField, Tone};

/// Shows the kit and lets nobody go by accident.
#[component]
pub fn KitStep(
    /// The groups.
    #[prop(into)]
    groups: Signal<Vec<String>>,
    /// Asks whether to leave without it.
    leaving: RwSignal<bool>,
    /// Two groups were typed back, or the person goes without.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    // Closing or loading the page anew is the browser's question to ask.
    let unload = window_event_listener(ev::beforeunload, |event| {
        event.prevent_default();
        event.set_return_value("The recovery kit is shown only once.");
    });
    on_cleanup(move || unload.remove());
    let (first, second) = groups.with_untracked(|groups| asked_groups(groups));
    let (typed_first, typed_second) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (wrong_first, wrong_second) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let check = move |place: usize, typed: RwSignal<String>, wrong: RwSignal<Option<String>>| {
        let fits = groups.with_untracked(|groups| {
            groups.get(place).is_some_and(|right| typed.with_untracked(|typed| group(typed) == group(right)))
        });
        wrong.set((!fits).then(|| format!("This is not group {}. Look at your printed kit again.", place + 1)));
        fits
    };
    let send = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let both = [check(first, typed_first, wrong_first), check(second, typed_second, wrong_second)];
        if both == [true, true] {
            on_done.run(());
        }
    };
    let print = move || {
        // Without a printer the browser says so itself.
        drop(window().print());
    };
    view! {
        <div class="stack">
            <h1>"Your recovery kit"</h1>
            <p class="soft">"Shown once, here and now. Print it before you go on."</p>
        </div>
        <Alert
            still=true
            tone=Tone::Warn
            happened="Nobody can help you without it."
            next="If you forget your password, these fourteen groups are the only way into your vault. We do not have them, so we cannot send them again."
        />
        <Card>
            <div class="kit">
                <div class="paper-only stack near">
                    <MarkSign />
                    <h2>"HealthBridge recovery kit"</h2>
                    <p>"With this code, whoever holds it can open the vault. Keep it where you keep your passport. To use it, go to the HealthBridge sign-in page and choose \"Forgot your password?\"."</p>
                </div>
                <RecoveryCode groups />
                <p class="paper-only">"Whose vault it is, and the e-mail address:"</p>
                <div class="write" aria-hidden="true"></div>
            </div>
            <div class="actions fill">
                <Button glyph=Glyph::Print on_press=print>"Print the kit"</Button>
            </div>
            <p class="hint">"\"Save as PDF\" is in the print dialog. Do not keep the file on this device only, and do not send it by e-mail."</p>
        </Card>
        <Card title="Type two groups back">
            <p>"So that we both know the kit is safe on paper."</p>
            <form class="form" novalidate on:submit=send>
                <TextField name="first-group" label=format!("Group {}", first + 1) autocomplete="off" value=typed_first error=wrong_first />
                <TextField name="second-group" label=format!("Group {}", second + 1) autocomplete="off" value=typed_second error=wrong_second />
                <Button submit=true full=true>"Go on to my vault"</Button>
            </form>
        </Card>
        <Leaving leaving on_leave=on_done />
    }
    .erased()
}

/// Asks before the kit is gone.
#[component]
fn Leaving(leaving: RwSignal<bool>, on_leave: Callback<()>) -> impl IntoView {
    // In the capture phase, before the router follows a link of the frame.
    Effect::new(move |_| {
        let handler =
            leptos::wasm_bindgen::closure::Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
                let on_link = event
                    .target()
                    .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
                    .and_then(|element| element.closest("a[href]:not([href^='#'])").ok().flatten())
                    .is_some();
                if on_link {
                    event.prevent_default();
                    leaving.set(true);
                }
            });
        let main = document();
        drop(main.add_event_listener_with_callback_and_bool("click", handler.as_ref().unchecked_ref(), true));
        let handler = StoredValue::new_local(handler);
        on_cleanup(move || {
            handler.try_with_value(|handler| {
                drop(document().remove_event_listener_with_callback_and_bool(
                    "click",
                    handler.as_ref().unchecked_ref(),
                    true,
                ));
            });
        });
    });
    view! {
        <Dialog id="leave-kit" open=leaving title="Leave without the recovery kit?">
            <p>"It is shown only now. If you have not printed it and forget your password, your records are lost for good."</p>
            <div class="actions">
                <Button kind=ButtonKind::Stop on_press=move || on_leave.run(())>"Leave without it"</Button>
                <Button on_press=move || leaving.set(false)>"Stay here"</Button>
            </div>
        </Dialog>
    }
    .erased()
}
