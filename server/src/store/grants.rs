//! Grants, as the index beside the log keeps them.

use std::collections::{BTreeMap, BTreeSet};

use app::api::notices::NoticeKind;
use protocol::ledger::GrantFacts;
use protocol::{AccountId, GrantId, GrantScope, Level, Minute, RecordId, ScopeId, VaultId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::column::{fixed, minute};
use super::entity::{grants, notices};
use super::{Result, StoreError};

/// One grant.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The vault that it reaches into.
    pub vault: VaultId,
    /// What the rules need to know.
    pub facts: GrantFacts,
    /// Whether its holder took it up.
    pub accepted: bool,
}

const fn level_code(level: Level) -> i16 {
    match level {
        Level::Drop => 1,
        Level::View => 2,
        Level::Download => 3,
        Level::Contribute => 4,
        Level::Manage => 5,
    }
}

fn reach(scope: GrantScope) -> (i16, Option<Vec<u8>>) {
    match scope {
        GrantScope::Record(id) => (1, Some(id.as_bytes().to_vec())),
        GrantScope::Scope(id) => (2, Some(id.as_bytes().to_vec())),
        GrantScope::Vault => (3, None),
    }
}

fn read(row: &grants::Model) -> Result<Grant> {
    let level = Level::ALL.into_iter().find(|level| level_code(*level) == row.level);
    let scope = match (row.reach, &row.target) {
        (1, Some(id)) => GrantScope::Record(fixed("grants.target", id, RecordId::from_bytes)?),
        (2, Some(id)) => GrantScope::Scope(fixed("grants.target", id, ScopeId::from_bytes)?),
        (3, None) => GrantScope::Vault,
        _ => return Err(StoreError::Corrupt("grants.reach")),
    };
    Ok(Grant {
        id: fixed("grants.grant_id", &row.grant_id, GrantId::from_bytes)?,
        vault: fixed("grants.vault", &row.vault, VaultId::from_bytes)?,
        facts: GrantFacts {
            recipient: fixed("grants.recipient", &row.recipient, AccountId::from_bytes)?,
            level: level.ok_or(StoreError::Corrupt("grants.level"))?,
            scope,
            until: row.until.map(|until| minute("grants.until", until)).transpose()?,
            revoked: row.revoked,
        },
        accepted: row.accepted,
    })
}

/// The actor's grants in a vault, past and present.
pub async fn of_recipient(actor: AccountId, db: &impl ConnectionTrait, vault: VaultId) -> Result<Vec<Grant>> {
    let rows = grants::Entity::find()
        .filter(grants::Column::Recipient.eq(actor.as_bytes().to_vec()))
        .filter(grants::Column::Vault.eq(vault.as_bytes().to_vec()))
        .all(db)
        .await?;
    rows.iter().map(read).collect()
}

/// The vaults of which something is shared with the actor now.
pub async fn vaults_shared_with(actor: AccountId, db: &impl ConnectionTrait, now: Minute) -> Result<BTreeSet<VaultId>> {
    let holds = Condition::any().add(grants::Column::Until.is_null()).add(grants::Column::Until.gte(i64::from(now.0)));
    let rows = grants::Entity::find()
        .filter(grants::Column::Recipient.eq(actor.as_bytes().to_vec()))
        .filter(grants::Column::Revoked.eq(false))
        .filter(holds)
        .all(db)
        .await?;
    rows.iter().map(|row| fixed("grants.vault", &row.vault, VaultId::from_bytes)).collect()
}

/// Grants that were not stopped, that end between two minutes, and of whose end their holder was told nothing of a kind.
pub async fn ending(db: &impl ConnectionTrait, (from, to): (Minute, Minute), kind: NoticeKind) -> Result<Vec<Grant>> {
    let told = Query::select()
        .expr(Expr::value(1))
        .from(notices::Entity)
        .and_where(
            Expr::col((notices::Entity, notices::Column::GrantId)).equals((grants::Entity, grants::Column::GrantId)),
        )
        .and_where(Expr::col((notices::Entity, notices::Column::Until)).equals((grants::Entity, grants::Column::Until)))
        .and_where(
            Expr::col((notices::Entity, notices::Column::Account)).equals((grants::Entity, grants::Column::Recipient)),
        )
        .and_where(Expr::col((notices::Entity, notices::Column::Kind)).eq(super::notices::code(kind)))
        .take();
    let rows = grants::Entity::find()
        .filter(grants::Column::Revoked.eq(false))
        .filter(grants::Column::Until.between(i64::from(from.0), i64::from(to.0)))
        .filter(Expr::exists(told).not())
        .all(db)
        .await?;
    rows.iter().map(read).collect()
}

/// Everybody who holds a grant in a vault.
pub async fn recipients(db: &impl ConnectionTrait, vault: VaultId, now: Minute) -> Result<BTreeSet<AccountId>> {
    let until = grants::Column::Until;
    let rows: Vec<Vec<u8>> = grants::Entity::find()
        .select_only()
        .column(grants::Column::Recipient)
        .distinct()
        .filter(grants::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(grants::Column::Revoked.eq(false))
        .filter(until.is_null().or(until.gte(i64::from(now.0))))
        .into_tuple()
        .all(db)
        .await?;
    rows.iter().map(|id| fixed("grants.recipient", id, AccountId::from_bytes)).collect()
}

/// Those of the grants that exist in a vault.
pub async fn facts(
    db: &impl ConnectionTrait,
    vault: VaultId,
    ids: &BTreeSet<GrantId>,
) -> Result<BTreeMap<GrantId, GrantFacts>> {
    let rows = grants::Entity::find()
        .filter(grants::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(grants::Column::GrantId.is_in(ids.iter().map(|id| id.as_bytes().to_vec())))
        .all(db)
        .await?;
    rows.iter().map(|row| read(row).map(|grant| (grant.id, grant.facts))).collect()
}

/// Every grant, past and present, that made somebody a manager of the vault.
pub async fn of_managers(db: &impl ConnectionTrait, vault: VaultId) -> Result<Vec<Grant>> {
    let rows = grants::Entity::find()
        .filter(grants::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(grants::Column::Level.eq(level_code(Level::Manage)))
        .all(db)
        .await?;
    rows.iter().map(read).collect()
}

/// Sets what is known of a grant.
pub async fn put(db: &impl ConnectionTrait, vault: VaultId, id: GrantId, facts: GrantFacts) -> Result<()> {
    let (reach, target) = reach(facts.scope);
    let row = grants::ActiveModel {
        vault: Set(vault.as_bytes().to_vec()),
        grant_id: Set(id.as_bytes().to_vec()),
        recipient: Set(facts.recipient.as_bytes().to_vec()),
        level: Set(level_code(facts.level)),
        reach: Set(reach),
        target: Set(target),
        until: Set(facts.until.map(|until| i64::from(until.0))),
        revoked: Set(facts.revoked),
        accepted: Set(false),
    };
    grants::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([grants::Column::Vault, grants::Column::GrantId])
                .update_columns([grants::Column::Revoked, grants::Column::Until])
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Notes that the holder took the grant up.
pub async fn accept(db: &impl ConnectionTrait, vault: VaultId, id: GrantId) -> Result<()> {
    grants::Entity::update_many()
        .col_expr(grants::Column::Accepted, Expr::value(true))
        .filter(grants::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(grants::Column::GrantId.eq(id.as_bytes().to_vec()))
        .exec(db)
        .await?;
    Ok(())
}
