//! What somebody is to a vault: its owner, a manager, a grantee, or nobody.

use protocol::{AccountId, ApiError, GrantScope, Level, Minute, RecordId, ScopeId};

use super::Result;
use crate::store::Rows;
use crate::store::grants;
use crate::store::grants::Grant;
use crate::store::vaults::Vault;

/// What the actor is to a vault at one minute. Whoever holds one of these may know that the vault exists.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Its owner.
    Owner,
    /// The holder of the vault key.
    Manager,
    /// The holder of these grants, each of which holds at that minute.
    Grantee(Vec<Grant>),
}

impl Standing {
    /// What the actor is to the vault; nobody learns [`ApiError::NotFound`].
    pub async fn of(actor: AccountId, db: &impl Rows, vault: &Vault, now: Minute) -> Result<Self> {
        if vault.owner == actor {
            return Ok(Self::Owner);
        }
        let mut held = grants::of_recipient(actor, db, vault.id).await?;
        held.retain(|grant| grant.facts.holds_at(now));
        let manages = |grant: &Grant| grant.facts.level == Level::Manage && grant.facts.scope == GrantScope::Vault;
        if held.iter().any(manages) {
            Ok(Self::Manager)
        } else if held.is_empty() {
            Err(ApiError::NotFound.into())
        } else {
            Ok(Self::Grantee(held))
        }
    }

    /// Whether everything is open to the actor.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Owner | Self::Manager)
    }

    /// Whether the actor may fetch the originals of a record.
    pub fn reads_originals(&self, record: RecordId, scope: ScopeId) -> bool {
        match self {
            Self::Owner | Self::Manager => true,
            Self::Grantee(held) => {
                held.iter().any(|grant| grant.facts.level.reads_originals() && grant.facts.scope.covers(record, scope))
            }
        }
    }
}
