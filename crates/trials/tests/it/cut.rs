//! Connections that break, devices that write at once, clocks that are wrong.

mod devices;
mod operations;

pub(crate) use crate::acts::GivesUp;
