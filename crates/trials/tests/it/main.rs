//! The client against the real server in one process, and against one that lies or fails.
//!
//! Every test has a server of its own, made from one database in which four people have signed up. Between a device and
//! the server stands a wire that can be told to lie: to change, drop, replay, swap or hold back what crosses it, and to
//! cut the connection before or after the server has answered.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../shared/acts.rs"]
mod acts;
mod host;
mod people;
mod wire;

mod cut;
mod failing;
mod lying;
mod restored;
mod shares;
