//! Who can see what: by person, by kind of record, and what has ended.

use leptos::prelude::*;

use super::person::{WAITS, compared_chip, profession};
use super::stop::{StopDialog, Stopping, use_stopping};
use super::{by_person, holding};
use crate::clock::use_now;
use crate::pages::activity::sentence::listed;
use crate::pages::asking::{Loaded, WhenLoaded, data, load};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::{category, words};
use crate::ui::{
    Button, ButtonKind, Card, CardTone, Chip, EmptyState, Face, Glyph, Icon, LinkButton, Skeleton, Tone, Until,
};
use crate::vault::{Ended, Happening, Reach, Share};

/// `/sharing`
#[component]
pub fn SharingPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Who can see what" page=Inside::Sharing /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    let shares = load(|vault| vault.shares());
    let activity = load(|vault| vault.activity());
    view! {
        <div class="title">
            <h1 class="grow">"Who can see what"</h1>
            <LinkButton href="/sharing/new" glyph=Glyph::Add>"Share"</LinkButton>
        </div>
        <WhenLoaded
            loaded=shares
            waiting=|| view! { <Card><Skeleton label="Getting who can see what" count=3 /></Card> }
            page=move || view! { <SharingList shares=data(shares) activity /> }
        />
    }
    .into_any()
}

/// The shares.
#[component]
pub fn SharingList(
    /// Past and present.
    #[prop(into)]
    shares: Signal<Vec<Share>>,
    /// What happened, for what was opened before a share is stopped.
    activity: Loaded<Vec<Happening>>,
) -> impl IntoView {
    let stopping = use_stopping(activity);
    let held = Memo::new(move |_| shares.with(|shares| holding(shares)));
    let ended = Memo::new(move |_| {
        shares.with(|shares| shares.iter().filter(|share| share.ended.is_some()).cloned().collect::<Vec<_>>())
    });
    view! {
        {move || if held.with(Vec::is_empty) {
            view! {
                <Card>
                    <EmptyState
                        glyph=Glyph::Sharing
                        title="Nobody else can see your records"
                        next="Share with a doctor, a laboratory or somebody who helps you. You choose what and until when."
                    >
                        <LinkButton href="/sharing/new" glyph=Glyph::Add>"Share"</LinkButton>
                    </EmptyState>
                </Card>
            }.into_any()
        } else {
            let people = by_person(held.get());
            view! {
                <Card>
                    <ul class="list" role="list">
                        {people.into_iter().map(|shares| view! { <PersonItem shares stopping /> }).collect_view()}
                    </ul>
                </Card>
                <ByKind shares=held.get() />
            }.into_any()
        }}
        {move || ended.get().into_iter().map(|share| view! { <EndedCard share /> }).collect_view()}
        <StopDialog stopping />
    }
    .into_any()
}

/// A person and everything that they can see.
#[component]
fn PersonItem(shares: Vec<Share>, stopping: Stopping) -> impl IntoView {
    let person = shares.first().map(|share| share.person.clone())?;
    let initials = words::initials(&person.name);
    let parts = shares.into_iter().map(|share| view! { <OneShare share stopping /> }).collect_view();
    Some(view! {
        <li class="item top sharing">
            <div class="lead">
                <Face initials />
                <div class="item-words">
                    <div class="row"><h2 class="name">{person.name.clone()}</h2>{compared_chip(&person)}</div>
                    <span class="soft">{profession(&person)}</span>
                    {parts}
                </div>
            </div>
        </li>
    })
}

/// One share of a person.
#[component]
fn OneShare(share: Share, stopping: Stopping) -> impl IntoView {
    let now = use_now();
    let what = words::reach_words(&share.reach);
    let which = format!(" {what} with {}", share.person.name);
    let chip = match &share.reach {
        Reach::Category(slug) => view! { <Chip category=category::slug(slug)>{what}</Chip> }.into_any(),
        Reach::Record(..) | Reach::Everything => view! { <Chip>{what}</Chip> }.into_any(),
    };
    let timed = share.clone();
    let seen = share.last_opened.clone();
    let (level, waiting, name, waits) = (share.level.clone(), !share.accepted, share.person.name.clone(), share.waits);
    view! {
        <div class="share">
            <div class="row">
                {chip}
                <Chip>{words::level_words(&level)}</Chip>
                {waits.then(|| view! { <Chip tone=Tone::Warn glyph=Glyph::Clock>"waits"</Chip> })}
            </div>
            {waits.then(|| view! { <p>{WAITS}</p> })}
            {move || {
                let left = words::share_left(&timed, now.get());
                view! { <Until percent=left.percent words=left.words soon=left.soon /> }
            }}
            {move || match seen.clone() {
                Some((at, title)) => view! {
                    <p class="seen"><Icon glyph=Glyph::Eye /><span>{format!("opened {title} {}", words::moment(at, now.get()))}</span></p>
                }.into_any(),
                None if waiting => view! { <p class="seen"><Icon glyph=Glyph::Clock /><span>{format!("Waiting for {name} to look")}</span></p> }.into_any(),
                None => view! { <p class="seen"><Icon glyph=Glyph::Eye /><span>"has opened nothing yet"</span></p> }.into_any(),
            }}
            <div class="actions">
                <Button kind=ButtonKind::Stop glyph=Glyph::StopSharing on_press=move || stopping.ask(share.clone())>
                    "Stop sharing"<span class="heard">{which}</span>
                </Button>
            </div>
        </div>
    }
    .into_any()
}

/// For each kind of record, who can see it.
#[component]
fn ByKind(shares: Vec<Share>) -> impl IntoView {
    let people: Vec<_> = by_person(shares);
    let of = |shares: &[Share], slug: &str| {
        let reaches = |share: &&Share| match &share.reach {
            Reach::Category(own) => category::slug(own) == slug,
            Reach::Everything => true,
            Reach::Record(..) => false,
        };
        shares.iter().find(reaches).map(|share| share.level.clone())
    };
    let single = |shares: &[Share]| shares.iter().filter(|share| matches!(share.reach, Reach::Record(..))).count();
    let kinds: Vec<_> =
        category::ALL.into_iter().filter(|(slug, _)| people.iter().any(|shares| of(shares, slug).is_some())).collect();
    let heads = people
        .iter()
        .filter_map(|shares| shares.first())
        .map(|share| view! { <th scope="col">{share.person.name.clone()}</th> })
        .collect_view();
    let rows = kinds
        .iter()
        .map(|(slug, label)| {
            let cells = people
                .iter()
                .map(|shares| match of(shares, slug) {
                    Some(level) if level == "drop" => {
                        view! { <td><Chip glyph=Glyph::Add>"adds"</Chip></td> }.into_any()
                    }
                    Some(level) if level == "view" => {
                        view! { <td><Chip tone=Tone::Brand glyph=Glyph::Eye>"looks"</Chip></td> }.into_any()
                    }
                    Some(_) => {
                        view! { <td><Chip tone=Tone::Brand glyph=Glyph::SaveCopy>"copies"</Chip></td> }.into_any()
                    }
                    None => view! { <td class="soft">"nothing"</td> }.into_any(),
                })
                .collect_view();
            view! { <tr><th scope="row">{*label}</th>{cells}</tr> }
        })
        .collect_view();
    let any_single = people.iter().any(|shares| single(shares) > 0);
    let singles = any_single.then(|| {
        let cells = people
            .iter()
            .map(|shares| match single(shares) {
                0 => view! { <td class="soft">"nothing"</td> }.into_any(),
                n => view! { <td><Chip tone=Tone::Brand glyph=Glyph::SaveCopy>{words::count(u64::try_from(n).unwrap_or(u64::MAX), "record")}</Chip></td> }.into_any(),
            })
            .collect_view();
        view! { <tr><th scope="row">"Single records"</th>{cells}</tr> }
    });
    view! {
        <Card title="By kind of record">
            <div class="scroll-x" tabindex="0" role="region" aria-label="Who may do what, by kind of record">
                <table class="table">
                    <thead><tr><th scope="col">"Kind"</th>{heads}</tr></thead>
                    <tbody>{rows}{singles}</tbody>
                </table>
            </div>
        </Card>
    }
    .into_any()
}

/// A share that has ended, and how far its end has come.
#[component]
fn EndedCard(share: Share) -> impl IntoView {
    let now = use_now();
    let Ended { at, blocked, rotated, reencrypted, opened_before } = share.ended?;
    let name = share.person.name;
    let heading = {
        let name = name.clone();
        move || format!("{}: {name}", words::ended(at, now.get()))
    };
    let state = |done: bool, words: &'static str, coming: &'static str| {
        if done {
            view! { <Chip tone=Tone::Good glyph=Glyph::Check>{words}</Chip> }.into_any()
        } else {
            view! { <Chip glyph=Glyph::Clock>{coming}</Chip> }.into_any()
        }
    };
    let before = match opened_before.as_slice() {
        [] => format!("Before that, {name} had opened nothing."),
        titles => format!(
            "Before that, {name} had opened {}. What a person has seen or saved cannot be taken back.",
            listed(titles)
        ),
    };
    Some(view! {
        <Card tone=CardTone::Sunken title=heading>
            <p class="soft">{format!("Was shared: {}", words::reach_words(&share.reach))}</p>
            <div class="row">
                {state(blocked, "blocked", "being blocked")}
                {state(rotated, "key turned", "key being turned")}
                {state(reencrypted, "resealed", "being resealed")}
            </div>
            <p class="soft">{before}</p>
        </Card>
    })
}
