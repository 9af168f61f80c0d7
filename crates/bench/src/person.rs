//! People with accounts, each at an address of their own, as the limits count them.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use cli::platform::Terminal;
use client::draft::examine;
use client::password::NewPassword;
use client::platform::{Request, Response, Unsent};
use client::session::SignUp;
use client::upload::{NoOutbox, Unwatched};
use client::{Platform, Session};
use hyper::body::Bytes;
use protocol::api::{Profile, SignInStart};
use protocol::{Digest, Minute, RecordId, cbor};

use crate::Failure;
use crate::host::Host;

/// Everybody's password: nothing here is anybody's.
const PASSWORD: &str = "a quiet bridge over water";

/// Where a sign-in begins.
pub(crate) const SIGN_IN_START: &str = "/api/v1/signin/start";

/// The command line's platform, which notes how long each request took.
pub(crate) struct Timed {
    terminal: Terminal,
    times: RefCell<Vec<(String, Duration)>>,
    /// The message that began the last sign-in.
    sign_in: RefCell<Bytes>,
}

impl Timed {
    /// One client at an address of its own on this machine.
    pub(crate) fn new(host: &Host, number: u16) -> Result<Self, Failure> {
        let [high, low] = number.to_be_bytes();
        let own = IpAddr::from(Ipv4Addr::new(127, 1, high, low.max(1)));
        // `localhost` may be ::1 first, which no 127.* can reach.
        let builder = reqwest::Client::builder().local_address(own).tcp_nodelay(true);
        let server = format!("http://{}", host.address);
        Ok(Self {
            terminal: Terminal::over(builder, &server, None)?,
            times: RefCell::default(),
            sign_in: RefCell::default(),
        })
    }

    /// The session's cookie.
    pub(crate) fn cookie(&self) -> Result<String, Failure> {
        self.terminal.cookie().ok_or_else(|| "there is no session".into())
    }

    /// The message that began the last sign-in.
    pub(crate) fn sign_in_message(&self) -> Result<SignInStart, Failure> {
        Ok(cbor::decode(&self.sign_in.borrow())?)
    }

    /// How long the requests took whose path ends so, since this was last asked.
    pub(crate) fn take(&self, path: &str) -> Vec<Duration> {
        let mut times = self.times.borrow_mut();
        let taken = times.iter().filter(|(of, _)| of.ends_with(path)).map(|(_, took)| *took).collect();
        times.retain(|(of, _)| !of.ends_with(path));
        taken
    }
}

impl Platform for Timed {
    type Cipher = <Terminal as Platform>::Cipher;

    fn cipher(&self) -> Self::Cipher {
        self.terminal.cipher()
    }

    async fn digest(&self, chunk: &Bytes) -> Digest {
        self.terminal.digest(chunk).await
    }

    async fn send(&self, request: Request) -> Result<Response, Unsent> {
        let path = request.path.clone();
        if path == SIGN_IN_START {
            self.sign_in.borrow_mut().clone_from(&request.body);
        }
        let start = Instant::now();
        let answer = self.terminal.send(request).await;
        self.times.borrow_mut().push((path, start.elapsed()));
        answer
    }

    async fn sleep(&self, milliseconds: u32) {
        self.terminal.sleep(milliseconds).await;
    }

    fn now(&self) -> Minute {
        self.terminal.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.terminal.fill_random(bytes);
    }
}

/// Somebody's address.
pub(crate) fn email(number: u16) -> String {
    format!("person{number}@example.org")
}

/// Makes an account.
pub(crate) async fn sign_up(host: &Host, number: u16, provider: bool) -> Result<Session<Timed>, Failure> {
    let profile = if provider {
        Profile::Provider { specialty: "Cardiology".to_owned(), organisation: "St. Anna".to_owned(), verified: false }
    } else {
        Profile::Patient
    };
    let (email, name) = (&email(number), "Somebody");
    let password = &NewPassword::choose(PASSWORD, email, name)?;
    let entered = SignUp { email, name, profile, password };
    Ok(Session::sign_up(Timed::new(host, number)?, entered).await?.0)
}

/// A new device of somebody.
pub(crate) async fn sign_in(host: &Host, number: u16) -> Result<Session<Timed>, Failure> {
    Ok(Session::sign_in(Timed::new(host, number)?, &email(number), PASSWORD).await?)
}

/// Finds somebody.
pub(crate) async fn find(session: &Session<Timed>, number: u16) -> Result<protocol::api::Person, Failure> {
    Ok(session.find(&email(number)).await?)
}

/// What somebody types to sign in.
pub(crate) fn sign_in_words(number: u16) -> (String, &'static str) {
    (email(number), PASSWORD)
}

/// Adds a small record.
pub(crate) async fn add_small(session: &Session<Timed>, number: usize) -> Result<RecordId, Failure> {
    let content = format!("Blood pressure {} over {}", 100 + number % 60, 60 + number % 40).into_bytes();
    let draft = examine(&format!("reading-{number:05}.txt"), &content, content.len() as u64, 0);
    let ticket = session.begin(draft).await?;
    Ok(session.run(&ticket, &content[..], &NoOutbox, &Unwatched).await?)
}

/// Adds small records until there are so many, several at a time.
pub(crate) async fn fill(session: &Session<Timed>, from: usize, to: usize) -> Result<(), Failure> {
    use futures_util::{StreamExt as _, TryStreamExt as _, stream};
    stream::iter(from..to)
        .map(|number| add_small(session, number))
        .buffer_unordered(8)
        .try_for_each(async |_| Ok(()))
        .await
}
