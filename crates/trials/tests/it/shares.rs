//! Shares while they last and after they ended: keys that turn, what each device sees of it, and what is recorded.

mod ends;
mod openings;
mod renewals;
mod sight;
mod turns;
