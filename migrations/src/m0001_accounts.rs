//! People: accounts, their chains, sessions, and attempts to sign in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null, boolean, small_integer, text, text_null};

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Accounts {
    Table,
    Id,
    Email,
    Name,
    Kind,
    Specialty,
    Organisation,
    Verified,
    Credential,
    OpaqueRecord,
    PasswordWrap,
    RecoveryWrap,
    RecoveryKey,
    Keyring,
    StateVersion,
    State,
    Created,
}

#[derive(DeriveIden)]
enum AccountChain {
    Table,
    Account,
    Number,
    Bytes,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Token,
    Account,
    Created,
    LastUsed,
    Address,
    Agent,
}

#[derive(DeriveIden)]
enum DeviceWraps {
    Table,
    Session,
    Wrap,
}

#[derive(DeriveIden)]
enum Attempts {
    Table,
    Id,
    Kind,
    Account,
    State,
    Expires,
}

#[derive(DeriveIden)]
enum Counters {
    Table,
    Key,
    Since,
    Count,
    Expires,
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Accounts::Table)
                    .col(binary(Accounts::Id).primary_key())
                    .col(text(Accounts::Email).unique_key())
                    .col(text(Accounts::Name))
                    .col(small_integer(Accounts::Kind))
                    .col(text_null(Accounts::Specialty))
                    .col(text_null(Accounts::Organisation))
                    .col(boolean(Accounts::Verified))
                    .col(binary(Accounts::Credential))
                    .col(binary(Accounts::OpaqueRecord))
                    .col(binary(Accounts::PasswordWrap))
                    .col(binary(Accounts::RecoveryWrap))
                    .col(binary(Accounts::RecoveryKey))
                    .col(binary(Accounts::Keyring))
                    .col(big_integer(Accounts::StateVersion))
                    .col(binary(Accounts::State))
                    .col(big_integer(Accounts::Created))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(AccountChain::Table)
                    .col(binary(AccountChain::Account))
                    .col(big_integer(AccountChain::Number))
                    .col(binary(AccountChain::Bytes))
                    .primary_key(Index::create().col(AccountChain::Account).col(AccountChain::Number))
                    .foreign_key(
                        ForeignKey::create()
                            .from(AccountChain::Table, AccountChain::Account)
                            .to(Accounts::Table, Accounts::Id),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(Sessions::Table)
                    .col(binary(Sessions::Token).primary_key())
                    .col(binary(Sessions::Account))
                    .col(big_integer(Sessions::Created))
                    .col(big_integer(Sessions::LastUsed))
                    .col(text(Sessions::Address))
                    .col(text(Sessions::Agent))
                    .foreign_key(
                        ForeignKey::create().from(Sessions::Table, Sessions::Account).to(Accounts::Table, Accounts::Id),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("sessions_by_account").table(Sessions::Table).col(Sessions::Account).to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(DeviceWraps::Table)
                    .col(binary(DeviceWraps::Session).primary_key())
                    .col(binary(DeviceWraps::Wrap))
                    .foreign_key(
                        ForeignKey::create()
                            .from(DeviceWraps::Table, DeviceWraps::Session)
                            .to(Sessions::Table, Sessions::Token)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(Attempts::Table)
                    .col(binary(Attempts::Id).primary_key())
                    .col(small_integer(Attempts::Kind))
                    .col(binary_null(Attempts::Account))
                    .col(binary(Attempts::State))
                    .col(big_integer(Attempts::Expires))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(Counters::Table)
                    .col(binary(Counters::Key).primary_key())
                    .col(big_integer(Counters::Since))
                    .col(big_integer(Counters::Count))
                    .col(big_integer(Counters::Expires))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Counters::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Attempts::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(DeviceWraps::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Sessions::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(AccountChain::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Accounts::Table).to_owned()).await
    }
}
