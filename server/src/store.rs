//! What the server keeps in its database. Entities stay in here; finders take the actor first.

pub mod accounts;
pub mod attempts;
pub mod blobs;
mod column;
pub mod copy;
pub mod counters;
mod entity;
pub mod grants;
pub mod inventory;
pub mod log;
pub mod notices;
pub mod restores;
pub mod sessions;
pub mod vaults;

use std::path::Path;
use std::time::Duration;

use migrations::{Migrator, MigratorTrait as _};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    DbErr, IsolationLevel, RuntimeErr, SqlErr, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

/// Why the database could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another row has this key already.
    #[error("a key is taken")]
    Taken,
    /// No connection was free in time, or the database was locked for too long.
    #[error("the database is busy")]
    Busy(#[source] DbErr),
    /// A stored value is not of its form.
    #[error("a stored value of {0} is not of its form")]
    Corrupt(&'static str),
    /// Anything else.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            return Self::Taken;
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Busy(error),
            DbErr::Exec(RuntimeErr::SqlxError(_)) | DbErr::Query(RuntimeErr::SqlxError(_))
                if error.to_string().contains("database is locked") =>
            {
                Self::Busy(error)
            }
            _ => Self::Database(error),
        }
    }
}

/// What a query gives.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Where rows are read and written: the database, or a transaction.
pub use sea_orm::ConnectionTrait as Rows;

/// Changes that happen together or not at all. Dropped without [`commit`], they do not happen.
pub type Transaction = DatabaseTransaction;

/// Makes a transaction's changes last.
pub async fn commit(transaction: Transaction) -> Result<()> {
    Ok(transaction.commit().await?)
}

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    connection: DatabaseConnection,
}

impl Store {
    /// Connects, and prepares SQLite to lose nothing that it acknowledged.
    pub async fn connect(url: &str) -> Result<Self> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(if url.starts_with("sqlite:") { 4 } else { 16 })
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .create_if_missing(true)
                    .pragma("journal_mode", "WAL")
                    .pragma("synchronous", "FULL")
                    .pragma("foreign_keys", "ON")
                    .busy_timeout(Duration::from_secs(10))
            });
        Ok(Self { connection: Database::connect(options).await? })
    }

    /// The database of a backup: one file, and nothing beside it once it is closed.
    pub async fn portable(file: &Path) -> Result<Self> {
        let file = file.to_owned();
        let mut options = ConnectOptions::new("sqlite://backup");
        options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .filename(&file)
                .create_if_missing(true)
                .pragma("journal_mode", "DELETE")
                .pragma("synchronous", "FULL")
                .pragma("foreign_keys", "ON")
        });
        Ok(Self { connection: Database::connect(options).await? })
    }

    /// Whether the schema is up to date.
    pub async fn is_current(&self) -> Result<bool> {
        Ok(Migrator::get_pending_migrations_read_only(&self.connection).await?.is_empty())
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<()> {
        Ok(Migrator::up(&self.connection, None).await?)
    }

    /// For reading, and for single statements.
    pub fn reader(&self) -> &(impl ConnectionTrait + use<>) {
        &self.connection
    }

    /// Begins to write. On SQLite one writer at a time; on PostgreSQL, rows are locked as they are read for it.
    pub async fn begin(&self) -> Result<Transaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.connection.get_database_backend() == DatabaseBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.connection.begin_with_options(options).await?)
    }

    /// The pool of a PostgreSQL database, through which several servers hear each other; none for SQLite.
    pub fn shared_pool(&self) -> Option<sqlx::PgPool> {
        (self.connection.get_database_backend() == DatabaseBackend::Postgres)
            .then(|| self.connection.get_postgres_connection_pool().clone())
    }

    /// Begins to read everything as it is at one moment, while others go on writing.
    pub async fn snapshot(&self) -> Result<Transaction> {
        // SQLite's transactions always are that.
        let options = match self.connection.get_database_backend() {
            DatabaseBackend::Sqlite => TransactionOptions::default(),
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        Ok(self.connection.begin_with_options(options).await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.connection.ping().await?)
    }

    /// Closes every connection.
    pub async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}
