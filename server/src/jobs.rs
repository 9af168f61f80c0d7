//! Work beside the requests, which goes on for as long as the server does.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

/// How long a job that panicked rests before it begins again.
pub const REST: Duration = Duration::from_secs(30);

/// Runs a job until its task is aborted, it ends by itself, or it rests while the server is asked to stop. One that
/// panics begins again after a rest: a server that answers, but sends no mail and sweeps nothing any more, would look
/// well for days.
pub async fn keep_on<F: Future<Output = ()>>(
    name: &'static str,
    rest: Duration,
    stopping: CancellationToken,
    job: impl Fn() -> F,
) {
    loop {
        // Whatever it leaves half-done is in the database, which undoes it.
        let run = AssertUnwindSafe(job()).catch_unwind();
        if run.await.is_ok() {
            return;
        }
        // The panic hook has written what it was.
        tracing::error!(job = name, "a job panicked; it begins again after a rest");
        if stopping.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_begins_again() {
        let begun = Cell::new(0);
        let job = || async {
            begun.set(begun.get() + 1);
            assert!(begun.get() > 2, "on purpose");
        };
        keep_on("test", Duration::ZERO, CancellationToken::new(), job).await;
        assert_eq!(begun.get(), 3);
    }

    #[tokio::test]
    async fn a_job_that_rests_holds_up_no_stop() {
        let stopping = CancellationToken::new();
        let job = || async {
            stopping.cancel();
            panic!("on purpose");
        };
        keep_on("test", Duration::MAX, stopping.clone(), job).await;
    }
}
