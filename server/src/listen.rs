//! Connections: taken, served, and given up where nothing comes or goes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener as _, ListenerExt as _};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tower::Service as _;

use crate::causes::describe;

/// How long a request's head may take, and how long a connection is kept on which none comes: who sends half of one
/// must not hold a place for ever.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a connection may take no answer: who reads nothing must not hold a place for ever, either.
const SILENCE: Duration = Duration::from_mins(1);

/// Serves until it is told to stop, and then until what is under way is done.
pub async fn serve(listener: TcpListener, router: Router, patience: Duration, stop: impl Future<Output = ()>) {
    let mut listener = listener.tap_io(set_up);
    let mut services = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            taken = listener.accept() => taken,
            () = &mut stop => break,
        };
        let service = services.call(address).await.unwrap_or_else(|error: Infallible| match error {});
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(cause = describe(&error), "a connection broke off");
            }
        });
    }
    drop(listener);
    open.shutdown().await;
}

fn set_up(stream: &mut TcpStream) {
    if let Err(error) = SockRef::from(&*stream).set_tcp_user_timeout(Some(SILENCE)) {
        tracing::warn!(cause = describe(&error), "a connection has no bound on its silence");
    }
    // The end of an answer must not wait for the receipt of its beginning, which may come 40 milliseconds late.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(cause = describe(&error), "a connection holds small packets back");
    }
}
