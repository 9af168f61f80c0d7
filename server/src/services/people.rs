//! Whom one may know of.

use protocol::api::{Find, Person, SharedVault};
use protocol::{AccountId, ApiError};

use super::session::Caller;
use super::{Result, email, limits};
use crate::state::AppState;
use crate::store::{accounts, grants, vaults};

/// The provider with an address. Patients are not found.
pub async fn find(state: &AppState, caller: Caller, message: Find) -> Result<Person> {
    let email = email::normalise(&message.email)?;
    limits::count(state, "finds by account", caller.account.as_bytes(), state.limits.finds).await?;
    Ok(accounts::provider(state.store.reader(), &email).await?.ok_or(ApiError::NotFound)?)
}

/// A person with whom the caller shares, or once shared; or the caller.
pub async fn person(state: &AppState, caller: Caller, account: AccountId) -> Result<Person> {
    Ok(accounts::known_to(caller.account, state.store.reader(), account).await?.ok_or(ApiError::NotFound)?)
}

/// The vaults of which something is shared with the caller now.
pub async fn shared(state: &AppState, caller: Caller) -> Result<Vec<SharedVault>> {
    let db = state.store.reader();
    let mut shared = Vec::new();
    for id in grants::vaults_shared_with(caller.account, db, state.clock.minute()).await? {
        if let Some(vault) = vaults::find(db, id).await? {
            shared.push(SharedVault { vault: id, owner: vault.owner, head: vault.head });
        }
    }
    Ok(shared)
}
