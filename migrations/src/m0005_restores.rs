//! Which restore from a backup was the last, so that clients do not take it for a server that lies.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary};

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Restores {
    Table,
    Id,
    Minute,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Restores::Table)
            .col(binary(Restores::Id).primary_key())
            .col(big_integer(Restores::Minute))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Restores::Table).to_owned()).await
    }
}
