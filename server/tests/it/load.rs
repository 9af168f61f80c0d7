//! Too many requests, too slow ones, the last ones; and what is counted of all of them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request};
use futures_util::stream::{self, StreamExt as _};
use protocol::api::{BlobCreate, CHUNK_DIGEST_HEADER, MEDIA_TYPE, Profile};
use protocol::entry::CHUNK;
use protocol::{ApiError, BlobId, Digest};
use server::blobs::Blobs;
use server::listen::{PATIENCE, Patience, serve};
use server::router::router;
use server::state::Load;
use server::uploads::{Pace, UPLOADS_AT_ONCE, UPLOADS_OF_ONE};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::person::{Person, id16};
use crate::test_app::{TestApp, request};

#[tokio::test]
async fn one_request_too_many_is_told_when_to_try_again() {
    let mut app = TestApp::sqlite().await;
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (_, blob) = ann.add_record(&app, b"bytes").await;
    let places = Arc::new(Semaphore::new(1));
    app.set(|state| state.load.requests = places.clone());
    assert_eq!(app.get("/api/v1/session", Some(&ann.cookie)).await.status, 200);

    // A request is open until its body is sent.
    let path = format!("/api/v1/blobs/{blob}/chunks/0");
    let open = app.begin(request("GET", &path, Some(&ann.cookie)).body(Body::empty()).unwrap()).await;
    assert_eq!((open.status().as_u16(), places.available_permits()), (200, 0));
    let refused = app.get("/api/v1/session", Some(&ann.cookie)).await;
    assert_eq!((refused.status, refused.error()), (503, ApiError::Unavailable));
    assert_eq!(refused.headers["retry-after"], "2");
    for path in ["/", "/nowhere"] {
        let refused = app.get(path, Some(&ann.cookie)).await;
        assert_eq!((refused.status, &refused.headers["retry-after"]), (503, &HeaderValue::from_static("2")), "{path}");
        assert_eq!(refused.headers["content-type"], "text/html; charset=utf-8", "{path}");
        assert!(String::from_utf8(refused.body).unwrap().contains("Nothing was lost"), "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.get(path, None).await.status, 200, "{path}");
    }
    let metrics = app.state.metrics.render();
    assert!(metrics.contains("healthbridge_requests_shed_total 3\n"), "{metrics}");
    assert!(metrics.contains("healthbridge_requests_open 1\n"), "{metrics}");

    drop(open);
    assert_eq!(app.get("/api/v1/session", Some(&ann.cookie)).await.status, 200);
    assert!(app.state.metrics.render().contains("healthbridge_requests_open 0\n"));
}

#[tokio::test]
async fn nobody_takes_every_place() {
    let mut app = TestApp::sqlite().await;
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (_, blob) = ann.add_record(&app, b"bytes").await;
    app.set(|state| state.load = Load::shared(8, 1));
    let ask_from = async |address: &str| {
        let mut request = request("GET", "/api/v1/session", Some(&ann.cookie)).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address.parse().unwrap(), 40000)));
        app.send(request).await
    };
    let chunk = request("GET", &format!("/api/v1/blobs/{blob}/chunks/0"), Some(&ann.cookie));
    let open = app.begin(chunk.body(Body::empty()).unwrap()).await;
    let refused = ask_from("203.0.113.7").await;
    assert_eq!((refused.status, refused.error()), (503, ApiError::Unavailable));
    assert_eq!(refused.headers["retry-after"], "2");
    assert_eq!(app.get("/healthz", None).await.status, 200);
    for other in ["203.0.113.8", "2001:db8::1", "127.0.0.1"] {
        assert_eq!(ask_from(other).await.status, 200, "{other}");
    }
    drop(open);
    assert_eq!(ask_from("203.0.113.7").await.status, 200);
    assert!(app.state.metrics.render().contains("healthbridge_requests_shed_total 1\n"));
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let mut app = TestApp::sqlite().await;
    let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    app.set(|state| state.load = Load { patience: Duration::from_millis(50), ..Load::new(1) });
    let endless = stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let slow = request("POST", "/api/v1/signin/start", Some(&ann.cookie)).header("content-type", MEDIA_TYPE);
    let answer = app.send(slow.body(Body::from_stream(endless)).unwrap()).await;
    assert_eq!((answer.status, answer.error()), (503, ApiError::Unavailable));
    assert_eq!(answer.headers["retry-after"], "2");
    assert!(app.state.metrics.render().contains("healthbridge_requests_timed_out_total 1\n"));
    // Its place is free again.
    assert_eq!(app.get("/api/v1/session", Some(&ann.cookie)).await.status, 200);
}

on_both! {
    async fn who_sends_slowly_holds_up_nobody_else(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let ben = Person::sign_up(&app, "ben@example.org", Profile::Patient).await;
        let length = 5;
        let blobs: Vec<BlobId> = (0..=UPLOADS_AT_ONCE).map(|_| BlobId::from_bytes(id16())).collect();
        for blob in &blobs {
            announce(&app, &ann, *blob, length).await;
        }
        let blob = BlobId::from_bytes(id16());
        announce(&app, &ben, blob, length).await;

        let (app, listened) = (&app, Arc::new(AtomicUsize::new(0)));
        let trickling = blobs.iter().map(|blob| {
            let listened = Arc::clone(&listened);
            // The server asks for the first byte once it is this chunk's turn.
            let nothing = stream::once(async move {
                listened.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<Result<Vec<u8>, std::io::Error>>().await
            });
            app.send(chunk_of(&ann, *blob, Body::from_stream(nothing)))
        });
        let sent = async {
            while listened.load(Ordering::SeqCst) < UPLOADS_OF_ONE {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            ben.put_chunk(app, blob, 0, b"bytes", Digest::of(b"bytes")).await.unwrap();
        };
        tokio::select! {
            _ = futures_util::future::join_all(trickling) => panic!("nothing was sent"),
            () = sent => {}
        }
        assert_eq!(listened.load(Ordering::SeqCst), UPLOADS_OF_ONE);
    }

    async fn a_chunk_that_comes_too_slowly_is_given_up(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let blob = BlobId::from_bytes(id16());
        announce(&app, &ann, blob, 5).await;
        app.set(|state| state.uploads.pace = Pace { window: Duration::from_millis(200), least: 2 });
        let every = async |wait| {
            let bytes = stream::iter(b"bytes").then(move |byte| async move {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                Ok::<_, std::io::Error>(vec![*byte])
            });
            app.send(chunk_of(&ann, blob, Body::from_stream(bytes))).await.done()
        };
        assert_eq!(every(300).await, Err(ApiError::Unavailable));
        assert_eq!(every(50).await, Ok(()));
    }
}

async fn announce(app: &TestApp, person: &Person, blob: BlobId, length: u64) {
    let create = BlobCreate { vault: person.vault, length };
    app.call("PUT", &format!("/api/v1/blobs/{blob}"), Some(&person.cookie), &create).await.done().unwrap();
}

fn chunk_of(person: &Person, blob: BlobId, body: Body) -> Request<Body> {
    let put = request("PUT", &format!("/api/v1/blobs/{blob}/chunks/0"), Some(&person.cookie));
    put.header(CHUNK_DIGEST_HEADER, Digest::of(b"bytes").to_string()).body(body).unwrap()
}

#[tokio::test]
async fn metrics_count_and_name_nobody() {
    let app = TestApp::sqlite().await;
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (record, blob) = ann.add_record(&app, b"bytes").await;
    ann.chunk(&app, blob, 0).await.unwrap();
    app.get(&format!("/ann@example.org/{record}"), None).await;
    app.bare("ANN", "/api/v1/session", Some(&ann.cookie)).await;
    let metrics = app.state.metrics.render();
    for line in [
        "healthbridge_requests_total{method=\"POST\",route=\"/api/v1/signup/finish\",status=\"200\"} 1\n",
        "healthbridge_requests_total{method=\"PUT\",route=\"/api/v1/blobs/{blob}/chunks/{number}\",status=\"204\"} 1\n",
        "healthbridge_requests_total{method=\"GET\",route=\"-\",status=\"404\"} 1\n",
        "healthbridge_requests_total{method=\"other\",route=\"/api/v1/session\",status=\"404\"} 1\n",
        "healthbridge_request_duration_seconds_count{route=\"/api/v1/signup/finish\"} 1\n",
        "healthbridge_log_entries_appended_total 1\n",
        "healthbridge_chunks_total{direction=\"in\"} 1\n",
        "healthbridge_chunks_transferred_total{direction=\"out\"} 5\n",
        "healthbridge_scrub_findings_total{what=\"missing\"} 0\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
    let told = [ann.account.to_string(), ann.vault.to_string(), record.to_string(), blob.to_string()];
    for secret in told.iter().map(String::as_str).chain(["ann@", "ANN", "203.0.113"]) {
        assert!(!metrics.contains(secret), "{secret} is in the metrics:\n{metrics}");
    }
}

/// What comes back before the connection is closed.
fn until_closed(address: SocketAddr, sent: &'static str) -> tokio::task::JoinHandle<String> {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_closed() {
    let app = TestApp::sqlite().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let patience = Patience { head: Duration::from_millis(200), ..PATIENCE };
    let served = tokio::spawn(serve(listener, router(app.state.clone()), patience, async {
        let _ = stopped.await;
    }));
    assert_eq!(until_closed(address, "").await.unwrap(), "");
    assert_eq!(until_closed(address, "P").await.unwrap(), "");
    assert_eq!(until_closed(address, "GET /healthz HTTP/1.1\r\nhost: local").await.unwrap(), "");
    // One that was of use is closed, too.
    let answer = until_closed(address, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok"), "{answer}");
    // Who has sent the whole head may take longer over the body.
    let body = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!("POST /api/v1/signin/start HTTP/1.1\r\nhost: localhost\r\ncontent-type: {MEDIA_TYPE}");
        write!(stream, "{head}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n\0").unwrap();
        std::thread::sleep(Duration::from_millis(600));
        stream.write_all(b"\0").unwrap();
        let mut answer = vec![];
        stream.read_to_end(&mut answer).unwrap();
        answer
    });
    let answer = body.await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    stop.send(()).unwrap();
    served.await.unwrap();
    assert!(TcpStream::connect(address).is_err());
}

/// How long who takes nothing of an answer is waited for, below.
const WINDOW: Duration = Duration::from_secs(1);

/// A server that gives up answers of which nothing is taken.
async fn impatient(app: &TestApp) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let patience = Patience { answer: Pace { window: WINDOW, least: 1 }, ..PATIENCE };
    tokio::spawn(serve(listener, router(app.state.clone()), patience, std::future::pending()));
    address
}

/// Asks for something, without taking any of the answer.
fn asked(address: SocketAddr, path: &str, cookie: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n").unwrap();
    stream
}

/// Waits until so many requests are open.
async fn until_open(app: &TestApp, requests: usize) {
    let line = format!("healthbridge_requests_open {requests}\n");
    let open = async {
        while !app.state.metrics.render().contains(&line) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), open).await.unwrap();
}

/// A server that reads chunks from a folder, bit by bit; somebody, and the path of a chunk of theirs that no buffer holds.
async fn with_chunk(folder: &std::path::Path) -> (TestApp, Person, String) {
    let mut app = TestApp::sqlite().await;
    app.set(|state| state.blobs = Blobs::folder(folder).unwrap());
    let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let (_, blob) = ann.add_record(&app, &vec![7; usize::try_from(CHUNK).unwrap()]).await;
    (app, ann, format!("/api/v1/blobs/{blob}/chunks/0"))
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (app, ann, path) = with_chunk(folder.path()).await;
    let mut stream = asked(impatient(&app).await, &path, &ann.cookie);
    until_open(&app, 1).await;
    until_open(&app, 0).await;
    // It was broken off, and not left where it stood: what was sent before comes, and not the rest.
    let taken = tokio::task::spawn_blocking(move || {
        let mut taken = vec![];
        let _ = stream.read_to_end(&mut taken);
        taken
    });
    let taken = taken.await.unwrap();
    assert!(taken.len() < usize::try_from(CHUNK).unwrap(), "{}", taken.len());
}

#[tokio::test]
async fn who_takes_an_answer_slowly_gets_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (app, ann, path) = with_chunk(folder.path()).await;
    let mut stream = asked(impatient(&app).await, &path, &ann.cookie);
    let taken = tokio::task::spawn_blocking(move || {
        let (mut taken, mut piece) = (0, vec![0; 256 << 10]);
        loop {
            std::thread::sleep(Duration::from_millis(20));
            match stream.read(&mut piece).unwrap() {
                0 => return taken,
                bytes => taken += bytes,
            }
        }
    });
    let taken = taken.await.unwrap();
    assert!(taken > usize::try_from(CHUNK).unwrap(), "{taken}");
}

#[tokio::test]
async fn a_stream_on_which_nothing_happens_stays_open() {
    let app = TestApp::sqlite().await;
    let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let mut stream = asked(impatient(&app).await, "/api/v1/events", &ann.cookie);
    let heard = |mut stream: TcpStream| {
        tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            while !text.contains("event: changed") {
                let mut piece = [0; 1024];
                let bytes = stream.read(&mut piece).unwrap();
                assert_ne!(bytes, 0, "it ended: {text}");
                text.push_str(str::from_utf8(&piece[..bytes]).unwrap());
            }
            stream
        })
    };
    stream = heard(stream).await.unwrap();
    tokio::time::sleep(3 * WINDOW).await;
    app.state.events.tell(&[ann.account]).await;
    heard(stream).await.unwrap();
}

struct Running {
    child: Child,
    lines: Vec<String>,
}

impl Running {
    /// A server of its own process, with metrics, once it said everything that it says at its start.
    fn start(folder: &std::path::Path) -> Self {
        std::fs::create_dir(folder.join("site")).unwrap();
        let settings = "site = \"site\"\nlisten = \"127.0.0.1:0\"\nmetrics_listen = \"127.0.0.1:0\"";
        std::fs::write(folder.join("healthbridge.toml"), settings).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_healthbridge-server"));
        command.arg("serve").current_dir(folder).env_clear().stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(3).map(Result::unwrap).collect();
        Self { child, lines }
    }

    /// The address in one of the lines, between two marks.
    fn address(&self, line: usize, before: &str, after: &str) -> String {
        let (_, rest) = self.lines[line].split_once(before).unwrap();
        rest.split(after).next().unwrap().to_owned()
    }

    fn stop(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_server_serves_metrics_apart_and_finishes_what_runs_before_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(folder.path());
    let address = server.address(0, "listening on ", ")");
    let metrics = server.address(2, "http://", "/metrics");
    assert!(ask(&address, "/healthz").ends_with("ok"));
    assert!(
        ask(&metrics, "/metrics")
            .contains("healthbridge_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} 1\n")
    );
    assert!(ask(&metrics, "/healthz").starts_with("HTTP/1.1 404"));
    assert!(ask(&address, "/metrics").starts_with("HTTP/1.1 404"));

    let mut stream = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /api/v1/signin/start HTTP/1.1\r\nhost: localhost\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: 2\r\n\r\n"
    );
    stream.write_all(format!("{head}\0").as_bytes()).unwrap();
    while !ask(&metrics, "/metrics").contains("healthbridge_requests_open 1\n") {}
    server.stop();
    while TcpStream::connect(&address).is_ok() {}
    assert_eq!(server.child.try_wait().unwrap(), None);
    stream.write_all(b"\0").unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}
