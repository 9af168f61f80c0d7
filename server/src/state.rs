//! What every request may need, put together once at the start.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::events::Events;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::random::Random;
use crate::secrets::Secrets;
use crate::services::limits::Limits;
use crate::shares::Shares;
use crate::store::Store;
use crate::uploads::Uploads;
use crate::writes::Writes;

/// The parts of the server. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The database.
    pub store: Store,
    /// The blob store.
    pub blobs: Blobs,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The secrets that are in no database.
    pub secrets: Arc<Secrets>,
    /// How often what may be tried.
    pub limits: Limits,
    /// How the outside reaches this server.
    pub site: Arc<Site>,
    /// Nudges to open pages.
    pub events: Events,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// Turns at sending chunks.
    pub uploads: Uploads,
    /// How much each account may write.
    pub writes: Writes,
    /// How many requests may be open, and for how long.
    pub load: Load,
    /// What is counted for who watches the server.
    pub metrics: Arc<Metrics>,
    /// Set once the server is asked to stop: what must not be cut in two ends after the step that it is at.
    pub stopping: CancellationToken,
    /// What the pages need to know of the site's files.
    pub leptos: LeptosOptions,
}

/// What has no default.
#[derive(Debug)]
pub struct Essentials {
    /// The database.
    pub store: Store,
    /// The blob store.
    pub blobs: Blobs,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The secrets that are in no database.
    pub secrets: Arc<Secrets>,
    /// Sends mail.
    pub mailer: Mailer,
    /// What the pages need to know of the site's files.
    pub leptos: LeptosOptions,
}

impl From<Essentials> for AppState {
    /// A server on this machine alone, with the usual limits.
    fn from(given: Essentials) -> Self {
        let Essentials { store, blobs, clock, random, secrets, mailer, leptos } = given;
        Self {
            events: Events::new(store.shared_pool()),
            store,
            blobs,
            clock,
            random,
            secrets,
            limits: Limits::default(),
            site: Arc::new(Site {
                origin: "http://localhost:3000".to_owned(),
                https: false,
                behind_proxy: false,
                reload: None,
                assets: String::new(),
            }),
            mailer: Arc::new(mailer),
            uploads: Uploads::default(),
            writes: Writes::default(),
            load: Load::new(REQUESTS_AT_ONCE),
            metrics: Arc::new(Metrics::new()),
            stopping: CancellationToken::new(),
            leptos,
        }
    }
}

/// How the outside reaches this server.
#[derive(Clone, Debug)]
pub struct Site {
    /// The only origin whose pages may change anything, such as `https://vault.example.org`.
    pub origin: String,
    /// Whether it is reached by HTTPS.
    pub https: bool,
    /// Whether `X-Forwarded-For` is set by a proxy that can be trusted.
    pub behind_proxy: bool,
    /// Where a development build's pages listen for changes.
    pub reload: Option<String>,
    /// What stands before the path of a file that may be kept for good. Empty while files change under the server.
    pub assets: String,
}

/// How many requests may be open, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// Places for requests. Who finds none is told to try again.
    pub requests: Arc<Semaphore>,
    /// How many of them one address may have.
    pub shares: Shares,
    /// How long a response may take to begin.
    pub patience: Duration,
    /// The same for a chunk, which comes over a slow line before the response does.
    pub patience_for_chunks: Duration,
}

impl Load {
    /// This many requests at once, the usual share of them by one address, for as long as honest ones take.
    pub fn new(requests: usize) -> Self {
        Self::shared(requests, usual_share(requests))
    }

    /// The same, with another share for one address.
    pub fn shared(requests: usize, by_address: usize) -> Self {
        Self {
            requests: Arc::new(Semaphore::new(requests.min(Semaphore::MAX_PERMITS))),
            shares: Shares::new(by_address),
            patience: Duration::from_mins(2),
            // Longer than a chunk waits for its turn and is listened to by itself.
            patience_for_chunks: Duration::from_mins(15),
        }
    }
}

/// Requests that may be open, where the settings do not say.
pub const REQUESTS_AT_ONCE: usize = 1000;

/// Requests that one address may have open, where a server has so many places and the settings do not say: half of them,
/// because a clinic or a mobile network may come from one address; and always enough for one browser with its uploads.
pub fn usual_share(requests: usize) -> usize {
    (requests / 2).max(16)
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

/// Where a request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: IpAddr,
    /// The family of its browser.
    pub agent: &'static str,
}

impl Origin {
    /// The address without what tells one household from the next: a /24, or a /48.
    pub fn truncated(&self) -> String {
        match self.address {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        }
    }
}
