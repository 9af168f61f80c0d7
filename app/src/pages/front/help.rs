//! Short answers to what people ask first.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::{BareFrame, Card, Erase as _};

const ANSWERS: [(&str, &str); 6] = [
    (
        "I forgot my password",
        "Choose \"Forgot your password?\" on the sign-in page and type in the code from your recovery kit. Without password and kit nobody can open your vault.",
    ),
    (
        "Which files can I add?",
        "All of them. Photos, PDF files, texts, and CT and MR images are shown here; other files are kept as they are, and you can save a copy.",
    ),
    (
        "How do I share with my doctor?",
        "Ask for the e-mail address of the doctor's account here. Choose \"Share\", what, and until when. If you can, compare the six words of the safety phrase in person.",
    ),
    (
        "How do I stop sharing?",
        "Under \"Sharing\", choose \"Stop sharing\". It works at once. What a person has seen or saved cannot be taken back.",
    ),
    ("Who looked at my records?", "\"Activity\" shows every opening, with name and time."),
    (
        "What does \"Locked\" mean?",
        "The keys are not on this device any more, so nothing can be read here. Your password opens it again. A vault locks by itself after 30 minutes without use.",
    ),
];

/// `/help`
#[component]
pub fn HelpPage() -> impl IntoView {
    let cards =
        ANSWERS.iter().map(|(title, answer)| view! { <Card title=*title><p>{*answer}</p></Card> }).collect_view();
    view! {
        <Title text="Help" />
        <BareFrame>
            <h1>"Help"</h1>
            {cards}
        </BareFrame>
    }
    .erased()
}
