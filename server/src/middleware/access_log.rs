//! One line for each request: method, route, status, milliseconds; and for a failure, its cause, once. Counted, too.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use crate::metrics::method_name;
use crate::protocol::Cause;
use crate::state::AppState;

/// Never the path itself, which holds ids, nor anything that the client sent.
pub(crate) async fn access_log(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());
    let id = u64::from_le_bytes(state.random.draw());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let took = began.elapsed();
    state.metrics.responded(method, &route, status, took);
    let milliseconds = took.as_millis();
    if let Some(cause) = response.extensions().get::<Cause>() {
        tracing::error!(request = format_args!("{id:016x}"), method, route, status, cause = cause.describe(), "failed");
    }
    tracing::info!(target: "access", request = format_args!("{id:016x}"), method, route, status, milliseconds, "request");
    response
}
