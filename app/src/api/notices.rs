//! Notices: that something happened, and when. Never what is in a record, nor what it is called.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Refused;
#[cfg(feature = "ssr")]
use super::ask;
use crate::ui::Side;

/// What somebody can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NoticeKind {
    /// Somebody else added a record to one's vault.
    Added,
    /// Somebody else changed one.
    Edited,
    /// Somebody else deleted one.
    Deleted,
    /// Somebody shares with one.
    Shared,
    /// Somebody who helps with one's vault shared of it.
    SharedForYou,
    /// A share that holds was given another end.
    EndChanged,
    /// A share was stopped: by its owner, or given back.
    Stopped,
    /// A share ends within three days, or a short one within half of its time.
    EndsSoon,
    /// A share has ended.
    Ended,
    /// Somebody opened or saved a record. Mail about it comes once a day at most.
    Opened,
    /// A new sign-in.
    SignedIn,
    /// Several sign-ins that were begun and not completed.
    FailedSignIns,
    /// The password was changed.
    PasswordChanged,
    /// The recovery kit was used.
    Recovered,
}

impl NoticeKind {
    /// Every kind, in the order in which choices are shown.
    pub const ALL: [Self; 14] = [
        Self::Added,
        Self::Edited,
        Self::Deleted,
        Self::Opened,
        Self::Shared,
        Self::SharedForYou,
        Self::EndChanged,
        Self::Stopped,
        Self::EndsSoon,
        Self::Ended,
        Self::SignedIn,
        Self::FailedSignIns,
        Self::PasswordChanged,
        Self::Recovered,
    ];

    /// The kind under which it is chosen, and told of by mail: what others do to records is one choice.
    #[must_use]
    pub const fn chosen_as(self) -> Self {
        match self {
            Self::Edited | Self::Deleted => Self::Added,
            kind => kind,
        }
    }

    /// Whether it is about the safety of the account, so that nobody can switch it off.
    pub const fn is_security(self) -> bool {
        matches!(self, Self::SignedIn | Self::FailedSignIns | Self::PasswordChanged | Self::Recovered)
    }

    /// Whether it can happen to somebody on this side.
    pub const fn concerns(self, side: Side) -> bool {
        match self {
            Self::Added | Self::Edited | Self::Deleted | Self::Opened | Self::SharedForYou => {
                matches!(side, Side::Patient)
            }
            Self::Shared => matches!(side, Side::Provider),
            _ => true,
        }
    }
}

/// That something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Later ones have larger ones.
    pub id: i64,
    /// What.
    pub kind: NoticeKind,
    /// When, in minutes since 1970, UTC.
    pub at: u32,
    /// Who did it, by name, where it was somebody else.
    pub who: Option<String>,
    /// The record's id, where it is about one.
    pub record: Option<String>,
    /// For openings: how many more records the same person opened on the same day.
    pub more: u32,
    /// For a share, its last minute.
    pub until: Option<u32>,
    /// For a sign-in, the kind of browser.
    pub place: Option<String>,
    /// Whether it was seen.
    pub read: bool,
}

/// Whether and how somebody is told of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeChoice {
    /// Of what.
    pub kind: NoticeKind,
    /// In the list of notices.
    pub in_app: bool,
    /// By mail.
    pub by_mail: bool,
}

/// The caller's notices, newest first.
#[server(prefix = "/api/pages", endpoint = "notices", client = super::AccountClient)]
pub async fn notices() -> Result<Vec<Notice>, Refused> {
    ask(|server| server.notices()).await
}

/// Notes that the caller has seen every notice up to this one.
#[server(prefix = "/api/pages", endpoint = "notices-read", client = super::AccountClient)]
pub async fn read_notices(
    /// The newest that was seen.
    up_to: i64,
) -> Result<(), Refused> {
    ask(|server| server.read_notices(up_to)).await
}

/// What the caller wants to be told of.
#[server(prefix = "/api/pages", endpoint = "notice-choices", client = super::AccountClient)]
pub async fn notice_choices() -> Result<Vec<NoticeChoice>, Refused> {
    ask(|server| server.notice_choices()).await
}

/// Changes what the caller wants to be told of.
#[server(prefix = "/api/pages", endpoint = "choose-notices", client = super::AccountClient)]
pub async fn choose_notices(
    /// As it is to be.
    choice: NoticeChoice,
) -> Result<(), Refused> {
    ask(|server| server.choose_notices(choice)).await
}
