//! Which restore from a backup was the last: one row, or none.

use protocol::Minute;
use protocol::api::Restored;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait as _};

use super::Result;
use super::column::{fixed, minute};
use super::entity::restores;

/// Notes a restore, in place of the one before.
pub async fn set(db: &impl ConnectionTrait, id: [u8; 16], at: Minute) -> Result<()> {
    restores::Entity::delete_many().exec(db).await?;
    let row = restores::ActiveModel { id: Set(id.to_vec()), minute: Set(i64::from(at.0)) };
    restores::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The last restore; none when there was none.
pub async fn last(db: &impl ConnectionTrait) -> Result<Option<Restored>> {
    let Some(row) = restores::Entity::find().one(db).await? else { return Ok(None) };
    Ok(Some(Restored { id: fixed("restores.id", &row.id, |id| id)?, at: minute("restores.minute", row.minute)? }))
}
