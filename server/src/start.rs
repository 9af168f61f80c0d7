//! Putting the parts together: from settings to a server that answers.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use leptos::config::LeptosOptions;
use leptos::config::errors::LeptosConfigError;
use tokio::time::{Interval, MissedTickBehavior};
use url::Url;

use crate::assets::versioned_path;
use crate::backup::Place;
use crate::blobs::{Blobs, BlobsError};
use crate::causes::describe;
use crate::clock::{Clock, HOUR};
use crate::config::Config;
use crate::mail::{MailError, Mailer};
use crate::random::Random;
use crate::secrets::{Secrets, SecretsError};
use crate::services::limits::{Limit, Limits};
use crate::services::{mail, notices, scrub, sweep};
use crate::state::{AppState, Essentials, Load, Site};
use crate::store::{Store, StoreError, accounts};
use crate::writes::Writes;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error("cannot make the data folder {path}")]
    Data {
        /// Which folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing to look after.
    #[error("`data`: {0} holds no database; say where the data are")]
    Nothing(PathBuf),
    /// The schema is of an older version.
    #[error("`database`: its schema is older than this program; run `healthbridge-server migrate` first")]
    Outdated,
    /// The database.
    #[error("`database`")]
    Store(#[from] StoreError),
    /// The blob store.
    #[error("`blobs`")]
    Blobs(#[from] BlobsError),
    /// The secrets.
    #[error("`data`")]
    Secrets(#[from] SecretsError),
    /// The site's files.
    #[error("`site`: there is no {}: build the site, or say where it is", .0.display())]
    Site(PathBuf),
    /// Mail.
    #[error("`mail`")]
    Mail(#[from] MailError),
    /// Leptos' options, which come with the program.
    #[error("Leptos.toml")]
    Leptos(#[from] LeptosConfigError),
}

/// What the environment around the settings has to say, taken once in `main`.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The folder that the program lies in.
    pub beside: Option<PathBuf>,
    /// Whether a development tool watches, and its port.
    pub reload: Option<u16>,
}

/// Makes the data folder and gives its full path.
fn data_folder(config: &Config) -> Result<PathBuf, StartError> {
    let failed = |source| StartError::Data { path: config.data.clone(), source };
    // What is made here is for the server's own user; a folder that exists is left as it is.
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.data).map_err(failed)?;
    config.data.canonicalize().map_err(failed)
}

/// Opens the database and brings its schema up to date.
pub async fn open_store(config: &Config) -> Result<Store, StartError> {
    let data = data_folder(config)?;
    let url = config.database.as_ref().map_or_else(|| sqlite_url(&data), ToString::to_string);
    let store = Store::connect(&url).await?;
    store.migrate().await?;
    Ok(store)
}

/// The parts that keep everything, for who looks after them beside a server that may be serving.
#[derive(Debug)]
pub struct Keep {
    /// The database.
    pub store: Store,
    /// The blob store.
    pub blobs: Blobs,
    /// The data folder.
    pub folder: PathBuf,
}

impl Keep {
    /// Opens what a server has made already.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        let folder = config.data.canonicalize().map_err(|_| StartError::Nothing(config.data.clone()))?;
        let store = match &config.database {
            Some(url) => Store::connect(url.as_str()).await?,
            None if folder.join(DATABASE).exists() => Store::connect(&sqlite_url(&folder)).await?,
            None => return Err(StartError::Nothing(folder)),
        };
        if !store.is_current().await? {
            return Err(StartError::Outdated);
        }
        Ok(Self { blobs: open_blobs(config, &folder)?, store, folder })
    }

    /// Makes what is missing, to be filled.
    pub async fn make(config: &Config) -> Result<Self, StartError> {
        let folder = data_folder(config)?;
        Ok(Self { store: open_store(config).await?, blobs: open_blobs(config, &folder)?, folder })
    }

    /// What [`crate::backup`] takes.
    pub fn place(&self) -> Place<'_> {
        Place { store: &self.store, blobs: &self.blobs, folder: &self.folder }
    }
}

fn open_blobs(config: &Config, data: &Path) -> Result<Blobs, BlobsError> {
    match &config.blobs {
        Some(url) => Blobs::open(url, &config.credentials),
        None => Blobs::folder(&data.join("blobs")),
    }
}

/// The database in the data folder, if it is not elsewhere.
const DATABASE: &str = "healthbridge.db";

fn sqlite_url(data: &Path) -> String {
    format!("sqlite://{}", data.join(DATABASE).display())
}

/// Where the data lies, for a person to read. Passwords in addresses are left out.
pub fn describe_data(config: &Config) -> String {
    let plain = |url: &Url| format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
    let folder = config.data.canonicalize().unwrap_or_else(|_| config.data.clone());
    let database = config.database.as_ref().map_or_else(|| folder.join(DATABASE).display().to_string(), plain);
    let blobs = config.blobs.as_ref().map_or_else(|| folder.join("blobs").display().to_string(), plain);
    format!("secrets in {}, database {database}, blobs {blobs}", folder.display())
}

/// The options that pages are rendered with: those of the build, from the file that came with it.
pub fn leptos_options(site: &Path) -> Result<LeptosOptions, StartError> {
    let text = include_str!("../../Leptos.toml").replace("[leptos]", "[[workspace.metadata.leptos]]");
    let mut options = leptos::config::get_config_from_str(&text)?;
    options.site_root = site.display().to_string().into();
    Ok(options)
}

fn site_folder(config: &Config, surroundings: &Surroundings) -> Result<PathBuf, StartError> {
    if let Some(site) = &config.site {
        return if site.is_dir() { Ok(site.clone()) } else { Err(StartError::Site(site.clone())) };
    }
    let built = PathBuf::from("target/site");
    let beside = surroundings.beside.as_ref().map(|folder| folder.join("site"));
    [Some(built.clone()), beside].into_iter().flatten().find(|folder| folder.is_dir()).ok_or(StartError::Site(built))
}

/// Puts the parts together.
pub async fn build(
    config: &Config,
    surroundings: &Surroundings,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<AppState, StartError> {
    let site = site_folder(config, surroundings)?;
    let store = open_store(config).await?;
    let data = data_folder(config)?;
    let secrets = Secrets::open(&data, accounts::any(store.reader()).await?, random.as_ref())?;
    let blobs = open_blobs(config, &data)?;
    let (from, origin) = (config.mail_from.clone(), config.origin());
    let mailer = match &config.mail {
        Some(url) => Mailer::smtp(url, from, origin)?,
        None => Mailer::folder(&data.join("mail"), from, origin)?,
    };
    let assets = match surroundings.reload {
        Some(_) => String::new(),
        None => versioned_path(&site).map_err(|_| StartError::Site(site.clone()))?,
    };
    let usual = AppState::from(Essentials {
        store,
        blobs,
        clock,
        random,
        secrets: Arc::new(secrets),
        mailer,
        leptos: leptos_options(&site)?,
    });
    Ok(AppState {
        limits: Limits { sign_ups: Limit { most: config.sign_ups_per_hour, ..usual.limits.sign_ups }, ..usual.limits },
        site: Arc::new(Site {
            origin: config.origin(),
            https: config.public_url.scheme() == "https",
            behind_proxy: config.behind_proxy,
            reload: surroundings.reload.map(|port| format!("ws://127.0.0.1:{port} ws://localhost:{port}")),
            assets,
        }),
        load: Load::shared(config.requests_at_once, config.requests_at_once_by_address),
        writes: Writes::new(config.budget),
        ..usual
    })
}

/// Sweeps every hour, until the task is aborted.
pub async fn sweep_hourly(state: AppState) {
    let mut hourly = every(Duration::from_secs(HOUR));
    loop {
        hourly.tick().await;
        match sweep::sweep(&state).await {
            Ok(swept) => {
                state.metrics.swept(Some(&swept));
                tracing::info!(?swept, "swept");
            }
            Err(error) => {
                state.metrics.swept(None);
                tracing::error!(cause = describe(&error), "the sweep failed");
            }
        }
    }
}

/// Scrubs once a day at most, `pace` bytes in a second, until the task is aborted.
pub async fn scrub_daily(state: AppState, pace: u64) {
    let mut hourly = every(Duration::from_secs(HOUR));
    loop {
        hourly.tick().await;
        match scrub::scrub_if_due(&state, pace).await {
            Ok(None) => {}
            Ok(Some(scrubbed)) => tracing::info!(?scrubbed, "scrubbed"),
            Err(error) => {
                state.metrics.scrub_failed();
                tracing::error!(cause = describe(&error), "the scrub failed");
            }
        }
    }
}

/// How often it is looked for mail that is due.
const MAIL_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked for ends that come near.
const ENDS_EVERY: Duration = Duration::from_mins(1);

/// A clock that does not make up for what it missed.
fn every(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Sends mail, until the server is asked to stop: never in the middle of one, which would leave again after the restart.
pub async fn send_mail(state: AppState) {
    let mut ticks = every(MAIL_EVERY);
    while state.stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = mail::send_due(&state).await {
            tracing::error!(cause = describe(&error), "mail could not be sent");
        }
    }
}

/// Tells of ends that come near, until the task is aborted.
pub async fn tell_of_ends(state: AppState) {
    let mut ticks = every(ENDS_EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = notices::tell_of_ends(&state).await {
            tracing::error!(cause = describe(&error), "ends could not be told of");
        }
    }
}
