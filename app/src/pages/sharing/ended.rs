//! Shares that have ended, and how far each end has come.

use leptos::prelude::*;

use super::ending::{After, after};
use crate::clock::use_now;
use crate::pages::activity::sentence::listed;
use crate::pages::asking::Loaded;
use crate::pages::focus::lead_focus_nth;
use crate::pages::words;
use crate::ui::{Button, ButtonKind, Card, CardTone, Chip, Erase as _, Glyph, Tone};
use crate::vault::{Ended, Records, Share};

/// How many are in sight before somebody asks for more.
const AT_ONCE: usize = 3;

/// How many more a press shows.
const MORE: usize = 20;

/// Those that have ended, the last first.
pub fn over(shares: &[Share]) -> Vec<Share> {
    let mut over: Vec<Share> = shares.iter().filter(|share| share.ended.is_some()).cloned().collect();
    over.sort_by_key(|share| std::cmp::Reverse(share.ended.as_ref().map(|ended| ended.at)));
    over
}

/// What has ended.
#[component]
pub fn EndedShares(
    /// The shares that have ended, the last first.
    ended: Memo<Vec<Share>>,
    /// All of them, past and present.
    shares: Loaded<Vec<Share>>,
    /// The records.
    records: Loaded<Records>,
) -> impl IntoView {
    let shown = RwSignal::new(AT_ONCE);
    let in_sight = move || ended.with(|ended| ended.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    // An end goes on by steps: a card is drawn anew when its own has come further.
    let key = |share: &Share| (share.id.clone(), share.ended.as_ref().map(|ended| (ended.rotated, ended.reencrypted)));
    let left = Memo::new(move |_| ended.with(Vec::len).saturating_sub(shown.get()).min(MORE));
    let show_more = move || {
        let first_new = shown.get_untracked();
        shown.update(|shown| *shown += MORE);
        lead_focus_nth(None, ".sunken h2", first_new);
    };
    view! {
        <For each=in_sight key=key let(share)><EndedCard share shares records /></For>
        {move || (left.get() > 0).then(|| view! {
            <Button kind=ButtonKind::Quiet full=true on_press=show_more>{format!("Show {} more", left.get())}</Button>
        })}
    }
    .erased()
}

/// A share that has ended, how far its end has come, and what its person can see all the same.
#[component]
fn EndedCard(share: Share, shares: Loaded<Vec<Share>>, records: Loaded<Records>) -> impl IntoView {
    let now = use_now();
    let Ended { at, blocked, rotated, reencrypted, opened_before } = share.ended.clone()?;
    let name = share.person.name.clone();
    let was_shared = format!("Was shared: {}", words::reach_words(&share.reach));
    let after = Memo::new(move |_| {
        shares.data.with(|shares| {
            let shares = shares.as_deref().unwrap_or_default();
            records.data.with(|records| after(&share, shares, records.as_deref(), now.get()))
        })
    });
    let heading = {
        let name = name.clone();
        move || format!("{}: {name}", words::ended(at, now.get()))
    };
    // A share is blocked the moment it has ended; the rest takes a device its time.
    let state = |done: bool, words: &'static str, coming: &'static str| {
        if done {
            view! { <Chip tone=Tone::Good glyph=Glyph::Check>{words}</Chip> }.erased()
        } else {
            view! { <Chip glyph=Glyph::Clock>{coming}</Chip> }.erased()
        }
    };
    // Nobody is blocked from what another share still lets them see.
    let block = move || {
        let is_blocked = after.with(|after| matches!(after, After::Blocked | After::Parts(_)));
        is_blocked.then(|| state(blocked, "blocked", "being blocked"))
    };
    let sees = move || match after.get() {
        After::Sees(words) | After::Parts(words) => Some(view! { <p>{words}</p> }),
        After::Unknown | After::Blocked => None,
    };
    let before = match opened_before.as_slice() {
        [] => format!("Before that, {name} had opened nothing."),
        titles => format!(
            "Before that, {name} had opened {}. What a person has seen or saved cannot be taken back.",
            listed(titles)
        ),
    };
    Some(view! {
        <Card tone=CardTone::Sunken title=heading>
            <p class="soft">{was_shared}</p>
            {sees}
            <div class="row">
                {block}
                {state(rotated, "key turned", "key being turned")}
                {state(reencrypted, "resealed", "being resealed")}
            </div>
            <p class="soft">{before}</p>
        </Card>
    })
}

#[cfg(test)]
mod tests {
    use super::super::reach::tests::{NOW, ended, kind, share};
    use super::*;

    #[test]
    fn what_ended_last_comes_first() {
        let first = ended(share("1", "Ito", kind("imaging"), None));
        let later = Share {
            ended: first.ended.clone().map(|ended| Ended { at: NOW.minute + 5, ..ended }),
            ..share("2", "Vogt", kind("imaging"), None)
        };
        let ids: Vec<_> =
            over(&[first, share("3", "Anna", kind("other"), None), later]).into_iter().map(|share| share.id).collect();
        assert_eq!(ids, ["2", "1"]);
    }
}
