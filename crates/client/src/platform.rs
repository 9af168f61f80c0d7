//! What the client needs from where it runs.

use std::convert::Infallible;
use std::fmt;

use bytes::Bytes;
use protocol::api::MEDIA_TYPE;
use protocol::{AccountId, Digest, Minute, VaultId};
use vault::floe::BulkCipher;

/// One request of the vault protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET, POST, PUT or DELETE.
    pub method: Method,
    /// The path and query, from `/api/v1/` on.
    pub path: String,
    /// The body: CBOR, or a chunk.
    pub body: Bytes,
    /// For a chunk: the digest that goes into its header.
    pub chunk: Option<Digest>,
}

/// The most bytes in an answer, and as many as a chunk has. A page of a log has half of that.
const ANSWER: usize = 8 << 20;

/// What a chunk may have beyond that, so that one that is too long is told from one that is not.
const SLACK: usize = 1 << 10;

impl Request {
    /// The most bytes that its answer may have. A server that is honest gives no more, and one that lies is not
    /// listened to until there is no memory left.
    pub fn most(&self) -> usize {
        let is_chunk = self.method == Method::Get && self.path.contains("/chunks/");
        if is_chunk { ANSWER + SLACK } else { ANSWER }
    }
}

/// HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does something once.
    Post,
    /// Sets something; repeating it changes nothing.
    Put,
    /// Removes something.
    Delete,
}

impl Method {
    /// The method's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// The server could not be reached, or the connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no connection to the server")]
pub struct Unreachable;

/// For how long a server asks not to be asked again, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked(pub u32);

impl Asked {
    /// The same in milliseconds, as far as there is room for them.
    pub const fn milliseconds(self) -> u32 {
        self.0.saturating_mul(1_000)
    }
}

/// In the largest unit that fits: "2 seconds", "15 minutes", "3 hours".
impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.0 {
            seconds @ ..=90 => (seconds, "second"),
            seconds @ ..=5_400 => (seconds.div_ceil(60), "minute"),
            seconds => (seconds.div_ceil(3_600), "hour"),
        };
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

/// Why a request has no answer that could be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// It may come another time.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The server, or what stands before it, has no time, and says how long that lasts.
    #[error("the server has no time for {0}")]
    Later(Asked),
    /// It went on beyond [`Request::most`]. No honest server's does, so that asking again is of no use.
    #[error("the server's answer does not come to an end")]
    Endless,
}

impl Unsent {
    /// What an answer comes to whose sender has no time, and says by `Retry-After` how long that lasts, whatever its body
    /// is. Any other answer is to be read, as is one that names a day and not seconds, and a 429 that is of the media type
    /// of our server: that one says the seconds itself, and that it was too often.
    pub fn later(status: u16, retry_after: Option<&str>, content_type: Option<&str>) -> Option<Self> {
        let seconds = retry_after?.trim().parse().ok()?;
        let has_no_time = match status {
            429 => content_type != Some(MEDIA_TYPE),
            502..=504 => true,
            _ => false,
        };
        has_no_time.then_some(Self::Later(Asked(seconds)))
    }
}

/// A log that a device keeps: whose device, and of which vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptLog {
    /// The account that verified it, and seals it.
    pub account: AccountId,
    /// The vault.
    pub vault: VaultId,
}

/// Where the client runs.
#[expect(async_fn_in_trait, reason = "futures stay on their thread, in the browser as in the command line")]
pub trait Platform {
    /// AES-GCM over segments, wherever it is fastest.
    type Cipher: BulkCipher;

    /// A cipher for one stream.
    fn cipher(&self) -> Self::Cipher;

    /// How many chunks of a file may be on their way at once.
    fn chunks_at_once(&self) -> usize {
        3
    }

    /// Hashes a chunk, wherever that is fastest.
    async fn digest(&self, chunk: &Bytes) -> Digest {
        Digest::of(chunk)
    }

    /// Sends one request. The platform keeps the session's cookie.
    async fn send(&self, request: Request) -> Result<Response, Unsent>;

    /// Whose requests these are from now on. A platform whose cookie another program may exchange sends the account
    /// along, and the server refuses what is then asked in another one's name.
    fn belongs_to(&self, _account: AccountId) {}

    /// Waits.
    async fn sleep(&self, milliseconds: u32);

    /// The time.
    fn now(&self) -> Minute;

    /// Fills a buffer from the system's cryptographic generator.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Whether this device keeps sealed pages of logs between two runs. Most do not, and read a log anew.
    fn keeps_logs(&self) -> bool {
        false
    }

    /// Keeps a sealed page, in place of the one of that number. A page that cannot be kept is read again from the
    /// server.
    async fn keep_page(&self, _log: KeptLog, _number: u64, _sealed: &[u8]) {}

    /// A page that was kept.
    async fn kept_page(&self, _log: KeptLog, _number: u64) -> Option<Vec<u8>> {
        None
    }

    /// Forgets every page of a log.
    async fn drop_log(&self, _log: KeptLog) {}

    /// The platform's generator, in the form that `vault` takes.
    fn random(&self) -> Random<'_, Self>
    where
        Self: Sized,
    {
        Random(self)
    }
}

/// The platform's generator, in the form that `vault` takes.
#[derive(Debug)]
pub struct Random<'a, P>(pub(crate) &'a P);

impl<P: Platform> rand_core::TryRng for Random<'_, P> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill_random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill_random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_random(bytes);
        Ok(())
    }
}

impl<P: Platform> rand_core::TryCryptoRng for Random<'_, P> {}

#[cfg(test)]
mod tests {
    use protocol::entry::CHUNK;

    use super::*;

    #[test]
    fn an_answer_has_a_bound_that_a_chunk_fits_in() {
        let most = |method, path: &str| {
            Request { method, path: path.to_owned(), body: Bytes::new(), chunk: None }.most() as u64
        };
        assert_eq!(most(Method::Get, "/api/v1/blobs/00/chunks/3"), CHUNK + 1024);
        for (method, path) in [
            (Method::Put, "/api/v1/blobs/00/chunks/3"),
            (Method::Get, "/api/v1/blobs/00"),
            (Method::Get, "/api/v1/vaults/00/log?after=3"),
        ] {
            assert_eq!(most(method, path), CHUNK);
        }
    }

    #[test]
    fn who_has_no_time_says_how_long_that_lasts() {
        let later = |seconds| Some(Unsent::Later(Asked(seconds)));
        let kinds = [None, Some("text/html"), Some("text/html; charset=utf-8"), Some(MEDIA_TYPE)];
        for (status, said, comes_to) in [
            (503, Some("2"), later(2)),
            (502, Some(" 120 "), later(120)),
            (504, Some("0"), later(0)),
            (503, None, None),
            (503, Some("Fri, 31 Dec 1999 23:59:59 GMT"), None),
            (503, Some("-1"), None),
            (503, Some("99999999999"), None),
            (200, Some("2"), None),
            (301, Some("2"), None),
        ] {
            for kind in kinds {
                assert_eq!(Unsent::later(status, said, kind), comes_to, "{status} {said:?} {kind:?}");
            }
        }
        for kind in kinds {
            // Our server says the seconds itself.
            let comes_to = if kind == Some(MEDIA_TYPE) { None } else { later(900) };
            assert_eq!(Unsent::later(429, Some("900"), kind), comes_to, "{kind:?}");
            assert_eq!(Unsent::later(429, None, kind), None, "{kind:?}");
        }
    }

    #[test]
    fn how_long_is_said_in_words() {
        let words = [0, 1, 2, 90, 91, 900, 5_400, 5_401, 86_400, u32::MAX].map(|seconds| Asked(seconds).to_string());
        assert_eq!(
            words,
            [
                "0 seconds",
                "1 second",
                "2 seconds",
                "90 seconds",
                "2 minutes",
                "15 minutes",
                "90 minutes",
                "2 hours",
                "24 hours",
                "1193047 hours"
            ]
        );
    }
}
