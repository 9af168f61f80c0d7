//! How many requests are open at once, and for how long.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use protocol::ApiError;
use tokio::sync::OwnedSemaphorePermit;

use crate::metrics::OpenRequest;
use crate::protocol::Failure;
use crate::state::AppState;

/// Refuses at once what would be one too many, and gives up what takes too long: both can be tried again.
pub(crate) async fn bound_load(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let patience = if route.contains("/chunks/") { state.load.patience_for_chunks } else { state.load.patience };
    // Whoever watches the server hears from it when it is busiest. Streams of events do nothing most of the time, and
    // have a limit of their own.
    let permit = if matches!(route, "/healthz" | "/readyz" | "/api/v1/events") {
        None
    } else if let Ok(permit) = state.load.requests.clone().try_acquire_owned() {
        Some(permit)
    } else {
        state.metrics.shed();
        return Failure::from(ApiError::Unavailable).into_response();
    };
    let place = Place { _open: state.metrics.open(), _permit: permit };
    let Ok(response) = tokio::time::timeout(patience, next.run(request)).await else {
        state.metrics.timed_out();
        return Failure::from(ApiError::Unavailable).into_response();
    };
    response.map(|body| Body::new(InPlace { body, _place: place }))
}

/// One of the requests that may be open.
struct Place {
    _open: OpenRequest,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A response's body. Its request is open until it is sent, or given up.
struct InPlace {
    body: Body,
    _place: Place,
}

impl HttpBody for InPlace {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
