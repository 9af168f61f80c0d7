//! Keeping up with what happens elsewhere, and finishing what shares that ended leave to do.

use std::pin::pin;
use std::rc::Rc;

use client::{ClientError, Session};
use futures_util::future::{Either, select};
use gloo::timers::future::TimeoutFuture;
use protocol::VaultId;
use wasm_bindgen_futures::spawn_local;

use super::desk::Desk;
use super::trouble::Failure;
use crate::message::{Answer, News};
use crate::platform::Browser;

/// How often the worker looks for news where nothing tells it to, in milliseconds.
const LOOK_EVERY: u32 = 60_000;

impl Desk {
    /// Looks for news, again and again.
    pub(super) async fn follow(desk: &Rc<Self>) {
        loop {
            let (timer, nudge) = (pin!(TimeoutFuture::new(LOOK_EVERY)), pin!(desk.nudges.next()));
            let heard_nothing = matches!(select(timer, nudge).await, Either::Left(_));
            if let Ok(session) = desk.session() {
                if heard_nothing {
                    desk.nudges.revive();
                    // Perhaps because nothing can be heard: then the page asks, too.
                    desk.page.tell(&News::Told);
                }
                let known = || (heads(&session), desk.missing(&session));
                let before = known();
                let own = sync_own(desk, &session).await;
                let shared = sync_shared(desk, &session).await.unwrap_or_else(|failure| vec![failure]);
                // What one vault brought is shown, whatever came of another; and so is that one is missing.
                if before != known() {
                    desk.page.tell(&News::Changed);
                }
                let failures: Vec<Failure> = own.err().into_iter().chain(shared).collect();
                if failures.iter().any(Failure::is_signed_out) && desk.still(&session).is_ok() {
                    desk.ended();
                    continue;
                }
                for failure in failures.iter().filter(|failure| !failure.is_signed_out()) {
                    desk.trouble(failure);
                }
                Self::finish_endings(desk);
            }
        }
    }

    /// The page came back. Whatever happened meanwhile is heard of with the first word of a new stream.
    pub(super) fn woke(&self, elsewhere: bool) -> Answer {
        if self.session().is_ok() {
            if elsewhere {
                self.nudges.listen();
            } else {
                self.nudges.revive();
            }
        }
        Answer::Done
    }

    /// Turns keys of shares that ran out, and seals anew what ended shares reached, one record after another.
    pub(super) fn finish_endings(desk: &Rc<Self>) {
        if desk.finishing.replace(true) {
            return;
        }
        let desk = Rc::clone(desk);
        spawn_local(async move {
            if let Err(error) = Self::finish(&desk).await {
                desk.trouble(&error);
            }
            desk.finishing.set(false);
        });
    }

    async fn finish(desk: &Rc<Self>) -> Result<(), Failure> {
        let session = desk.session()?;
        let Ok(vault) = session.own_vault() else { return Ok(()) };
        session.finish_endings(vault).await?;
        // A record may take minutes; none is begun after a lock.
        while desk.still(&session).is_ok() && session.renew_next(vault).await? {
            desk.page.tell(&News::Changed);
        }
        Ok(())
    }
}

/// Brings the own vault up to date, if there is one.
pub(super) async fn sync_own(desk: &Desk, session: &Session<Browser>) -> Result<(), Failure> {
    let Ok(vault) = session.own_vault() else { return Ok(()) };
    let synced = through_restore(desk, session, vault, session.sync(vault).await).await;
    desk.note_synced(session, vault, &synced);
    Ok(synced?)
}

/// Brings up to date what others share, and gives everything that failed: a vault that does not come holds up no other,
/// and what is wrong with one is not forgotten over another. Fails only where it cannot be known what is shared.
pub(super) async fn sync_shared(desk: &Desk, session: &Session<Browser>) -> Result<Vec<Failure>, Failure> {
    let mut failures = Vec::new();
    let each = session.sync_each_shared().await?;
    let own = session.own_vault().ok();
    desk.keep_noted(|noted| Some(noted) == own || each.iter().any(|(vault, _)| *vault == noted));
    for (vault, synced) in each {
        let taken_up = match through_restore(desk, session, vault, synced).await {
            Ok(()) => session.accept_all(vault).await,
            Err(error) => Err(error),
        };
        desk.note_synced(session, vault, &taken_up);
        failures.extend(taken_up.err().map(Failure::from));
    }
    Ok(failures)
}

/// A restore of the server is told, once; what is there now is then read anew.
async fn through_restore(
    desk: &Desk,
    session: &Session<Browser>,
    vault: VaultId,
    synced: Result<(), ClientError>,
) -> Result<(), ClientError> {
    match synced {
        Err(restored @ ClientError::Restored { .. }) => {
            desk.trouble(&restored.into());
            session.sync(vault).await
        }
        synced => synced,
    }
}

/// Up to where each vault is known.
fn heads(session: &Session<Browser>) -> Vec<(VaultId, u64)> {
    session
        .vaults()
        .into_iter()
        .filter_map(|vault| Some((vault, session.with_view(vault, |view| view.head().seq).ok()?)))
        .collect()
}
