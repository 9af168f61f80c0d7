//! The decoder: a process of its own, without keys, that finds out what a file is. A file from hostile hands may hold it up
//! without end, or fill its memory. Then the command ends it, and keeps the file all the same.

pub(crate) mod message;

use std::io::{self, Read, Write};
use std::process::{self, ExitCode};
use std::sync::mpsc;
use std::thread;

use client::draft::examine;
use protocol::cbor;

use message::{Ask, MOST_ASKED, MOST_EXAMINED, Proposed};

/// The one argument by which this program becomes a decoder. No help names it.
pub const COMMAND: &str = "decode-files";

/// How much memory it may take, in bytes: more than the largest picture needs that is opened. It counts what is only set
/// aside, so it is a little more than the browser's.
#[cfg(unix)]
const MOST_MEMORY: u64 = 2 << 30;

/// Answers on standard output what is asked on standard input, until that ends.
pub fn serve() -> ExitCode {
    bound();
    let (asks, asked) = mpsc::channel();
    if thread::Builder::new().spawn(move || listen(&asks)).is_err() {
        return ExitCode::FAILURE;
    }
    let mut out = io::stdout().lock();
    for (Ask { name, size }, content) in asked {
        // When it last changed tells only whether it is the same file, which is for the command to judge.
        let draft = examine(&name, &content, size, 0);
        if say(&mut out, &cbor::encode(&Proposed::from(draft))).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Takes in what is asked, beside the work: whoever asked may be gone long before that comes to an end, and this process
/// goes with it.
fn listen(asks: &mpsc::Sender<(Ask, Vec<u8>)>) {
    let mut input = io::stdin().lock();
    while let Some(ask) = hear(&mut input) {
        if asks.send(ask).is_err() {
            break;
        }
    }
    process::exit(0);
}

fn hear(input: &mut impl Read) -> Option<(Ask, Vec<u8>)> {
    let ask = cbor::decode(&piece(input, MOST_ASKED)?).ok()?;
    Some((ask, piece(input, MOST_EXAMINED)?))
}

/// Bytes after their number.
fn piece(input: &mut impl Read, most: usize) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    input.read_exact(&mut length).ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= most)?;
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn say(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&message::length(bytes)?.to_be_bytes())?;
    out.write_all(bytes)?;
    out.flush()
}

/// Bounds what this process may take, and what it leaves behind. Where a system cannot do that, the time is bounded all
/// the same.
#[cfg(unix)]
fn bound() {
    use rlimit::Resource;
    drop(Resource::AS.set(MOST_MEMORY, MOST_MEMORY));
    // What a broken process leaves on the disk would be somebody's record.
    drop(Resource::CORE.set(0, 0));
}

// Elsewhere a process has no such limits; it is ended in time all the same.
#[cfg(not(unix))]
fn bound() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_as_long_as_it_is_not_too_long() {
        let mut said = Vec::new();
        say(&mut said, b"Dear").unwrap();
        say(&mut said, b"").unwrap();
        assert_eq!(said, b"\0\0\0\x04Dear\0\0\0\0");
        let mut heard = &said[..];
        assert_eq!(piece(&mut heard, 4).as_deref(), Some(&b"Dear"[..]));
        assert_eq!(piece(&mut heard, 4).as_deref(), Some(&b""[..]));
        assert_eq!(piece(&mut heard, 4), None, "the end");
        assert_eq!(piece(&mut &said[..], 3), None, "too long");
        assert_eq!(piece(&mut &said[..6], 4), None, "cut");
    }

    #[test]
    fn only_a_whole_question_is_heard() {
        let ask = cbor::encode(&Ask { name: "letter.txt".to_owned(), size: 9 });
        let mut asked = Vec::new();
        say(&mut asked, &ask).unwrap();
        say(&mut asked, b"Dear Maya").unwrap();
        let (Ask { name, size }, content) = hear(&mut &asked[..]).unwrap();
        assert_eq!((name.as_str(), size, &content[..]), ("letter.txt", 9, &b"Dear Maya"[..]));
        for end in 0..asked.len() {
            assert!(hear(&mut &asked[..end]).is_none(), "{end}");
        }
        let mut other = Vec::new();
        say(&mut other, b"no question").unwrap();
        say(&mut other, b"Dear Maya").unwrap();
        assert!(hear(&mut &other[..]).is_none());
    }
}
