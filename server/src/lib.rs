//! HealthBridge's server: pages, the vault protocol, and storage of what it cannot read.
//!
//! It orders and keeps signed log entries and sealed blobs, decides who may fetch which of them, and never
//! holds a key.

// The pages' views are types that nest as deep as the pages do.
#![recursion_limit = "512"]

mod assets;
mod backend;
pub mod backup;
pub mod blobs;
pub mod causes;
pub mod clock;
pub mod config;
pub mod descriptors;
pub mod events;
pub mod failpoints;
pub mod jobs;
pub mod listen;
pub mod mail;
pub mod metrics;
mod middleware;
mod protocol;
pub mod random;
pub mod router;
pub mod secrets;
pub mod services;
pub mod shares;
pub mod start;
pub mod state;
pub mod store;
pub mod uploads;
pub mod writes;
