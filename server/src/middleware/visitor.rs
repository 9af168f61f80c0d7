//! Whoever asks for a page: their side of the bridge, so that the frame is right from its first byte.

use app::visitor::Visitor;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use protocol::ApiError;

use crate::protocol::token;
use crate::services::{ServiceError, session};
use crate::state::AppState;

/// Leaves a [`Visitor`] in the request. Where it cannot be told who it is, the page finds out by itself.
pub(crate) async fn visitor(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let visitor = match token(request.headers()).map(str::to_owned) {
        None => Visitor::Nobody,
        Some(token) => match session::side(&state, &token).await {
            Ok(side) => Visitor::Known(side),
            Err(ServiceError::Api(ApiError::NotSignedIn)) => Visitor::Nobody,
            Err(_) => Visitor::Unknown,
        },
    };
    request.extensions_mut().insert(visitor);
    next.run(request).await
}
