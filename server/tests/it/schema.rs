//! What the database holds in clear, and why.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};

on_both! {
    /// A new column needs a line in the list, with its reason.
    async fn every_column_is_listed_with_its_reason(app) {
        let db = app.state.store.reader();
        let query = match db.get_database_backend() {
            DatabaseBackend::Sqlite => {
                "SELECT m.name AS t, c.name AS c FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
            }
            _ => "SELECT table_name::text AS t, column_name::text AS c FROM information_schema.columns WHERE table_schema = 'public'",
        };
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
        let name = |row: &sea_orm::QueryResult| format!("{}.{}", row.try_get::<String>("", "t").unwrap(), row.try_get::<String>("", "c").unwrap());
        let mut columns: Vec<String> = rows.iter().map(name).filter(|name| !name.starts_with("seaql_migrations.")).collect();
        columns.sort();
        let listed: BTreeMap<&str, &str> = include_str!("../../src/store/clear_columns.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| line.split_once(": ").unwrap())
            .collect();
        assert!(listed.values().all(|reason| reason.len() > 5));
        assert_eq!(listed.into_keys().collect::<Vec<_>>(), columns);
    }
}

/// What SQLite acknowledged is on the disk, and what points to something points to something that is there.
#[tokio::test]
async fn sqlite_loses_nothing_that_it_acknowledged() {
    let app = crate::test_app::TestApp::sqlite().await;
    let db = app.state.store.reader();
    for (pragma, column, expected) in [
        ("synchronous", "synchronous", "2"),
        ("foreign_keys", "foreign_keys", "1"),
        ("journal_mode", "journal_mode", "wal"),
        ("busy_timeout", "timeout", "10000"),
    ] {
        let query = format!("SELECT CAST({column} AS TEXT) AS v FROM pragma_{pragma}");
        let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, query)).await.unwrap();
        assert_eq!(rows[0].try_get::<String>("", "v").unwrap(), expected, "{pragma}");
    }
}
