//! Only this site's own pages, and programs that are not browsers, may change anything.

use axum::extract::{Request, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use protocol::api::Refusal;

use crate::protocol::Failure;
use crate::state::AppState;

/// Refuses what a browser sends on behalf of another site.
pub(crate) async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || allowed(request.headers(), &state.site.origin) {
        next.run(request).await
    } else {
        Failure::from(Refusal::Origin).into_response()
    }
}

fn allowed(headers: &HeaderMap, own: &str) -> bool {
    let own_origin = headers.get_all(ORIGIN).iter().all(|origin| origin.as_bytes() == own.as_bytes());
    let own_fetch = headers.get_all("sec-fetch-site").iter().all(|site| site == "same-origin" || site == "none");
    own_origin && own_fetch
}
