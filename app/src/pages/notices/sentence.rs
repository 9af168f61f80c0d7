//! Notices as sentences. Pure.

use crate::api::notices::{Notice, NoticeKind};
use crate::clock::Now;
use crate::pages::words;
use crate::ui::{Glyph, Side};
use crate::vault::RecordItem;

/// The picture of a kind.
pub const fn glyph(kind: NoticeKind) -> Glyph {
    match kind {
        NoticeKind::Added => Glyph::Add,
        NoticeKind::Edited => Glyph::Edit,
        NoticeKind::Deleted => Glyph::Delete,
        NoticeKind::Shared | NoticeKind::SharedForYou => Glyph::Sharing,
        NoticeKind::Stopped => Glyph::StopSharing,
        NoticeKind::EndChanged | NoticeKind::EndsSoon | NoticeKind::Ended => Glyph::Clock,
        NoticeKind::Opened => Glyph::Eye,
        NoticeKind::SignedIn => Glyph::Unlocked,
        NoticeKind::FailedSignIns => Glyph::Warning,
        NoticeKind::PasswordChanged | NoticeKind::Recovered => Glyph::Shield,
    }
}

/// The end of a share, in words that fit how near it is.
struct End {
    over: bool,
    /// "today", "25 November"
    day: String,
    /// "today", "on 25 November"
    on: String,
}

impl End {
    fn new(until: u32, now: Option<Now>) -> Self {
        let offset = now.map_or(0, |now| now.offset_minutes);
        let last = words::Day::of_minute(until, offset);
        let near = now.and_then(|now| match last.number() - words::today(now).number() {
            -1 => Some("yesterday"),
            0 => Some("today"),
            1 => Some("tomorrow"),
            _ => None,
        });
        let day = near.map_or_else(|| last.words(now), str::to_owned);
        let on = near.map_or_else(|| format!("on {day}"), str::to_owned);
        Self { over: now.is_some_and(|now| until < now.minute), day, on }
    }
}

/// What a notice says. The record's title is known on this device only.
pub fn sentence(notice: &Notice, records: &[RecordItem], now: Option<Now>) -> String {
    let who = notice.who.as_deref().unwrap_or("Somebody");
    let what = notice
        .record
        .as_ref()
        .and_then(|id| records.iter().find(|item| item.id == *id))
        .map_or_else(|| "a record".to_owned(), crate::pages::records::rows::title_of);
    let end = notice.until.map(|until| End::new(until, now));
    match notice.kind {
        NoticeKind::Added => format!("{who} added {what} to your vault"),
        NoticeKind::Edited => format!("{who} changed {what}"),
        NoticeKind::Deleted => format!("{who} deleted {what}"),
        NoticeKind::EndChanged => match end {
            None => format!("Sharing with {who} has no end any more"),
            Some(End { over: true, on, .. }) => format!("Sharing with {who} ended {on}"),
            Some(End { on, .. }) => format!("Sharing with {who} now ends {on}"),
        },
        NoticeKind::Shared => match end {
            None => format!("{who} shares with you, with no end"),
            Some(End { over: true, on, .. }) => format!("{who} shared with you, and it ended {on}"),
            Some(End { day, .. }) => format!("{who} shares with you until {day}"),
        },
        NoticeKind::SharedForYou => match end {
            None => format!("{who} shared records of yours, with no end"),
            Some(End { over: true, on, .. }) => format!("{who} shared records of yours, and it ended {on}"),
            Some(End { day, .. }) => format!("{who} shared records of yours until {day}"),
        },
        NoticeKind::Stopped => format!("{who} stopped sharing"),
        NoticeKind::EndsSoon => match end {
            None => format!("Sharing with {who} ends soon"),
            Some(End { over: true, on, .. }) => format!("Sharing with {who} ended {on}"),
            Some(End { on, .. }) => format!("Sharing with {who} ends {on}"),
        },
        NoticeKind::Ended => format!("Sharing with {who} has ended"),
        NoticeKind::Opened => match notice.more {
            0 => format!("{who} opened {what}"),
            1 => format!("{who} opened {what} and one more"),
            more => format!("{who} opened {what} and {more} more"),
        },
        // What no browser calls itself by is called "other".
        NoticeKind::SignedIn => match notice
            .place
            .as_deref()
            .and_then(|place| place.split(',').next())
            .filter(|browser| *browser != "other")
        {
            Some(browser) => format!("New sign-in to your account: {browser}"),
            None => "New sign-in to your account".to_owned(),
        },
        NoticeKind::FailedSignIns => "Somebody tried to sign in to your account, without the right password".to_owned(),
        NoticeKind::PasswordChanged => "Your password was changed".to_owned(),
        NoticeKind::Recovered => "Your recovery kit was used".to_owned(),
    }
}

/// What a list will show in which nothing stands yet: of what can happen to somebody on this side, what concerns most.
pub const fn awaited(side: Side) -> &'static str {
    match side {
        Side::Patient => "When somebody opens one of your records or signs in to your account, it stands here.",
        Side::Provider => "When a patient shares with you, or somebody signs in to your account, it stands here.",
    }
}

/// What to do about what happened to the account, for whoever did not expect it. The notice leads to where it is done.
pub const fn next(kind: NoticeKind) -> Option<&'static str> {
    match kind {
        NoticeKind::SignedIn => Some("If this was not you: sign out everywhere else, and choose a new password."),
        NoticeKind::FailedSignIns => Some(
            "If this was you, nothing needs doing. If not: every sign-in that succeeds stands here, and a longer password is safer.",
        ),
        NoticeKind::PasswordChanged => Some("If this was not you: choose a new password now."),
        NoticeKind::Recovered => Some(
            "If this was not you: somebody has your recovery kit. Choose a new password, look at your activity, and tell the people who run this server.",
        ),
        _ => None,
    }
}

/// What one chooses to be told of.
pub const fn choice_words(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Added | NoticeKind::Edited | NoticeKind::Deleted => {
            "Somebody who helps you adds, changes or deletes records"
        }
        NoticeKind::EndChanged => "A share is given another end",
        NoticeKind::Shared => "Somebody shares with you",
        NoticeKind::SharedForYou => "Somebody who helps you shares your records",
        NoticeKind::Stopped => "Sharing is stopped",
        NoticeKind::EndsSoon => "Sharing ends within three days",
        NoticeKind::Ended => "Sharing has ended",
        NoticeKind::Opened => "Your records are opened",
        NoticeKind::SignedIn => "A new sign-in",
        NoticeKind::FailedSignIns => "Sign-ins that failed",
        NoticeKind::PasswordChanged => "Your password is changed",
        NoticeKind::Recovered => "Your recovery kit is used",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: NoticeKind) -> Notice {
        Notice {
            id: 1,
            kind,
            at: 29_922_570,
            who: Some("Dr Kenji Ito".to_owned()),
            record: None,
            more: 0,
            until: Some(29_922_570 + 3 * 1440),
            place: Some("Firefox".to_owned()),
            read: false,
        }
    }

    #[test]
    fn every_kind_is_a_sentence() {
        let now = Some(Now { minute: 29_922_570, offset_minutes: 60 });
        let all: Vec<String> = NoticeKind::ALL.into_iter().map(|kind| sentence(&notice(kind), &[], now)).collect();
        assert_eq!(
            all,
            [
                "Dr Kenji Ito added a record to your vault",
                "Dr Kenji Ito changed a record",
                "Dr Kenji Ito deleted a record",
                "Dr Kenji Ito opened a record",
                "Dr Kenji Ito shares with you until 25 November",
                "Dr Kenji Ito shared records of yours until 25 November",
                "Sharing with Dr Kenji Ito now ends on 25 November",
                "Dr Kenji Ito stopped sharing",
                "Sharing with Dr Kenji Ito ends on 25 November",
                "Sharing with Dr Kenji Ito has ended",
                "New sign-in to your account: Firefox",
                "Somebody tried to sign in to your account, without the right password",
                "Your password was changed",
                "Your recovery kit was used",
            ]
        );
    }

    #[test]
    fn an_end_is_said_as_near_as_it_is_and_as_over_when_it_is() {
        const HOUR: u32 = 60;
        const DAY: u32 = 24 * HOUR;
        // 14:30 where the person is.
        let now = Now { minute: 29_922_570, offset_minutes: 60 };
        let said = |until: u32, kind| sentence(&Notice { until: Some(until), ..notice(kind) }, &[], Some(now));
        for (until, ends, shares) in [
            (now.minute + HOUR, "ends today", "shares with you until today"),
            (now.minute + DAY, "ends tomorrow", "shares with you until tomorrow"),
            (now.minute + 2 * DAY, "ends on 24 November", "shares with you until 24 November"),
            (now.minute - HOUR, "ended today", "shared with you, and it ended today"),
            (now.minute - DAY, "ended yesterday", "shared with you, and it ended yesterday"),
            (now.minute - 7 * DAY, "ended on 15 November", "shared with you, and it ended on 15 November"),
        ] {
            assert_eq!(said(until, NoticeKind::EndsSoon), format!("Sharing with Dr Kenji Ito {ends}"));
            assert_eq!(said(until, NoticeKind::Shared), format!("Dr Kenji Ito {shares}"));
        }
    }

    #[test]
    fn nobody_is_told_to_wait_for_what_cannot_happen_to_them() {
        let says = |side, words| awaited(side).contains(words);
        for (kind, words) in
            [(NoticeKind::Opened, "opens"), (NoticeKind::Shared, "shares"), (NoticeKind::SignedIn, "signs in")]
        {
            for side in [Side::Patient, Side::Provider] {
                assert_eq!(says(side, words), kind.concerns(side), "{words}");
            }
        }
    }

    #[test]
    fn no_network_is_named() {
        let old = Notice { place: Some("Firefox, 203.0.113.0/24".to_owned()), ..notice(NoticeKind::SignedIn) };
        assert_eq!(sentence(&old, &[], None), "New sign-in to your account: Firefox");
        let program = Notice { place: Some("other".to_owned()), ..notice(NoticeKind::SignedIn) };
        assert_eq!(sentence(&program, &[], None), "New sign-in to your account");
    }

    #[test]
    fn a_day_of_openings_is_one_sentence() {
        let opened = |more| sentence(&Notice { more, ..notice(NoticeKind::Opened) }, &[], None);
        assert_eq!(opened(1), "Dr Kenji Ito opened a record and one more");
        assert_eq!(opened(12), "Dr Kenji Ito opened a record and 12 more");
    }

    #[test]
    fn no_end_is_said() {
        let endless = Notice { until: None, ..notice(NoticeKind::Shared) };
        assert_eq!(sentence(&endless, &[], None), "Dr Kenji Ito shares with you, with no end");
    }
}
