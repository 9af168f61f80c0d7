//! Writing to a vault's log: sign, append, and see it come back.

use protocol::ApiError;
use protocol::VaultId;
use protocol::api::{Append, Conflict};
use protocol::entry::{Body, Entry, VERSION};

use crate::api;
use crate::error::ClientError;
use crate::platform::Platform;
use crate::session::Session;
use crate::view::VaultView;

/// How often a change is made anew when another device was faster.
const ATTEMPTS: u32 = 5;

impl<P: Platform> Session<P> {
    /// Makes a change from the newest state, all of it or nothing, and syncs it back. When another device was
    /// faster, the change is made again from what is there then.
    pub(crate) async fn commit<T>(
        &self,
        vault: VaultId,
        change: impl Fn(&VaultView) -> Result<(Vec<Body>, T), ClientError>,
    ) -> Result<T, ClientError> {
        let _turn = self.writing.lock().await;
        self.sync_in_turn(vault).await?;
        for _ in 0..ATTEMPTS {
            let (entries, result) = self.with_view(vault, |view| {
                let (bodies, result) = change(view)?;
                Ok::<_, ClientError>((self.sign(view, bodies), result))
            })??;
            if entries.entries.is_empty() {
                return Ok(result);
            }
            match api::append(&self.platform, vault, &entries).await {
                Ok(_) => {
                    self.sync_in_turn(vault).await?;
                    return Ok(result);
                }
                Err(ClientError::Api(ApiError::Conflict(Conflict::Log))) => self.sync_in_turn(vault).await?,
                Err(ClientError::Unreachable(lost)) => {
                    // The answer may have been lost after the entries were written: look before trying again.
                    let before = self.author_seq(vault)?;
                    self.sync_in_turn(vault).await.map_err(|_| ClientError::Unreachable(lost))?;
                    if self.author_seq(vault)? > before {
                        return Ok(result);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(ClientError::Busy)
    }

    fn author_seq(&self, vault: VaultId) -> Result<u64, ClientError> {
        let account = self.who().account;
        self.with_view(vault, |view| view.ledger.members.get(&account).map_or(0, |member| member.author_seq))
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
