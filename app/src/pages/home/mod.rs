//! The patient's first page.

pub mod answers;
pub mod show;
