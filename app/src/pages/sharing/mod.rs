//! Sharing: who can see what, a new share, and the end of one.

pub mod acts;
pub mod by_person;
pub mod by_record;
pub mod change;
pub mod compare;
pub mod ended;
pub mod ending;
pub mod length;
pub mod list;
pub mod new;
pub mod person;
pub mod reach;
pub mod shared;
pub mod stop;
