//! The first page: what it is, in plain words, and the two ways in.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::pages::guarded::side_of;
use crate::ui::{BareFrame, ButtonKind, Erase as _, Glyph, Icon, LinkButton, Side};
use crate::vault::{Status, use_status};
use crate::visitor::use_visitor;

/// `/`
#[component]
pub fn LandingPage() -> impl IntoView {
    let status = use_status();
    let visitor = use_visitor();
    let home = Memo::new(move |_| match status.get() {
        Status::Open(me) | Status::Locked(me) => Some(side_of(&me).home()),
        Status::Starting => visitor.side().map(Side::home),
        Status::SignedOut => None,
    });
    let point = |glyph: Glyph, title: &'static str, words: &'static str| {
        view! {
            <li class="row still top">
                <span class="tile"><Icon glyph /></span>
                <div class="stack grow"><strong>{title}</strong><span class="soft">{words}</span></div>
            </li>
        }
    };
    view! {
        <Title text="" />
        <BareFrame>
            <div class="stack even">
                <h1 class="hello">"Your health records, in your hands"</h1>
                <p>"Keep letters, results and pictures in one place. They are sealed on your own device before they leave it. You share them with your doctors, as far and as long as you say."</p>
                {move || match home.get() {
                    Some(href) => view! {
                        <div class="actions fill"><LinkButton href>"Go to your vault"</LinkButton></div>
                    }.erased(),
                    None => view! {
                        <div class="actions fill">
                            <LinkButton href="/sign-up">"Sign up"</LinkButton>
                            <LinkButton href="/sign-in" kind=ButtonKind::Quiet>"Sign in"</LinkButton>
                        </div>
                    }.erased(),
                }}
            </div>
            <ul class="stack even" role="list">
                {point(Glyph::Locked, "Only you can open them", "Nobody else has the key: not the people who run the server, not anybody who breaks into it.")}
                {point(Glyph::Sharing, "You share, and you stop", "With whom, what and until when. Stopping works at once.")}
                {point(Glyph::Eye, "You see who looked", "Every opening stands in your activity, in plain words.")}
            </ul>
        </BareFrame>
    }
    .erased()
}
