//! One record: what is in it, what is known about it, who can see it and who did.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::acts::{REPLACE, RecordActs};
use super::rows::title_of;
use super::sought::{NotYet, Sought};
use super::uploads::{Uploads, Which};
use super::viewer::{Place, Viewer, page_width};
use crate::clock::use_now;
use crate::pages::activity::sentence::{Seen, opened_by_others};
use crate::pages::asking::{Act, Loaded, WhenLoaded, load, use_act};
use crate::pages::focus::lead_focus;
use crate::pages::guarded::{Guarded, Guests, side_of};
use crate::pages::inside::Inside;
use crate::pages::sharing::acts::{ShareActs, ShareDialogs, use_share_acts};
use crate::pages::sharing::reach::{longest, people_of};
use crate::pages::sharing::shared::{SharedBy, is_stopped, load_shares};
use crate::pages::telling::{TroubleAlert, is_same};
use crate::pages::{category, words};
use crate::ui::place::focus_on;
use crate::ui::{
    Alert, Button, ButtonKind, Card, Chip, EmptyState, Erase as _, Face, Fact, Facts, Glyph, Icon, IconButton,
    LinkButton, List, Row, Side, Skeleton, SkeletonShape, Tone, Until,
};
use crate::vault::{Content, Happenings, Me, Pixels, RecordItem, Records, Share, Trouble, use_vault};

/// `/records/:id`
#[component]
pub fn RecordPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Everybody title="Record" page=Inside::Record /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside(me: &Me) -> AnyView {
    let side = side_of(me);
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let records = load(|vault| vault.records());
    let item = Memo::new(move |_| {
        records.data.with(|records| {
            records.as_ref().map(|records| records.iter().find(|item| id.with(|id| item.id == *id)).cloned())
        })
    });
    let found =
        Memo::new(move |_| item.with(|item| item.as_ref().map(|item| item.as_ref().map(|item| item.id.clone()))));
    let last = StoredValue::new(None::<RecordItem>);
    (move || match found.get() {
        None => view! { <NotYet loaded=records /> }.erased(),
        Some(None) => view! { <Sought records side /> }.erased(),
        Some(Some(_)) => {
            last.set_value(item.get_untracked().flatten());
            let item = Signal::derive(move || {
                let item = item.get().flatten();
                if item.is_some() {
                    last.set_value(item);
                }
                last.get_value()
            });
            view! { <OpenRecord item records side /> }.erased()
        }
    })
    .erased()
}

/// What was opened, ready to be drawn more than once.
#[derive(Clone)]
pub enum Opened {
    /// A picture and facts.
    Picture(Arc<Pixels>, Vec<(String, String)>),
    /// A document of so many pages.
    Pages(u32),
    /// Text, and whether it was cut.
    Text(Arc<str>, bool),
    /// Nothing to draw: why, and facts.
    Nothing(String, Vec<(String, String)>),
}

impl From<Content> for Opened {
    fn from(content: Content) -> Self {
        match content {
            Content::Picture { pixels, facts } => Self::Picture(Arc::new(pixels), facts),
            Content::Pages(count) => Self::Pages(count),
            Content::Text { text, cut } => Self::Text(text.into(), cut),
            Content::None { why, facts } => Self::Nothing(why, facts),
        }
    }
}

impl Opened {
    fn facts(&self) -> Vec<(String, String)> {
        match self {
            Self::Picture(_, facts) | Self::Nothing(_, facts) => facts.clone(),
            Self::Pages(pages) => vec![("Pages".to_owned(), pages.to_string())],
            Self::Text(..) => Vec::new(),
        }
    }
}

/// Asks the vault for everything that the view shows.
#[component]
fn OpenRecord(item: Signal<Option<RecordItem>>, records: Loaded<Records>, side: Side) -> impl IntoView {
    let opened = RwSignal::new(None::<Opened>);
    let opening = use_act();
    // An opening is written into the history, so the record is opened once for each content; that it was only sealed
    // anew changes none of this.
    let content = Memo::new(move |_| {
        let of = |item: &RecordItem| (item.id.clone(), item.changed, item.size, item.file_name.clone());
        item.with(|item| item.as_ref().map(of))
    });
    let last = StoredValue::new(None);
    let once_more = Trigger::new();
    Effect::new(move |_| {
        once_more.track();
        // What changes while it is being opened is opened after that.
        let busy = opening.busy.get();
        let content = content.get();
        if busy || content == last.get_value() {
            return;
        }
        last.set_value(content.clone());
        if let Some((id, ..)) = content {
            opening.run(move |vault| vault.open(id), move |content| drop(opened.try_set(Some(content.into()))));
        }
    });
    let shares: Loaded<Vec<Share>> = match side {
        Side::Patient => load_shares(),
        Side::Provider => load(move |vault| {
            let own = item.with_untracked(|item| item.as_ref().map(|item| item.vault.clone()));
            Box::pin(async move {
                let patients = vault.patients().await?;
                let of_vault = patients.here.into_iter().filter(|patient| Some(&patient.vault) == own.as_ref());
                Ok(of_vault.flat_map(|patient| patient.shares).collect())
            })
        }),
    };
    let activity = load(|vault| vault.activity_of_others());
    let save = use_act();
    let open_again = Callback::new(move |()| {
        save.trouble.set(None);
        last.set_value(None);
        once_more.notify();
        // What was pressed goes away with what failed.
        lead_focus("main h1");
    });
    move || {
        item.with(Option::is_some).then(|| {
            let item = Signal::derive(move || item.get());
            view! { <RecordView item opened opening open_again shares activity records save side /> }
        })
    }
}

/// The page of a record.
#[component]
pub fn RecordView(
    /// The record.
    item: Signal<Option<RecordItem>>,
    /// What is in it; none while it is being opened.
    #[prop(into)]
    opened: Signal<Option<Opened>>,
    /// The opening.
    opening: Act,
    /// Opens it once more, after that failed.
    open_again: Callback<()>,
    /// The shares of its vault.
    shares: Loaded<Vec<Share>>,
    /// What happened in its vault.
    activity: Loaded<Happenings>,
    /// The records, for what a share would leave.
    records: Loaded<Records>,
    /// The saving of a copy.
    save: Act,
    /// Whose side it is.
    side: Side,
) -> impl IntoView {
    let now = use_now();
    let title = Memo::new(move |_| item.with(|item| item.as_ref().map(title_of).unwrap_or_default()));
    let id = Memo::new(move |_| item.with(|item| item.as_ref().map(|item| item.id.clone()).unwrap_or_default()));
    let sub = move || {
        item.with(|item| {
            item.as_ref().map(|item| {
                let date = words::date_words(&item.details.date, now.get());
                [date.as_str(), item.owner.as_deref().unwrap_or(""), item.kind.as_str()]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · ")
            })
        })
    };
    let acts = use_share_acts(shares, records, activity);
    let stopped = is_stopped(shares);
    // Of somebody else's record this device cannot say more than that it did nothing to it.
    let kept = match side {
        Side::Patient => "The record is still in the vault.",
        Side::Provider => "Nothing was saved.",
    };
    let keep_copy = move || save.run(move |vault| vault.save(id.get_untracked()), |()| {});
    let replacing = RwSignal::new(false);
    let replace = move || {
        // The row that asked goes away once the file is chosen; the button of the page takes the focus back.
        if let Some(button) = document().query_selector(REPLACE).ok().flatten() {
            focus_on(button);
        }
        replacing.set(true);
    };
    // What keeps a record from being opened mostly keeps it from being saved, too: that is said once.
    let both = Memo::new(move |_| fail_alike(opening.trouble.get().as_ref(), save.trouble.get().as_ref()));
    let not_saved = Signal::derive(move || save.trouble.get().filter(|_| !both.get()));
    let not_opened = Signal::derive(move || not_opened_words(opened.with(Option::is_some), both.get()).to_owned());
    view! {
        <Title text=move || title.get() />
        <div class="title">
            <div class="stack grow">
                <h1>{move || title.get()}</h1>
                <p class="soft">{sub}</p>
            </div>
            <div class="actions">
                {move || (side == Side::Patient && !stopped.get()).then(|| view! {
                    <LinkButton kind=ButtonKind::Quiet glyph=Glyph::Sharing href=move || format!("/sharing/new?record={}", id.get())>"Share"</LinkButton>
                })}
                <Button kind=ButtonKind::Quiet glyph=Glyph::SaveCopy busy=save.busy on_press=keep_copy>"Save a copy"</Button>
            </div>
        </div>
        <TroubleAlert trouble=not_saved kept=kept />
        {(side == Side::Patient).then(|| view! { <Uploads which=Which::Of(id) on_choose=replace /> })}
        <div class="two">
            <div class="stack wide">
                <TroubleAlert trouble=opening.trouble what=not_opened again=open_again />
                {move || match opened.get() {
                    Some(opened) => view! { <Inside opened title=title.get_untracked() id=id.get_untracked() on_save=Callback::new(move |()| keep_copy()) /> }.erased(),
                    None if opening.trouble.with(Option::is_some) => ().erased(),
                    None => view! { <div class="stage-wait"><Skeleton label="Opening the record on this device" shape=SkeletonShape::Block /></div> }.erased(),
                }}
            </div>
            <div class="stack wide">
                <About item opened />
                {(side == Side::Provider).then(|| view! { <YourShare item shares /> })}
                {(side == Side::Patient).then(|| view! {
                    <WhoCanSee item shares acts />
                    <WhoOpened item activity />
                    <RecordActs item replacing />
                    <ShareDialogs acts />
                })}
            </div>
        </div>
    }
    .erased()
}

/// Whether a record can be neither opened nor saved for the same reason.
fn fail_alike(opening: Option<&Trouble>, save: Option<&Trouble>) -> bool {
    matches!((opening, save), (Some(opening), Some(save)) if is_same(opening, save))
}

/// What a record is of which another version may be shown.
const fn not_opened_words(older_is_shown: bool, nor_saved: bool) -> &'static str {
    match (older_is_shown, nor_saved) {
        (false, false) => "This record could not be opened.",
        (false, true) => "This record could not be opened, and no copy was saved.",
        (true, false) => "This record was changed, and could not be opened again. What you see is how it was before.",
        (true, true) => {
            "This record was changed, and could not be opened again. What you see is how it was before. No copy was saved."
        }
    }
}

/// What is in a record.
#[component]
fn Inside(opened: Opened, title: String, id: String, on_save: Callback<()>) -> impl IntoView {
    match opened {
        Opened::Picture(pixels, _) => view! {
            <Viewer label=title pixels=Signal::stored(Some(pixels)) place=RwSignal::new(Place::FIT) />
        }.erased(),
        Opened::Pages(count) => view! { <Document title id count /> }.erased(),
        Opened::Text(text, cut) => view! {
            <Card>
                <pre class="text-record" tabindex="0">{text.to_string()}</pre>
                {cut.then(|| view! {
                    <Alert still=true tone=Tone::Brand happened="Only the beginning is shown." next="The text is long. Save a copy to read all of it." />
                })}
            </Card>
        }.erased(),
        Opened::Nothing(why, _) => view! {
            <Card>
                <EmptyState glyph=Glyph::File title="This record is kept, but cannot be shown here" next=why>
                    <Button glyph=Glyph::SaveCopy on_press=on_save>"Save a copy"</Button>
                </EmptyState>
            </Card>
        }.erased(),
    }
}

/// A document, page by page. A larger page is drawn again, so that its letters stay sharp.
#[component]
fn Document(title: String, id: String, count: u32) -> impl IntoView {
    let page = RwSignal::new(1_u32);
    let place = RwSignal::new(Place::FIT);
    let pixels = RwSignal::new(None::<Arc<Pixels>>);
    let (busy, trouble) = (RwSignal::new(true), RwSignal::new(None));
    let width = Memo::new(move |_| page_width(place.get().zoom));
    let vault = use_vault();
    Effect::new(move |_| {
        let wanted = (page.get(), width.get());
        let Some(vault) = vault.get() else { return };
        busy.set(true);
        let drawn = untrack(|| vault.page(id.clone(), wanted.0 - 1, wanted.1));
        leptos::task::spawn_local(async move {
            let drawn = drawn.await;
            // Somebody may have turned the page meanwhile.
            if (page.try_get_untracked(), width.try_get_untracked()) != (Some(wanted.0), Some(wanted.1)) {
                return;
            }
            busy.try_set(false);
            match drawn {
                Ok(drawn) => {
                    trouble.try_set(None);
                    pixels.try_set(Some(Arc::new(drawn)));
                }
                Err(failed) => {
                    // What stands there is another page.
                    pixels.try_set(None);
                    trouble.try_set(Some(failed));
                }
            }
        });
    });
    let turn = move |to: u32| {
        place.set(Place::FIT);
        page.set(to.clamp(1, count.max(1)));
    };
    view! {
        <Viewer
            label=title
            pixels
            place
            busy
            tall=true
            tools=move || view! {
                <IconButton glyph=Glyph::Back label="Previous page" disabled=Signal::derive(move || page.get() <= 1) on_press=move || turn(page.get_untracked() - 1) />
                <span class="number" role="status">{move || format!("Page {} of {count}", page.get())}</span>
                <IconButton glyph=Glyph::Next label="Next page" disabled=Signal::derive(move || page.get() >= count) on_press=move || turn(page.get_untracked() + 1) />
            }
        />
        <TroubleAlert trouble kept="You can still save a copy of the whole document." />
    }
    .erased()
}

/// What is known about a record.
#[component]
fn About(item: Signal<Option<RecordItem>>, opened: Signal<Option<Opened>>) -> impl IntoView {
    let now = use_now();
    move || {
        item.get().map(|item| {
        let slug = category::slug(&item.details.category);
        let date = words::date_words(&item.details.date, now.get_untracked());
        let facts = opened.with(|opened| opened.as_ref().map(Opened::facts).unwrap_or_default());
        let notes = item.details.notes;
        view! {
            <Card title="About this record">
                <Facts>
                    {item.owner.map(|owner| view! {
                        <Fact name="Whose"><a href=format!("/patients/{}", item.vault)>{owner}</a></Fact>
                    })}
                    <Fact name="Kind"><Chip category=slug>{category::label(slug)}</Chip></Fact>
                    {(!date.is_empty()).then(|| view! { <Fact name="Date">{date}</Fact> })}
                    {facts.into_iter().map(|(name, value)| view! { <Fact name>{value}</Fact> }).collect_view()}
                    <Fact name="File"><bdi class="anywhere">{item.file_name}</bdi></Fact>
                    <Fact name="Size">{format!("{}, {}", item.kind, words::size(item.size))}</Fact>
                    <Fact name="Added">{words::moment(item.added, now.get_untracked())}</Fact>
                    {(item.changed > item.added).then(|| view! { <Fact name="Changed">{words::moment(item.changed, now.get_untracked())}</Fact> })}
                </Facts>
                {(!notes.is_empty()).then(|| view! {
                    <div class="stack"><h3>"Notes"</h3><p class="notes">{notes}</p></div>
                })}
            </Card>
        }
    })
    }
}

/// For a provider: until when, and what may be done.
#[component]
fn YourShare(item: Signal<Option<RecordItem>>, shares: Loaded<Vec<Share>>) -> impl IntoView {
    let now = use_now();
    move || {
        let item = item.get()?;
        let all = shares.data.with(|shares| Some(people_of(&item, shares.as_deref()?)))?;
        let share = longest(all)?;
        let left = words::given_left(share.from, share.until, now.get_untracked());
        Some(view! {
            <Card title="What you may do">
                <p>{format!("You {}.", words::level_words(&share.level))}</p>
                <Until percent=left.percent words=left.words soon=left.soon />
                <p class="seen"><Icon glyph=Glyph::Eye /><span>{format!("{} sees when you open this record or save a copy.", item.owner.unwrap_or_else(|| "The patient".to_owned()))}</span></p>
            </Card>
        })
    }
}

/// Who can see a record now. Nothing is said of it before it is known.
#[component]
fn WhoCanSee(item: Signal<Option<RecordItem>>, shares: Loaded<Vec<Share>>, acts: ShareActs) -> impl IntoView {
    let by = Memo::new(move |_| {
        item.with(|item| {
            let item = item.as_ref()?;
            shares.data.with(|shares| Some(people_of(item, shares.as_deref()?)))
        })
        .unwrap_or_default()
    });
    let alone = Memo::new(move |_| by.with(Vec::is_empty));
    let stopped = is_stopped(shares);
    let people = move || {
        if alone.get() {
            let only = if stopped.get() { "Only you." } else { "Only you. Share it to let somebody else see it." };
            view! { <p class="soft">{only}</p> }.erased()
        } else {
            view! { <SharedBy by acts heading=".who-can-see h2" /> }.erased()
        }
    };
    view! {
        <div class="who-can-see">
            <Card title="Who can see it">
                <WhenLoaded
                    loaded=shares
                    waiting=|| view! { <Skeleton label="Getting who can see it" shape=SkeletonShape::Lines count=2 /> }
                    page=move || people
                />
            </Card>
        </div>
    }
    .erased()
}

/// Who opened a record.
#[component]
fn WhoOpened(item: Signal<Option<RecordItem>>, activity: Loaded<Happenings>) -> impl IntoView {
    let now = use_now();
    let seen = Memo::new(move |_| {
        item.with(|item| {
            let item = item.as_ref()?;
            activity.data.with(|activity| Some(opened_by_others(activity.as_deref()?, &item.id)))
        })
        .unwrap_or_default()
    });
    let rows = move || {
        let row = move |Seen { name, what, at, .. }| {
            let initials = words::initials(&name);
            view! { <Row title=name sub=format!("{what} {}", words::moment(at, now.get_untracked())) tile=move || view! { <Face initials /> } /> }
        };
        let seen = seen.get();
        let none = seen.is_empty().then(|| view! { <p class="soft">"Nobody but you."</p> });
        view! {
            {none}
            <List>{seen.into_iter().map(row).collect_view()}</List>
            <p class="seen"><Icon glyph=Glyph::Check /><span>"This history was checked on your device."</span></p>
        }
    };
    view! {
        <Card title="Who opened it">
            <WhenLoaded
                loaded=activity
                waiting=|| view! { <Skeleton label="Checking the history on this device" shape=SkeletonShape::Lines count=2 /> }
                page=move || rows
            />
        </Card>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::TroubleKind;

    #[test]
    fn a_record_that_can_be_neither_opened_nor_saved_says_why_once() {
        let trouble = |happened: &str, kind| Trouble { happened: happened.to_owned(), kind };
        let away = trouble("There is no connection to the server.", TroubleKind::Offline);
        let busy = trouble("The server is busy.", TroubleKind::Offline);
        let changed = trouble("A file on the server was changed.", TroubleKind::Alarm);
        assert!(fail_alike(Some(&away), Some(&busy)) && fail_alike(Some(&changed), Some(&changed)));
        assert!(!fail_alike(Some(&away), Some(&changed)) && !fail_alike(None, Some(&away)));
        assert!(!fail_alike(Some(&away), None), "nobody has tried to save it");
    }
}
