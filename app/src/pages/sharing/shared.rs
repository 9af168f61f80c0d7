//! With whom something is shared, or what with somebody: until when, what may be done, what was done, and the way to
//! stop it.

use std::collections::BTreeMap;

use leptos::html;
use leptos::prelude::*;

use super::acts::ShareActs;
use super::person::{WAITS, compared_chip};
use super::reach::Why;
use crate::clock::use_now;
use crate::pages::asking::{Loaded, lasting, load};
use crate::pages::focus::lead_focus_nth;
use crate::pages::records::pick::{AT_ONCE, more};
use crate::pages::{category, words};
use crate::ui::{Button, ButtonKind, Chip, Erase as _, Face, Glyph, Icon, Tone, Until};
use crate::vault::{Reach, Share, Trouble, TroubleKind};

/// The shares of this account, past and present, read again when the end of one has passed.
pub fn load_shares() -> Loaded<Vec<Share>> {
    let shares = load(|vault| vault.shares());
    let now = use_now();
    let passed = Memo::new(move |_| {
        let now = now.get()?;
        let is_over = |share: &&Share| share.ended.is_none() && share.until.is_some_and(|until| until < now.minute);
        shares.data.with(|shares| Some(shares.as_ref()?.iter().filter(is_over).count()))
    });
    Effect::new(move |before: Option<Option<usize>>| {
        let passed = passed.get();
        if passed > before.flatten().or(Some(0)) {
            shares.again();
        }
        passed
    });
    shares
}

/// Whether nothing can be shared, because the own vault does not verify: the alarm says why. An alarm over somebody
/// else's vault, a person or one file leaves this one as it is.
pub fn is_stopped(shares: Loaded<Vec<Share>>) -> Memo<bool> {
    Memo::new(move |_| shares.trouble.with(|trouble| stops(trouble.as_ref())))
}

fn stops(trouble: Option<&Trouble>) -> bool {
    trouble.is_some_and(|trouble| trouble.kind == TroubleKind::Alarm)
}

/// Shares in a list, each with its own end. A row stays while its share changes.
#[component]
pub fn SharedBy(
    /// Which, and why they reach what the list is about.
    by: Memo<Vec<(Share, Why)>>,
    /// They stand under their person: a row names what is shared, not with whom.
    #[prop(optional)]
    of_person: bool,
    /// What is done to one.
    acts: ShareActs,
    /// Names the heading above, to which the focus goes when one was stopped.
    #[prop(into)]
    heading: String,
) -> impl IntoView {
    let shown = RwSignal::new(AT_ONCE);
    let index = Memo::new(move |_| {
        by.with(|by| by.iter().map(|(share, _)| (share.id.clone(), share.clone())).collect::<BTreeMap<_, _>>())
    });
    let in_sight = move || by.with(|by| by.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    let left = Memo::new(move |_| more(by.with(Vec::len), shown.get()));
    let row = move |(first, why): (Share, Why)| {
        let id = first.id.clone();
        let share = lasting(first, move || index.with(|index| index.get(&id).cloned()));
        view! { <SharedWith share why of_person acts heading=heading.clone() /> }
    };
    let list = NodeRef::<html::Ul>::new();
    // Whoever asks for more goes on where the new ones begin.
    let show_more = move || {
        let first_new = shown.get_untracked();
        shown.update(|shown| *shown += AT_ONCE);
        lead_focus_nth(list.get_untracked().map(Into::into), ".share-acts > .stop", first_new);
    };
    view! {
        <ul class="shares" role="list" node_ref=list>
            <For each=in_sight key=|(share, _)| share.id.clone() children=row />
        </ul>
        {move || left.get().map(|left| view! {
            <Button kind=ButtonKind::Quiet full=true on_press=show_more>{format!("Show {left} more")}</Button>
        })}
    }
    .erased()
}

/// One share: with whom or what, how far, until when, what came of it, and the button that stops it.
#[component]
pub fn SharedWith(
    /// The share.
    share: Memo<Share>,
    /// Why it reaches what stands above.
    why: Why,
    /// It stands under its person.
    of_person: bool,
    /// What is done to it.
    acts: ShareActs,
    /// Names the heading above.
    heading: String,
) -> impl IntoView {
    let now = use_now();
    let left = Memo::new(move |_| share.with(|share| words::share_left(share, now.get())));
    let reach = Memo::new(move |_| share.with(|share| share.reach.clone()));
    let person = Memo::new(move |_| share.with(|share| share.person.clone()));
    let waits = Memo::new(move |_| share.with(|share| share.waits));
    let waiting = move || waits.get().then(|| view! { <Chip tone=Tone::Warn glyph=Glyph::Clock>"waits"</Chip> });
    let about = move || {
        if of_person {
            let what = words::reach_words(&reach.get());
            let what = match reach.get() {
                Reach::Category(slug) => view! { <Chip category=category::slug(&slug)>{what}</Chip> }.erased(),
                Reach::Record(..) | Reach::Everything => view! { <Chip>{what}</Chip> }.erased(),
            };
            view! { <div class="row">{what}{waiting}</div> }.erased()
        } else {
            let person = person.get();
            let initials = words::initials(&person.name);
            let chip = compared_chip(&person);
            // Beside the face the chip stands below the name, so that rows are alike however long a name is.
            view! {
                <div class="row still">
                    <Face small=true initials />
                    <div class="stack"><span class="name">{person.name}</span><div class="row">{chip}{waiting}</div></div>
                </div>
            }
            .erased()
        }
    };
    let seen = move || {
        let (name, opened, accepted) =
            share.with(|share| (share.person.name.clone(), share.last_opened.clone(), share.accepted));
        let (glyph, words) = match opened {
            Some((at, title)) => (Glyph::Eye, format!("Opened {title} {}", words::moment(at, now.get()))),
            None if !accepted => (Glyph::Clock, format!("Waiting for {name} to look")),
            None => (Glyph::Eye, "Has opened nothing yet".to_owned()),
        };
        view! { <p class="seen"><Icon glyph /><span>{words}</span></p> }
    };
    // The row says what is shared with whom. A screen reader hears it with each button, too: "Stop sharing CT of the
    // chest with Dr Kenji Ito".
    let which = move || {
        let name = person.with(|person| person.name.clone());
        format!(" {} with {name}", words::reach_words(&reach.get()))
    };
    let of_which = move || format!(" of sharing{}", which());
    let stop = move || acts.stopping.ask(share.get_untracked(), heading.clone());
    view! {
        <li class="share">
            <div class="share-words">
                {about}
                <span class="soft">{move || share.with(|share| words::level_words(&share.level))}</span>
                {why.words().map(|words| view! { <p class="soft">{words}</p> })}
                {move || waits.get().then(|| view! { <p>{WAITS}</p> })}
                <Until
                    percent=Signal::derive(move || left.with(|left| left.percent))
                    words=move || left.with(|left| left.words.clone())
                    soon=Signal::derive(move || left.with(|left| left.soon))
                />
                {seen}
            </div>
            <div class="share-acts">
                <Button kind=ButtonKind::Quiet glyph=Glyph::Clock on_press=move || acts.changing.ask(share.get_untracked())>
                    "Change the end"<span class="heard">{of_which}</span>
                </Button>
                <Button kind=ButtonKind::Stop glyph=Glyph::StopSharing on_press=stop>
                    "Stop sharing"<span class="heard">{which}</span>
                </Button>
            </div>
        </li>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shared_out_of_a_vault_that_does_not_verify() {
        let trouble = |kind| Trouble { happened: String::new(), kind };
        assert!(stops(Some(&trouble(TroubleKind::Alarm))));
        assert!(!stops(Some(&trouble(TroubleKind::Offline))), "that is tried again");
        assert!(!stops(None));
    }
}
