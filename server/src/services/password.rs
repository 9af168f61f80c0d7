//! A new password. A session alone is not enough: the identity key must sign.

use app::api::notices::NoticeKind;
use opaque_ke::{RegistrationRequest, RegistrationUpload, ServerRegistration};
use protocol::api::{PasswordFinish, PasswordStart, PasswordStarted, Refusal};
use protocol::opaque::Suite;
use protocol::{Account, ApiError, Namespace};

use super::devices::{self, Proofs};
use super::session::{Caller, Carried, own_account};
use super::{Result, notices};
use crate::state::AppState;
use crate::store::notices::Notice;
use crate::store::{StoreError, accounts, commit, sessions};

/// The first message.
pub async fn start(state: &AppState, caller: Caller, message: PasswordStart) -> Result<PasswordStarted> {
    let account = own_account(state, caller).await?;
    let request = RegistrationRequest::<Suite>::deserialize(&message.registration).map_err(|_| Refusal::Malformed)?;
    let started = ServerRegistration::start(state.secrets.opaque(), request, account.credential.as_bytes())
        .map_err(|_| Refusal::Malformed)?;
    Ok(PasswordStarted { registration: started.message.serialize().to_vec() })
}

/// The second message. Every other session of the account ends, and so does every proof that a device was here; the one
/// that set the password is given a new one, if it carried one.
pub async fn finish(
    state: &AppState,
    caller: Caller,
    carried: &Carried,
    message: PasswordFinish,
) -> Result<Option<Proofs>> {
    let upload = RegistrationUpload::<Suite>::deserialize(&message.registration).map_err(|_| Refusal::Malformed)?;
    let chain = accounts::chain(state.store.reader(), caller.account).await?;
    let account =
        Account::from_chain(caller.account, &chain).map_err(|_| StoreError::Corrupt("account_chain.bytes"))?;
    let signed = PasswordFinish::message(caller.account, &message.registration, &message.password_wrap);
    message
        .signature
        .verify(Namespace::Password, account.identity(), &signed)
        .map_err(|_| ApiError::WrongCredentials)?;
    let record = ServerRegistration::finish(upload).serialize().to_vec();
    let proofs = devices::renew(state, &carried.proofs, &own_account(state, caller).await?, &record);
    let transaction = state.store.begin().await?;
    accounts::set_password(caller.account, &transaction, record, message.password_wrap).await?;
    sessions::delete_others(caller.account, &transaction, caller.session).await?;
    let notice = Notice::new(caller.account, NoticeKind::PasswordChanged, state.clock.minute());
    notices::tell(state, &transaction, notice).await?;
    commit(transaction).await?;
    state.events.tell(&[caller.account]).await;
    Ok(proofs)
}
