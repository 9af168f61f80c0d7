//! The browser as the client's platform.

use std::cell::Cell;

use bytes::Bytes;
use client::platform::{KeptLog, Method, Platform, Request, Response, Unreachable};
use gloo::net::http::RequestBuilder;
use gloo::timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use protocol::api::{ACCOUNT_HEADER, CHUNK_DIGEST_HEADER, MEDIA_TYPE};
use protocol::{AccountId, Digest, Minute};

use crate::buffers;
use crate::cipher::{self, WebCipher};
use crate::kept::{self, Shelf};
use crate::private_files;

/// Bodies of at least so many bytes are sent from a file.
const LARGE: usize = 1 << 20;

/// The browser, and whose requests go out: its cookie is that of whoever signed in last, in any of its tabs.
#[derive(Debug, Default)]
pub struct Browser(Cell<Option<AccountId>>);

impl Browser {
    /// Requests of one account only.
    pub(crate) const fn of(account: AccountId) -> Self {
        Self(Cell::new(Some(account)))
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

    // Each of them is in the memory of the tab, and where there is no file for it, once more in the request.
    fn chunks_at_once(&self) -> usize {
        2
    }

    async fn digest(&self, chunk: &Bytes) -> Digest {
        cipher::digest(chunk).await
    }

    async fn send(&self, request: Request) -> Result<Response, Unreachable> {
        let method = match request.method {
            Method::Get => gloo::net::http::Method::GET,
            Method::Post => gloo::net::http::Method::POST,
            Method::Put => gloo::net::http::Method::PUT,
            Method::Delete => gloo::net::http::Method::DELETE,
        };
        let has_body = request.method != Method::Get;
        let mut builder = RequestBuilder::new(&request.path).method(method);
        builder = match request.chunk {
            Some(digest) => builder.header(CHUNK_DIGEST_HEADER, &digest.to_string()),
            None => builder.header("content-type", MEDIA_TYPE),
        };
        if let Some(account) = self.0.get() {
            builder = builder.header(ACCOUNT_HEADER, &account.to_string());
        }
        let on_disk = if request.body.len() >= LARGE { private_files::Body::of(&request.body).await } else { None };
        let built = match &on_disk {
            _ if !has_body => builder.build(),
            Some(body) => builder.body(&body.file),
            None => builder.body(Uint8Array::from(&request.body[..])),
        };
        let response = built.map_err(|_| Unreachable)?.send().await.map_err(|_| Unreachable)?;
        let status = response.status();
        let body = buffers::body(&response.into()).await.map_err(|_| Unreachable)?;
        Ok(Response { status, body })
    }

    fn belongs_to(&self, account: AccountId) {
        self.0.set(Some(account));
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
