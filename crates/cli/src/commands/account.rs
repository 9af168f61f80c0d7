//! Signing up, in and out, and who one is.

use cli::platform::Terminal;
use client::password::NewPassword;
use client::phrase::safety_phrase as phrase_of;
use client::session::{SignUp, Who};
use client::{ClientError, Session};
use protocol::api::Profile;
use serde_json::{Value, json};
use vault::recovery::RecoveryCode;

use crate::arguments::{AccountKind, Signup};
use crate::failure::Failure;
use crate::output;
use crate::unlock::Context;

/// `signup`
pub(crate) async fn sign_up(context: &Context, entered: Signup) -> Result<(), Failure> {
    let profile = match entered.kind {
        AccountKind::Patient => Profile::Patient,
        AccountKind::Provider => {
            Profile::Provider { specialty: entered.specialty, organisation: entered.organisation, verified: false }
        }
    };
    let password = &NewPassword::choose(&context.password()?, &entered.email, &entered.name)?;
    let sign_up = SignUp { email: &entered.email, name: &entered.name, profile, password };
    let (session, code) = Session::sign_up(context.fresh_terminal()?, sign_up).await?;
    // The kit is shown once, so nothing that can fail comes before it.
    say_kit(context, &session, &code)?;
    let kept = context.keep(&session).await;
    kept.map_err(|failure| Failure::new(format!("the account is made, but not kept on this computer: {failure}")))
}

fn say_kit(context: &Context, session: &Session<Terminal>, code: &RecoveryCode) -> Result<(), Failure> {
    let groups = code.groups();
    if context.json {
        return output::json(
            &json!({ "account": session.who().account.to_string(), "recovery_kit": groups.join(" ") }),
        );
    }
    output::line("Your recovery kit. Print it or write it down, and keep it where you keep your passport.")?;
    output::line("It opens your records if you forget your password. Nobody else can help you then.")?;
    output::line("")?;
    groups.chunks(7).try_for_each(|row| output::line(format!("    {}", row.join(" "))))
}

/// `login`
pub(crate) async fn log_in(context: &Context, email: &str) -> Result<(), Failure> {
    let session = Session::sign_in(context.fresh_terminal()?, email, &context.password()?).await?;
    context.keep(&session).await?;
    say_who(context, &session)
}

/// `recover`
pub(crate) async fn recover(context: &Context, email: &str, kit: &str) -> Result<(), Failure> {
    let code = RecoveryCode::parse(kit).map_err(ClientError::from)?;
    let password = NewPassword::choose(&context.password()?, email, "")?;
    let session = Session::recover(context.fresh_terminal()?, email, &code, &password).await?;
    context.keep(&session).await?;
    say_who(context, &session)
}

/// `logout`
pub(crate) async fn log_out(context: &Context) -> Result<(), Failure> {
    // Without a connection this computer still forgets; the session ends by itself.
    let told = Session::sign_out(&context.terminal()?).await;
    context.store.remove()?;
    match told {
        Ok(()) | Err(ClientError::Api(protocol::ApiError::NotSignedIn)) => Ok(()),
        Err(error) => {
            Err(Failure::new(format!("this computer has forgotten the sign-in, but the server was not told: {error}")))
        }
    }
}

/// `logout --everywhere-else`
pub(crate) async fn log_out_elsewhere(context: &Context) -> Result<(), Failure> {
    Ok(Session::sign_out_elsewhere(&context.terminal()?).await?)
}

/// `whoami`
pub(crate) async fn who_am_i(context: &Context) -> Result<(), Failure> {
    say_who(context, &context.session().await?)
}

fn say_who(context: &Context, session: &Session<Terminal>) -> Result<(), Failure> {
    let Who { account, email, name, profile, .. } = session.who();
    if context.json {
        let kind = if matches!(profile, Profile::Patient) { "patient" } else { "provider" };
        return output::json(&json!({ "account": account.to_string(), "email": email, "name": name, "as": kind }));
    }
    output::line(format!("{} <{}>", output::plain(name), output::plain(email)))
}

/// `safety-phrase`
pub(crate) async fn safety_phrase(context: &Context, email: Option<&str>, shown: Option<&str>) -> Result<(), Failure> {
    let session = context.session().await?;
    let (words, compared) = match email {
        None => (session.own_phrase(), None),
        Some(email) => {
            let person = match session.find(email).await {
                // Whoever really has a new account is known again once the phrase was compared.
                Err(changed @ ClientError::Untrusted(_)) => {
                    context.alarm(&changed);
                    session.find_anew(email).await?
                }
                found => found?,
            };
            let account = protocol::Account::from_chain(person.account, &person.chain).map_err(ClientError::from)?;
            let phrase = phrase_of(person.account, account.identity());
            // What is noted is what was compared, and not whomever the server names by now.
            if let Some(shown) = shown {
                if !shown.split_whitespace().map(str::to_lowercase).eq(phrase) {
                    return Err(Failure::new("these are not the words that belong to this address: nothing was noted"));
                }
                session.confirm_phrase(&person).await?;
            }
            (phrase, Some(session.is_compared(&account)))
        }
    };
    if context.json {
        let compared = compared.map_or(Value::Null, Value::Bool);
        return output::json(&json!({ "phrase": words.join(" "), "compared": compared }));
    }
    output::line(words.join(" "))
}
