//! Sessions, by the digest of their token, and the wraps that wait behind them.

use protocol::{AccountId, Digest};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::Result;
use super::column::{fixed, signed, unsigned};
use super::entity::{device_wraps, sessions};

/// One session.
#[derive(Clone, Debug)]
pub struct Session {
    /// The digest of its token.
    pub token: Digest,
    /// Whose it is.
    pub account: AccountId,
    /// When it began.
    pub created: u64,
    /// When it was last used, to the minute.
    pub last_used: u64,
    /// The address that it began from, cut short.
    pub address: String,
    /// The kind of browser.
    pub agent: String,
}

/// Begins a session.
pub async fn insert(db: &impl ConnectionTrait, session: Session) -> Result<()> {
    let row = sessions::ActiveModel {
        token: Set(session.token.as_bytes().to_vec()),
        account: Set(session.account.as_bytes().to_vec()),
        created: Set(signed(session.created)),
        last_used: Set(signed(session.last_used)),
        address: Set(session.address),
        agent: Set(session.agent),
    };
    sessions::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The session with this token.
pub async fn find(db: &impl ConnectionTrait, token: Digest) -> Result<Option<Session>> {
    let Some(row) = sessions::Entity::find_by_id(token.as_bytes().to_vec()).one(db).await? else { return Ok(None) };
    Ok(Some(Session {
        token,
        account: fixed("sessions.account", &row.account, AccountId::from_bytes)?,
        created: unsigned("sessions.created", row.created)?,
        last_used: unsigned("sessions.last_used", row.last_used)?,
        address: row.address,
        agent: row.agent,
    }))
}

/// Notes that the session is in use.
pub async fn touch(db: &impl ConnectionTrait, token: Digest, now: u64) -> Result<()> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::LastUsed, Expr::value(signed(now)))
        .filter(sessions::Column::Token.eq(token.as_bytes().to_vec()))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends a session.
pub async fn delete(db: &impl ConnectionTrait, token: Digest) -> Result<()> {
    sessions::Entity::delete_by_id(token.as_bytes().to_vec()).exec(db).await?;
    Ok(())
}

/// Ends every other session of the actor.
pub async fn delete_others(actor: AccountId, db: &impl ConnectionTrait, kept: Digest) -> Result<()> {
    sessions::Entity::delete_many()
        .filter(sessions::Column::Account.eq(actor.as_bytes().to_vec()))
        .filter(sessions::Column::Token.ne(kept.as_bytes().to_vec()))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends the sessions that began before this second.
pub async fn delete_older(db: &impl ConnectionTrait, than: u64) -> Result<u64> {
    let done = sessions::Entity::delete_many().filter(sessions::Column::Created.lt(signed(than))).exec(db).await?;
    Ok(done.rows_affected)
}

/// Keeps a device's wrap behind its session.
pub async fn put_wrap(db: &impl ConnectionTrait, session: Digest, wrap: Vec<u8>) -> Result<()> {
    let row = device_wraps::ActiveModel { session: Set(session.as_bytes().to_vec()), wrap: Set(wrap) };
    device_wraps::Entity::insert(row)
        .on_conflict(
            OnConflict::column(device_wraps::Column::Session).update_column(device_wraps::Column::Wrap).to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// The wrap behind a session.
pub async fn wrap(db: &impl ConnectionTrait, session: Digest) -> Result<Option<Vec<u8>>> {
    Ok(device_wraps::Entity::find_by_id(session.as_bytes().to_vec()).one(db).await?.map(|row| row.wrap))
}

/// Forgets the wrap behind a session.
pub async fn delete_wrap(db: &impl ConnectionTrait, session: Digest) -> Result<()> {
    device_wraps::Entity::delete_by_id(session.as_bytes().to_vec()).exec(db).await?;
    Ok(())
}

/// Forgets the wraps of sessions that were not used since this second.
pub async fn delete_idle_wraps(db: &impl ConnectionTrait, since: u64) -> Result<u64> {
    use sea_orm::QuerySelect as _;
    let idle = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::Token)
        .filter(sessions::Column::LastUsed.lt(signed(since)));
    let done = device_wraps::Entity::delete_many()
        .filter(device_wraps::Column::Session.in_subquery(sea_orm::QueryTrait::into_query(idle)))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}
