//! The pages: one file each, by noun and verb.
//!
//! A page asks the vault and hands plain data to a view, which shows it and is the same wherever the data came
//! from. What is worked out from data (words, filters, orders) is pure and stands in files of its own.

pub mod account;
pub mod activity;
pub mod asking;
pub mod category;
pub mod focus;
pub mod front;
pub mod guarded;
pub mod home;
pub mod inside;
pub mod notices;
pub mod patients;
pub mod records;
pub mod sharing;
pub mod telling;
pub mod words;
