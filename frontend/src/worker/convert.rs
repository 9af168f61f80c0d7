//! From the client's types to those that pages show.

use std::collections::{BTreeMap, BTreeSet};

use app::pages::records::filter::sought;
use app::vault::{Details, Ended, Happening, Me, Patient, Person, Provider, Reach, RecordItem, Share};
use client::Session;
use client::activity::What;
use client::phrase::safety_phrase;
use client::session::Who;
use client::share::unknown_person;
use client::view::{self, Openings, Record, VaultView};
use protocol::api::{self, Profile};
use protocol::entry::PartKind;
use protocol::{Account, AccountId, GrantScope, Level, Minute, RecordId};
use records::visible::shown_name;
use records::{Category, Date, Metadata};

use super::trouble::Failure;
use crate::platform::Browser;

/// Who is signed in, with the safety phrase once the vault is open.
pub(crate) fn me(who: &Who, phrase: &[&str]) -> Me {
    Me {
        account: who.account.to_string(),
        name: who.name.clone(),
        email: who.email.clone(),
        provider: provider(&who.profile),
        phrase: phrase.iter().map(|word| (*word).to_owned()).collect(),
    }
}

/// What the directory shows.
pub(crate) fn provider(profile: &Profile) -> Option<Provider> {
    match profile {
        Profile::Patient => None,
        Profile::Provider { specialty, organisation, verified } => {
            Some(Provider { specialty: specialty.clone(), organisation: organisation.clone(), verified: *verified })
        }
    }
}

/// What a person said about a record.
pub(crate) fn details(metadata: &Metadata) -> Details {
    Details {
        title: metadata.title.clone(),
        category: metadata.category.slug().to_owned(),
        date: metadata.date.map(|date| date.to_string()).unwrap_or_default(),
        notes: metadata.notes.clone(),
    }
}

/// Puts what a person said into a record's metadata.
pub(crate) fn apply(details: &Details, metadata: &mut Metadata) {
    details.title.trim().clone_into(&mut metadata.title);
    metadata.category = Category::from_slug(&details.category).unwrap_or(metadata.category);
    metadata.date = Date::from_iso(&details.date);
    metadata.notes.clone_from(&details.notes);
}

/// A record in a list; none when it does not open.
pub(crate) fn item(view: &VaultView, record: &Record, owner: Option<&str>, now: Minute) -> Option<RecordItem> {
    let metadata = record.metadata.as_ref()?;
    let sees = |share: &&view::Share| {
        share.grant.level != Level::Drop && view.reaches(share, record.id) && view.holds(share, now)
    };
    let people: BTreeSet<AccountId> = view.shares().filter(sees).map(|share| share.grant.recipient).collect();
    let mut item = RecordItem {
        id: record.id.to_string(),
        vault: view.id().to_string(),
        details: details(metadata),
        file_name: shown_name(&metadata.file_name),
        kind: metadata.kind.label().to_owned(),
        size: metadata.size,
        added: record.added.0,
        changed: record.changed.0,
        owner: owner.map(str::to_owned),
        // Whom else an owner shares with is not for others to know, and not shown to them.
        shared_with: if owner.is_some() { 0 } else { u32::try_from(people.len()).unwrap_or(u32::MAX) },
        has_thumbnail: owner.is_none() && record.part(PartKind::Thumbnail).is_some(),
        revision: record.revision.number,
        sought: String::new(),
    };
    item.sought = sought(&item);
    Some(item)
}

/// A person, with the safety phrase.
pub(crate) fn person(session: &Session<Browser>, person: &api::Person) -> Result<Person, Failure> {
    let account = Account::from_chain(person.account, &person.chain)?;
    let phrase = safety_phrase(person.account, account.identity());
    Ok(Person {
        account: person.account.to_string(),
        name: person.name.clone(),
        email: person.email.clone(),
        provider: provider(&person.profile),
        phrase: phrase.iter().map(|word| (*word).to_owned()).collect(),
        compared: session.is_compared(&account),
    })
}

/// A person of whom the server tells nothing, or nothing that holds.
pub(crate) fn nobody_known(account: AccountId) -> Person {
    Person {
        account: account.to_string(),
        name: unknown_person(account),
        email: String::new(),
        provider: None,
        phrase: Vec::new(),
        compared: false,
    }
}

/// What a share reaches.
pub(crate) fn reach(view: &VaultView, share: &view::Share) -> Reach {
    match share.grant.scope {
        GrantScope::Record(record) => Reach::Record(record.to_string(), title(view, record)),
        GrantScope::Scope(scope) => Reach::Category(view.category(scope).map_or("other", Category::slug).to_owned()),
        GrantScope::Vault => Reach::Everything,
    }
}

/// A record's title, or words in its place.
pub(crate) fn title(view: &VaultView, record: RecordId) -> String {
    view.title(record).unwrap_or("a record").to_owned()
}

/// A share, with what came of it.
pub(crate) fn share(view: &VaultView, found: &view::Share, with: Person, openings: &Openings, now: Minute) -> Share {
    let opened = || view.opened_by_holder(found, openings);
    let ended = view.ending(found, now).map(|ending| {
        let mut before: Vec<String> = opened().map(|opening| title(view, opening.record)).collect();
        before.sort();
        before.dedup();
        Ended {
            at: found.stopped.map(|(at, _)| at).or(found.grant.until).map_or(now.0, |at| at.0),
            blocked: ending.blocked,
            rotated: ending.rotated,
            reencrypted: ending.reencrypted,
            opened_before: before,
        }
    });
    Share {
        id: found.grant.grant.to_string(),
        person: with,
        reach: reach(view, found),
        level: found.grant.level.name().to_owned(),
        from: found.at.0,
        until: found.grant.until.map(|until| until.0),
        accepted: found.accepted,
        last_opened: opened().next_back().map(|last| (last.at.0, title(view, last.record))),
        ended,
        waits: view.is_frozen(found, now),
    }
}

/// A thing that happened.
pub(crate) fn happening(
    view: &VaultView,
    event: &client::activity::Event,
    names: &BTreeMap<AccountId, String>,
    me: AccountId,
) -> Happening {
    let name = |account: AccountId| names.get(&account).cloned().unwrap_or_else(|| unknown_person(account));
    let share = event.what.grant().and_then(|grant| view.share(grant));
    Happening {
        seq: event.seq,
        at: event.at.0,
        who: event.who.to_string(),
        name: name(event.who),
        what: event.what.name().to_owned(),
        record: event.what.record().map(|record| (record.to_string(), title(view, record))),
        share: share.map(|share| (name(share.grant.recipient), reach(view, share))),
        own: event.who == me,
        lost: if let What::Restored(lost) = event.what { Some(lost) } else { None },
    }
}

/// A patient on a provider's dashboard.
pub(crate) fn patient(view: &VaultView, owner: Person, me: AccountId, now: Minute) -> Patient {
    let mine: Vec<&view::Share> =
        view.shares().filter(|share| share.grant.recipient == me && view.holds(share, now)).collect();
    let reached: Vec<&Record> =
        view.records().filter(|record| mine.iter().any(|share| view.reaches(share, record.id))).collect();
    // When this account last looked at each record.
    let mut looks: BTreeMap<RecordId, Minute> = BTreeMap::new();
    for event in view.events().iter().filter(|event| event.who == me) {
        if let Some(record) = event.what.record() {
            let last = looks.entry(record).or_insert(event.at);
            *last = (*last).max(event.at);
        }
    }
    let openings = view.openings();
    let new = reached.iter().filter(|record| looks.get(&record.id).is_none_or(|at| *at < record.changed)).count();
    Patient {
        vault: view.id().to_string(),
        shares: mine.iter().map(|found| share(view, found, owner.clone(), &openings, now)).collect(),
        person: owner,
        records: u32::try_from(reached.len()).unwrap_or(u32::MAX),
        new: u32::try_from(new).unwrap_or(u32::MAX),
    }
}
