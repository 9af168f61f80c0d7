//! Rows of records, with their small pictures.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::use_now;
use crate::pages::{category, words};
use crate::ui::{Chip, Erase as _, List, LongPlace, LongRow, Row, category_tile};
use crate::vault::{RecordItem, use_vault};

/// Small pictures that were fetched, so that a list which is drawn anew does not flicker. They live as long as the
/// page: a lock takes them away with it.
#[derive(Clone, Copy)]
struct Pictures(StoredValue<BTreeMap<(String, u32), String>>);

/// How many are kept: some screens of a list, not all of ten thousand.
const MOST_PICTURES: usize = 300;

/// How long a row stands still before its picture is fetched.
const LINGER: Duration = Duration::from_millis(80);

impl Pictures {
    fn keep(self, key: (String, u32), address: String) {
        self.0.try_update_value(|kept| {
            if kept.len() >= MOST_PICTURES {
                kept.clear();
            }
            kept.insert(key, address);
        });
    }
}

/// Keeps small pictures for everything below.
pub fn keep_pictures() {
    provide_context(Pictures(StoredValue::new(BTreeMap::new())));
}

/// An encoded picture as an address that an image can show.
fn picture_address(encoded: &[u8]) -> String {
    let kind = match encoded {
        [0x89, b'P', ..] => "png",
        [b'R', b'I', b'F', b'F', ..] => "webp",
        _ => "jpeg",
    };
    format!("data:image/{kind};base64,{}", STANDARD.encode(encoded))
}

/// The small picture of a record, or its category's tile until there is one.
#[component]
pub fn Thumbnail(
    /// Of which record.
    item: RecordItem,
) -> impl IntoView {
    let kept = use_context::<Pictures>();
    let key = (item.id.clone(), item.revision);
    let address = RwSignal::new(kept.and_then(|kept| kept.0.with_value(|kept| kept.get(&key).cloned())));
    let vault = use_vault();
    let (id, has) = (item.id, item.has_thumbnail);
    Effect::new(move |_| {
        let Some(vault) = vault.get() else { return };
        if !has || address.with_untracked(Option::is_some) {
            return;
        }
        let (id, key) = (id.clone(), key.clone());
        let fetch = move || {
            let picture = untrack(|| vault.thumbnail(id));
            spawn_local(async move {
                if let Some(encoded) = picture.await {
                    let found = picture_address(&encoded);
                    if let Some(kept) = kept {
                        kept.keep(key, found.clone());
                    }
                    address.try_set(Some(found));
                }
            });
        };
        // A row that is only scrolled past asks for nothing.
        if let Ok(timer) = set_timeout_with_handle(fetch, LINGER) {
            on_cleanup(move || timer.clear());
        }
    });
    let slug = category::slug(&item.details.category);
    move || match address.get() {
        Some(address) => view! { <span class="tile"><img src=address alt="" /></span> }.erased(),
        None => category_tile(slug).erased(),
    }
}

/// What to know about a record, in one line: "12 November · Imaging · PDF document".
fn about(item: &RecordItem, now: Option<crate::clock::Now>, whose: bool) -> String {
    let date = words::date_words(&item.details.date, now);
    let owner = item.owner.clone().filter(|_| whose).unwrap_or_default();
    [date.as_str(), owner.as_str(), category::label(&item.details.category), item.kind.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Everything that can change in a row, so that it is drawn anew when that does, and only then.
pub fn row_key(item: &RecordItem) -> String {
    format!("{} {} {} {}", item.id, item.revision, item.has_thumbnail, item.shared_with)
}

/// A list of records. A row stays, and keeps the focus, while what it shows is the same.
#[component]
pub fn RecordRows(
    /// The records.
    #[prop(into)]
    items: Signal<Vec<RecordItem>>,
    /// Names whose they are.
    #[prop(optional)]
    whose: bool,
) -> impl IntoView {
    let now = use_now();
    let row = move |item: RecordItem| {
        let (title, href) = (title_of(&item), format!("/records/{}", item.id));
        let (end, line) = (end_of(&item), item.clone());
        let sub = move || about(&line, now.get(), whose);
        match end {
            Some(end) => view! { <Row title sub href tile=move || view! { <Thumbnail item /> }>{end}</Row> }.erased(),
            None => view! { <Row title sub href tile=move || view! { <Thumbnail item /> } /> }.erased(),
        }
    };
    view! { <List><For each=move || items.get() key=row_key children=row /></List> }
}

/// What stands at the end of a row.
fn end_of(item: &RecordItem) -> Option<AnyView> {
    let shared = item.shared_with;
    (shared > 0).then(|| view! { <Chip>{format!("shared with {shared}")}</Chip> }.erased())
}

/// A row of a long list of records.
#[component]
pub fn LongRecordRow(
    /// The record.
    item: RecordItem,
    /// Where it stands.
    place: Signal<LongPlace>,
    /// Names whose it is.
    whose: bool,
) -> impl IntoView {
    let now = use_now();
    let (title, href) = (title_of(&item), format!("/records/{}", item.id));
    let (end, line) = (end_of(&item), item.clone());
    let sub = move || about(&line, now.get(), whose);
    view! { <LongRow place title sub href end tile=move || view! { <Thumbnail item /> } /> }
}

/// The title of a record; its file's name where nobody gave it one.
pub fn title_of(item: &RecordItem) -> String {
    [&item.details.title, &item.file_name]
        .into_iter()
        .find(|title| !title.trim().is_empty())
        .cloned()
        .unwrap_or_else(|| "Without a title".to_owned())
}
