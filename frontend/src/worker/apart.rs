//! Work whose code is a function of its own.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

/// Keeps the code of some work out of the function that waits for it. Whatever a task waits for would else become one
/// function, which runs whenever the task goes on. Browsers optimise what runs often, a function as a whole, and take
/// memory by its size.
pub(crate) fn apart<'a, T>(work: impl Future<Output = T> + 'a) -> LocalBoxFuture<'a, T> {
    work.boxed_local()
}
