//! The guard of signed-in pages: nothing of a page exists before the vault is open, and nothing is left after it is locked.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::location::Url;

use super::account::unlock::LockedPanel;
use super::asking::{provide_parts, use_alive};
use super::inside::{self, Inside};
use super::notices::use_notices;
use super::telling::{LoadAgain, next_words};
use super::words;
use crate::alarms::{provide_standing, use_standing};
use crate::ui::{Alert, AppFrame, Button, ButtonKind, Children, Erase as _, Side, Skeleton, SkeletonShape, Tone};
use crate::vault::{Me, Status, Trouble, TroubleKind, use_status, use_vault};
use crate::visitor::{Visitor, use_visitor};

/// How long a vault may take to open before something is said of it.
const PATIENCE: Duration = Duration::from_secs(6);

/// For whom a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guests {
    /// Owners of a vault.
    Patients,
    /// Care teams.
    Providers,
    /// Both.
    Everybody,
}

impl Guests {
    fn admits(self, side: Side) -> bool {
        match self {
            Self::Patients => side == Side::Patient,
            Self::Providers => side == Side::Provider,
            Self::Everybody => true,
        }
    }

    /// The side of somebody of whom nothing is known yet but what the document says.
    fn likely_side(self, visitor: Visitor) -> Side {
        match self {
            Self::Providers => Side::Provider,
            Self::Patients => Side::Patient,
            Self::Everybody => visitor.side().unwrap_or_default(),
        }
    }
}

/// The side of a person.
pub fn side_of(me: &Me) -> Side {
    if me.provider.is_some() { Side::Provider } else { Side::Patient }
}

fn person(status: &Status) -> Option<&Me> {
    match status {
        Status::Locked(me) | Status::Open(me) => Some(me),
        Status::Starting | Status::SignedOut => None,
    }
}

/// What stands between the frame and the page.
#[derive(Clone, PartialEq)]
enum Gate {
    Waiting,
    /// The page lost its vault: nothing is opened until it is loaded again.
    Lost,
    Locked(Me),
    Open(Me),
}

/// A signed-in page in its frame.
#[component]
pub fn Guarded(
    /// For whom it is.
    guests: Guests,
    /// Its name, for the window, and for the heading until the page is there.
    title: &'static str,
    /// The page, beginning with its `h1`.
    page: Inside,
) -> impl IntoView {
    let status = use_status();
    let visitor = use_visitor();
    let side =
        Memo::new(move |_| status.with(|status| person(status).map_or_else(|| guests.likely_side(visitor), side_of)));
    let there = RwSignal::new(false);
    let vault = use_vault();
    // In the browser alone: on the server no vault is ever open.
    Effect::new(move |_| {
        if let Some(vault) = vault.get() {
            vault.wake();
        }
        inside::load(there);
    });
    let lost = move || vault.get().is_some_and(|vault| vault.lost().get());
    let gate = Memo::new(move |_| match status.get() {
        Status::Locked(me) => Gate::Locked(me),
        Status::Open(me) if guests.admits(side_of(&me)) && there.get() => Gate::Open(me),
        Status::Starting | Status::Open(_) if lost() => Gate::Lost,
        Status::Starting | Status::SignedOut | Status::Open(_) => Gate::Waiting,
    });
    lead_away(guests);
    let alarm = use_alarm();
    provide_standing(alarm);
    provide_parts();
    (move || {
        let inside = move || match gate.get() {
            Gate::Waiting => view! {
                <div class="stack">
                    <h1>{title}</h1>
                    <p class="soft" role="status">"Opening your vault. It is opened on this device and nowhere else, so this takes a moment."</p>
                </div>
                <TakesLong />
                <Skeleton label="" shape=SkeletonShape::Block />
                <Skeleton label="" />
            }
            .erased(),
            Gate::Lost => view! {
                <div class="stack">
                    <h1>{title}</h1>
                    <p class="soft" role="status">"Your vault is closed on this page."</p>
                </div>
                <WayBack />
            }
            .erased(),
            Gate::Locked(me) => view! { <LockedPanel me /> }.erased(),
            Gate::Open(me) => inside::draw(page, me),
        };
        view! {
            <Title text=title />
            <Frame side=side.get()><Alarm alarm /> {inside}</Frame>
        }
    })
    .erased()
}

/// Said where a vault does not open for a while, so that nobody waits before grey bars without knowing why.
#[component]
fn TakesLong() -> impl IntoView {
    let long = RwSignal::new(false);
    Effect::new(move |_| {
        if let Ok(timer) = set_timeout_with_handle(move || _ = long.try_set(true), PATIENCE) {
            on_cleanup(move || timer.clear());
        }
    });
    move || {
        long.get().then(|| {
            view! {
                <Alert
                    tone=Tone::Warn
                    happened="Your vault is not open yet."
                    next="There may be no connection to the server. It goes on by itself as soon as there is."
                />
            }
        })
    }
}

/// Loads a page again that lost its vault, unless the alarm above offers that already.
#[component]
fn WayBack() -> impl IntoView {
    let standing = use_standing();
    let is_above = Memo::new(move |_| standing.says_lost());
    move || (!is_above.get()).then(|| view! { <div class="actions"><LoadAgain /></div> })
}

/// Leads those away for whom a page is not: to sign in and back here, or to where they belong.
fn lead_away(guests: Guests) {
    let status = use_status();
    let location = use_location();
    let navigate = use_navigate();
    Effect::new(move |_| {
        let away = status.with(|status| match status {
            Status::SignedOut => {
                let path = location.pathname.get_untracked();
                let query = location.search.get_untracked();
                let back = if query.is_empty() { path } else { format!("{path}?{query}") };
                Some(format!("/sign-in?back={}", Url::escape(&back)))
            }
            Status::Open(me) if !guests.admits(side_of(me)) => Some(side_of(me).home().to_owned()),
            _ => None,
        });
        if let Some(away) = away {
            let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
            navigate(&away, options);
        }
    });
}

/// The frame, with the lock state and the person's initials.
#[component]
fn Frame(side: Side, children: Children) -> impl IntoView {
    let status = use_status();
    let vault = use_vault();
    let locked = Signal::derive(move || !matches!(status.get(), Status::Open(_)));
    // What comes alive must first be what the server sent, which says "Locked".
    let alive = use_alive();
    let opening = Signal::derive(move || {
        let is_starting = alive.get() && matches!(status.get(), Status::Starting);
        is_starting && !vault.get().is_some_and(|vault| vault.lost().get())
    });
    let initials = move || status.with(|status| person(status).map(|me| words::initials(&me.name)).unwrap_or_default());
    let lock = move |()| {
        if let Some(vault) = vault.get() {
            // A lock that fails leaves the status as it is, which the frame shows.
            leptos::task::spawn_local(async move { drop(vault.lock().await) });
        }
    };
    let notices = use_notices();
    Effect::new(move |_| match vault.get() {
        Some(vault) if matches!(status.get(), Status::Open(_)) => {
            vault.told().track();
            notices.refresh();
        }
        _ => notices.forget(),
    });
    view! {
        <AppFrame side locked opening initials on_lock=Callback::new(lock) notices=notices.unseen()>{children.draw()}</AppFrame>
    }
    .erased()
}

/// The oldest alarm that nobody has read.
fn use_alarm() -> Memo<Option<Trouble>> {
    let vault = use_vault();
    // An alarm may be older than the page, but what comes alive must first be what the server sent.
    let alive = use_alive();
    Memo::new(move |_| {
        let vault = alive.get().then(|| vault.get()).flatten()?;
        vault.alarms().with(|unread| unread.first().cloned())
    })
}

/// The alarm: above everything, until the person has read it.
#[component]
fn Alarm(alarm: Memo<Option<Trouble>>) -> impl IntoView {
    let vault = use_vault();
    move || {
        alarm.get().map(|trouble| {
            let shown = trouble.clone();
            let read = move || {
                if let Some(vault) = vault.get() {
                    vault.alarms().update(|unread| unread.read(&shown));
                }
            };
            view! { <AlarmAlert trouble on_read=read /> }
        })
    }
}

/// What an alarm looks like. A page that lost its vault is of no use any more, however often that is read.
#[component]
pub fn AlarmAlert(
    /// What happened.
    trouble: Trouble,
    /// It was read.
    #[prop(into)]
    on_read: Callback<()>,
) -> impl IntoView {
    let (head, next) = match trouble.kind {
        TroubleKind::Alarm => (
            Some("Be careful: something is wrong on the server"),
            "Look closely at what you see here, and do not rely on it. Tell the people who run this server, and the people you share with.",
        ),
        TroubleKind::Restored => (Some("What was newest is gone from the server"), next_words(TroubleKind::Restored)),
        kind => (None, next_words(kind)),
    };
    let act = if trouble.is_loss() {
        view! { <LoadAgain /> }.erased()
    } else {
        view! { <Button kind=ButtonKind::Stop on_press=on_read>"I have read this"</Button> }.erased()
    };
    view! {
        <div class="alarm">
            <Alert
                tone=Tone::Stop
                head
                happened=trouble.happened
                next=next
            >
                {act}
            </Alert>
        </div>
    }
    .erased()
}
