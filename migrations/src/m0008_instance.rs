//! Which blob store belongs to this database, so that no sweep takes another one's objects for its own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, small_integer};

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Instance {
    Table,
    Number,
    Store,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Instance::Table)
            .col(small_integer(Instance::Number).primary_key())
            .col(binary(Instance::Store))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Instance::Table).to_owned()).await
    }
}
