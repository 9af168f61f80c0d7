//! Bodies without an end: nobody makes the server read more than a route takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use futures_util::stream;
use protocol::Digest;
use protocol::api::{CHUNK_DIGEST_HEADER, MEDIA_TYPE};
use protocol::entry::CHUNK;
use server::router::ROUTES;

use super::ground::{Ground, WHO};
use crate::test_app::request;

/// Bytes in each piece of a body.
const PIECE: usize = 64 << 10;

/// A body without an end, and how much of it was asked for.
pub(super) fn endless() -> (Body, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let piece = Bytes::from(vec![0x81; PIECE]);
    let pieces = stream::repeat_with(move || {
        counted.fetch_add(PIECE, Ordering::SeqCst);
        Ok::<_, std::convert::Infallible>(piece.clone())
    });
    (Body::from_stream(pieces), asked)
}

#[test]
fn no_route_reads_on_and_on() {
    let ground = Ground::sqlite();
    ground.runtime.block_on(async {
        for route in &ROUTES {
            for who in WHO {
                let cookie = ground.cookie(route, who).await;
                let (body, asked) = endless();
                let request = request(route.method, &ground.path(route), cookie.as_deref())
                    .header("content-type", MEDIA_TYPE)
                    .header(CHUNK_DIGEST_HEADER, Digest::of(b"").to_string());
                let answer = ground.app.send(request.body(body).unwrap()).await;
                assert!(answer.status < 500, "{} {} {who:?}: {}", route.method, route.path, answer.status);
                // A chunk that is refused is listened to for as long as an honest one would last.
                let chunk = route.limit as u64 > CHUNK && route.method == "PUT";
                let most = if chunk { 2 * route.limit } else { route.limit } + 2 * PIECE;
                let asked = asked.load(Ordering::SeqCst);
                assert!(asked <= most, "{} {} {who:?} read {asked} bytes", route.method, route.path);
            }
        }
        ground.check_unharmed().await;
    });
}
