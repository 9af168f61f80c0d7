//! The browser as the client's platform.

use client::platform::{Method, Platform, Request, Response, Unreachable};
use gloo::net::http::RequestBuilder;
use gloo::timers::future::TimeoutFuture;
use protocol::Minute;
use protocol::api::{CHUNK_DIGEST_HEADER, MEDIA_TYPE};

use crate::cipher::WebCipher;

/// The browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Browser;

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
        let built = if has_body { builder.body(request.body) } else { builder.build() };
        let response = built.map_err(|_| Unreachable)?.send().await.map_err(|_| Unreachable)?;
        let status = response.status();
        let body = response.binary().await.map_err(|_| Unreachable)?;
        Ok(Response { status, body })
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
}
