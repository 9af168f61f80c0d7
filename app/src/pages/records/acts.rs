//! What a patient can do with a record: change what is said about it, replace its file, delete it.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::chosen::{Look, use_picks};
use super::rows::title_of;
use crate::pages::asking::use_act;
use crate::pages::telling::TroubleAlert;
use crate::pages::words;
use crate::ui::{
    Alert, Button, ButtonKind, Card, Dialog, DropZone, Erase as _, FileRow, FileState, Glyph, LinkButton, Tone,
    use_toasts,
};
use crate::vault::{RecordItem, use_vault};

/// The button that replaces the file of a record, the first one among what can be done to it.
pub const REPLACE: &str = ".record-acts button";

/// The card with what can be done.
#[component]
pub fn RecordActs(
    /// The record.
    item: Signal<Option<RecordItem>>,
    /// Whether somebody is about to replace its file.
    replacing: RwSignal<bool>,
) -> impl IntoView {
    let deleting = RwSignal::new(false);
    let id = move || item.with(|item| item.as_ref().map(|item| item.id.clone()).unwrap_or_default());
    view! {
        <Card title="Change it">
            <div class="actions record-acts">
                <LinkButton kind=ButtonKind::Quiet glyph=Glyph::Edit href=move || format!("/records/{}/edit", id())>"Edit"</LinkButton>
                <Button kind=ButtonKind::Quiet glyph=Glyph::Upload on_press=move || replacing.set(true)>"Replace the file"</Button>
                <Button kind=ButtonKind::Stop glyph=Glyph::Delete on_press=move || deleting.set(true)>"Delete"</Button>
            </div>
        </Card>
        <ReplaceDialog item open=replacing />
        <DeleteDialog item open=deleting />
    }
    .erased()
}

/// Takes a newer file for a record.
#[component]
fn ReplaceDialog(item: Signal<Option<RecordItem>>, open: RwSignal<bool>) -> impl IntoView {
    let picks = use_picks();
    let vault = use_vault();
    let toasts = use_toasts();
    // Only the file that was chosen last counts, and none that an earlier question left.
    Effect::new(move |_| {
        let keep = usize::from(open.get());
        let before = picks.list.with(|list| list.len().saturating_sub(keep));
        let keys: Vec<_> = picks.list.with_untracked(|list| list.iter().take(before).map(|pick| pick.key).collect());
        for key in keys {
            picks.take_away(key);
        }
    });
    let last = Memo::new(move |_| picks.list.with(|list| list.last().map(|pick| pick.key)));
    let look =
        move || picks.list.with(|list| list.last().map(|pick| (pick.key, pick.file_name.clone(), pick.look.get())));
    let ready = Memo::new(move |_| last.get().is_some() && matches!(look(), Some((_, _, Look::Read(..)))));
    let replace = move || {
        let (Some(vault), Some(item)) = (vault.get(), item.get_untracked()) else { return };
        if let Some((key, _, Look::Read(chosen, _))) = look() {
            vault.replace(chosen.id, item.id);
            picks.drop_from_list(key);
            open.set(false);
            toasts.good("The newer file is on its way. The older one stays in the record's history until then.");
        }
    };
    view! {
        <Dialog id="replace-file" open title="Replace the file">
            <p>"The title, the date and the sharing stay. Those who may see this record see the newer file from now on."</p>
            <DropZone
                name="newer-file"
                title="Choose the newer file"
                hint="It is sealed on this device before it leaves it."
                on_choose=move |event: ev::Event| picks.choose_from(&event)
                on_drop=move |event: ev::DragEvent| picks.choose_all(event.data_transfer().and_then(|data| data.files()))
            />
            <ul class="uploads" role="list">
                {move || look().map(|(key, name, look)| {
                    let (about, state) = match look {
                        Look::Reading => ("Looking at it".to_owned(), FileState::Waiting),
                        Look::Read(chosen, _) => (format!("{}, {}", chosen.kind, words::size(chosen.size)), FileState::Waiting),
                        Look::Failed(trouble) => (String::new(), FileState::Failed(trouble.happened)),
                    };
                    view! { <FileRow name about state=Signal::stored(state) on_remove=move || picks.take_away(key) /> }
                })}
            </ul>
            <div class="actions">
                <Button kind=ButtonKind::Quiet on_press=move || open.set(false)>"Keep the file as it is"</Button>
                <Button disabled=Signal::derive(move || !ready.get()) on_press=replace>"Replace the file"</Button>
            </div>
        </Dialog>
    }
    .erased()
}

/// Asks before a record is gone.
#[component]
fn DeleteDialog(item: Signal<Option<RecordItem>>, open: RwSignal<bool>) -> impl IntoView {
    let act = use_act();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let title = move || item.with(|item| item.as_ref().map(title_of).unwrap_or_default());
    let shared = move || item.with(|item| item.as_ref().map_or(0, |item| item.shared_with));
    let delete = Callback::new(move |()| {
        let Some(id) = item.with_untracked(|item| item.as_ref().map(|item| item.id.clone())) else { return };
        let navigate = navigate.clone();
        act.run_in(
            open,
            format!("Deleting {}", untrack(title)),
            move |vault| vault.delete(id),
            move |()| {
                toasts.good("The record is deleted.");
                if act.is_here() {
                    navigate("/records", NavigateOptions { replace: true, ..NavigateOptions::default() });
                }
            },
        );
    });
    view! {
        <Dialog id="delete-record" open title=move || format!("Delete {}?", title())>
            <p>"The record goes out of your vault, and its sealed file is destroyed on the server a little later. That it was there, and that you deleted it, stays in your activity. It cannot be brought back."</p>
            {move || (shared() > 0).then(|| view! {
                <Alert still=true tone=Tone::Warn happened=format!("It is shared with {} now.", words::count(shared(), "person").replace("persons", "people")) next="They cannot open it any more. What a person has seen or saved cannot be taken back." />
            })}
            <TroubleAlert trouble=act.trouble kept="The record is still there." written=true in_dialog=true />
            <div class="actions">
                <Button kind=ButtonKind::Quiet on_press=move || open.set(false)>"Keep it"</Button>
                <Button kind=ButtonKind::Stop glyph=Glyph::Delete busy=act.busy on_press=delete>"Delete for good"</Button>
            </div>
        </Dialog>
    }
    .erased()
}
