//! Signing in by the recovery kit, whose key signs a challenge.

use app::api::notices::NoticeKind;
use protocol::api::{RecoveryFinish, RecoveryStart, RecoveryStarted};
use protocol::id::AttemptId;
use protocol::{ApiError, Namespace, PublicKey};

use super::session::{self, Begun, Carried};
use super::sign_in::ATTEMPT;
use super::{Result, email, limits};
use crate::state::{AppState, Origin};
use crate::store::accounts;
use crate::store::attempts::{self, Attempt, Kind};

/// The first message.
pub async fn start(
    state: &AppState,
    origin: &Origin,
    carried: &Carried,
    message: RecoveryStart,
) -> Result<RecoveryStarted> {
    let email = email::normalise(&message.email)?;
    let account = limits::count_attempt(state, origin, carried, &email).await?.map(|account| account.id);
    let challenge: [u8; 32] = state.random.draw();
    let id = AttemptId::from_bytes(state.random.draw());
    let attempt = Attempt { account, state: challenge.to_vec() };
    attempts::insert(state.store.reader(), id, Kind::Recovery, attempt, state.clock.now() + ATTEMPT).await?;
    Ok(RecoveryStarted { attempt: id, challenge })
}

/// The second message.
pub async fn finish(state: &AppState, origin: &Origin, carried: &Carried, message: RecoveryFinish) -> Result<Begun> {
    let db = state.store.reader();
    let attempt = attempts::take(db, message.attempt, Kind::Recovery, state.clock.now()).await?;
    let attempt = attempt.ok_or(ApiError::WrongCredentials)?;
    let account = match attempt.account {
        Some(id) => accounts::own(id, db).await?,
        None => None,
    };
    // An address that nobody has is answered after the same work.
    let key = account.as_ref().map_or(PublicKey::from_bytes([1; 32]), |account| account.recovery_key);
    let verified = message.signature.verify(Namespace::Recovery, &key, &attempt.state);
    let (Some(account), Ok(())) = (account, verified) else { return Err(ApiError::WrongCredentials.into()) };
    let wrap = account.recovery_wrap.clone();
    session::begin(state, origin, carried, account, wrap, Some(NoticeKind::Recovered)).await
}
