//! What the pages list: records, shares, what happened, and patients.

use client::Session;
use client::activity::What;
use protocol::AccountId;

use super::convert;
use super::desk::Desk;
use super::trouble::Failure;
use crate::message::Answer;
use crate::platform::{Browser, minute};

impl Desk {
    pub(super) async fn records(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let now = minute();
        let mut items = Vec::new();
        for vault in session.vaults() {
            let owner = session.with_view(vault, client::view::VaultView::owner)?;
            let name = if owner == session.who().account {
                None
            } else {
                Some(convert::person_of(&session, owner).await?.name)
            };
            items.extend(session.with_view(vault, |view| {
                view.records()
                    .filter_map(|record| convert::item(view, record, name.as_deref(), now))
                    .collect::<Vec<_>>()
            })?);
        }
        items.sort_by(|a, b| b.details.date.cmp(&a.details.date).then(b.added.cmp(&a.added)));
        Ok(Answer::Records(items))
    }

    pub(super) async fn shares(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let Ok(vault) = session.own_vault() else { return Ok(Answer::Shares(Vec::new())) };
        let mut found = session.with_view(vault, |view| view.shares().cloned().collect::<Vec<_>>())?;
        found.sort_by_key(|share| std::cmp::Reverse(share.seq));
        let mut shares = Vec::new();
        for share in &found {
            let with = convert::person_of(&session, share.grant.recipient).await?;
            shares.push(session.with_view(vault, |view| convert::share(view, share, with, minute()))?);
        }
        Ok(Answer::Shares(shares))
    }

    pub(super) async fn activity(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let mut happenings = Vec::new();
        for vault in session.vaults() {
            let events = session.with_view(vault, |view| view.events().to_vec())?;
            // What was only sealed anew, nobody changed.
            for event in events.into_iter().filter(|event| !matches!(event.what, What::Renewed(_))) {
                let recipient = session.with_view(vault, |view| {
                    let grant = event.what.grant()?;
                    view.shares().find(|share| share.grant.grant == grant).map(|share| share.grant.recipient)
                })?;
                let name = self.name(&session, event.who).await?;
                let with = match recipient {
                    Some(recipient) => Some(self.name(&session, recipient).await?),
                    None => None,
                };
                happenings.push(session.with_view(vault, |view| convert::happening(view, &event, name, with))?);
            }
        }
        happenings.sort_by_key(|happening| std::cmp::Reverse((happening.at, happening.seq)));
        Ok(Answer::Happenings(happenings))
    }

    async fn name(&self, session: &Session<Browser>, account: AccountId) -> Result<String, Failure> {
        if account == session.who().account {
            return Ok("You".to_owned());
        }
        Ok(convert::person_of(session, account).await?.name)
    }

    pub(super) async fn patients(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let mut patients = Vec::new();
        for vault in session.vaults() {
            let owner = session.with_view(vault, client::view::VaultView::owner)?;
            if owner == session.who().account {
                continue;
            }
            let person = convert::person_of(&session, owner).await?;
            patients.push(
                session.with_view(vault, |view| convert::patient(view, person, session.who().account, minute()))?,
            );
        }
        patients.sort_by_key(|patient| std::cmp::Reverse(patient.new));
        Ok(Answer::Patients(patients))
    }
}
