//! A new account and, for a patient, its vault.

use opaque_ke::{RegistrationRequest, RegistrationUpload, ServerRegistration};
use protocol::api::{AccountState, Conflict, Profile, Refusal, SignUpFinish, SignUpStart, SignUpStarted, SignedInWith};
use protocol::opaque::Suite;
use protocol::{ApiError, Entry, PublicKey, Signed, VaultId};

use super::session::{self, Begun, Carried};
use super::{Result, append, devices, email, limits};
use crate::state::{AppState, Origin};
use crate::store::accounts::Account;
use crate::store::{StoreError, Transaction, accounts, commit, vaults};

/// The first message.
pub async fn start(state: &AppState, origin: &Origin, message: SignUpStart) -> Result<SignUpStarted> {
    let email = email::normalise(&message.email)?;
    let request = RegistrationRequest::<Suite>::deserialize(&message.registration).map_err(|_| Refusal::Malformed)?;
    limits::count(state, "sign-ups by address", &origin.truncated_for_counting(), state.limits.sign_ups).await?;
    if accounts::by_email(state.store.reader(), &email).await?.is_some() {
        return Err(Conflict::Email.into());
    }
    let credential = state.secrets.credential(&email);
    let started = ServerRegistration::start(state.secrets.opaque(), request, credential.as_bytes())
        .map_err(|_| Refusal::Malformed)?;
    Ok(SignUpStarted { registration: started.message.serialize().to_vec() })
}

/// The second message: all of it happens, or nothing.
pub async fn finish(state: &AppState, origin: &Origin, carried: &Carried, message: SignUpFinish) -> Result<Begun> {
    let email = email::normalise(&message.email)?;
    let name = email::name(&message.name)?;
    let profile = own_profile(message.profile)?;
    let upload = RegistrationUpload::<Suite>::deserialize(&message.registration).map_err(|_| Refusal::Malformed)?;
    let id = message.chain.signer();
    let keys = protocol::Account::from_chain(id, std::slice::from_ref(&message.chain)).map_err(|_| Refusal::Rule)?;
    // Nothing binds this message to a first one, so that it has a count of its own.
    let subject = origin.truncated_for_counting();
    limits::count(state, "finished sign-ups by address", &subject, state.limits.sign_ups).await?;
    if (profile == Profile::Patient) == message.log.is_empty() {
        return Err(Refusal::Rule.into());
    }
    let account = Account {
        id,
        credential: state.secrets.credential(&email),
        email,
        name,
        profile,
        opaque_record: ServerRegistration::finish(upload).serialize().to_vec(),
        password_wrap: message.password_wrap,
        recovery_wrap: message.recovery_wrap,
        recovery_key: message.recovery_key,
        keyring: message.keyring,
        state: AccountState { version: 0, sealed: message.state },
    };
    let transaction = state.store.begin().await?;
    if accounts::by_email(&transaction, &account.email).await?.is_some() {
        return Err(Conflict::Email.into());
    }
    accounts::insert(&transaction, account.clone(), &message.chain, state.clock.now()).await?;
    open_vault(state, &transaction, &account, keys.identity(), &message.log).await?;
    // The session too: who is told that it failed has no account.
    let token = session::begin_in(state, &transaction, origin, carried, &account, None).await?;
    commit(transaction).await?;
    let proofs = devices::admit(state, &carried.proofs, &account);
    let wrap = account.password_wrap.clone();
    Ok(Begun { token, proofs, signed_in: SignedInWith { signed_in: session::describe(state, account).await?, wrap } })
}

/// What a person may say of itself: nobody verifies itself.
fn own_profile(profile: Profile) -> Result<Profile> {
    Ok(match profile {
        Profile::Patient => Profile::Patient,
        Profile::Provider { specialty, organisation, verified: _ } => Profile::Provider {
            specialty: email::directory_words(&specialty)?,
            organisation: email::directory_words(&organisation)?,
            verified: false,
        },
    })
}

async fn open_vault(
    state: &AppState,
    transaction: &Transaction,
    owner: &Account,
    identity: &PublicKey,
    log: &[Signed<Entry>],
) -> Result<()> {
    let Some(first) = log.first() else { return Ok(()) };
    let id: VaultId = first.open(identity).map_err(|_| Refusal::Rule)?.vault;
    match vaults::insert(transaction, id, owner.id, *identity).await {
        Err(StoreError::Taken) => return Err(Conflict::Id.into()),
        other => other?,
    }
    let vault = vaults::lock(transaction, id).await?.ok_or(ApiError::Internal)?;
    append::append_in(state, transaction, owner.id, vault, log).await?;
    Ok(())
}
