//! Chunks on their way in: how many at once, whose, and how slowly at least.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use protocol::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Chunks that may be in memory on their way in. Each is one buffer of eight MiB at most, in whatever pieces it comes, so
/// that all of them together take 192 MiB.
pub const UPLOADS_AT_ONCE: usize = 24;

/// Chunks that one account may have among them: as many as a client sends of one file. Whoever sends slowly holds up
/// nobody else.
pub const UPLOADS_OF_ONE: usize = 3;

/// Turns at sending chunks.
#[derive(Clone, Debug)]
pub struct Uploads {
    all: Arc<Semaphore>,
    each: Arc<Mutex<BTreeMap<AccountId, Weak<Semaphore>>>>,
    /// What a body must keep up with.
    pub pace: Pace,
}

/// The least that has to come in of a chunk, or go out of an answer, each time that this long has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long is waited before it is looked again.
    pub window: Duration,
    /// Bytes, unless it ends before.
    pub least: u64,
}

impl Pace {
    /// Two KiB in a second: nobody's line is slower who sends files, not even with three of them at once.
    const USUAL: Self = Self { window: Duration::from_secs(30), least: 60 << 10 };
}

/// One chunk's turn. It lasts until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _own: OwnedSemaphorePermit,
    _among_all: OwnedSemaphorePermit,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)), each: Arc::default(), pace: Pace::USUAL }
    }
}

impl Uploads {
    /// Waits for a turn: first among the account's own chunks, so that what waits behind them waits for nobody else's
    /// place. None when there will be none.
    pub async fn turn(&self, account: AccountId) -> Option<Turn> {
        let own = self.of(account).acquire_owned().await.ok()?;
        let among_all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Turn { _own: own, _among_all: among_all })
    }

    /// The places of one account. They are known for as long as somebody has or wants one.
    fn of(&self, account: AccountId) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        each.retain(|_, places| places.strong_count() > 0);
        if let Some(places) = each.get(&account).and_then(Weak::upgrade) {
            return places;
        }
        let places = Arc::new(Semaphore::new(UPLOADS_OF_ONE));
        each.insert(account, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_account_waits_for_its_own_chunks_and_is_forgotten_after_the_last() {
        let uploads = Uploads::default();
        let [ann, ben] = [1, 2].map(|id| AccountId::from_bytes([id; 16]));
        let mut turns = Vec::new();
        for _ in 0..UPLOADS_OF_ONE {
            turns.push(uploads.turn(ann).await.unwrap());
        }
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, uploads.turn(ann)).await.is_err());
        drop(uploads.turn(ben).await.unwrap());
        turns.pop();
        turns.push(uploads.turn(ann).await.unwrap());
        drop(turns);
        drop(uploads.turn(ben).await.unwrap());
        assert_eq!(uploads.each.lock().unwrap().len(), 1);
        assert_eq!(uploads.all.available_permits(), UPLOADS_AT_ONCE);
    }
}
