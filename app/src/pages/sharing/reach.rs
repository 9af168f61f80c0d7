//! Who reaches what, worked out of shares and records. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Now;
use crate::pages::activity::sentence::listed;
use crate::pages::{category, words};
use crate::vault::{Reach, RecordItem, Share};

/// By what a share reaches something that it may not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is what was shared.
    Itself,
    /// Its kind is shared.
    Kind(&'static str),
    /// Everything is.
    Everything,
}

impl Why {
    /// "because you share imaging"; none where there is nothing to explain.
    pub fn words(self) -> Option<String> {
        match self {
            Self::Itself => None,
            Self::Kind(slug) => Some(format!("because you share {}", category::inside(slug))),
            Self::Everything => Some("because you share everything".to_owned()),
        }
    }
}

/// Something that somebody can see, with everybody who can.
#[derive(Clone, PartialEq)]
pub struct Reached {
    /// What.
    pub what: Reach,
    /// The record, where it is a single one that is still there.
    pub item: Option<RecordItem>,
    /// How many records that is now.
    pub records: usize,
    /// By which shares, and why by them; what ends first comes first.
    pub by: Vec<(Share, Why)>,
}

impl Reached {
    /// Names it among the others.
    pub fn key(&self) -> String {
        match &self.what {
            Reach::Everything => "everything".to_owned(),
            Reach::Category(slug) => format!("kind-{slug}"),
            Reach::Record(id, _) => format!("record-{id}"),
        }
    }
}

/// The shares that hold now.
pub fn holding(shares: &[Share]) -> Vec<Share> {
    shares.iter().filter(|share| share.ended.is_none()).cloned().collect()
}

/// Whether a share lets somebody see anything now.
pub(super) fn shows(share: &Share) -> bool {
    share.ended.is_none() && share.level != "drop"
}

/// The shares that let somebody see something, by what they reach, so that nobody looks through all of them for each
/// record.
#[derive(Clone, Default, PartialEq)]
pub struct Holders {
    everything: Vec<Share>,
    kinds: BTreeMap<&'static str, Vec<Share>>,
    records: BTreeMap<String, (String, Vec<Share>)>,
}

impl Holders {
    /// Sorts shares by what they reach.
    pub fn new(shares: &[Share]) -> Self {
        let mut sorted: Vec<&Share> = shares.iter().filter(|share| shows(share)).collect();
        sorted.sort_by_key(|share| ends(share));
        let mut holders = Self::default();
        for share in sorted.into_iter().cloned() {
            match &share.reach {
                Reach::Everything => holders.everything.push(share),
                Reach::Category(slug) => holders.kinds.entry(category::slug(slug)).or_default().push(share),
                Reach::Record(id, title) => {
                    let own = holders.records.entry(id.clone()).or_insert_with(|| (title.clone(), Vec::new()));
                    own.1.push(share);
                }
            }
        }
        holders
    }

    fn own(&self, id: &str) -> impl Iterator<Item = (Share, Why)> {
        let own = self.records.get(id).map(|(_, own)| own.as_slice()).unwrap_or_default();
        own.iter().map(|share| (share.clone(), Why::Itself))
    }

    fn of_kind(&self, slug: &'static str, why: Why) -> impl Iterator<Item = (Share, Why)> {
        self.kinds.get(slug).into_iter().flatten().map(move |share| (share.clone(), why))
    }

    fn of_everything(&self, why: Why) -> impl Iterator<Item = (Share, Why)> {
        self.everything.iter().map(move |share| (share.clone(), why))
    }

    /// Everybody who can see a record, and why.
    pub fn of(&self, item: &RecordItem) -> Vec<(Share, Why)> {
        let slug = category::slug(&item.details.category);
        self.own(&item.id)
            .chain(self.of_kind(slug, Why::Kind(slug)))
            .chain(self.of_everything(Why::Everything))
            .collect()
    }

    /// By which shares all of something is reached, and why.
    fn reaching(&self, reach: &Reach, items: &BTreeMap<&str, &RecordItem>) -> Vec<(Share, Why)> {
        match reach {
            Reach::Record(id, _) => match items.get(id.as_str()) {
                Some(item) => self.of(item),
                None => self.own(id).collect(),
            },
            Reach::Category(slug) => {
                self.of_kind(category::slug(slug), Why::Itself).chain(self.of_everything(Why::Everything)).collect()
            }
            Reach::Everything => self.of_everything(Why::Itself).collect(),
        }
    }

    /// What is shared, widest first: everything, kinds in their usual order, single records by title. Looks at each
    /// record once.
    pub fn by_record(&self, records: &[RecordItem]) -> Vec<Reached> {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut items: BTreeMap<&str, &RecordItem> = BTreeMap::new();
        for item in records {
            *counts.entry(category::slug(&item.details.category)).or_default() += 1;
            if self.records.contains_key(&item.id) {
                items.insert(&item.id, item);
            }
        }
        let everything = (!self.everything.is_empty()).then(|| Reached {
            what: Reach::Everything,
            item: None,
            records: records.len(),
            by: self.of_everything(Why::Itself).collect(),
        });
        let kinds =
            category::ALL.into_iter().filter(|(slug, _)| self.kinds.contains_key(slug)).map(|(slug, _)| Reached {
                what: Reach::Category(slug.to_owned()),
                item: None,
                records: counts.get(slug).copied().unwrap_or(0),
                by: self.of_kind(slug, Why::Itself).chain(self.of_everything(Why::Everything)).collect(),
            });
        let mut single: Vec<Reached> = self
            .records
            .iter()
            .map(|(id, (title, own))| {
                let item = items.get(id.as_str()).map(|item| (*item).clone());
                let by = match &item {
                    Some(item) => self.of(item),
                    None => own.iter().map(|share| (share.clone(), Why::Itself)).collect(),
                };
                Reached {
                    what: Reach::Record(id.clone(), title.clone()),
                    records: usize::from(item.is_some()),
                    item,
                    by,
                }
            })
            .collect();
        single.sort_by_cached_key(|one| words::reach_words(&one.what).to_lowercase());
        everything.into_iter().chain(kinds).chain(single).collect()
    }
}

/// Whether anybody sees records without being given each: by their kind, or all of them.
pub fn reaches_what_comes(shares: &[Share]) -> bool {
    shares.iter().any(|share| shows(share) && !matches!(share.reach, Reach::Record(..)))
}

/// Who will see a record of a kind as soon as it is there: "Dr Kenji Ito will see it, because you share imaging."
pub fn will_see(shares: &[Share], slug: &str) -> Option<String> {
    let slug = category::slug(slug);
    let holders = Holders::new(shares);
    let by: Vec<(Share, Why)> =
        holders.of_kind(slug, Why::Kind(slug)).chain(holders.of_everything(Why::Everything)).collect();
    let mut accounts = BTreeSet::new();
    let first = by.iter().filter(|(share, _)| accounts.insert(share.person.account.as_str()));
    let names: Vec<String> = first.map(|(share, _)| share.person.name.clone()).collect();
    let mut reasons: Vec<String> = by.iter().filter_map(|(_, why)| why.words()).collect();
    reasons.dedup();
    (!names.is_empty()).then(|| format!("{} will see it, {}.", listed(&names), reasons.join(", and ")))
}

/// Everybody who can see one record, and why.
pub fn people_of(item: &RecordItem, shares: &[Share]) -> Vec<(Share, Why)> {
    Holders::new(shares).of(item)
}

/// The minute at which a share ends; one that has no end comes last.
pub fn ends(share: &Share) -> u32 {
    share.until.unwrap_or(u32::MAX)
}

/// Of shares that reach the same, the one that says until when: it lasts longest, and of several such it is the widest.
pub fn longest(reaching: Vec<(Share, Why)>) -> Option<Share> {
    reaching.into_iter().map(|(share, _)| share).max_by_key(ends)
}

/// One person's shares, each of which says until when what it reaches is seen: without those of which another one, with
/// the same rights, reaches all and lasts as long. A kind covers single records once these are known.
pub fn decisive(shares: &[Share], records: &[RecordItem]) -> Vec<Share> {
    let holders = Holders::new(shares);
    let single = records.iter().filter(|item| holders.records.contains_key(&item.id));
    let items: BTreeMap<&str, &RecordItem> = single.map(|item| (item.id.as_str(), item)).collect();
    let decides = |share: &&Share| {
        let mut reaching = holders.reaching(&share.reach, &items);
        reaching.retain(|(other, _)| other.level == share.level);
        longest(reaching).is_none_or(|longest| longest.id == share.id)
    };
    shares.iter().filter(decides).cloned().collect()
}

/// Shares by person. What ends first comes first, and so does whose share it is.
pub fn by_person(mut shares: Vec<Share>) -> Vec<Vec<Share>> {
    shares.sort_by_key(ends);
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut people: Vec<Vec<Share>> = Vec::new();
    for share in shares {
        let place = *places.entry(share.person.account.clone()).or_insert(people.len());
        match people.get_mut(place) {
            Some(own) => own.push(share),
            None => people.push(vec![share]),
        }
    }
    people
}

/// "3 people can see something. One share ends this week."
pub fn summary(shares: &[Share], now: Option<Now>) -> String {
    let held = holding(shares);
    let people = by_person(held.iter().filter(|share| shows(share)).cloned().collect()).len();
    let who = match people {
        0 => "Nobody else can see your records.".to_owned(),
        1 => "One person can see something.".to_owned(),
        n => format!("{n} people can see something."),
    };
    let soon = held.iter().filter(|share| now.is_some() && words::share_left(share, now).soon).count();
    let ends = match soon {
        0 => String::new(),
        1 => " One share ends this week.".to_owned(),
        n => format!(" {n} shares end this week."),
    };
    who + &ends
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::DAY;
    use crate::vault::{Details, Ended, Person};

    /// 22 November 2026, 14:30 in a zone an hour ahead of UTC.
    pub(crate) const NOW: Now = Now { minute: 29_922_570, offset_minutes: 60 };

    pub(crate) fn share(id: &str, name: &str, reach: Reach, days: Option<u32>) -> Share {
        Share {
            id: id.to_owned(),
            person: Person {
                account: name.to_lowercase(),
                name: name.to_owned(),
                email: String::new(),
                provider: None,
                phrase: Vec::new(),
                compared: true,
            },
            reach,
            level: "download".to_owned(),
            from: NOW.minute - DAY,
            until: days.map(|days| NOW.minute + days * DAY),
            accepted: true,
            last_opened: None,
            ended: None,
            waits: false,
        }
    }

    pub(crate) fn record(id: &str) -> Reach {
        Reach::Record(id.to_owned(), format!("Record {id}"))
    }

    pub(crate) fn kind(slug: &str) -> Reach {
        Reach::Category(slug.to_owned())
    }

    pub(crate) fn item(id: &str, category: &str) -> RecordItem {
        RecordItem {
            id: id.to_owned(),
            vault: String::new(),
            details: Details {
                title: format!("Record {id}"),
                category: category.to_owned(),
                date: String::new(),
                notes: String::new(),
            },
            file_name: String::new(),
            kind: String::new(),
            size: 1,
            added: 0,
            changed: 0,
            owner: None,
            shared_with: 0,
            has_thumbnail: false,
            revision: 0,
            sought: String::new(),
        }
    }

    pub(crate) fn ended(share: Share) -> Share {
        let ended =
            Ended { at: NOW.minute, blocked: true, rotated: true, reencrypted: true, opened_before: Vec::new() };
        Share { ended: Some(ended), ..share }
    }

    fn by_record(shares: &[Share], records: &[RecordItem]) -> Vec<Reached> {
        Holders::new(shares).by_record(records)
    }

    fn lines(by: &[(Share, Why)]) -> Vec<(&str, Why)> {
        by.iter().map(|(share, why)| (share.person.name.as_str(), *why)).collect()
    }

    #[test]
    fn what_is_shared_stands_widest_first_with_everybody_who_reaches_it() {
        let shares = [
            share("1", "Ito", record("ct"), Some(30)),
            share("2", "Vogt", kind("laboratory"), None),
            share("3", "Ito", kind("imaging"), Some(5)),
            share("4", "Anna", Reach::Everything, None),
            ended(share("5", "Gone", kind("procedures"), None)),
            Share { level: "drop".to_owned(), ..share("6", "Labor", kind("vital-signs"), None) },
        ];
        let records = [item("ct", "imaging"), item("x-ray", "imaging"), item("blood", "laboratory")];
        let found = by_record(&shares, &records);
        let heads: Vec<_> = found.iter().map(|one| (one.key(), one.records)).collect();
        let head = |key: &str, records| (key.to_owned(), records);
        assert_eq!(
            heads,
            [head("everything", 3), head("kind-imaging", 2), head("kind-laboratory", 1), head("record-ct", 1)]
        );
        let by: Vec<_> = found.iter().map(|one| lines(&one.by)).collect();
        assert_eq!(by[0], [("Anna", Why::Itself)]);
        assert_eq!(by[1], [("Ito", Why::Itself), ("Anna", Why::Everything)]);
        assert_eq!(by[3], [("Ito", Why::Itself), ("Ito", Why::Kind("imaging")), ("Anna", Why::Everything)]);
        assert_eq!(found[3].item.as_ref().map(|item| item.id.as_str()), Some("ct"));
        // What nobody was given by itself is reached all the same.
        assert_eq!(lines(&people_of(&records[1], &shares)), [("Ito", Why::Kind("imaging")), ("Anna", Why::Everything)]);
    }

    #[test]
    fn who_will_see_what_comes_is_said() {
        let shares = [
            share("1", "Ito", kind("imaging"), Some(5)),
            share("2", "Ito", kind("imaging"), None),
            share("3", "Vogt", record("ct"), None),
            ended(share("4", "Gone", Reach::Everything, None)),
        ];
        assert!(reaches_what_comes(&shares));
        assert_eq!(will_see(&shares, "imaging").as_deref(), Some("Ito will see it, because you share imaging."));
        assert_eq!(will_see(&shares, "laboratory"), None);
        assert!(!reaches_what_comes(&shares[2..]));
        let all = [shares[0].clone(), share("5", "Anna", Reach::Everything, None)];
        assert_eq!(
            will_see(&all, "imaging").as_deref(),
            Some("Ito and Anna will see it, because you share imaging, and because you share everything.")
        );
    }

    #[test]
    fn a_share_of_a_deleted_record_is_not_hidden() {
        let shares = [share("1", "Ito", record("ct"), None)];
        let found = by_record(&shares, &[]);
        assert_eq!(found.iter().map(|one| (one.records, one.by.len())).collect::<Vec<_>>(), [(0, 1)]);
        assert!(by_record(&[ended(shares[0].clone())], &[]).is_empty());
    }

    #[test]
    fn ten_thousand_records_and_as_many_shares_cost_one_pass() {
        let records: Vec<_> = (0..10_000).map(|id| item(&id.to_string(), "imaging")).collect();
        let mut shares: Vec<_> =
            (0..10_000).map(|id| share(&id.to_string(), "Ito", record(&id.to_string()), None)).collect();
        shares.push(share("all", "Anna", kind("imaging"), None));
        let found = by_record(&shares, &records);
        assert_eq!(found.len(), 10_001);
        assert!(found[1..].iter().all(|one| one.by.len() == 2));
        assert_eq!(by_person(shares).len(), 2);
    }

    #[test]
    fn what_ends_first_stands_on_top() {
        let people = by_person(vec![
            share("1", "Anna", Reach::Everything, None),
            share("2", "Ito", kind("imaging"), Some(30)),
            share("3", "Vogt", kind("laboratory"), Some(3)),
            share("4", "Ito", record("ct"), Some(1)),
        ]);
        let ids: Vec<Vec<_>> = people.iter().map(|own| own.iter().map(|share| share.id.as_str()).collect()).collect();
        assert_eq!(ids, [vec!["4", "2"], vec!["3"], vec!["1"]]);
    }

    #[test]
    fn what_another_share_lets_see_for_as_long_is_not_given_an_end_of_its_own() {
        let records = [item("ct", "imaging"), item("x-ray", "imaging"), item("blood", "laboratory")];
        let ids = |shares: &[Share], records: &[RecordItem]| {
            decisive(shares, records).into_iter().map(|share| share.id).collect::<Vec<_>>()
        };
        let shares = [
            share("ct", "Ito", record("ct"), Some(2)),
            share("x-ray", "Ito", record("x-ray"), Some(30)),
            share("kind", "Ito", kind("imaging"), Some(21)),
            share("blood", "Ito", record("blood"), Some(2)),
            Share { level: "drop".to_owned(), ..share("drop", "Ito", kind("imaging"), Some(1)) },
        ];
        assert_eq!(ids(&shares, &records), ["x-ray", "kind", "blood", "drop"]);
        assert_eq!(ids(&shares, &[]), ["ct", "x-ray", "kind", "blood", "drop"], "records are not known yet");
        // What a record's own page says is said here of the same record.
        let of = |item: &RecordItem| longest(people_of(item, &shares)).map(|share| share.id).unwrap_or_default();
        assert_eq!(records.each_ref().map(of), ["kind", "x-ray", "blood"]);
        let all = [shares[1].clone(), shares[2].clone(), share("all", "Ito", Reach::Everything, None)];
        assert_eq!(ids(&all, &records), ["all"]);
        let together = [share("1", "Ito", kind("imaging"), Some(21)), share("2", "Ito", record("ct"), Some(21))];
        assert_eq!(ids(&together, &records), ["1"], "of two that end together the wider one stays");
        let twice = [share("1", "Ito", record("ct"), Some(2)), share("2", "Ito", record("ct"), Some(2))];
        assert_eq!(ids(&twice, &records).len(), 1);
        let looks = [shares[0].clone(), Share { level: "view".to_owned(), ..shares[2].clone() }];
        assert_eq!(ids(&looks, &records), ["ct", "kind"], "who may do more may do it until its own end");
    }

    #[test]
    fn the_head_counts_people_and_what_ends() {
        let ito = share("1", "Ito", kind("imaging"), Some(30));
        let more = [ito.clone(), share("2", "Ito", record("ct"), Some(2)), share("3", "Vogt", kind("other"), None)];
        assert_eq!(summary(&more, Some(NOW)), "2 people can see something. One share ends this week.");
        assert_eq!(summary(&more[..1], Some(NOW)), "One person can see something.");
        let drop = Share { level: "drop".to_owned(), ..share("4", "Labor", kind("laboratory"), Some(1)) };
        assert_eq!(summary(&[drop], Some(NOW)), "Nobody else can see your records. One share ends this week.");
        assert_eq!(summary(&[ended(ito)], Some(NOW)), "Nobody else can see your records.");
    }
}
