//! `/vaults/{vault}/log`.

use axum::extract::{RawQuery, State};
use protocol::VaultId;
use protocol::api::{Append, Appended, LogPage, Refusal, Restored};

use super::request::InPath;
use super::{Cbor, Failure};
use crate::services::session::Caller;
use crate::services::{append, read_log};
use crate::state::AppState;

pub(crate) async fn append(
    State(state): State<AppState>,
    caller: Caller,
    InPath(vault): InPath<VaultId>,
    Cbor(message): Cbor<Append>,
) -> Result<Cbor<Appended>, Failure> {
    Ok(Cbor(append::append(&state, caller, vault, message).await?))
}

pub(crate) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    InPath(vault): InPath<VaultId>,
    RawQuery(query): RawQuery,
) -> Result<Cbor<LogPage>, Failure> {
    let after = after(query.as_deref().unwrap_or_default()).ok_or(Refusal::Malformed)?;
    Ok(Cbor(read_log::page(&state, caller, vault, after).await?))
}

pub(crate) async fn restored(State(state): State<AppState>, _: Caller) -> Result<Cbor<Restored>, Failure> {
    Ok(Cbor(read_log::restored(&state).await?))
}

/// `after=N`, or nothing for the beginning.
fn after(query: &str) -> Option<u64> {
    if query.is_empty() { Some(0) } else { query.strip_prefix("after=")?.parse().ok() }
}
