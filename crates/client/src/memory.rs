//! What an account remembers on the server: whom it pinned, and up to where it verified each log.

use protocol::api::{AccountState, SignedIn};
use protocol::{ApiError, Head, VaultId};
use vault::account::{AccountMemory, Pin, SeenHead};

use crate::api::{call, get};
use crate::error::{Alarm, ClientError};
use crate::patience::give_way;
use crate::platform::{Method, Platform, Random};
use crate::restored::LastRestore;
use crate::session::Session;

/// How often a change is made anew when another device was faster.
const ATTEMPTS: u32 = 8;

impl<P: Platform> Session<P> {
    /// Changes what the account remembers, on the server too. Another device's change is taken in and the
    /// change made again on top of it. `Busy` says that others were faster each time, and that the memory went on: a
    /// server that takes nothing in and shows nothing newer is not believed.
    pub(crate) async fn remember(&self, change: impl Fn(&mut AccountMemory)) -> Result<(), ClientError> {
        let _turn = self.remembering.lock().await;
        let mut was_restored = false;
        for attempt in 0..ATTEMPTS {
            if let Some(times) = attempt.checked_sub(2) {
                give_way(&self.platform, times).await;
            }
            let (version, sealed, memory) = {
                let state = self.state.borrow();
                let mut memory = state.memory.clone();
                change(&mut memory);
                if memory == state.memory {
                    return Ok(());
                }
                let next = state.memory_version + 1;
                let sealed = memory.seal(&self.master, self.who().account, next, &mut Random(&self.platform));
                (state.memory_version, sealed, memory)
            };
            let put = AccountState { version, sealed };
            let answer: Result<AccountState, _> =
                call(&self.platform, Method::Put, "/api/v1/account/state", Some(&put)).await;
            match answer {
                Ok(stored) if stored.version != version + 1 => return Err(ClientError::Answer),
                Ok(stored) => {
                    let mut state = self.state.borrow_mut();
                    state.memory = memory;
                    state.memory_version = stored.version;
                    return Ok(());
                }
                Err(ClientError::Api(ApiError::Conflict(_))) => {
                    // A restore takes the memory back once. Whoever is faster after that leaves a newer one.
                    if !self.reload_memory().await? && std::mem::replace(&mut was_restored, true) {
                        return Err(ClientError::Answer);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(ClientError::Busy)
    }

    /// Takes in what the account remembers on the server, where a change was refused because something came first. Says
    /// whether it is newer than what this session knew; where it is not, the server was restored.
    async fn reload_memory(&self) -> Result<bool, ClientError> {
        let signed_in: SignedIn = get(&self.platform, "/api/v1/session").await?;
        let AccountState { version, sealed } = signed_in.state;
        let mut theirs = AccountMemory::open(&self.master, self.who().account, version, &sealed)?;
        let newest = self.state.borrow().memory_version;
        if version > newest {
            let mut state = self.state.borrow_mut();
            theirs.pins = join_pins(&state.memory, &theirs);
            state.memory = theirs;
            state.memory_version = version;
            return Ok(true);
        }
        // Nothing came first where nothing is newer. Only a restore explains that, and no silence about one.
        let unexplained = if version < newest { Alarm::RolledBack.into() } else { ClientError::Answer };
        let Ok(last) = self.last_restore().await else { return Err(unexplained) };
        let mut state = self.state.borrow_mut();
        if !last.is_new_to(&state.memory) {
            return Err(unexplained);
        }
        // A server that was restored has an older one, once. This session's own is put in its place.
        let restored = after_restore(&state.memory, &theirs, last);
        state.memory = restored;
        state.memory_version = version;
        Ok(false)
    }

    /// Up to where this account verified a log on any of its devices: the log must have that place. With `since` a restore,
    /// only what was verified since then counts.
    pub(crate) fn remembered(&self, vault: VaultId, since: Option<LastRestore>) -> Option<Head> {
        let seen = self.state.borrow().memory.seen(vault).copied()?;
        since.is_none_or(|last| LastRestore::of(&seen) == last).then_some(seen.head)
    }

    /// Remembers up to where a log was verified, which has to fit to what other devices remembered meanwhile; with `since` a
    /// restore, to what they remembered since then.
    pub(crate) async fn remember_head(&self, vault: VaultId, since: Option<LastRestore>) -> Result<(), ClientError> {
        let remembered = self
            .remember(|memory| {
                let newer = self.with_view(vault, |view| view.to_remember(memory.seen(vault), since));
                if let Ok(Some(newer)) = newer {
                    memory.set_seen(newer);
                }
            })
            .await;
        match remembered {
            // Others of this account keep remembering; what was verified is verified all the same.
            Ok(()) | Err(ClientError::Busy) => {}
            Err(error) => return Err(error),
        }
        // What another device saw meanwhile may be newer than this, but not other than this.
        let seen = self.state.borrow().memory.seen(vault).copied();
        let fits = self.with_view_mut(vault, |view| match seen {
            Some(seen) if seen.head.seq > view.head().seq => true,
            Some(seen) if view.has(seen.head) => {
                view.keepsake.learn(LastRestore::of(&seen));
                true
            }
            Some(seen) => since.is_some_and(|last| LastRestore::of(&seen) != last),
            None => true,
        })?;
        if fits { Ok(()) } else { Err(Alarm::RolledBack.into()) }
    }
}

/// What an account remembers once its server was restored: what this session knows, and whatever others noted since then.
/// What was noted before keeps its place: whoever reads that vault next tells what is gone of it.
fn after_restore(own: &AccountMemory, theirs: &AccountMemory, last: LastRestore) -> AccountMemory {
    let mut memory = AccountMemory { pins: join_pins(own, theirs), heads: own.heads.clone() };
    for seen in &theirs.heads {
        let (kept, other) = match own.seen(seen.vault) {
            None => (*seen, None),
            Some(known) => {
                let are_since = (LastRestore::of(known) == last, LastRestore::of(seen) == last);
                let is_newer =
                    are_since == (false, true) || are_since == (true, true) && known.head.seq < seen.head.seq;
                if is_newer { (*seen, known.restore) } else { (*known, seen.restore) }
            }
        };
        let restore = kept.restore.map(|restore| restore.with_losses_of(other));
        memory.set_seen(SeenHead { restore, ..kept });
    }
    memory
}

/// The pins of this session's memory and of another one. A server can show two devices two memories, so that of
/// somebody whom both know the own pin stays: its key, from which a key that came after it descends all the same, and
/// its address. The other one only adds to it, unless this very key was compared in person there under its address, and
/// later than here: that was with the person beside it, who is found by that address since. The length of a chain says
/// nothing of an address, because the server names both. An address stays with the account that has it here.
fn join_pins(own: &AccountMemory, theirs: &AccountMemory) -> Vec<Pin> {
    let mut joined = AccountMemory { pins: own.pins.clone(), heads: Vec::new() };
    for pin in &theirs.pins {
        let is_free = |address: &String| {
            let mut others = own.pins.iter().chain(&joined.pins).filter(|known| known.account != pin.account);
            others.all(|known| known.address.as_ref() != Some(address))
        };
        let address = pin.address.clone().filter(is_free);
        let pin = match own.pin(pin.account) {
            None => {
                Pin { address_verified: pin.address_verified.filter(|_| address.is_some()), address, ..pin.clone() }
            }
            Some(known) => {
                // What was compared with another key was not this one.
                let is_same = pin.identity == known.identity;
                let theirs_verified = pin.address_verified.filter(|_| is_same);
                let (address, address_verified) = match (&known.address, address) {
                    (Some(_), Some(theirs)) if known.address_verified < theirs_verified => {
                        (Some(theirs), theirs_verified)
                    }
                    (None, Some(theirs)) => (Some(theirs), theirs_verified),
                    (here, _) => (here.clone(), known.address_verified),
                };
                Pin {
                    verified: known.verified.max(pin.verified.filter(|_| is_same)),
                    steps: known.steps.max(pin.steps),
                    address,
                    address_verified,
                    ..known.clone()
                }
            }
        };
        joined.set_pin(pin);
    }
    joined.pins
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use protocol::{AccountId, Minute, PublicKey};

    use super::*;

    const ITO: AccountId = AccountId::from_bytes([1; 16]);
    const NOOR: AccountId = AccountId::from_bytes([2; 16]);

    fn pin(account: AccountId, key: u8, steps: Option<u32>, address: Option<&str>) -> Pin {
        let identity = PublicKey::from_bytes([key; 32]);
        Pin { account, identity, verified: None, steps, address: address.map(str::to_owned), address_verified: None }
    }

    fn memory(pins: &[Pin]) -> AccountMemory {
        AccountMemory { pins: pins.to_vec(), heads: Vec::new() }
    }

    #[test]
    fn another_memory_replaces_no_pin() {
        let own = pin(ITO, 1, Some(2), Some("ito@example.org"));
        let swapped = Pin { verified: Some(Minute(7)), ..pin(ITO, 9, Some(3), Some("elsewhere@example.org")) };
        let joined = join_pins(&memory(from_ref(&own)), &memory(&[swapped]));
        // More steps were seen: going back behind them is an alarm.
        assert_eq!(joined, [Pin { steps: Some(3), ..own.clone() }]);
        // Where the keys are the same, it was compared by whichever device.
        let compared = Pin { verified: Some(Minute(7)), steps: None, ..own.clone() };
        for (one, other) in [(&own, &compared), (&compared, &own)] {
            let joined = join_pins(&memory(from_ref(one)), &memory(from_ref(other)));
            assert_eq!(joined, [Pin { steps: Some(2), ..compared.clone() }]);
        }
    }

    #[test]
    fn an_address_gives_way_to_one_under_which_the_same_key_was_compared_later() {
        let before = pin(ITO, 1, Some(2), Some("ito@example.org"));
        let moved = Pin { address: Some("ito@clinic.example.org".to_owned()), ..before.clone() };
        let at = |minute: u32, pin: &Pin| {
            let at = Some(Minute(minute));
            Pin { verified: at, address_verified: at, ..pin.clone() }
        };
        let joined = |own: &Pin, theirs: &Pin| join_pins(&memory(from_ref(own)), &memory(from_ref(theirs)));
        for own in [&before, &at(6, &before)] {
            assert_eq!(joined(own, &at(7, &moved)), [at(7, &moved)]);
            assert_eq!(joined(&at(7, &moved), own), [at(7, &moved)], "whoever takes in what the other one has");
        }
        // Not compared, not compared later, not this key, or more that was only seen of it: what is here stays.
        assert_eq!(joined(&before, &moved), from_ref(&before));
        assert_eq!(joined(&at(7, &before), &at(7, &moved)), [at(7, &before)]);
        assert_eq!(joined(&at(7, &before), &at(6, &moved)), [at(7, &before)]);
        let (longer, other) = (
            Pin { steps: Some(9), ..moved.clone() },
            Pin { identity: PublicKey::from_bytes([9; 32]), ..at(7, &moved) },
        );
        assert_eq!(joined(&before, &longer), [Pin { steps: Some(9), ..before.clone() }]);
        assert_eq!(joined(&before, &other), from_ref(&before));
        // What was compared without an address, or before there was this one, leaves the one that is here.
        let compared = Pin { verified: Some(Minute(7)), ..before.clone() };
        for address in [None, moved.address.clone()] {
            let theirs = Pin { address, ..compared.clone() };
            assert_eq!(joined(&before, &theirs), from_ref(&compared));
        }
    }

    #[test]
    fn an_address_goes_to_nobody_else_whoever_was_compared() {
        let (ito, noor) =
            (pin(ITO, 1, Some(1), Some("ito@example.org")), pin(NOOR, 2, Some(1), Some("noor@example.org")));
        let own = memory(&[ito.clone(), noor.clone()]);
        // It is known here under somebody else.
        let at = Some(Minute(7));
        let taken = Pin { verified: at, address: noor.address.clone(), address_verified: at, ..ito.clone() };
        let joined = join_pins(&own, &memory(from_ref(&taken)));
        assert_eq!(joined, [Pin { verified: at, ..ito.clone() }, noor.clone()]);
        // It is free there, but was not here.
        let moved = Pin { address: Some("ito@clinic.example.org".to_owned()), ..taken };
        let after = Pin { address: ito.address.clone(), ..pin(NOOR, 2, Some(1), None) };
        let joined = join_pins(&memory(from_ref(&ito)), &memory(&[moved.clone(), after.clone()]));
        assert_eq!(joined, [moved, Pin { address: None, ..after }]);
    }

    #[test]
    fn another_memory_adds_what_is_not_known() {
        let (found, unfound) = (pin(ITO, 1, Some(1), Some("ito@example.org")), pin(ITO, 1, Some(1), None));
        let noor = pin(NOOR, 2, Some(1), Some("noor@example.org"));
        let joined = join_pins(&memory(from_ref(&unfound)), &memory(&[found.clone(), noor.clone()]));
        assert_eq!(joined, [found.clone(), noor.clone()]);
        // Nobody gets the address of somebody who is known.
        let elsewhere = Pin { address: found.address.clone(), ..noor.clone() };
        let joined = join_pins(&memory(from_ref(&found)), &memory(&[unfound, elsewhere]));
        assert_eq!(joined, [found, Pin { address: None, ..noor }]);
    }
}
