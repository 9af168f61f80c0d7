//! Stopping a share: a question that says what ends, what was opened, and what cannot be taken back.

use leptos::prelude::*;

use super::ending::{after, consequence, question, stopped};
use crate::clock::use_now;
use crate::pages::activity::sentence::{listed, opened_titles};
use crate::pages::asking::{Act, Loaded, use_act};
use crate::pages::focus::{is_nowhere, lead_focus};
use crate::pages::telling::TroubleAlert;
use crate::ui::{Button, ButtonKind, Dialog, Erase as _, Glyph, Skeleton, SkeletonShape, use_toasts};
use crate::vault::{Happenings, Records, Share};

/// A share that somebody is about to stop.
#[derive(Clone, Copy)]
pub struct Stopping {
    share: RwSignal<Option<Share>>,
    /// Names the heading that the share stands under.
    heading: RwSignal<String>,
    /// The share that was stopped, until its row is gone.
    going: RwSignal<Option<String>>,
    open: RwSignal<bool>,
    shares: Loaded<Vec<Share>>,
    records: Loaded<Records>,
    activity: Loaded<Happenings>,
    act: Act,
}

impl Stopping {
    /// Asks about a share, which stands under a heading that a selector names.
    pub fn ask(self, share: Share, heading: String) {
        // What is being stopped is answered first.
        if self.act.busy.get_untracked() {
            return;
        }
        self.act.trouble.set(None);
        self.share.set(Some(share));
        self.heading.set(heading);
        self.open.set(true);
    }
}

/// Nothing is being stopped yet.
pub fn use_stopping(shares: Loaded<Vec<Share>>, records: Loaded<Records>, activity: Loaded<Happenings>) -> Stopping {
    Stopping {
        share: RwSignal::new(None),
        heading: RwSignal::new(String::new()),
        going: RwSignal::new(None),
        open: RwSignal::new(false),
        shares,
        records,
        activity,
        act: use_act(),
    }
}

/// The question.
#[component]
pub fn StopDialog(
    /// What is asked about.
    stopping: Stopping,
) -> impl IntoView {
    let Stopping { share, heading, going, open, shares, records, activity, act } = stopping;
    let now = use_now();
    let toasts = use_toasts();
    let ask = move || share.with(|share| share.as_ref().map(question).unwrap_or_default());
    let ends = move || {
        share.with(|share| {
            let share = share.as_ref()?;
            shares.data.with(|shares| {
                let shares = shares.as_deref().unwrap_or_default();
                records.data.with(|records| consequence(share, shares, records.as_deref(), now.get()))
            })
        })
    };
    // What the history says is said once it is there; before that, nothing is.
    let opened = move || {
        share.with(|share| {
            let share = share.as_ref()?;
            let titles = activity.data.with(|activity| {
                let activity = activity.as_deref()?;
                records.data.with(|records| opened_titles(activity, share, records.as_deref()))
            })?;
            Some(match titles.as_slice() {
                [] => format!("{} has opened nothing since you shared it.", share.person.name),
                titles => format!(
                    "{} has opened {}. What a person has seen or saved cannot be taken back.",
                    share.person.name,
                    listed(titles)
                ),
            })
        })
    };
    let unknown = Signal::derive(move || {
        let no_activity = activity.trouble.get().filter(|_| activity.data.with(Option::is_none));
        no_activity.or_else(|| records.trouble.get().filter(|_| ends().is_none() || opened().is_none()))
    });
    let again = move |()| {
        activity.again();
        records.again();
    };
    // The row goes away with the share, and the button that has the focus with it.
    Effect::new(move |_| {
        let Some(id) = going.get() else { return };
        let holds =
            |shares: &Option<Vec<Share>>| shares.iter().flatten().any(|share| share.id == id && share.ended.is_none());
        if !shares.data.with(holds) {
            going.set(None);
            if is_nowhere() {
                lead_focus(heading.get_untracked());
            }
        }
    });
    let stop = move || {
        let Some(share) = share.get_untracked() else { return };
        let id = share.id.clone();
        let after = shares.data.with_untracked(|shares| {
            let shares = shares.as_deref().unwrap_or_default();
            records.data.with_untracked(|records| after(&share, shares, records.as_deref(), now.get_untracked()))
        });
        act.run_in(
            open,
            format!("Stopping what {} can see", share.person.name),
            move |vault| vault.stop(id),
            move |()| {
                toasts.good(stopped(&share, &after));
                open.try_set(false);
                going.try_set(Some(share.id));
            },
        );
    };
    view! {
        <Dialog id="stop-sharing" open title=ask>
            {move || match ends() {
                Some(ends) => view! { <p>{ends}</p> }.erased(),
                None if share.with(Option::is_none) => ().erased(),
                None => view! { <Skeleton label="Looking at what else they can see" shape=SkeletonShape::Lines count=1 /> }.erased(),
            }}
            {move || opened().map(|opened| view! { <p>{opened}</p> })}
            <TroubleAlert trouble=unknown again=Callback::new(again) in_dialog=true />
            <TroubleAlert trouble=act.trouble kept="The share holds as before." written=true in_dialog=true />
            <div class="actions">
                <Button kind=ButtonKind::Quiet disabled=act.busy on_press=move || open.set(false)>"Keep sharing"</Button>
                <Button kind=ButtonKind::Stop glyph=Glyph::StopSharing busy=act.busy on_press=stop>"Stop sharing"</Button>
            </div>
        </Dialog>
    }
    .erased()
}
