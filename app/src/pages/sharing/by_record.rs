//! Who can see what, by record: everything, kinds, single records, and any record that is searched for.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::acts::ShareActs;
use super::reach::{Holders, Reached};
use super::shared::SharedBy;
use crate::clock::{Now, use_now};
use crate::pages::asking::{Loaded, lasting};
use crate::pages::focus::lead_focus;
use crate::pages::records::filter::{self, Order};
use crate::pages::records::pick::{AT_ONCE, line, more};
use crate::pages::records::rows::{Thumbnail, title_of};
use crate::pages::{category, words};
use crate::ui::{
    Button, ButtonKind, Card, EmptyState, Erase as _, Glyph, Icon, LinkButton, SearchField, category_tile,
};
use crate::vault::{Reach, RecordItem, Records, Share};

/// The records that match what was typed, each with everybody who sees it: how many, and the first of them.
fn searched(holders: &Holders, records: &[RecordItem], typed: &str, most: usize) -> (usize, Vec<Reached>) {
    let found = filter::shown(records, typed, None, Order::Date);
    let reached = |item: &RecordItem| Reached {
        what: Reach::Record(item.id.clone(), title_of(item)),
        item: Some(item.clone()),
        records: 1,
        by: holders.of(item),
    };
    (found.len(), found.iter().take(most).filter_map(|place| records.get(*place)).map(reached).collect())
}

/// "37 records, and what you add later"; for a single record its date and kind.
fn about(reached: &Reached, now: Option<Now>) -> String {
    match (&reached.what, &reached.item) {
        (Reach::Record(..), Some(item)) => line(item, now),
        (Reach::Record(..), None) => "This record is not in your list.".to_owned(),
        (Reach::Category(_) | Reach::Everything, _) => {
            let count = words::count(u64::try_from(reached.records).unwrap_or(u64::MAX), "record");
            format!("{count}, and what you add later")
        }
    }
}

/// Everything that is shared.
#[component]
pub fn ByRecord(
    /// The shares that hold.
    held: Memo<Vec<Share>>,
    /// The records; they are there.
    records: Loaded<Records>,
    /// What stops a share.
    acts: ShareActs,
    /// Nothing can be shared now.
    stopped: Memo<bool>,
    /// What is searched for.
    typed: RwSignal<String>,
) -> impl IntoView {
    let shown = RwSignal::new(AT_ONCE);
    Effect::new(move |before: Option<()>| {
        typed.track();
        if before.is_some() {
            shown.set(AT_ONCE);
        }
    });
    // Any record can be asked for, also one that nobody else sees.
    let any = Memo::new(move |_| records.data.with(|records| records.as_ref().is_some_and(|all| !all.is_empty())));
    let searching = Memo::new(move |_| any.get() && typed.with(|typed| !typed.trim().is_empty()));
    let holders = Memo::new(move |_| held.with(|held| Holders::new(held)));
    let found = Memo::new(move |_| {
        holders.with(|holders| {
            records.data.with(|records| {
                let records = records.as_deref().unwrap_or_default();
                if searching.get() {
                    return typed.with(|typed| searched(holders, records, typed, shown.get()));
                }
                let mut all = holders.by_record(records);
                let count = all.len();
                all.truncate(shown.get());
                (count, all)
            })
        })
    });
    let index = Memo::new(move |_| {
        found.with(|(_, found)| found.iter().map(|one| (one.key(), one.clone())).collect::<BTreeMap<_, _>>())
    });
    let left = Memo::new(move |_| found.with(|(count, found)| more(*count, found.len())));
    let none = Memo::new(move |_| found.with(|(count, _)| *count == 0));
    let said = move || {
        let all = records.data.with(|records| records.as_ref().map_or(0, |all| all.len()));
        searching.get().then(|| filter::found_words(found.with(|(count, _)| *count), all))
    };
    let block = move |first: Reached| {
        let key = first.key();
        let reached = lasting(first, move || index.with(|index| index.get(&key).cloned()));
        view! { <Block reached acts stopped /> }
    };
    let show_more = move || {
        let first_new = shown.get_untracked() + 1;
        shown.update(|shown| *shown += AT_ONCE);
        lead_focus(format!(".reached > .item:nth-child({first_new}) .name"));
    };
    view! {
        {move || any.get().then(|| view! {
            <SearchField name="search-shared" label="Search your records" value=typed placeholder="Title, kind, date, notes or file" />
        })}
        <p class=move || filter::count_class(found.with(|(count, _)| *count)) role="status">{said}</p>
        <Card>
            <ul class="list reached" role="list">
                <For each=move || found.with(|(_, found)| found.clone()) key=Reached::key children=block />
            </ul>
            {move || none.get().then(|| if searching.get() {
                view! {
                    <EmptyState glyph=Glyph::Search title="No record found" next="Try fewer or other words.">
                        <Button kind=ButtonKind::Quiet on_press=move || { typed.set(String::new()); lead_focus("#field-search-shared"); }>"Show what is shared"</Button>
                    </EmptyState>
                }.erased()
            } else {
                view! { <EmptyState glyph=Glyph::Sharing title="Nobody can see a record" next="What is shared lets people add records, not see any." /> }.erased()
            })}
            {move || left.get().map(|left| view! {
                <Button kind=ButtonKind::Quiet full=true on_press=show_more>{format!("Show {left} more")}</Button>
            })}
        </Card>
    }
    .erased()
}

/// Something that is shared, or a record that was searched for, with everybody who can see it.
#[component]
fn Block(reached: Memo<Reached>, acts: ShareActs, stopped: Memo<bool>) -> impl IntoView {
    let now = use_now();
    let by = Memo::new(move |_| reached.with(|reached| reached.by.clone()));
    let alone = Memo::new(move |_| by.with(Vec::is_empty));
    let item = Memo::new(move |_| reached.with(|reached| reached.item.clone()));
    let what = reached.with_untracked(|reached| reached.what.clone());
    let id = format!("reached-{}", reached.with_untracked(Reached::key));
    let heading = format!("#{id}");
    let title = move || {
        item.with(|item| item.as_ref().map(title_of)).unwrap_or_else(|| {
            reached.with(|reached| match &reached.what {
                Reach::Everything => "Everything".to_owned(),
                Reach::Category(slug) => category::label(slug).to_owned(),
                Reach::Record(..) => words::reach_words(&reached.what),
            })
        })
    };
    let sign = match &what {
        Reach::Everything => view! { <span class="tile"><Icon glyph=Glyph::Records /></span> }.erased(),
        Reach::Category(slug) => category_tile(category::slug(slug)).erased(),
        Reach::Record(..) => match item.get_untracked() {
            Some(item) => view! { <Thumbnail item /> }.erased(),
            None => category_tile("other").erased(),
        },
    };
    let there = Memo::new(move |_| item.with(|item| item.as_ref().map(|item| item.id.clone())));
    let to_share = move || there.get().filter(|_| !stopped.get());
    let name = move || match there.get() {
        Some(id) => view! { <a href=format!("/records/{id}")>{title}</a> }.erased(),
        None => title.erased(),
    };
    view! {
        <li class="item top">
            <div class="lead">
                {sign}
                <div class="item-words">
                    <h2 class="name" id=id>{name}</h2>
                    <span class="soft">{move || reached.with(|reached| about(reached, now.get()))}</span>
                    {move || if alone.get() {
                        view! {
                            <div class="row">
                                <span>"Only you"</span>
                                {to_share().map(|id| view! {
                                    <LinkButton kind=ButtonKind::Quiet glyph=Glyph::Sharing href=format!("/sharing/new?record={id}")>
                                        "Share"<span class="heard">{move || format!(" {}", title())}</span>
                                    </LinkButton>
                                })}
                            </div>
                        }.erased()
                    } else {
                        view! { <SharedBy by acts heading=heading.clone() /> }.erased()
                    }}
                </div>
            </div>
        </li>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::super::reach::tests::{item, kind, record, share};
    use super::*;

    #[test]
    fn a_search_shows_everybody_who_sees_a_record_or_nobody() {
        let mut records: Vec<_> = (0..30).map(|id| item(&id.to_string(), "other")).collect();
        records.push(item("ct", "imaging"));
        for item in &mut records {
            item.sought = item.details.title.to_lowercase();
        }
        let holders = Holders::new(&[share("1", "Ito", record("ct"), None), share("2", "Vogt", kind("imaging"), None)]);
        let (count, found) = searched(&holders, &records, "record", 20);
        assert_eq!((count, found.len()), (31, 20));
        let (count, found) = searched(&holders, &records, "CT", 20);
        assert_eq!((count, found[0].by.len()), (1, 2));
        assert!(searched(&holders, &records, "record 7", 20).1[0].by.is_empty());
    }

    #[test]
    fn what_is_shared_says_how_much_it_is() {
        let of = |what, records| Reached { what, item: None, records, by: Vec::new() };
        assert_eq!(about(&of(kind("imaging"), 37), None), "37 records, and what you add later");
        assert_eq!(about(&of(Reach::Everything, 1), None), "1 record, and what you add later");
        assert_eq!(about(&of(record("ct"), 0), None), "This record is not in your list.");
    }
}
