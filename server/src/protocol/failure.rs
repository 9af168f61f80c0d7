//! The edge: whatever ended a use case becomes one of the protocol's errors, and its cause goes to the log.

use std::sync::Arc;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use protocol::ApiError;
use protocol::api::Refusal;

use super::Cbor;
use crate::blobs::BlobsError;
use crate::causes::describe;
use crate::services::ServiceError;
use crate::store::StoreError;

/// Seconds until a busy server is worth another try.
const SHORTLY: u32 = 2;

/// What a handler fails with.
#[derive(Debug)]
pub struct Failure {
    told: ApiError,
    cause: Option<ServiceError>,
}

/// Why a request failed, kept beside the response for the middleware that logs it, once.
#[derive(Clone, Debug)]
pub(crate) struct Cause(Arc<ServiceError>);

impl Cause {
    /// The error and everything below it, in one line.
    pub(crate) fn describe(&self) -> String {
        describe(&*self.0)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Api(told) => Self { told, cause: None },
            ServiceError::Store(StoreError::NotNow(_))
            | ServiceError::Blobs(BlobsError::Full(_) | BlobsError::NotNow(_)) => {
                Self { told: ApiError::Unavailable, cause: Some(error) }
            }
            _ => Self { told: ApiError::Internal, cause: Some(error) },
        }
    }
}

impl From<ApiError> for Failure {
    fn from(told: ApiError) -> Self {
        Self { told, cause: None }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        ApiError::Refused(refusal).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.told.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let wait = match self.told {
            ApiError::TooMany(seconds) => Some(seconds),
            ApiError::Unavailable => Some(SHORTLY),
            _ => None,
        };
        let mut response = (status, Cbor(self.told)).into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(Cause(Arc::new(cause)));
        }
        response
    }
}
