//! What server functions may ask: the server, as whoever makes the request may use it.

use std::future::Future;

use app::api::Refused;
use app::api::notices::{Notice, NoticeChoice};
use app::backend::{Answer, Backend};
use axum::http::HeaderMap;
use protocol::ApiError;

use crate::causes::describe;
use crate::protocol::authenticate_as;
use crate::services::session::Caller;
use crate::services::{Result, ServiceError, notices};
use crate::state::AppState;

/// The server for one request, with the headers that say whose it is.
pub(crate) struct ForRequest {
    pub(crate) state: AppState,
    pub(crate) headers: HeaderMap,
}

fn refused(error: &ServiceError) -> Refused {
    match error {
        ServiceError::Api(ApiError::NotSignedIn) => Refused::NotSignedIn,
        ServiceError::Api(ApiError::Refused(_)) => Refused::Malformed,
        ServiceError::Api(_) => Refused::Unavailable,
        error => {
            tracing::error!(cause = describe(error), "a server function failed");
            Refused::Unavailable
        }
    }
}

impl ForRequest {
    /// Runs a use case for whoever is signed in.
    fn for_caller<T, F>(&self, use_case: impl FnOnce(AppState, Caller) -> F + Send + 'static) -> Answer<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let (state, headers) = (self.state.clone(), self.headers.clone());
        Box::pin(async move {
            let caller = authenticate_as(&state, &headers).await.map_err(|error| refused(&error))?;
            use_case(state, caller).await.map_err(|error| refused(&error))
        })
    }
}

impl Backend for ForRequest {
    fn notices(&self) -> Answer<Vec<Notice>> {
        self.for_caller(|state, caller| async move { notices::list(&state, caller).await })
    }

    fn read_notices(&self, up_to: i64) -> Answer<()> {
        self.for_caller(move |state, caller| async move { notices::mark_read(&state, caller, up_to).await })
    }

    fn notice_choices(&self) -> Answer<Vec<NoticeChoice>> {
        self.for_caller(|state, caller| async move { notices::choices(&state, caller).await })
    }

    fn choose_notices(&self, choice: NoticeChoice) -> Answer<()> {
        self.for_caller(move |state, caller| async move { notices::choose(&state, caller, choice).await })
    }
}
