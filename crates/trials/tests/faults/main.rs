//! The real server in a process of its own, on SQLite and local files, and on PostgreSQL when
//! `HEALTHBRIDGE_TEST_DATABASE` names a server to make databases on: killed at every step and at any moment, out of
//! room, cut off from its database, on a line that hangs. People use it through the real client over real connections.
//!
//! What was acknowledged is there afterwards and verifies. What was not is absent, or is finished by doing it again.
//! Nobody lends the server a hand.
//!
//! It is the binary that tests of the whole workspace build beside this one, with the feature `failpoints`.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../shared/acts.rs"]
mod acts;
mod database;
mod host;
mod line;
mod people;
mod proxy;

mod away;
mod full;
mod hung;
mod silence;
mod steps;
mod storm;
mod unheard;
