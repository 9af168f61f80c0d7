//! How often something happened in a window of time, under a key that says nothing.

use protocol::Digest;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _};

use super::Result;
use super::column::{signed, unsigned};
use super::entity::counters;

/// Where a counter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How often, this time included.
    pub count: u64,
    /// When the window began.
    pub since: u64,
}

/// Counts one more, in a new window when the last one is over.
pub async fn count(db: &impl ConnectionTrait, key: Digest, window: u64, now: u64) -> Result<Count> {
    let column = |column: counters::Column| Expr::col((counters::Entity, column));
    let over = || column(counters::Column::Expires).lte(signed(now));
    let row = counters::ActiveModel {
        key: Set(key.as_bytes().to_vec()),
        since: Set(signed(now)),
        count: Set(1),
        expires: Set(signed(now + window)),
    };
    let either = |fresh: i64, running: Expr| CaseStatement::new().case(over(), fresh).finally(running);
    let row = counters::Entity::insert(row)
        .on_conflict(
            OnConflict::column(counters::Column::Key)
                .value(counters::Column::Count, either(1, column(counters::Column::Count).add(1)))
                .value(counters::Column::Since, either(signed(now), column(counters::Column::Since)))
                .value(counters::Column::Expires, either(signed(now + window), column(counters::Column::Expires)))
                .to_owned(),
        )
        .exec_with_returning(db)
        .await?;
    Ok(Count { count: unsigned("counters.count", row.count)?, since: unsigned("counters.since", row.since)? })
}

/// Begins a counter anew.
pub async fn forget(db: &impl ConnectionTrait, key: Digest) -> Result<()> {
    counters::Entity::delete_by_id(key.as_bytes().to_vec()).exec(db).await?;
    Ok(())
}

/// Removes counters whose window is over.
pub async fn delete_expired(db: &impl ConnectionTrait, now: u64) -> Result<u64> {
    Ok(counters::Entity::delete_many().filter(counters::Column::Expires.lt(signed(now))).exec(db).await?.rows_affected)
}
