//! The decoder as the command knows it: another process, which is given files and as much time as each should take. It
//! serves one file after the other, and is ended when it takes longer, breaks, or says what makes no sense.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use client::draft::unread;
use client::upload::Draft;
use protocol::cbor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::decoder::COMMAND;
use crate::decoder::message::{Ask, MOST_SAID, Proposed, length};

/// How long it may take for a small file, for each further MiB, and for any file: what the browser gives.
const SMALL_TAKES: Duration = Duration::from_secs(20);
const MIB_TAKES: Duration = Duration::from_millis(250);
const MOST_TAKES: Duration = Duration::from_mins(1);

/// Why a file was not looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It would have taken too long.
    TooLong,
    /// The decoder broke, most likely for want of memory, or could not be started.
    Broke,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "kept as it is, and not looked into, because that takes too long",
            Self::Broke => "kept as it is, and not looked into, because that broke off",
        })
    }
}

/// Looks at files.
#[derive(Debug)]
pub struct Decoder {
    program: PathBuf,
    arguments: Vec<String>,
    time: fn(usize) -> Duration,
    /// The process, once it is needed. Away while it is asked something.
    running: RefCell<Option<Running>>,
}

/// A process that runs. Dropped, it is ended, whatever it does.
#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Decoder {
    /// This program once more, as the decoder that it is as well.
    pub fn of_this_program() -> Self {
        // Without a path nothing is started, and files are kept unread.
        Self::new(std::env::current_exe().unwrap_or_default(), &[COMMAND], time_for)
    }

    /// Another program, with the time that it has for so many bytes.
    pub fn new(program: PathBuf, arguments: &[&str], time: fn(usize) -> Duration) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program, arguments, time, running: RefCell::default() }
    }

    /// The id of the process, while one waits for the next file.
    pub fn process(&self) -> Option<u32> {
        self.running.borrow().as_ref().and_then(|running| running.child.id())
    }

    /// What [`examine`](client::draft::examine) proposes. Where the decoder does not come to an end with a file, what its
    /// name tells, and why.
    pub async fn examine(&self, name: &str, content: &[u8], size: u64, modified: u64) -> (Draft, Option<Unread>) {
        let own = unread(name, content, size, modified);
        let ask = cbor::encode(&Ask { name: name.to_owned(), size });
        let has_served = self.running.borrow().is_some();
        let mut asked = self.ask(&ask, content, &own).await;
        // What earlier files left behind in it is no fault of this one.
        if has_served && matches!(asked, Err(Unread::Broke)) {
            asked = self.ask(&ask, content, &own).await;
        }
        match asked {
            Ok(draft) => (draft, None),
            Err(why) => (own, Some(why)),
        }
    }

    /// Asks the process that runs, or a new one. One that does not answer as it should is ended.
    async fn ask(&self, ask: &[u8], content: &[u8], own: &Draft) -> Result<Draft, Unread> {
        let kept = self.running.take();
        let mut running = match kept {
            Some(running) => running,
            None => self.start().map_err(|_| Unread::Broke)?,
        };
        let why = match timeout((self.time)(content.len()), running.answer(ask, content)).await {
            Ok(Ok(said)) => {
                if let Some(draft) = Proposed::read(&said, own) {
                    *self.running.borrow_mut() = Some(running);
                    return Ok(draft);
                }
                Unread::Broke
            }
            Ok(Err(_)) => Unread::Broke,
            Err(_) => Unread::TooLong,
        };
        // It may have ended by itself.
        drop(running.child.kill().await);
        Err(why)
    }

    /// Starts the process. Nothing of the environment, in which there may be a password, goes along; no file is open in
    /// it but the two pipes; and what it says of a panic, in which there may be something of a record, nobody hears.
    fn start(&self) -> io::Result<Running> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let input = input.ok_or(io::ErrorKind::BrokenPipe)?;
        let output = output.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Running { child, input, output })
    }
}

impl Running {
    async fn answer(&mut self, ask: &[u8], content: &[u8]) -> io::Result<Vec<u8>> {
        for bytes in [ask, content] {
            self.input.write_u32(length(bytes)?).await?;
            self.input.write_all(bytes).await?;
        }
        self.input.flush().await?;
        let length = usize::try_from(self.output.read_u32().await?).unwrap_or(usize::MAX);
        if length > MOST_SAID {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut said = vec![0; length];
        self.output.read_exact(&mut said).await?;
        Ok(said)
    }
}

/// How long it may take to look at so many bytes.
fn time_for(bytes: usize) -> Duration {
    let further = MIB_TAKES.saturating_mul(u32::try_from(bytes >> 20).unwrap_or(u32::MAX));
    SMALL_TAKES.saturating_add(further).min(MOST_TAKES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_has_more_time_and_none_has_all_day() {
        assert_eq!(time_for(0), Duration::from_secs(20));
        assert_eq!(time_for(64 << 20), Duration::from_secs(36));
        assert_eq!(time_for(usize::MAX), Duration::from_mins(1));
    }
}
