//! The session's cookie, for browsers and the command line alike.

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use protocol::ApiError;
use protocol::api::ACCOUNT_HEADER;

use super::{Cbor, Failure};
use crate::services::session::{self, Begun, Caller, SESSION};
use crate::state::AppState;

/// `__Host-` binds it to this host, to HTTPS, and to the whole site.
pub(super) const NAME: &str = "__Host-healthbridge";

/// The token that a request carries, if it carries one.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let pairs =
        headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == NAME).map(|(_, token)| token)
}

/// The token that a request may carry.
pub(crate) struct Token(pub(super) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(token(&parts.headers).map(str::to_owned)))
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let token = token(&parts.headers).ok_or(ApiError::NotSignedIn)?;
        let caller = session::authenticate(state, token).await?;
        // Somebody else may have signed in beside whoever sends this, in another tab of the same browser.
        let is_other = |named: &HeaderValue| named.as_bytes() != caller.account.to_string().as_bytes();
        if parts.headers.get_all(ACCOUNT_HEADER).iter().any(is_other) {
            return Err(ApiError::NotSignedIn.into());
        }
        Ok(caller)
    }
}

/// Sets the cookie, or with no token removes it.
pub(crate) struct SetSession(pub(super) Option<String>);

impl IntoResponseParts for SetSession {
    type Error = Failure;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Failure> {
        let (token, age) = self.0.as_deref().map_or(("", 0), |token| (token, SESSION));
        let cookie = format!("{NAME}={token}; Path=/; Max-Age={age}; HttpOnly; Secure; SameSite=Strict");
        let value = HeaderValue::try_from(cookie).map_err(|_| ApiError::Internal)?;
        parts.headers_mut().insert(SET_COOKIE, value);
        Ok(parts)
    }
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        (SetSession(Some(self.token)), Cbor(self.signed_in)).into_response()
    }
}
