//! What ends with a share and what does not, in words. Pure.

use super::reach::{ends, shows};
use crate::clock::Now;
use crate::pages::activity::sentence::listed;
use crate::pages::{category, words};
use crate::vault::{Reach, RecordItem, Share};

/// What a person still reaches, by other shares, of what a share reached.
#[derive(Debug, PartialEq)]
pub enum Left<'a> {
    /// Nothing.
    Nothing,
    /// Parts of it, by these shares.
    Parts(Vec<&'a Share>),
    /// All of it, by this share; of several, by the one that lasts longest.
    All(&'a Share),
}

/// What would be left to a person if a share were stopped.
pub fn left<'a>(share: &Share, shares: &'a [Share], records: &[RecordItem]) -> Left<'a> {
    let kind_of = |id: &str| {
        let item = records.iter().find(|item| item.id == id);
        item.map(|item| category::slug(&item.details.category))
    };
    let within = |inner: &Reach, outer: &Reach| match (inner, outer) {
        (_, Reach::Everything) => true,
        (Reach::Category(inner), Reach::Category(outer)) => category::slug(inner) == category::slug(outer),
        (Reach::Record(id, _), Reach::Category(outer)) => kind_of(id) == Some(category::slug(outer)),
        (Reach::Record(inner, _), Reach::Record(outer, _)) => inner == outer,
        _ => false,
    };
    let others: Vec<&Share> = shares
        .iter()
        .filter(|other| other.id != share.id && other.person.account == share.person.account && shows(other))
        .collect();
    let all = others.iter().filter(|other| within(&share.reach, &other.reach)).max_by_key(|other| ends(other));
    if let Some(all) = all {
        return Left::All(all);
    }
    let parts: Vec<&Share> = others.into_iter().filter(|other| within(&other.reach, &share.reach)).collect();
    if parts.is_empty() { Left::Nothing } else { Left::Parts(parts) }
}

/// What is asked before it: "Stop sharing imaging with Dr Kenji Ito?"
pub fn question(share: &Share) -> String {
    format!("Stop sharing {} with {}?", words::reach_words(&share.reach), share.person.name)
}

/// What is said after it: "You stopped sharing CT of the chest with Dr Kenji Ito."
pub fn stopped(share: &Share, after: &After) -> String {
    let stopped = format!("You stopped sharing {} with {}.", words::reach_words(&share.reach), share.person.name);
    match after {
        After::Sees(_) => format!("{stopped} They still see it through another share."),
        After::Unknown | After::Blocked | After::Parts(_) => stopped,
    }
}

/// What a person can see, once a share is over, of what it reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// That hangs on the kind of a record, and the records are not known yet.
    Unknown,
    /// Nothing.
    Blocked,
    /// Parts of it, by other shares: the sentence that says so.
    Parts(String),
    /// All of it, by another share: the sentence that says so.
    Sees(String),
}

/// What a person can see when a share is over, or once it will be, of what it reached.
pub fn after(share: &Share, shares: &[Share], records: Option<&[RecordItem]>, now: Option<Now>) -> After {
    let name = &share.person.name;
    // What let nobody see anything is over when it is over.
    if share.level == "drop" {
        return After::Blocked;
    }
    // What was shared only later is seen again.
    let again = |other: &Share| share.ended.as_ref().is_some_and(|ended| other.from > ended.at);
    match left(share, shares, records.unwrap_or_default()) {
        Left::All(other) => {
            let sees = if again(other) { "can see it again" } else { "can still see it" };
            let until = end_day(other, now).map(|day| format!(" until {day}")).unwrap_or_default();
            After::Sees(format!("{name} {sees}{until}, because you share {}.", words::reach_words(&other.reach)))
        }
        Left::Nothing if hangs_on_kind(share, shares, records) => After::Unknown,
        Left::Nothing => After::Blocked,
        Left::Parts(parts) => {
            let reaches: Vec<String> = parts.iter().map(|part| words::reach_words(&part.reach)).collect();
            After::Parts(format!("Of this, {name} can see only what you also share: {}.", listed(&reaches)))
        }
    }
}

/// What is said of a share that is about to end, where its person can see the same for longer: "They still see it
/// through another share until 30 December."
pub fn seen_longer(share: &Share, shares: &[Share], records: &[RecordItem], now: Option<Now>) -> Option<String> {
    match left(share, shares, records) {
        Left::All(other) if shows(share) && ends(other) > ends(share) => {
            let until = end_day(other, now).map(|day| format!(" until {day}")).unwrap_or_default();
            Some(format!("They still see it through another share{until}."))
        }
        Left::All(_) | Left::Parts(_) | Left::Nothing => None,
    }
}

/// The last day of a share: "30 December". None where it has no end.
pub fn end_day(share: &Share, now: Option<Now>) -> Option<String> {
    let offset_minutes = now.map_or(0, |now| now.offset_minutes);
    share.until.map(|until| words::Day::of_minute(until, offset_minutes).words(now))
}

/// Whether nobody can say yet if a record is still seen: its kind may be shared too, and the records are not known.
fn hangs_on_kind(share: &Share, shares: &[Share], records: Option<&[RecordItem]>) -> bool {
    let of_kind = |other: &Share| {
        other.person.account == share.person.account && shows(other) && matches!(other.reach, Reach::Category(_))
    };
    records.is_none() && matches!(share.reach, Reach::Record(..)) && shares.iter().any(of_kind)
}

/// What a share reaches, as something of which none can be opened any more: "your 37 imaging records".
fn of_which(reach: &Reach, records: Option<&[RecordItem]>) -> String {
    let kind = match reach {
        Reach::Category(slug) => Some(category::slug(slug)),
        Reach::Record(..) | Reach::Everything => None,
    };
    let belongs = |item: &&RecordItem| kind.is_none_or(|kind| category::slug(&item.details.category) == kind);
    let count = records.map(|records| records.iter().filter(belongs).count()).filter(|count| *count > 1);
    let which = match kind {
        None => "records".to_owned(),
        // "Other records" would be all but these.
        Some("other") => category::inside("other"),
        Some(slug) => format!("{} records", category::label(slug).to_lowercase()),
    };
    match count {
        Some(count) => format!("your {count} {which}"),
        None => format!("your {which}"),
    }
}

/// What ends when a share is stopped, and what does not. None where that hangs on the kind of a record, and the records
/// are not known yet.
pub fn consequence(
    share: &Share,
    shares: &[Share],
    records: Option<&[RecordItem]>,
    now: Option<Now>,
) -> Option<String> {
    let name = &share.person.name;
    if !shows(share) {
        return Some(format!("{name} can add nothing to {} any more.", words::reach_words(&share.reach)));
    }
    let left = left(share, shares, records.unwrap_or_default());
    let by_record = matches!(share.reach, Reach::Record(..));
    if left == Left::Nothing && hangs_on_kind(share, shares, records) {
        return None;
    }
    if let Left::All(other) = left {
        let until = end_day(other, now).map_or_else(|| "until you stop it".to_owned(), |day| format!("until {day}"));
        let reach = words::reach_words(&other.reach);
        return Some(format!("{name} can still see it, because you also share {reach} {until}."));
    }
    if by_record {
        return Some(format!("{name} can no longer open {}.", words::reach_words(&share.reach)));
    }
    let which = of_which(&share.reach, records);
    let ends = match left {
        Left::Parts(parts) => {
            let still: Vec<String> = parts.iter().map(|part| words::reach_words(&part.reach)).collect();
            let still = listed(&still);
            format!("Of {which}, {name} can then open only what you also share: {still}.")
        }
        Left::Nothing | Left::All(_) => format!("{name} can open none of {which} any more."),
    };
    Some(format!("{ends} To leave out a single record, stop this and share the others one by one."))
}

#[cfg(test)]
mod tests {
    use super::super::reach::tests::{NOW, ended, item, kind, record, share};
    use super::*;

    fn says(of: usize, shares: &[Share]) -> String {
        let records = [item("ct", "imaging"), item("x-ray", "imaging"), item("blood", "laboratory")];
        consequence(&shares[of], shares, Some(&records), Some(NOW)).unwrap()
    }

    #[test]
    fn what_ends_is_said_for_a_record_a_kind_and_everything() {
        let of = |reach| [share("1", "Dr Ito", reach, Some(30))];
        assert_eq!(says(0, &of(record("ct"))), "Dr Ito can no longer open Record ct.");
        assert_eq!(
            says(0, &of(kind("imaging"))),
            "Dr Ito can open none of your 2 imaging records any more. To leave out a single record, stop this and share the others one by one."
        );
        assert!(
            says(0, &of(kind("laboratory"))).starts_with("Dr Ito can open none of your laboratory records any more.")
        );
        assert!(says(0, &of(Reach::Everything)).starts_with("Dr Ito can open none of your 3 records any more."));
        let unknown = consequence(&of(kind("imaging"))[0], &[], None, Some(NOW)).unwrap();
        assert!(unknown.starts_with("Dr Ito can open none of your imaging records any more."));
        let drop = [Share { level: "drop".to_owned(), ..share("1", "Labor", kind("laboratory"), None) }];
        assert_eq!(says(0, &drop), "Labor can add nothing to laboratory any more.");
    }

    #[test]
    fn what_another_share_still_lets_see_is_said() {
        let shares = [
            share("1", "Dr Ito", record("ct"), Some(30)),
            share("2", "Dr Ito", kind("imaging"), Some(21)),
            share("3", "Dr Vogt", Reach::Everything, None),
        ];
        assert_eq!(says(0, &shares), "Dr Ito can still see it, because you also share imaging until 13 December.");
        assert!(
            says(1, &shares)
                .starts_with("Of your 2 imaging records, Dr Ito can then open only what you also share: Record ct.")
        );
        let everything = [shares[1].clone(), share("4", "Dr Ito", Reach::Everything, None)];
        assert_eq!(
            says(0, &everything),
            "Dr Ito can still see it, because you also share everything until you stop it."
        );
        assert!(says(1, &everything).contains("can then open only what you also share: imaging."));
        // Neither what has ended, nor what somebody else has, nor what only adds lets see anything.
        let over = [
            shares[0].clone(),
            ended(shares[1].clone()),
            shares[2].clone(),
            Share { level: "drop".to_owned(), ..share("5", "Dr Ito", kind("imaging"), None) },
            share("6", "Dr Ito", kind("laboratory"), None),
        ];
        assert_eq!(says(0, &over), "Dr Ito can no longer open Record ct.");
    }

    #[test]
    fn nothing_is_said_of_what_hangs_on_records_that_are_not_known() {
        let shares = [share("1", "Dr Ito", record("ct"), Some(30)), share("2", "Dr Ito", kind("imaging"), None)];
        assert_eq!(consequence(&shares[0], &shares, None, Some(NOW)), None);
        assert!(consequence(&shares[0], &shares[..1], None, Some(NOW)).is_some());
        assert!(consequence(&shares[1], &shares, None, Some(NOW)).is_some());
        let vogt = [shares[0].clone(), share("2", "Dr Vogt", kind("imaging"), None)];
        assert!(consequence(&vogt[0], &vogt, None, Some(NOW)).is_some(), "what others see has no part in it");
    }

    #[test]
    fn what_is_over_is_not_called_blocked_while_another_share_lets_it_be_seen() {
        let records = [item("ct", "imaging"), item("x-ray", "imaging")];
        let over = ended(share("1", "Dr Ito", record("ct"), Some(1)));
        let imaging = share("2", "Dr Ito", kind("imaging"), Some(21));
        let after = |share: &Share, others: &[Share]| {
            let shares = [std::slice::from_ref(share), others].concat();
            after(share, &shares, Some(&records), Some(NOW))
        };
        let sees = |words: &str| After::Sees(words.to_owned());
        let of_imaging = [imaging.clone()];
        let until = "Dr Ito can still see it until 13 December, because you share imaging.";
        assert_eq!(after(&over, &of_imaging), sees(until));
        assert_eq!(after(&Share { ended: None, ..over.clone() }, &of_imaging), sees(until), "before it is over, too");
        assert_eq!(
            after(&over, &[share("3", "Dr Ito", Reach::Everything, None)]),
            sees("Dr Ito can still see it, because you share everything.")
        );
        assert_eq!(
            after(&over, &[Share { from: NOW.minute + 1, ..imaging.clone() }]),
            sees("Dr Ito can see it again until 13 December, because you share imaging.")
        );
        // Neither what is over, nor what others have, nor another kind, nor what only adds lets it be seen.
        for other in [
            ended(imaging.clone()),
            share("3", "Dr Vogt", Reach::Everything, None),
            share("3", "Dr Ito", kind("laboratory"), None),
            Share { level: "drop".to_owned(), ..imaging.clone() },
        ] {
            assert_eq!(after(&over, &[other]), After::Blocked);
        }
        let added = Share { level: "drop".to_owned(), ..over.clone() };
        assert_eq!(after(&added, &of_imaging), After::Blocked);
        assert_eq!(
            after(&ended(imaging.clone()), &[share("3", "Dr Ito", record("ct"), None)]),
            After::Parts("Of this, Dr Ito can see only what you also share: Record ct.".to_owned())
        );
        // As long as the records are not known, nothing is claimed that hangs on them.
        let shares = [over, imaging];
        assert_eq!(super::after(&shares[0], &shares, None, Some(NOW)), After::Unknown);
        assert_eq!(super::after(&shares[0], &shares[..1], None, Some(NOW)), After::Blocked);
    }

    #[test]
    fn what_is_seen_for_longer_is_said_of_what_ends() {
        let records = [item("ct", "imaging")];
        let longer = |shares: &[Share]| seen_longer(&shares[0], shares, &records, Some(NOW));
        let ct = share("1", "Dr Ito", record("ct"), Some(1));
        let of = |other: Share| longer(&[ct.clone(), other]);
        assert_eq!(
            of(share("2", "Dr Ito", kind("imaging"), Some(21))).as_deref(),
            Some("They still see it through another share until 13 December.")
        );
        assert_eq!(
            of(share("2", "Dr Ito", Reach::Everything, None)).as_deref(),
            Some("They still see it through another share.")
        );
        assert_eq!(of(share("2", "Dr Ito", kind("imaging"), Some(1))), None, "both end together");
        assert_eq!(of(share("2", "Dr Ito", kind("laboratory"), None)), None);
        assert_eq!(of(share("2", "Dr Vogt", kind("imaging"), None)), None);
        let drop = Share { level: "drop".to_owned(), ..ct.clone() };
        assert_eq!(longer(&[drop, share("2", "Dr Ito", Reach::Everything, None)]), None);
    }

    #[test]
    fn of_two_shares_of_the_same_the_longer_one_counts() {
        let shares = [
            share("1", "Dr Ito", record("ct"), Some(1)),
            share("2", "Dr Ito", record("ct"), Some(2)),
            share("3", "Dr Ito", kind("imaging"), Some(21)),
        ];
        assert_eq!(left(&shares[0], &shares, &[item("ct", "imaging")]), Left::All(&shares[2]));
        assert_eq!(left(&shares[0], &shares, &[]), Left::All(&shares[1]), "as long as the records are not known");
    }

    #[test]
    fn questions_and_answers_name_what_ends() {
        let imaging = share("1", "Dr Ito", kind("imaging"), None);
        let ct = share("2", "Dr Ito", record("ct"), None);
        assert_eq!(question(&imaging), "Stop sharing imaging with Dr Ito?");
        assert_eq!(question(&ct), "Stop sharing Record ct with Dr Ito?");
        assert_eq!(stopped(&imaging, &After::Blocked), "You stopped sharing imaging with Dr Ito.");
        assert_eq!(
            stopped(&imaging, &After::Parts(String::new())),
            "You stopped sharing imaging with Dr Ito.",
            "a part is not it"
        );
        assert_eq!(
            stopped(&ct, &After::Sees(String::new())),
            "You stopped sharing Record ct with Dr Ito. They still see it through another share."
        );
    }
}
