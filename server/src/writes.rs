//! How much one account may write. It is kept in memory: a row for each request would cost what it is meant to save.
//!
//! So a restart forgives what was spent, and where several servers share a database, each counts what comes to it. Both
//! are fine for what this is for: that nobody fills the disks in a day. Who asks often is slowed down elsewhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::AccountId;

use crate::clock::DAY;

/// What one account may write, all of it at once if it likes. It comes back at an even pace: all of it in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Entries, announced blobs, chunks, and whatever else takes one row.
    pub writes: u64,
    /// Bytes in all of these.
    pub bytes: u64,
}

impl Budget {
    /// Far more than anybody adds: a record takes about five writes, so that this is two hundred thousand of them; and a
    /// blob of the largest size.
    pub const USUAL: Self = Self { writes: 1_000_000, bytes: 1 << 40 };
}

/// What is about to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// How many things.
    pub writes: u64,
    /// How many bytes in them.
    pub bytes: u64,
}

/// What all accounts have spent of their budgets.
#[derive(Clone, Debug)]
pub struct Writes {
    budget: Budget,
    accounts: Arc<Mutex<BTreeMap<AccountId, Spent>>>,
}

/// How many accounts are remembered. Most have got everything back within seconds, and are forgotten when room is needed.
const MOST: usize = 10_000;

/// What one account has spent, times the seconds of a day, so that nothing is lost where it comes back bit by bit.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    writes: u128,
    bytes: u128,
    /// At which second.
    at: u64,
}

impl Spent {
    /// What is left of it by now.
    fn by(self, now: u64, budget: Budget) -> Self {
        let passed = u128::from(now.saturating_sub(self.at));
        let left = |spent: u128, a_day: u64| spent.saturating_sub(passed.saturating_mul(a_day.into()));
        Self { writes: left(self.writes, budget.writes), bytes: left(self.bytes, budget.bytes), at: now.max(self.at) }
    }

    /// In how many seconds all of it will have come back.
    fn back_in(self, budget: Budget) -> u128 {
        self.writes.div_ceil(budget.writes.into()).max(self.bytes.div_ceil(budget.bytes.into()))
    }
}

/// Adds to what was spent of a day's budget; or says in how many seconds that can be done. Who has spent nothing may do
/// one thing of any size: no budget is too small for it.
fn spend(spent: u128, wanted: u64, a_day: u64) -> Result<u128, u128> {
    let (all, a_second) = (u128::from(a_day) * u128::from(DAY), u128::from(a_day));
    let after = spent + u128::from(wanted.min(a_day)) * u128::from(DAY);
    if after <= all { Ok(after) } else { Err((after - all).div_ceil(a_second)) }
}

impl Writes {
    /// So much for each account, and never nothing.
    pub fn new(budget: Budget) -> Self {
        let budget = Budget { writes: budget.writes.max(1), bytes: budget.bytes.max(1) };
        Self { budget, accounts: Arc::default() }
    }

    /// Spends what an account is about to write, all of it or nothing; or says in how many seconds it may try again.
    pub fn take(&self, account: AccountId, cost: Cost, now: u64) -> Result<(), u32> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = accounts.get(&account).copied().unwrap_or_default().by(now, self.budget);
        let writes = spend(before.writes, cost.writes, self.budget.writes);
        let bytes = spend(before.bytes, cost.bytes, self.budget.bytes);
        match (writes, bytes) {
            (Ok(writes), Ok(bytes)) => {
                if accounts.len() >= MOST && !accounts.contains_key(&account) {
                    self.make_room(&mut accounts, now);
                }
                accounts.insert(account, Spent { writes, bytes, at: before.at });
                Ok(())
            }
            (writes, bytes) => {
                let wait = writes.err().max(bytes.err()).unwrap_or_default();
                Err(u32::try_from(wait).unwrap_or(u32::MAX))
            }
        }
    }

    /// Forgets who has everything back; and if nobody has, who will have it first: that one is forgiven the least.
    fn make_room(&self, accounts: &mut BTreeMap<AccountId, Spent>, now: u64) {
        accounts.retain(|_, spent| spent.by(now, self.budget).back_in(self.budget) > 0);
        if accounts.len() >= MOST {
            let first = accounts.iter().min_by_key(|(_, spent)| spent.by(now, self.budget).back_in(self.budget));
            if let Some(first) = first.map(|(account, _)| *account) {
                accounts.remove(&first);
            }
        }
    }
}

impl Default for Writes {
    fn default() -> Self {
        Self::new(Budget::USUAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_010;

    fn id(number: u128) -> AccountId {
        AccountId::from_bytes(number.to_be_bytes())
    }

    fn cost(writes: u64, bytes: u64) -> Cost {
        Cost { writes, bytes }
    }

    #[test]
    fn what_is_spent_comes_back_at_an_even_pace() {
        let writes = Writes::new(Budget { writes: 24, bytes: 1000 });
        assert_eq!(writes.take(id(1), cost(24, 0), NOW), Ok(()));
        assert_eq!(writes.take(id(1), cost(1, 0), NOW), Err(3600));
        assert_eq!(writes.take(id(1), cost(2, 0), NOW + 600), Err(6600));
        assert_eq!(writes.take(id(1), cost(1, 0), NOW + 3599), Err(1));
        assert_eq!(writes.take(id(1), cost(1, 0), NOW + 3600), Ok(()));
        assert_eq!(writes.take(id(1), cost(1, 0), NOW + 3600), Err(3600));
        assert_eq!(writes.take(id(2), cost(24, 0), NOW), Ok(()), "another account has a budget of its own");
        assert_eq!(writes.take(id(1), cost(24, 0), NOW + 3600 + DAY), Ok(()));
        assert_eq!(writes.take(id(1), cost(1, 0), NOW), Err(3600), "a clock that is set back gives nothing");
    }

    #[test]
    fn bytes_count_as_well_and_a_refusal_costs_nothing() {
        let writes = Writes::new(Budget { writes: 2, bytes: 864 });
        assert_eq!(writes.take(id(1), cost(1, 864), NOW), Ok(()));
        for _ in 0..3 {
            assert_eq!(writes.take(id(1), cost(1, 1), NOW), Err(100));
        }
        assert_eq!(writes.take(id(1), cost(1, 0), NOW), Ok(()));
        assert_eq!(writes.take(id(1), cost(1, 1), NOW), Err(43_200), "the longer of both waits");
    }

    #[test]
    fn one_thing_can_be_done_whatever_the_budget() {
        let writes = Writes::new(Budget { writes: 0, bytes: 0 });
        assert_eq!(writes.take(id(1), cost(500, 1 << 20), NOW), Ok(()));
        assert_eq!(writes.take(id(1), cost(1, 0), NOW), Err(86_400));
        let most = Writes::new(Budget { writes: u64::MAX, bytes: u64::MAX });
        assert_eq!(most.take(id(1), cost(u64::MAX, u64::MAX), NOW), Ok(()));
        assert_eq!(most.take(id(1), cost(u64::MAX, 1), u64::MAX), Ok(()));
    }

    #[test]
    fn nobody_who_adds_records_meets_it() {
        let writes = Writes::default();
        for _ in 0..100_000 {
            assert_eq!(writes.take(id(1), cost(5, 1 << 20), NOW), Ok(()));
        }
    }

    #[test]
    fn who_has_everything_back_is_forgotten_and_who_spent_most_is_not() {
        let writes = Writes::new(Budget { writes: 24, bytes: 1000 });
        let known = || writes.accounts.lock().unwrap().len();
        for number in 0..MOST as u128 {
            writes.take(id(number), cost(if number == 7 { 24 } else { 2 }, 0), NOW).unwrap();
        }
        writes.take(id(MOST as u128), cost(2, 0), NOW).unwrap();
        assert_eq!(known(), MOST);
        assert!(writes.take(id(7), cost(1, 0), NOW).is_err());
        writes.take(id(u128::MAX), cost(1, 0), NOW + 7200).unwrap();
        assert_eq!(known(), 2);
        assert!(writes.take(id(7), cost(3, 0), NOW + 7200).is_err());
    }
}
