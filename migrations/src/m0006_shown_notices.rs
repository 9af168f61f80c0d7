//! Notices that are kept without being shown: whoever switched a kind off is still told of each thing once by mail.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Notices {
    Table,
    Shown,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Until now, what was not to be shown was not kept.
        let shown = boolean(Notices::Shown).default(true).to_owned();
        manager.alter_table(Table::alter().table(Notices::Table).add_column(shown).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(Notices::Table).drop_column(Notices::Shown).to_owned()).await
    }
}
