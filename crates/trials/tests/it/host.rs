//! The real server, in this process, with a clock that a test moves.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, SET_COOKIE};
use client::platform::{Response, Unreachable};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use protocol::api::{CHUNK_DIGEST_HEADER, MEDIA_TYPE};
use sea_orm::ConnectionTrait as _;
use server::backup::{Marker, Place, backup, restore};
use server::blobs::Blobs;
use server::clock::Clock;
use server::mail::Mailer;
use server::random::SystemRandom;
use server::router::router;
use server::secrets::Secrets;
use server::services::limits::{Limit, Limits};
use server::state::{AppState, Essentials};
use server::store::Store;
use tokio::sync::Notify;
use tower::ServiceExt as _;

/// Where every test begins: 2026-09-21, in the middle of a minute.
pub(crate) const BEGIN: u64 = 1_790_000_010;

#[derive(Debug)]
struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A server.
pub(crate) struct Host {
    pub(crate) state: AppState,
    router: Router,
    clock: Arc<TestClock>,
    folder: tempfile::TempDir,
}

/// An answer, and the session's cookie if it sets one; an empty one if it takes it away.
pub(crate) struct Answered {
    pub(crate) response: Response,
    pub(crate) cookie: Option<String>,
}

impl Host {
    /// A server on a database as it was left, or on a new one.
    pub(crate) async fn on(database: Option<&[u8]>, secrets: Arc<Secrets>, blobs: Blobs) -> Rc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        if let Some(database) = database {
            std::fs::write(&path, database).unwrap();
        }
        let store = Store::connect(&url(&path)).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(TestClock(AtomicU64::new(BEGIN)));
        let sender = "HealthBridge <no-reply@localhost>".parse().unwrap();
        let mailer = Mailer::folder(&folder.path().join("mail"), sender, "http://localhost:3000".to_owned()).unwrap();
        let plenty = Limit { most: 10_000, window: 3600 };
        let limits =
            Limits { sign_ups: plenty, attempts_by_address: plenty, attempts_by_account: plenty, finds: plenty };
        let usual = AppState::from(Essentials {
            store,
            blobs,
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            secrets,
            mailer,
            leptos: server::start::leptos_options(folder.path()).unwrap(),
        });
        let state = AppState { limits, ..usual };
        Rc::new(Self { router: router(state.clone()), state, clock, folder })
    }

    /// The database as it is now.
    pub(crate) async fn database(&self) -> Vec<u8> {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("copy.db");
        self.execute(&format!("VACUUM INTO '{}'", path.display())).await;
        std::fs::read(path).unwrap()
    }

    /// Another server that begins with what this one has now: a backup that was restored, or a fork.
    pub(crate) async fn fork(&self) -> Rc<Self> {
        let fork = Self::on(Some(&self.database().await), self.state.secrets.clone(), self.state.blobs.clone()).await;
        fork.clock.0.store(self.clock.now(), Ordering::SeqCst);
        fork
    }

    /// Backs everything up, into a folder.
    pub(crate) async fn back_up(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        backup(self.place(), &folder.path().join("backup"), false, |finding| panic!("{finding}")).await.unwrap();
        folder
    }

    /// Another server, to which a backup was restored, with this one's secrets.
    pub(crate) async fn restored(&self, from: &tempfile::TempDir, id: u8) -> Rc<Self> {
        let host = Self::on(None, self.state.secrets.clone(), Blobs::memory()).await;
        host.clock.0.store(self.clock.now(), Ordering::SeqCst);
        let marker = Marker { id: [id; 16], at: host.clock.minute() };
        let from = from.path().join("backup");
        restore(&from, host.place(), marker, |finding| panic!("{finding}")).await.unwrap();
        host
    }

    /// What is backed up and restored.
    pub(crate) fn place(&self) -> Place<'_> {
        Place { store: &self.state.store, blobs: &self.state.blobs, folder: self.folder.path() }
    }

    /// Changes the database behind the server's back.
    pub(crate) async fn execute(&self, statement: &str) {
        let path = self.folder.path().join("test.db");
        let beside = sea_orm::Database::connect(url(&path)).await.unwrap();
        beside.execute_unprepared(statement).await.unwrap();
        beside.close().await.unwrap();
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> u64 {
        let path = self.folder.path().join("test.db");
        let beside = sea_orm::Database::connect(url(&path)).await.unwrap();
        let query = sea_orm::Statement::from_string(
            sea_orm::DatabaseBackend::Sqlite,
            format!("SELECT COUNT(*) AS n FROM {table}"),
        );
        let row = beside.query_one_raw(query).await.unwrap().unwrap();
        let count: i64 = row.try_get("", "n").unwrap();
        beside.close().await.unwrap();
        count.unsigned_abs()
    }

    /// Whole seconds since the Unix epoch, by this server.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.0.store(self.now().saturating_add_signed(seconds), Ordering::SeqCst);
    }

    /// Answers one request, as it would over HTTP.
    pub(crate) async fn answer(
        &self,
        request: client::platform::Request,
        cookie: Option<&str>,
    ) -> Result<Answered, Unreachable> {
        let http = over_http(request, Body::from, cookie);
        let response = self.router.clone().oneshot(http).await.unwrap();
        let (parts, body) = response.into_parts();
        // A body that ends early is a connection that broke, as HTTP tells.
        let body = to_bytes(body, usize::MAX).await.map_err(|_| Unreachable)?.to_vec();
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length != body.len()) {
            return Err(Unreachable);
        }
        let cookie = parts.headers.get(SET_COOKIE);
        let cookie = cookie.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
        Ok(Answered { response: Response { status: parts.status.as_u16(), body }, cookie })
    }

    /// Takes in half of a request's body. What the server says to that nobody hears.
    pub(crate) async fn tear(&self, request: client::platform::Request, cookie: Option<&str>, tear: Tear) {
        let half = Ok(request.body.slice(..request.body.len() / 2));
        let gone = Arc::new(Notify::new());
        let is_gone = gone.clone();
        let pieces: BoxStream<'static, io::Result<Bytes>> = match tear {
            Tear::Breaks => stream::iter(vec![half, Err(io::ErrorKind::ConnectionReset.into())]).boxed(),
            Tear::FallsShort => stream::iter(vec![half]).boxed(),
            Tear::Stays => {
                let rest = async move {
                    is_gone.notify_one();
                    std::future::pending().await
                };
                stream::iter(vec![half]).chain(stream::once(rest)).boxed()
            }
        };
        let http = over_http(request, |_| Body::from_stream(pieces), cookie);
        tokio::select! {
            answer = self.router.clone().oneshot(http) => assert!(answer.unwrap().status().is_client_error(), "{tear:?}"),
            () = gone.notified() => {}
        }
    }
}

/// How a request breaks off in the middle of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    /// The server hears that the connection broke.
    Breaks,
    /// The body ends as if that were all of it.
    FallsShort,
    /// Nothing more comes, until the request is given up.
    Stays,
}

/// A request as it comes over HTTP.
fn over_http(
    request: client::platform::Request,
    body: impl FnOnce(Bytes) -> Body,
    cookie: Option<&str>,
) -> Request<Body> {
    let builder = Request::builder().method(request.method.name()).uri(&request.path);
    let builder = match request.chunk {
        Some(digest) => builder.header(CHUNK_DIGEST_HEADER, digest.to_string()),
        None => builder.header(CONTENT_TYPE, MEDIA_TYPE),
    };
    let builder = if let Some(cookie) = cookie { builder.header(COOKIE, cookie) } else { builder };
    let mut http = builder.body(body(request.body)).unwrap();
    let peer: SocketAddr = "203.0.113.7:40000".parse().unwrap();
    http.extensions_mut().insert(ConnectInfo(peer));
    http
}

fn url(path: &Path) -> String {
    format!("sqlite://{}?mode=rwc", path.display())
}
