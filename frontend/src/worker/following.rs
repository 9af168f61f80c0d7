//! Keeping up with what happens elsewhere, and finishing what shares that ended leave to do.

use std::pin::pin;
use std::rc::Rc;

use client::Session;
use futures_util::future::select;
use gloo::timers::future::TimeoutFuture;
use protocol::VaultId;
use wasm_bindgen_futures::spawn_local;

use super::desk::Desk;
use super::trouble::Failure;
use crate::message::News;
use crate::platform::Browser;

/// How often the worker looks for news where nothing tells it to, in milliseconds.
const LOOK_EVERY: u32 = 60_000;

impl Desk {
    /// Looks for news, again and again.
    pub(super) async fn follow(desk: &Rc<Self>) {
        loop {
            select(pin!(TimeoutFuture::new(LOOK_EVERY)), pin!(desk.nudges.next())).await;
            if let Ok(session) = desk.session() {
                let before = heads(&session);
                match sync(&session).await {
                    Ok(()) if before != heads(&session) => desk.page.tell(&News::Changed),
                    Ok(()) => {}
                    Err(error) => drop(desk.trouble(&error)),
                }
                Self::finish_endings(desk);
            }
        }
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

/// Brings everything up to date that this account may see.
pub(super) async fn sync(session: &Session<Browser>) -> Result<(), Failure> {
    if let Ok(vault) = session.own_vault() {
        session.sync(vault).await?;
    }
    for vault in session.sync_shared().await? {
        session.accept_all(vault).await?;
    }
    Ok(())
}

/// Up to where each vault is known.
fn heads(session: &Session<Browser>) -> Vec<(VaultId, u64)> {
    session
        .vaults()
        .into_iter()
        .filter_map(|vault| Some((vault, session.with_view(vault, |view| view.head().seq).ok()?)))
        .collect()
}
