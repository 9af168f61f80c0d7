//! Telling what went wrong: what happened, what was kept, and what to do, in the page or where the page is gone.

use leptos::prelude::*;

use crate::alarms::use_standing;
use crate::ui::{Alert, Button, ButtonKind, Erase as _, Glyph, Tone};
use crate::vault::{Trouble, TroubleKind};

/// What to do after a trouble, where the page knows nothing better.
pub fn next_words(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::Input => "Correct it and try again.",
        TroubleKind::Offline => "Try again a little later.",
        TroubleKind::Busy => "There is nothing else that you have to do.",
        TroubleKind::Gone => "Go back to the list, which shows what is there now.",
        TroubleKind::Alarm => "Do not rely on what this page shows. Tell the people who run this server.",
        TroubleKind::NotShown => "You can save a copy and open it with another program.",
        TroubleKind::Locked => "Unlock your vault and try again.",
        TroubleKind::Other => "Try again in a moment.",
        TroubleKind::Restored => {
            "Look what is missing: what you had added can be added again, and what you had stopped sharing may have to be stopped again. If nobody told you of this, ask the people who run this server."
        }
        TroubleKind::Broken => "Load the page again to go on.",
    }
}

/// The same, where nothing is shown because of it: then there is nothing to rely on. What was kept may say so already.
fn next_words_alone(kind: TroubleKind, says_kept: bool) -> &'static str {
    match (kind, says_kept) {
        (TroubleKind::Alarm, false) => "So nothing is shown here. Tell the people who run this server.",
        (TroubleKind::Alarm, true) => "Tell the people who run this server.",
        (kind, _) => next_words(kind),
    }
}

/// Loads the page again. What is installed on a phone has no button of the browser's for that.
#[component]
pub fn LoadAgain() -> impl IntoView {
    // A page that cannot be loaded stays as it is.
    let load = move |()| drop(location().reload());
    view! { <Button kind=ButtonKind::Quiet glyph=Glyph::Again on_press=Callback::new(load)>"Load this page again"</Button> }.erased()
}

/// Whether something that was to be written may have been, although it failed: no answer came.
fn is_unsure(kind: TroubleKind) -> bool {
    matches!(kind, TroubleKind::Offline | TroubleKind::Broken)
}

/// What is said of a deed that failed, where nothing of it is in sight any more. Pure.
pub(super) fn failed(deed: &str, trouble: &Trouble) -> String {
    let Trouble { happened, kind } = trouble;
    let did = if is_unsure(*kind) { "may not have worked" } else { "did not work" };
    format!("{deed} {did}. {happened} {}", next_after_writing(*kind))
}

/// What to do after a trouble with something that was to be written.
fn next_after_writing(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::Offline => "Look again when the connection is back: it may have been done all the same.",
        TroubleKind::Broken => "Load the page again and look: it may have been done all the same.",
        kind => next_words(kind),
    }
}

/// Whether two troubles are one: in the same words, or a server that does not answer, in whichever.
pub fn is_same(one: &Trouble, other: &Trouble) -> bool {
    one == other || [one, other].iter().all(|trouble| trouble.kind == TroubleKind::Offline)
}

/// What stands in the place of words that the alarm above the page says already.
pub const SAID_ABOVE: &str = "The warning at the top of this page says why.";

/// A trouble in the page: what happened, what was kept, what to do. What the alarm above the page says already is not
/// said once more: then only that something failed here.
#[component]
pub fn TroubleAlert(
    /// The trouble; nothing is shown while there is none.
    #[prop(into)]
    trouble: Signal<Option<Trouble>>,
    /// What is missing because of it, said before what happened.
    #[prop(optional, into)]
    what: Option<Signal<String>>,
    /// What was kept.
    #[prop(optional, into)]
    kept: Option<&'static str>,
    /// It stands in a dialog, which keeps people from the alarm above the page: all is said here.
    #[prop(optional)]
    in_dialog: bool,
    /// What failed was to be written: where the answer was lost, it may have been, and nothing is claimed.
    #[prop(optional)]
    written: bool,
    /// Nothing is shown where it stands, for lack of what failed.
    #[prop(optional, into)]
    alone: Signal<bool>,
    /// Tries again.
    #[prop(optional, into)]
    again: Option<Callback<()>>,
) -> impl IntoView {
    let standing = use_standing();
    // Another alarm that comes or goes is no reason to read this one out anew.
    let is_above = Memo::new(move |_| {
        let says = |trouble: &Option<Trouble>| trouble.as_ref().is_some_and(|trouble| standing.says(&trouble.happened));
        !in_dialog && trouble.with(says)
    });
    move || {
        trouble.get().map(|trouble| {
            let is_above = is_above.get();
            let happened = match (what.map(|what| what.get()), is_above) {
                (Some(what), true) => what,
                (Some(what), false) => format!("{what} {}", trouble.happened),
                (None, true) if again.is_some() => "This cannot be brought up to date now.".to_owned(),
                (None, true) => "This did not work.".to_owned(),
                (None, false) => trouble.happened,
            };
            let unsure = written && is_unsure(trouble.kind);
            let kept = kept.filter(|_| !unsure);
            let next = if unsure {
                next_after_writing(trouble.kind)
            } else if is_above {
                SAID_ABOVE
            } else if alone.get() {
                next_words_alone(trouble.kind, kept.is_some())
            } else {
                next_words(trouble.kind)
            };
            let button = match again {
                // Without its vault, a page tries in vain.
                _ if trouble.kind == TroubleKind::Broken => (!is_above).then(|| view! { <LoadAgain /> }.erased()),
                Some(again) => Some(
                    view! { <Button kind=ButtonKind::Quiet glyph=Glyph::Again on_press=again>"Try again"</Button> }
                        .erased(),
                ),
                None => None,
            };
            match (kept, button) {
                (Some(kept), Some(button)) => {
                    view! { <Alert tone=Tone::Stop happened kept=kept next=next>{button}</Alert> }.erased()
                }
                (Some(kept), None) => view! { <Alert tone=Tone::Stop happened kept=kept next=next /> }.erased(),
                (None, Some(button)) => view! { <Alert tone=Tone::Stop happened next=next>{button}</Alert> }.erased(),
                (None, None) => view! { <Alert tone=Tone::Stop happened next=next /> }.erased(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(happened: &str, kind: TroubleKind) -> Trouble {
        Trouble { happened: happened.to_owned(), kind }
    }

    #[test]
    fn nobody_is_warned_of_what_a_page_shows_that_shows_nothing() {
        let alone = |says_kept| next_words_alone(TroubleKind::Alarm, says_kept);
        assert_eq!(alone(false), "So nothing is shown here. Tell the people who run this server.");
        assert_eq!(alone(true), "Tell the people who run this server.");
        assert_eq!(next_words_alone(TroubleKind::Offline, false), next_words(TroubleKind::Offline));
    }

    #[test]
    fn a_deed_that_failed_out_of_sight_is_said_whole_and_nothing_is_claimed_of_a_lost_answer() {
        let stopping = "Stopping what Dr Ito can see";
        assert_eq!(
            failed(stopping, &trouble("This is no longer here.", TroubleKind::Gone)),
            "Stopping what Dr Ito can see did not work. This is no longer here. Go back to the list, which shows what is there now."
        );
        assert_eq!(
            failed(stopping, &trouble("The connection broke.", TroubleKind::Offline)),
            "Stopping what Dr Ito can see may not have worked. The connection broke. Look again when the connection is back: it may have been done all the same."
        );
        let lost = failed(stopping, &trouble("HealthBridge stopped working on this page.", TroubleKind::Broken));
        assert!(lost.contains("may not have worked") && lost.contains("Load the page again and look"), "{lost}");
    }

    #[test]
    fn a_server_that_is_away_is_one_trouble_in_whichever_words() {
        let broke = trouble("The connection broke.", TroubleKind::Offline);
        let busy = trouble("The server is busy; try again in 2 minutes.", TroubleKind::Offline);
        let gone = trouble("This is no longer here.", TroubleKind::Gone);
        let other = trouble("Something else is gone.", TroubleKind::Gone);
        assert!(is_same(&broke, &busy) && is_same(&gone, &gone));
        assert!(!is_same(&gone, &other) && !is_same(&broke, &gone));
    }
}
