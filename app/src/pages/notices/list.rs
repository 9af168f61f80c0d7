//! The notices: what concerns this person, newest first.

use leptos::ev;
use leptos::prelude::*;

use super::choices::{ChoicesCard, use_choices};
use super::sentence::{awaited, glyph, next, sentence};
use super::use_notices;
use crate::api::Refused;
use crate::api::notices::{Notice, NoticeKind, read_notices};
use crate::clock::use_now;
use crate::pages::asking::load;
use crate::pages::guarded::{Guarded, Guests, side_of};
use crate::pages::inside::Inside;
use crate::pages::words;
use crate::ui::{Alert, Button, ButtonKind, Card, Chip, EmptyState, Erase as _, Glyph, Icon, Side, Skeleton, Tone};
use crate::vault::{Me, Records};

/// `/notices`
#[component]
pub fn NoticesPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Everybody title="Notices" page=Inside::Notices /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside(me: &Me) -> AnyView {
    let notices = use_notices();
    let records = load(|vault| vault.records());
    // What is in sight has been seen; the marks of what was new stay until the page is left.
    let in_sight = use_in_sight();
    let list = notices.list();
    let newest = Memo::new(move |before: Option<&Option<i64>>| {
        if !in_sight.get() {
            return before.copied().flatten();
        }
        let new = |list: &Vec<Notice>| list.iter().find(|notice| !notice.read).map(|notice| notice.id);
        list.with(|list| list.as_ref()?.as_ref().ok().and_then(new))
    });
    Effect::new(move |_| {
        if let Some(id) = newest.get() {
            leptos::task::spawn_local(async move {
                // What could not be noted is new once more, next time.
                let (Ok(()) | Err(_)) = read_notices(id).await;
            });
        }
    });
    let records = Signal::derive(move || records.data.get().unwrap_or_default());
    let choices = use_choices();
    let failed = Memo::new(move |_| list.with(|list| matches!(list, Some(Err(_)))));
    let again = move |()| {
        notices.refresh();
        choices.ask_again();
    };
    let side = side_of(me);
    view! {
        <div class="stack">
            <h1>"Notices"</h1>
            <p class="soft">"What others did that concerns you, and what happened to your account."</p>
            <p class="only-phone"><a class="tap" href="#choices">"What you are told"</a></p>
        </div>
        <div class="two">
            <NoticeList list records side again=Callback::new(again) />
            <div id="choices"><ChoicesCard choices side is_said=failed /></div>
        </div>
    }
    .erased()
}

/// Whether the page is in sight: not in a window or tab behind others.
fn use_in_sight() -> Signal<bool> {
    let in_sight = RwSignal::new(!document().hidden());
    let listening = window_event_listener(ev::visibilitychange, move |_| in_sight.set(!document().hidden()));
    on_cleanup(move || listening.remove());
    in_sight.into()
}

/// The list.
#[component]
pub fn NoticeList(
    /// The notices; none before the first answer.
    #[prop(into)]
    list: Signal<Option<Result<Vec<Notice>, Refused>>>,
    /// The records, for their titles.
    #[prop(into)]
    records: Signal<Records>,
    /// Whose they are.
    side: Side,
    /// Asks again.
    #[prop(into)]
    again: Callback<()>,
) -> impl IntoView {
    let now = use_now();
    // What was new when the page was opened stays marked, though it counts as seen from then on.
    let was_new = StoredValue::new(std::collections::BTreeSet::new());
    let row = move |notice: Notice| {
        let is_new = was_new.try_update_value(|new| {
            if !notice.read {
                new.insert(notice.id);
            }
            new.contains(&notice.id)
        });
        let said = records.with(|records| sentence(&notice, records, now.get_untracked()));
        let when = words::moment(notice.at, now.get_untracked());
        let href = match (&notice.record, notice.kind) {
            (Some(record), _) => Some(format!("/records/{record}")),
            (None, NoticeKind::Shared) => Some("/patients".to_owned()),
            (None, kind) if kind.is_security() => Some("/account".to_owned()),
            _ => None,
        };
        let next = next(notice.kind).map(|next| view! { <span class="hint">{next}</span> });
        let has_next = next.is_some();
        let new = (is_new == Some(true)).then(|| view! { <Chip tone=Tone::Brand>"new"</Chip> });
        let name = match href {
            Some(href) => view! { <a class="name" href=href>{said}</a> }.erased(),
            None => view! { <span class="name">{said}</span> }.erased(),
        };
        view! {
            <li class="item" class:top=has_next>
                <div class="lead">
                    <span class="tile small"><Icon glyph=glyph(notice.kind) /></span>
                    <div class="item-words">{name}<div class="row"><span class="soft">{when}</span>{new}</div>{next}</div>
                </div>
            </li>
        }
    };
    view! {
        <Card>
            {move || match list.get() {
                None => view! { <Skeleton label="Getting your notices" count=4 /> }.erased(),
                Some(Err(refused)) => view! {
                    <Alert tone=Tone::Stop happened=refused.to_string() next="Your records are as they were. Try again in a moment.">
                        <Button kind=ButtonKind::Quiet glyph=Glyph::Again on_press=again>"Try again"</Button>
                    </Alert>
                }.erased(),
                Some(Ok(list)) if list.is_empty() => view! {
                    <EmptyState glyph=Glyph::Notices title="Nothing to tell" next=awaited(side) />
                }.erased(),
                Some(Ok(list)) => view! { <ul class="list" role="list">{list.into_iter().map(row).collect_view()}</ul> }.erased(),
            }}
        </Card>
    }
    .erased()
}
