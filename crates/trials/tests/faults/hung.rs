//! The command line's own connections, with the patience that they have, over a line that hangs: it stays open, and
//! nothing comes of it. The minutes pass by the device's clock alone.

use std::cell::RefCell;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cli::platform::{self, Terminal};
use client::platform::Unreachable;
use client::upload::{NoOutbox, Watcher};
use client::{ClientError, Session};
use futures_util::future::join;
use records::Category;

use crate::acts::{draft, verify};
use crate::host::{Host, until};
use crate::line::direct;
use crate::people::{Kept, world};

/// How much is handed on at once.
const PIECE: usize = 64 << 10;

/// How a request hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hangs {
    /// The server does it, and the answer never comes.
    Unanswered,
    /// It is read no further than its beginning.
    Unread,
}

/// A line to a server, on which the first request of a kind hangs until this is dropped.
struct Hanging {
    address: SocketAddr,
    line: Arc<Line>,
}

/// What its threads share.
struct Line {
    server: String,
    /// What the path of the request has in it.
    what: &'static str,
    how: Hangs,
    /// Whether there was no such request yet.
    is_due: AtomicBool,
    /// Whether there was, and nothing comes of it from now on.
    hangs: AtomicBool,
    /// Both ends of its connection, which nobody closes.
    held: Mutex<Vec<TcpStream>>,
}

impl Hanging {
    fn to(host: &Host, what: &'static str, how: Hangs) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = host.address().trim_start_matches("http://").to_owned();
        let (is_due, hangs) = (AtomicBool::new(true), AtomicBool::new(false));
        let line = Arc::new(Line { server, what, how, is_due, hangs, held: Mutex::default() });
        let hanging = Self { address, line: line.clone() };
        thread::spawn(move || {
            for device in listener.incoming() {
                // A connection that is lost on the way is for the device to notice.
                let _ = device.and_then(|device| line.connect(device));
            }
        });
        hanging
    }

    /// A person's device on this line.
    async fn device(&self, kept: &Kept) -> Session<Terminal> {
        let (server, cookie) = (format!("http://{}", self.address), Some(kept.cookie().to_owned()));
        kept.over(Terminal::over(direct(), &server, cookie).unwrap()).await.unwrap()
    }

    /// Waits until it hangs, and then for as long as the device does.
    async fn outlast(&self, patience: Duration) {
        until("it hangs", async || self.line.hangs.load(Ordering::SeqCst)).await;
        tokio::time::pause();
        tokio::time::advance(patience).await;
        tokio::time::resume();
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        for end in self.line.held.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl Line {
    fn connect(self: &Arc<Self>, device: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(&self.server)?;
        for end in [&device, &server] {
            end.set_nodelay(true)?;
        }
        let is_silent = Arc::new(AtomicBool::new(false));
        let (to_device, from_server, line, silent) =
            (device.try_clone()?, server.try_clone()?, self.clone(), is_silent.clone());
        thread::spawn(move || line.hand_back(&from_server, &to_device, &silent));
        let line = self.clone();
        thread::spawn(move || line.hand_on(&device, &server, &is_silent));
        Ok(())
    }

    /// Hands on what the device sends. A request begins a piece: the one before it was answered.
    fn hand_on(&self, device: &TcpStream, mut server: &TcpStream, is_silent: &AtomicBool) -> io::Result<()> {
        let mut requests = BufReader::with_capacity(PIECE, device);
        loop {
            let piece = requests.fill_buf()?;
            let length = piece.len();
            if length == 0 {
                return server.shutdown(Shutdown::Write);
            }
            let head = piece.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let is_meant = head.ends_with(b" HTTP/1.1\r") && String::from_utf8_lossy(head).contains(self.what);
            let begins = is_meant && self.is_due.swap(false, Ordering::SeqCst);
            if begins {
                self.held.lock().unwrap().extend([device.try_clone()?, server.try_clone()?]);
                is_silent.store(true, Ordering::SeqCst);
            }
            server.write_all(piece)?;
            requests.consume(length);
            if begins && self.how == Hangs::Unread {
                self.hangs.store(true, Ordering::SeqCst);
                return Ok(());
            }
        }
    }

    /// Hands on what the server answers, up to the answer that never comes.
    fn hand_back(&self, server: &TcpStream, mut device: &TcpStream, is_silent: &AtomicBool) -> io::Result<()> {
        let mut answers = BufReader::with_capacity(PIECE, server);
        loop {
            let piece = answers.fill_buf()?;
            let length = piece.len();
            if is_silent.load(Ordering::SeqCst) {
                self.hangs.store(true, Ordering::SeqCst);
                return Ok(());
            }
            if length == 0 {
                return device.shutdown(Shutdown::Both);
            }
            device.write_all(piece)?;
            answers.consume(length);
        }
    }
}

/// What is said of the connection.
#[derive(Default)]
struct Heard(RefCell<Vec<bool>>);

impl Watcher for Heard {
    fn sent(&self, _: u64, _: u64) {}

    fn offline(&self, offline: bool) {
        self.0.borrow_mut().push(offline);
    }

    async fn may_go_on(&self) -> Result<(), ClientError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_chunk_that_hangs_goes_over_another_connection() {
    let content: Vec<u8> = (0..20_u32 << 20).map(|place| (place % 251) as u8).collect();
    for how in [Hangs::Unanswered, Hangs::Unread] {
        let host = Host::on(&world().files);
        host.start();
        let line = Hanging::to(&host, "/chunks/", how);
        let maya = line.device(&world().maya).await;
        let ticket = maya.begin(draft("Scan", Category::Imaging, &content)).await.unwrap();
        let heard = Heard::default();
        let run = maya.run(&ticket, &content[..], &NoOutbox, &heard);
        let (record, ()) = join(Box::pin(run), line.outlast(platform::PATIENCE_FOR_CHUNKS)).await;
        record.unwrap();
        // The person was told that it does not go on, and that it does again.
        let heard = heard.0.into_inner();
        assert!(heard.first() == Some(&true) && heard.last() == Some(&false), "{how:?}: {heard:?}");
        let verified = verify(&world().maya.device(&host).await).await.unwrap();
        assert!(verified == [("Scan".to_owned(), content.clone())], "{how:?}");
        drop((maya, line));
        host.stop();
        host.scrub();
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up_and_said() {
    let host = Host::on(&world().files);
    host.start();
    let line = Hanging::to(&host, "/log?", Hangs::Unanswered);
    let maya = line.device(&world().maya).await;
    let vault = maya.own_vault().unwrap();
    let (synced, ()) = join(Box::pin(maya.sync(vault)), line.outlast(platform::PATIENCE)).await;
    assert_eq!(synced, Err(Unreachable.into()));
    // What is asked next is asked over another connection.
    assert_eq!(maya.sync(vault).await, Ok(()));
}
