//! A provider's patients: those who share, and what they share.

pub mod list;
pub mod order;
pub mod show;
