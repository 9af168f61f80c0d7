//! What a server may answer with: no more than its request allows, and no cookie but the session's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use cli::platform::Terminal;
use client::platform::{Method, Platform as _, Request, Response, Unsent};

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
