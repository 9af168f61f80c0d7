//! Vaults: the log, the indexes that are kept beside it, and blobs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, small_integer, small_integer_null, text,
};

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Vaults {
    Table,
    Id,
    Owner,
    Seq,
    Chain,
    Epoch,
}

#[derive(DeriveIden)]
enum Entries {
    Table,
    Vault,
    Seq,
    Chain,
    Digest,
    Code,
    Author,
    Minute,
    Scope,
    LeftScope,
    Record,
    GrantId,
    Access,
    Received,
    Size,
    Bytes,
}

#[derive(DeriveIden)]
enum Members {
    Table,
    Vault,
    Account,
    Key,
    AuthorSeq,
    Seen,
}

#[derive(DeriveIden)]
enum Scopes {
    Table,
    Vault,
    Scope,
    Epoch,
}

#[derive(DeriveIden)]
enum Records {
    Table,
    Vault,
    Record,
    Scope,
    Epoch,
    Generation,
    Number,
    Deleted,
}

#[derive(DeriveIden)]
enum Grants {
    Table,
    Vault,
    GrantId,
    Recipient,
    Level,
    Reach,
    Target,
    Until,
    Revoked,
    Accepted,
}

#[derive(DeriveIden)]
enum Blobs {
    Table,
    Id,
    Vault,
    Creator,
    Length,
    Created,
    Record,
}

#[derive(DeriveIden)]
enum Chunks {
    Table,
    Blob,
    Number,
    Digest,
    Length,
    Object,
}

#[derive(DeriveIden)]
enum Accounts {
    Table,
    Id,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_log(manager).await?;
        create_indexes_of_the_log(manager).await?;
        create_blobs(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Chunks::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Blobs::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Grants::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Records::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Scopes::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Members::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Entries::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Vaults::Table).to_owned()).await
    }
}

async fn create_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(Vaults::Table)
                .col(binary(Vaults::Id).primary_key())
                .col(binary(Vaults::Owner).unique_key())
                .col(big_integer(Vaults::Seq))
                .col(binary(Vaults::Chain))
                .col(big_integer_null(Vaults::Epoch))
                .foreign_key(ForeignKey::create().from(Vaults::Table, Vaults::Owner).to(Accounts::Table, Accounts::Id))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table(Entries::Table)
                .col(binary(Entries::Vault))
                .col(big_integer(Entries::Seq))
                .col(binary(Entries::Chain))
                .col(binary(Entries::Digest))
                .col(small_integer(Entries::Code))
                .col(binary(Entries::Author))
                .col(big_integer(Entries::Minute))
                .col(binary_null(Entries::Scope))
                .col(binary_null(Entries::LeftScope))
                .col(binary_null(Entries::Record))
                .col(binary_null(Entries::GrantId))
                .col(small_integer_null(Entries::Access))
                .col(big_integer(Entries::Received))
                .col(big_integer(Entries::Size))
                .col(binary(Entries::Bytes))
                .primary_key(Index::create().col(Entries::Vault).col(Entries::Seq))
                .foreign_key(ForeignKey::create().from(Entries::Table, Entries::Vault).to(Vaults::Table, Vaults::Id))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("entries_by_author")
                .table(Entries::Table)
                .col(Entries::Vault)
                .col(Entries::Author)
                .col(Entries::Record)
                .to_owned(),
        )
        .await
}

async fn create_indexes_of_the_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(Members::Table)
                .col(binary(Members::Vault))
                .col(binary(Members::Account))
                .col(binary(Members::Key))
                .col(big_integer(Members::AuthorSeq))
                .col(big_integer(Members::Seen))
                .primary_key(Index::create().col(Members::Vault).col(Members::Account))
                .foreign_key(ForeignKey::create().from(Members::Table, Members::Vault).to(Vaults::Table, Vaults::Id))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table(Scopes::Table)
                .col(binary(Scopes::Vault))
                .col(binary(Scopes::Scope))
                .col(big_integer(Scopes::Epoch))
                .primary_key(Index::create().col(Scopes::Vault).col(Scopes::Scope))
                .foreign_key(ForeignKey::create().from(Scopes::Table, Scopes::Vault).to(Vaults::Table, Vaults::Id))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table(Records::Table)
                .col(binary(Records::Vault))
                .col(binary(Records::Record))
                .col(binary(Records::Scope))
                .col(big_integer(Records::Epoch))
                .col(big_integer(Records::Generation))
                .col(big_integer(Records::Number))
                .col(boolean(Records::Deleted))
                .primary_key(Index::create().col(Records::Vault).col(Records::Record))
                .foreign_key(ForeignKey::create().from(Records::Table, Records::Vault).to(Vaults::Table, Vaults::Id))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table(Grants::Table)
                .col(binary(Grants::Vault))
                .col(binary(Grants::GrantId))
                .col(binary(Grants::Recipient))
                .col(small_integer(Grants::Level))
                .col(small_integer(Grants::Reach))
                .col(binary_null(Grants::Target))
                .col(big_integer_null(Grants::Until))
                .col(boolean(Grants::Revoked))
                .col(boolean(Grants::Accepted))
                .primary_key(Index::create().col(Grants::Vault).col(Grants::GrantId))
                .foreign_key(ForeignKey::create().from(Grants::Table, Grants::Vault).to(Vaults::Table, Vaults::Id))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create().name("grants_by_recipient").table(Grants::Table).col(Grants::Recipient).to_owned(),
        )
        .await
}

async fn create_blobs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table(Blobs::Table)
                .col(binary(Blobs::Id).primary_key())
                .col(binary(Blobs::Vault))
                .col(binary(Blobs::Creator))
                .col(big_integer(Blobs::Length))
                .col(big_integer(Blobs::Created))
                .col(binary_null(Blobs::Record))
                .foreign_key(ForeignKey::create().from(Blobs::Table, Blobs::Vault).to(Vaults::Table, Vaults::Id))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(Index::create().name("blobs_by_created").table(Blobs::Table).col(Blobs::Created).to_owned())
        .await?;
    manager
        .create_table(
            Table::create()
                .table(Chunks::Table)
                .col(binary(Chunks::Blob))
                .col(big_integer(Chunks::Number))
                .col(binary(Chunks::Digest))
                .col(big_integer(Chunks::Length))
                .col(text(Chunks::Object).unique_key())
                .primary_key(Index::create().col(Chunks::Blob).col(Chunks::Number))
                .foreign_key(
                    ForeignKey::create()
                        .from(Chunks::Table, Chunks::Blob)
                        .to(Blobs::Table, Blobs::Id)
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await
}
