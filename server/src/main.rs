//! The `healthbridge-server` command.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use protocol::BlobId;
use server::backup::{self, Marker};
use server::causes::describe;
use server::clock::{Clock as _, SystemClock};
use server::config::{Config, LogFormat, Sources};
use server::descriptors;
use server::failpoints;
use server::jobs;
use server::listen;
use server::metrics;
use server::random::{Random, SystemRandom};
use server::router::router;
use server::secrets::Secrets;
use server::services::scrub::{self, Finding};
use server::start::{self, Keep, Surroundings};
use server::state::AppState;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// HealthBridge's server: an end-to-end encrypted health-record vault.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Creates and migrates what is missing, and serves
    Serve {
        #[command(flatten)]
        settings: Settings,
        /// The address and port to listen on
        #[arg(long, value_name = "ADDR")]
        listen: Option<String>,
    },
    /// Brings the database's schema up to date
    Migrate {
        #[command(flatten)]
        settings: Settings,
    },
    /// Reads every stored chunk and says which are damaged or missing, and whose
    Scrub {
        #[command(flatten)]
        settings: Settings,
    },
    /// Copies everything into a new folder, also while the server runs
    Backup {
        /// The folder, which must be new or empty
        folder: PathBuf,
        /// Copies the two key files, too, without which nobody can sign in
        #[arg(long)]
        with_secrets: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Brings back what a backup holds, into an empty database and blob store
    Restore {
        /// The backup's folder
        folder: PathBuf,
        #[command(flatten)]
        settings: Settings,
    },
    /// Says whether the settings can be used
    CheckConfig {
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Args)]
struct Settings {
    /// The configuration file [default: healthbridge.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of secrets, database and blobs
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
}

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Command::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "healthbridge-server: {}", describe(&*error));
            ExitCode::FAILURE
        }
    }
}

/// The environment, read here and nowhere else.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn environment() -> BTreeMap<String, String> {
    std::env::vars().collect()
}

async fn run(command: Command) -> Result<(), Failure> {
    let variables = environment();
    match command.action {
        Action::Serve { settings, listen } => serve(&read(&settings, listen, &variables)?, &variables).await,
        Action::Migrate { settings } => {
            let store = start::open_store(&read_and_log(&settings, &variables)?).await?;
            store.close().await?;
            Ok(writeln!(io::stdout(), "The database is up to date.")?)
        }
        Action::Scrub { settings } => scrub(&read_and_log(&settings, &variables)?).await,
        Action::Backup { folder, with_secrets, settings } => {
            back_up(&read_and_log(&settings, &variables)?, &folder, with_secrets).await
        }
        Action::Restore { folder, settings } => restore(&read_and_log(&settings, &variables)?, &folder).await,
        Action::CheckConfig { settings } => {
            let config = read(&settings, None, &variables)?;
            let address = config.listen;
            Ok(writeln!(
                io::stdout(),
                "All is well: {} on {address}; {}",
                config.origin(),
                start::describe_data(&config)
            )?)
        }
    }
}

fn read(settings: &Settings, listen: Option<String>, variables: &BTreeMap<String, String>) -> Result<Config, Failure> {
    let file = match &settings.config {
        Some(path) => Some(read_file(path)?),
        None => {
            Path::new("healthbridge.toml").exists().then(|| read_file(Path::new("healthbridge.toml"))).transpose()?
        }
    };
    let mut command_line = BTreeMap::new();
    command_line.extend(settings.data.clone().map(|data| ("data", data)));
    command_line.extend(listen.map(|listen| ("listen", listen)));
    Ok(Config::read(&Sources { file, variables: variables.clone(), command_line })?)
}

/// For commands that say only what went wrong beside their answer.
fn read_and_log(settings: &Settings, variables: &BTreeMap<String, String>) -> Result<Config, Failure> {
    let config = read(settings, None, variables)?;
    begin_logging(config.log_format, variables, "warn");
    Ok(config)
}

fn read_file(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

fn begin_logging(format: LogFormat, variables: &BTreeMap<String, String>, usual: &str) {
    let mut filter = variables.get("RUST_LOG").map_or(usual, String::as_str).to_owned();
    // The span in which sea-orm connects holds the database's URL, with a password if there is one in it. Below that level
    // there is no such span, and naming a level here would raise it. The filter takes 5 for trace.
    if filter.to_ascii_lowercase().contains("trace") || filter.contains('5') {
        filter.push_str(",sea_orm::driver=debug");
    }
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // It would say on standard error that standard error cannot be written, and panic over it.
        .log_internal_errors(false);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
}

fn tell(finding: &Finding) {
    let _ = writeln!(io::stdout(), "{finding}");
}

async fn scrub(config: &Config) -> Result<(), Failure> {
    let keep = Keep::open(config).await?;
    let scrubbed = scrub::scrub(&keep.store, &keep.blobs, BlobId::from_bytes([0; 16]), None, tell).await?;
    keep.store.close().await?;
    if scrubbed.findings > 0 {
        return Err(scrubbed.to_string().into());
    }
    Ok(writeln!(io::stdout(), "{scrubbed}")?)
}

async fn back_up(config: &Config, folder: &Path, with_secrets: bool) -> Result<(), Failure> {
    let keep = Keep::open(config).await?;
    let copied = backup::backup(keep.place(), folder, with_secrets, tell).await?;
    keep.store.close().await?;
    let backup::Copied { accounts, records, chunks, findings } = copied;
    if findings > 0 {
        return Err(format!("the backup is finished, but lacks {findings} chunks that are damaged or missing").into());
    }
    writeln!(io::stdout(), "Backed up {accounts} accounts, {records} records and {chunks} chunks.")?;
    if !with_secrets {
        writeln!(io::stdout(), "The two key files are not in it: keep a copy of them apart, or nobody can sign in.")?;
    }
    Ok(())
}

async fn restore(config: &Config, folder: &Path) -> Result<(), Failure> {
    let keep = Keep::make(config).await?;
    let marker = Marker { id: (&SystemRandom as &dyn Random).draw(), at: SystemClock.minute() };
    let copied = backup::restore(folder, keep.place(), marker, tell).await?;
    keep.store.close().await?;
    let backup::Copied { accounts, records, chunks, findings } = copied;
    if findings > 0 {
        return Err(
            format!("everything was restored but {findings} chunks, which the backup has not or damaged").into()
        );
    }
    writeln!(io::stdout(), "Restored {accounts} accounts, {records} records and {chunks} chunks.")?;
    if Secrets::are_missing(&keep.folder) {
        let folder = keep.folder.display();
        writeln!(io::stdout(), "Put opaque.key and server.key into {folder} before you start the server.")?;
    }
    Ok(())
}

/// Says something to whoever started the server. That it cannot be written keeps nobody from being served.
fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Begins a job that goes on beside the requests until its task is aborted.
fn begin<F>(state: &AppState, name: &'static str, job: impl Fn(AppState) -> F + Send + 'static) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let state = state.clone();
    tokio::spawn(jobs::keep_on(name, jobs::REST, state.stopping.clone(), move || job(state.clone())))
}

async fn serve(config: &Config, variables: &BTreeMap<String, String>) -> Result<(), Failure> {
    begin_logging(config.log_format, variables, "warn,server=info,access=info");
    failpoints::arm();
    if let Some(doubt) = config.doubt() {
        tracing::warn!("{doubt}");
    }
    descriptors::raise(config.requests_at_once);
    let beside = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf));
    let reload = variables.contains_key("LEPTOS_WATCH").then_some(3001);
    let surroundings = Surroundings { beside, reload };
    let state = start::build(config, &surroundings, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("`listen`: cannot listen on {}: {error}", config.listen))?;
    say(format_args!("HealthBridge is at {} (listening on {})", config.origin(), listener.local_addr()?));
    say(format_args!("Its data: {}", start::describe_data(config)));
    let mut beside = vec![
        begin(&state, "sweep", start::sweep_hourly),
        begin(&state, "ends", start::tell_of_ends),
        begin(&state, "events", |state| state.events.hear_others()),
    ];
    if config.scrub_mib_per_second > 0 {
        let pace = config.scrub_mib_per_second.saturating_mul(1 << 20);
        beside.push(begin(&state, "scrub", move |state| start::scrub_daily(state, pace)));
    }
    if let Some(address) = config.metrics_listen {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("`metrics_listen`: cannot listen on {address}: {error}"))?;
        say(format_args!("Its metrics are at http://{}/metrics", listener.local_addr()?));
        let service = metrics::router(state.clone());
        beside.push(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(cause = describe(&error), "metrics are no longer served");
            }
        }));
    }
    let mut mail = begin(&state, "mail", start::send_mail);
    let (store, events, stopping) = (state.store.clone(), state.events.clone(), state.stopping.clone());
    let (tell, told) = tokio::sync::oneshot::channel();
    let stop = async move {
        asked_to_stop().await;
        // Open streams would keep it from stopping.
        events.close();
        stopping.cancel();
        let _ = tell.send(());
    };
    let too_long = async {
        let _ = told.await;
        tokio::time::sleep(GRACE).await;
    };
    let done = async {
        tokio::join!(listen::serve(listener, router(state), listen::PATIENCE, stop), async {
            // It says itself what went wrong.
            let _ = (&mut mail).await;
        })
    };
    tokio::select! {
        _ = done => {}
        () = too_long => tracing::warn!("stopped, although some requests or a mail were not done"),
    }
    beside.push(mail);
    for task in beside {
        task.abort();
    }
    // A request that was given up may hold its connection still; the database does without a farewell.
    if let Ok(closed) = tokio::time::timeout(FAREWELL, store.close()).await {
        closed?;
    }
    Ok(())
}

/// How long requests that are under way may take to finish once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How long the database may take to close.
const FAREWELL: Duration = Duration::from_secs(5);

/// Waits for Ctrl-C, or for the service manager.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
