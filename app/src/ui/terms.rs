//! The words that pages use, and the technical ones that they stand for. `tests/words.rs` holds every message to them.

use leptos::prelude::*;

use super::{Card, Erase as _};

/// What is said, and what never is: the beginning of a word, in lower case.
pub const TERMS: [(&str, &[&str]); 22] = [
    ("seal", &["encrypt", "cipher"]),
    ("open, unlock", &["decrypt"]),
    ("sign in, sign out, sign up", &["login", "log in", "log out", "logout", "authenticat", "register"]),
    ("e-mail and password", &["credential", "username"]),
    ("add, send", &["upload"]),
    ("save a copy", &["download", "export"]),
    ("share", &["grant"]),
    ("stop sharing", &["revoke", "revocation"]),
    ("ends", &["expire", "expiry", "terminat"]),
    ("may see, may save copies", &["permission", "authoriz", "authoris", "privilege"]),
    ("doctor, care team", &["provider", "practitioner"]),
    ("person, you", &["user"]),
    ("the person's name", &["recipient", "grantee"]),
    ("what happened, and what to do", &["error", "invalid", "exception", "unexpected"]),
    ("takes long", &["timeout", "timed out", "latency"]),
    ("try again", &["retry"]),
    ("part of a file", &["chunk", "segment", "blob", "payload"]),
    ("what is known about a record", &["metadata", "attribute"]),
    ("looks for what is new", &["sync", "cache", "refresh"]),
    ("press, choose", &["click", "tap", "submit", "configur", "toggle"]),
    ("switch on, switch off", &["enable", "disable", "activate"]),
    ("recovery kit, safety phrase", &["fingerprint", "token", "hash", "secret key", "private key"]),
];

/// Most words in a sentence.
pub const LONGEST: usize = 28;

/// The list, for whoever writes a message.
#[component]
pub fn PlainTerms() -> impl IntoView {
    let rows = TERMS.map(|(say, never)| view! { <tr><th scope="row">{say}</th><td>{never.join(", ")}</td></tr> });
    view! {
        <Card title="Plain terms">
            <p class="soft">{format!("Every message is checked against this list, and for sentences of more than {LONGEST} words.")}</p>
            <table class="table terms">
                <thead><tr><th scope="col">"We say"</th><th scope="col">"Not"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </Card>
    }
    .erased()
}
