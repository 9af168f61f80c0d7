//! What people do with the server, one use case per function.

pub mod append;
pub mod devices;
pub mod download;
pub mod email;
pub mod limits;
pub mod mail;
pub mod notices;
pub mod password;
pub mod people;
pub mod read_log;
pub mod recovery;
pub mod scrub;
pub mod session;
pub mod sign_in;
pub mod sign_up;
pub mod standing;
pub mod sweep;
pub mod upload;

use protocol::ApiError;
use protocol::api::{Conflict, Refusal};

use crate::blobs::BlobsError;
use crate::store::StoreError;

/// Why a use case ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller is told.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The database.
    #[error("the database")]
    Store(#[source] StoreError),
    /// The blob store.
    #[error("the blob store")]
    Blobs(#[from] BlobsError),
    /// A stored OPAQUE message cannot be used.
    #[error("a stored OPAQUE message cannot be used: {0}")]
    Opaque(String),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken => Self::Api(ApiError::Conflict(Conflict::Id)),
            other => Self::Store(other),
        }
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Api(ApiError::Refused(refusal))
    }
}

impl From<Conflict> for ServiceError {
    fn from(conflict: Conflict) -> Self {
        Self::Api(ApiError::Conflict(conflict))
    }
}

/// What a use case gives.
pub type Result<T> = std::result::Result<T, ServiceError>;
