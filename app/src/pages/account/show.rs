//! The account: what others see of it, the safety phrase, and the ways out.

use leptos::prelude::*;

use crate::pages::asking::use_act;
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::telling::TroubleAlert;
use crate::pages::words;
use crate::ui::{
    Alert, Button, ButtonKind, Card, Chip, Erase as _, Face, Fact, Facts, Glyph, LinkButton, SafetyPhrase, Tone,
    use_toasts,
};
use crate::vault::{Me, use_vault};

/// `/account`
#[component]
pub fn AccountPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Everybody title="Your account" page=Inside::Account /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside(me: Me) -> AnyView {
    view! { <AccountView me /> }.erased()
}

/// The page.
#[component]
pub fn AccountView(
    /// Whose it is.
    me: Me,
) -> impl IntoView {
    let lock = use_act();
    let leave = use_act();
    let elsewhere = use_act();
    let toasts = use_toasts();
    let sign_out_elsewhere = move || {
        let done = move |()| toasts.good("You are signed out everywhere else.");
        elsewhere.run(|vault| vault.sign_out_elsewhere(), done);
    };
    let initials = words::initials(&me.name);
    let provider = me.provider.clone();
    let (side, seen, safety) = if provider.is_some() {
        (
            "A care team: patients share with you.",
            "Those who share with you see your e-mail address and your name.",
            "Whoever shares with you sees these six words, too. Compare them, in person or on a call. If they are the same, they share with you and with nobody in your place.",
        )
    } else {
        (
            "A patient: you keep your own records.",
            "Those you share with see your e-mail address and your name.",
            "A care team that you share with sees these six words, too. Compare them, in person or on a call. If they are the same, they know that it is really you who shares.",
        )
    };
    view! {
        <h1>"Your account"</h1>
        <div class="halves">
            <div class="stack wide">
                <Card>
                    <div class="row still">
                        <Face initials />
                        <div class="stack grow"><h2>{me.name}</h2><span class="soft">{me.email.clone()}</span></div>
                    </div>
                    <Facts>
                        <Fact name="You are">{side}</Fact>
                        {provider.map(|provider| view! {
                            <Fact name="What you do">{provider.specialty}</Fact>
                            <Fact name="Where">{provider.organisation}</Fact>
                            <Fact name="Profession">
                                {if provider.verified {
                                    view! { <Chip tone=Tone::Good glyph=Glyph::Check>"checked"</Chip> }.erased()
                                } else {
                                    view! { <Chip tone=Tone::Warn glyph=Glyph::Warning>"not checked yet"</Chip> }.erased()
                                }}
                            </Fact>
                        })}
                    </Facts>
                    <p class="hint">{seen}</p>
                </Card>
                <Card title="Other devices, and your password">
                    <p>"If you are signed in somewhere that you do not know, or do not have any more, sign out there. Here you stay signed in."</p>
                    <TroubleAlert trouble=elsewhere.trouble kept="You are signed in here as before." />
                    <div class="actions fill">
                        <Button kind=ButtonKind::Quiet glyph=Glyph::SignOut busy=elsewhere.busy on_press=sign_out_elsewhere>"Sign out everywhere else"</Button>
                        <LinkButton kind=ButtonKind::Quiet href="/account/password">"Choose a new password"</LinkButton>
                    </div>
                </Card>
                <Card title="This device">
                    <p>"While it is unlocked, whoever holds this device can read your records. It locks by itself after 30 minutes without use."</p>
                    <OnTheirWay />
                    <TroubleAlert trouble=lock.trouble />
                    <TroubleAlert trouble=leave.trouble />
                    <div class="actions fill">
                        <Button glyph=Glyph::Locked busy=lock.busy on_press=move || lock.run(|vault| vault.lock(), |()| {})>"Lock now"</Button>
                        <Button kind=ButtonKind::Quiet glyph=Glyph::SignOut busy=leave.busy on_press=move || leave.run(|vault| vault.sign_out(), |()| {})>"Sign out"</Button>
                    </div>
                </Card>
            </div>
            <div class="stack wide">
                <Card title="Your safety phrase">
                    <p>{safety}</p>
                    <SafetyPhrase words=me.phrase />
                </Card>
                <Card title="Protection">
                    <p>"What the server can see, what it cannot, and where the protection ends."</p>
                    <div class="actions"><LinkButton kind=ButtonKind::Quiet href="/security" glyph=Glyph::Shield>"How it is protected"</LinkButton></div>
                </Card>
            </div>
        </div>
    }
    .erased()
}

/// What becomes of files on their way, before somebody signs out over them.
#[component]
fn OnTheirWay() -> impl IntoView {
    use_vault().get().map(|vault| {
        let uploads = vault.uploads();
        let unfinished = Memo::new(move |_| uploads.with(|all| all.iter().filter(|it| it.is_unfinished()).count()));
        move || {
            let files = match unfinished.get() {
                0 => return None,
                1 => "1 file is".to_owned(),
                more => format!("{more} files are"),
            };
            Some(view! {
                <Alert
                    tone=Tone::Warn
                    happened=format!("{files} not in your vault yet.")
                    next="Signing out stops that. Your own files stay where they are, but a picture that you took here may have to be taken again. If you lock instead, it goes on once you unlock."
                />
            })
        }
    })
}
