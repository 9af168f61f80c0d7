//! Giving a share another end: later, earlier, or none.

use leptos::prelude::*;

use super::length::{Length, LengthChoice};
use crate::clock::{Now, use_now};
use crate::pages::asking::{Act, use_act};
use crate::pages::telling::TroubleAlert;
use crate::pages::words::{self, Day};
use crate::ui::{Button, ButtonKind, Dialog, Erase as _, Glyph, use_toasts};
use crate::vault::Share;

/// A share whose end somebody is about to change.
#[derive(Clone, Copy)]
pub struct Changing {
    share: RwSignal<Option<Share>>,
    open: RwSignal<bool>,
    length: Length,
    act: Act,
    now: Signal<Option<Now>>,
}

impl Changing {
    /// Asks until when a share is to hold.
    pub fn ask(self, share: Share) {
        self.begin(share, Length::reset);
    }

    /// Asks for how much longer a share is to hold.
    pub fn ask_for_more(self, share: Share) {
        let end = self.now.get_untracked().and_then(|now| Some((end_of(&share, now)?, now)));
        self.begin(share, |length| match end {
            Some((end, now)) => length.reset_for_more(end, now),
            None => length.reset(),
        });
    }

    fn begin(self, share: Share, reset: impl FnOnce(Length)) {
        // What is being changed is answered first.
        if self.act.busy.get_untracked() {
            return;
        }
        self.act.trouble.set(None);
        reset(self.length);
        self.share.set(Some(share));
        self.open.set(true);
    }
}

/// The last day of a share; none has no end.
fn end_of(share: &Share, now: Now) -> Option<Day> {
    Some(Day::of_minute(share.until?, now.offset_minutes))
}

/// Nothing is being changed yet.
pub fn use_changing() -> Changing {
    let (share, open) = (RwSignal::new(None), RwSignal::new(false));
    Changing { share, open, length: Length::new(), act: use_act(), now: use_now() }
}

/// "Until when may Dr Kenji Ito see imaging?" Pure.
pub fn question(share: &Share) -> String {
    format!("Until when may {} see {}?", share.person.name, words::reach_words(&share.reach))
}

/// What is said after it: "Dr Kenji Ito can see imaging until 22 December." Pure.
pub fn changed(share: &Share, until: Option<&str>, now: Option<Now>) -> String {
    let end = match until {
        Some(day) => format!("until {}", words::date_words(day, now)),
        None => "until you stop it".to_owned(),
    };
    format!("{} can see {} {end}.", share.person.name, words::reach_words(&share.reach))
}

/// The question.
#[component]
pub fn ChangeDialog(
    /// What is asked about.
    changing: Changing,
) -> impl IntoView {
    let Changing { share, open, length, act, now } = changing;
    let toasts = use_toasts();
    let ask = move || share.with(|share| share.as_ref().map(question).unwrap_or_default());
    let so_far = move || share.with(|share| share.as_ref().map(|share| words::share_left(share, now.get()).words));
    let change = move || {
        let (Some(share), Some(now)) = (share.get_untracked(), now.get_untracked()) else { return };
        if !length.is_right(now) {
            return;
        }
        let until = untrack(|| length.until(now));
        let (id, day) = (share.id.clone(), until.clone());
        act.run_in(
            open,
            format!("Changing until when {} can see something", share.person.name),
            move |vault| vault.change_end(id, day),
            move |()| {
                toasts.good(changed(&share, until.as_deref(), Some(now)));
                open.try_set(false);
            },
        );
    };
    view! {
        <Dialog id="change-end" open title=ask>
            <div class="form">
                <p class="soft">"So far: "{so_far}"."</p>
                {move || open.get().then(|| view! { <LengthChoice length /> })}
                <TroubleAlert trouble=act.trouble kept="The share ends as before." written=true in_dialog=true />
            </div>
            <div class="actions">
                <Button kind=ButtonKind::Quiet disabled=act.busy on_press=move || open.set(false)>"Leave it as it is"</Button>
                <Button glyph=Glyph::Clock busy=act.busy on_press=change>
                    {move || if length.is_for_more() { "Give more time" } else { "Change the end" }}
                </Button>
            </div>
        </Dialog>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::{Person, Reach};

    #[test]
    fn another_end_is_said_in_one_sentence() {
        let share = Share {
            id: "1".to_owned(),
            person: Person {
                account: "2".to_owned(),
                name: "Dr Kenji Ito".to_owned(),
                email: "ito@example.org".to_owned(),
                provider: None,
                phrase: Vec::new(),
                compared: true,
            },
            reach: Reach::Record("3".to_owned(), "CT of the chest".to_owned()),
            level: "download".to_owned(),
            from: 0,
            until: None,
            accepted: true,
            last_opened: None,
            ended: None,
            waits: false,
        };
        assert_eq!(question(&share), "Until when may Dr Kenji Ito see CT of the chest?");
        let now = Now { minute: 29_922_570, offset_minutes: 60 };
        let said = |until| changed(&share, until, Some(now));
        assert_eq!(said(Some("2026-12-22")), "Dr Kenji Ito can see CT of the chest until 22 December.");
        assert_eq!(said(None), "Dr Kenji Ito can see CT of the chest until you stop it.");
    }
}
