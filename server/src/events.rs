//! Nudges to open pages: something that concerns this account has changed. What it was, the page asks for itself, so a
//! nudge that is lost or doubled does no harm.
//!
//! Several servers on one PostgreSQL hear each other through LISTEN and NOTIFY.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::AccountId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{broadcast, watch};

/// The channel that servers share.
const CHANNEL: &str = "healthbridge_events";

/// Accounts in one message between servers: the database takes at most 8,000 bytes.
const TOGETHER: usize = 200;

/// Open streams that one account may have.
pub const STREAMS: usize = 16;

/// Nudges, from whoever changes something to whoever listens.
#[derive(Clone, Debug)]
pub struct Events {
    /// Whom it concerns; none for everybody.
    here: broadcast::Sender<Option<AccountId>>,
    between: Option<PgPool>,
    closing: watch::Sender<bool>,
    open: Arc<Mutex<BTreeMap<AccountId, usize>>>,
}

/// One open stream. It counts until it is dropped.
#[derive(Debug)]
pub struct Listening {
    account: AccountId,
    nudges: broadcast::Receiver<Option<AccountId>>,
    closing: watch::Receiver<bool>,
    open: Arc<Mutex<BTreeMap<AccountId, usize>>>,
}

impl Events {
    /// For one server, or with the pool of the database that several share.
    pub fn new(between: Option<PgPool>) -> Self {
        let (here, _) = broadcast::channel(1024);
        Self { here, between, closing: watch::Sender::new(false), open: Arc::default() }
    }

    /// Nudges the open pages of these accounts, on every server.
    pub async fn tell(&self, accounts: &[AccountId]) {
        let Some(pool) = &self.between else {
            self.tell_here(accounts);
            return;
        };
        for some in accounts.chunks(TOGETHER) {
            let payload = some.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let notified = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(pool).await;
            if let Err(error) = notified {
                // The page asks by itself now and then.
                tracing::warn!(cause = %error, "other servers were not told");
                self.tell_here(some);
            }
        }
    }

    fn tell_here(&self, accounts: &[AccountId]) {
        for account in accounts {
            // Nobody listening is no error.
            drop(self.here.send(Some(*account)));
        }
    }

    /// Hears what other servers tell, until the task is aborted. A connection that breaks is made anew.
    pub async fn hear_others(self) {
        let Some(pool) = &self.between else { return };
        loop {
            if let Err(error) = self.hear(pool).await {
                tracing::warn!(cause = %error, "what other servers tell cannot be heard");
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    async fn hear(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // Whatever was told while nobody heard it is lost, and may have been for anybody.
            drop(self.here.send(None));
            while let Some(notification) = listener.try_recv().await? {
                let accounts: Vec<AccountId> =
                    notification.payload().split(' ').filter_map(|account| account.parse().ok()).collect();
                self.tell_here(&accounts);
            }
        }
    }

    /// Begins to listen for an account; none when it has too many streams open.
    pub fn listen(&self, account: AccountId) -> Option<Listening> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(account).or_default();
        if *count >= STREAMS {
            return None;
        }
        *count += 1;
        Some(Listening {
            account,
            nudges: self.here.subscribe(),
            closing: self.closing.subscribe(),
            open: Arc::clone(&self.open),
        })
    }

    /// Ends every stream: the server is about to stop.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

impl Listening {
    /// Waits for the next nudge; none when the server is about to stop.
    pub async fn next(&mut self) -> Option<()> {
        loop {
            tokio::select! {
                _ = self.closing.wait_for(|closing| *closing) => return None,
                nudge = self.nudges.recv() => match nudge {
                    Ok(account) if account.is_none_or(|account| account == self.account) => return Some(()),
                    Ok(_) => {}
                    // Something was missed, and it may have been for this one.
                    Err(broadcast::error::RecvError::Lagged(_)) => return Some(()),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.account) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.account);
            }
        }
    }
}
