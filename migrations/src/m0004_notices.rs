//! What people are told: notices, what each of them wants to be told of, and mail on its way out.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, boolean, pk_auto, small_integer, text_null,
};

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Notices {
    Table,
    Id,
    Account,
    Kind,
    At,
    Who,
    Vault,
    Record,
    GrantId,
    Until,
    Place,
    Read,
}

#[derive(DeriveIden)]
enum NoticeChoices {
    Table,
    Account,
    Kind,
    InApp,
    ByMail,
}

#[derive(DeriveIden)]
enum Mails {
    Table,
    Id,
    Account,
    Kind,
    Due,
    Tries,
}

#[derive(DeriveIden)]
enum Grants {
    Table,
    Until,
}

const GRANTS_BY_END: &str = "grants_by_end";

#[derive(DeriveIden)]
enum Accounts {
    Table,
    Id,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_account = |table: DynIden, column: DynIden| {
            ForeignKey::create().from(table, column).to(Accounts::Table, Accounts::Id).to_owned()
        };
        manager
            .create_table(
                Table::create()
                    .table(Notices::Table)
                    .col(pk_auto(Notices::Id).big_integer())
                    .col(binary(Notices::Account))
                    .col(small_integer(Notices::Kind))
                    .col(big_integer(Notices::At))
                    .col(binary_null(Notices::Who))
                    .col(binary_null(Notices::Vault))
                    .col(binary_null(Notices::Record))
                    .col(binary_null(Notices::GrantId))
                    .col(big_integer_null(Notices::Until))
                    .col(text_null(Notices::Place))
                    .col(boolean(Notices::Read))
                    .foreign_key(&mut of_account(Notices::Table.into_iden(), Notices::Account.into_iden()))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("notices_by_account")
                    .table(Notices::Table)
                    .col(Notices::Account)
                    .col(Notices::Id)
                    .to_owned(),
            )
            .await?;
        // An end that comes near is told of once.
        manager
            .create_index(
                Index::create()
                    .name("notices_by_grant")
                    .table(Notices::Table)
                    .col(Notices::GrantId)
                    .col(Notices::Kind)
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name(GRANTS_BY_END).table(Grants::Table).col(Grants::Until).to_owned())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(NoticeChoices::Table)
                    .col(binary(NoticeChoices::Account))
                    .col(small_integer(NoticeChoices::Kind))
                    .col(boolean(NoticeChoices::InApp))
                    .col(boolean(NoticeChoices::ByMail))
                    .primary_key(Index::create().col(NoticeChoices::Account).col(NoticeChoices::Kind))
                    .foreign_key(&mut of_account(NoticeChoices::Table.into_iden(), NoticeChoices::Account.into_iden()))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(Mails::Table)
                    .col(pk_auto(Mails::Id).big_integer())
                    .col(binary(Mails::Account))
                    .col(small_integer(Mails::Kind))
                    .col(big_integer(Mails::Due))
                    .col(big_integer(Mails::Tries))
                    .foreign_key(&mut of_account(Mails::Table.into_iden(), Mails::Account.into_iden()))
                    .to_owned(),
            )
            .await?;
        manager.create_index(Index::create().name("mails_by_due").table(Mails::Table).col(Mails::Due).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(GRANTS_BY_END).table(Grants::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Mails::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(NoticeChoices::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Notices::Table).to_owned()).await
    }
}
