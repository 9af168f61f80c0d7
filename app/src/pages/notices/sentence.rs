//! Notices as sentences. Pure.

use crate::api::notices::{Notice, NoticeKind};
use crate::clock::Now;
use crate::pages::words;
use crate::ui::Glyph;
use crate::vault::RecordItem;

/// The picture of a kind.
pub const fn glyph(kind: NoticeKind) -> Glyph {
    match kind {
        NoticeKind::Added => Glyph::Add,
        NoticeKind::Shared | NoticeKind::SharedForYou => Glyph::Sharing,
        NoticeKind::Stopped => Glyph::StopSharing,
        NoticeKind::EndsSoon | NoticeKind::Ended => Glyph::Clock,
        NoticeKind::Opened => Glyph::Eye,
        NoticeKind::SignedIn => Glyph::Unlocked,
        NoticeKind::FailedSignIns => Glyph::Warning,
        NoticeKind::PasswordChanged | NoticeKind::Recovered => Glyph::Shield,
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
    let until = |words: &str| match (notice.until, now) {
        (Some(until), Some(now)) => format!("{words} {}", words::near_day(until, now)),
        (Some(until), None) => format!("{words} {}", words::Day::of_minute(until, 0).words(None)),
        (None, _) => String::new(),
    };
    match notice.kind {
        NoticeKind::Added => format!("{who} added {what} to your vault"),
        NoticeKind::Shared if notice.until.is_none() => format!("{who} shares with you, with no end"),
        NoticeKind::Shared => format!("{who} shares with you{}", until(" until")),
        NoticeKind::SharedForYou => format!("{who} shared records of yours{}", until(" until")),
        NoticeKind::Stopped => format!("{who} stopped sharing"),
        NoticeKind::EndsSoon => format!("Sharing with {who} ends{}", until(" on")),
        NoticeKind::Ended => format!("Sharing with {who} has ended"),
        NoticeKind::Opened => format!("{who} opened {what}"),
        NoticeKind::SignedIn => {
            format!("New sign-in to your account: {}", notice.place.as_deref().unwrap_or("from an unknown place"))
        }
        NoticeKind::FailedSignIns => "Somebody tried to sign in to your account, without the right password".to_owned(),
        NoticeKind::PasswordChanged => "Your password was changed".to_owned(),
        NoticeKind::Recovered => "Your recovery kit was used".to_owned(),
    }
}

/// What one chooses to be told of.
pub const fn choice_words(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Added => "Somebody adds to your vault",
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
            until: Some(29_922_570 + 3 * 1440),
            place: Some("Firefox, 203.0.113.0/24".to_owned()),
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
                "Dr Kenji Ito opened a record",
                "Dr Kenji Ito shares with you until 25 November",
                "Dr Kenji Ito shared records of yours until 25 November",
                "Dr Kenji Ito stopped sharing",
                "Sharing with Dr Kenji Ito ends on 25 November",
                "Sharing with Dr Kenji Ito has ended",
                "New sign-in to your account: Firefox, 203.0.113.0/24",
                "Somebody tried to sign in to your account, without the right password",
                "Your password was changed",
                "Your recovery kit was used",
            ]
        );
    }

    #[test]
    fn no_end_is_said() {
        let endless = Notice { until: None, ..notice(NoticeKind::Shared) };
        assert_eq!(sentence(&endless, &[], None), "Dr Kenji Ito shares with you, with no end");
    }
}
