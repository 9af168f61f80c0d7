//! Where the client runs when it runs in no browser, for the `healthbridge` command and for benchmarks.

mod cipher;

pub mod platform;
