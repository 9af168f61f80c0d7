//! The session's cookie, for browsers and the command line alike, and a browser's proof that it was here before.

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use protocol::ApiError;
use protocol::api::ACCOUNT_HEADER;

use super::{Cbor, Failure};
use crate::services;
use crate::services::devices::{KEPT, Proofs};
use crate::services::session::{self, Begun, Caller, Carried, SESSION};
use crate::state::AppState;

/// `__Host-` binds it to this host, to HTTPS, and to the whole site.
pub(super) const NAME: &str = "__Host-healthbridge";

/// Where a device keeps what it proves. It goes to the protocol's routes alone, which `__Host-` would not allow.
const DEVICES: &str = "__Secure-healthbridge-devices";
/// See [`DEVICES`].
const DEVICES_PATH: &str = "/api/v1";

/// The token that a request carries, if it carries one.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, NAME)
}

/// The first cookie of a name. Whatever else stands among the cookies of this host, in whatever bytes, is none of our
/// business.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| pair.trim_ascii_start().strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    str::from_utf8(values.next()?.trim_ascii_end()).ok()
}

impl<S: Send + Sync> FromRequestParts<S> for Carried {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let proofs = cookie(&parts.headers, DEVICES).map(Proofs::read).unwrap_or_default();
        Ok(Self { token: token(&parts.headers).map(str::to_owned), proofs })
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        Ok(authenticate_as(state, &parts.headers).await?)
    }
}

/// Whose session a request carries, unless it names another account: somebody else may have signed in beside whoever
/// sends it, in another tab of the same browser.
pub(crate) async fn authenticate_as(state: &AppState, headers: &HeaderMap) -> services::Result<Caller> {
    let token = token(headers).ok_or(ApiError::NotSignedIn)?;
    let caller = session::authenticate(state, token).await?;
    let own = caller.account.to_string();
    if headers.get_all(ACCOUNT_HEADER).iter().any(|named| named.as_bytes() != own.as_bytes()) {
        return Err(ApiError::NotSignedIn.into());
    }
    Ok(caller)
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

/// Sets the other cookie, after the session's: programs that keep one keep the first.
pub(crate) struct SetDevices(pub(super) Proofs);

impl IntoResponseParts for SetDevices {
    type Error = Failure;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Failure> {
        let proofs = self.0.write();
        let flags = format!("Path={DEVICES_PATH}; Max-Age={KEPT}; HttpOnly; Secure; SameSite=Strict");
        let cookie = format!("{DEVICES}={proofs}; {flags}");
        let mut value = HeaderValue::try_from(cookie).map_err(|_| ApiError::Internal)?;
        value.set_sensitive(true);
        parts.headers_mut().append(SET_COOKIE, value);
        Ok(parts)
    }
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        (SetSession(Some(self.token)), SetDevices(self.proofs), Cbor(self.signed_in)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let carried = |cookies: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(COOKIE, HeaderValue::from_bytes(cookie).unwrap());
            }
            token(&headers).map(str::to_owned)
        };
        let ours = b"__Host-healthbridge=abc";
        assert_eq!(carried(&[ours]).as_deref(), Some("abc"));
        assert_eq!(carried(&[b"n\xc3\xa4me=\xff; __Host-healthbridge=abc ; b=c"]).as_deref(), Some("abc"));
        assert_eq!(carried(&[b"a=b", ours]).as_deref(), Some("abc"));
        assert_eq!(carried(&[b"__Host-healthbridge2=abc; x__Host-healthbridge=abc; __Host-healthbridge"]), None);
        assert_eq!(carried(&[b"__Host-healthbridge=\xff"]), None);
        assert_eq!(carried(&[b"__Secure-healthbridge-devices=abc"]), None);
        assert_eq!(carried(&[]), None);
    }
}
