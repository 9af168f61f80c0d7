//! The browser as the client's platform.

use std::cell::Cell;

use bytes::Bytes;
use client::platform::{KeptLog, Method, Platform, Request, Response, Unreachable, Unsent};
use gloo::net::http::RequestBuilder;
use gloo::timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use protocol::api::{ACCOUNT_HEADER, CHUNK_DIGEST_HEADER, MEDIA_TYPE, Refusal};
use protocol::{AccountId, ApiError, Digest, Minute};
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use crate::buffers;
use crate::cipher::{self, WebCipher};
use crate::kept::{self, Shelf};
use crate::private_files;

/// Chunks of at least so many bytes are sent from a file.
const LARGE: usize = 1 << 20;

/// The browser.
#[derive(Debug, Default)]
pub struct Browser {
    /// Whose requests go out: its cookie is that of whoever signed in last, in any of its tabs.
    account: Cell<Option<AccountId>>,
    /// Whether the last chunk that came from a file did not arrive. The next one comes from memory.
    avoids_files: Cell<bool>,
}

impl Browser {
    /// Requests of one account only.
    pub(crate) const fn of(account: AccountId) -> Self {
        Self { account: Cell::new(Some(account)), avoids_files: Cell::new(false) }
    }

    /// Sends one request, with its body from a file where there is one.
    async fn exchange(&self, request: &Request, on_disk: Option<&private_files::Body>) -> Result<Response, Unsent> {
        let method = match request.method {
            Method::Get => gloo::net::http::Method::GET,
            Method::Post => gloo::net::http::Method::POST,
            Method::Put => gloo::net::http::Method::PUT,
            Method::Delete => gloo::net::http::Method::DELETE,
        };
        let abort = Abort(AbortController::new().map_err(|_| Unreachable)?);
        let mut builder = RequestBuilder::new(&request.path).method(method).abort_signal(Some(&abort.0.signal()));
        builder = match request.chunk {
            Some(digest) => builder.header(CHUNK_DIGEST_HEADER, &digest.to_string()),
            None => builder.header("content-type", MEDIA_TYPE),
        };
        if let Some(account) = self.account.get() {
            builder = builder.header(ACCOUNT_HEADER, &account.to_string());
        }
        let built = match on_disk {
            _ if request.method == Method::Get => builder.build(),
            Some(body) => builder.body(&body.file),
            None => builder.body(Uint8Array::from(&request.body[..])),
        };
        let response = built.map_err(|_| Unreachable)?.send().await.map_err(|_| Unreachable)?;
        let status = response.status();
        let [after, kind] = ["retry-after", "content-type"].map(|name| response.headers().get(name));
        if let Some(later) = Unsent::later(status, after.as_deref(), kind.as_deref()) {
            return Err(later);
        }
        // A body that is given up as too long has no reason of JavaScript's.
        let why = |error: JsValue| if error.is_null() { Unsent::Endless } else { Unreachable.into() };
        let body = buffers::body(&response.into(), request.most()).await.map_err(why)?;
        Ok(Response { status, body })
    }
}

/// Ends a request that nobody waits for any more; one that is done does not mind. Its late answer would still take back a
/// cookie, and perhaps the one of a session that began since.
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The present minute.
pub(crate) fn minute() -> Minute {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970, after 1970")]
    let seconds = (js_sys::Date::now() / 1000.0) as u64;
    Minute::from_unix_seconds(seconds)
}

impl Platform for Browser {
    type Cipher = WebCipher;

    fn cipher(&self) -> WebCipher {
        WebCipher
    }

    // One is sealed meanwhile. A second one on its way is no quicker, and WebAssembly gives no memory back.
    fn chunks_at_once(&self) -> usize {
        1
    }

    async fn digest(&self, chunk: &Bytes) -> Digest {
        cipher::digest(chunk).await
    }

    async fn send(&self, request: Request) -> Result<Response, Unsent> {
        let is_large = request.chunk.is_some() && request.body.len() >= LARGE;
        let on_disk =
            if is_large && !self.avoids_files.get() { private_files::Body::of(&request.body).await } else { None };
        let answer = self.exchange(&request, on_disk.as_ref()).await;
        // A browser that could not read its own file says no more than that the request failed, or sends nothing.
        let is_unread = match &answer {
            Ok(response) => response.status == ApiError::Refused(Refusal::Chunk).status(),
            Err(Unsent::Unreachable(_)) => true,
            Err(Unsent::Later(_) | Unsent::Endless) => false,
        };
        if is_large {
            self.avoids_files.set(is_unread && on_disk.is_some());
        }
        if answer.is_ok() && is_unread && on_disk.is_some() { self.exchange(&request, None).await } else { answer }
    }

    fn belongs_to(&self, account: AccountId) {
        self.account.set(Some(account));
    }

    async fn sleep(&self, milliseconds: u32) {
        TimeoutFuture::new(milliseconds).await;
    }

    fn now(&self) -> Minute {
        minute()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the platform is where the randomness is")]
        let filled = getrandom::fill(bytes);
        // A browser without randomness cannot keep a secret; there is nothing sensible to go on with.
        if filled.is_err() {
            wasm_bindgen::throw_str("this browser gives no random numbers");
        }
    }

    fn keeps_logs(&self) -> bool {
        true
    }

    async fn keep_page(&self, log: KeptLog, number: u64, sealed: &[u8]) {
        // A full or forbidden store only costs reading it again.
        drop(kept::put(Shelf::Logs, &kept::page_key(log, number), &Uint8Array::from(sealed)).await);
    }

    async fn kept_page(&self, log: KeptLog, number: u64) -> Option<Vec<u8>> {
        kept::bytes(&kept::get(Shelf::Logs, &kept::page_key(log, number)).await.ok()??)
    }

    async fn drop_log(&self, log: KeptLog) {
        if let Ok(range) = kept::pages_of(log) {
            drop(kept::remove(Shelf::Logs, range).await);
        }
    }
}
