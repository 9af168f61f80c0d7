//! Adding records: files are chosen, dropped, pasted or photographed, looked at, corrected and sent.

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

use super::chosen::{Look, PickCard, Picks, use_picks};
use super::details::provide_onlookers;
use super::uploads::{Uploads, Which};
use crate::pages::focus::lead_focus;
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::sharing::reach::reaches_what_comes;
use crate::pages::words;
use crate::ui::{Button, ButtonKind, DropZone, Erase as _, Glyph, Icon, LinkButton};
use crate::vault::use_vault;

/// How many chosen files are shown at first, and how many more each time.
const AT_FIRST: usize = 20;

/// The field for files.
const FILES: &str = "files";

/// `/records/add`
#[component]
pub fn AddPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Add records" page=Inside::Add /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    view! { <AddRecords /> }.erased()
}

/// The page inside its frame.
#[component]
pub fn AddRecords() -> impl IntoView {
    let shares = provide_onlookers();
    let picks = use_picks();
    let vault = use_vault();
    let wide = Memo::new(move |_| shares.data.with(|shares| shares.as_deref().map(reaches_what_comes)));
    // Nothing is claimed of who sees them before that is known.
    let seen_by = move || match wide.get() {
        Some(false) => " Nobody sees them until you share them.",
        Some(true) => " Who will see them stands beside each.",
        None => "",
    };
    let sent = RwSignal::new(0_u32);
    let shown = RwSignal::new(AT_FIRST);
    let paste = window_event_listener(ev::paste, move |event| {
        let files = event.clipboard_data().and_then(|data| data.files());
        // Words are pasted into fields as ever.
        if files.as_ref().is_some_and(|files| files.length() > 0) {
            event.prevent_default();
            picks.choose_all(files);
        }
    });
    on_cleanup(move || paste.remove());
    let any = Memo::new(move |_| picks.list.with(|list| !list.is_empty()));
    let add = move || {
        let Some(vault) = vault.get() else { return };
        let ready: Vec<_> = picks.list.with_untracked(|list| {
            list.iter()
                .filter_map(|pick| match pick.look.get_untracked() {
                    Look::Read(chosen, entered) => Some((pick.key, chosen.id, entered.read())),
                    _ => None,
                })
                .collect()
        });
        // All or none: half of a list that was sent is hard to tell from one that was not.
        if let Some((wrong, ..)) = ready.iter().rfind(|(_, _, details)| details.is_none()) {
            // What is wrong must be in sight.
            let place = picks.list.with_untracked(|list| list.iter().position(|pick| pick.key == *wrong));
            shown.update(|shown| *shown = (*shown).max(place.map_or(0, |place| place + 1)));
            lead_focus("[aria-invalid=true]");
            return;
        }
        for (key, id, details) in ready {
            if let Some(details) = details {
                vault.add(id, details);
                picks.drop_from_list(key);
                sent.update(|sent| *sent += 1);
            }
        }
    };
    view! {
        <div class="stack">
            <h1>"Add records"</h1>
            <p class="soft">"Sealed on this device before they leave it." {seen_by}</p>
        </div>
        <div class="stack near">
            <DropZone
                name=FILES
                title="Choose files, or drop them here"
                hint="Pictures, PDF, CT and MR images, files from other health apps. You can paste them too."
                on_choose=move |event: ev::Event| picks.choose_from(&event)
                on_drop=move |event: ev::DragEvent| picks.choose_all(event.data_transfer().and_then(|data| data.files()))
            />
            <Camera picks />
        </div>
        <Uploads which=Which::All on_choose=open_chooser />
        <ChosenList picks shown />
        <p role="status" class="heard">{move || match (picks.reading(), picks.ready()) {
            (true, _) => "Looking at the files".to_owned(),
            (false, 0) => String::new(),
            (false, n) => format!("{} to check", words::count(u64::try_from(n).unwrap_or(u64::MAX), "file")),
        }}</p>
        {move || any.get().then(|| view! {
            <div class="actions fill stay">
                <Button glyph=Glyph::Add busy=Signal::derive(move || picks.reading()) disabled=Signal::derive(move || picks.ready() == 0 && !picks.reading()) on_press=add>
                    {move || add_words(picks.ready())}
                </Button>
                <Button kind=ButtonKind::Quiet on_press=move || take_all_away(picks)>"Add none of them"</Button>
            </div>
        })}
        {move || (sent.get() > 0 && !any.get()).then(|| view! {
            <div class="actions"><LinkButton kind=ButtonKind::Quiet href="/records">"Go to your records"</LinkButton></div>
        })}
    }
    .erased()
}

/// Opens the chooser of the page, as a press on its field does.
fn open_chooser() {
    let field = document().get_element_by_id(FILES).and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(field) = field {
        field.click();
    }
}

fn add_words(ready: usize) -> String {
    match ready {
        0 => "Add records".to_owned(),
        ready => format!("Add {}", words::count(u64::try_from(ready).unwrap_or(u64::MAX), "record")),
    }
}

fn take_all_away(picks: Picks) {
    let keys: Vec<_> = picks.list.with_untracked(|list| list.iter().map(|pick| pick.key).collect());
    for key in keys {
        picks.take_away(key);
    }
}

/// The first of the chosen files, one card each.
#[component]
fn ChosenList(picks: Picks, shown: RwSignal<usize>) -> impl IntoView {
    let any = Memo::new(move |_| picks.list.with(|list| !list.is_empty()));
    let cards = move || picks.list.with(|list| list.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    let more = Memo::new(move |_| picks.list.with(Vec::len).saturating_sub(shown.get()));
    view! {
        {move || any.get().then(|| view! { <h2>"Check what they are"</h2> })}
        <For each=cards key=|pick| pick.key let(pick)>
            <PickCard on_remove={ let key = pick.key; move || picks.take_away(key) } pick />
        </For>
        {move || (more.get() > 0).then(|| view! {
            <p class="soft">
                {move || format!("And {}. They are added as they seem to be. You can change each later.", words::count(u64::try_from(more.get()).unwrap_or(u64::MAX), "more file"))}
            </p>
            <div class="actions">
                <Button kind=ButtonKind::Quiet on_press=move || shown.update(|shown| *shown += AT_FIRST)>"Show more of them"</Button>
            </div>
        })}
    }
    .erased()
}

/// Takes a picture with a phone's camera; on a computer it opens the file chooser for pictures.
#[component]
fn Camera(picks: Picks) -> impl IntoView {
    view! {
        <label class="button quiet pick">
            <Icon glyph=Glyph::Camera />
            <span>"Take a picture of a paper"</span>
            <input type="file" class="heard" accept="image/*" capture="environment" on:change=move |event| picks.choose_from(&event) />
        </label>
    }
    .erased()
}
