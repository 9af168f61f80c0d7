//! Clients that each send one request after another for a while, over a connection of their own.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST};
use hyper_util::rt::TokioIo;
use protocol::api::MEDIA_TYPE;
use tokio::net::TcpSocket;

use crate::Failure;

/// How quickly requests were answered.
pub(crate) struct Figures {
    /// Requests in a second.
    pub(crate) rate: f64,
    /// From the request to the last byte of the answer.
    pub(crate) times: Histogram<u64>,
}

impl Figures {
    /// Of what was timed elsewhere.
    pub(crate) fn of(times: &[Duration], took: Duration) -> Result<Self, Failure> {
        let mut histogram = Histogram::new(3)?;
        for time in times {
            histogram.record(micros(*time))?;
        }
        Ok(Self { rate: per_second(histogram.len(), took), times: histogram })
    }

    /// Requests a second, the median and the 99th percentile in milliseconds.
    pub(crate) fn cells(&self) -> [String; 3] {
        let percentile = |q| {
            #[expect(clippy::cast_precision_loss, reason = "microseconds, far below 2^52")]
            let milliseconds = self.times.value_at_quantile(q) as f64 / 1000.0;
            format!("{milliseconds:.2}")
        };
        [format!("{:.0}", self.rate), percentile(0.5), percentile(0.99)]
    }
}

/// What every client asks for, again and again.
#[derive(Clone)]
struct Wanted {
    address: String,
    paths: Vec<String>,
    cookie: String,
}

/// One request at a time from each client, with the cookie of a session. Where it takes several, one after another,
/// they count as one.
pub(crate) async fn get(
    address: &str,
    paths: &[String],
    cookie: &str,
    clients: usize,
    seconds: u64,
) -> Result<Figures, Failure> {
    let start = Instant::now();
    let until = start + Duration::from_secs(seconds);
    let wanted = Wanted { address: address.to_owned(), paths: paths.to_vec(), cookie: cookie.to_owned() };
    let running: Vec<_> = (0..clients)
        .map(|_| {
            let wanted = wanted.clone();
            tokio::task::spawn_local(async move { one(&wanted, until).await.map_err(|error| error.to_string()) })
        })
        .collect();
    let mut times = Histogram::new(3)?;
    for client in running {
        times.add(client.await??)?;
    }
    Ok(Figures { rate: per_second(times.len(), start.elapsed()), times })
}

/// Messages from one address.
pub(crate) struct Turn {
    /// The address, which is this machine's own.
    pub(crate) from: Ipv4Addr,
    /// What is sent, one after another.
    pub(crate) messages: Vec<Vec<u8>>,
}

/// Sends every message once. Each client takes one turn after another, over a connection for each.
pub(crate) async fn post(
    address: &str,
    path: &'static str,
    turns: Vec<Turn>,
    clients: usize,
) -> Result<Figures, Failure> {
    let turns = Rc::new(RefCell::new(turns));
    let start = Instant::now();
    let running: Vec<_> = (0..clients)
        .map(|_| {
            let (address, turns) = (address.to_owned(), Rc::clone(&turns));
            tokio::task::spawn_local(async move {
                take_turns(&address, path, &turns).await.map_err(|error| error.to_string())
            })
        })
        .collect();
    let mut times = Histogram::new(3)?;
    for client in running {
        times.add(client.await??)?;
    }
    Ok(Figures { rate: per_second(times.len(), start.elapsed()), times })
}

async fn take_turns(address: &str, path: &str, turns: &RefCell<Vec<Turn>>) -> Result<Histogram<u64>, Failure> {
    let mut times = Histogram::new(3)?;
    loop {
        let next = turns.borrow_mut().pop();
        let Some(turn) = next else { return Ok(times) };
        let mut sender = connect(address, turn.from).await?;
        for message in turn.messages {
            let request = hyper::Request::post(path)
                .header(HOST, address)
                .header(CONTENT_TYPE, MEDIA_TYPE)
                .body(Full::from(message))?;
            let start = Instant::now();
            exchange(&mut sender, request).await?;
            times.record(micros(start.elapsed()))?;
        }
    }
}

async fn connect(address: &str, from: Ipv4Addr) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    let stream = socket.connect(address.parse()?).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with its sender.
    tokio::task::spawn_local(connection);
    Ok(sender)
}

/// Sends a request and reads the answer to its last byte.
async fn exchange(sender: &mut SendRequest<Full<Bytes>>, request: hyper::Request<Full<Bytes>>) -> Result<(), Failure> {
    let path = request.uri().path().to_owned();
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        return Err(format!("{path} is answered with {}", response.status()).into());
    }
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}

async fn one(wanted: &Wanted, until: Instant) -> Result<Histogram<u64>, Failure> {
    let mut sender = connect(&wanted.address, Ipv4Addr::LOCALHOST).await?;
    let mut times = Histogram::new(3)?;
    while Instant::now() < until {
        let start = Instant::now();
        for path in &wanted.paths {
            let request = hyper::Request::get(path)
                .header(HOST, &wanted.address)
                .header(COOKIE, &wanted.cookie)
                .body(Full::default())?;
            exchange(&mut sender, request).await?;
        }
        times.record(micros(start.elapsed()))?;
    }
    Ok(times)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
