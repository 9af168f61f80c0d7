//! Which patients come first, and whose sharing ends soon. Pure.

use std::cmp::Reverse;

use crate::clock::{DAY, Now};
use crate::vault::Patient;

/// The minute at which the last of a patient's shares ends; none where one has no end.
pub fn last_end(patient: &Patient) -> Option<u32> {
    let ends: Option<Vec<u32>> = patient.shares.iter().map(|share| share.until).collect();
    ends.and_then(|ends| ends.into_iter().max())
}

/// Those with something new first, then by name.
pub fn by_news(mut patients: Vec<Patient>) -> Vec<Patient> {
    patients.sort_by_key(|patient| (Reverse(patient.new), patient.person.name.to_lowercase()));
    patients
}

/// Those whose sharing ends within a week, the first to end first.
pub fn ending_soon(patients: &[Patient], now: Now) -> Vec<(Patient, u32)> {
    let mut ending: Vec<(Patient, u32)> = patients
        .iter()
        .filter_map(|patient| Some((patient.clone(), last_end(patient)?)))
        .filter(|(_, end)| *end > now.minute && *end < now.minute + 7 * DAY)
        .collect();
    ending.sort_by_key(|(_, end)| *end);
    ending
}

/// Patients whose name or address contains what was typed.
pub fn named(patients: &[Patient], typed: &str) -> Vec<Patient> {
    let typed = typed.trim().to_lowercase();
    patients
        .iter()
        .filter(|patient| {
            let about = format!("{}\n{}", patient.person.name, patient.person.email).to_lowercase();
            typed.split_whitespace().all(|word| about.contains(word))
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::{Person, Reach, Share};

    const NOW: Now = Now { minute: 100 * DAY, offset_minutes: 0 };

    fn patient(name: &str, new: u32, until: &[Option<u32>]) -> Patient {
        let person = Person {
            account: name.to_owned(),
            name: name.to_owned(),
            email: String::new(),
            provider: None,
            phrase: Vec::new(),
            compared: false,
        };
        let shares = until
            .iter()
            .map(|until| Share {
                id: String::new(),
                person: person.clone(),
                reach: Reach::Everything,
                level: "download".to_owned(),
                from: 0,
                until: *until,
                accepted: true,
                last_opened: None,
                ended: None,
                waits: false,
            })
            .collect();
        Patient { vault: name.to_owned(), person, shares, records: 1, new }
    }

    fn names(patients: &[Patient]) -> Vec<&str> {
        patients.iter().map(|patient| patient.person.name.as_str()).collect()
    }

    #[test]
    fn news_come_first() {
        let sorted = by_news(vec![patient("Zoe", 0, &[]), patient("Maya", 3, &[]), patient("Ada", 0, &[])]);
        assert_eq!(names(&sorted), ["Maya", "Ada", "Zoe"]);
        assert_eq!(names(&named(&sorted, " ma ")), ["Maya"]);
    }

    #[test]
    fn only_the_last_share_of_a_patient_ends_their_sharing() {
        let soon = Some(NOW.minute + 2 * DAY);
        let later = Some(NOW.minute + 30 * DAY);
        let all = [
            patient("Ends", 0, &[soon]),
            patient("Goes on", 0, &[soon, later]),
            patient("No end", 0, &[soon, None]),
            patient("Over", 0, &[Some(NOW.minute)]),
        ];
        let ending: Vec<_> = ending_soon(&all, NOW).into_iter().map(|(patient, _)| patient).collect();
        assert_eq!(names(&ending), ["Ends"]);
    }
}
