//! Which blob store belongs to this database: one row, or none.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait as _};

use super::Result;
use super::column::fixed;
use super::entity::instance;

/// The number of the only row.
const ONLY: i16 = 1;

/// The blob store's id; none until one was drawn.
pub async fn store(db: &impl ConnectionTrait) -> Result<Option<[u8; 16]>> {
    let row = instance::Entity::find_by_id(ONLY).one(db).await?;
    row.map(|row| fixed("instance.store", &row.store, |id| id)).transpose()
}

fn row(id: [u8; 16]) -> instance::ActiveModel {
    instance::ActiveModel { number: Set(ONLY), store: Set(id.to_vec()) }
}

/// Notes the blob store's id, unless another server of this database was faster, and gives the one that counts.
pub async fn draw(db: &impl ConnectionTrait, id: [u8; 16]) -> Result<[u8; 16]> {
    let kept = OnConflict::column(instance::Column::Number).update_column(instance::Column::Number).to_owned();
    instance::Entity::insert(row(id)).on_conflict(kept).exec_without_returning(db).await?;
    Ok(store(db).await?.unwrap_or(id))
}

/// Notes the blob store's id, in place of the one before.
pub async fn set(db: &impl ConnectionTrait, id: [u8; 16]) -> Result<()> {
    instance::Entity::delete_many().exec(db).await?;
    instance::Entity::insert(row(id)).exec_without_returning(db).await?;
    Ok(())
}
