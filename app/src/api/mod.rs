//! Server functions: what pages show in clear, of what the server knows anyway.

mod client;
pub mod notices;

#[cfg(feature = "ssr")]
use std::sync::Arc;

#[cfg(feature = "ssr")]
use leptos::prelude::use_context;
#[cfg(feature = "ssr")]
use leptos::server_fn::axum_export::http::StatusCode;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::backend::{Answer, Backend};

pub(crate) use client::ask_as;
pub use client::{ACCOUNT_HEADER, AccountClient};

/// Why the server does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// Nobody is signed in.
    #[error("Nobody is signed in here.")]
    NotSignedIn,
    /// There is no connection, or the server is busy.
    #[error("The server cannot be reached just now.")]
    Unavailable,
    /// What was asked for makes no sense.
    #[error("This page and the server no longer understand each other. Please load it again.")]
    Malformed,
}

#[cfg(feature = "ssr")]
impl Refused {
    const fn status(self) -> u16 {
        match self {
            Self::NotSignedIn => 401,
            Self::Unavailable => 503,
            Self::Malformed => 400,
        }
    }

    /// Gives the answer this status. Without one, every error looks like the server's own.
    fn set_status(self, options: Option<leptos_axum::ResponseOptions>) {
        if let (Some(options), Ok(status)) = (options, StatusCode::from_u16(self.status())) {
            options.set_status(status);
        }
    }
}

/// Asks the server on behalf of a server function, and answers with the status that fits.
#[cfg(feature = "ssr")]
async fn ask<T>(ask: impl FnOnce(&dyn Backend) -> Answer<T>) -> Result<T, Refused> {
    let options = use_context::<leptos_axum::ResponseOptions>();
    let answer = match use_context::<Arc<dyn Backend>>() {
        Some(backend) => ask(&*backend).await,
        None => Err(Refused::Unavailable),
    };
    if let Err(refused) = answer {
        refused.set_status(options);
    }
    answer
}

impl FromServerFnError for Refused {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let refused = match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Malformed
            }
            _ => Self::Unavailable,
        };
        // What is not the function's arguments never gets as far as `ask`.
        #[cfg(feature = "ssr")]
        refused.set_status(use_context());
        refused
    }
}
