//! Connections that break, devices that write at once, clocks that are wrong.

mod devices;
mod operations;

use std::cell::Cell;

use client::ClientError;
use client::upload::Watcher;

/// Watches an upload, and stops it as soon as the connection is lost: the process ends there.
#[derive(Default)]
pub(crate) struct GivesUp(Cell<bool>);

impl Watcher for GivesUp {
    fn sent(&self, _: u64, _: u64) {}

    fn offline(&self, offline: bool) {
        self.0.set(offline);
    }

    async fn may_go_on(&self) -> Result<(), ClientError> {
        if self.0.get() { Err(ClientError::Cancelled) } else { Ok(()) }
    }
}
