//! What happened, in sentences. Pure.

use std::collections::BTreeSet;

use crate::clock::Now;
use crate::pages::{category, words};
use crate::ui::Glyph;
use crate::vault::{Happening, Reach, RecordItem, Share};

/// "Dr Kenji Ito opened CT of the chest".
pub fn sentence(happening: &Happening) -> String {
    let name = &happening.name;
    let record = happening
        .record
        .as_ref()
        .map(|(_, title)| title.as_str())
        .filter(|title| !title.is_empty())
        .unwrap_or("a record");
    let (with, reach) = match &happening.share {
        Some((with, reach)) => (with.as_str(), words::reach_sentence(reach)),
        None => ("", "a record".to_owned()),
    };
    match happening.what.as_str() {
        "created" if happening.own => "You made your vault".to_owned(),
        "created" => format!("{name} made the vault"),
        "added" => format!("{name} added {record}"),
        "changed" => format!("{name} changed {record}"),
        "deleted" => format!("{name} deleted {record}"),
        "shared" => format!("{name} shared {reach} with {with}"),
        "end-changed" => format!("{name} changed until when {reach} is shared with {with}"),
        "stopped" => format!("{name} stopped sharing {reach} with {with}"),
        "key-turned" => format!("{name} turned the key for everything added later"),
        "accepted" if happening.share.is_some() => format!("{name} can now open {reach}"),
        "accepted" => format!("{name} can now open what was shared"),
        "opened" => format!("{name} opened {record}"),
        "saved" => format!("{name} saved a copy of {record}"),
        "restored" => {
            let lost = words::count(happening.lost.unwrap_or_default(), "change");
            format!("The server was brought back from an older copy, which lacked at least {lost}")
        }
        _ => format!("{name} did something that this version of HealthBridge has no words for"),
    }
}

/// The drawing beside a sentence.
pub fn glyph(what: &str) -> Glyph {
    match what {
        "added" => Glyph::Add,
        "changed" => Glyph::Edit,
        "deleted" => Glyph::Delete,
        "shared" | "accepted" => Glyph::Sharing,
        "end-changed" => Glyph::Clock,
        "stopped" => Glyph::StopSharing,
        "created" | "key-turned" => Glyph::Key,
        "opened" => Glyph::Eye,
        "saved" => Glyph::SaveCopy,
        _ => Glyph::Info,
    }
}

/// Happenings under their days: "Today", "Yesterday", "12 November".
pub fn by_day(happenings: Vec<Happening>, now: Option<Now>) -> Vec<(String, Vec<Happening>)> {
    let mut days: Vec<(String, Vec<Happening>)> = Vec::new();
    for happening in happenings {
        let day = match now {
            Some(now) => words::near_day(happening.at, now),
            None => words::moment(happening.at, None),
        };
        let mut letters = day.chars();
        let day =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default();
        match days.last_mut() {
            Some((last, group)) if *last == day => group.push(happening),
            _ => days.push((day, vec![happening])),
        }
    }
    days
}

/// Those of one person and about one record, where they are chosen. Ids, both of them.
pub fn narrowed(happenings: &[Happening], person: &str, record: &str) -> Vec<Happening> {
    happenings
        .iter()
        .filter(|happening| person.is_empty() || happening.who == person)
        .filter(|happening| record.is_empty() || about_record(happening) == Some(record))
        .cloned()
        .collect()
}

fn about_record(happening: &Happening) -> Option<&str> {
    match (&happening.record, &happening.share) {
        (Some((id, _)), _) | (None, Some((_, Reach::Record(id, _)))) => Some(id),
        _ => None,
    }
}

/// People who did something, as id and name, in the order of their last act.
pub fn people(happenings: &[Happening]) -> Vec<(String, String)> {
    distinct(happenings.iter().map(|happening| (happening.who.as_str(), happening.name.as_str())))
}

/// Each id once, with the words that it came with first.
fn distinct<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    let mut known = BTreeSet::new();
    pairs.filter(|(id, _)| known.insert(*id)).map(|(id, words)| (id.to_owned(), words.to_owned())).collect()
}

/// Somebody who looked at a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who: the account's id.
    pub who: String,
    /// Who, by name.
    pub name: String,
    /// "opened it", "saved a copy".
    pub what: &'static str,
    /// When.
    pub at: u32,
}

/// Who else opened a record, and when last; newest first, once for each person and act.
pub fn opened_by_others(happenings: &[Happening], record: &str) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    for happening in happenings.iter().filter(|happening| !happening.own) {
        let what = match happening.what.as_str() {
            "opened" => "opened it",
            "saved" => "saved a copy",
            _ => continue,
        };
        let of_record = happening.record.as_ref().is_some_and(|(id, _)| id == record);
        let known = seen.iter().any(|one| one.who == happening.who && one.what == what);
        if of_record && !known {
            seen.push(Seen { who: happening.who.clone(), name: happening.name.clone(), what, at: happening.at });
        }
    }
    seen
}

/// What a share's person has opened or saved, since it began, of what it reaches: titles, newest first. By which of their
/// shares does not matter. None where that hangs on the kinds of records, and these are not known yet.
pub fn opened_titles(happenings: &[Happening], share: &Share, records: Option<&[RecordItem]>) -> Option<Vec<String>> {
    let of_kind: BTreeSet<&str> = match &share.reach {
        Reach::Category(slug) => {
            let kind = category::slug(slug);
            let own = records?.iter().filter(|item| category::slug(&item.details.category) == kind);
            own.map(|item| item.id.as_str()).collect()
        }
        Reach::Record(..) | Reach::Everything => BTreeSet::new(),
    };
    // What was deleted since, or is of another kind now, was reached all the same when it was opened by this.
    let by_this = |happening: &Happening| happening.share.as_ref().is_some_and(|(_, reach)| *reach == share.reach);
    let reaches = |happening: &Happening, id: &str| match &share.reach {
        Reach::Everything => true,
        Reach::Record(own, _) => own == id,
        Reach::Category(_) => of_kind.contains(id) || by_this(happening),
    };
    let records = happenings
        .iter()
        .filter(|happening| happening.who == share.person.account && happening.at >= share.from)
        .filter(|happening| matches!(happening.what.as_str(), "opened" | "saved"))
        .filter_map(|happening| happening.record.as_ref().filter(|(id, _)| reaches(happening, id)));
    let titles = distinct(records.map(|(id, title)| (id.as_str(), title.as_str())));
    Some(titles.into_iter().map(|(_, title)| title).collect())
}

/// "CT of the chest", "CT of the chest and Blood count", "CT of the chest, Blood count and 2 more".
pub fn listed(titles: &[String]) -> String {
    match titles {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::sharing::reach::tests::{item, kind, record, share};

    fn happening(seq: u64, who: &str, what: &str, record: Option<&str>) -> Happening {
        Happening {
            seq,
            at: u32::try_from(seq).unwrap() * 600,
            who: who.to_owned(),
            name: if who == "me" { "You".to_owned() } else { "Dr Kenji Ito".to_owned() },
            what: what.to_owned(),
            record: record.map(|title| (title.to_lowercase(), title.to_owned())),
            share: None,
            own: who == "me",
            lost: None,
        }
    }

    fn history() -> Vec<Happening> {
        vec![
            happening(6, "ito", "saved", Some("CT")),
            happening(5, "ito", "opened", Some("CT")),
            happening(4, "ito", "opened", Some("Letter")),
            happening(3, "ito", "opened", Some("CT")),
            Happening {
                share: Some(("Dr Kenji Ito".to_owned(), Reach::Record("ct".to_owned(), "CT".to_owned()))),
                ..happening(2, "me", "shared", None)
            },
            happening(1, "me", "added", Some("CT")),
            happening(0, "me", "created", None),
        ]
    }

    #[test]
    fn a_restore_is_what_the_server_did() {
        let restored = Happening { lost: Some(1), ..happening(2, "me", "restored", None) };
        let told = "The server was brought back from an older copy, which lacked at least 1 change";
        assert_eq!(sentence(&restored), told);
    }

    #[test]
    fn sentences_say_who_did_what() {
        let sentences: Vec<_> = history().iter().map(sentence).collect();
        assert_eq!(
            sentences,
            [
                "Dr Kenji Ito saved a copy of CT",
                "Dr Kenji Ito opened CT",
                "Dr Kenji Ito opened Letter",
                "Dr Kenji Ito opened CT",
                "You shared CT with Dr Kenji Ito",
                "You added CT",
                "You made your vault",
            ]
        );
    }

    #[test]
    fn history_is_narrowed_by_person_and_by_record() {
        let all = history();
        let places = |found: Vec<Happening>| found.iter().map(|one| one.seq).collect::<Vec<_>>();
        assert_eq!(places(narrowed(&all, "me", "")), [2, 1, 0]);
        assert_eq!(places(narrowed(&all, "", "ct")), [6, 5, 3, 2, 1]);
        assert_eq!(places(narrowed(&all, "ito", "letter")), [4]);
        let names: Vec<_> = people(&all).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["Dr Kenji Ito", "You"], "whoever acted last comes first");
    }

    #[test]
    fn only_others_count_as_having_opened() {
        let seen = opened_by_others(&history(), "ct");
        let acts: Vec<_> = seen.iter().map(|one| (one.what, one.at)).collect();
        assert_eq!(acts, [("saved a copy", 3600), ("opened it", 3000)]);
    }

    #[test]
    fn of_what_somebody_opened_a_share_counts_only_what_it_reaches() {
        let records = [item("ct", "imaging"), item("letter", "visit-notes")];
        let opened = |reach: Reach, since: u32, history: &[Happening]| {
            let share = Share { from: since, ..share("1", "Ito", reach, None) };
            opened_titles(history, &share, Some(&records)).unwrap()
        };
        let all = history();
        assert_eq!(opened(Reach::Everything, 0, &all), ["CT", "Letter"]);
        assert_eq!(opened(Reach::Everything, 2700, &all), ["CT"]);
        assert_eq!(opened(kind("imaging"), 0, &all), ["CT"]);
        assert_eq!(opened(kind("visit-notes"), 0, &all), ["Letter"]);
        assert_eq!(opened(record("letter"), 0, &all), ["Letter"]);
        assert!(opened(kind("laboratory"), 0, &all).is_empty());
        // A record that is gone was of the kind by whose share it was opened.
        let gone = [Happening {
            share: Some(("Dr Kenji Ito".to_owned(), kind("laboratory"))),
            ..happening(7, "ito", "opened", Some("Gone"))
        }];
        assert_eq!(opened(kind("laboratory"), 0, &gone), ["Gone"]);
        assert!(opened(kind("imaging"), 0, &gone).is_empty());
        // Nothing is claimed before it is known.
        let imaging = share("1", "Ito", kind("imaging"), None);
        assert_eq!(opened_titles(&all, &imaging, None), None);
        let ct = Share { from: 0, ..share("1", "Ito", record("ct"), None) };
        assert_eq!(opened_titles(&all, &ct, None).unwrap(), ["CT"]);
    }

    #[test]
    fn long_lists_are_counted() {
        let titles = ["A", "B", "C", "D"].map(str::to_owned);
        assert_eq!(listed(&titles), "A, B and 2 more");
        assert_eq!(listed(&titles[..2]), "A and B");
        assert_eq!(listed(&[]), "nothing");
    }

    #[test]
    fn days_are_headings() {
        let now = Now { minute: 3700, offset_minutes: 0 };
        let days: Vec<_> = by_day(history(), Some(now)).into_iter().map(|(day, group)| (day, group.len())).collect();
        assert_eq!(days, [("Today".to_owned(), 2), ("Yesterday".to_owned(), 2), ("1 January".to_owned(), 3)]);
    }
}
