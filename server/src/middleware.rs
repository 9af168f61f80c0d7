//! What every request and every response passes through.

mod access_log;
mod headers;
mod load;
mod origin;
mod visitor;

pub(crate) use access_log::access_log;
pub(crate) use headers::{Nonce, security_headers};
pub(crate) use load::bound_load;
pub(crate) use origin::same_origin;
pub(crate) use visitor::visitor;
