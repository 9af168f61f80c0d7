//! Telling people what concerns them: a notice in the app, a mail of fixed words, and a nudge to their open pages.

use app::api::notices::{Notice as Shown, NoticeChoice, NoticeKind};
use protocol::entry::AccessKind;
use protocol::{AccountId, Body, Entry, Ledger, Minute};

use super::Result;
use super::session::Caller;
use crate::clock::{DAY, HOUR, MINUTE};
use crate::state::{AppState, Origin};
use crate::store::notices::Notice;
use crate::store::vaults::Vault;
use crate::store::{Rows, accounts, grants, notices, vaults};

/// How many notices a page shows.
const MOST: u64 = 100;

/// For how long notices are kept.
pub(super) const KEPT: u64 = 180 * DAY;

/// How long before its end a share is said to end soon.
const SOON: u32 = 3 * protocol::time::DAY;

impl Notice {
    /// A notice that says nothing but what and when.
    pub(super) const fn new(account: AccountId, kind: NoticeKind, at: Minute) -> Self {
        Self { account, kind, at, who: None, vault: None, record: None, grant: None, until: None, place: None }
    }
}

/// How long a mail waits that is not the first of its kind, so that what happens meanwhile is told of together: nobody
/// floods another one's mail by sharing again and again.
const TOGETHER: u64 = HOUR;

/// When a mail about this may go, `last` being when the person was last told of the same; none when one is waiting that
/// tells of it too.
fn due(kind: NoticeKind, now: u64, last: Option<Minute>, waiting: bool) -> Option<u64> {
    let often = last.is_some_and(|last| u64::from(last.0) * MINUTE + TOGETHER > now);
    match kind {
        kind if kind.is_security() => Some(now),
        _ if waiting => None,
        // Openings come often, so that a day's are told of together.
        NoticeKind::Opened => Some(now + DAY),
        _ if often => Some(now + TOGETHER),
        _ => Some(now),
    }
}

/// Keeps a notice, and a mail about it, as the person chose; within the transaction of what happened.
pub(super) async fn tell(state: &AppState, db: &impl Rows, notice: Notice) -> Result<()> {
    let (account, kind) = (notice.account, notice.kind);
    let choices = notices::choices(account, db).await?;
    let Some(choice) = choices.into_iter().find(|choice| choice.kind == kind) else { return Ok(()) };
    if choice.by_mail {
        let last = notices::last_told(account, db, kind).await?;
        let waiting = notices::is_queued(db, account, kind).await?;
        if let Some(due) = due(kind, state.clock.now(), last, waiting) {
            notices::queue(db, account, kind, due).await?;
        }
    }
    // Kept in any case: whether an end was told of is known by it, whichever way that was.
    notices::insert(db, notice, choice.in_app).await?;
    Ok(())
}

/// Tells of entries that were appended. `ledger` is what the log's facts became.
pub(super) async fn tell_of_entries(
    state: &AppState,
    db: &impl Rows,
    vault: &Vault,
    ledger: &Ledger,
    entries: &[Entry],
) -> Result<()> {
    for entry in entries {
        for notice in of_entry(vault, ledger, entry) {
            tell(state, db, notice).await?;
        }
    }
    Ok(())
}

/// Whom an entry concerns besides its author.
fn of_entry(vault: &Vault, ledger: &Ledger, entry: &Entry) -> Vec<Notice> {
    let to = |account, kind| Notice {
        who: Some(entry.author),
        vault: Some(vault.id),
        ..Notice::new(account, kind, entry.at)
    };
    let owner_did_it = entry.author == vault.owner;
    match &entry.body {
        Body::Revision(revision) if !owner_did_it => {
            vec![Notice { record: Some(revision.record), ..to(vault.owner, NoticeKind::Added) }]
        }
        Body::Grant(grant) => {
            let of_grant = |notice| Notice { grant: Some(grant.grant), until: grant.until, ..notice };
            let mut told = vec![of_grant(to(grant.recipient, NoticeKind::Shared))];
            if !owner_did_it {
                told.push(of_grant(to(vault.owner, NoticeKind::SharedForYou)));
            }
            told
        }
        Body::Revocation(id) => {
            let Some(grant) = ledger.grants.get(id) else { return Vec::new() };
            let both = [grant.recipient, vault.owner];
            let others = both.into_iter().filter(|account| *account != entry.author);
            others.map(|account| Notice { grant: Some(*id), ..to(account, NoticeKind::Stopped) }).collect()
        }
        Body::Access(access) if matches!(access.kind, AccessKind::Opened | AccessKind::Saved) => {
            let notice = to(vault.owner, NoticeKind::Opened);
            vec![Notice { record: access.record, grant: Some(access.grant), ..notice }]
        }
        _ => Vec::new(),
    }
}

/// Tells of ends that came or that come near. Each is told of once.
pub async fn tell_of_ends(state: &AppState) -> Result<u64> {
    let (now, mut told) = (state.clock.minute(), 0);
    let near = Minute(now.0.saturating_add(SOON));
    for grant in grants::ending(state.store.reader(), Minute(now.0.saturating_sub(SOON)), near).await? {
        let Some(until) = grant.facts.until else { continue };
        let kind = if until < now { NoticeKind::Ended } else { NoticeKind::EndsSoon };
        let transaction = state.store.begin().await?;
        // Another server may be about to tell the same.
        let Some(vault) = vaults::lock(&transaction, grant.vault).await? else { continue };
        let both = [(grant.facts.recipient, vault.owner), (vault.owner, grant.facts.recipient)];
        let mut accounts = Vec::new();
        for (account, other) in both {
            let short = kind == NoticeKind::EndsSoon
                && notices::shared_at(&transaction, grant.id)
                    .await?
                    .is_some_and(|at| until.0.saturating_sub(at.0) <= SOON);
            if !short && !notices::told_of(account, &transaction, grant.id, kind).await? {
                let notice = Notice::new(account, kind, until.min(now));
                let of = (Some(other), Some(vault.id), Some(grant.id), Some(until));
                let (who, vault, grant, until) = of;
                tell(state, &transaction, Notice { who, vault, grant, until, ..notice }).await?;
                accounts.push(account);
                told += 1;
            }
        }
        crate::store::commit(transaction).await?;
        state.events.tell(&accounts).await;
    }
    Ok(told)
}

/// Tells of a sign-in, and of the kind of browser.
pub(super) async fn tell_of_sign_in(
    state: &AppState,
    db: &impl Rows,
    origin: &Origin,
    account: AccountId,
    kind: NoticeKind,
) -> Result<()> {
    let place = origin.agent.to_owned();
    tell(state, db, Notice { place: Some(place), ..Notice::new(account, kind, state.clock.minute()) }).await
}

/// Tells of several sign-ins that were begun and not completed.
pub(super) async fn tell_of_failed_sign_ins(state: AppState, origin: Origin, account: AccountId) {
    let told = tell_of_sign_in(&state, state.store.reader(), &origin, account, NoticeKind::FailedSignIns).await;
    match told {
        Ok(()) => state.events.tell(&[account]).await,
        Err(error) => tracing::error!(cause = ?error, "failed sign-ins could not be told of"),
    }
}

/// The caller's notices, newest first.
pub async fn list(state: &AppState, caller: Caller) -> Result<Vec<Shown>> {
    let db = state.store.reader();
    let kept = notices::of(caller.account, db, MOST).await?;
    let mut shown = Vec::with_capacity(kept.len());
    for kept in kept {
        let who = match kept.notice.who {
            Some(account) => accounts::name(db, account).await?,
            None => None,
        };
        shown.push(Shown {
            id: kept.id,
            kind: kept.notice.kind,
            at: kept.notice.at.0,
            who,
            record: kept.notice.record.map(|record| record.to_string()),
            until: kept.notice.until.map(|until| until.0),
            place: kept.notice.place,
            read: kept.read,
        });
    }
    Ok(shown)
}

/// Notes that the caller has seen every notice up to this one.
pub async fn mark_read(state: &AppState, caller: Caller, up_to: i64) -> Result<()> {
    notices::mark_read(caller.account, state.store.reader(), up_to).await?;
    state.events.tell(&[caller.account]).await;
    Ok(())
}

/// What the caller wants to be told of.
pub async fn choices(state: &AppState, caller: Caller) -> Result<Vec<NoticeChoice>> {
    Ok(notices::choices(caller.account, state.store.reader()).await?)
}

/// Changes what the caller wants to be told of. What is security stays on, whatever is asked for.
pub async fn choose(state: &AppState, caller: Caller, choice: NoticeChoice) -> Result<()> {
    if !choice.kind.is_security() {
        notices::choose(caller.account, state.store.reader(), choice).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mail_goes_at_once_and_what_follows_goes_together() {
        let now = 1_000_000 * MINUTE;
        let ago = |minutes: u32| Some(Minute(1_000_000 - minutes));
        assert_eq!(due(NoticeKind::Shared, now, None, false), Some(now));
        assert_eq!(due(NoticeKind::Shared, now, ago(61), false), Some(now));
        assert_eq!(due(NoticeKind::Shared, now, ago(5), false), Some(now + HOUR));
        assert_eq!(due(NoticeKind::Shared, now, ago(5), true), None);
        assert_eq!(due(NoticeKind::Opened, now, None, false), Some(now + DAY));
        assert_eq!(due(NoticeKind::Opened, now, None, true), None);
        assert_eq!(due(NoticeKind::SignedIn, now, ago(0), true), Some(now), "what is security is never put off");
    }
}
