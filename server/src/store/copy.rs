//! Every table, from one database into another: into the portable file of a backup, and back into either database.

use futures_util::TryStreamExt as _;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
    StreamTrait,
};

use super::{Result, Rows, Transaction, entity};

/// Rows that are written together: well below the number of values that either database takes in one statement.
const BATCH: usize = 100;

/// What only lasts for minutes, or may not outlast the server's promise to forget it: attempts, counters, and what
/// unlocks a device. They are in no backup; nor are notices, which tell of what stands in the logs, and mail, which has
/// most likely been sent. Which restore came last is noted anew by each, and so is which blob store it went to.
#[cfg(test)]
const LEFT_OUT: [&str; 7] = ["attempts", "counters", "device_wraps", "instance", "mails", "notices", "restores"];

/// Does the same for every table that is copied, what is pointed to before what points to it.
macro_rules! each_table {
    ($do:ident $arguments:tt) => {
        each_table!(@ $do $arguments accounts account_chain sessions vaults entries members scopes records grants blobs chunks notice_choices)
    };
    (@ $do:ident $arguments:tt $($table:ident)+) => {
        [$($do!($table $arguments)),+]
    };
}

async fn copy_table<E>(from: &Transaction, to: &Transaction) -> Result<u64>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    Transaction: StreamTrait,
{
    let mut copied = 0;
    let rows = E::find().stream(from).await?;
    let mut batches = std::pin::pin!(rows.try_chunks(BATCH));
    while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
        copied += batch.len() as u64;
        let rows = batch.into_iter().map(IntoActiveModel::into_active_model);
        E::insert_many(rows).exec_without_returning(to).await?;
    }
    Ok(copied)
}

async fn has_rows<E: EntityTrait>(db: &impl Rows) -> Result<bool>
where
    E::Model: Send + Sync,
{
    let one: Option<i32> = E::find().select_only().expr(Expr::val(1)).limit(1).into_tuple().one(db).await?;
    Ok(one.is_some())
}

/// Copies every table, and says how many rows that were.
pub async fn copy(from: &Transaction, to: &Transaction) -> Result<u64> {
    macro_rules! copied {
        ($table:ident ($from:ident, $to:ident)) => {
            copy_table::<entity::$table::Entity>($from, $to).await?
        };
    }
    Ok(each_table!(copied(from, to)).into_iter().sum())
}

/// Whether no table has a row that a copy could collide with.
pub async fn is_empty(db: &impl Rows) -> Result<bool> {
    macro_rules! filled {
        ($table:ident ($db:ident)) => {
            has_rows::<entity::$table::Entity>($db).await?
        };
    }
    Ok(!each_table!(filled(db)).contains(&true))
}

/// How many accounts, records that are there, and stored chunks a database has.
pub async fn count(db: &impl Rows) -> Result<(u64, u64, u64)> {
    use sea_orm::ColumnTrait as _;
    let accounts = entity::accounts::Entity::find().count(db).await?;
    let records = entity::records::Entity::find().filter(entity::records::Column::Deleted.eq(false)).count(db).await?;
    let chunks = entity::chunks::Entity::find().count(db).await?;
    Ok((accounts, records, chunks))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sea_orm::{ConnectionTrait as _, DatabaseBackend, IdenStatic as _, Iterable as _, Statement};

    use super::*;
    use crate::store::Store;

    /// A table or a column that is forgotten here would be lost by a restore.
    #[tokio::test]
    async fn every_column_of_the_schema_is_copied_or_left_out_for_a_reason() {
        macro_rules! columns {
            ($table:ident ()) => {
                entity::$table::Column::iter()
                    .map(|column| format!("{}.{}", stringify!($table), column.as_str()))
                    .collect::<Vec<_>>()
            };
        }
        let copied: BTreeSet<String> = each_table!(columns()).into_iter().flatten().collect();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::portable(&folder.path().join("schema.db")).await.unwrap();
        store.migrate().await.unwrap();
        let query = "SELECT m.name AS t, c.name AS c FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'seaql_migrations'";
        let rows = store.reader().query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, query)).await.unwrap();
        let name = |row: &sea_orm::QueryResult, column| row.try_get::<String>("", column).unwrap();
        let schema: BTreeSet<String> = rows
            .iter()
            .filter(|row| !LEFT_OUT.contains(&name(row, "t").as_str()))
            .map(|row| format!("{}.{}", name(row, "t"), name(row, "c")))
            .collect();
        assert_eq!(copied, schema);
    }
}
