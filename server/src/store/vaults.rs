//! Vaults, and the facts about them that the rules of the log ask for.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ledger::{Member, RecordFacts, ScopeFacts};
use protocol::{AccountId, Head, PublicKey, RecordId, ScopeId, VaultId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::Result;
use super::column::{digest, fixed, signed, unsigned};
use super::entity::{members, records, scopes, vaults};

/// One vault.
#[derive(Clone, Copy, Debug)]
pub struct Vault {
    /// Its id.
    pub id: VaultId,
    /// Whose it is.
    pub owner: AccountId,
    /// Where its log stands.
    pub head: Head,
    /// The current epoch of its key.
    pub epoch: Option<u32>,
}

fn read(row: &vaults::Model) -> Result<Vault> {
    Ok(Vault {
        id: fixed("vaults.id", &row.id, VaultId::from_bytes)?,
        owner: fixed("vaults.owner", &row.owner, AccountId::from_bytes)?,
        head: Head { seq: unsigned("vaults.seq", row.seq)?, chain: digest("vaults.chain", &row.chain)? },
        epoch: row.epoch.map(|epoch| unsigned("vaults.epoch", epoch)).transpose()?,
    })
}

/// Adds a vault with an empty log, and its owner as the one who may write.
pub async fn insert(db: &impl ConnectionTrait, id: VaultId, owner: AccountId, key: PublicKey) -> Result<()> {
    let head = Head::before(id);
    let row = vaults::ActiveModel {
        id: Set(id.as_bytes().to_vec()),
        owner: Set(owner.as_bytes().to_vec()),
        seq: Set(signed(head.seq)),
        chain: Set(head.chain.as_bytes().to_vec()),
        epoch: Set(None),
    };
    vaults::Entity::insert(row).exec_without_returning(db).await?;
    put_member(db, id, owner, Member { key, author_seq: 0, seen: 0 }).await
}

/// A vault, for the caller who then asks what standing the actor has in it.
pub(crate) async fn find(db: &impl ConnectionTrait, id: VaultId) -> Result<Option<Vault>> {
    vaults::Entity::find_by_id(id.as_bytes().to_vec()).one(db).await?.as_ref().map(read).transpose()
}

/// The same, held so that nobody else appends until the transaction ends.
pub(crate) async fn lock(db: &impl ConnectionTrait, id: VaultId) -> Result<Option<Vault>> {
    let row = vaults::Entity::find_by_id(id.as_bytes().to_vec()).lock_exclusive().one(db).await?;
    row.as_ref().map(read).transpose()
}

/// The vault that the actor owns.
pub async fn owned_by(actor: AccountId, db: &impl ConnectionTrait) -> Result<Option<Vault>> {
    let row = vaults::Entity::find().filter(vaults::Column::Owner.eq(actor.as_bytes().to_vec())).one(db).await?;
    row.as_ref().map(read).transpose()
}

/// Sets where the log stands.
pub async fn set_head(db: &impl ConnectionTrait, id: VaultId, head: Head, epoch: Option<u32>) -> Result<()> {
    vaults::Entity::update_many()
        .col_expr(vaults::Column::Seq, Expr::value(signed(head.seq)))
        .col_expr(vaults::Column::Chain, Expr::value(head.chain.as_bytes().to_vec()))
        .col_expr(vaults::Column::Epoch, Expr::value(epoch.map(i64::from)))
        .filter(vaults::Column::Id.eq(id.as_bytes().to_vec()))
        .exec(db)
        .await?;
    Ok(())
}

/// Those of the accounts that have written, or may write, to the log.
pub async fn members(
    db: &impl ConnectionTrait,
    vault: VaultId,
    accounts: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Member>> {
    let rows = members::Entity::find()
        .filter(members::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(members::Column::Account.is_in(accounts.iter().map(|id| id.as_bytes().to_vec())))
        .all(db)
        .await?;
    let member = |row: members::Model| {
        Ok((
            fixed("members.account", &row.account, AccountId::from_bytes)?,
            Member {
                key: fixed("members.key", &row.key, PublicKey::from_bytes)?,
                author_seq: unsigned("members.author_seq", row.author_seq)?,
                seen: unsigned("members.seen", row.seen)?,
            },
        ))
    };
    rows.into_iter().map(member).collect()
}

/// Sets what is known of an author.
pub async fn put_member(db: &impl ConnectionTrait, vault: VaultId, account: AccountId, member: Member) -> Result<()> {
    let row = members::ActiveModel {
        vault: Set(vault.as_bytes().to_vec()),
        account: Set(account.as_bytes().to_vec()),
        key: Set(member.key.as_bytes().to_vec()),
        author_seq: Set(signed(member.author_seq)),
        seen: Set(signed(member.seen)),
    };
    members::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([members::Column::Vault, members::Column::Account])
                .update_columns([members::Column::AuthorSeq, members::Column::Seen])
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Those of the scopes that exist.
pub async fn scopes(
    db: &impl ConnectionTrait,
    vault: VaultId,
    ids: &BTreeSet<ScopeId>,
) -> Result<BTreeMap<ScopeId, ScopeFacts>> {
    let rows = scopes::Entity::find()
        .filter(scopes::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(scopes::Column::Scope.is_in(ids.iter().map(|id| id.as_bytes().to_vec())))
        .all(db)
        .await?;
    let scope = |row: scopes::Model| {
        let id = fixed("scopes.scope", &row.scope, ScopeId::from_bytes)?;
        Ok((id, ScopeFacts { epoch: unsigned("scopes.epoch", row.epoch)? }))
    };
    rows.into_iter().map(scope).collect()
}

/// Sets what is known of a scope.
pub async fn put_scope(db: &impl ConnectionTrait, vault: VaultId, id: ScopeId, scope: ScopeFacts) -> Result<()> {
    let row = scopes::ActiveModel {
        vault: Set(vault.as_bytes().to_vec()),
        scope: Set(id.as_bytes().to_vec()),
        epoch: Set(i64::from(scope.epoch)),
    };
    scopes::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([scopes::Column::Vault, scopes::Column::Scope])
                .update_column(scopes::Column::Epoch)
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Those of the records that exist.
pub async fn records(
    db: &impl ConnectionTrait,
    vault: VaultId,
    ids: &BTreeSet<RecordId>,
) -> Result<BTreeMap<RecordId, RecordFacts>> {
    let rows = records::Entity::find()
        .filter(records::Column::Vault.eq(vault.as_bytes().to_vec()))
        .filter(records::Column::Record.is_in(ids.iter().map(|id| id.as_bytes().to_vec())))
        .all(db)
        .await?;
    let record = |row: records::Model| {
        Ok((
            fixed("records.record", &row.record, RecordId::from_bytes)?,
            RecordFacts {
                scope: fixed("records.scope", &row.scope, ScopeId::from_bytes)?,
                epoch: unsigned("records.epoch", row.epoch)?,
                generation: unsigned("records.generation", row.generation)?,
                number: unsigned("records.number", row.number)?,
                deleted: row.deleted,
            },
        ))
    };
    rows.into_iter().map(record).collect()
}

/// Sets what is known of a record.
pub async fn put_record(db: &impl ConnectionTrait, vault: VaultId, id: RecordId, record: RecordFacts) -> Result<()> {
    use records::Column;
    let row = records::ActiveModel {
        vault: Set(vault.as_bytes().to_vec()),
        record: Set(id.as_bytes().to_vec()),
        scope: Set(record.scope.as_bytes().to_vec()),
        epoch: Set(i64::from(record.epoch)),
        generation: Set(i64::from(record.generation)),
        number: Set(i64::from(record.number)),
        deleted: Set(record.deleted),
    };
    records::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::Vault, Column::Record])
                .update_columns([Column::Scope, Column::Epoch, Column::Generation, Column::Number, Column::Deleted])
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}
