//! Sharing, stopping, and what came of it.

use cli::platform::Terminal;
use client::activity::What;
use client::share::{Wish, unknown_person};
use client::view::{Share, VaultView};
use client::{ClientError, Platform, Session};
use protocol::time::DAY;
use protocol::{AccountId, ApiError, GrantId, GrantScope, RecordId};
use serde_json::{Value, json};

use crate::arguments;
use crate::arguments::Until;
use crate::commands::records::sync_all;
use crate::failure::Failure;
use crate::output;
use crate::unlock::Context;

/// `share`
pub(crate) async fn share(context: &Context, wanted: arguments::Share) -> Result<(), Failure> {
    let session = context.session().await?;
    session.sync(session.own_vault()?).await?;
    let wish = match (wanted.what.record, wanted.what.category) {
        (Some(record), _) => Wish::Record(record),
        (None, Some(category)) => Wish::Category(category),
        (None, None) => Wish::Everything,
    };
    let now = session.platform().now();
    let until = match wanted.until {
        Until::Day(date) => Some(output::end_of(date)),
        Until::Days(days) => Some(now.plus(days * DAY)),
        Until::Never => None,
    };
    if until.is_some_and(|until| until < now) {
        return Err(Failure::new("the end of the share is in the past"));
    }
    let person = session.find(&wanted.with).await?;
    let grant = session.share(&person, wish, wanted.level, until).await?;
    if context.json {
        return output::json(&json!({ "id": grant.to_string(), "with": person.email }));
    }
    output::line(grant.to_string())
}

/// `grants`
pub(crate) async fn grants(context: &Context) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = session.own_vault()?;
    session.sync(vault).await?;
    session.finish_endings(vault).await?;
    let now = session.platform().now();
    let mut shares = session.with_view(vault, |view| {
        view.shares()
            .map(|share| (share.clone(), scope_words(view, share), state_words(view, share, now)))
            .collect::<Vec<_>>()
    })?;
    shares.sort_by_key(|(share, ..)| share.seq);
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (share, scope, state) in shares {
        let with = email_of(context, &session, share.grant.recipient).await?;
        let until = share.grant.until.map(output::moment);
        values.push(json!({
            "id": share.grant.grant.to_string(),
            "with": with,
            "scope": scope,
            "level": share.grant.level.name(),
            "until": until,
            "state": state,
        }));
        let until = until.unwrap_or_else(|| "no end".to_owned());
        rows.push(vec![
            share.grant.grant.to_string(),
            with,
            scope,
            share.grant.level.to_string(),
            until,
            state.to_owned(),
        ]);
    }
    if context.json { output::json(&Value::Array(values)) } else { output::table(&rows) }
}

/// What a share reaches: `record:ID`, `category:SLUG` or `all`.
fn scope_words(view: &VaultView, share: &Share) -> String {
    match share.grant.scope {
        GrantScope::Record(record) => format!("record:{record}"),
        GrantScope::Scope(scope) => view
            .category(scope)
            .map_or_else(|| format!("scope:{scope}"), |category| format!("category:{}", category.slug())),
        GrantScope::Vault => "all".to_owned(),
    }
}

/// `active`; `waiting` where the person's key changed and the present one was not sealed to it; or how far the end has
/// come.
fn state_words(view: &VaultView, share: &Share, now: protocol::Minute) -> &'static str {
    match view.ending(share, now) {
        None if view.is_frozen(share, now) => "waiting",
        None => "active",
        Some(ending) if ending.reencrypted => "re-encrypted",
        Some(ending) if ending.rotated => "rotated",
        Some(_) => "blocked",
    }
}

/// `revoke`
pub(crate) async fn revoke(context: &Context, grant: GrantId) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = session.own_vault()?;
    session.stop(vault, grant).await?;
    while session.renew_next(vault).await? {}
    let now = session.platform().now();
    let (state, opened) = session.with_view(vault, |view| {
        let Some(share) = view.share(grant) else { return ("blocked", Vec::new()) };
        let openings = view.openings();
        let mut opened: Vec<RecordId> = view.opened_by_holder(share, &openings).map(|opening| opening.record).collect();
        opened.sort();
        opened.dedup();
        (state_words(view, share, now), opened)
    })?;
    if context.json {
        let opened: Vec<String> = opened.iter().map(ToString::to_string).collect();
        return output::json(&json!({ "id": grant.to_string(), "state": state, "opened_before": opened }));
    }
    output::line(format!(
        "Stopped. Opened before: {}. What a person has seen or saved cannot be taken back.",
        opened.len()
    ))
}

/// `activity`
pub(crate) async fn activity(context: &Context, record: Option<RecordId>) -> Result<(), Failure> {
    let session = context.session().await?;
    sync_all(context, &session).await?;
    let mut events = Vec::new();
    for vault in session.vaults() {
        events.extend(session.activity(vault)?);
    }
    events.retain(|event| record.is_none_or(|record| event.what.record() == Some(record)));
    // For people, what was only sealed anew is not something that happened to a record.
    events.retain(|event| context.json || !matches!(event.what, What::Renewed(_)));
    events.sort_by_key(|event| (event.at, event.seq));
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for event in events {
        let who = email_of(context, &session, event.who).await?;
        let record = event.what.record().map(|record| record.to_string());
        values.push(json!({
            "at": output::moment(event.at),
            "who": who,
            "what": event.what.name(),
            "record": record,
            "grant": event.what.grant().map(|grant| grant.to_string()),
        }));
        rows.push(vec![output::moment(event.at), who, event.what.name().to_owned(), record.unwrap_or_default()]);
    }
    if context.json { output::json(&Value::Array(values)) } else { output::table(&rows) }
}

/// `inbox`
pub(crate) async fn inbox(context: &Context) -> Result<(), Failure> {
    let session = context.session().await?;
    sync_all(context, &session).await?;
    let (account, now) = (session.who().account, session.platform().now());
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for vault in session.vaults().into_iter().filter(|vault| session.who().vault != Some(*vault)) {
        let (owner, shares) = session.with_view(vault, |view| {
            let mine = view.shares().filter(|share| share.grant.recipient == account && view.holds(share, now));
            let shares = mine.map(|share| (share.clone(), scope_words(view, share), view.reached_by(share).count()));
            (view.owner(), shares.collect::<Vec<_>>())
        })?;
        let from = email_of(context, &session, owner).await?;
        for (share, scope, records) in shares {
            let until = share.grant.until.map(output::moment);
            values.push(json!({
                "id": share.grant.grant.to_string(),
                "from": from,
                "scope": scope,
                "level": share.grant.level.name(),
                "until": until,
                "records": records,
            }));
            let until = until.unwrap_or_else(|| "no end".to_owned());
            rows.push(vec![share.grant.grant.to_string(), from.clone(), scope, until, format!("{records} records")]);
        }
    }
    if context.json { output::json(&Value::Array(values)) } else { output::table(&rows) }
}

/// A person's address, as far as the server still tells it.
async fn email_of(context: &Context, session: &Session<Terminal>, account: AccountId) -> Result<String, Failure> {
    if account == session.who().account {
        return Ok(session.who().email.clone());
    }
    match session.person(account).await {
        Ok(person) => Ok(person.email),
        Err(ClientError::Api(ApiError::NotFound)) => Ok(unknown_person(account)),
        // Not to be trusted with a name.
        Err(alarm @ (ClientError::Alarm(_) | ClientError::Untrusted(_))) => {
            context.alarm(&alarm);
            Ok(unknown_person(account))
        }
        Err(error) => Err(error.into()),
    }
}
