//! Points at which a test lets the server's process die, as if it were killed: nothing of it runs any more, no file is
//! closed and no answer is sent. Only with the feature `failpoints`, which no build has that is shipped.

/// Lets `FAILPOINTS` of the environment say at which point the process dies: `after-commit=2*off->return` is at the
/// third commit.
#[cfg(feature = "failpoints")]
pub fn arm() {
    // For as long as the process lasts.
    std::mem::forget(fail::FailScenario::setup());
}

/// Dies here, if the environment says so.
#[cfg(feature = "failpoints")]
pub(crate) fn pass(point: &str) {
    fail::fail_point!(point, |_| std::process::abort());
}

/// Nothing: this build has no such points.
#[cfg(not(feature = "failpoints"))]
pub const fn arm() {}

/// Nothing: this build has no such points.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn pass(_: &str) {}
