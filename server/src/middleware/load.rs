//! How many requests are open at once, and for how long.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use protocol::ApiError;
use tokio::sync::OwnedSemaphorePermit;

use crate::metrics::OpenRequest;
use crate::protocol::Failure;
use crate::shares::Share;
use crate::state::{AppState, Load, Origin};

/// Refuses at once what would be one too many, and gives up what takes too long: both can be tried again.
pub(crate) async fn bound_load(
    State(state): State<AppState>,
    origin: Origin,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let patience = if route.contains("/chunks/") { state.load.patience_for_chunks } else { state.load.patience };
    let is_page = !request.uri().path().starts_with("/api/");
    // Whoever watches the server hears from it when it is busiest. Streams of events do nothing most of the time, and
    // have a limit of their own.
    let permit = if matches!(route, "/healthz" | "/readyz" | "/api/v1/events") {
        None
    } else if let Some(permit) = permit(&state.load, &origin) {
        Some(permit)
    } else {
        state.metrics.shed();
        return busy(is_page);
    };
    let place = Place { _open: state.metrics.open(), _permit: permit };
    let Ok(response) = tokio::time::timeout(patience, next.run(request)).await else {
        state.metrics.timed_out();
        return busy(is_page);
    };
    response.map(|body| Body::new(InPlace { body, _place: place }))
}

/// What to say when there is no place or no time left: to a program its error, to a person a page.
fn busy(is_page: bool) -> Response {
    let mut response = Failure::from(ApiError::Unavailable).into_response();
    if is_page {
        *response.body_mut() = Body::from(BUSY);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    }
    response
}

/// Without a style or a script: they would have to be fetched from the server that is busy.
const BUSY: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
    content=\"width=device-width\"><title>Busy · HealthBridge</title></head><body><main><h1>One moment</h1>\
    <p>HealthBridge has more to do than it can just now. Nothing was lost. Please load this page again in a \
    minute.</p></main></body></html>";

/// A place of the address's share, and one among all. Who has taken its share takes nobody else's place.
fn permit(load: &Load, origin: &Origin) -> Option<Permit> {
    let share = load.shares.take(origin)?;
    let among_all = load.requests.clone().try_acquire_owned().ok()?;
    Some(Permit { _share: share, _among_all: among_all })
}

/// What a request holds while it is open.
struct Permit {
    _share: Share,
    _among_all: OwnedSemaphorePermit,
}

/// One of the requests that may be open.
struct Place {
    _open: OpenRequest,
    _permit: Option<Permit>,
}

/// A response's body. Its request is open until it is sent, or given up: by the client, or by its connection, which ends
/// when too little is taken (`listen.rs`). Nobody asks for more of the body then, so that no clock in here would run.
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
