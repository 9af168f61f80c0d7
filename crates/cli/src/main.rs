//! The `healthbridge` command: the vault client for people, scripts and tests.

mod arguments;
mod commands;
mod demo;
mod failure;
mod output;
mod profile;
mod unlock;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use cli::decoder;

use crate::arguments::Arguments;
use crate::failure::Failure;

fn main() -> ExitCode {
    // A decoder has no business with the sign-in that is kept here, nor with what the environment says.
    if std::env::args_os().skip(1).eq([decoder::COMMAND]) {
        return decoder::serve();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, everything else is a failure; clap knows which is which.
            if let ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand = error.kind() {
                return fail(&Failure::new("a command is missing; see healthbridge --help"));
            }
            if error.use_stderr() {
                return fail(&Failure::new(in_one_line(&error.to_string())));
            }
            return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::from(error)),
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

/// What is wrong with the arguments, without the paragraphs of advice that follow it.
fn in_one_line(said: &str) -> String {
    let first = said.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
    first.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::print_stderr, reason = "errors go to standard error, in one line")]
fn fail(failure: &Failure) -> ExitCode {
    eprintln!("healthbridge: {failure}");
    ExitCode::FAILURE
}
