//! Settings: defaults, then `healthbridge.toml`, then `HEALTHBRIDGE_*` variables, then the command line.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use lettre::message::Mailbox;
use url::{Host, Url};

use crate::state::{REQUESTS_AT_ONCE, usual_share};
use crate::writes::Budget;

/// Every key, in the order of the example file. A variable is the key in capitals after `HEALTHBRIDGE_`.
pub const KEYS: [&str; 17] = [
    "listen",
    "public_url",
    "data",
    "database",
    "blobs",
    "site",
    "log_format",
    "behind_proxy",
    "sign_ups_per_hour",
    "mail",
    "mail_from",
    "requests_at_once",
    "requests_at_once_by_address",
    "writes_per_day_by_account",
    "gib_per_day_by_account",
    "metrics_listen",
    "scrub_mib_per_second",
];

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The settings of a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How people reach it.
    pub public_url: Url,
    /// The folder of its secrets and, unless said otherwise, of everything.
    pub data: PathBuf,
    /// The database, if it is not SQLite in the data folder.
    pub database: Option<Url>,
    /// The blob store, if it is not a folder in the data folder.
    pub blobs: Option<Url>,
    /// The site's files, if they are not where a build leaves them.
    pub site: Option<PathBuf>,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Whether a proxy in front of it sets `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Sign-ups from one address in an hour.
    pub sign_ups_per_hour: u32,
    /// The mail server, if mail is not written into a folder in the data folder.
    pub mail: Option<Url>,
    /// Whom mail is from.
    pub mail_from: Mailbox,
    /// How many requests may be open; more are refused until one is done.
    pub requests_at_once: usize,
    /// How many of them may come from one address.
    pub requests_at_once_by_address: usize,
    /// How much one account may write.
    pub budget: Budget,
    /// Where metrics are served, if they are.
    pub metrics_listen: Option<SocketAddr>,
    /// How fast stored chunks are read again while serving, in MiB per second. 0 stands for never.
    pub scrub_mib_per_second: u64,
    /// Credentials for the blob store: variables that begin with `AWS_` or `AZURE_`.
    pub credentials: BTreeMap<String, String>,
}

/// Addresses of databases and blob stores may hold passwords, so they are not shown.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url.as_str())
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The configuration file.
    File,
    /// A variable of the environment.
    Variable,
    /// The command line.
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "the configuration file",
            Self::Variable => "the environment",
            Self::CommandLine => "the command line",
        })
    }
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("the configuration file is not TOML: {0}")]
    Toml(String),
    /// The file has a key that means nothing.
    #[error("`{0}` in the configuration file is not a key; the keys are {keys}", keys = KEYS.join(", "))]
    Unknown(String),
    /// A value cannot be used.
    #[error("`{key}` in {from}: {why}")]
    Value {
        /// Of which key.
        key: &'static str,
        /// Where it came from.
        from: Source,
        /// What is expected.
        why: String,
    },
}

/// What the settings are read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The text of the configuration file.
    pub file: Option<String>,
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// Values from the command line, by key.
    pub command_line: BTreeMap<&'static str, String>,
}

struct Values(BTreeMap<&'static str, (String, Source)>);

impl Values {
    fn gather(sources: &Sources) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        let text = sources.file.as_deref().unwrap_or_default();
        let file: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Toml(error.to_string()))?;
        for (name, value) in file {
            let Some(key) = KEYS.into_iter().find(|key| *key == name) else { return Err(ConfigError::Unknown(name)) };
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(truth) => truth.to_string(),
                other => {
                    let why = format!("expected one value, found {}", other.type_str());
                    return Err(ConfigError::Value { key, from: Source::File, why });
                }
            };
            values.insert(key, (text, Source::File));
        }
        for key in KEYS {
            let variable = format!("HEALTHBRIDGE_{}", key.to_ascii_uppercase());
            if let Some(value) = sources.variables.get(&variable) {
                values.insert(key, (value.clone(), Source::Variable));
            }
            if let Some(value) = sources.command_line.get(key) {
                values.insert(key, (value.clone(), Source::CommandLine));
            }
        }
        Ok(Self(values))
    }

    fn read<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((text, from)) = self.0.get(key) else { return Ok(None) };
        read(text).map(Some).map_err(|why| ConfigError::Value { key, from: from.clone(), why })
    }

    fn parse<T: FromStr>(&self, key: &'static str, expected: &str) -> Result<Option<T>, ConfigError> {
        self.read(key, |text| text.parse().map_err(|_| format!("expected {expected}")))
    }
}

fn site_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|_| "expected a URL such as https://vault.example.org".to_owned())?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("expected a URL without a path: the site must have a host of its own".to_owned());
    }
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if local => Ok(url),
        "http" => Err("expected https: browsers keep the session's cookie only there, or on localhost".to_owned()),
        _ => Err("expected a URL that begins with https://".to_owned()),
    }
}

/// A mail server. What goes over a network goes encrypted.
fn mail_url(text: &str) -> Result<Url, String> {
    let url = url_of(text, &["smtp", "smtps"])?;
    let required = url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    if url.scheme() == "smtps" || required || is_local(&url) {
        Ok(url)
    } else {
        Err("expected smtps:// or smtp:// with ?tls=required: mail must not cross a network in the open".to_owned())
    }
}

fn is_local(url: &Url) -> bool {
    // A scheme that is not the web's has its host as it was written.
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn url_of(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let expected = || format!("expected a URL that begins with {}:", schemes.join(":, "));
    let url: Url = text.parse().map_err(|_| expected())?;
    if schemes.contains(&url.scheme()) { Ok(url) } else { Err(expected()) }
}

fn at_least_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let number = text.parse::<N>().ok().filter(|number| *number >= N::from(1_u8));
    number.ok_or_else(|| "expected a whole number, at least 1".to_owned())
}

/// What one account may write in a day. The settings speak of GiB.
fn budget(values: &Values) -> Result<Budget, ConfigError> {
    let writes = values.read("writes_per_day_by_account", at_least_one)?.unwrap_or(Budget::USUAL.writes);
    let gib: Option<u64> = values.read("gib_per_day_by_account", at_least_one)?;
    Ok(Budget { writes, bytes: gib.map_or(Budget::USUAL.bytes, |gib| gib.saturating_mul(1 << 30)) })
}

impl Config {
    /// Reads and checks every setting.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let values = Values::gather(sources)?;
        let listen = values.parse("listen", "an address and a port, such as 127.0.0.1:3000")?;
        let listen: SocketAddr = listen.unwrap_or_else(|| ([127, 0, 0, 1], 3000).into());
        let public_url = match values.read("public_url", site_url)? {
            Some(url) => url,
            None => local_url(listen.port())?,
        };
        let mail_from = values.parse("mail_from", "an address such as HealthBridge <no-reply@example.org>")?;
        let mail_from = match mail_from {
            Some(mailbox) => mailbox,
            None => default_sender(&public_url)?,
        };
        let database = |text: &str| url_of(text, &["sqlite", "postgres", "postgresql"]);
        let blobs = |text: &str| url_of(text, &["file", "memory", "s3", "az", "azure", "abfs", "abfss", "https"]);
        let log_format = |text: &str| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("expected text or json".to_owned()),
        };
        let apart = |text: &str| match text.parse() {
            Ok(address) if address == listen && listen.port() != 0 => {
                Err("expected another address than `listen`".to_owned())
            }
            Ok(address) => Ok(address),
            Err(_) => Err("expected an address and a port, such as 127.0.0.1:9100".to_owned()),
        };
        let requests_at_once = values.read("requests_at_once", at_least_one)?.unwrap_or(REQUESTS_AT_ONCE);
        let by_address = values.read("requests_at_once_by_address", at_least_one)?;
        let credentials =
            sources.variables.iter().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("AZURE_"));
        Ok(Self {
            listen,
            public_url,
            data: values.parse("data", "a folder")?.unwrap_or_else(|| PathBuf::from("data")),
            database: values.read("database", database)?,
            blobs: values.read("blobs", blobs)?,
            site: values.parse("site", "a folder")?,
            log_format: values.read("log_format", log_format)?.unwrap_or(LogFormat::Text),
            behind_proxy: values.parse("behind_proxy", "true or false")?.unwrap_or(false),
            sign_ups_per_hour: values.parse("sign_ups_per_hour", "a whole number")?.unwrap_or(20),
            mail: values.read("mail", mail_url)?,
            mail_from,
            requests_at_once,
            requests_at_once_by_address: by_address.unwrap_or_else(|| usual_share(requests_at_once)),
            budget: budget(&values)?,
            metrics_listen: values.read("metrics_listen", apart)?,
            scrub_mib_per_second: values.parse("scrub_mib_per_second", "a whole number")?.unwrap_or(8),
            credentials: credentials.map(|(name, value)| (name.clone(), value.clone())).collect(),
        })
    }

    /// The only origin whose pages may change anything.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// What can be used, and is hardly meant, in words for the log.
    pub fn doubt(&self) -> Option<&'static str> {
        (self.public_url.scheme() == "https" && !self.behind_proxy).then_some(UNNAMED_PROXY)
    }
}

/// This server does not speak TLS itself.
const UNNAMED_PROXY: &str =
    "`public_url` is https, but `behind_proxy` is not set: limits take the proxy for one client";

/// `no-reply` at the site's own host.
fn default_sender(site: &Url) -> Result<Mailbox, ConfigError> {
    let host = site.host_str().unwrap_or("localhost");
    let why = || "this host has no mail addresses: set `mail_from`".to_owned();
    format!("HealthBridge <no-reply@{host}>").parse().map_err(|_| ConfigError::Value {
        key: "public_url",
        from: Source::File,
        why: why(),
    })
}

fn local_url(port: u16) -> Result<Url, ConfigError> {
    site_url(&format!("http://localhost:{port}")).map_err(|why| ConfigError::Value {
        key: "public_url",
        from: Source::CommandLine,
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Sources {
        Sources { file: Some(text.to_owned()), ..Sources::default() }
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = Config::read(&Sources::default()).unwrap();
        assert_eq!(config.listen, "127.0.0.1:3000".parse().unwrap());
        assert_eq!(config.origin(), "http://localhost:3000");
        assert_eq!(config.data, PathBuf::from("data"));
    }

    #[test]
    fn the_command_line_wins_over_the_environment_over_the_file() {
        let mut sources = file("listen = \"127.0.0.1:1\"\ndata = \"a\"\nlog_format = \"json\"");
        sources.variables.insert("HEALTHBRIDGE_LISTEN".to_owned(), "127.0.0.1:2".to_owned());
        sources.variables.insert("HEALTHBRIDGE_DATA".to_owned(), "b".to_owned());
        sources.command_line.insert("data", "c".to_owned());
        let config = Config::read(&sources).unwrap();
        assert_eq!((config.listen.port(), config.data, config.log_format), (2, PathBuf::from("c"), LogFormat::Json));
    }

    #[test]
    fn errors_name_the_key() {
        let told = |text: &str| Config::read(&file(text)).unwrap_err().to_string();
        insta::assert_snapshot!(told("listen = \"here\""), @"`listen` in the configuration file: expected an address and a port, such as 127.0.0.1:3000");
        insta::assert_snapshot!(told("public_url = \"http://vault.example.org\""), @"`public_url` in the configuration file: expected https: browsers keep the session's cookie only there, or on localhost");
        insta::assert_snapshot!(told("public_url = \"https://example.org/vault\""), @"`public_url` in the configuration file: expected a URL without a path: the site must have a host of its own");
        insta::assert_snapshot!(told("database = \"mysql://x\""), @"`database` in the configuration file: expected a URL that begins with sqlite:, postgres:, postgresql:");
        insta::assert_snapshot!(told("blobs = [1]"), @"`blobs` in the configuration file: expected one value, found array");
        insta::assert_snapshot!(told("log_format = \"xml\""), @"`log_format` in the configuration file: expected text or json");
        insta::assert_snapshot!(told("behind_proxy = 3"), @"`behind_proxy` in the configuration file: expected true or false");
        insta::assert_snapshot!(told("sign_ups_per_hour = -1"), @"`sign_ups_per_hour` in the configuration file: expected a whole number");
        insta::assert_snapshot!(told("mail = \"smtp://mail.example.org\""), @"`mail` in the configuration file: expected smtps:// or smtp:// with ?tls=required: mail must not cross a network in the open");
        insta::assert_snapshot!(told("mail_from = \"nobody\""), @"`mail_from` in the configuration file: expected an address such as HealthBridge <no-reply@example.org>");
        insta::assert_snapshot!(told("requests_at_once = 0"), @"`requests_at_once` in the configuration file: expected a whole number, at least 1");
        insta::assert_snapshot!(told("requests_at_once_by_address = 0"), @"`requests_at_once_by_address` in the configuration file: expected a whole number, at least 1");
        insta::assert_snapshot!(told("writes_per_day_by_account = 0"), @"`writes_per_day_by_account` in the configuration file: expected a whole number, at least 1");
        insta::assert_snapshot!(told("gib_per_day_by_account = 1.5"), @"`gib_per_day_by_account` in the configuration file: expected one value, found float");
        insta::assert_snapshot!(told("metrics_listen = 9100"), @"`metrics_listen` in the configuration file: expected an address and a port, such as 127.0.0.1:9100");
        insta::assert_snapshot!(told("metrics_listen = \"127.0.0.1:3000\""), @"`metrics_listen` in the configuration file: expected another address than `listen`");
        insta::assert_snapshot!(told("scrub_mib_per_second = \"fast\""), @"`scrub_mib_per_second` in the configuration file: expected a whole number");
        insta::assert_snapshot!(told("port = 3000"), @"`port` in the configuration file is not a key; the keys are listen, public_url, data, database, blobs, site, log_format, behind_proxy, sign_ups_per_hour, mail, mail_from, requests_at_once, requests_at_once_by_address, writes_per_day_by_account, gib_per_day_by_account, metrics_listen, scrub_mib_per_second");
        let mut sources = Sources::default();
        sources.variables.insert("HEALTHBRIDGE_BLOBS".to_owned(), "ftp://x".to_owned());
        insta::assert_snapshot!(Config::read(&sources).unwrap_err(), @"`blobs` in the environment: expected a URL that begins with file:, memory:, s3:, az:, azure:, abfs:, abfss:, https:");
    }

    #[test]
    fn one_address_may_have_half_of_the_places_or_what_is_said() {
        let share = |text: &str| Config::read(&file(text)).unwrap().requests_at_once_by_address;
        assert_eq!(share(""), 500);
        assert_eq!(share("requests_at_once = 40"), 20);
        assert_eq!(share("requests_at_once = 10"), 16);
        assert_eq!(share("requests_at_once_by_address = 7"), 7);
    }

    #[test]
    fn one_account_may_write_as_much_as_is_said() {
        let budget = |text: &str| Config::read(&file(text)).unwrap().budget;
        assert_eq!(budget(""), Budget { writes: 1_000_000, bytes: 1 << 40 });
        assert_eq!(budget("writes_per_day_by_account = 7"), Budget { writes: 7, bytes: 1 << 40 });
        assert_eq!(budget("gib_per_day_by_account = 2"), Budget { writes: 1_000_000, bytes: 2 << 30 });
        assert_eq!(budget("gib_per_day_by_account = 9223372036854775807").bytes, u64::MAX);
    }

    #[test]
    fn a_proxy_that_the_settings_do_not_name_is_doubted() {
        let doubt = |text: &str| Config::read(&file(text)).unwrap().doubt().is_some();
        assert!(!doubt(""));
        assert!(doubt("public_url = \"https://vault.example.org\""));
        assert!(!doubt("public_url = \"https://vault.example.org\"\nbehind_proxy = true"));
    }

    #[test]
    fn the_example_names_every_key_and_no_other() {
        let example = include_str!("../healthbridge.example.toml");
        let set = |line: &str| line.trim_start_matches("# ").split_once(" = ").map(|(key, _)| key.to_owned());
        let keys: Vec<String> = example.lines().filter_map(set).filter(|key| !key.contains(' ')).collect();
        assert_eq!(keys, KEYS);
        let set = example.lines().filter(|line| line.contains(" = ")).map(|line| line.trim_start_matches("# "));
        let all = set.collect::<Vec<_>>().join("\n");
        Config::read(&file(&all)).unwrap();
    }

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        let config = Config::read(&file("database = \"postgres://u:secret@h/d\"")).unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
