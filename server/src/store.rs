//! What the server keeps in its database. Entities stay in here; finders take the actor first.

pub mod accounts;
pub mod attempts;
pub mod blobs;
mod column;
pub mod copy;
pub mod counters;
mod entity;
pub mod grants;
pub mod instance;
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
use sqlx::Connection as _;

use crate::failpoints;

/// Why the database could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another row has this key already.
    #[error("a key is taken")]
    Taken,
    /// It may go well later: no connection was free or it broke, the database was locked for too long, or has no room.
    #[error("the database cannot do it now")]
    NotNow(#[source] DbErr),
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
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::NotNow(error),
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) if passes(cause) => {
                Self::NotNow(error)
            }
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Whether the database itself said no, so that it is sure that nothing was written. One that breaks off may have
    /// written what it was told to.
    pub fn is_refusal(&self) -> bool {
        let (Self::NotNow(error) | Self::Database(error)) = self else { return true };
        let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
            return false;
        };
        matches!(&**cause, sqlx::Error::Database(said) if said.code().is_some_and(|code| is_certain(&code)))
    }
}

/// Whether what a database says leaves no doubt that nothing was written.
fn is_certain(code: &str) -> bool {
    if code.len() == 5 {
        // PostgreSQL: the connection broke, it does not know itself, somebody stopped it.
        return !(code.starts_with("08") || code == "40003" || code.starts_with("57"));
    }
    // SQLite: the disk failed.
    code.parse::<u32>().is_ok_and(|code| code & 0xff != 10)
}

/// Whether what failed may go well later, without a change to the program or the data.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_passing(&code)),
        _ => false,
    }
}

/// What a database says when it is locked, full, overloaded or about to stop.
fn is_passing(code: &str) -> bool {
    if code.len() == 5 {
        // PostgreSQL: broken connections, no resources (a full disk too), an operator's hand; a lock that was not had,
        // transactions that got into each other's way.
        return ["08", "53", "57"].iter().any(|class| code.starts_with(class))
            || matches!(code, "40001" | "40P01" | "55P03");
    }
    // SQLite: busy, locked, full. What is more special about it stands in the higher bits.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 13))
}

/// What a query gives.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Where rows are read and written: the database, or a transaction.
pub use sea_orm::ConnectionTrait as Rows;

/// Changes that happen together or not at all. Dropped without [`commit`], they do not happen.
pub type Transaction = DatabaseTransaction;

/// Makes a transaction's changes last.
pub async fn commit(transaction: Transaction) -> Result<()> {
    failpoints::pass("before-commit");
    transaction.commit().await?;
    failpoints::pass("after-commit");
    Ok(())
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
            })
            // A commit that fails for want of room ends its transaction, but the connection thinks that it is still in
            // one, and could never begin another.
            .map_sqlx_sqlite_before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
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

#[cfg(test)]
mod tests {
    use super::{is_certain, is_passing};

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for code in ["5", "261", "517", "6", "13", "08006", "53100", "53300", "57P01", "57P03", "40001", "55P03"] {
            assert!(is_passing(code), "{code}");
        }
        for code in ["1", "19", "787", "2067", "11", "23505", "42P01", "22001", ""] {
            assert!(!is_passing(code), "{code}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_silence() {
        for code in ["5", "13", "787", "53100", "23505", "40001"] {
            assert!(is_certain(code), "{code}");
        }
        for code in ["10", "778", "1034", "08006", "40003", "57P01", ""] {
            assert!(!is_certain(code), "{code}");
        }
    }
}
