//! Attempts to sign in or to recover, between their two messages.

use protocol::AccountId;
use protocol::id::AttemptId;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::Result;
use super::column::{fixed, signed};
use super::entity::attempts;

/// What is attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To sign in by password.
    SignIn,
    /// To sign in by recovery kit.
    Recovery,
}

impl Kind {
    const fn code(self) -> i16 {
        match self {
            Self::SignIn => 1,
            Self::Recovery => 2,
        }
    }
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Whose account; none when nobody has the address.
    pub account: Option<AccountId>,
    /// OPAQUE's state, or the challenge.
    pub state: Vec<u8>,
}

/// Keeps an attempt until `expires`.
pub async fn insert(
    db: &impl ConnectionTrait,
    id: AttemptId,
    kind: Kind,
    attempt: Attempt,
    expires: u64,
) -> Result<()> {
    let row = attempts::ActiveModel {
        id: Set(id.as_bytes().to_vec()),
        kind: Set(kind.code()),
        account: Set(attempt.account.map(|account| account.as_bytes().to_vec())),
        state: Set(attempt.state),
        expires: Set(signed(expires)),
    };
    attempts::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Takes an attempt: whoever deletes the row has it, and nobody has it again.
pub async fn take(db: &impl ConnectionTrait, id: AttemptId, kind: Kind, now: u64) -> Result<Option<Attempt>> {
    let Some(row) = attempts::Entity::find_by_id(id.as_bytes().to_vec()).one(db).await? else { return Ok(None) };
    let deleted = attempts::Entity::delete_by_id(id.as_bytes().to_vec()).exec(db).await?;
    if deleted.rows_affected != 1 || row.kind != kind.code() || row.expires < signed(now) {
        return Ok(None);
    }
    let account = row.account.map(|id| fixed("attempts.account", &id, AccountId::from_bytes)).transpose()?;
    Ok(Some(Attempt { account, state: row.state }))
}

/// Removes what nobody took in time.
pub async fn delete_expired(db: &impl ConnectionTrait, now: u64) -> Result<u64> {
    Ok(attempts::Entity::delete_many().filter(attempts::Column::Expires.lt(signed(now))).exec(db).await?.rows_affected)
}
