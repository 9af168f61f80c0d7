//! A server of its own for each test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use minicbor::{Decode, Encode};
use protocol::api::MEDIA_TYPE;
use protocol::{ApiError, cbor};
use server::blobs::Blobs;
use server::clock::Clock;
use server::events::Events;
use server::mail::Mailer;
use server::random::{Random, SystemRandom};
use server::router::router;
use server::secrets::Secrets;
use server::services::limits::{Limit, Limits};
use server::state::{AppState, Essentials};
use server::store::Store;
use tower::ServiceExt as _;

/// Where every test begins: 2026-09-21, in the middle of a minute.
pub(crate) const BEGIN: u64 = 1_790_000_010;

#[derive(Debug)]
pub(crate) struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct TestApp {
    pub(crate) state: AppState,
    pub(crate) clock: Arc<TestClock>,
    router: Router,
    folder: tempfile::TempDir,
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The message that it carries, or the error.
    pub(crate) fn read<T: for<'b> Decode<'b, ()> + Encode<()>>(&self) -> Result<T, ApiError> {
        if self.status == 200 {
            Ok(cbor::decode(&self.body).expect("a message of the protocol"))
        } else {
            Err(self.error())
        }
    }

    /// That there is nothing to say, or the error.
    pub(crate) fn done(&self) -> Result<(), ApiError> {
        if self.status == 204 { Ok(()) } else { Err(self.error()) }
    }

    pub(crate) fn error(&self) -> ApiError {
        let error: ApiError = cbor::decode(&self.body).expect("an error of the protocol");
        assert_eq!(error.status(), self.status);
        error
    }

    /// That this device was here, if it says so, in a cookie beside the session's.
    pub(crate) fn device(&self) -> Option<String> {
        let mut cookies = self.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let cookie = cookies.find(|cookie| cookie.starts_with("__Secure-healthbridge-devices="))?;
        Some(cookie.split(';').next().unwrap().to_owned())
    }

    /// The session's token that it sets.
    pub(crate) fn cookie(&self) -> Option<String> {
        let cookie = self.headers.get("set-cookie")?.to_str().unwrap();
        Some(cookie.split(';').next().unwrap().to_owned())
    }
}

impl TestApp {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self::on(&url, folder).await
    }

    /// A database of its own on the server that the environment names, if it names one.
    #[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
    pub(crate) async fn postgres() -> Option<Self> {
        use sea_orm::ConnectionTrait as _;
        let server = std::env::var("HEALTHBRIDGE_TEST_DATABASE").ok()?;
        let name = format!("test_{:032x}", u128::from_le_bytes((&SystemRandom as &dyn Random).draw()));
        let connection = sea_orm::Database::connect(&server).await.unwrap();
        connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        connection.close().await.unwrap();
        let mut url: url::Url = server.parse().unwrap();
        url.set_path(&name);
        Some(Self::on(url.as_str(), tempfile::tempdir().unwrap()).await)
    }

    async fn on(database: &str, folder: tempfile::TempDir) -> Self {
        let store = Store::connect(database).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(TestClock(AtomicU64::new(BEGIN)));
        let sender = "HealthBridge <no-reply@localhost>".parse().unwrap();
        let mailer = Mailer::folder(&folder.path().join("mail"), sender, "http://localhost:3000".to_owned()).unwrap();
        let plenty = Limit { most: 1000, window: 3600 };
        let usual = AppState::from(Essentials {
            store,
            blobs: Blobs::memory(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            secrets: Arc::new(Secrets::make(&SystemRandom)),
            mailer,
            leptos: server::start::leptos_options(folder.path()).unwrap(),
        });
        let limits = Limits { sign_ups: plenty, ..Limits::default() };
        // Nobody listens for other servers here.
        let state = AppState { limits, events: Events::new(None), ..usual };
        Self { router: router(state.clone()), state, clock, folder }
    }

    /// The same database behind other settings.
    pub(crate) fn set(&mut self, change: impl FnOnce(&mut AppState)) {
        change(&mut self.state);
        self.router = router(self.state.clone());
    }

    /// Where the site's files lie.
    pub(crate) fn site_folder(&self) -> &std::path::Path {
        std::path::Path::new(&*self.state.leptos.site_root)
    }

    /// Where mail goes.
    pub(crate) fn mail_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("mail")
    }

    /// The body of an answer that does not end.
    pub(crate) async fn stream(&self, path: &str, cookie: &str) -> crate::notices::Stream {
        let response = self.begin(request("GET", path, Some(cookie)).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        Box::pin(response.into_body().into_data_stream())
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.begin(request).await.into_parts();
        // A stream of events has no end to wait for.
        let endless = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { Vec::new() } else { to_bytes(body, usize::MAX).await.unwrap().to_vec() };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A response whose body was not taken yet.
    pub(crate) async fn begin(&self, request: Request<Body>) -> Response {
        let mut request = request;
        let peer: SocketAddr = "203.0.113.7:40000".parse().unwrap();
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a message as the command line does: no browser's headers, and the session's cookie if there is one.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        cookie: Option<&str>,
        message: &impl Encode<()>,
    ) -> Answer {
        let request = request(method, path, cookie).header("content-type", MEDIA_TYPE);
        self.send(request.body(cbor::encode(message).into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.send(request("GET", path, cookie).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn bare(&self, method: &str, path: &str, cookie: Option<&str>) -> Answer {
        self.send(request(method, path, cookie).body(Body::empty()).unwrap()).await
    }
}

pub(crate) fn request(method: &str, path: &str, cookie: Option<&str>) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    match cookie {
        Some(cookie) => request.header("cookie", cookie),
        None => request,
    }
}

/// Each test runs on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            #[allow(unused_mut, reason = "only some tests change their server")]
            async fn run(mut $app: $crate::test_app::TestApp) $body

            #[tokio::test]
            async fn sqlite() {
                run($crate::test_app::TestApp::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(app) = $crate::test_app::TestApp::postgres().await {
                    run(app).await;
                }
            }
        }
    )*};
}
