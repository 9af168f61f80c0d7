//! The vault client: unlock, sync, upload, open, share.
//!
//! Browser and command line run this same code. What a platform must give is [`Platform`]: a transport, a
//! bulk cipher, a clock and randomness. The client trusts nothing that it did not verify and fold itself.

mod aftermath;
mod api;
mod codec;
mod commit;
mod kept;
mod memory;
mod patience;
mod people;
mod sync;
mod ticket;

pub mod activity;
pub mod draft;
pub mod error;
pub mod open;
pub mod password;
pub mod phrase;
pub mod platform;
pub mod record;
mod restored;
pub mod segments;
pub mod session;
pub mod share;
pub mod upload;
pub mod view;

pub use error::{Alarm, ClientError, Gone};
pub use platform::Platform;
pub use session::Session;
