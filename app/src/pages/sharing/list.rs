//! Who can see what, until when: by person and by record, and what has ended.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::acts::{ShareActs, ShareDialogs, use_share_acts};
use super::by_person::ByPerson;
use super::by_record::ByRecord;
use super::ended::{EndedShares, over, searched};
use super::reach::{holding, summary};
use super::shared::{is_stopped, load_shares};
use crate::clock::use_now;
use crate::pages::asking::{Loaded, WhenLoaded, load};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::records::rows::keep_pictures;
use crate::ui::{Card, EmptyState, Erase as _, Glyph, LinkButton, Skeleton, ToggleChip};
use crate::vault::{Happenings, Records, Share};

/// `/sharing`
#[component]
pub fn SharingPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Who can see what" page=Inside::Sharing /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    keep_pictures();
    let shares = load_shares();
    let activity = load(|vault| vault.activity_of_others());
    let records = load(|vault| vault.records());
    view! { <SharingView shares activity records /> }.erased()
}

/// The page.
#[component]
pub fn SharingView(
    /// The shares, past and present.
    shares: Loaded<Vec<Share>>,
    /// What happened, for what was opened before a share is stopped.
    activity: Loaded<Happenings>,
    /// The records.
    records: Loaded<Records>,
) -> impl IntoView {
    let now = use_now();
    let acts = use_share_acts(shares, records, activity);
    let held = Memo::new(move |_| shares.data.with(|shares| holding(shares.as_deref().unwrap_or_default())));
    let nobody = Memo::new(move |_| held.with(Vec::is_empty));
    let query = use_query_map();
    let by_record = Memo::new(move |_| query.with(|query| query.get("by").as_deref() == Some("record")));
    let typed = RwSignal::new(String::new());
    // There is a search only by record, and while somebody can see something.
    let searching =
        Memo::new(move |_| by_record.get() && !nobody.get() && typed.with(|typed| !typed.trim().is_empty()));
    let ended = Memo::new(move |_| {
        let over = shares.data.with(|shares| over(shares.as_deref().unwrap_or_default()));
        if over.is_empty() || !searching.get() {
            return over;
        }
        records.data.with(|records| typed.with(|typed| searched(over, records.as_deref().unwrap_or_default(), typed)))
    });
    let stopped = is_stopped(shares);
    // Where nobody sees anything, the empty list says how to begin.
    let begun = Memo::new(move |_| !stopped.get() && (!nobody.get() || shares.data.with(Option::is_none)));
    let sentence = move || (!nobody.get()).then(|| held.with(|held| summary(held, now.get())));
    view! {
        <div class="stack">
            <div class="title">
                <h1 class="grow">"Who can see what"</h1>
                {move || begun.get().then(|| view! {
                    <LinkButton href="/sharing/new" glyph=Glyph::Add>"Share"</LinkButton>
                })}
            </div>
            {move || sentence().map(|sentence| view! { <p class="soft">{sentence}</p> })}
        </div>
        <WhenLoaded
            loaded=shares
            waiting=|| view! { <Card><Skeleton label="Getting who can see what" count=3 /></Card> }
            page=move || view! {
                {move || if nobody.get() {
                    view! { <Nobody stopped /> }.erased()
                } else {
                    view! { <Held held records acts stopped by_record typed /> }.erased()
                }}
                <EndedShares ended shares records />
            }
        />
        <ShareDialogs acts />
    }
    .erased()
}

#[component]
fn Nobody(stopped: Memo<bool>) -> impl IntoView {
    view! {
        <Card>
            <EmptyState
                glyph=Glyph::Sharing
                title="Nobody else can see your records"
                next="Share with a doctor, a laboratory or another care team. You choose what and until when."
            >
                {move || (!stopped.get()).then(|| view! { <LinkButton href="/sharing/new" glyph=Glyph::Add>"Share"</LinkButton> })}
            </EmptyState>
        </Card>
    }
    .erased()
}

/// The shares that hold, in either of two orders; the address keeps which.
#[component]
fn Held(
    held: Memo<Vec<Share>>,
    records: Loaded<Records>,
    acts: ShareActs,
    stopped: Memo<bool>,
    by_record: Memo<bool>,
    typed: RwSignal<String>,
) -> impl IntoView {
    let navigate = StoredValue::new_local(use_navigate());
    let show = move |address: &str| {
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate.with_value(|navigate| navigate(address, options));
    };
    view! {
        <div class="filters" role="group" aria-label="Show">
            <ToggleChip pressed=Signal::derive(move || !by_record.get()) on_press=move || show("/sharing")>"By person"</ToggleChip>
            <ToggleChip pressed=by_record on_press=move || show("/sharing?by=record")>"By record"</ToggleChip>
        </div>
        {move || if by_record.get() {
            view! {
                <WhenLoaded
                    loaded=records
                    waiting=|| view! { <Card><Skeleton label="Getting your records" count=4 /></Card> }
                    page=move || view! { <ByRecord held records acts stopped typed /> }
                />
            }.erased()
        } else {
            view! { <ByPerson held acts /> }.erased()
        }}
    }
    .erased()
}
