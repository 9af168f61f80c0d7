//! Notices, what people want to be told of, and mail on its way out.

use app::api::notices::{NoticeChoice, NoticeKind};
use protocol::{AccountId, GrantId, Minute, RecordId, VaultId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::column::{fixed, minute, signed, unsigned};
use super::entity::{mails, notice_choices, notices};
use super::{Result, StoreError};

/// One notice, as it is kept.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Whom it tells.
    pub account: AccountId,
    /// What.
    pub kind: NoticeKind,
    /// When.
    pub at: Minute,
    /// Who did it.
    pub who: Option<AccountId>,
    /// In which vault.
    pub vault: Option<VaultId>,
    /// To which record.
    pub record: Option<RecordId>,
    /// By which grant.
    pub grant: Option<GrantId>,
    /// The grant's end.
    pub until: Option<Minute>,
    /// From where: the kind of browser.
    pub place: Option<String>,
}

/// A notice that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub notice: Notice,
    /// Whether it was seen.
    pub read: bool,
}

/// A mail that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its number.
    pub id: i64,
    /// To whom.
    pub account: AccountId,
    /// About what.
    pub kind: NoticeKind,
    /// When it may go, in seconds.
    pub due: u64,
    /// How often it was tried.
    pub tries: u32,
}

pub(super) const fn code(kind: NoticeKind) -> i16 {
    match kind {
        NoticeKind::Added => 1,
        NoticeKind::Shared => 2,
        NoticeKind::SharedForYou => 3,
        NoticeKind::Stopped => 4,
        NoticeKind::EndsSoon => 5,
        NoticeKind::Ended => 6,
        NoticeKind::Opened => 7,
        NoticeKind::SignedIn => 8,
        NoticeKind::FailedSignIns => 9,
        NoticeKind::PasswordChanged => 10,
        NoticeKind::Recovered => 11,
        NoticeKind::Edited => 12,
        NoticeKind::Deleted => 13,
        NoticeKind::EndChanged => 14,
    }
}

fn kind(column: &'static str, stored: i16) -> Result<NoticeKind> {
    NoticeKind::ALL.into_iter().find(|kind| code(*kind) == stored).ok_or(StoreError::Corrupt(column))
}

fn read(row: notices::Model) -> Result<Kept> {
    let notice = Notice {
        account: fixed("notices.account", &row.account, AccountId::from_bytes)?,
        kind: kind("notices.kind", row.kind)?,
        at: minute("notices.at", row.at)?,
        who: row.who.map(|id| fixed("notices.who", &id, AccountId::from_bytes)).transpose()?,
        vault: row.vault.map(|id| fixed("notices.vault", &id, VaultId::from_bytes)).transpose()?,
        record: row.record.map(|id| fixed("notices.record", &id, RecordId::from_bytes)).transpose()?,
        grant: row.grant_id.map(|id| fixed("notices.grant_id", &id, GrantId::from_bytes)).transpose()?,
        until: row.until.map(|until| minute("notices.until", until)).transpose()?,
        place: row.place,
    };
    Ok(Kept { id: row.id, notice, read: row.read })
}

/// Keeps a notice. One that is not shown only says that it was told of.
pub async fn insert(db: &impl ConnectionTrait, notice: Notice, shown: bool) -> Result<()> {
    let row = notices::ActiveModel {
        id: NotSet,
        account: Set(notice.account.as_bytes().to_vec()),
        kind: Set(code(notice.kind)),
        at: Set(i64::from(notice.at.0)),
        who: Set(notice.who.map(|id| id.as_bytes().to_vec())),
        vault: Set(notice.vault.map(|id| id.as_bytes().to_vec())),
        record: Set(notice.record.map(|id| id.as_bytes().to_vec())),
        grant_id: Set(notice.grant.map(|id| id.as_bytes().to_vec())),
        until: Set(notice.until.map(|until| i64::from(until.0))),
        place: Set(notice.place),
        read: Set(false),
        shown: Set(shown),
    };
    notices::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The actor's newest notices of some kinds, newest first.
pub async fn of(
    actor: AccountId,
    db: &impl ConnectionTrait,
    kinds: impl Iterator<Item = NoticeKind>,
    most: u64,
) -> Result<Vec<Kept>> {
    let rows = notices::Entity::find()
        .filter(notices::Column::Account.eq(actor.as_bytes().to_vec()))
        .filter(notices::Column::Shown.eq(true))
        .filter(notices::Column::Kind.is_in(kinds.map(code)))
        .order_by_desc(notices::Column::Id)
        .limit(most)
        .all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

/// Notes that the actor has seen every notice up to this one.
pub async fn mark_read(actor: AccountId, db: &impl ConnectionTrait, up_to: i64) -> Result<()> {
    notices::Entity::update_many()
        .col_expr(notices::Column::Read, Expr::value(true))
        .filter(notices::Column::Account.eq(actor.as_bytes().to_vec()))
        .filter(notices::Column::Id.lte(up_to))
        .filter(notices::Column::Read.eq(false))
        .exec(db)
        .await?;
    Ok(())
}

/// Whether the actor was told of this end of a grant.
pub async fn told_of_end(
    actor: AccountId,
    db: &impl ConnectionTrait,
    grant: GrantId,
    until: Minute,
    what: NoticeKind,
) -> Result<bool> {
    let found = notices::Entity::find()
        .filter(notices::Column::GrantId.eq(grant.as_bytes().to_vec()))
        .filter(notices::Column::Until.eq(i64::from(until.0)))
        .filter(notices::Column::Kind.eq(code(what)))
        .filter(notices::Column::Account.eq(actor.as_bytes().to_vec()))
        .count(db)
        .await?;
    Ok(found > 0)
}

/// When the actor was last told something that is chosen under this kind.
pub async fn last_told(actor: AccountId, db: &impl ConnectionTrait, what: NoticeKind) -> Result<Option<Minute>> {
    let together = NoticeKind::ALL.into_iter().filter(|kind| kind.chosen_as() == what);
    let last = notices::Entity::find()
        .filter(notices::Column::Account.eq(actor.as_bytes().to_vec()))
        .filter(notices::Column::Kind.is_in(together.map(code)))
        .order_by_desc(notices::Column::Id)
        .one(db)
        .await?;
    last.map(|row| minute("notices.at", row.at)).transpose()
}

/// When its holder was last told until when a grant holds.
pub async fn end_known_since(db: &impl ConnectionTrait, grant: GrantId) -> Result<Option<Minute>> {
    let told = [NoticeKind::Shared, NoticeKind::EndChanged];
    let last = notices::Entity::find()
        .filter(notices::Column::GrantId.eq(grant.as_bytes().to_vec()))
        .filter(notices::Column::Kind.is_in(told.map(code)))
        .order_by_desc(notices::Column::Id)
        .one(db)
        .await?;
    last.map(|row| minute("notices.at", row.at)).transpose()
}

/// Forgets notices from before this minute.
pub async fn delete_older(db: &impl ConnectionTrait, than: Minute) -> Result<u64> {
    let old = notices::Entity::delete_many().filter(notices::Column::At.lt(i64::from(than.0)));
    Ok(old.exec(db).await?.rows_affected)
}

/// What the actor wants to be told of; a kind that nothing was said about is told in every way.
pub async fn choices(actor: AccountId, db: &impl ConnectionTrait) -> Result<Vec<NoticeChoice>> {
    let rows = notice_choices::Entity::find()
        .filter(notice_choices::Column::Account.eq(actor.as_bytes().to_vec()))
        .all(db)
        .await?;
    let chosen = |kind: NoticeKind| rows.iter().find(|row| row.kind == code(kind) && !kind.is_security());
    let choice = |kind| {
        let (in_app, by_mail) = chosen(kind).map_or((true, true), |row| (row.in_app, row.by_mail));
        NoticeChoice { kind, in_app, by_mail }
    };
    Ok(NoticeKind::ALL.into_iter().filter(|kind| kind.chosen_as() == *kind).map(choice).collect())
}

/// Changes what the actor wants to be told of.
pub async fn choose(actor: AccountId, db: &impl ConnectionTrait, choice: NoticeChoice) -> Result<()> {
    let row = notice_choices::ActiveModel {
        account: Set(actor.as_bytes().to_vec()),
        kind: Set(code(choice.kind)),
        in_app: Set(choice.in_app),
        by_mail: Set(choice.by_mail),
    };
    notice_choices::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([notice_choices::Column::Account, notice_choices::Column::Kind])
                .update_columns([notice_choices::Column::InApp, notice_choices::Column::ByMail])
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Puts a mail into the queue.
pub async fn queue(db: &impl ConnectionTrait, account: AccountId, kind: NoticeKind, due: u64) -> Result<()> {
    let row = mails::ActiveModel {
        id: NotSet,
        account: Set(account.as_bytes().to_vec()),
        kind: Set(code(kind)),
        due: Set(signed(due)),
        tries: Set(0),
    };
    mails::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Whether a mail of this kind waits for an account already.
pub async fn is_queued(db: &impl ConnectionTrait, account: AccountId, kind: NoticeKind) -> Result<bool> {
    let waiting = mails::Entity::find()
        .filter(mails::Column::Account.eq(account.as_bytes().to_vec()))
        .filter(mails::Column::Kind.eq(code(kind)))
        .count(db)
        .await?;
    Ok(waiting > 0)
}

/// Mails that are due, the oldest first.
pub async fn due(db: &impl ConnectionTrait, now: u64, most: u64) -> Result<Vec<Mail>> {
    let rows = mails::Entity::find()
        .filter(mails::Column::Due.lte(signed(now)))
        .order_by_asc(mails::Column::Due)
        .limit(most)
        .all(db)
        .await?;
    let read = |row: mails::Model| {
        Ok(Mail {
            id: row.id,
            account: fixed("mails.account", &row.account, AccountId::from_bytes)?,
            kind: kind("mails.kind", row.kind)?,
            due: unsigned("mails.due", row.due)?,
            tries: unsigned("mails.tries", row.tries)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Takes a mail in hand until `again`, unless another server was faster.
pub async fn claim(db: &impl ConnectionTrait, mail: Mail, again: u64) -> Result<bool> {
    let done = mails::Entity::update_many()
        .col_expr(mails::Column::Due, Expr::value(signed(again)))
        .col_expr(mails::Column::Tries, Expr::value(i64::from(mail.tries) + 1))
        .filter(mails::Column::Id.eq(mail.id))
        .filter(mails::Column::Due.eq(signed(mail.due)))
        .filter(mails::Column::Tries.eq(i64::from(mail.tries)))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Puts a mail off that could not be sent.
pub async fn put_off(db: &impl ConnectionTrait, id: i64, due: u64) -> Result<()> {
    mails::Entity::update_many()
        .col_expr(mails::Column::Due, Expr::value(signed(due)))
        .filter(mails::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes a mail out of the queue.
pub async fn unqueue(db: &impl ConnectionTrait, id: i64) -> Result<()> {
    mails::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}
