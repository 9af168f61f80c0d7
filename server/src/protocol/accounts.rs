//! `/signup`, `/signin`, `/recovery`, `/password`, `/session`, `/account`, `/people`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use protocol::AccountId;
use protocol::api::{
    AccountState, DeviceWrap, Find, PasswordFinish, PasswordStart, PasswordStarted, Person, RecoveryFinish,
    RecoveryStart, RecoveryStarted, SharedVault, SignInFinish, SignInStart, SignInStarted, SignUpFinish, SignUpStart,
    SignUpStarted, SignedIn,
};

use super::cookie::{SetDevices, SetSession};
use super::request::InPath;
use super::{Cbor, Failure};
use crate::services::session::{Begun, Caller, Carried};
use crate::services::{password, people, recovery, session, sign_in, sign_up};
use crate::state::{AppState, Origin};

type Answer<T> = Result<Cbor<T>, Failure>;

pub(crate) async fn sign_up_start(
    State(state): State<AppState>,
    origin: Origin,
    Cbor(message): Cbor<SignUpStart>,
) -> Answer<SignUpStarted> {
    Ok(Cbor(sign_up::start(&state, &origin, message).await?))
}

pub(crate) async fn sign_up_finish(
    State(state): State<AppState>,
    origin: Origin,
    carried: Carried,
    Cbor(message): Cbor<SignUpFinish>,
) -> Result<Begun, Failure> {
    Ok(sign_up::finish(&state, &origin, &carried, message).await?)
}

pub(crate) async fn sign_in_start(
    State(state): State<AppState>,
    origin: Origin,
    carried: Carried,
    Cbor(message): Cbor<SignInStart>,
) -> Answer<SignInStarted> {
    Ok(Cbor(sign_in::start(&state, &origin, &carried, message).await?))
}

pub(crate) async fn sign_in_finish(
    State(state): State<AppState>,
    origin: Origin,
    carried: Carried,
    Cbor(message): Cbor<SignInFinish>,
) -> Result<Begun, Failure> {
    Ok(sign_in::finish(&state, &origin, &carried, message).await?)
}

pub(crate) async fn recovery_start(
    State(state): State<AppState>,
    origin: Origin,
    carried: Carried,
    Cbor(message): Cbor<RecoveryStart>,
) -> Answer<RecoveryStarted> {
    Ok(Cbor(recovery::start(&state, &origin, &carried, message).await?))
}

pub(crate) async fn recovery_finish(
    State(state): State<AppState>,
    origin: Origin,
    carried: Carried,
    Cbor(message): Cbor<RecoveryFinish>,
) -> Result<Begun, Failure> {
    Ok(recovery::finish(&state, &origin, &carried, message).await?)
}

pub(crate) async fn password_start(
    State(state): State<AppState>,
    caller: Caller,
    Cbor(message): Cbor<PasswordStart>,
) -> Answer<PasswordStarted> {
    Ok(Cbor(password::start(&state, caller, message).await?))
}

pub(crate) async fn password_finish(
    State(state): State<AppState>,
    caller: Caller,
    carried: Carried,
    Cbor(message): Cbor<PasswordFinish>,
) -> Result<impl IntoResponse, Failure> {
    let proofs = password::finish(&state, caller, &carried, message).await?;
    Ok((proofs.map(SetDevices), StatusCode::NO_CONTENT))
}

pub(crate) async fn sign_out(State(state): State<AppState>, caller: Caller) -> Result<impl IntoResponse, Failure> {
    session::end(&state, caller).await?;
    Ok((SetSession(None), StatusCode::NO_CONTENT))
}

pub(crate) async fn sign_out_others(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Failure> {
    session::end_others(&state, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn session(State(state): State<AppState>, caller: Caller) -> Answer<SignedIn> {
    Ok(Cbor(session::current(&state, caller).await?))
}

pub(crate) async fn put_device_wrap(
    State(state): State<AppState>,
    caller: Caller,
    Cbor(message): Cbor<DeviceWrap>,
) -> Result<StatusCode, Failure> {
    session::keep_wrap(&state, caller, message).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn device_wrap(State(state): State<AppState>, caller: Caller) -> Answer<DeviceWrap> {
    Ok(Cbor(session::wrap(&state, caller).await?))
}

pub(crate) async fn delete_device_wrap(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Failure> {
    session::forget_wrap(&state, caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn put_state(
    State(state): State<AppState>,
    caller: Caller,
    Cbor(message): Cbor<AccountState>,
) -> Answer<AccountState> {
    Ok(Cbor(session::replace_state(&state, caller, message).await?))
}

pub(crate) async fn find_person(
    State(state): State<AppState>,
    caller: Caller,
    Cbor(message): Cbor<Find>,
) -> Answer<Person> {
    Ok(Cbor(people::find(&state, caller, message).await?))
}

pub(crate) async fn person(
    State(state): State<AppState>,
    caller: Caller,
    InPath(account): InPath<AccountId>,
) -> Answer<Person> {
    Ok(Cbor(people::person(&state, caller, account).await?))
}

pub(crate) async fn shared(State(state): State<AppState>, caller: Caller) -> Answer<Vec<SharedVault>> {
    Ok(Cbor(people::shared(&state, caller).await?))
}
