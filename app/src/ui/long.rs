//! A list of any length: only the rows in sight and a few around them are in the page, each at its own place, so that
//! ten thousand rows scroll like ten. Headings are few, and all there: a screen reader goes through the list by them.
//!
//! Every row is as high as the token `--row` says and a heading half as high, so that a row's place is known without
//! drawing those before it, and nothing moves when they are drawn. Each row says which of how many it is. The row that
//! has the focus and its neighbours stay, wherever the page is scrolled to, so that a person at the keyboard does not
//! lose their place; and a row that is drawn stays the same element when others come or go above it. It is drawn in
//! the browser only: places are set as custom properties of the elements.

use std::collections::BTreeMap;

use gloo::events::{EventListener, EventListenerOptions};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::{html, web_sys};

use super::Erase as _;

/// Rows that are drawn above and below those in sight.
const AROUND: usize = 10;

/// The rows drawn come and go by so many at once.
const STEP: usize = 4;

/// How far a row that has the focus is looked for when others came or went before it.
const FAR: usize = 500;

/// No row is drawn.
const NOTHING: (usize, usize) = (0, 0);

/// What a group is known by, whatever comes or goes before it: its heading, and how many before it have the same.
type Name = (String, usize);

/// Rows under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    name: Name,
    span: Span,
}

/// Where a group lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    /// The number of its first row, counted through all groups.
    first: usize,
    rows: usize,
    /// Where it begins, in halves of a row.
    at: usize,
    /// Where its first row begins.
    rows_at: usize,
}

impl Span {
    /// The place of one of its rows.
    const fn place(&self, row: usize) -> LongPlace {
        let within = row.saturating_sub(self.first);
        LongPlace { row, at: self.rows_at + 2 * within, position: within + 1, of: self.rows }
    }
}

/// Where everything in a list lies, in halves of a row. Pure, so that a test can scroll it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LongLayout {
    groups: Vec<Group>,
    rows: usize,
    halves: usize,
}

/// The place of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongPlace {
    /// Its number, from 0, counted through all groups.
    pub row: usize,
    /// Where it begins, in halves of a row.
    pub at: usize,
    /// Its number in its group, from 1.
    pub position: usize,
    /// How many rows its group has.
    pub of: usize,
}

impl LongLayout {
    /// Lays out groups of rows, each a heading, which may be empty, and how many rows stand under it.
    pub fn new(groups: impl IntoIterator<Item = (String, usize)>) -> Self {
        let mut layout = Self::default();
        let mut same = BTreeMap::<String, usize>::new();
        for (heading, rows) in groups {
            let rows_at = layout.halves + usize::from(!heading.is_empty());
            let span = Span { first: layout.rows, rows, at: layout.halves, rows_at };
            layout.halves = rows_at + 2 * rows;
            layout.rows += rows;
            let before = same.entry(heading.clone()).or_default();
            layout.groups.push(Group { name: (heading, *before), span });
            *before += 1;
        }
        layout
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Where a group lies; nowhere once it is gone.
    fn span(&self, name: &Name) -> Option<Span> {
        self.groups.iter().find(|group| group.name == *name).map(|group| group.span)
    }

    /// The row at a height, in halves of a row; the nearest where there is none.
    fn row_at(&self, at: usize) -> usize {
        let index = self.groups.partition_point(|group| group.span.at <= at).saturating_sub(1);
        self.groups.get(index).map_or(0, |Group { span, .. }| {
            let within = at.saturating_sub(span.rows_at) / 2;
            span.first + within.min(span.rows.saturating_sub(1))
        })
    }

    /// The rows to draw for a view from one height to another, in halves of a row, with so many `around` it.
    fn drawn(&self, top: usize, bottom: usize, around: usize) -> (usize, usize) {
        let first = self.row_at(top).saturating_sub(around) / STEP * STEP;
        let last = (self.row_at(bottom) + 1 + around).next_multiple_of(STEP);
        (first, last)
    }
}

/// Rows in groups under headings, of which only those near the view are in the page.
#[component]
pub fn LongList<K, R>(
    /// Where everything lies.
    #[prop(into)]
    layout: Signal<LongLayout>,
    /// What one row is: "record".
    one: &'static str,
    /// What a row shows, in few words that no other row has: a row is drawn anew when this changes.
    key: K,
    /// Draws a row: a [`LongRow`](super::LongRow).
    row: R,
) -> impl IntoView
where
    K: Fn(usize) -> String + Copy + Send + Sync + 'static,
    R: Fn(Signal<LongPlace>) -> AnyView + Copy + Send + Sync + 'static,
{
    let (frame, half) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let near = RwSignal::new(NOTHING);
    let focused = RwSignal::new(None::<(usize, String)>);
    let look = move || {
        let (Some(Some(frame)), Some(Some(half))) = (frame.try_get_untracked(), half.try_get_untracked()) else {
            return;
        };
        let (top, half) = (frame.get_bounding_client_rect().top(), half.get_bounding_client_rect().height());
        let height = web_sys::window().and_then(|window| window.inner_height().ok()?.as_f64()).unwrap_or_default();
        if half <= 0.0 {
            return;
        }
        // At first only what is in sight, so that one frame is enough for it; what is around it comes with the next look.
        let around = if near.get_untracked() == NOTHING { 0 } else { AROUND };
        let (top, bottom) = (in_halves(-top, half), in_halves(height - top, half));
        let now = layout.with_untracked(|layout| layout.drawn(top, bottom, around));
        if near.get_untracked() != now {
            near.set(now);
        }
    };
    let pressed = StoredValue::new(false);
    look_while_it_moves(layout, pressed, look);
    // The row that has the focus may have another number by now.
    let kept = Memo::new(move |_| {
        let (before, own) = focused.get()?;
        let all = layout.with(LongLayout::rows);
        let around = (0..=FAR).flat_map(|far| [before.checked_sub(far), Some(before + far)]).flatten();
        around.filter(|row| *row < all).find(|row| key(*row) == own)
    });
    let drawn = Memo::new(move |_| {
        let ((first, last), all) = (near.get(), layout.with(LongLayout::rows));
        let mut rows: Vec<usize> = (first..last.min(all)).collect();
        if let Some(kept) = kept.get() {
            rows.extend((kept.saturating_sub(1)..=kept + 1).filter(|row| *row < all));
            rows.sort_unstable();
            rows.dedup();
        }
        rows
    });
    let lose = move |event: web_sys::FocusEvent| {
        if goes_elsewhere(&event) {
            focused.set(None);
        } else if event.related_target().is_none() && !pressed.get_value() && document().has_focus().unwrap_or(false) {
            let lost: web_sys::HtmlElement = event_target(&event);
            // As soon as the row is where it belongs: the next key goes to whatever then has the focus.
            queue_microtask(move || regain(&lost));
        }
    };
    let names = Memo::new(move |_| {
        layout.with(|layout| layout.groups.iter().map(|group| group.name.clone()).collect::<Vec<Name>>())
    });
    let group = move |name: Name| {
        let heading = name.0.clone();
        let span = Memo::new(move |_| layout.with(|layout| layout.span(&name)).unwrap_or_default());
        let rows = Memo::new(move |_| {
            let span = span.get();
            let numbers = drawn.with(|drawn| {
                let before = drawn.partition_point(|row| *row < span.first);
                let of_group = drawn.iter().skip(before).take_while(|row| **row < span.first + span.rows);
                of_group.copied().collect::<Vec<_>>()
            });
            numbers.into_iter().map(|row| (key(row), span.place(row))).collect::<Vec<_>>()
        });
        let row = move |(own, place): (String, LongPlace)| {
            let place = Memo::new(move |before: Option<&LongPlace>| {
                let now = rows.with(|rows| rows.iter().find(|(key, _)| *key == own).map(|(_, place)| *place));
                now.or(before.copied()).unwrap_or(place)
            });
            row(place.into())
        };
        let heading = (!heading.is_empty()).then(|| {
            let count = move || in_words(span.get().rows, one);
            view! {
                <h2 class="month" style=("--at", move || span.get().at.to_string())>
                    {heading} <span class="heard">", " {count}</span>
                </h2>
            }
        });
        view! {
            {heading}
            <ul role="list" hidden=move || rows.with(Vec::is_empty)>
                <For each=move || rows.get() key=|(key, _)| key.clone() children=row />
            </ul>
        }
    };
    view! {
        <div
            class="long"
            node_ref=frame
            style=("--halves", move || layout.with(|layout| layout.halves.to_string()))
            on:focusin=move |event| focused.set(row_of(&event).map(|row| (row, untrack(|| key(row)))))
            on:focusout=lose
        >
            <div class="half" node_ref=half></div>
            <For each=move || names.get() key=Name::clone children=group />
        </div>
    }
    .erased()
}

/// Looks again whenever the list or the window changes, and notes presses, for as long as the list is there.
fn look_while_it_moves(
    layout: Signal<LongLayout>,
    pressed: StoredValue<bool>,
    look: impl Fn() + Copy + Send + Sync + 'static,
) {
    let listening = StoredValue::new_local(Vec::new());
    Effect::new(move |_| {
        layout.track();
        // In the next frame, whose layout it then is: asked for at once, it would be made twice.
        request_animation_frame(move || {
            look();
            request_animation_frame(look);
        });
        if listening.with_value(Vec::is_empty) {
            // Whatever scrolls: the window, or the page inside its frame, whose events nothing above it is told of.
            let options = EventListenerOptions::run_in_capture_phase();
            let scroll = EventListener::new_with_options(&window(), "scroll", options, move |_| look());
            let resize = EventListener::new(&window(), "resize", move |_| look());
            // Whoever presses beside the rows means to leave them.
            let press = EventListener::new(&window(), "mousedown", move |_| {
                pressed.try_set_value(true);
                request_animation_frame(move || {
                    pressed.try_set_value(false);
                });
            });
            // They end with the list.
            listening.set_value(vec![scroll, resize, press]);
        }
    });
}

/// Gives the focus back to what lost it. Rows that come before a row may move it in the page, which takes its focus away.
fn regain(lost: &web_sys::HtmlElement) {
    let is_nowhere = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
    if is_nowhere && lost.is_connected() {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        drop(lost.focus_with_options(&options));
    }
}

/// A height in pixels, in halves of a row.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative, and a list is not endless"
)]
fn in_halves(pixels: f64, half: f64) -> usize {
    (pixels / half).max(0.0) as usize
}

fn in_words(rows: usize, one: &str) -> String {
    if rows == 1 { format!("1 {one}") } else { format!("{rows} {one}s") }
}

/// Whether the focus goes to something outside of the list. When it goes to nothing, as when the window is left, the
/// browser still goes on from the row that had it.
fn goes_elsewhere(event: &web_sys::FocusEvent) -> bool {
    let list = event_target::<web_sys::Element>(event).closest(".long").ok().flatten();
    let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
    to.is_some_and(|to| list.is_none_or(|list| !list.contains(Some(&to))))
}

/// The row that something happened in.
fn row_of(event: &web_sys::FocusEvent) -> Option<usize> {
    let row = event_target::<web_sys::Element>(event).closest("[data-row]").ok()??;
    row.get_attribute("data-row")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months() -> LongLayout {
        LongLayout::new([("November 2026".to_owned(), 3), ("October 2026".to_owned(), 10_000), (String::new(), 2)])
    }

    fn place(layout: &LongLayout, row: usize) -> LongPlace {
        let group = layout.groups.iter().rfind(|group| group.span.first <= row).unwrap();
        group.span.place(row)
    }

    #[test]
    fn every_row_has_its_own_place() {
        let layout = months();
        assert_eq!(layout.rows(), 10_005);
        assert_eq!(place(&layout, 0), LongPlace { row: 0, at: 1, position: 1, of: 3 });
        assert_eq!(place(&layout, 2), LongPlace { row: 2, at: 5, position: 3, of: 3 });
        assert_eq!(place(&layout, 3), LongPlace { row: 3, at: 8, position: 1, of: 10_000 });
        assert_eq!(place(&layout, 10_003), LongPlace { row: 10_003, at: 20_008, position: 1, of: 2 });
        for row in 1..layout.rows() {
            let (before, here) = (place(&layout, row - 1), place(&layout, row));
            assert!(here.at == before.at + 2 || here.at == before.at + 3, "{row}");
            assert_eq!((layout.row_at(here.at), layout.row_at(here.at + 1)), (row, row));
        }
    }

    #[test]
    fn a_group_is_found_by_its_name_wherever_it_lies() {
        let november = ("November 2026".to_owned(), 0);
        let lies = |groups: &[(&str, usize)]| {
            let groups = groups.iter().map(|(heading, rows)| ((*heading).to_owned(), *rows));
            LongLayout::new(groups).span(&november)
        };
        assert_eq!(lies(&[("November 2026", 3)]), Some(Span { first: 0, rows: 3, at: 0, rows_at: 1 }));
        let moved = lies(&[("December 2026", 1), ("November 2026", 4), ("November 2026", 1)]);
        assert_eq!(moved, Some(Span { first: 1, rows: 4, at: 3, rows_at: 4 }));
        assert_eq!(lies(&[("December 2026", 1)]), None);
        assert_eq!((in_words(1, "record"), in_words(12, "record")), ("1 record".to_owned(), "12 records".to_owned()));
    }

    #[test]
    fn a_view_draws_what_is_in_it_and_a_little_around() {
        let layout = months();
        for top in [0, 1, 7, 8, 500, 19_980, 20_100, usize::MAX / 2] {
            let bottom = top + 20;
            let (first, last) = layout.drawn(top, bottom, AROUND);
            assert!(last - first <= 11 + 2 * (AROUND + STEP), "{top}: {first} to {last}");
            let in_sight = (0..layout.rows()).filter(|row| {
                let at = place(&layout, *row).at;
                at + 2 > top && at <= bottom
            });
            assert!(in_sight.into_iter().all(|row| (first..last).contains(&row)), "{top}");
        }
        assert_eq!(LongLayout::default().drawn(0, 40, AROUND), (0, 12));
    }
}
