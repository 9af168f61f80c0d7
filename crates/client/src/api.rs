//! The vault protocol's requests, typed.

use bytes::Bytes;
use minicbor::{Decode, Encode};
use protocol::api::{Append, Appended, BlobCreate, BlobStatus, LogPage, Person, Restored, SharedVault};
use protocol::{AccountId, ApiError, BlobId, Digest, VaultId, cbor};

use crate::error::ClientError;
use crate::platform::{Method, Platform, Request};

/// Sends a message and reads the answer.
pub(crate) async fn call<P: Platform, M: Encode<()>, A: for<'b> Decode<'b, ()> + Encode<()>>(
    platform: &P,
    method: Method,
    path: impl Into<String>,
    message: Option<&M>,
) -> Result<A, ClientError> {
    let body = message.map(cbor::encode).unwrap_or_default();
    let bytes = send(platform, Request { method, path: path.into(), body: body.into(), chunk: None }).await?;
    cbor::decode(&bytes).map_err(|_| ClientError::Answer)
}

/// Sends a message whose answer has no body.
pub(crate) async fn tell<P: Platform, M: Encode<()>>(
    platform: &P,
    method: Method,
    path: impl Into<String>,
    message: Option<&M>,
) -> Result<(), ClientError> {
    let body = message.map(cbor::encode).unwrap_or_default();
    send(platform, Request { method, path: path.into(), body: body.into(), chunk: None }).await.map(drop)
}

/// Reads an answer.
pub(crate) async fn get<P: Platform, A: for<'b> Decode<'b, ()> + Encode<()>>(
    platform: &P,
    path: impl Into<String>,
) -> Result<A, ClientError> {
    call::<P, (), A>(platform, Method::Get, path, None).await
}

async fn send<P: Platform>(platform: &P, request: Request) -> Result<Vec<u8>, ClientError> {
    let response = platform.send(request).await?;
    match response.status {
        200..=299 => Ok(response.body),
        // A proxy in between answers without our body.
        502..=504 => Err(ClientError::Api(ApiError::Unavailable)),
        429 => Err(cbor::decode::<ApiError>(&response.body).unwrap_or(ApiError::Unavailable).into()),
        _ => Err(cbor::decode::<ApiError>(&response.body).map_or(ClientError::Answer, ClientError::Api)),
    }
}

pub(crate) async fn append<P: Platform>(
    platform: &P,
    vault: VaultId,
    entries: &Append,
) -> Result<Appended, ClientError> {
    call(platform, Method::Post, format!("/api/v1/vaults/{vault}/log"), Some(entries)).await
}

pub(crate) async fn log<P: Platform>(platform: &P, vault: VaultId, after: u64) -> Result<LogPage, ClientError> {
    get(platform, format!("/api/v1/vaults/{vault}/log?after={after}")).await
}

pub(crate) async fn restored<P: Platform>(platform: &P) -> Result<Restored, ClientError> {
    get(platform, "/api/v1/restored").await
}

pub(crate) async fn shared<P: Platform>(platform: &P) -> Result<Vec<SharedVault>, ClientError> {
    get(platform, "/api/v1/shared").await
}

pub(crate) async fn person<P: Platform>(platform: &P, account: AccountId) -> Result<Person, ClientError> {
    get(platform, format!("/api/v1/people/{account}")).await
}

pub(crate) async fn create_blob<P: Platform>(
    platform: &P,
    blob: BlobId,
    create: &BlobCreate,
) -> Result<(), ClientError> {
    tell(platform, Method::Put, format!("/api/v1/blobs/{blob}"), Some(create)).await
}

pub(crate) async fn blob_status<P: Platform>(platform: &P, blob: BlobId) -> Result<BlobStatus, ClientError> {
    get(platform, format!("/api/v1/blobs/{blob}")).await
}

pub(crate) async fn put_chunk<P: Platform>(
    platform: &P,
    blob: BlobId,
    number: u64,
    digest: Digest,
    bytes: Bytes,
) -> Result<(), ClientError> {
    let path = format!("/api/v1/blobs/{blob}/chunks/{number}");
    send(platform, Request { method: Method::Put, path, body: bytes, chunk: Some(digest) }).await.map(drop)
}

pub(crate) async fn chunk<P: Platform>(platform: &P, blob: BlobId, number: u64) -> Result<Bytes, ClientError> {
    let path = format!("/api/v1/blobs/{blob}/chunks/{number}");
    send(platform, Request { method: Method::Get, path, body: Bytes::new(), chunk: None }).await.map(Bytes::from)
}
