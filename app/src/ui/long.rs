//! A list of any length: only the rows in sight and a few around them are in the page, each at its own place, so that
//! ten thousand rows scroll like ten.
//!
//! Every row is as high as the token `--row` says and a heading half as high, so that a row's place is known without
//! drawing those before it, and nothing moves when they are drawn. Each row says which of how many it is. The row that
//! has the focus and its neighbours stay, wherever the page is scrolled to, so that a person at the keyboard does not
//! lose their place. It is drawn in the browser only: places are set as custom properties of the elements.

use leptos::prelude::*;
use leptos::{ev, html, web_sys};

/// Rows that are drawn above and below those in sight.
const AROUND: usize = 10;

/// The rows drawn come and go by so many at once.
const STEP: usize = 4;

/// Rows that are drawn before it is known which are in sight.
const FIRST: usize = 24;

/// Rows under one heading.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Group {
    heading: String,
    /// The number of its first row, counted through all groups.
    first: usize,
    rows: usize,
    /// Where it begins, in halves of a row.
    at: usize,
}

impl Group {
    const fn has_heading(&self) -> bool {
        !self.heading.is_empty()
    }

    /// Where its first row begins.
    fn rows_at(&self) -> usize {
        self.at + usize::from(self.has_heading())
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
        for (heading, rows) in groups {
            let group = Group { heading, first: layout.rows, rows, at: layout.halves };
            layout.halves = group.rows_at() + 2 * rows;
            layout.rows += rows;
            layout.groups.push(group);
        }
        layout
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    fn place(&self, row: usize) -> Option<LongPlace> {
        let group = self.groups.get(self.groups.partition_point(|group| group.first <= row).checked_sub(1)?)?;
        let within = row.checked_sub(group.first).filter(|within| *within < group.rows)?;
        Some(LongPlace { row, at: group.rows_at() + 2 * within, position: within + 1, of: group.rows })
    }

    /// The row at a height, in halves of a row; the nearest where there is none.
    fn row_at(&self, at: usize) -> usize {
        let index = self.groups.partition_point(|group| group.at <= at).saturating_sub(1);
        self.groups.get(index).map_or(0, |group| {
            let within = at.saturating_sub(group.rows_at()) / 2;
            group.first + within.min(group.rows.saturating_sub(1))
        })
    }

    /// The rows to draw for a view from one height to another, in halves of a row.
    fn drawn(&self, top: usize, bottom: usize) -> (usize, usize) {
        let first = self.row_at(top).saturating_sub(AROUND) / STEP * STEP;
        let last = (self.row_at(bottom) + 1 + AROUND).next_multiple_of(STEP);
        (first, last)
    }
}

/// Rows in groups under headings, of which only those near the view are in the page.
#[component]
pub fn LongList<K, R>(
    /// Where everything lies.
    #[prop(into)]
    layout: Signal<LongLayout>,
    /// What a row shows, in few words: a row is drawn anew when this changes.
    key: K,
    /// Draws a row: a [`LongRow`](super::LongRow).
    row: R,
) -> impl IntoView
where
    K: Fn(usize) -> String + Copy + Send + Sync + 'static,
    R: Fn(LongPlace) -> AnyView + Copy + Send + Sync + 'static,
{
    let (frame, half) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    let near = RwSignal::new((0, FIRST));
    let focused = RwSignal::new(None::<usize>);
    let look = move || {
        let (Some(frame), Some(half)) = (frame.get_untracked(), half.get_untracked()) else { return };
        let (top, half) = (frame.get_bounding_client_rect().top(), half.get_bounding_client_rect().height());
        let height = web_sys::window().and_then(|window| window.inner_height().ok()?.as_f64()).unwrap_or_default();
        if half <= 0.0 {
            return;
        }
        let now = layout.with_untracked(|layout| layout.drawn(in_halves(-top, half), in_halves(height - top, half)));
        if near.get_untracked() != now {
            near.set(now);
        }
    };
    let listening = StoredValue::new_local(Vec::new());
    Effect::new(move |_| {
        layout.track();
        look();
        if listening.with_value(Vec::is_empty) {
            let scroll = window_event_listener(ev::scroll, move |_| look());
            let resize = window_event_listener(ev::resize, move |_| look());
            listening.set_value(vec![scroll, resize]);
        }
    });
    on_cleanup(move || {
        listening.try_update_value(|listening| listening.drain(..).for_each(WindowListenerHandle::remove));
    });
    let drawn = Memo::new(move |_| {
        let ((first, last), all) = (near.get(), layout.with(LongLayout::rows));
        let mut rows: Vec<usize> = (first..last.min(all)).collect();
        if let Some(focused) = focused.get() {
            rows.extend((focused.saturating_sub(1)..=focused + 1).filter(|row| *row < all));
            rows.sort_unstable();
            rows.dedup();
        }
        rows
    });
    let groups = move || {
        drawn.with(|drawn| {
            layout.with(|layout| {
                let shows = |group: &&Group| {
                    let next = drawn.partition_point(|row| *row < group.first);
                    drawn.get(next).is_some_and(|row| *row < group.first + group.rows)
                };
                layout.groups.iter().filter(shows).cloned().collect::<Vec<_>>()
            })
        })
    };
    let group = move |group: Group| {
        let heading = group.has_heading().then(|| {
            view! { <h2 class="month" style=("--at", group.at.to_string())>{group.heading.clone()}</h2> }
        });
        let rows = move || {
            let of_group = |row: &&usize| (group.first..group.first + group.rows).contains(*row);
            let rows: Vec<usize> = drawn.with(|drawn| drawn.iter().filter(of_group).copied().collect());
            layout.with(|layout| {
                let place = |number: usize| Some((layout.place(number)?, key(number)));
                rows.into_iter().filter_map(place).collect::<Vec<_>>()
            })
        };
        view! {
            {heading}
            <ul role="list">
                <For each=rows key=|(place, key)| (place.row, place.at, place.of, key.clone()) children=move |(place, _)| row(place) />
            </ul>
        }
    };
    view! {
        <div
            class="long"
            node_ref=frame
            style=("--halves", move || layout.with(|layout| layout.halves.to_string()))
            on:focusin=move |event| focused.set(row_of(&event))
            on:focusout=move |_| focused.set(None)
        >
            <div class="half" node_ref=half></div>
            <For each=groups key=Group::clone children=group />
        </div>
    }
    .into_any()
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

    #[test]
    fn every_row_has_its_own_place() {
        let layout = months();
        assert_eq!(layout.rows(), 10_005);
        assert_eq!(layout.place(0), Some(LongPlace { row: 0, at: 1, position: 1, of: 3 }));
        assert_eq!(layout.place(2), Some(LongPlace { row: 2, at: 5, position: 3, of: 3 }));
        assert_eq!(layout.place(3), Some(LongPlace { row: 3, at: 8, position: 1, of: 10_000 }));
        assert_eq!(layout.place(10_003), Some(LongPlace { row: 10_003, at: 20_008, position: 1, of: 2 }));
        assert_eq!(layout.place(10_005), None);
        assert_eq!(LongLayout::default().place(0), None);
        for row in 1..layout.rows() {
            let (before, here) = (layout.place(row - 1).unwrap(), layout.place(row).unwrap());
            assert!(here.at == before.at + 2 || here.at == before.at + 3, "{row}");
            assert_eq!((layout.row_at(here.at), layout.row_at(here.at + 1)), (row, row));
        }
    }

    #[test]
    fn a_view_draws_what_is_in_it_and_a_little_around() {
        let layout = months();
        for top in [0, 1, 7, 8, 500, 19_980, 20_100, usize::MAX / 2] {
            let bottom = top + 20;
            let (first, last) = layout.drawn(top, bottom);
            assert!(last - first <= 11 + 2 * (AROUND + STEP), "{top}: {first} to {last}");
            let in_sight = (0..layout.rows()).filter(|row| {
                let at = layout.place(*row).unwrap().at;
                at + 2 > top && at <= bottom
            });
            assert!(in_sight.into_iter().all(|row| (first..last).contains(&row)), "{top}");
        }
        assert_eq!(LongLayout::default().drawn(0, 40), (0, 12));
    }
}
