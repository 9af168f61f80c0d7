//! Between the server and PostgreSQL: a line that breaks when the database has said that something is committed, and before
//! the server has heard it.

use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A notice of the database's: the commit of the transaction that it comes in is not to be heard of.
pub(crate) const UNHEARD: &str = "unheard";

/// A proxy, for as long as this process lasts. It has threads of its own: a test that starts a server waits for it.
pub(crate) struct Proxy {
    address: SocketAddr,
    unheard: Arc<AtomicUsize>,
}

impl Proxy {
    /// To a database at this address.
    pub(crate) fn to(database: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), unheard: Arc::default() };
        let unheard = proxy.unheard.clone();
        thread::spawn(move || {
            for server in listener.incoming() {
                // A connection that is lost on the way is what this is for.
                let _ = server.and_then(|server| connect(server, &database, &unheard));
            }
        });
        proxy
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many commits were not heard of.
    pub(crate) fn unheard(&self) -> usize {
        self.unheard.load(Ordering::SeqCst)
    }
}

/// Connects a server to the database.
fn connect(mut server: TcpStream, database: &str, unheard: &Arc<AtomicUsize>) -> io::Result<()> {
    let mut there = TcpStream::connect(database)?;
    for line in [&server, &there] {
        line.set_nodelay(true)?;
    }
    let (answers, answered, unheard) = (there.try_clone()?, server.try_clone()?, unheard.clone());
    thread::spawn(move || {
        let _ = hand_on(&answers, &answered, &unheard);
        let _ = (answers.shutdown(Shutdown::Both), answered.shutdown(Shutdown::Both));
    });
    thread::spawn(move || {
        let _ = io::copy(&mut server, &mut there);
        let _ = there.shutdown(Shutdown::Both);
    });
    Ok(())
}

/// Hands on what the database says, message by message, up to a commit that is not to be heard of.
fn hand_on(database: &TcpStream, mut server: &TcpStream, unheard: &AtomicUsize) -> io::Result<()> {
    let mut answers = BufReader::new(database);
    let mut is_marked = false;
    loop {
        // What it is, and how long, itself included.
        let mut head = [0; 5];
        answers.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = u64::from(u32::from_be_bytes(length)).saturating_sub(4);
        let mut body = Vec::new();
        answers.by_ref().take(length).read_to_end(&mut body)?;
        match (kind, body.as_slice()) {
            (b'N', notice) => is_marked |= notice.windows(UNHEARD.len()).any(|words| words == UNHEARD.as_bytes()),
            (b'C', b"COMMIT\0") if is_marked => {
                unheard.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
            (b'C', b"ROLLBACK\0") => is_marked = false,
            _ => {}
        }
        server.write_all(&[head.as_slice(), body.as_slice()].concat())?;
    }
}
