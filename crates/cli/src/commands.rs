//! One function for each command.

mod account;
mod disk;
mod export;
mod records;
mod sharing;
mod upload;
mod verify;

use crate::arguments::{Arguments, Command};
use crate::demo;
use crate::failure::Failure;
use crate::unlock::Context;

/// Does what the command line asks for.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let context = Context::new(&arguments)?;
    match arguments.command {
        Command::Signup(signup) => account::sign_up(&context, signup).await,
        Command::Login { email } => account::log_in(&context, &email).await,
        Command::Recover { email, kit } => account::recover(&context, &email, &kit).await,
        Command::Logout { everywhere_else: false } => account::log_out(&context).await,
        Command::Logout { everywhere_else: true } => account::log_out_elsewhere(&context).await,
        Command::Whoami => account::who_am_i(&context).await,
        Command::SafetyPhrase { email, compared } => {
            account::safety_phrase(&context, email.as_deref(), compared.as_deref()).await
        }
        Command::Upload(wanted) => upload::upload(&context, &wanted).await,
        Command::List { category, from } => records::list(&context, category, from.as_deref()).await,
        Command::Show { id } => records::show(&context, id).await,
        Command::Open { id, output } => records::open(&context, id, output).await,
        Command::Edit(edit) => records::edit(&context, edit).await,
        Command::Delete { id } => records::delete(&context, id).await,
        Command::Share(share) => sharing::share(&context, share).await,
        Command::Grants => sharing::grants(&context).await,
        Command::Revoke { grant } => sharing::revoke(&context, grant).await,
        Command::Activity { record } => sharing::activity(&context, record).await,
        Command::Inbox => sharing::inbox(&context).await,
        Command::Export { dir } => export::export(&context, &dir).await,
        Command::Verify => verify::verify(&context).await,
        Command::Demo => demo::fill(&context).await,
    }?;
    context.nothing_noted()
}
