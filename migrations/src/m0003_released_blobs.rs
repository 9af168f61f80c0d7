//! When a blob was let go: by a deleted record, or by a revision that no longer names it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Blobs {
    Table,
    Vault,
    Record,
    Released,
}

const BY_RECORD: &str = "blobs_by_record";
const BY_RELEASE: &str = "blobs_by_release";

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table(Blobs::Table).add_column(big_integer_null(Blobs::Released)).to_owned())
            .await?;
        manager
            .create_index(
                Index::create().name(BY_RECORD).table(Blobs::Table).col(Blobs::Vault).col(Blobs::Record).to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name(BY_RELEASE).table(Blobs::Table).col(Blobs::Released).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(BY_RELEASE).table(Blobs::Table).to_owned()).await?;
        manager.drop_index(Index::drop().name(BY_RECORD).table(Blobs::Table).to_owned()).await?;
        manager.alter_table(Table::alter().table(Blobs::Table).drop_column(Blobs::Released).to_owned()).await
    }
}
