//! The real router, in-process, through its public interface only; on SQLite, and on PostgreSQL when
//! `HEALTHBRIDGE_TEST_DATABASE` names a server to make databases on.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod test_app;
mod person;

mod accounts;
mod blobs;
mod command;
mod devices;
mod document;
mod edges;
mod garbage;
mod headers;
mod keeping;
mod limits;
mod load;
mod log;
mod notices;
mod permissions;
mod schema;
mod scrubbing;
mod sharing;
mod site;
mod stores;
