//! Shares that have ended, and how far each end has come.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::ending::{After, after};
use crate::clock::{Now, use_now};
use crate::pages::activity::sentence::listed;
use crate::pages::asking::Loaded;
use crate::pages::focus::lead_focus_nth;
use crate::pages::records::filter::{self, Order};
use crate::pages::{category, words};
use crate::ui::{Button, ButtonKind, Card, CardTone, Chip, Erase as _, Glyph, Tone};
use crate::vault::{Ended, Reach, RecordItem, Records, Share};

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

/// Of shares that have ended, those that reached a record that a search finds.
pub fn searched(mut over: Vec<Share>, records: &[RecordItem], typed: &str) -> Vec<Share> {
    let found = filter::shown(records, typed, None, Order::Date);
    let found: Vec<&RecordItem> = found.into_iter().filter_map(|place| records.get(place)).collect();
    let ids: BTreeSet<&str> = found.iter().map(|item| item.id.as_str()).collect();
    let kinds: BTreeSet<&str> = found.iter().map(|item| category::slug(&item.details.category)).collect();
    let typed = typed.to_lowercase();
    // Of a record that is in no list any more, there is the title alone.
    let says = |title: &str| {
        let title = title.to_lowercase();
        typed.split_whitespace().all(|word| title.contains(word))
    };
    over.retain(|share| match &share.reach {
        Reach::Record(id, title) => ids.contains(id.as_str()) || says(title),
        Reach::Category(slug) => kinds.contains(category::slug(slug)),
        Reach::Everything => !found.is_empty(),
    });
    over
}

/// What ended when, and with whom: they may see something else. "Ended today: imaging, with Dr Kenji Ito"
fn heading(share: &Share, at: u32, now: Option<Now>) -> String {
    format!("{}: {}, with {}", words::ended(at, now), words::reach_words(&share.reach), share.person.name)
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
    let title = {
        let share = share.clone();
        move || heading(&share, at, now.get())
    };
    let after = Memo::new(move |_| {
        shares.data.with(|shares| {
            let shares = shares.as_deref().unwrap_or_default();
            records.data.with(|records| after(&share, shares, records.as_deref(), now.get()))
        })
    });
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
        <Card tone=CardTone::Sunken title=title>
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
    use super::super::reach::tests::{NOW, ended, item, kind, record, share};
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

    #[test]
    fn an_end_says_of_what_it_is_the_end() {
        let says = |reach| heading(&share("1", "Dr Ito", reach, None), NOW.minute, Some(NOW));
        assert_eq!(says(kind("imaging")), "Ended today: imaging, with Dr Ito");
        assert_eq!(says(record("ct")), "Ended today: Record ct, with Dr Ito");
    }

    #[test]
    fn a_search_leaves_the_ends_of_what_it_finds() {
        let mut records = [item("ct", "imaging"), item("blood", "laboratory")];
        for item in &mut records {
            item.sought = item.details.title.to_lowercase();
        }
        let over: Vec<Share> = [record("ct"), record("blood"), kind("imaging"), Reach::Everything, record("gone")]
            .into_iter()
            .zip(["ct", "blood", "imaging", "all", "gone"])
            .map(|(reach, id)| ended(share(id, "Ito", reach, None)))
            .collect();
        let left = |typed: &str| {
            let left = searched(over.clone(), &records, typed);
            left.into_iter().map(|share| share.id).collect::<Vec<_>>()
        };
        assert_eq!(left("CT"), ["ct", "imaging", "all"]);
        assert_eq!(left("record blood"), ["blood", "all"]);
        assert_eq!(left("gone"), ["gone"]);
        assert!(left("nothing like this").is_empty());
    }
}
