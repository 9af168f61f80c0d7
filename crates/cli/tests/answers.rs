//! What a server may answer with: no more than its request allows, and no cookie but the session's. That it has no time
//! may be said by what stands before it, too.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use cli::platform::Terminal;
use client::platform::{Asked, Method, Platform as _, Request, Response, Unsent};
use protocol::api::MEDIA_TYPE;
use protocol::{ApiError, cbor};

/// Bytes in a chunk.
const CHUNK: usize = 8 << 20;

/// A server that answers each request, of which it is given the head, and then hangs up.
fn server(answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + 'static) -> Terminal {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut head, mut byte) = (Vec::new(), [0_u8]);
            while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                head.extend_from_slice(&byte);
            }
            // Whoever has heard enough does not listen to the end.
            drop(answer(&String::from_utf8_lossy(&head), &mut stream));
        }
    });
    Terminal::over(reqwest::Client::builder().no_proxy(), &address, None).unwrap()
}

async fn ask(terminal: &Terminal, path: &str) -> Result<Response, Unsent> {
    terminal.send(Request { method: Method::Get, path: path.to_owned(), body: Bytes::new(), chunk: None }).await
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up() {
    let endless = server(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")?;
        let piece = vec![7_u8; 1 << 16];
        loop {
            write!(stream, "{:x}\r\n", piece.len())?;
            stream.write_all(&piece)?;
            stream.write_all(b"\r\n")?;
        }
    });
    for path in ["/api/v1/session", "/api/v1/blobs/00/chunks/0"] {
        assert_eq!(ask(&endless, path).await.err(), Some(Unsent::Endless), "{path}");
    }
}

#[tokio::test]
async fn an_answer_may_be_as_long_as_a_chunk() {
    let whole = server(|_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {CHUNK}\r\nconnection: close\r\n\r\n")?;
        stream.write_all(&vec![7_u8; CHUNK])
    });
    for path in ["/api/v1/session", "/api/v1/blobs/00/chunks/0"] {
        let answer = ask(&whole, path).await.unwrap();
        assert!(answer.status == 200 && answer.body == vec![7_u8; CHUNK], "{path}");
    }
}

#[tokio::test]
async fn who_has_no_time_is_heard_whatever_the_body_is() {
    let own = cbor::encode(&ApiError::TooMany(7));
    let body = own.clone();
    let terminal = server(move |head, stream| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (status, kind) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        write!(stream, "HTTP/1.1 {status} Later\r\nretry-after: 7\r\nconnection: close\r\n")?;
        match kind {
            "page" => stream.write_all(b"content-type: text/html\r\ncontent-length: 12\r\n\r\n<p>Busy.</p>"),
            "nothing" => stream.write_all(b"content-length: 0\r\n\r\n"),
            // It hangs up in the middle.
            "half" => stream.write_all(b"content-type: text/html\r\ncontent-length: 1000\r\n\r\n<p>"),
            _ => {
                write!(stream, "content-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\r\n", body.len())?;
                stream.write_all(&body)
            }
        }
    });
    for path in ["/429/page", "/429/nothing", "/429/half", "/503/page", "/503/nothing", "/503/half", "/503/own"] {
        assert_eq!(ask(&terminal, path).await.err(), Some(Unsent::Later(Asked(7))), "{path}");
    }
    // Our server says itself what was too often.
    assert!(ask(&terminal, "/429/own").await.is_ok_and(|answer| (answer.status, answer.body) == (429, own)));
}

#[tokio::test]
async fn only_the_sessions_cookie_is_kept() {
    let terminal = server(|head, stream| {
        let cookies: &[&str] = if head.starts_with("GET /signin") {
            &["AWSALB=first; Path=/", "__Host-healthbridge=abc; Path=/; Secure", "__Host-healthbridge2=other"]
        } else if head.starts_with("GET /signout") {
            &["__Host-healthbridge=; Path=/; Max-Age=0", "AWSALB=third; Path=/"]
        } else {
            &["AWSALB=second; Path=/", "AWSALB=; Path=/"]
        };
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n")?;
        for cookie in cookies {
            write!(stream, "set-cookie: {cookie}\r\n")?;
        }
        stream.write_all(b"\r\n")
    });
    for (path, kept) in [
        ("/balanced", None),
        ("/signin", Some("__Host-healthbridge=abc")),
        ("/balanced", Some("__Host-healthbridge=abc")),
        ("/signout", None),
    ] {
        ask(&terminal, path).await.unwrap();
        assert_eq!(terminal.cookie().as_deref(), kept, "{path}");
    }
}
