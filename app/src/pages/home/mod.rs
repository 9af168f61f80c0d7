//! The patient's first page.

pub mod show;
