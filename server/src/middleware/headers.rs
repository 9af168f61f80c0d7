//! The headers that tell a browser how little a page may do.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LAST_MODIFIED, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::state::{AppState, Site};

/// What marks this response's own inline scripts.
#[derive(Clone, Debug)]
pub(crate) struct Nonce(pub(crate) String);

const FIXED: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), autoplay=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), \
         hid=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-create=(self), \
         publickey-credentials-get=(self), serial=(), usb=()",
    ),
];

/// Sets them on every response.
pub(crate) async fn security_headers(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let nonce = URL_SAFE_NO_PAD.encode(state.random.draw::<16>());
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let assets = &*state.site.assets;
    let versioned = !assets.is_empty() && request.uri().path().starts_with(assets);
    let mut response = next.run(request).await;
    let found = response.status().is_success();
    let unchanged = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if state.site.https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    }
    let html = is_html(headers);
    let policy = if html { page_policy(&state.site, &nonce) } else { CLOSED.to_owned() };
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    // Files of the site may be kept, for good where the path is of this version, else asked for again; nothing else may
    // be kept at all.
    let file = !html && (headers.contains_key(LAST_MODIFIED) || unchanged);
    let cache = match (file, versioned && (found || unchanged)) {
        (true, true) => "public, max-age=31536000, immutable",
        (true, false) => "no-cache",
        (false, _) => "no-store",
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if file {
        // A cache on the way must not give the compressed form of a file to who cannot read it.
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// For what is not a page. A worker's script is one of these, and lives by the policy that it came with: it may start a
/// worker of its own, which decodes.
const CLOSED: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn page_policy(site: &Site, nonce: &str) -> String {
    let reload = site.reload.as_deref().map(|reload| format!(" {reload}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' blob: data:; font-src 'self'; connect-src 'self'{reload}; worker-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}
