//! Which records a list shows, in which order and under which headings. Pure.

use std::cmp::Reverse;

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

/// Whether every word that was typed occurs in what is known about a record.
pub fn matches(item: &RecordItem, typed: &str) -> bool {
    let details = &item.details;
    let about = [
        details.title.as_str(),
        category::label(&details.category),
        details.date.as_str(),
        &words::date_words(&details.date, None),
        details.notes.as_str(),
        item.file_name.as_str(),
        item.owner.as_deref().unwrap_or(""),
    ]
    .join("\n")
    .to_lowercase();
    typed.to_lowercase().split_whitespace().all(|word| about.contains(word))
}

/// The records to show: those that match, of one category where one is chosen, in order.
pub fn shown(items: &[RecordItem], typed: &str, only: Option<&str>, order: Order) -> Vec<RecordItem> {
    let mut found: Vec<RecordItem> = items
        .iter()
        .filter(|item| only.is_none_or(|only| category::slug(&item.details.category) == only))
        .filter(|item| matches(item, typed))
        .cloned()
        .collect();
    match order {
        Order::Date => found.sort_by_key(|item| Reverse((item.details.date.clone(), item.added))),
        Order::Added => found.sort_by_key(|item| Reverse(item.added)),
        Order::Title => found.sort_by_key(|item| item.details.title.to_lowercase()),
    }
    found
}

/// The categories that occur, in their usual order.
pub fn categories(items: &[RecordItem]) -> Vec<(&'static str, &'static str)> {
    category::ALL
        .into_iter()
        .filter(|(slug, _)| items.iter().any(|item| category::slug(&item.details.category) == *slug))
        .collect()
}

/// Records under their headings: months, or one nameless group when they stand by title.
pub fn grouped(items: Vec<RecordItem>, order: Order, now: Option<Now>) -> Vec<(String, Vec<RecordItem>)> {
    let offset = now.map_or(0, |now| now.offset_minutes);
    let heading = |item: &RecordItem| match order {
        Order::Date => words::month_heading(&item.details.date),
        Order::Added => words::month_heading(&words::Day::of_minute(item.added, offset).iso()),
        Order::Title => String::new(),
    };
    let mut groups: Vec<(String, Vec<RecordItem>)> = Vec::new();
    for item in items {
        let heading = heading(&item);
        match groups.last_mut() {
            Some((last, group)) if *last == heading => group.push(item),
            _ => groups.push((heading, vec![item])),
        }
    }
    groups
}

/// How many were found, said aloud and in sight: "3 records found".
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Details;

    fn item(title: &str, category: &str, date: &str, added: u32) -> RecordItem {
        RecordItem {
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
        }
    }

    fn titles(items: &[RecordItem]) -> Vec<&str> {
        items.iter().map(|item| item.details.title.as_str()).collect()
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
            assert!(matches(&record, typed), "{typed}");
        }
        assert!(!matches(&record, "chest knee"));
    }

    #[test]
    fn orders_are_by_date_by_arrival_and_by_title() {
        let all = three();
        let by = |order| shown(&all, "", None, order);
        assert_eq!(titles(&by(Order::Date)), ["CT of the chest", "blood count", "Letter"]);
        assert_eq!(titles(&by(Order::Added)), ["blood count", "Letter", "CT of the chest"]);
        assert_eq!(titles(&by(Order::Title)), ["blood count", "CT of the chest", "Letter"]);
    }

    #[test]
    fn a_category_that_nobody_knows_counts_as_other() {
        let all = three();
        assert_eq!(titles(&shown(&all, "", Some("other"), Order::Date)), ["Letter"]);
        let occur: Vec<_> = categories(&all).into_iter().map(|(slug, _)| slug).collect();
        assert_eq!(occur, ["imaging", "laboratory", "other"]);
    }

    #[test]
    fn records_stand_under_their_months() {
        let groups = grouped(shown(&three(), "", None, Order::Date), Order::Date, None);
        let headings: Vec<_> = groups.iter().map(|(heading, group)| (heading.as_str(), group.len())).collect();
        assert_eq!(headings, [("November 2026", 2), ("Without a date", 1)]);
    }

    #[test]
    fn a_filter_says_how_many_are_left() {
        assert_eq!(found_words(3, 3), "3 records");
        assert_eq!(found_words(1, 3), "1 record found");
        assert_eq!(found_words(0, 3), "No record found");
    }
}
