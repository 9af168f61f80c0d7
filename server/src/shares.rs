//! How many of the places for requests one address may have, so that nobody takes them all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::state::Origin;

/// Requests that are open, by the address that limits count.
type Open = Arc<Mutex<BTreeMap<Vec<u8>, usize>>>;

/// The shares of all addresses.
#[derive(Clone, Debug)]
pub struct Shares {
    most: usize,
    open: Open,
}

/// One place of an address's share. It is taken until this is dropped.
#[derive(Debug)]
pub struct Share {
    /// None for this machine, which has no share.
    address: Option<Vec<u8>>,
    open: Open,
}

impl Shares {
    /// At most so many for each address, and never none.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), open: Arc::default() }
    }

    /// Takes a place; none when the address has all of its share. This machine takes as many as there are: who comes from
    /// it is a proxy that the settings do not name, and stands for everybody, or measures.
    pub fn take(&self, origin: &Origin) -> Option<Share> {
        if origin.address.is_loopback() {
            return Some(Share { address: None, open: Arc::clone(&self.open) });
        }
        let address = origin.truncated_for_counting();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = open.entry(address.clone()).or_default();
        if *taken >= self.most {
            return None;
        }
        *taken += 1;
        Some(Share { address: Some(address), open: Arc::clone(&self.open) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(address) = &self.address else { return };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = open.get_mut(address) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                open.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Origin {
        Origin { address: address.parse().unwrap(), agent: "other" }
    }

    #[test]
    fn an_address_has_its_share_and_is_forgotten_after_the_last_request() {
        let shares = Shares::new(2);
        let held: Vec<_> = (0..2).map(|_| shares.take(&from("203.0.113.7")).unwrap()).collect();
        assert!(shares.take(&from("203.0.113.7")).is_none());
        drop(shares.take(&from("203.0.113.8")).unwrap());
        drop(held);
        drop(shares.take(&from("203.0.113.7")).unwrap());
        assert!(shares.open.lock().unwrap().is_empty());
    }

    #[test]
    fn one_customers_network_is_one_address_and_this_machine_is_none() {
        let shares = Shares::new(0);
        let _held = shares.take(&from("2001:db8:0:1::1")).unwrap();
        assert!(shares.take(&from("2001:db8:0:1:ffff::2")).is_none());
        assert!(shares.take(&from("2001:db8:0:2::1")).is_some());
        let own: Vec<_> = (0..9).map(|_| shares.take(&from("127.0.0.1"))).collect();
        assert!(own.iter().all(Option::is_some));
    }
}
