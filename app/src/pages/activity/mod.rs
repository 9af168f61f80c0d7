//! Activity: what happened, in plain sentences.

pub mod list;
pub mod sentence;
