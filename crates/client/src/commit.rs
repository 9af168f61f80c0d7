//! Writing to a vault's log: sign, append, and see it come back.

use protocol::api::{Append, Conflict};
use protocol::entry::{Body, Entry, Head, VERSION};
use protocol::{ApiError, Digest, VaultId};
use rand_core::Rng;

use crate::api;
use crate::error::{Alarm, ClientError};
use crate::platform::Platform;
use crate::session::Session;
use crate::view::{Place, Share, VaultView};

/// How often a change is made anew when another device was faster. Another device may be sealing many records anew, and
/// somebody who stops a share must not lose against that.
const ATTEMPTS: u32 = 24;

/// Below so many milliseconds lies the first pause after another device was faster; the next ones may each be twice as
/// long, up to sixteen times. By chance within that, so that two devices that met once do not meet again.
const FIRST_PAUSE: u32 = 50;

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
        let _turn = self.writing.lock().await;
        self.sync_in_turn(vault).await?;
        let mut last = ClientError::Busy;
        for attempt in 0..ATTEMPTS {
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
                Err(ClientError::Api(ApiError::Conflict(Conflict::Log))) => {
                    if attempt + 1 < ATTEMPTS {
                        let longest = FIRST_PAUSE << attempt.min(4);
                        self.platform.sleep(self.platform.random().next_u32() % longest).await;
                    }
                    ClientError::Busy
                }
                // The answer may have been lost after the entries were written: look before trying again.
                Err(lost) if lost.is_passing() => lost,
                Err(error) => return Err(error),
            };
            let synced = match self.sync_in_turn(vault).await {
                Ok(()) => Ok(()),
                Err(lost) if lost.is_passing() => Err(lost),
                Err(error) => return Err(error),
            };
            // Only what stands in the verified log was written, whatever the server answered.
            match (self.place(vault, seen, &entries), synced) {
                (Ok(Place::Effective), _) => return Ok(result),
                (_, Err(lost)) | (Err(lost), _) => return Err(lost),
                (Ok(Place::Nowhere), Ok(())) if acknowledged => {
                    self.forget(vault);
                    return Err(Alarm::RolledBack.into());
                }
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
