//! Bodies in CBOR, decoded strictly.

use axum::body::{Bytes, HttpBody as _};
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use minicbor::{Decode, Encode};
use protocol::ApiError;
use protocol::api::{MEDIA_TYPE, Refusal};

use super::Failure;

/// A message of the vault protocol.
#[derive(Clone, Debug)]
pub(crate) struct Cbor<T>(pub(crate) T);

impl<S, T> FromRequest<S> for Cbor<T>
where
    S: Send + Sync,
    T: for<'b> Decode<'b, ()> + Encode<()>,
{
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if request.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != MEDIA_TYPE) {
            return Err(Refusal::Malformed.into());
        }
        if request.body().is_end_stream() {
            return Err(Refusal::Malformed.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| too_large(&rejection))?;
        protocol::cbor::decode(&bytes).map(Self).map_err(|_| Refusal::Malformed.into())
    }
}

fn too_large(rejection: &BytesRejection) -> Failure {
    if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::TooLarge.into()
    } else {
        Refusal::Malformed.into()
    }
}

impl<T: Encode<()>> IntoResponse for Cbor<T> {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, MEDIA_TYPE)], protocol::cbor::encode(&self.0)).into_response()
    }
}
