//! How records are protected, with the limits said where the promises stand.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::{Alert, BareFrame, Card, Erase as _, Glyph, Icon, IconSize, Tone};

fn list(glyph: Glyph, items: &[&'static str]) -> impl IntoView + use<> {
    let items = items
        .iter()
        .map(|item| view! { <li class="row still top"><Icon glyph size=IconSize::Small /><span class="grow">{*item}</span></li> })
        .collect_view();
    view! { <ul class="stack near points" role="list">{items}</ul> }
}

/// `/security`
#[component]
pub fn SecurityPage() -> impl IntoView {
    view! {
        <Title text="How it is protected" />
        <BareFrame broad=true>
            <div class="stack measure">
                <h1>"How your records are protected"</h1>
                <p>"Your records are sealed on your own device. The server keeps sealed boxes: it can count and weigh them, but not open them. The keys stay with you, and with those you share with."</p>
            </div>
            <div class="halves">
                <Card title="What the server cannot see">
                    {list(Glyph::Check, &[
                        "What is in your records: texts, pictures, results.",
                        "Titles, kinds, dates, notes and file names.",
                        "What you search for.",
                        "Your password and your recovery kit.",
                    ])}
                </Card>
                <Card title="What the server can see">
                    {list(Glyph::Eye, &[
                        "Who has an account: name, e-\u{2060}mail address, and what a care team says of itself.",
                        "Who shares with whom, and until when. Instead of what, it sees a number without meaning.",
                        "When somebody adds, opens or saves something, from which address on the internet, and with which browser.",
                        "What you are told: which kind of thing happened, who did it, the number of the record, and whether you saw it. What you choose to be told of, and e-\u{2060}mail that waits to be sent.",
                        "How much: the number and the rough size of the sealed boxes.",
                    ])}
                </Card>
            </div>
            <Card title="What sharing can and cannot do">
                {list(Glyph::Sharing, &[
                    "A share names one person, what they get, and until when. Only their key opens it.",
                    "When you stop it, the server refuses at once, the key turns for everything you add later, and what was shared is sealed anew.",
                    "Every opening is written into your history before the record is handed out. Your device checks that history: what is taken out or changed is noticed.",
                ])}
                <Alert still=true tone=Tone::Warn happened="A copy cannot be taken back." next="What a person has seen, saved or photographed stays with them. Share with people you trust, and for as short a time as will do." />
            </Card>
            <Card title="Where the protection ends">
                {list(Glyph::Warning, &[
                    "Whoever holds your unlocked device can see what you see. Lock it.",
                    "If you lose your password and your recovery kit, nobody can open your vault, not even we.",
                    "The program that seals your records comes from the server. Whoever takes the server over could send another program. The command-line program, installed once, does not have this limit.",
                    "The server keeps the sealed boxes. It could read those itself without writing it down, but a sealed box is all it would read.",
                    "A new person to share with is known by their word until you compare the six words of the safety phrase.",
                ])}
            </Card>
        </BareFrame>
    }
    .erased()
}
