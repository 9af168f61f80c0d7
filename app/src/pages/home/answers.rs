//! What needs an answer: what happened to the account, shares that wait, and shares that end soon.

use leptos::prelude::*;

use crate::api::Refused;
use crate::api::notices::{Notice, NoticeKind};
use crate::clock::{Now, use_now};
use crate::pages::asking::Loaded;
use crate::pages::notices::sentence::sentence as told_sentence;
use crate::pages::notices::use_notices;
use crate::pages::sharing::change::{ChangeDialog, Changing, use_changing};
use crate::pages::sharing::ending::seen_longer;
use crate::pages::sharing::person::WAITS;
use crate::pages::sharing::reach::holding;
use crate::pages::sharing::shared::is_stopped;
use crate::pages::words;
use crate::ui::{Button, ButtonKind, Card, CardTone, Erase as _, Glyph, LinkButton};
use crate::vault::{RecordItem, Records, Share};

/// The shares that end within a week.
fn ending(shares: &[Share], now: Option<Now>) -> Vec<Share> {
    let mut soon: Vec<Share> =
        holding(shares).into_iter().filter(|share| now.is_some() && words::share_left(share, now).soon).collect();
    soon.sort_by_key(|share| share.until);
    soon
}

/// The shares that end within a week, each with what is said where its person can see the same for longer.
fn ending_with_rest(
    shares: &[Share],
    records: Option<&[RecordItem]>,
    now: Option<Now>,
) -> Vec<(Share, Option<String>)> {
    let with_rest = |share: Share| {
        let longer = seen_longer(&share, shares, records.unwrap_or_default(), now);
        (share, longer)
    };
    ending(shares, now).into_iter().map(with_rest).collect()
}

/// The shares that wait because somebody's key has changed.
fn waiting(shares: &[Share]) -> Vec<Share> {
    holding(shares).into_iter().filter(|share| share.waits).collect()
}

/// What was told about the safety of the account and was not seen yet, newest first. A new sign-in is mostly this one.
fn unseen_safety(notices: &[Notice]) -> Vec<Notice> {
    let asks = |notice: &&Notice| !notice.read && notice.kind.is_security() && notice.kind != NoticeKind::SignedIn;
    notices.iter().filter(asks).cloned().collect()
}

/// The same of what the server answered, if it did.
pub fn unseen_of(told: Option<&Result<Vec<Notice>, Refused>>) -> Vec<Notice> {
    unseen_safety(told.and_then(|told| told.as_deref().ok()).unwrap_or_default())
}

/// What waits for the person: what happened to the account, shares that wait for a changed key, and shares that end soon.
#[component]
pub fn NeedsAnswer(
    /// All shares.
    shares: Loaded<Vec<Share>>,
    /// All records.
    records: Loaded<Records>,
) -> impl IntoView {
    let now = use_now();
    let changing = use_changing();
    let told = use_notices().list();
    let safety = Memo::new(move |_| told.with(|told| unseen_of(told.as_ref())));
    let stopped = is_stopped(shares);
    let waits = Memo::new(move |_| shares.data.with(|shares| waiting(shares.as_deref().unwrap_or_default())));
    let soon = Memo::new(move |_| {
        shares.data.with(|shares| {
            let shares = shares.as_deref().unwrap_or_default();
            records.data.with(|records| ending_with_rest(shares, records.as_deref(), now.get()))
        })
    });
    view! {
        {move || {
            let safety = safety.get();
            (!safety.is_empty()).then(|| view! { <Safety notices=safety /> })
        }}
        {move || {
            let waits = waits.get();
            (!waits.is_empty()).then(|| view! { <Waiting shares=waits stopped /> })
        }}
        {move || {
            let soon = soon.get();
            (!soon.is_empty()).then(|| view! { <EndingSoon shares=soon changing /> })
        }}
        <ChangeDialog changing />
    }
}

/// What happened to the account. It goes once the notices were seen.
#[component]
fn Safety(notices: Vec<Notice>) -> impl IntoView {
    let now = use_now();
    let items = notices
        .into_iter()
        .map(|notice| {
            let said = told_sentence(&notice, &[], now.get_untracked());
            view! { <li><strong>{said}</strong>{format!(" · {}", words::moment(notice.at, now.get_untracked()))}</li> }
        })
        .collect_view();
    view! {
        <Card tone=CardTone::Ask title="About your account">
            <ul class="stack near">{items}</ul>
            <p>"If this was you, nothing needs doing."</p>
            <div class="actions"><LinkButton kind=ButtonKind::Quiet href="/notices">"Show what to do if it was not"</LinkButton></div>
        </Card>
    }
    .erased()
}

/// Shares that nobody can use until they are given anew.
#[component]
fn Waiting(shares: Vec<Share>, stopped: Memo<bool>) -> impl IntoView {
    let items = shares
        .into_iter()
        .map(|share| view! { <li><strong>{share.person.name.clone()}</strong>{format!(" · {}", words::reach_words(&share.reach))}</li> })
        .collect_view();
    view! {
        <Card tone=CardTone::Ask title="Waits for you">
            <ul class="stack near">{items}</ul>
            <p>{WAITS}</p>
            {move || (!stopped.get()).then(|| view! {
                <div class="actions"><LinkButton kind=ButtonKind::Quiet href="/sharing/new">"Share again"</LinkButton></div>
            })}
        </Card>
    }
    .erased()
}

#[component]
fn EndingSoon(shares: Vec<(Share, Option<String>)>, changing: Changing) -> impl IntoView {
    let now = use_now();
    let items = shares
        .into_iter()
        .map(|(share, longer)| {
            let left = words::share_left(&share, now.get_untracked());
            let longer = longer.map(|longer| format!(". {longer}")).unwrap_or_default();
            let said = format!(" · {} · {}{longer}", words::reach_words(&share.reach), left.words);
            let of_which = format!(" for {} to see {}", share.person.name, words::reach_words(&share.reach));
            let name = share.person.name.clone();
            view! {
                <li class="with-act">
                    <span><strong>{name}</strong>{said}</span>
                    <Button kind=ButtonKind::Quiet glyph=Glyph::Clock on_press=move || changing.ask_for_more(share.clone())>
                        "Give more time"<span class="heard">{of_which}</span>
                    </Button>
                </li>
            }
        })
        .collect_view();
    view! {
        <Card tone=CardTone::Ask title="Ends this week">
            <ul class="stack near" role="list">{items}</ul>
            <p>"If no more time is needed, nothing needs doing: the sharing ends by itself."</p>
            <div class="actions"><LinkButton kind=ButtonKind::Quiet href="/sharing">"Show who can see what"</LinkButton></div>
        </Card>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::sharing::reach::tests::{NOW, ended, item, kind, record, share};

    fn ids(shares: &[Share]) -> Vec<&str> {
        shares.iter().map(|share| share.id.as_str()).collect()
    }

    #[test]
    fn what_needs_an_answer_is_what_ends_soon_and_what_waits() {
        let shares = [
            share("later", "Ito", kind("imaging"), Some(30)),
            share("in 5 days", "Vogt", kind("laboratory"), Some(5)),
            Share { waits: true, ..share("tomorrow", "Ito", record("ct"), Some(1)) },
            ended(Share { waits: true, ..share("over", "Ito", record("x-ray"), Some(1)) }),
            share("no end", "Anna", record("ct"), None),
        ];
        assert_eq!(ids(&ending(&shares, Some(NOW))), ["tomorrow", "in 5 days"]);
        assert!(ending(&shares, None).is_empty(), "nobody knows what soon is without the time");
        assert_eq!(ids(&waiting(&shares)), ["tomorrow"]);
    }

    #[test]
    fn what_ends_says_when_the_same_is_seen_for_longer() {
        let shares = [
            share("ct", "Ito", record("ct"), Some(1)),
            share("kind", "Ito", kind("imaging"), Some(21)),
            share("other", "Vogt", record("ct"), Some(2)),
        ];
        let records = [item("ct", "imaging")];
        let said = |records: Option<&[RecordItem]>| {
            let soon = ending_with_rest(&shares, records, Some(NOW));
            soon.into_iter().map(|(share, longer)| (share.id, longer)).collect::<Vec<_>>()
        };
        let longer = "They still see it through another share until 13 December.".to_owned();
        assert_eq!(said(Some(&records)), [("ct".to_owned(), Some(longer)), ("other".to_owned(), None)]);
        assert_eq!(said(None), [("ct".to_owned(), None), ("other".to_owned(), None)], "records are not known yet");
    }
}
