//! `/blobs/{blob}` and its chunks.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use futures_util::StreamExt as _;
use protocol::api::{BlobCreate, BlobStatus, CHUNK_DIGEST_HEADER, Refusal};
use protocol::entry::CHUNK;
use protocol::{BlobId, Digest};

use super::request::{InPath, InPathNumbered};
use super::{Cbor, Failure};
use crate::services::session::Caller;
use crate::services::{download, upload};
use crate::state::AppState;

/// How long a refused chunk is listened to.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    InPath(blob): InPath<BlobId>,
    Cbor(message): Cbor<BlobCreate>,
) -> Result<StatusCode, Failure> {
    upload::create(&state, caller, blob, message).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn status(
    State(state): State<AppState>,
    caller: Caller,
    InPath(blob): InPath<BlobId>,
) -> Result<Cbor<BlobStatus>, Failure> {
    Ok(Cbor(upload::status(&state, caller, blob).await?))
}

pub(crate) async fn put_chunk(State(state): State<AppState>, request: Request) -> Result<StatusCode, Failure> {
    let (mut parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let outcome = receive_chunk(&state, &mut parts, &mut body).await;
    if outcome.is_err() {
        // Who is still sending does not hear an answer, only that the line went dead.
        let rest = drain(&mut body, CHUNK);
        let _ = tokio::time::timeout(PATIENCE, rest).await;
    }
    outcome
}

async fn receive_chunk(state: &AppState, parts: &mut Parts, body: &mut BodyDataStream) -> Result<StatusCode, Failure> {
    let caller = Caller::from_request_parts(parts, state).await?;
    let InPathNumbered(blob, number) = InPathNumbered::<BlobId>::from_request_parts(parts, state).await?;
    let digest = parts.headers.get(CHUNK_DIGEST_HEADER).and_then(|digest| digest.to_str().ok());
    let digest: Digest = digest.and_then(|digest| digest.parse().ok()).ok_or(Refusal::Chunk)?;
    upload::put_chunk(state, caller, blob, number, digest, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn drain(body: &mut BodyDataStream, most: u64) {
    let mut left = most;
    while let Some(Ok(bytes)) = body.next().await {
        let Some(less) = left.checked_sub(bytes.len() as u64) else { return };
        left = less;
    }
}

pub(crate) async fn chunk(
    State(state): State<AppState>,
    caller: Caller,
    InPathNumbered(blob, number): InPathNumbered<BlobId>,
) -> Result<impl IntoResponse, Failure> {
    let download = download::chunk(&state, caller, blob, number).await?;
    let headers = [
        (CONTENT_TYPE.as_str(), "application/octet-stream".to_owned()),
        (CONTENT_LENGTH.as_str(), download.chunk.length.to_string()),
        (CHUNK_DIGEST_HEADER, download.chunk.digest.to_string()),
    ];
    Ok((headers, Body::from_stream(download.bytes)))
}
