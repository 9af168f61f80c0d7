//! The server's database schema, in steps that expand before they contract.

mod m0001_accounts;
mod m0002_vaults;
mod m0003_released_blobs;
mod m0004_notices;
mod m0005_restores;
mod m0006_shown_notices;
mod m0007_notices_by_kind;
mod m0008_instance;

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::MigratorTrait;

/// Every step, the oldest first. A step that was released is never edited.
#[derive(Debug)]
pub struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Migration),
            Box::new(m0002_vaults::Migration),
            Box::new(m0003_released_blobs::Migration),
            Box::new(m0004_notices::Migration),
            Box::new(m0005_restores::Migration),
            Box::new(m0006_shown_notices::Migration),
            Box::new(m0007_notices_by_kind::Migration),
            Box::new(m0008_instance::Migration),
        ]
    }
}
