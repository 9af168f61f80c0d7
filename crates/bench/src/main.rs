//! Measures the server that is given, over HTTP on this machine, with the client that everybody uses, and prints
//! Markdown. Every part begins with a server of its own. `scripts/bench` builds what is measured and runs this.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

mod growth;
mod host;
mod load;
mod person;
mod requests;
mod transfer;

use std::path::PathBuf;

use clap::Parser;

/// Why a measurement stopped: none of it can be used.
type Failure = Box<dyn std::error::Error>;

/// Measures a built server.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program `healthbridge-server`.
    #[arg(long)]
    server: PathBuf,
    /// The folder of the site's files.
    #[arg(long)]
    site: PathBuf,
    /// MiB in the file that is sent and fetched.
    #[arg(long, default_value_t = 1024)]
    file: u64,
    /// Records in the largest vault.
    #[arg(long, default_value_t = 10_000)]
    records: usize,
    /// Seconds for each load.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Leaves the server with the largest vault open, prints how to reach it, and waits until standard input ends.
    #[arg(long)]
    stay: bool,
    /// Only these parts: transfer, requests, growth.
    parts: Vec<String>,
}

impl Arguments {
    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(run(&arguments)))
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.wants("transfer") {
        transfer::measure(arguments).await?;
    }
    if arguments.wants("requests") {
        requests::measure(arguments).await?;
    }
    if arguments.wants("growth") {
        growth::measure(arguments).await?;
    }
    Ok(())
}

/// Prints the head of a table.
fn table(title: &str, columns: &[&str]) {
    println!("\n### {title}\n\n| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()));
}

/// Prints a row of it.
fn row(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}

/// MiB with one decimal, of KiB.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mib(kib: u64) -> String {
    format!("{:.1}", kib as f64 / 1024.0)
}
