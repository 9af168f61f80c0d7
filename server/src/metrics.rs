//! Counters for who watches the server: routes, statuses and totals, and never an id, an address or a name.

use std::fmt;
use std::time::Duration;

use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::services::scrub::{Damage, Scrubbed};
use crate::services::sweep::Swept;
use crate::state::AppState;

/// Upper ends of the histogram of durations, in seconds: from a look at the database to a chunk on a slow line.
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Direction {
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    what: &'static str,
}

/// Everything that is counted since the server's start.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    open: Gauge,
    sheds: Counter,
    late: Counter,
    entries: Counter,
    chunks: Family<Direction, Counter>,
    bytes: Family<Direction, Counter>,
    sweeps: Family<Outcome, Counter>,
    swept: Family<What, Counter>,
    scrubs: Family<Outcome, Counter>,
    scrubbed: Counter,
    findings: Family<What, Counter>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("healthbridge");
        let requests = Family::default();
        registry.register("requests", "Requests by route and status", requests.clone());
        let make: fn() -> Histogram = || Histogram::new(SECONDS);
        let durations = Family::new_with_constructor(make);
        let help = "Time until a response began";
        registry.register_with_unit("request_duration", help, Unit::Seconds, durations.clone());
        let open = Gauge::default();
        registry.register("requests_open", "Requests whose response is not sent yet", open.clone());
        let sheds = Counter::default();
        registry.register("requests_shed", "Requests refused because too many were open", sheds.clone());
        let late = Counter::default();
        registry.register("requests_timed_out", "Requests that took too long", late.clone());
        let entries = Counter::default();
        registry.register("log_entries_appended", "Entries appended to logs", entries.clone());
        let chunks = Family::default();
        registry.register("chunks", "Chunks received and sent", chunks.clone());
        let bytes = Family::default();
        registry.register("chunks_transferred", "Bytes of chunks received and sent", bytes.clone());
        let sweeps = Family::default();
        registry.register("sweeps", "Sweeps of what is abandoned", sweeps.clone());
        let swept = Family::default();
        registry.register("swept", "What sweeps removed from the blob store", swept.clone());
        let scrubs = Family::default();
        registry.register("scrubs", "Scrubs of the blob store", scrubs.clone());
        let scrubbed = Counter::default();
        registry.register("scrubbed_chunks", "Chunks that finished scrubs looked at", scrubbed.clone());
        let findings = Family::default();
        registry.register("scrub_findings", "Chunks that scrubs found damaged or missing", findings.clone());
        for damage in [Damage::Missing, Damage::Damaged, Damage::Unreadable, Damage::NeverStored] {
            // An alarm on a counter needs it to be there before it counts.
            drop(findings.get_or_create(&What { what: damage.word() }));
        }
        Self {
            registry,
            requests,
            durations,
            open,
            sheds,
            late,
            entries,
            chunks,
            bytes,
            sweeps,
            swept,
            scrubs,
            scrubbed,
            findings,
        }
    }

    /// Counts a response. The route is the template, never the path.
    pub(crate) fn responded(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let request = Request { method, route: route.to_owned(), status };
        self.requests.get_or_create(&request).inc();
        self.durations.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// Counts a request as open until what this gives is dropped.
    pub(crate) fn open(&self) -> OpenRequest {
        self.open.inc();
        OpenRequest(self.open.clone())
    }

    /// Counts a request that was refused because too many were open.
    pub(crate) fn shed(&self) {
        self.sheds.inc();
    }

    /// Counts a request that took too long.
    pub(crate) fn timed_out(&self) {
        self.late.inc();
    }

    /// Counts entries that were appended.
    pub(crate) fn appended(&self, entries: usize) {
        self.entries.inc_by(entries as u64);
    }

    /// Counts a chunk that was received, repeated ones too.
    pub(crate) fn received(&self, bytes: u64) {
        self.transferred("in", bytes);
    }

    /// Counts a chunk that began to be sent.
    pub(crate) fn sent(&self, bytes: u64) {
        self.transferred("out", bytes);
    }

    fn transferred(&self, direction: &'static str, bytes: u64) {
        self.chunks.get_or_create(&Direction { direction }).inc();
        self.bytes.get_or_create(&Direction { direction }).inc_by(bytes);
    }

    /// Counts a sweep, and what it removed unless it failed. One that left something has failed, too.
    pub(crate) fn swept(&self, swept: Option<&Swept>) {
        self.sweeps.get_or_create(&outcome(swept.is_some_and(|swept| swept.left == 0 && !swept.foreign))).inc();
        if let Some(swept) = swept {
            self.swept.get_or_create(&What { what: "blobs" }).inc_by(swept.blobs);
            self.swept.get_or_create(&What { what: "objects" }).inc_by(swept.objects);
        }
    }

    /// Counts a chunk that is not as it was stored.
    pub(crate) fn found(&self, damage: Damage) {
        self.findings.get_or_create(&What { what: damage.word() }).inc();
    }

    /// Counts a scrub that came to its end.
    pub(crate) fn scrubbed(&self, scrubbed: &Scrubbed) {
        self.scrubs.get_or_create(&outcome(true)).inc();
        self.scrubbed.inc_by(scrubbed.chunks);
    }

    /// Counts a scrub that failed.
    pub(crate) fn scrub_failed(&self) {
        self.scrubs.get_or_create(&outcome(false)).inc();
    }

    /// Everything, as Prometheus reads it.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

const fn outcome(done: bool) -> Outcome {
    Outcome { outcome: if done { "done" } else { "failed" } }
}

/// Clients choose the method, so that only those that have a meaning are told apart.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// One request that is not done yet.
pub(crate) struct OpenRequest(Gauge);

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What is served on the address for metrics, and nowhere else.
pub fn router(state: AppState) -> axum::Router {
    axum::Router::new().route("/metrics", get(metrics)).with_state(state)
}

async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], state.metrics.render())
}
