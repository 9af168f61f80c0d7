//! What server functions may ask of the server. `server` implements it, for one request at a time; in the browser it
//! does not exist.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;

use crate::api::Refused;
use crate::api::notices::{Notice, NoticeChoice};

/// What the server says, later.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Refused>> + Send>>;

/// The server, as whoever makes a request may use it.
pub trait Backend: Send + Sync {
    /// The caller's notices, newest first.
    fn notices(&self) -> Answer<Vec<Notice>>;
    /// Notes that the caller has seen every notice up to this one.
    fn read_notices(&self, up_to: i64) -> Answer<()>;
    /// What the caller wants to be told of, one choice for each kind.
    fn notice_choices(&self) -> Answer<Vec<NoticeChoice>>;
    /// Changes one of them. What is security stays on.
    fn choose_notices(&self, choice: NoticeChoice) -> Answer<()>;
}

/// Gives server functions the server.
pub fn provide_backend(backend: Arc<dyn Backend>) {
    provide_context(backend);
}
