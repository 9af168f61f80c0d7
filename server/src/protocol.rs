//! The vault protocol's routes: a few lines each between the network and a use case.

pub(crate) mod accounts;
pub(crate) mod blobs;
mod cbor;
mod cookie;
pub(crate) mod events;
mod failure;
pub(crate) mod log;
mod request;

pub(crate) use cbor::Cbor;
pub(crate) use cookie::{authenticate_as, token};
pub(crate) use failure::Cause;
pub(crate) use failure::Failure;
