//! The pages of HealthBridge, as isomorphic components.
//!
//! Rendered on the server, where every page is locked, and hydrated in the browser, where the vault's
//! worker gives it plaintext. There is no database, no key and no plaintext on the server's side.

pub mod alarms;
pub mod api;
pub mod backend;
pub mod clock;
pub mod pages;
pub mod shell;
pub mod ui;
pub mod vault;
pub mod visitor;

pub use shell::{App, shell};
