//! Connections that break, devices that write at once, clocks that are wrong, files that change.

mod devices;
mod files;
mod operations;
mod races;
mod stops;

pub(crate) use crate::acts::GivesUp;
