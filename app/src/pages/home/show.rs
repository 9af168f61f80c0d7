//! Home: what needs an answer, what is new, who can see what, and what others did.

use leptos::prelude::*;

use crate::clock::use_now;
use crate::pages::activity::sentence::sentence;
use crate::pages::asking::{TroubleAlert, data, load};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::records::filter::{Order, shown};
use crate::pages::records::rows::{RecordRows, keep_pictures};
use crate::pages::records::uploads::{Uploads, Which};
use crate::pages::sharing::person::{compared_chip, profession};
use crate::pages::sharing::{by_person, holding};
use crate::pages::words;
use crate::ui::{ButtonKind, Card, CardTone, EmptyState, Face, Glyph, LinkButton, List, Row, Skeleton, Until};
use crate::vault::{Happening, Me, RecordItem, Share};

/// `/home`
#[component]
pub fn HomePage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Home" page=Inside::Home /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside(me: Me) -> AnyView {
    keep_pictures();
    let records = load(|vault| vault.records());
    let shares = load(|vault| vault.shares());
    let activity = load(|vault| vault.activity());
    let there = Memo::new(move |_| records.data.with(Option::is_some) && shares.data.with(Option::is_some));
    let failed = Memo::new(move |_| records.trouble.with(Option::is_some));
    view! {
        <HomeHead name=me.name />
        <Uploads which=Which::Unfinished />
        <TroubleAlert trouble=records.trouble again=Callback::new(move |()| records.again()) />
        {move || match (there.get(), failed.get()) {
            (true, _) => view! { <HomeView records=data(records) shares=data(shares) activity=data(activity) /> }.into_any(),
            (false, true) => ().into_any(),
            (false, false) => view! {
                <div class="two">
                    <Card><Skeleton label="Getting your records" count=4 /></Card>
                    <Card><Skeleton label="Getting who can see what" count=3 /></Card>
                </div>
            }.into_any(),
        }}
    }
    .into_any()
}

/// The greeting.
#[component]
pub fn HomeHead(
    /// Of whom.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    let now = use_now();
    let greeting = move || {
        let hour = now.get().map(|now| (i64::from(now.minute) + i64::from(now.offset_minutes)).rem_euclid(1440) / 60);
        match hour {
            Some(5..12) => "Good morning",
            Some(12..18) => "Good afternoon",
            Some(18..23) => "Good evening",
            _ => "Hello",
        }
    };
    view! { <h1>{move || format!("{}, {}", greeting(), words::first_name(&name))}</h1> }
}

/// The shares that end within a week.
fn ending(shares: &[Share], now: Option<crate::clock::Now>) -> Vec<Share> {
    let mut soon: Vec<Share> =
        holding(shares).into_iter().filter(|share| now.is_some() && words::share_left(share, now).soon).collect();
    soon.sort_by_key(|share| share.until);
    soon
}

/// What others did, newest first.
fn by_others(activity: &[Happening], most: usize) -> Vec<Happening> {
    activity.iter().filter(|happening| happening.name != "You").take(most).cloned().collect()
}

/// The page.
#[component]
pub fn HomeView(
    /// All records.
    #[prop(into)]
    records: Signal<Vec<RecordItem>>,
    /// All shares.
    #[prop(into)]
    shares: Signal<Vec<Share>>,
    /// The history.
    #[prop(into)]
    activity: Signal<Vec<Happening>>,
) -> impl IntoView {
    let now = use_now();
    let none = Memo::new(move |_| records.with(Vec::is_empty));
    let count = Memo::new(move |_| records.with(Vec::len));
    let recent = Memo::new(move |_| {
        records.with(|records| {
            let recent = shown(records, "", None, Order::Added);
            recent.into_iter().take(5).filter_map(|place| records.get(place).cloned()).collect::<Vec<_>>()
        })
    });
    view! {
        {move || {
            let soon = shares.with(|shares| ending(shares, now.get_untracked()));
            (!soon.is_empty()).then(|| view! { <EndingSoon shares=soon /> })
        }}
        {move || if none.get() {
            view! {
                <Card>
                    <EmptyState
                        glyph=Glyph::Records
                        title="Your vault is ready"
                        next="Add your first record: a letter, a result, a picture of a paper. It is sealed on this device before it leaves it, and nobody sees it until you share it."
                    >
                        <LinkButton href="/records/add" glyph=Glyph::Add>"Add records"</LinkButton>
                        <LinkButton kind=ButtonKind::Quiet href="/security">"How it is protected"</LinkButton>
                    </EmptyState>
                </Card>
            }.into_any()
        } else {
            view! {
                <div class="two">
                    <Card title="Recent records" action=move || view! { <a href="/records">{move || format!("All {}", count.get())}</a> }>
                        {move || view! { <RecordRows items=recent.get() /> }}
                    </Card>
                    <div class="stack wide">
                        <WhoCanSeeWhat shares />
                        <WhatOthersDid activity />
                    </div>
                </div>
            }.into_any()
        }}
    }
    .into_any()
}

#[component]
fn EndingSoon(shares: Vec<Share>) -> impl IntoView {
    let now = use_now();
    let items = shares
        .into_iter()
        .map(|share| {
            let left = words::share_left(&share, now.get_untracked());
            view! { <li><strong>{share.person.name.clone()}</strong>{format!(" · {} · {}", words::reach_words(&share.reach), left.words)}</li> }
        })
        .collect_view();
    view! {
        <Card tone=CardTone::Ask title="Ends this week">
            <ul class="stack near">{items}</ul>
            <p>"Share again if more time is needed. Otherwise nothing needs doing: the sharing ends by itself."</p>
            <div class="actions"><LinkButton kind=ButtonKind::Quiet href="/sharing">"Show who can see what"</LinkButton></div>
        </Card>
    }
    .into_any()
}

#[component]
fn WhoCanSeeWhat(shares: Signal<Vec<Share>>) -> impl IntoView {
    let now = use_now();
    let rows = move || {
        let people = by_person(shares.with(|shares| holding(shares)));
        if people.is_empty() {
            return view! {
                <EmptyState glyph=Glyph::Sharing title="Nobody else can see your records" next="You choose with whom you share, what, and until when.">
                    <LinkButton kind=ButtonKind::Quiet href="/sharing/new">"Share"</LinkButton>
                </EmptyState>
            }
            .into_any();
        }
        let rows = people
            .into_iter()
            .filter_map(|own| {
                let first = own.iter().min_by_key(|share| share.until.unwrap_or(u32::MAX))?.clone();
                let what = own.iter().map(|share| words::reach_words(&share.reach)).collect::<Vec<_>>().join(", ");
                let person = first.person.clone();
                let initials = words::initials(&person.name);
                let sub = [profession(&person), what].join(" · ");
                let left = words::share_left(&first, now.get_untracked());
                Some(view! {
                    <Row
                        top=true
                        title=person.name.clone()
                        sub
                        tile=move || view! { <Face initials /> }
                        beside=move || compared_chip(&person)
                        more=move || view! { <Until percent=left.percent words=left.words soon=left.soon /> }
                    />
                })
            })
            .collect_view();
        view! { <List>{rows}</List> }.into_any()
    };
    view! { <Card title="Who can see what" action=|| view! { <a href="/sharing">"Change"</a> }>{rows}</Card> }
}

#[component]
fn WhatOthersDid(activity: Signal<Vec<Happening>>) -> impl IntoView {
    let now = use_now();
    move || {
        let happenings = activity.with(|activity| by_others(activity, 4));
        (!happenings.is_empty()).then(|| {
            let rows = happenings
                .into_iter()
                .map(|happening| {
                    let initials = words::initials(&happening.name);
                    view! { <Row title=sentence(&happening) sub=words::moment(happening.at, now.get_untracked()) tile=move || view! { <Face initials small=true /> } /> }
                })
                .collect_view();
            view! {
                <Card title="What others did" action=|| view! { <a href="/activity">"All activity"</a> }><List>{rows}</List></Card>
            }
        })
    }
}
