//! What a request says besides its body: where it came from, and ids in its path.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, FromRequestParts, RawPathParams};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use protocol::ApiError;

use super::Failure;
use crate::state::{AppState, Origin};

impl FromRequestParts<AppState> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let forwarded = if state.site.behind_proxy { forwarded_for(&parts.headers) } else { None };
        let address = forwarded.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).map_or("other", family);
        Ok(Self { address, agent })
    }
}

/// The address that the nearest proxy added: the last one. The ones before it are the client's word.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    address(last.rsplit(',').next()?.trim())
}

/// An address, with or without a port: some proxies name the client's, too.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bare)
}

/// The kind of browser: enough to recognise one's own device in a list, and no more.
fn family(agent: &str) -> &'static str {
    const FAMILIES: [(&str, &str); 6] = [
        ("healthbridge/", "command line"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    FAMILIES.iter().find(|(mark, _)| agent.contains(mark)).map_or("other", |(_, family)| family)
}

/// One id in the path. What is not an id names nothing.
pub(crate) struct InPath<A>(pub(super) A);

impl<S: Send + Sync, A: FromStr> FromRequestParts<S> for InPath<A> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        let mut values = params.iter().map(|(_, value)| value);
        let id = values.next().and_then(|value| value.parse().ok()).ok_or(ApiError::NotFound)?;
        Ok(Self(id))
    }
}

/// An id and a number in the path.
pub(crate) struct InPathNumbered<A>(pub(super) A, pub(super) u32);

impl<S: Send + Sync, A: FromStr> FromRequestParts<S> for InPathNumbered<A> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        let mut values = params.iter().map(|(_, value)| value);
        let id = values.next().and_then(|value| value.parse().ok()).ok_or(ApiError::NotFound)?;
        let number = values.next().and_then(|value| value.parse().ok()).ok_or(ApiError::NotFound)?;
        Ok(Self(id, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nearest_proxy_is_believed() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded_for(&headers), None);
        headers.insert("x-forwarded-for", "6.6.6.6, 203.0.113.9".parse().unwrap());
        assert_eq!(forwarded_for(&headers), Some("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn an_address_may_come_with_a_port() {
        for (text, expected) in [
            ("203.0.113.9", Some("203.0.113.9")),
            ("203.0.113.9:51234", Some("203.0.113.9")),
            ("2001:db8::9", Some("2001:db8::9")),
            ("[2001:db8::9]", Some("2001:db8::9")),
            ("[2001:db8::9]:51234", Some("2001:db8::9")),
            ("203.0.113.9:", None),
            ("203.0.113.9:99999", None),
            ("[203.0.113.9", None),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(address(text), expected.map(|expected| expected.parse().unwrap()), "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "6.6.6.6:1, 203.0.113.9:51234".parse().unwrap());
        assert_eq!(forwarded_for(&headers), Some("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn agents_are_families() {
        assert_eq!(family("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"), "Chrome");
        assert_eq!(family("curl/8"), "other");
    }
}
