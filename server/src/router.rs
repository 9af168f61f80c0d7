//! Every route, in one table, and the layers around it.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use app::backend::provide_backend;
use app::visitor::provide_visitor;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, any, delete, get, post, put};
use axum::{Router, handler::Handler as _};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes as _, generate_route_list, render_app_to_stream_with_context};
use protocol::ApiError;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::services::ServeDir;

use crate::backend::ForRequest;
use crate::middleware::{Nonce, access_log, bound_load, same_origin, security_headers, visitor};
use crate::protocol::{Failure, accounts, blobs, events, log};
use crate::services::ServiceError;
use crate::state::AppState;

/// One route of the server's own interface.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// GET, POST, PUT or DELETE.
    pub method: &'static str,
    /// The path, with names in braces where ids go.
    pub path: &'static str,
    /// The most bytes that a body may have.
    pub limit: usize,
    handler: fn() -> MethodRouter<AppState>,
}

/// Bytes in a message of fixed parts: an address or a name, an OPAQUE message, a wrap. Most of these come from anybody.
const SMALL: usize = 16 << 10;
/// Bytes in the body of most requests.
const USUAL: usize = 1 << 20;
/// Bytes in an append.
const APPEND: usize = 4 << 20;
/// Bytes in a chunk, and a little more, so that one byte too many is told from a broken connection.
const CHUNK: usize = (8 << 20) + 1024;

/// How long the database may take to answer a server that is ready. Whoever asks waits a few seconds at most, and takes
/// silence for a server that is gone.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// Bytes in the longest path that is looked for among the site's files.
const LONGEST_PATH: usize = 200;

const fn route(
    method: &'static str,
    path: &'static str,
    limit: usize,
    handler: fn() -> MethodRouter<AppState>,
) -> Route {
    Route { method, path, limit, handler }
}

/// Every route but the pages, their server functions and the site's files. A test holds the table of permissions to it.
pub const ROUTES: [Route; 28] = [
    route("GET", "/healthz", USUAL, || get(health)),
    route("GET", "/readyz", USUAL, || get(ready)),
    route("POST", "/api/v1/signup/start", SMALL, || post(accounts::sign_up_start)),
    route("POST", "/api/v1/signup/finish", USUAL, || post(accounts::sign_up_finish)),
    route("POST", "/api/v1/signin/start", SMALL, || post(accounts::sign_in_start)),
    route("POST", "/api/v1/signin/finish", SMALL, || post(accounts::sign_in_finish)),
    route("POST", "/api/v1/recovery/start", SMALL, || post(accounts::recovery_start)),
    route("POST", "/api/v1/recovery/finish", SMALL, || post(accounts::recovery_finish)),
    route("POST", "/api/v1/password/start", SMALL, || post(accounts::password_start)),
    route("POST", "/api/v1/password/finish", SMALL, || post(accounts::password_finish)),
    route("POST", "/api/v1/signout", USUAL, || post(accounts::sign_out)),
    route("POST", "/api/v1/signout/others", USUAL, || post(accounts::sign_out_others)),
    route("GET", "/api/v1/session", USUAL, || get(accounts::session)),
    route("PUT", "/api/v1/device-wrap", SMALL, || put(accounts::put_device_wrap)),
    route("GET", "/api/v1/device-wrap", USUAL, || get(accounts::device_wrap)),
    route("DELETE", "/api/v1/device-wrap", USUAL, || delete(accounts::delete_device_wrap)),
    route("PUT", "/api/v1/account/state", USUAL, || put(accounts::put_state)),
    route("POST", "/api/v1/people/find", SMALL, || post(accounts::find_person)),
    route("GET", "/api/v1/people/{account}", USUAL, || get(accounts::person)),
    route("GET", "/api/v1/shared", USUAL, || get(accounts::shared)),
    route("GET", "/api/v1/events", USUAL, || get(events::events)),
    route("GET", "/api/v1/restored", USUAL, || get(log::restored)),
    route("POST", "/api/v1/vaults/{vault}/log", APPEND, || post(log::append)),
    route("GET", "/api/v1/vaults/{vault}/log", USUAL, || get(log::read)),
    route("PUT", "/api/v1/blobs/{blob}", USUAL, || put(blobs::create)),
    route("GET", "/api/v1/blobs/{blob}", USUAL, || get(blobs::status)),
    route("PUT", "/api/v1/blobs/{blob}/chunks/{number}", CHUNK, || put(blobs::put_chunk)),
    route("GET", "/api/v1/blobs/{blob}/chunks/{number}", USUAL, || get(blobs::chunk)),
];

/// The whole server.
pub fn router(state: AppState) -> Router {
    let api = ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(route.path, (route.handler)().layer(DefaultBodyLimit::max(route.limit)))
    });
    let context = {
        let state = state.clone();
        move || provide_page_context(&state)
    };
    let shell = {
        let (options, assets) = (state.leptos.clone(), state.site.assets.clone());
        move || app::shell(&options, &assets)
    };
    let pages = generate_route_list(app::App);
    let files = ServeDir::new(&*state.leptos.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let nowhere = render_app_to_stream_with_context(context.clone(), shell.clone())
        .layer(map_response(not_found_page))
        .with_state(());
    let site = files.clone().fallback(nowhere.clone());
    let site_or_nowhere = move |request: Request| async move {
        if is_too_long(&request) {
            nowhere.oneshot(request).await.into_response()
        } else {
            site.oneshot(request).await.into_response()
        }
    };
    let pages = Router::new()
        .leptos_routes_with_context(&state, pages, context, shell)
        .layer(from_fn_with_state(state.clone(), visitor));
    let versioned = match &*state.site.assets {
        "" => Router::new(),
        assets => Router::new().nest_service(assets, files).layer(from_fn(short_enough)),
    };
    api.merge(pages)
        .merge(versioned)
        .route("/api/v1/{*rest}", any(no_such_route))
        .fallback(site_or_nowhere)
        .method_not_allowed_fallback(no_such_route)
        .layer(from_fn_with_state(state.clone(), same_origin))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn_with_state(state.clone(), bound_load))
        .layer(from_fn_with_state(state.clone(), security_headers))
        .layer(from_fn_with_state(state.clone(), access_log))
        .with_state(state)
}

/// What pages and server functions find in their context.
fn provide_page_context(state: &AppState) {
    if let Some(parts) = leptos::prelude::use_context::<axum::http::request::Parts>() {
        if let Some(Nonce(nonce)) = parts.extensions.get().cloned() {
            provide_context(leptos::nonce::Nonce::from_value(nonce));
        }
        provide_visitor(parts.extensions.get().copied().unwrap_or_default());
        provide_backend(Arc::new(ForRequest { state: state.clone(), headers: parts.headers }));
    }
    provide_context(state.clone());
}

/// Whether no file of the site can have such a path. To the file system, a name that is too long is a failure, and not a
/// file that is missing.
fn is_too_long(request: &Request) -> bool {
    request.uri().path().len() > LONGEST_PATH
}

/// For files that have no page to fall back on.
async fn short_enough(request: Request, next: Next) -> Response {
    if is_too_long(&request) { Failure::from(ApiError::NotFound).into_response() } else { next.run(request).await }
}

async fn health() -> &'static str {
    "ok"
}

async fn ready(State(state): State<AppState>) -> Result<&'static str, Failure> {
    let answered = tokio::time::timeout(ANSWERS_WITHIN, state.store.ping()).await.map_err(|_| ApiError::Unavailable)?;
    answered.map_err(ServiceError::Store)?;
    Ok("ok")
}

async fn no_such_route(_: Request) -> Failure {
    ApiError::NotFound.into()
}

async fn not_found_page(mut response: Response) -> Response {
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

fn after_panic(_: Box<dyn Any + Send>) -> Response {
    // The panic hook has written what it was.
    Failure::from(ApiError::Internal).into_response()
}
