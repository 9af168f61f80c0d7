//! What the pages list: records, shares, what happened, and patients.

use std::collections::{BTreeMap, BTreeSet};

use app::vault::{Patients, Person};
use client::activity::{Event, What};
use client::view::VaultView;
use client::{ClientError, Session};
use protocol::{AccountId, ApiError};

use super::convert;
use super::desk::{Desk, may_see};
use super::trouble::Failure;
use crate::message::Answer;
use crate::platform::{Browser, minute};

impl Desk {
    pub(super) async fn records(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        self.has_sound(&session)?;
        let (me, now) = (session.who().account, minute());
        let mut items = Vec::new();
        for vault in session.vaults() {
            let owner = session.with_view(vault, VaultView::owner)?;
            let name = if owner == me { None } else { Some(self.person(&session, owner).await?.name) };
            items.extend(session.with_view(vault, |view| {
                view.records()
                    .filter(|record| may_see(view, me, record.id))
                    .filter_map(|record| convert::item(view, record, name.as_deref(), now))
                    .collect::<Vec<_>>()
            })?);
        }
        items.sort_by(|a, b| b.details.date.cmp(&a.details.date).then(b.added.cmp(&a.added)));
        Ok(Answer::Records(items))
    }

    pub(super) async fn shares(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        self.has_sound(&session)?;
        let Ok(vault) = session.own_vault() else { return Ok(Answer::Shares(Vec::new())) };
        let recipients = session.with_view(vault, |view| view.shares().map(|share| share.grant.recipient).collect())?;
        let people = self.people(&session, recipients).await?;
        session.with_view(vault, |view| {
            let openings = view.openings();
            let mut found: Vec<_> = view.shares().collect();
            found.sort_by_key(|share| std::cmp::Reverse(share.seq));
            let shares = found.into_iter().map(|share| {
                let recipient = share.grant.recipient;
                let with = people.get(&recipient).cloned().unwrap_or_else(|| convert::nobody_known(recipient));
                convert::share(view, share, with, &openings, minute())
            });
            Ok(Answer::Shares(shares.collect()))
        })?
    }

    pub(super) async fn activity(&self, of_others: bool) -> Result<Answer, Failure> {
        let session = self.session()?;
        self.has_sound(&session)?;
        let mut happenings = Vec::new();
        for vault in session.vaults() {
            let concerned = session.with_view(vault, |view| {
                let authors = view.events().iter().map(|event| event.who);
                authors.chain(view.shares().map(|share| share.grant.recipient)).collect()
            })?;
            let people = self.people(&session, concerned).await?;
            let mut names: BTreeMap<_, _> =
                people.into_iter().map(|(account, person)| (account, person.name)).collect();
            let me = session.who().account;
            names.insert(me, "You".to_owned());
            let events = session.activity(vault)?;
            happenings.extend(session.with_view(vault, |view| {
                // What was only sealed anew, nobody changed.
                let is_silent = |event: &Event| matches!(event.what, What::Renewed(_)) || of_others && event.who == me;
                let told = events.iter().filter(|event| !is_silent(event));
                told.map(|event| convert::happening(view, event, &names, me)).collect::<Vec<_>>()
            })?);
        }
        happenings.sort_by_key(|happening| std::cmp::Reverse((happening.at, happening.seq)));
        Ok(Answer::Happenings(happenings))
    }

    /// Other people by account, each of them verified once.
    async fn people(
        &self,
        session: &Session<Browser>,
        accounts: BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountId, Person>, Failure> {
        let mut people = BTreeMap::new();
        for account in accounts.into_iter().filter(|account| *account != session.who().account) {
            people.insert(account, self.person(session, account).await?);
        }
        Ok(people)
    }

    /// A person by account, as far as the server still tells. One whose identity does not hold raises the alarm, and
    /// takes nobody else off the list.
    async fn person(&self, session: &Session<Browser>, account: AccountId) -> Result<Person, Failure> {
        let found = session.person(account).await.map_err(Failure::from);
        match found.and_then(|found| convert::person(session, &found)) {
            Err(Failure::Client(ClientError::Api(ApiError::NotFound))) => Ok(convert::nobody_known(account)),
            Err(alarm) if alarm.is_alarm() => {
                self.trouble(&alarm);
                Ok(convert::nobody_known(account))
            }
            person => person,
        }
    }

    pub(super) async fn patients(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        self.has_sound(&session)?;
        let me = session.who().account;
        let mut patients = Vec::new();
        for vault in session.vaults() {
            let owner = session.with_view(vault, VaultView::owner)?;
            if owner != me {
                let person = self.person(&session, owner).await?;
                patients.push(session.with_view(vault, |view| convert::patient(view, person, me, minute()))?);
            }
        }
        patients.sort_by_key(|patient| std::cmp::Reverse(patient.new));
        let missing = self.missing(&session).into_iter().map(|(vault, why)| (vault.to_string(), why)).collect();
        Ok(Answer::Patients(Patients { here: patients, missing }))
    }
}
