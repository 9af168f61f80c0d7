//! A connection on which answers have to get on.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::uploads::Pace;

/// Breaks off when too little is taken of what it has to say. Who has nothing to say may be silent for as long as it
/// likes, as streams of events are.
pub(super) struct Paced<S> {
    connection: S,
    pace: Pace,
    /// While the other side takes nothing more.
    waiting: Option<Waiting>,
}

struct Waiting {
    /// When it is looked again how much was taken.
    look: Pin<Box<Sleep>>,
    /// How much, since it was looked last.
    taken: u64,
}

impl<S> Paced<S> {
    pub(super) const fn new(connection: S, pace: Pace) -> Self {
        Self { connection, pace, waiting: None }
    }

    /// Passes on what became of a write of so many bytes, unless it has waited for too long.
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        bytes: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            // The rest will have to wait again.
            Poll::Ready(Ok(taken)) if *taken < bytes => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.taken += *taken as u64;
                }
            }
            Poll::Ready(_) => self.waiting = None,
            Poll::Pending => {
                if let Err(error) = self.wait(context) {
                    return Poll::Ready(Err(error));
                }
            }
        }
        written
    }

    /// Waits on, if enough was taken each time that it was time to look.
    fn wait(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let Pace { window, least } = self.pace;
        let begin = || Waiting { look: Box::pin(sleep(window)), taken: 0 };
        let waiting = self.waiting.get_or_insert_with(begin);
        while waiting.look.as_mut().poll(context).is_ready() {
            if waiting.taken < least {
                return Err(ErrorKind::TimedOut.into());
            }
            waiting.taken = 0;
            waiting.look.as_mut().reset(Instant::now() + window);
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.connection).poll_write(context, bytes);
        self.judge(context, bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.connection).poll_write_vectored(context, pieces);
        self.judge(context, pieces.iter().map(|piece| piece.len()).sum(), written)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    /// A connection that holds eight bytes which the other side has not taken, and that side.
    fn pair(least: u64) -> (Paced<DuplexStream>, DuplexStream) {
        let (near, far) = duplex(8);
        (Paced::new(near, Pace { window: Duration::from_millis(200), least }), far)
    }

    /// Takes one byte after another, each after a while, until there are so many.
    async fn take(mut far: DuplexStream, bytes: u64) -> DuplexStream {
        for _ in 0..bytes {
            sleep(Duration::from_millis(10)).await;
            far.read_u8().await.unwrap();
        }
        far
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up() {
        let (mut near, _far) = pair(1);
        near.write_all(&[7; 8]).await.unwrap();
        assert_eq!(near.write_all(&[7]).await.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_too_little_is_given_up_and_who_takes_enough_may_be_slow() {
        let (mut near, far) = pair(1000);
        let taking = tokio::spawn(take(far, 100));
        assert_eq!(near.write_all(&[7; 108]).await.unwrap_err().kind(), ErrorKind::TimedOut);
        taking.abort();
        let (mut near, far) = pair(2);
        let taking = tokio::spawn(take(far, 100));
        near.write_all(&[7; 108]).await.unwrap();
        taking.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_told_nothing_may_take_nothing() {
        let (mut near, far) = pair(1000);
        for _ in 0..2 {
            near.write_all(&[7; 4]).await.unwrap();
            sleep(Duration::from_millis(300)).await;
        }
        // What had to wait and was taken in time is no wait any more.
        let taking = tokio::spawn(take(far, 1));
        near.write_all(&[7]).await.unwrap();
        let far = taking.await.unwrap();
        sleep(Duration::from_millis(300)).await;
        let taking = tokio::spawn(take(far, 1));
        near.write_all(&[7]).await.unwrap();
        taking.await.unwrap();
    }
}
