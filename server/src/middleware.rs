//! What every request and every response passes through.

mod access_log;
mod headers;
mod origin;
mod visitor;

pub(crate) use access_log::access_log;
pub(crate) use headers::{Nonce, security_headers};
pub(crate) use origin::same_origin;
pub(crate) use visitor::visitor;
