//! Writing to a vault's log: sign, append, and see it come back.

use protocol::api::{Append, Conflict};
use protocol::entry::{Body, Entry, Head, VERSION};
use protocol::{ApiError, Digest, VaultId};

use crate::api;
use crate::error::{Alarm, ClientError};
use crate::patience::give_way;
use crate::platform::Platform;
use crate::session::Session;
use crate::view::{Place, Share, VaultView};

/// How often a change is made anew when another device was faster. Another device may be sealing many records anew, and
/// somebody who stops a share must not lose against that.
const ATTEMPTS: u32 = 24;

/// The longest pause that a server may ask for before a change is made anew, in milliseconds.
const LONGEST_ASKED: u32 = 5_000;

/// How often it may.
const ASKED_FOR_SO_OFTEN: u32 = 3;

impl<P: Platform> Session<P> {
    /// Makes a change from the newest state, all of it or nothing, and syncs it back. When another device was
    /// faster, the change is made again from what is there then.
    pub(crate) async fn commit<T>(
        &self,
        vault: VaultId,
        change: impl Fn(&VaultView) -> Result<(Vec<Body>, T), ClientError>,
    ) -> Result<T, ClientError> {
        self.commit_among(vault, |_| false, change).await
    }

    /// As [`Self::commit`], for a change that may turn a key: whoever keeps access by such a share must be known
    /// before the key can be sealed again.
    pub(crate) async fn commit_among<T>(
        &self,
        vault: VaultId,
        keeps: impl Fn(&Share) -> bool,
        change: impl Fn(&VaultView) -> Result<(Vec<Body>, T), ClientError>,
    ) -> Result<T, ClientError> {
        let made = self.commit_in_turns(vault, keeps, change).await;
        if matches!(made, Err(ClientError::Restored { .. })) {
            // Whatever keeps records from others does not wait for the next sync.
            Box::pin(self.settle(vault)).await?;
        }
        made
    }

    /// As [`Self::commit_among`], but leaves what a restore of the server undid as it is.
    pub(crate) async fn commit_in_turns<T>(
        &self,
        vault: VaultId,
        keeps: impl Fn(&Share) -> bool,
        change: impl Fn(&VaultView) -> Result<(Vec<Body>, T), ClientError>,
    ) -> Result<T, ClientError> {
        let mut last = ClientError::Busy;
        let mut overtaken: Option<(Head, Append, T)> = None;
        for attempt in 0..ATTEMPTS {
            if let Some(times) = attempt.checked_sub(1) {
                // As long as a busy server asked for, at first; somebody waits for this.
                let asked = last.asks_for().min(LONGEST_ASKED);
                if times < ASKED_FOR_SO_OFTEN && asked > 0 {
                    self.platform.sleep(asked).await;
                }
                give_way(&self.platform, times).await;
            }
            // Between two attempts, others of this device have their turn.
            let _turn = self.writing.lock().await;
            self.sync_in_turn(vault).await?;
            // What the server says came too late may be there, where the connection itself repeated the request.
            if let Some((seen, entries, result)) = overtaken.take()
                && self.place(vault, seen, &entries)? == Place::Effective
            {
                return Ok(result);
            }
            self.know_holders(vault, &keeps).await?;
            let (entries, seen, result) = self.with_view(vault, |view| {
                let (bodies, result) = change(view)?;
                Ok::<_, ClientError>((self.sign(view, bodies), view.head(), result))
            })??;
            if entries.entries.is_empty() {
                return Ok(result);
            }
            let sent = api::append(&self.platform, vault, &entries).await;
            let acknowledged = sent.is_ok();
            last = match sent {
                Ok(_) => ClientError::Busy,
                // Nothing was written: the next attempt begins by reading what was.
                Err(ClientError::Api(ApiError::Conflict(Conflict::Log))) => {
                    (last, overtaken) = (ClientError::Busy, Some((seen, entries, result)));
                    continue;
                }
                // The answer may have been lost after the entries were written: look before trying again. A server that
                // failed may have written them, too, but may fail again.
                Err(lost) if lost.is_passing() => lost,
                Err(failed @ ClientError::Api(ApiError::Internal)) => failed,
                Err(error) => return Err(error),
            };
            // Only what stands in the verified log was written, whatever the server answered; and that was, whatever else
            // failed.
            let synced = self.sync_in_turn(vault).await;
            match (self.place(vault, seen, &entries), synced) {
                (Ok(Place::Effective), _) => return Ok(result),
                (_, Err(error)) | (Err(error), _) => return Err(error),
                (Ok(Place::Nowhere), Ok(())) if acknowledged => {
                    self.forget(vault);
                    return Err(Alarm::RolledBack.into());
                }
                _ if last == ClientError::Api(ApiError::Internal) => return Err(last),
                (Ok(Place::Nowhere | Place::Superseded), Ok(())) => {}
            }
        }
        Err(last)
    }

    /// What became of entries that were made on top of `seen`.
    fn place(&self, vault: VaultId, seen: Head, entries: &Append) -> Result<Place, ClientError> {
        let digests: Vec<Digest> = entries.entries.iter().map(protocol::Signed::digest).collect();
        self.with_view(vault, |view| view.place_of(seen, &digests))
    }

    fn sign(&self, view: &VaultView, bodies: Vec<Body>) -> Append {
        let author = self.who().account;
        let last = view.ledger.members.get(&author).map_or(0, |member| member.author_seq);
        let entries = (last + 1..)
            .zip(bodies)
            .map(|(author_seq, body)| {
                self.keys.identity.sign_message(&Entry {
                    version: VERSION,
                    vault: view.id(),
                    author,
                    author_seq,
                    seen: view.head(),
                    at: self.platform.now(),
                    body,
                })
            })
            .collect();
        Append { entries }
    }
}
