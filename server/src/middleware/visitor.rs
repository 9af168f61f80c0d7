//! Whoever asks for a page: their side of the bridge, so that the frame is right from its first byte.

use app::visitor::Visitor;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::protocol::token;
use crate::services::session;
use crate::state::AppState;

/// Leaves a [`Visitor`] in the request. Whoever cannot be told is nobody; the page says so itself later.
pub(crate) async fn visitor(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if let Some(token) = token(request.headers()).map(str::to_owned)
        && let Ok(side) = session::side(&state, &token).await
    {
        request.extensions_mut().insert(Visitor { side: Some(side) });
    }
    next.run(request).await
}
