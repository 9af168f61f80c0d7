//! Whom this account knows: people found by address or by account, each held to what was pinned of them.

use protocol::account::AccountEntry;
use protocol::api::{Find, Person};
use protocol::{Account, AccountId, Signed};
use vault::account::Pin;
use vault::recipient::Untrusted;

use crate::api::{self, call};
use crate::error::ClientError;
use crate::platform::{Method, Platform};
use crate::session::Session;

impl<P: Platform> Session<P> {
    /// Finds a provider by address, verifies the account's chain, and holds both to what is pinned: another account
    /// under the address of somebody who is known, or an account that is known under another address, is an alarm.
    pub async fn find(&self, email: &str) -> Result<Person, ClientError> {
        let (person, account) = self.look_up(email).await?;
        self.hold_to_pins(&account, Some(&Find::plain(email)))?;
        Ok(person)
    }

    /// As [`Self::find`], but whoever was known at the address before: for who is about to compare the safety phrase.
    /// Until that was done, nothing is shared with another account than before.
    pub async fn find_anew(&self, email: &str) -> Result<Person, ClientError> {
        self.look_up(email).await.map(|(person, _)| person)
    }

    async fn look_up(&self, email: &str) -> Result<(Person, Account), ClientError> {
        let find = Find { email: email.to_owned() };
        let person: Person = call(&self.platform, Method::Post, "/api/v1/people/find", Some(&find)).await?;
        let address = Find::plain(email);
        if Find::plain(&person.email) != address {
            return Err(ClientError::Answer);
        }
        let account = Account::from_chain(person.account, &person.chain)?;
        self.hold_to_pins(&account, None)?;
        let mut state = self.state.borrow_mut();
        state.people.insert(person.account, person.clone());
        state.found_by.insert(person.account, address);
        Ok((person, account))
    }

    /// A person that is party to a share, by account, held to what is pinned.
    pub async fn person(&self, account: AccountId) -> Result<Person, ClientError> {
        let known = self.state.borrow().people.get(&account).cloned();
        if let Some(known) = known {
            let verified = Account::from_chain(account, &known.chain)?;
            if self.hold_to_pins(&verified, None).is_ok() {
                return Ok(known);
            }
            // Another device has seen newer keys since.
            self.state.borrow_mut().people.remove(&account);
        }
        let person = api::person(&self.platform, account).await?;
        if person.account != account {
            return Err(ClientError::Answer);
        }
        let verified = Account::from_chain(account, &person.chain)?;
        self.hold_to_pins(&verified, Some(&Find::plain(&person.email)))?;
        self.state.borrow_mut().people.insert(account, person.clone());
        Ok(person)
    }

    /// What is pinned of a person, if anything.
    pub fn pin(&self, account: AccountId) -> Option<Pin> {
        self.state.borrow().memory.pin(account).cloned()
    }

    /// Whether this person was compared in person: as the identity that is shown now or one that it comes from, and
    /// under the address by which the person was found, if that was by one.
    pub fn is_compared(&self, account: &Account) -> bool {
        let found_by = self.found_by(account.id());
        let is_compared = self.pin(account.id()).is_some_and(|pin| match found_by {
            // Somebody who was compared before there was this address may only be said to be found by it.
            Some(_) => pin.address_verified.is_some(),
            None => pin.verified.is_some(),
        });
        is_compared && self.hold_to_pins(account, found_by.as_deref()).is_ok()
    }

    /// Verifies a person's chain, holds it and the address by which the person was found to what is pinned, and pins
    /// what is new.
    pub(crate) async fn trust(
        &self,
        account: AccountId,
        chain: &[Signed<AccountEntry>],
    ) -> Result<Account, ClientError> {
        let verified = Account::from_chain(account, chain)?;
        let found_by = self.found_by(account);
        // Another device may have pinned this person meanwhile: its pin is the older one, and stays.
        self.remember(|memory| memory.note(&verified, found_by.as_deref())).await?;
        self.hold_to_pins(&verified, found_by.as_deref())?;
        Ok(verified)
    }

    /// The address by which a person was found last, if that was by one. What the server says of addresses that nobody
    /// asked for is not pinned.
    pub(crate) fn found_by(&self, account: AccountId) -> Option<String> {
        self.state.borrow().found_by.get(&account).cloned()
    }

    pub(crate) fn hold_to_pins(&self, account: &Account, address: Option<&str>) -> Result<(), ClientError> {
        if self.state.borrow().memory.admits(account, address) { Ok(()) } else { Err(Untrusted::Changed.into()) }
    }
}
