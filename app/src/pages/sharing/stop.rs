//! Stopping a share: a question that says what ends, what was opened, and what cannot be taken back.

use leptos::prelude::*;

use crate::pages::activity::sentence::{listed, opened_titles};
use crate::pages::asking::{Act, Loaded, TroubleAlert, use_act};
use crate::pages::words;
use crate::ui::{Button, ButtonKind, Dialog, Glyph, use_toasts};
use crate::vault::{Happening, Share};

/// A share that somebody is about to stop.
#[derive(Clone, Copy)]
pub struct Stopping {
    share: RwSignal<Option<Share>>,
    open: RwSignal<bool>,
    activity: Loaded<Vec<Happening>>,
    act: Act,
}

impl Stopping {
    /// Asks about a share.
    pub fn ask(self, share: Share) {
        self.act.trouble.set(None);
        self.share.set(Some(share));
        self.open.set(true);
    }
}

/// Nothing is being stopped yet.
pub fn use_stopping(activity: Loaded<Vec<Happening>>) -> Stopping {
    Stopping { share: RwSignal::new(None), open: RwSignal::new(false), activity, act: use_act() }
}

/// The question.
#[component]
pub fn StopDialog(
    /// What is asked about.
    stopping: Stopping,
) -> impl IntoView {
    let Stopping { share, open, activity, act } = stopping;
    let toasts = use_toasts();
    let name = move || share.with(|share| share.as_ref().map(|share| share.person.name.clone()).unwrap_or_default());
    let ends = move || {
        share.with(|share| {
            share.as_ref().map(|share| {
                format!(
                    "{} can open nothing of this any more: {}.",
                    share.person.name,
                    words::reach_sentence(&share.reach)
                )
            })
        })
    };
    // What the history says is said once it is there; before that, nothing is.
    let opened = move || {
        share.with(|share| {
            share.as_ref().and_then(|share| {
                let titles = activity.data.with(|activity| {
                    activity.as_ref().map(|activity| opened_titles(activity, &share.person.account, share.from))
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
        })
    };
    let unknown = Signal::derive(move || {
        let trouble = activity.trouble.get();
        trouble.filter(|_| activity.data.with(Option::is_none))
    });
    let stop = move || {
        let Some(share) = share.get_untracked() else { return };
        act.run(
            move |vault| vault.stop(share.id),
            move |()| {
                open.set(false);
                toasts.good(format!("Sharing with {} is stopped.", share.person.name));
            },
        );
    };
    view! {
        <Dialog id="stop-sharing" open title=move || format!("Stop sharing with {}?", name())>
            <p>{ends}</p>
            {move || opened().map(|opened| view! { <p>{opened}</p> })}
            <TroubleAlert trouble=unknown again=Callback::new(move |()| activity.again()) />
            <TroubleAlert trouble=act.trouble kept="The share holds as before." />
            <div class="actions">
                <Button kind=ButtonKind::Quiet on_press=move || open.set(false)>"Keep sharing"</Button>
                <Button kind=ButtonKind::Stop glyph=Glyph::StopSharing busy=act.busy on_press=stop>"Stop sharing"</Button>
            </div>
        </Dialog>
    }
    .into_any()
}
