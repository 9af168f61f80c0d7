//! Home: what needs an answer, what is new, who can see what, and what others did.

use leptos::prelude::*;

use super::answers::{NeedsAnswer, unseen_of};
use crate::clock::{Now, use_now};
use crate::pages::activity::sentence::{listed, sentence};
use crate::pages::asking::{Loaded, load};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::notices::use_notices;
use crate::pages::records::filter::{Order, shown};
use crate::pages::records::rows::{RecordRows, keep_pictures};
use crate::pages::records::uploads::{Uploads, Which};
use crate::pages::sharing::ending::end_day;
use crate::pages::sharing::person::{compared_chip, profession};
use crate::pages::sharing::reach::{by_person, ends, holding};
use crate::pages::sharing::shared::{is_stopped, load_shares};
use crate::pages::telling::TroubleAlert;
use crate::pages::words;
use crate::ui::{ButtonKind, Card, EmptyState, Erase as _, Face, Glyph, LinkButton, List, Row, Skeleton, Until};
use crate::vault::{Happening, Happenings, Me, Records, Share, Trouble};

/// `/home`
#[component]
pub fn HomePage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Home" page=Inside::Home /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside(me: Me) -> AnyView {
    keep_pictures();
    let records = load(|vault| vault.records());
    let shares = load_shares();
    let activity = load(|vault| vault.activity_of_others());
    view! {
        <HomeHead name=me.name />
        <Uploads which=Which::Unfinished />
        <HomeView records shares activity />
    }
    .erased()
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

/// What is left of a person's shares: the bar is that of the one that ends first. Where they end on different days, the
/// words name the first and the last.
fn left_of(own: &[Share], now: Option<Now>) -> Option<words::TimeLeft> {
    let first = own.iter().min_by_key(|share| ends(share))?;
    let last = own.iter().max_by_key(|share| ends(share))?;
    let left = words::share_left(first, now);
    let said = match (end_day(first, now), end_day(last, now)) {
        (Some(day), last) if last.as_ref() != Some(&day) => {
            let ends = if left.percent == 0 { "ended" } else { "ends" };
            let last = last.map_or_else(|| "when you stop it".to_owned(), |last| format!("on {last}"));
            format!("the first {ends} on {day}, the last {last}")
        }
        _ => left.words.clone(),
    };
    Some(words::TimeLeft { words: said, ..left })
}

/// What others did, newest first. That somebody's device took up what was shared tells nothing of what they saw: it
/// stands in the history alone.
fn by_others(activity: &[Happening], most: usize) -> Vec<Happening> {
    let tells = |happening: &&Happening| !happening.own && happening.what != "accepted";
    activity.iter().filter(tells).take(most).cloned().collect()
}

/// The first trouble among the three: one connection breaks them all, and once is enough to say so.
fn first_trouble(
    records: Loaded<Records>,
    shares: Loaded<Vec<Share>>,
    activity: Loaded<Happenings>,
) -> Signal<Option<Trouble>> {
    Signal::derive(move || {
        [records.trouble, shares.trouble, activity.trouble].into_iter().find_map(|trouble| trouble.get())
    })
}

/// The page. Each part comes when its data are there, whatever became of the others.
#[component]
pub fn HomeView(
    /// All records.
    records: Loaded<Records>,
    /// All shares.
    shares: Loaded<Vec<Share>>,
    /// The history.
    activity: Loaded<Happenings>,
) -> impl IntoView {
    let again = move |()| {
        records.again();
        shares.again();
        activity.again();
    };
    // Nothing added, nothing shared: one card says how to begin.
    let is_new = Memo::new(move |_| {
        let none = records.data.with(|records| records.as_ref().is_some_and(|all| all.is_empty()));
        none && shares.data.with(|shares| shares.as_ref().is_some_and(|shares| holding(shares).is_empty()))
    });
    let told = use_notices().list();
    let alone = Memo::new(move |_| {
        let none = records.data.with(Option::is_none)
            && shares.data.with(Option::is_none)
            && activity.data.with(Option::is_none);
        none && told.with(|told| unseen_of(told.as_ref()).is_empty())
    });
    view! {
        <TroubleAlert trouble=first_trouble(records, shares, activity) alone again=Callback::new(again) />
        <NeedsAnswer shares records />
        {move || if is_new.get() {
            view! { <Card><Begin /></Card> }.erased()
        } else {
            view! {
                <div class="two">
                    <RecentRecords records />
                    <div class="stack wide">
                        <WhoCanSeeWhat shares />
                        <WhatOthersDid activity />
                    </div>
                </div>
            }.erased()
        }}
    }
    .erased()
}

#[component]
fn Begin() -> impl IntoView {
    view! {
        <EmptyState
            glyph=Glyph::Records
            title="Your vault is ready"
            next="Add your first record: a letter, a result, a picture of a paper. It is sealed on this device before it leaves it, and nobody sees it until you share it."
        >
            <LinkButton href="/records/add" glyph=Glyph::Add>"Add records"</LinkButton>
            <LinkButton kind=ButtonKind::Quiet href="/security">"How it is protected"</LinkButton>
        </EmptyState>
    }
}

#[component]
fn RecentRecords(records: Loaded<Records>) -> impl IntoView {
    let none = Memo::new(move |_| records.data.with(|records| records.as_ref().is_some_and(|all| all.is_empty())));
    let there = Memo::new(move |_| records.data.with(Option::is_some));
    let all = Memo::new(move |_| {
        let count = records.data.with(|records| records.as_ref().map_or(0, |all| all.len()));
        match count {
            1 => "Your record".to_owned(),
            more => format!("All {}", words::count(u64::try_from(more).unwrap_or(u64::MAX), "record")),
        }
    });
    let recent = Memo::new(move |_| {
        records.data.with(|records| {
            let records = records.as_deref().unwrap_or_default();
            let recent = shown(records, "", None, Order::Added);
            recent.into_iter().take(5).filter_map(|place| records.get(place).cloned()).collect::<Vec<_>>()
        })
    });
    move || {
        if none.get() {
            view! { <Card><Begin /></Card> }.erased()
        } else if there.get() {
            view! {
                <Card title="Recent records" action=move || view! { <a href="/records">{move || all.get()}</a> }>
                    <RecordRows items=recent />
                </Card>
            }
            .erased()
        } else {
            view! { <Coming loaded=records title="Recent records" label="Getting your records" count=4 /> }.erased()
        }
    }
}

/// A part of which nothing is known yet; nothing where that failed, which is said above.
#[component]
fn Coming<T: Send + Sync + 'static>(
    loaded: Loaded<T>,
    title: &'static str,
    label: &'static str,
    count: usize,
) -> impl IntoView {
    let failed = Memo::new(move |_| loaded.trouble.with(Option::is_some));
    move || (!failed.get()).then(|| view! { <Card title><Skeleton label count /></Card> })
}

#[component]
fn WhoCanSeeWhat(shares: Loaded<Vec<Share>>) -> impl IntoView {
    let now = use_now();
    let there = Memo::new(move |_| shares.data.with(Option::is_some));
    let held = Memo::new(move |_| shares.data.with(|shares| holding(shares.as_deref().unwrap_or_default())));
    let stopped = is_stopped(shares);
    let nobody = Memo::new(move |_| held.with(Vec::is_empty));
    let change = move || (!nobody.get()).then(|| view! { <a href="/sharing">"Change"</a> });
    let rows = move || {
        let people = by_person(held.get());
        if people.is_empty() {
            return view! {
                <EmptyState glyph=Glyph::Sharing title="Nobody else can see your records" next="You choose with whom you share, what, and until when.">
                    {move || (!stopped.get()).then(|| view! { <LinkButton kind=ButtonKind::Quiet href="/sharing/new">"Share"</LinkButton> })}
                </EmptyState>
            }
            .erased();
        }
        let rows = people
            .into_iter()
            .filter_map(|own| {
                let left = left_of(&own, now.get_untracked())?;
                let what = listed(&own.iter().map(|share| words::reach_words(&share.reach)).collect::<Vec<_>>());
                let person = own.first()?.person.clone();
                let initials = words::initials(&person.name);
                let sub = [profession(&person), what].join(" · ");
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
        view! { <List>{rows}</List> }.erased()
    };
    move || {
        if there.get() {
            view! { <Card title="Who can see what" action=move || change>{rows}</Card> }.erased()
        } else {
            view! { <Coming loaded=shares title="Who can see what" label="Getting who can see what" count=2 /> }
                .erased()
        }
    }
}

#[component]
fn WhatOthersDid(activity: Loaded<Happenings>) -> impl IntoView {
    let now = use_now();
    let newest = Memo::new(move |_| activity.data.with(|all| by_others(all.as_deref().unwrap_or_default(), 4)));
    move || {
        let happenings = newest.get();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::sharing::reach::tests::{NOW, kind, share};

    #[test]
    fn shares_that_end_on_different_days_are_not_given_one_end() {
        let said = |days: &[Option<u32>]| {
            let own: Vec<Share> = days.iter().map(|days| share("1", "Ito", kind("imaging"), *days)).collect();
            left_of(&own, Some(NOW)).map(|left| (left.words, left.soon))
        };
        let is = |words: &str, soon| Some((words.to_owned(), soon));
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[Some(21)]), is("until 13 December, 21 days left", false));
        assert_eq!(said(&[Some(21), Some(21)]), is("until 13 December, 21 days left", false));
        assert_eq!(said(&[None, None]), is("until you stop it", false));
        assert_eq!(
            said(&[Some(30), Some(2), Some(21)]),
            is("the first ends on 24 November, the last on 22 December", true)
        );
        assert_eq!(said(&[None, Some(21)]), is("the first ends on 13 December, the last when you stop it", false));
        assert_eq!(said(&[Some(0), Some(21)]), is("the first ended on 22 November, the last on 13 December", false));
    }

    #[test]
    fn what_others_did_leaves_out_what_tells_nothing() {
        let happening = |seq, what: &str, own| Happening {
            seq,
            at: 0,
            who: String::new(),
            name: String::new(),
            what: what.to_owned(),
            record: None,
            share: None,
            own,
            lost: None,
        };
        let history = [
            happening(5, "accepted", false),
            happening(4, "opened", false),
            happening(3, "shared", true),
            happening(2, "accepted", false),
            happening(1, "saved", false),
            happening(0, "created", true),
        ];
        let places = |most| by_others(&history, most).iter().map(|one| one.seq).collect::<Vec<_>>();
        assert_eq!(places(4), [4, 1]);
        assert_eq!(places(1), [4], "what is left out takes no place");
    }
}
