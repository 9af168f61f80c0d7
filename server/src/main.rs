//! The `healthbridge-server` command.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use server::clock::SystemClock;
use server::config::{Config, LogFormat, Sources};
use server::random::SystemRandom;
use server::router::router;
use server::start::{self, Surroundings};
use tokio::net::TcpListener;

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
            let mut line = error.to_string();
            let mut next = error.source();
            while let Some(cause) = next {
                line = format!("{line}: {cause}");
                next = cause.source();
            }
            let _ = writeln!(io::stderr(), "healthbridge-server: {line}");
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
            let store = start::open_store(&read(&settings, None, &variables)?).await?;
            store.close().await?;
            Ok(writeln!(io::stdout(), "The database is up to date.")?)
        }
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

fn read_file(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

fn begin_logging(format: LogFormat, variables: &BTreeMap<String, String>) {
    let filter = variables.get("RUST_LOG").map_or("warn,server=info,access=info", String::as_str);
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
}

async fn serve(config: &Config, variables: &BTreeMap<String, String>) -> Result<(), Failure> {
    begin_logging(config.log_format, variables);
    let beside = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf));
    let reload = variables.contains_key("LEPTOS_WATCH").then_some(3001);
    let surroundings = Surroundings { beside, reload };
    let state = start::build(config, &surroundings, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("`listen`: cannot listen on {}: {error}", config.listen))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "HealthBridge is at {} (listening on {})", config.origin(), listener.local_addr()?)?;
    writeln!(stdout, "Its data: {}", start::describe_data(config))?;
    let tasks = [
        tokio::spawn(start::sweep_hourly(state.clone())),
        tokio::spawn(start::tell_people(state.clone())),
        tokio::spawn(state.events.clone().hear_others()),
    ];
    let (store, events) = (state.store.clone(), state.events.clone());
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            asked_to_stop().await;
            // Open streams would keep it from stopping.
            events.close();
        })
        .await?;
    for task in tasks {
        task.abort();
    }
    store.close().await?;
    Ok(())
}

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
