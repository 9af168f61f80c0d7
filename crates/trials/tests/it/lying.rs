//! A server that lies: each case ends in an error that says so, never in plaintext at the wrong place or a key in the
//! wrong hand.

mod accounts;
mod answers;
mod contents;
mod entries;
mod histories;
mod recipients;
