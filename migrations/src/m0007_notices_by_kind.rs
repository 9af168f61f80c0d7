//! Finds when somebody was last told of a kind of thing, without looking through everything else they were told of.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const BY_KIND: &str = "notices_by_kind";

#[derive(DeriveIden)]
enum Notices {
    Table,
    Account,
    Kind,
    Id,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name(BY_KIND)
            .table(Notices::Table)
            .col(Notices::Account)
            .col(Notices::Kind)
            .col(Notices::Id)
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(BY_KIND).table(Notices::Table).to_owned()).await
    }
}
