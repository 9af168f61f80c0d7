//! Which records a list shows, in which order and under which headings. Pure.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::clock::Now;
use crate::pages::{category, words};
use crate::vault::RecordItem;

/// In which order a list stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By the record's own date, newest first.
    #[default]
    Date,
    /// By when it was added, newest first.
    Added,
    /// By title.
    Title,
}

impl Order {
    /// What a select offers.
    pub const OPTIONS: [(&str, &str); 3] =
        [("date", "Newest date first"), ("added", "Added last first"), ("title", "By title")];

    /// The order that a select names.
    pub fn named(name: &str) -> Self {
        match name {
            "added" => Self::Added,
            "title" => Self::Title,
            _ => Self::Date,
        }
    }
}

/// What a search looks at, in lower case: whoever reads a record's item makes it once.
pub fn sought(item: &RecordItem) -> String {
    let details = &item.details;
    [
        details.title.as_str(),
        category::label(&details.category),
        details.date.as_str(),
        &words::date_words(&details.date, None),
        details.notes.as_str(),
        item.file_name.as_str(),
        item.owner.as_deref().unwrap_or(""),
    ]
    .join("\n")
    .to_lowercase()
}

/// Whether every word that was typed occurs in what is known about a record.
fn matches(item: &RecordItem, typed: &[&str]) -> bool {
    typed.iter().all(|word| item.sought.contains(word))
}

/// The places of the records to show: those that match, of one category where one is chosen, in order.
pub fn shown(items: &[RecordItem], typed: &str, only: Option<&str>, order: Order) -> Vec<usize> {
    let typed = typed.to_lowercase();
    let typed: Vec<&str> = typed.split_whitespace().collect();
    let mut found: Vec<(usize, &RecordItem)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| only.is_none_or(|only| category::slug(&item.details.category) == only))
        .filter(|(_, item)| matches(item, &typed))
        .collect();
    match order {
        Order::Date => found.sort_by(|(_, a), (_, b)| (&b.details.date, b.added).cmp(&(&a.details.date, a.added))),
        Order::Added => found.sort_by_key(|(_, item)| Reverse(item.added)),
        Order::Title => found.sort_by_cached_key(|(_, item)| item.details.title.to_lowercase()),
    }
    found.into_iter().map(|(place, _)| place).collect()
}

/// The categories that occur, in their usual order.
pub fn categories(items: &[RecordItem]) -> Vec<(&'static str, &'static str)> {
    let occur: BTreeSet<&'static str> = items.iter().map(|item| category::slug(&item.details.category)).collect();
    category::ALL.into_iter().filter(|(slug, _)| occur.contains(slug)).collect()
}

/// Headings, and how many of the shown records stand under each: months, or one nameless group by title.
pub fn grouped(items: &[RecordItem], shown: &[usize], order: Order, now: Option<Now>) -> Vec<(String, usize)> {
    let offset = now.map_or(0, |now| now.offset_minutes);
    let mut groups: Vec<(String, usize)> = Vec::new();
    let mut last = None;
    for item in shown.iter().filter_map(|place| items.get(*place)) {
        let day = match order {
            Order::Date => words::Day::parse(&item.details.date),
            Order::Added => Some(words::Day::of_minute(item.added, offset)),
            Order::Title => None,
        };
        // Headings are only made where a month begins.
        let month = day.map(|day| (day.year, day.month));
        let goes_on = month.is_some() && month == last;
        last = month;
        if let (true, Some((_, count))) = (goes_on, groups.last_mut()) {
            *count += 1;
            continue;
        }
        let heading = match (order, day) {
            (Order::Title, _) => String::new(),
            (_, Some(day)) => words::month_heading(&day.iso()),
            (_, None) => words::month_heading(&item.details.date),
        };
        match groups.last_mut() {
            Some((last, count)) if *last == heading => *count += 1,
            _ => groups.push((heading, 1)),
        }
    }
    groups
}

/// How many were found, said aloud: "3 records found".
pub fn found_words(found: usize, all: usize) -> String {
    let found = u64::try_from(found).unwrap_or(u64::MAX);
    if u64::try_from(all).is_ok_and(|all| all == found) {
        words::count(found, "record")
    } else if found == 0 {
        "No record found".to_owned()
    } else {
        format!("{} found", words::count(found, "record"))
    }
}

/// The class of what says that: in sight, but not where nothing was found, which the empty list says already.
pub fn count_class(found: usize) -> &'static str {
    if found == 0 { "heard" } else { "soft" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Details;

    fn item(title: &str, category: &str, date: &str, added: u32) -> RecordItem {
        let mut item = RecordItem {
            id: title.to_owned(),
            vault: String::new(),
            details: Details {
                title: title.to_owned(),
                category: category.to_owned(),
                date: date.to_owned(),
                notes: "keep an eye on potassium".to_owned(),
            },
            file_name: "scan-0001.pdf".to_owned(),
            kind: "PDF document".to_owned(),
            size: 1,
            added,
            changed: added,
            owner: None,
            shared_with: 0,
            has_thumbnail: false,
            revision: 0,
            sought: String::new(),
        };
        item.sought = sought(&item);
        item
    }

    fn titles<'a>(items: &'a [RecordItem], places: &[usize]) -> Vec<&'a str> {
        places.iter().map(|place| items[*place].details.title.as_str()).collect()
    }

    fn three() -> Vec<RecordItem> {
        vec![
            item("blood count", "laboratory", "2026-11-03", 30),
            item("CT of the chest", "imaging", "2026-11-12", 10),
            item("Letter", "dreams", "", 20),
        ]
    }

    #[test]
    fn every_word_must_occur_somewhere() {
        let record = item("CT of the chest", "imaging", "2026-11-12", 0);
        for typed in ["", "ct", "IMAGING chest", "2026-11", "november", "potassium", "scan-0001"] {
            assert_eq!(shown(std::slice::from_ref(&record), typed, None, Order::Date), [0], "{typed}");
        }
        assert!(shown(&[record], "chest knee", None, Order::Date).is_empty());
    }

    #[test]
    fn orders_are_by_date_by_arrival_and_by_title() {
        let all = three();
        let by = |order| shown(&all, "", None, order);
        assert_eq!(titles(&all, &by(Order::Date)), ["CT of the chest", "blood count", "Letter"]);
        assert_eq!(titles(&all, &by(Order::Added)), ["blood count", "Letter", "CT of the chest"]);
        assert_eq!(titles(&all, &by(Order::Title)), ["blood count", "CT of the chest", "Letter"]);
    }

    #[test]
    fn a_category_that_nobody_knows_counts_as_other() {
        let all = three();
        assert_eq!(titles(&all, &shown(&all, "", Some("other"), Order::Date)), ["Letter"]);
        let occur: Vec<_> = categories(&all).into_iter().map(|(slug, _)| slug).collect();
        assert_eq!(occur, ["imaging", "laboratory", "other"]);
    }

    #[test]
    fn records_stand_under_their_months() {
        let all = three();
        let under = |order| grouped(&all, &shown(&all, "", None, order), order, None);
        let named = |groups: &[(&str, usize)]| -> Vec<(String, usize)> {
            groups.iter().map(|(heading, count)| ((*heading).to_owned(), *count)).collect()
        };
        assert_eq!(under(Order::Date), named(&[("November 2026", 2), ("Without a date", 1)]));
        assert_eq!(under(Order::Added), named(&[("January 1970", 3)]));
        assert_eq!(under(Order::Title), named(&[("", 3)]));
    }

    #[test]
    fn ten_thousand_records_are_narrowed_down_at_once() {
        let all: Vec<RecordItem> = (0..10_000)
            .map(|number| {
                item(
                    &format!("CT {number}"),
                    "imaging",
                    &format!("20{:02}-03-{:02}", number % 30, number % 28 + 1),
                    number,
                )
            })
            .collect();
        let places = shown(&all, "ct 99", None, Order::Date);
        assert!(places.len() > 100 && places.iter().all(|place| all[*place].details.title.contains("99")));
        assert!(places.is_sorted_by(|a, b| all[*a].details.date >= all[*b].details.date));
        let groups = grouped(&all, &places, Order::Date, None);
        assert_eq!(groups.iter().map(|(_, count)| count).sum::<usize>(), places.len());
    }

    #[test]
    fn a_filter_says_how_many_are_left() {
        assert_eq!(found_words(3, 3), "3 records");
        assert_eq!(found_words(1, 3), "1 record found");
        assert_eq!(found_words(0, 3), "No record found");
        assert_eq!((count_class(0), count_class(1)), ("heard", "soft"), "an empty list says it already");
    }
}
