//! The history of a vault, checked on this device: who did what to which record, and when.

use leptos::prelude::*;

use super::sentence::{by_day, glyph, narrowed, people, sentence};
use crate::clock::use_now;
use crate::pages::asking::{Loaded, WhenLoaded, data, load};
use crate::pages::focus::lead_focus;
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::records::pick::RecordPicker;
use crate::pages::records::rows::keep_pictures;
use crate::pages::words;
use crate::ui::{Button, ButtonKind, Card, EmptyState, Erase as _, Glyph, Icon, Select, Skeleton, ToggleChip};
use crate::vault::{Happenings, Records};

/// How many are drawn before somebody asks for more.
const AT_ONCE: usize = 100;

/// `/activity`
#[component]
pub fn ActivityPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Everybody title="Activity" page=Inside::Activity /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    keep_pictures();
    let activity = load(|vault| vault.activity());
    let records = load(|vault| vault.records());
    view! {
        <div class="stack">
            <h1>"Activity"</h1>
            <p class="soft">"What happened and when. Nothing can be taken out of it without being noticed."</p>
        </div>
        <WhenLoaded
            loaded=activity
            waiting=|| view! { <Card><Skeleton label="Checking the history on this device" count=6 /></Card> }
            page=move || view! { <ActivityList happenings=data(activity) records /> }
        />
    }
    .erased()
}

/// The history with what narrows it.
#[component]
pub fn ActivityList(
    /// What happened, newest first.
    #[prop(into)]
    happenings: Signal<Happenings>,
    /// The records, of which one may be chosen.
    records: Loaded<Records>,
) -> impl IntoView {
    let now = use_now();
    let (person, record) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let of_one = RwSignal::new(false);
    let most = RwSignal::new(AT_ONCE);
    let found = Memo::new(move |_| {
        happenings.with(|all| person.with(|person| record.with(|record| narrowed(all, person, record))))
    });
    let people = Memo::new(move |_| {
        let mut options = happenings.with(|all| people(all));
        options.insert(0, (String::new(), "Everybody".to_owned()));
        options
    });
    let any_record =
        Memo::new(move |_| records.data.with(|records| records.as_ref().is_some_and(|all| !all.is_empty())));
    // Until it is said which one, nothing is shown: it would be about all of them.
    let choosing = Memo::new(move |_| of_one.get() && any_record.get() && record.with(String::is_empty));
    let every_record = move || {
        of_one.set(false);
        record.set(String::new());
    };
    let one_record = move || {
        of_one.set(true);
        lead_focus("#field-find-record");
    };
    let rows = move || {
        let first = found.with(|found| found.iter().take(most.get()).cloned().collect::<Vec<_>>());
        by_day(first, now.get_untracked())
            .into_iter()
            .map(|(day, group)| {
                let items = group
                    .into_iter()
                    .map(|happening| {
                        let time = words::time_of_day(happening.at, now.get_untracked());
                        let words = sentence(&happening);
                        let named = happening.record.filter(|_| happening.what != "deleted");
                        let link = named.map(|(id, _)| format!("/records/{id}"));
                        let name = match link {
                            Some(href) => view! { <a class="name" href=href>{words}</a> }.erased(),
                            None => view! { <span class="name">{words}</span> }.erased(),
                        };
                        view! {
                            <li class="item">
                                <div class="lead">
                                    <span class="tile small"><Icon glyph=glyph(&happening.what) /></span>
                                    <div class="item-words">{name}<span class="soft">{time}</span></div>
                                </div>
                            </li>
                        }
                    })
                    .collect_view();
                view! { <h2 class="month">{day}</h2> <ul class="list" role="list">{items}</ul> }
            })
            .collect_view()
    };
    let history = move || {
        view! {
            <Card>
                {rows}
                {move || (found.with(Vec::is_empty)).then(|| view! {
                    <EmptyState glyph=Glyph::Activity title="Nothing happened" next="Choose everybody and every record to see the whole history.">
                        <Button kind=ButtonKind::Quiet on_press=move || { person.set(String::new()); every_record(); }>"Show everything"</Button>
                    </EmptyState>
                })}
                {move || (found.with(Vec::len) > most.get()).then(|| view! {
                    <Button kind=ButtonKind::Quiet full=true on_press=move || most.update(|most| *most += AT_ONCE)>"Show more"</Button>
                })}
                <p class="seen"><Icon glyph=Glyph::Check /><span>"This history was checked on your device."</span></p>
            </Card>
        }
    };
    let said = move || {
        if choosing.get() {
            "Choose a record to see what happened to it.".to_owned()
        } else {
            words::count(u64::try_from(found.with(Vec::len)).unwrap_or(u64::MAX), "happening")
        }
    };
    view! {
        <div class="halves">
            {move || view! { <Select name="person" label="Who" value=person options=people.get() /> }}
            {move || any_record.get().then(|| view! {
                <div class="field">
                    <span class="label" id="which-records">"Records"</span>
                    <div class="filters" role="group" aria-labelledby="which-records">
                        <ToggleChip pressed=Signal::derive(move || !of_one.get()) on_press=every_record>"Every record"</ToggleChip>
                        <ToggleChip pressed=of_one on_press=one_record>"One record"</ToggleChip>
                    </div>
                </div>
            })}
        </div>
        {move || of_one.get().then(|| view! { <Card><RecordPicker loaded=records chosen=record /></Card> })}
        <p class=move || if choosing.get() { "soft" } else { "heard" } role="status">{said}</p>
        {move || if choosing.get() { ().erased() } else { history().erased() }}
    }
    .erased()
}
