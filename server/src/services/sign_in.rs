//! Signing in by password. An address that nobody has is answered in the same form and at the same cost.

use app::api::notices::NoticeKind;
use opaque_ke::{CredentialFinalization, CredentialRequest, ServerLogin, ServerLoginParameters, ServerRegistration};
use protocol::ApiError;
use protocol::api::{Refusal, SignInFinish, SignInStart, SignInStarted};
use protocol::id::AttemptId;
use protocol::opaque::{CONTEXT, Suite};

use super::session::{self, Begun, Carried};
use super::{Result, ServiceError, email, limits, notices};
use crate::clock::MINUTE;
use crate::random::ForOpaque;
use crate::state::{AppState, Origin};
use crate::store::accounts;
use crate::store::attempts::{self, Attempt, Kind};

/// How long an attempt waits for its second message.
pub(super) const ATTEMPT: u64 = 2 * MINUTE;

fn parameters() -> ServerLoginParameters<'static, 'static> {
    ServerLoginParameters { context: Some(CONTEXT), ..ServerLoginParameters::default() }
}

/// The first message.
pub async fn start(
    state: &AppState,
    origin: &Origin,
    carried: &Carried,
    message: SignInStart,
) -> Result<SignInStarted> {
    let email = email::normalise(&message.email)?;
    let request = CredentialRequest::<Suite>::deserialize(&message.request).map_err(|_| Refusal::Malformed)?;
    let account = limits::count_attempt(state, origin, carried, &email).await?;
    let record = account
        .as_ref()
        .map(|account| ServerRegistration::<Suite>::deserialize(&account.opaque_record))
        .transpose()
        .map_err(|error| ServiceError::Opaque(error.to_string()))?;
    let credential = account.as_ref().map_or_else(|| state.secrets.credential(&email), |account| account.credential);
    let mut random = ForOpaque(state.random.as_ref());
    let setup = state.secrets.opaque();
    if limits::count_unfinished(state, &credential).await?
        && let Some(account) = &account
    {
        // Beside the answer, which must not take longer where there is an account.
        tokio::spawn(notices::tell_of_failed_sign_ins(state.clone(), origin.clone(), account.id));
    }
    let started = ServerLogin::start(&mut random, setup, record, request, credential.as_bytes(), parameters())
        .map_err(|_| Refusal::Malformed)?;
    let id = AttemptId::from_bytes(state.random.draw());
    let attempt = Attempt { account: account.map(|account| account.id), state: started.state.serialize().to_vec() };
    attempts::insert(state.store.reader(), id, Kind::SignIn, attempt, state.clock.now() + ATTEMPT).await?;
    Ok(SignInStarted { attempt: id, response: started.message.serialize().to_vec() })
}

/// The second message.
pub async fn finish(state: &AppState, origin: &Origin, carried: &Carried, message: SignInFinish) -> Result<Begun> {
    let db = state.store.reader();
    let attempt = attempts::take(db, message.attempt, Kind::SignIn, state.clock.now()).await?;
    let attempt = attempt.ok_or(ApiError::WrongCredentials)?;
    let login =
        ServerLogin::<Suite>::deserialize(&attempt.state).map_err(|error| ServiceError::Opaque(error.to_string()))?;
    CredentialFinalization::deserialize(&message.finalization)
        .and_then(|finalization| login.finish(finalization, parameters()))
        .map_err(|_| ApiError::WrongCredentials)?;
    let id = attempt.account.ok_or(ApiError::WrongCredentials)?;
    let account = accounts::own(id, db).await?.ok_or(ApiError::WrongCredentials)?;
    limits::forget_unfinished(state, &account.credential).await?;
    let wrap = account.password_wrap.clone();
    session::begin(state, origin, carried, account, wrap, Some(NoticeKind::SignedIn)).await
}
