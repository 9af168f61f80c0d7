//! Where the client runs when it runs in no browser, for the `healthbridge` command and for benchmarks, and where files
//! are looked at then.

mod cipher;

pub mod decoder;
pub mod decoding;
pub mod platform;
