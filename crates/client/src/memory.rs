//! What an account remembers on the server: whom it pinned, and up to where it verified each log.

use protocol::api::{AccountState, SignedIn};
use protocol::{ApiError, Head, VaultId};
use rand_core::Rng;
use vault::account::{AccountMemory, Pin};

use crate::api::{call, get};
use crate::error::{Alarm, ClientError};
use crate::platform::{Method, Platform, Random};
use crate::restored::LastRestore;
use crate::session::Session;

/// How often a change is made anew when another device was faster.
const ATTEMPTS: u32 = 8;

/// Below so many milliseconds lies the first pause after another device was faster twice; the next ones may each be twice
/// as long, up to sixteen times. By chance within that, so that two devices that met once do not meet again.
const FIRST_PAUSE: u32 = 50;

impl<P: Platform> Session<P> {
    /// Changes what the account remembers, on the server too. Another device's change is taken in and the
    /// change made again on top of it.
    pub(crate) async fn remember(&self, change: impl Fn(&mut AccountMemory)) -> Result<(), ClientError> {
        let _turn = self.remembering.lock().await;
        for attempt in 0..ATTEMPTS {
            if let Some(doublings) = attempt.checked_sub(2) {
                let longest = FIRST_PAUSE << doublings.min(4);
                self.platform.sleep(self.platform.random().next_u32() % longest).await;
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
                Err(ClientError::Api(ApiError::Conflict(_))) => self.reload_memory().await?,
                Err(error) => return Err(error),
            }
        }
        Err(ClientError::Busy)
    }

    async fn reload_memory(&self) -> Result<(), ClientError> {
        let signed_in: SignedIn = get(&self.platform, "/api/v1/session").await?;
        let AccountState { version, sealed } = signed_in.state;
        let mut theirs = AccountMemory::open(&self.master, self.who().account, version, &sealed)?;
        let newest = self.state.borrow().memory_version;
        let last = if version < newest { Some(self.last_restore().await?) } else { None };
        let mut state = self.state.borrow_mut();
        match last {
            None => keep_pins(&mut theirs, &state.memory),
            // A server that was restored has an older one, once. This session's own is put in its place.
            Some(last) if last.is_new_to(&state.memory) => theirs = after_restore(&state.memory, &theirs, last),
            Some(_) => return Err(Alarm::RolledBack.into()),
        }
        state.memory = theirs;
        state.memory_version = version;
        Ok(())
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
    let mut memory = own.clone();
    for seen in &theirs.heads {
        let is_newer = own.seen(seen.vault).is_none_or(|known| {
            let are_since = (LastRestore::of(known) == last, LastRestore::of(seen) == last);
            are_since == (false, true) || are_since == (true, true) && known.head.seq < seen.head.seq
        });
        if is_newer {
            memory.set_seen(*seen);
        }
    }
    keep_pins(&mut memory, theirs);
    memory
}

/// Keeps pins that only another memory has. An address stays with the account that has it here.
fn keep_pins(memory: &mut AccountMemory, other: &AccountMemory) {
    for pin in &other.pins {
        if memory.pin(pin.account).is_none() {
            let is_free = |address: &String| memory.pins.iter().all(|known| known.address.as_ref() != Some(address));
            let address = pin.address.clone().filter(is_free);
            memory.set_pin(Pin { address, ..pin.clone() });
        }
    }
}
