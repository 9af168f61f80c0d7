//! Where the client runs here: HTTP by reqwest, AES-GCM in other threads, the system's clock and randomness.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use client::platform::{Method, Platform, Request, Response, Unreachable, Unsent};
use protocol::api::{CHUNK_DIGEST_HEADER, MEDIA_TYPE, SESSION_COOKIE};
use protocol::{Digest, Minute};
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderName, RETRY_AFTER, SET_COOKIE};

use crate::cipher::{self, Threads};

/// How long an answer may take to begin, from the first byte sent: as long as the server takes.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// The same for a chunk, which may have to go up a slow line before. A request that is given up takes its connection
/// along: whatever is tried again goes over another one.
pub const PATIENCE_FOR_CHUNKS: Duration = Duration::from_mins(15);

/// How long an answer that has begun may pause.
const SILENCE: Duration = Duration::from_mins(1);

/// The command line as a platform.
pub struct Terminal {
    http: reqwest::Client,
    server: String,
    cookie: RefCell<Option<String>>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The cookie is as good as the password for a while.
        f.debug_struct("Terminal").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Terminal {
    /// Talks to a server, with the session's cookie if there is one.
    pub fn new(server: &str, cookie: Option<String>) -> Result<Self, reqwest::Error> {
        Self::over(reqwest::Client::builder(), server, cookie)
    }

    /// The same over a connection with settings of its own.
    pub fn over(builder: reqwest::ClientBuilder, server: &str, cookie: Option<String>) -> Result<Self, reqwest::Error> {
        let http =
            builder.connect_timeout(Duration::from_secs(15)).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, server: server.trim_end_matches('/').to_owned(), cookie: RefCell::new(cookie) })
    }

    /// The session's cookie, to be kept.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }
}

async fn within<T>(limit: Duration, what: impl Future<Output = reqwest::Result<T>>) -> Result<T, Unreachable> {
    tokio::time::timeout(limit, what).await.map_err(|_| Unreachable)?.map_err(|_| Unreachable)
}

impl Platform for Terminal {
    type Cipher = Threads;

    fn cipher(&self) -> Threads {
        Threads
    }

    async fn digest(&self, chunk: &Bytes) -> Digest {
        cipher::digest(chunk).await
    }

    async fn send(&self, request: Request) -> Result<Response, Unsent> {
        let most = request.most();
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.http.request(method, format!("{}{}", self.server, request.path)).body(request.body);
        if let Some(cookie) = self.cookie() {
            builder = builder.header(COOKIE, cookie);
        }
        let patience = if request.chunk.is_some() { PATIENCE_FOR_CHUNKS } else { PATIENCE };
        builder = match request.chunk {
            Some(digest) => builder.header(CHUNK_DIGEST_HEADER, digest.to_string()),
            None => builder.header(CONTENT_TYPE, MEDIA_TYPE),
        };
        // reqwest's own limits would cut off what is still on its way, up or down.
        let mut response = within(patience, builder.send()).await?;
        for set in response.headers().get_all(SET_COOKIE) {
            let pair = set.to_str().ok().and_then(|set| set.split(';').next());
            // What stands in between, say to share out the load, may set cookies of its own.
            let Some(token) = pair.and_then(|pair| pair.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('=')) else {
                continue;
            };
            // A cookie that is cleared comes with an empty value.
            *self.cookie.borrow_mut() = (!token.is_empty()).then(|| format!("{SESSION_COOKIE}={token}"));
        }
        let status = response.status().as_u16();
        let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some(later) = Unsent::later(status, header(RETRY_AFTER), header(CONTENT_TYPE)) {
            return Err(later);
        }
        // What the answer says of its length is only believed as far as it may go.
        let expected = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        let mut body = Vec::with_capacity(expected.min(most));
        while let Some(piece) = within(SILENCE, response.chunk()).await? {
            if piece.len() > most - body.len() {
                return Err(Unsent::Endless);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Response { status, body })
    }

    async fn sleep(&self, milliseconds: u32) {
        tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
    }

    fn now(&self) -> Minute {
        #[expect(clippy::disallowed_methods, reason = "the platform is where the clock is")]
        let now = SystemTime::now();
        Minute::from_unix_seconds(now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the platform is where the randomness is")]
        let filled = getrandom::fill(bytes);
        // A system without randomness cannot keep a secret; there is nothing sensible to go on with.
        if filled.is_err() {
            std::process::abort();
        }
    }
}
