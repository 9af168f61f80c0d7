//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::{GrantId, Level, RecordId};
use records::{Category, Date};

/// Health records, sealed on this computer before they leave it.
#[derive(Debug, Parser)]
#[command(name = "healthbridge", version)]
pub(crate) struct Arguments {
    /// The server's address
    #[arg(long, global = true, env = "HEALTHBRIDGE_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Which of several sign-ins on this computer
    #[arg(long, global = true, default_value = "default", value_name = "NAME")]
    pub(crate) profile: String,
    /// Where sign-ins are kept [default: ~/.healthbridge]
    #[arg(long, global = true, env = "HEALTHBRIDGE_HOME", value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Print JSON for machines
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read the password from standard input
    #[arg(long, global = true)]
    pub(crate) password_stdin: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an account; prints the recovery kit
    Signup(Signup),
    /// Sign in
    Login {
        /// The e-mail address
        #[arg(long)]
        email: String,
    },
    /// Set a new password with the recovery kit
    Recover {
        /// The e-mail address
        #[arg(long)]
        email: String,
        /// The fourteen groups of the kit
        #[arg(long)]
        kit: String,
    },
    /// Sign out and forget this sign-in
    Logout {
        /// Stay signed in here, and end every other sign-in of the account
        #[arg(long)]
        everywhere_else: bool,
    },
    /// Who is signed in
    Whoami,
    /// The six words by which two people compare an identity: your own, or a provider's
    SafetyPhrase {
        /// The provider's e-mail address
        email: Option<String>,
        /// The words that the person showed you: note that they are the same
        #[arg(long, value_name = "WORDS", requires = "email")]
        compared: Option<String>,
    },
    /// Add files that are not there yet; folders are walked
    Upload(Upload),
    /// List records
    List {
        /// Only this category
        #[arg(long, value_parser = category)]
        category: Option<Category>,
        /// Only records that this person shares with you
        #[arg(long, value_name = "EMAIL")]
        from: Option<String>,
    },
    /// Show what is known about a record
    Show {
        /// The record
        id: RecordId,
    },
    /// Open a record and write its file
    Open {
        /// The record
        id: RecordId,
        /// Where to; "-" is standard output [default: the file's own name]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Change what is said about a record, or replace its file
    Edit(Edit),
    /// Delete a record
    Delete {
        /// The record
        id: RecordId,
    },
    /// Share with a provider, or change until when; prints the share's id
    Share(Share),
    /// Who can see what
    Grants,
    /// Stop a share
    Revoke {
        /// The share
        grant: GrantId,
    },
    /// Who did what, and when
    Activity {
        /// Only about this record
        #[arg(long, value_name = "ID")]
        record: Option<RecordId>,
    },
    /// What others share with you
    Inbox,
    /// Write every record and a manifest into a folder, verified
    Export {
        /// The folder; made if it is not there
        dir: PathBuf,
    },
    /// Check the whole log and every blob
    Verify,
    /// Fill a server with the demo accounts
    Demo,
}

/// What signing up takes.
#[derive(Debug, Args)]
pub(crate) struct Signup {
    /// The e-mail address
    #[arg(long)]
    pub(crate) email: String,
    /// The name
    #[arg(long)]
    pub(crate) name: String,
    /// Patient or provider
    #[arg(long = "as", value_enum)]
    pub(crate) kind: AccountKind,
    /// A provider's specialty
    #[arg(long, default_value = "")]
    pub(crate) specialty: String,
    /// A provider's organisation
    #[arg(long, default_value = "")]
    pub(crate) organisation: String,
}

/// Kinds of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccountKind {
    /// Keeps records.
    Patient,
    /// Is shown records.
    Provider,
}

/// What adding files takes.
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// Files and folders
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// The title, instead of the proposed one
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// The category, instead of the proposed one
    #[arg(long, value_parser = category)]
    pub(crate) category: Option<Category>,
    /// The date, instead of the proposed one
    #[arg(long, value_parser = date)]
    pub(crate) date: Option<Date>,
    /// Add also what is there already: files of the same name, size, kind and beginning
    #[arg(long)]
    pub(crate) again: bool,
}

/// What changing a record takes.
#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// The record
    pub(crate) id: RecordId,
    /// A new title
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Another category
    #[arg(long, value_parser = category)]
    pub(crate) category: Option<Category>,
    /// Another date
    #[arg(long, value_parser = date)]
    pub(crate) date: Option<Date>,
    /// New notes
    #[arg(long)]
    pub(crate) notes: Option<String>,
    /// Another file in its place
    #[arg(long)]
    pub(crate) file: Option<PathBuf>,
}

/// What sharing takes.
#[derive(Debug, Args)]
pub(crate) struct Share {
    #[command(flatten)]
    pub(crate) what: What,
    /// The provider's e-mail address
    #[arg(long, value_name = "EMAIL")]
    pub(crate) with: String,
    /// What the provider may do
    #[arg(long, default_value = "download", value_parser = level)]
    pub(crate) level: Level,
    /// The last day: a date, a number of days such as 7d, or none
    #[arg(long, default_value = "30d", value_parser = until)]
    pub(crate) until: Until,
}

/// One of a record, a category, everything.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// One record
    #[arg(long, value_name = "ID")]
    pub(crate) record: Option<RecordId>,
    /// A category
    #[arg(long, value_parser = category)]
    pub(crate) category: Option<Category>,
    /// Everything, now and later; the safety phrase must have been compared
    #[arg(long)]
    pub(crate) all: bool,
}

/// The end of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// The end of this day, UTC.
    Day(Date),
    /// This many days from now.
    Days(u32),
    /// No end.
    Never,
}

fn category(text: &str) -> Result<Category, String> {
    Category::from_slug(text).ok_or_else(|| {
        let known: Vec<_> = Category::ALL.iter().map(|category| category.slug()).collect();
        format!("not a category; one of: {}", known.join(", "))
    })
}

fn date(text: &str) -> Result<Date, String> {
    Date::from_iso(text).ok_or_else(|| "not a date; write 2026-03-07".to_owned())
}

fn level(text: &str) -> Result<Level, String> {
    match text.parse() {
        Ok(Level::Download) => Ok(Level::Download),
        Ok(level) => Err(format!("sharing at level {level} is not offered yet; use download")),
        Err(error) => Err(format!("{error}")),
    }
}

fn until(text: &str) -> Result<Until, String> {
    if text == "none" {
        return Ok(Until::Never);
    }
    if let Some(days) = text.strip_suffix('d') {
        return match days.parse() {
            Ok(days) if (1..=36_500).contains(&days) => Ok(Until::Days(days)),
            _ => Err("not a number of days; write 7d".to_owned()),
        };
    }
    date(text).map(Until::Day).map_err(|_| "not an end; write 2026-03-07, 7d or none".to_owned())
}
