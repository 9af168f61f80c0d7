//! The server's database, from beside the server.

use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::Url;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, Statement};

use crate::host::{Host, free_port, until};
use crate::proxy::{Proxy, UNHEARD};

/// A connection beside the server's.
pub(crate) struct Beside(DatabaseConnection);

impl Beside {
    /// To the SQLite file of a server.
    pub(crate) async fn sqlite(host: &Host) -> Self {
        Self::connect(&format!("sqlite://{}", host.data().join("healthbridge.db").display())).await
    }

    async fn connect(url: &str) -> Self {
        let mut options = ConnectOptions::new(url);
        // One connection, so that what begins on it goes on on it.
        options.max_connections(1).sqlx_logging(false);
        Self(Database::connect(options).await.unwrap())
    }

    pub(crate) async fn execute(&self, statements: &str) {
        self.0.execute_unprepared(statements).await.unwrap();
    }

    /// Marks every transaction that writes to these tables, for a proxy that then lets nobody hear of its commit.
    pub(crate) async fn mark(&self, tables: &[&str]) {
        let body = format!("BEGIN RAISE NOTICE ''{UNHEARD}''; RETURN NULL; END");
        self.execute(&format!("CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS '{body}'")).await;
        for table in tables {
            self.execute(&format!(
                "CREATE TRIGGER marking AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION mark()"
            ))
            .await;
        }
    }

    /// The number that a query gives.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        let statement = Statement::from_string(self.0.get_database_backend(), query);
        self.0.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }
}

/// The PostgreSQL that tests make databases on, if the environment names one.
#[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
pub(crate) fn postgres() -> Option<String> {
    std::env::var("HEALTHBRIDGE_TEST_DATABASE").ok()
}

/// A database of a server's own on a PostgreSQL.
pub(crate) struct Postgres {
    server: String,
    pub(crate) name: String,
}

impl Postgres {
    /// On the server that the environment names, if it names one, for this host.
    pub(crate) async fn make(host: &Host) -> Option<Self> {
        let server = postgres()?;
        let unique = host.folder().file_name().unwrap().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "");
        let name = format!("faults_{}_{}", std::process::id(), unique.to_lowercase());
        let made = Self { server, name };
        made.beside_others(&format!("CREATE DATABASE {}", made.name)).await;
        host.set("HEALTHBRIDGE_DATABASE", made.url());
        Some(made)
    }

    fn url(&self) -> String {
        let (before, _) = self.server.rsplit_once('/').unwrap();
        format!("{before}/{}", self.name)
    }

    /// Lets the server reach it through a proxy, from the next start on.
    pub(crate) fn through_proxy(&self, host: &Host) -> Proxy {
        let mut url = Url::parse(&self.url()).unwrap();
        let proxy = Proxy::to(format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432)));
        url.set_host(Some(&proxy.address().ip().to_string())).unwrap();
        url.set_port(Some(proxy.address().port())).unwrap();
        // The proxy reads what is said.
        url.set_query(Some("sslmode=disable"));
        host.set("HEALTHBRIDGE_DATABASE", url);
        proxy
    }

    /// A connection to it.
    pub(crate) async fn beside(&self) -> Beside {
        Beside::connect(&self.url()).await
    }

    /// A connection to another database of the same server.
    pub(crate) async fn outside(&self) -> Beside {
        Beside::connect(&self.server).await
    }

    async fn beside_others(&self, statement: &str) {
        let outside = self.outside().await;
        outside.execute(statement).await;
        outside.close().await;
    }

    /// Lets the database go, which must be in nobody's use that matters.
    pub(crate) async fn drop(self) {
        self.beside_others(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

/// Starts a PostgreSQL whose data lie in a folder, on a port, its write-ahead log in another one. Its programs may be in
/// nobody's `PATH`. As a service manager does, it starts it anew whenever it ends, until it is told to quit.
const POSTGRES: &str = r#"
    bin=$(dirname "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)") &&
    "$bin/initdb" -D "$0" --waldir="$2" --wal-segsize=1 -U healthbridge -A trust --no-sync --locale=C.UTF-8 -E UTF8 \
        >/dev/null || exit
    trap 'kill -QUIT "$child"; wait "$child"; exit' QUIT
    while :; do
        "$bin/postgres" -D "$0" -p "$1" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
            -c autovacuum=off &
        child=$!
        wait "$child"
        sleep 0.1
    done
"#;

/// A PostgreSQL of a test's own, for as long as this lasts.
pub(crate) struct Cluster {
    process: Child,
    server: String,
}

impl Cluster {
    /// Starts it by another program, which makes itself root, beside a server's data, with its write-ahead log in a
    /// folder.
    pub(crate) async fn start(host: &Host, wrapper: Vec<String>, log_folder: &Path) -> Self {
        let port = free_port();
        let log = File::create(host.folder().join("postgres.log")).unwrap();
        let mut words = wrapper.into_iter();
        let mut command = Command::new(words.next().unwrap());
        // It refuses to be started by root.
        command.args(words).args(["unshare", "--user", "--map-user=65534", "--map-group=65534", "sh", "-c", POSTGRES]);
        command.arg(host.folder().join("postgres")).arg(port.to_string()).arg(log_folder);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut cluster = Self { process, server: format!("postgres://healthbridge@127.0.0.1:{port}/postgres") };
        until("PostgreSQL listens", async || {
            let log = || std::fs::read_to_string(host.folder().join("postgres.log")).unwrap();
            assert!(cluster.process.try_wait().unwrap().is_none(), "it did not start: {}", log());
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;
        cluster
    }

    /// The process, and all that it starts sees what this sees.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Makes the host's database, with all of its tables in a folder of their own, if there is one.
    pub(crate) async fn make_database(&self, host: &Host, tables: Option<&Path>) {
        let beside = Beside::connect(&self.server).await;
        if let Some(tables) = tables {
            beside.execute(&format!("CREATE TABLESPACE elsewhere LOCATION '{}'", tables.display())).await;
        }
        let place = if tables.is_some() { "elsewhere" } else { "pg_default" };
        beside.execute(&format!("CREATE DATABASE healthbridge TABLESPACE {place}")).await;
        beside.close().await;
        host.set("HEALTHBRIDGE_DATABASE", self.server.replace("/postgres", "/healthbridge"));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // At once, and with whatever it started.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}
