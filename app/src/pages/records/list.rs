//! The patient's records: searched, narrowed and ordered on this device.

use leptos::prelude::*;

use super::filter::{self, Order};
use super::rows::{LongRecordRow, RecordRows, keep_pictures, row_key};
use super::uploads::{Uploads, Which};
use crate::clock::use_now;
use crate::pages::asking::{WhenLoaded, data, load, use_later};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::ui::{
    Button, ButtonKind, Card, EmptyState, Erase as _, Glyph, LinkButton, LongLayout, LongList, LongPlace, SearchField,
    Select, Skeleton, ToggleChip,
};
use crate::vault::Records;

/// Up to this many records are drawn, each as high as its words are. Of more, only those near the view.
const MOST_DRAWN: usize = 100;

/// `/records`
#[component]
pub fn RecordsPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Records" page=Inside::Records /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    keep_pictures();
    let records = load(|vault| vault.records());
    view! {
        <h1>"Records"</h1>
        <Uploads which=Which::Unfinished />
        <WhenLoaded
            loaded=records
            waiting
            page=move || view! { <RecordList items=data(records) /> }
        />
    }
    .erased()
}

fn waiting() -> impl IntoView {
    view! { <Card><Skeleton label="Getting your records" count=6 /></Card> }
}

/// The list with what narrows it.
#[component]
pub fn RecordList(
    /// The records.
    #[prop(into)]
    items: Signal<Records>,
    /// Names whose they are.
    #[prop(optional)]
    whose: bool,
    /// What stands there when there are none; left out, what their owner can do about it.
    #[prop(optional, into)]
    empty: Option<ViewFn>,
) -> impl IntoView {
    let now = use_now();
    let typed = RwSignal::new(String::new());
    let only = RwSignal::new(None::<&'static str>);
    let order = RwSignal::new("date".to_owned());
    let none = Memo::new(move |_| items.with(|items| items.is_empty()));
    let found = Memo::new(move |_| {
        let order = order.with(|order| Order::named(order));
        items.with(|items| typed.with(|typed| filter::shown(items, typed, only.get(), order)))
    });
    let count = Signal::derive(move || filter::found_words(found.with(Vec::len), items.with(|items| items.len())));
    let kinds = Memo::new(move |_| items.with(|items| filter::categories(items)));
    let chip = move |own: Option<&'static str>, words: &'static str| {
        view! {
            <ToggleChip pressed=Signal::derive(move || only.get() == own) on_press=move || only.set(own)>{words}</ToggleChip>
        }
    };
    let chips = move || {
        let kinds = kinds.get();
        let each = |kinds: Vec<_>| kinds.into_iter().map(|(slug, label)| chip(Some(slug), label)).collect_view();
        (kinds.len() > 1).then(|| view! {
            <div class="filters" role="group" aria-label="Kind of record">{chip(None, "Everything")} {each(kinds)}</div>
        })
    };
    let groups = Memo::new(move |_| {
        let order = order.with(|order| Order::named(order));
        items.with(|items| found.with(|found| filter::grouped(items, found, order, now.get_untracked())))
    });
    let layout = Memo::new(move |_| LongLayout::new(groups.get()));
    let is_long = Memo::new(move |_| found.with(Vec::len) > MOST_DRAWN);
    let item = move |row: usize| {
        let place = found.with(|found| found.get(row).copied())?;
        items.with(|items| items.get(place).cloned())
    };
    let key = move |row: usize| {
        let place = found.with(|found| found.get(row).copied());
        items.with(|items| items.get(place?).map(row_key)).unwrap_or_default()
    };
    let long_row = move |place: Signal<LongPlace>| {
        let item = untrack(|| item(place.get().row));
        item.map(|item| view! { <LongRecordRow item place whose /> }).erased()
    };
    let of_group = move |heading: &str| {
        groups.with(|groups| {
            let before: usize = groups.iter().take_while(|(own, _)| own != heading).map(|(_, count)| count).sum();
            let count = groups.iter().find(|(own, _)| own == heading).map_or(0, |(_, count)| *count);
            (before..before + count).filter_map(item).collect::<Vec<_>>()
        })
    };
    let group = move |heading: String| {
        let month = (!heading.is_empty()).then(|| view! { <h2 class="month">{heading.clone()}</h2> });
        let items = Memo::new(move |_| of_group(&heading));
        view! { {month} <RecordRows items whose /> }
    };
    let short = move || {
        let headings =
            move || groups.with(|groups| groups.iter().map(|(heading, _)| heading.clone()).collect::<Vec<_>>());
        view! { <For each=headings key=String::clone children=group /> }
    };
    let rows = move || {
        if is_long.get() {
            view! { <LongList layout one="record" key row=long_row /> }.erased()
        } else {
            short().erased()
        }
    };
    let nothing_found = move || {
        view! {
            <EmptyState glyph=Glyph::Search title="No record found" next="Try fewer or other words, or look through every kind of record.">
                <Button kind=ButtonKind::Quiet on_press=move || { typed.set(String::new()); only.set(None); }>"Show every record"</Button>
            </EmptyState>
        }
    };
    // The rows come after what narrows them.
    let later = use_later();
    let options = Order::OPTIONS.map(|(name, words)| (name.to_owned(), words.to_owned())).to_vec();
    view! {
        <Show
            when=move || !none.get()
            fallback=move || empty.as_ref().map_or_else(no_records, ViewFn::run)
        >
            <div class="narrow-down">
                <SearchField name="search" label="Search your records" value=typed placeholder="Title, kind, date, notes or file" />
                <Select name="order" label="Order" value=order options=options.clone() />
            </div>
            {chips}
            {move || if later.get() {
                view! {
                    <Card>
                        {rows}
                        {move || found.with(Vec::is_empty).then(nothing_found)}
                    </Card>
                    <p class=move || filter::count_class(found.with(Vec::len)) role="status">{count} ". Your search never leaves this device."</p>
                }.erased()
            } else {
                waiting().erased()
            }}
        </Show>
    }
    .erased()
}

fn no_records() -> AnyView {
    view! {
        <Card>
            <EmptyState
                glyph=Glyph::Records
                title="No records yet"
                next="Add a letter, a result or a picture. It is sealed on this device before it leaves it."
            >
                <LinkButton href="/records/add" glyph=Glyph::Add>"Add records"</LinkButton>
            </EmptyState>
        </Card>
    }
    .erased()
}
