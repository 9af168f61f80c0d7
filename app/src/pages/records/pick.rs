//! Choosing one record, also out of thousands: a search, the first twenty that match, and then nothing but the chosen.

use leptos::prelude::*;

use super::filter::{self, Order};
use super::rows::{Thumbnail, title_of};
use crate::clock::{Now, use_now};
use crate::pages::asking::{Loaded, WhenLoaded};
use crate::pages::focus::lead_focus;
use crate::pages::{category, words};
use crate::ui::{
    Button, ButtonKind, EmptyState, Erase as _, FieldError, Glyph, LinkButton, List, Row, SearchField, Skeleton,
    ToggleChip,
};
use crate::vault::{RecordItem, Records};

/// How many are in sight before somebody asks for more.
pub const AT_ONCE: usize = 20;

/// The id of what is wrong.
const ERROR: &str = "field-record-error";

/// How a choice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// There is nothing to choose from.
    Nothing,
    /// Nothing is chosen.
    Open,
    /// What was chosen is not there.
    Gone,
    /// A record is chosen.
    Chosen,
}

fn standing(items: &[RecordItem], chosen: &str) -> Standing {
    match chosen {
        "" if items.is_empty() => Standing::Nothing,
        "" => Standing::Open,
        id if items.iter().any(|item| item.id == id) => Standing::Chosen,
        _ => Standing::Gone,
    }
}

/// The kinds to narrow the list with: none where it is short or has only one.
fn kinds(items: &[RecordItem]) -> Vec<(&'static str, &'static str)> {
    if items.len() <= AT_ONCE {
        return Vec::new();
    }
    let kinds = filter::categories(items);
    if kinds.len() > 1 { kinds } else { Vec::new() }
}

/// How many more a press shows; none where all are in sight.
pub fn more(found: usize, shown: usize) -> Option<usize> {
    found.checked_sub(shown).filter(|left| *left > 0).map(|left| left.min(AT_ONCE))
}

/// "12 November · Imaging", and whose it is where it is somebody else's.
pub fn line(item: &RecordItem, now: Option<Now>) -> String {
    let date = words::date_words(&item.details.date, now);
    [date.as_str(), item.owner.as_deref().unwrap_or(""), category::label(&item.details.category)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// A record, chosen by searching for it.
#[component]
pub fn RecordPicker(
    /// The records to choose from.
    loaded: Loaded<Records>,
    /// The id of the one that is chosen; empty while none is.
    chosen: RwSignal<String>,
    /// What is wrong and what to do; none while all is well.
    #[prop(optional, into)]
    error: MaybeProp<String>,
) -> impl IntoView {
    let now = use_now();
    let stands = Memo::new(move |_| {
        let items = |items: &Option<Records>| items.as_ref().map(|items| chosen.with(|chosen| standing(items, chosen)));
        loaded.data.with(items)
    });
    // Only what becomes of this one record concerns its row: the vault may change as it likes.
    let picked = Memo::new(move |_| {
        let of = |items: &Records| chosen.with(|id| items.iter().find(|item| item.id == *id).cloned());
        loaded.data.with(|items| items.as_ref().and_then(of))
    });
    let wrong = Signal::derive(move || match stands.get() {
        Some(Standing::Gone) => Some("This record is no longer in your vault. Choose another.".to_owned()),
        _ => error.get(),
    });
    let other = move || {
        chosen.set(String::new());
        lead_focus("#field-find-record");
    };
    let one = move || {
        let item = picked.get_untracked()?;
        let title = move || picked.with(|item| item.as_ref().map(title_of).unwrap_or_default());
        let sub = move || picked.with(|item| item.as_ref().map(|item| line(item, now.get())).unwrap_or_default());
        Some(view! {
            <div class="picked">
                <List label="The chosen record">
                    <Row title sub tile=move || view! { <Thumbnail item /> }>
                        <Button kind=ButtonKind::Quiet on_press=other>"Choose another"</Button>
                    </Row>
                </List>
            </div>
        })
    };
    view! {
        <fieldset class="field" aria-describedby=move || wrong.get().is_some().then_some(ERROR)>
            <legend class="group-label">"Which record?"</legend>
            <WhenLoaded
                loaded
                waiting=|| view! { <Skeleton label="Getting your records" count=4 /> }
                page=move || {
                    let shown = Memo::new(move |_| match stands.get() {
                        Some(Standing::Gone) => Standing::Open,
                        Some(stands) => stands,
                        None => Standing::Nothing,
                    });
                    move || match shown.get() {
                        Standing::Chosen => one().erased(),
                        Standing::Nothing => view! { <NoRecords /> }.erased(),
                        Standing::Open | Standing::Gone => view! { <Choosing loaded chosen /> }.erased(),
                    }
                }
            />
            <div role="alert"><FieldError id=ERROR error=wrong /></div>
        </fieldset>
    }
    .erased()
}

#[component]
fn NoRecords() -> impl IntoView {
    view! {
        <EmptyState glyph=Glyph::Records title="No records yet" next="Add a letter, a result or a picture first. It is sealed on this device before it leaves it.">
            <LinkButton kind=ButtonKind::Quiet href="/records/add" glyph=Glyph::Add>"Add records"</LinkButton>
        </EmptyState>
    }
}

/// The list to choose from.
#[component]
fn Choosing(loaded: Loaded<Records>, chosen: RwSignal<String>) -> impl IntoView {
    let now = use_now();
    let typed = RwSignal::new(String::new());
    let only = RwSignal::new(None::<&'static str>);
    let shown = RwSignal::new(AT_ONCE);
    Effect::new(move |before: Option<()>| {
        typed.track();
        only.track();
        if before.is_some() {
            shown.set(AT_ONCE);
        }
    });
    let found = Memo::new(move |_| {
        loaded.data.with(|items| {
            let items = items.as_deref().unwrap_or_default();
            typed.with(|typed| filter::shown(items, typed, only.get(), Order::Added))
        })
    });
    let count = move || {
        let all = loaded.data.with(|items| items.as_ref().map_or(0, |all| all.len()));
        filter::found_words(found.with(Vec::len), all)
    };
    let in_sight = move || {
        let places = found.with(|found| found.iter().take(shown.get()).copied().collect::<Vec<_>>());
        let at = |items: &Option<Records>| {
            let items = items.as_deref().unwrap_or_default();
            places.iter().filter_map(|place| items.get(*place).cloned()).collect::<Vec<_>>()
        };
        loaded.data.with(at)
    };
    let choose = move |id: String| {
        chosen.set(id);
        lead_focus(".picked .name");
    };
    let row = move |item: RecordItem| {
        let (title, id, line_of) = (title_of(&item), item.id.clone(), item.clone());
        let sub = move || line(&line_of, now.get());
        view! { <Row title sub on_press=move || choose(id.clone()) tile=move || view! { <Thumbnail item /> } /> }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            if let [place] = found.get_untracked().as_slice() {
                let id = loaded.data.with_untracked(|items| Some(items.as_ref()?.get(*place)?.id.clone()));
                if let Some(id) = id {
                    choose(id);
                }
            }
        }
        "Escape" => typed.set(String::new()),
        _ => {}
    };
    let offered = Memo::new(move |_| loaded.data.with(|items| kinds(items.as_deref().unwrap_or_default())));
    let chip = move |own: Option<&'static str>, words: &'static str| {
        view! {
            <ToggleChip pressed=Signal::derive(move || only.get() == own) on_press=move || only.set(own)>{words}</ToggleChip>
        }
    };
    let chips = move || {
        let kinds = offered.get();
        (!kinds.is_empty()).then(|| {
            view! {
                <div class="filters" role="group" aria-label="Kind of record">
                    {chip(None, "Everything")}
                    {kinds.into_iter().map(|(slug, label)| chip(Some(slug), label)).collect_view()}
                </div>
            }
        })
    };
    let left = Memo::new(move |_| more(found.with(Vec::len), shown.get()));
    let show_more = move || {
        // The button may be gone then: whoever pressed it goes on where the new ones begin.
        let first_new = shown.get_untracked() + 1;
        shown.update(|shown| *shown += AT_ONCE);
        lead_focus(format!(".picking .item:nth-child({first_new}) .name"));
    };
    let everything = move || {
        typed.set(String::new());
        only.set(None);
        lead_focus("#field-find-record");
    };
    view! {
        <div class="stack even picking">
            <div on:keydown=on_key>
                <SearchField name="find-record" label="Search your records" value=typed placeholder="Title, kind, date, notes or file" />
            </div>
            {chips}
            <p class=move || filter::count_class(found.with(Vec::len)) role="status">{count}</p>
            <List label="Records to choose from">
                <For each=in_sight key=|item| (item.id.clone(), item.changed) children=row />
            </List>
            {move || found.with(Vec::is_empty).then(|| view! {
                <EmptyState glyph=Glyph::Search title="No record found" next="Try fewer or other words, or look through every kind of record.">
                    <Button kind=ButtonKind::Quiet on_press=everything>"Show every record"</Button>
                </EmptyState>
            })}
            {move || left.get().map(|left| view! {
                <Button kind=ButtonKind::Quiet full=true on_press=show_more>{format!("Show {left} more")}</Button>
            })}
        </div>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Details;

    fn item(id: usize, category: &str) -> RecordItem {
        RecordItem {
            id: id.to_string(),
            vault: String::new(),
            details: Details {
                title: "CT".to_owned(),
                category: category.to_owned(),
                date: "2026-11-12".to_owned(),
                notes: String::new(),
            },
            file_name: String::new(),
            kind: String::new(),
            size: 1,
            added: 0,
            changed: 0,
            owner: None,
            shared_with: 0,
            has_thumbnail: false,
            revision: 0,
            sought: String::new(),
        }
    }

    #[test]
    fn what_was_chosen_may_go_away() {
        let items = [item(1, "imaging"), item(2, "laboratory")];
        assert_eq!(standing(&items, ""), Standing::Open);
        assert_eq!(standing(&items, "2"), Standing::Chosen);
        assert_eq!(standing(&items, "3"), Standing::Gone);
        assert_eq!(standing(&[], "3"), Standing::Gone);
        assert_eq!(standing(&[], ""), Standing::Nothing);
    }

    #[test]
    fn kinds_help_only_where_there_is_much_of_more_than_one() {
        let one_kind: Vec<_> = (0..=AT_ONCE).map(|id| item(id, "imaging")).collect();
        let mut two = one_kind.clone();
        two.push(item(99, "laboratory"));
        let slugs: Vec<_> = kinds(&two).into_iter().map(|(slug, _)| slug).collect();
        assert_eq!(slugs, ["imaging", "laboratory"]);
        assert!(kinds(&one_kind).is_empty());
        assert!(kinds(&two[2..]).is_empty(), "twenty need no help");
    }

    #[test]
    fn twenty_more_are_shown_at_a_time() {
        assert_eq!(more(45, 20), Some(20));
        assert_eq!(more(45, 40), Some(5));
        assert_eq!(more(40, 40), None);
        assert_eq!(more(3, 20), None);
    }

    #[test]
    fn a_line_says_when_and_of_which_kind() {
        let now = Some(Now { minute: 29_922_570, offset_minutes: 60 });
        assert_eq!(line(&item(1, "imaging"), now), "12 November · Imaging");
        let of_maya = RecordItem { owner: Some("Maya".to_owned()), ..item(1, "imaging") };
        assert_eq!(line(&of_maya, now), "12 November · Maya · Imaging");
    }
}
