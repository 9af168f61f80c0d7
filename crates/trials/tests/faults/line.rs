//! A device's connection to a server that may go away, and come back elsewhere.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::Platform;
use client::platform::{Request, Response, Unreachable, Unsent};
use protocol::api::{CHUNK_DIGEST_HEADER, MEDIA_TYPE};
use protocol::{ApiError, Minute, cbor};
use reqwest::header::{CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE};
use vault::floe::Native;

use crate::host::{Host, PATIENCE};

/// Connections to this machine, whatever the environment says of proxies.
pub(crate) fn direct() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

/// A connection.
pub(crate) struct Line {
    host: Rc<Host>,
    http: reqwest::Client,
    cookie: RefCell<Option<String>>,
    /// What the server could not do.
    failures: RefCell<Vec<Failed>>,
    /// Whether the last request had no answer.
    down: Cell<bool>,
}

/// An answer of the server's that it cannot do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) status: u16,
    /// Whether it says when to try again.
    pub(crate) says_when: bool,
    /// The error that it tells, if it is one of the protocol's.
    pub(crate) told: Option<ApiError>,
}

impl Failed {
    /// What can be tried again.
    pub(crate) const NOT_NOW: Self = Self { status: 503, says_when: true, told: Some(ApiError::Unavailable) };
}

impl Line {
    pub(crate) fn new(host: &Rc<Host>, cookie: Option<String>) -> Self {
        let http = direct().timeout(PATIENCE).build().unwrap();
        Self {
            host: host.clone(),
            http,
            cookie: RefCell::new(cookie),
            failures: RefCell::default(),
            down: Cell::new(false),
        }
    }

    /// The session's cookie, as the device keeps it.
    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }

    /// What the server could not do since this was last asked.
    pub(crate) fn failures(&self) -> Vec<Failed> {
        self.failures.take()
    }

    /// Whether the last request had no answer.
    pub(crate) fn is_down(&self) -> bool {
        self.down.get()
    }

    /// Whether the server could not do something since [`Self::failures`] was last asked.
    pub(crate) fn has_failures(&self) -> bool {
        !self.failures.borrow().is_empty()
    }
}

impl Platform for Line {
    type Cipher = Native;

    fn cipher(&self) -> Native {
        Native
    }

    async fn send(&self, request: Request) -> Result<Response, Unsent> {
        let method = request.method.name().parse().unwrap();
        let url = format!("{}{}", self.host.address(), request.path);
        let builder = self.http.request(method, url).body(request.body);
        let builder = match request.chunk {
            Some(digest) => builder.header(CHUNK_DIGEST_HEADER, digest.to_string()),
            None => builder.header(CONTENT_TYPE, MEDIA_TYPE),
        };
        let builder = if let Some(cookie) = self.cookie() { builder.header(COOKIE, cookie) } else { builder };
        let sent = builder.send().await;
        self.down.set(sent.is_err());
        let response = sent.map_err(|_| Unreachable)?;
        if let Some(set) = response.headers().get(SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            *self.cookie.borrow_mut() = Some(pair).filter(|pair| !pair.ends_with('='));
        }
        let (status, says_when) = (response.status().as_u16(), response.headers().contains_key(RETRY_AFTER));
        let body = response.bytes().await.map_err(|_| Unreachable)?.to_vec();
        if status >= 500 {
            self.failures.borrow_mut().push(Failed { status, says_when, told: cbor::decode(&body).ok() });
        }
        Ok(Response { status, body })
    }

    async fn sleep(&self, milliseconds: u32) {
        tokio::time::sleep(Duration::from_millis(milliseconds.min(100).into())).await;
    }

    fn now(&self) -> Minute {
        #[expect(clippy::disallowed_methods, reason = "the platform is where the clock is")]
        let now = SystemTime::now();
        Minute::from_unix_seconds(now.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the platform is where the randomness is")]
        getrandom::fill(bytes).unwrap();
    }
}
