//! The plaintext clinical model: recognise, categorise, summarise and draw records. No I/O.
//!
//! Nothing here reads a clock, a file or the network, nothing panics on any input, and no public type has serde, so
//! that plaintext cannot become an argument of a server function. `README.md` says how to add a kind or a category.

pub mod category;
pub mod date;
pub mod dicom;
#[cfg(feature = "decode")]
pub mod image;
pub mod kind;
pub mod metadata;
#[cfg(feature = "decode")]
pub mod pdf;
#[cfg(feature = "decode")]
pub mod pixels;
pub mod preview;
pub mod propose;
pub mod text;
#[cfg(feature = "decode")]
pub mod thumbnail;
pub mod visible;

pub use category::Category;
pub use date::Date;
pub use kind::{Kind, Viewer};
pub use metadata::Metadata;
pub use propose::{Proposal, propose, propose_unread};
