//! How often what may be tried.

use protocol::{ApiError, Digest};

use super::session::{Caller, Carried};
use super::{Result, devices};
use crate::clock::{DAY, HOUR, MINUTE};
use crate::state::{AppState, Origin};
use crate::store::accounts::{self, Account};
use crate::store::counters;
use crate::writes::Cost;

/// At most `most` in each `window` of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How often.
    pub most: u32,
    /// In how many seconds.
    pub window: u64,
}

/// Every limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attempts to sign in to one account: by each device that was here before, and by all others together.
    pub attempts_by_account: Limit,
    /// Attempts to sign in from one address.
    pub attempts_by_address: Limit,
    /// Sign-ups from one address.
    pub sign_ups: Limit,
    /// Searches for people by one account.
    pub finds: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts_by_account: Limit { most: 10, window: 15 * MINUTE },
            attempts_by_address: Limit { most: 60, window: 15 * MINUTE },
            sign_ups: Limit { most: 20, window: HOUR },
            finds: Limit { most: 100, window: HOUR },
        }
    }
}

/// Counts one more of a kind for a subject, and refuses when that is too many.
pub(super) async fn count(state: &AppState, kind: &str, subject: &[u8], limit: Limit) -> Result<()> {
    let key = state.secrets.counter(kind, subject);
    let now = state.clock.now();
    let count = counters::count(state.store.reader(), key, limit.window, now).await?;
    if count.count <= u64::from(limit.most) {
        return Ok(());
    }
    let wait = (count.since + limit.window).saturating_sub(now).max(1);
    Err(ApiError::TooMany(u32::try_from(wait).unwrap_or(u32::MAX)).into())
}

/// How many attempts in an hour that nobody completed the owner is told of, when the next one begins: that one may yet
/// be completed.
const UNFINISHED: u64 = 5;

/// The same in a day, so that whoever guesses slowly is told of as well.
const UNFINISHED_IN_A_DAY: u64 = 20;

/// How attempts that nobody completed are counted: the name of the counter, its window, and how many are told of.
const UNFINISHED_WINDOWS: [(&str, u64, u64); 2] =
    [("unfinished by account", HOUR, UNFINISHED), ("unfinished by account and day", DAY, UNFINISHED_IN_A_DAY)];

/// Counts an attempt that may never be completed: whoever guesses finds out alone that a guess was wrong. Says whether
/// its account should be told.
pub(super) async fn count_unfinished(state: &AppState, credential: &Digest) -> Result<bool> {
    let mut is_told = false;
    for (name, window, most) in UNFINISHED_WINDOWS {
        let key = state.secrets.counter(name, credential.as_bytes());
        let count = counters::count(state.store.reader(), key, window, state.clock.now()).await?;
        is_told |= count.count == most + 1;
    }
    Ok(is_told)
}

/// Forgets the attempts before the one that was completed.
pub(super) async fn forget_unfinished(state: &AppState, credential: &Digest) -> Result<()> {
    for (name, ..) in UNFINISHED_WINDOWS {
        counters::forget(state.store.reader(), state.secrets.counter(name, credential.as_bytes())).await?;
    }
    Ok(())
}

/// Counts an attempt to sign in or recover, at its first message, whether or not the account exists, and gives the
/// account. A device that was here before has a count of its own: nobody else uses it up.
pub(super) async fn count_attempt(
    state: &AppState,
    origin: &Origin,
    carried: &Carried,
    email: &str,
) -> Result<Option<Account>> {
    let address = origin.truncated_for_counting();
    count(state, "attempts by address", &address, state.limits.attempts_by_address).await?;
    let account = accounts::by_email(state.store.reader(), email).await?;
    let limit = state.limits.attempts_by_account;
    match devices::known(state, &carried.proofs, email, account.as_ref()) {
        Some(device) => count(state, "attempts by device", &device, limit).await?,
        None => count(state, "attempts by account", state.secrets.credential(email).as_bytes(), limit).await?,
    }
    Ok(account)
}

/// Charges an account for what it is about to write, before any of that is done. What begins and ends sessions, and what
/// unlocks one, goes without: whoever uses up an account's budget from a stolen session can still be signed out.
pub(super) fn charge(state: &AppState, caller: Caller, writes: usize, bytes: u64) -> Result<()> {
    let cost = Cost { writes: writes as u64, bytes };
    Ok(state.writes.take(caller.account, cost, state.clock.now()).map_err(ApiError::TooMany)?)
}

impl Origin {
    /// The address that a limit is for: one IPv4 address, or the /64 that one IPv6 customer has.
    pub(crate) fn truncated_for_counting(&self) -> Vec<u8> {
        match self.address {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
        }
    }
}
