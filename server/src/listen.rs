//! Connections: taken, served, and given up where nothing comes or goes.

mod paced;

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
use crate::uploads::Pace;
use paced::Paced;

/// How slow a client may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a request's head may take, and how long a connection is kept on which none comes: who sends half of one
    /// must not hold a place for ever.
    pub head: Duration,
    /// What has to be taken of an answer that does not go out at once: who reads nothing, or a byte now and then, must
    /// not hold a place for ever, either.
    pub answer: Pace,
}

/// What honest clients need. Half a KiB in a second is a quarter of what a chunk must come in with, because what a client
/// takes is seen in steps of up to 128 KiB.
pub const PATIENCE: Patience =
    Patience { head: Duration::from_secs(30), answer: Pace { window: Duration::from_mins(2), least: 60 << 10 } };

/// How long nothing at all may be taken of what was sent: whoever should take it may be gone.
const SILENCE: Duration = Duration::from_mins(1);

/// How much of an answer the system takes before it sends it. It would take megabytes, and ask for more only once a third
/// of them was gone: for minutes, who reads slowly would look like who reads nothing.
const UNSENT: u32 = 128 << 10;

/// Serves until it is told to stop, and then until what is under way is done.
pub async fn serve(listener: TcpListener, router: Router, patience: Patience, stop: impl Future<Output = ()>) {
    let mut listener = listener.tap_io(set_up);
    let mut services = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            taken = listener.accept() => taken,
            () = &mut stop => break,
        };
        let service = services.call(address).await.unwrap_or_else(|error: Infallible| match error {});
        let stream = TokioIo::new(Paced::new(stream, patience.answer));
        let connection = open.watch(http.serve_connection(stream, TowerToHyperService::new(service)));
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
    if let Err(error) = SockRef::from(&*stream).set_tcp_notsent_lowat(UNSENT) {
        tracing::warn!(cause = describe(&error), "a connection may look slower than it is");
    }
    // The end of an answer must not wait for the receipt of its beginning, which may come 40 milliseconds late.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(cause = describe(&error), "a connection holds small packets back");
    }
}
