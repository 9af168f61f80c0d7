//! The words of every mail. They are the same for everybody: a mail lies in the open on its way and where it arrives.

use app::api::notices::NoticeKind;

/// The words about one kind of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The subject.
    pub subject: &'static str,
    /// What happened.
    happened: &'static str,
    /// What to do, where there is something to do.
    next: &'static str,
    /// Where to look, as a path of the site.
    path: &'static str,
    /// What the link says.
    link: &'static str,
}

const LOOK: &str = "If you did not expect this, open HealthBridge and look at your activity.";
const NOT_YOU: &str =
    "If this was not you, open HealthBridge, go to your account, sign out everywhere else and choose a new password.";

const fn words(subject: &'static str, happened: &'static str, next: &'static str) -> Words {
    Words { subject, happened, next, path: "/notices", link: "Open HealthBridge" }
}

/// The words about a kind of notice.
pub const fn of(kind: NoticeKind) -> Words {
    match kind {
        NoticeKind::Added | NoticeKind::Edited | NoticeKind::Deleted => words(
            "Your records were changed",
            "Somebody whom you let help with your vault has added, changed or deleted a record.",
            LOOK,
        ),
        NoticeKind::Shared => words(
            "Records are shared with you",
            "Somebody shares health records with you.",
            "Sign in to see who it is, what it is, and until when.",
        ),
        NoticeKind::SharedForYou => words(
            "Records of yours are shared",
            "Somebody who helps with your vault has shared records of yours.",
            LOOK,
        ),
        NoticeKind::EndChanged => words(
            "Sharing ends at another time",
            "Until when health records are shared was changed.",
            "Sign in to see which, and until when. There is nothing that you need to do.",
        ),
        NoticeKind::Stopped => words(
            "Sharing has stopped",
            "Records that were shared are shared no more.",
            "Sign in to see which. There is nothing that you need to do.",
        ),
        NoticeKind::EndsSoon => words(
            "Sharing ends soon",
            "Sharing of health records ends within three days.",
            "If more time is needed, its owner can give it. Otherwise it ends by itself.",
        ),
        NoticeKind::Ended => words(
            "Sharing has ended",
            "Sharing of health records has come to its end.",
            "Sign in to see which. There is nothing that you need to do.",
        ),
        NoticeKind::Opened => words(
            "Your records were opened",
            "Since yesterday, somebody with whom you share has opened records of yours.",
            "Sign in to see who, which and when. You can stop sharing at any time.",
        ),
        NoticeKind::SignedIn => {
            words("A new sign-in to your account", "Somebody has signed in to your account.", NOT_YOU)
        }
        NoticeKind::FailedSignIns => words(
            "Sign-ins to your account that failed",
            "Somebody has tried several times to sign in to your account, without the right password.",
            "If it was you, nothing needs doing. If not: you are told of every sign-in that succeeds, and a longer password is safer.",
        ),
        NoticeKind::PasswordChanged => {
            // Whoever reads this and did not do it does not know the password any more, and is signed out everywhere.
            words(
                "Your password was changed",
                "The password of your account was changed.",
                "If this was not you, open HealthBridge, choose \"Forgot your password?\" and set a new one with your recovery kit.",
            )
        }
        NoticeKind::Recovered => words(
            "Your recovery kit was used",
            "Somebody has opened your account with its recovery kit.",
            "If this was not you, somebody has your recovery kit: sign in, look at your activity, and tell the people who run this server.",
        ),
    }
}

impl Words {
    /// As plain text.
    pub fn plain(&self, site: &str) -> String {
        let Self { happened, next, path, .. } = self;
        format!(
            "{happened}\n\n{next}\n\n{site}{path}\n\nThis mail says no more on purpose: what is in your records is \
             sealed, and mail is not. What you are told by mail is chosen under \"What you are told\" on that page.\n"
        )
    }

    /// As a page that is read on a phone.
    pub fn html(&self, site: &str) -> String {
        let Self { subject, happened, next, path, link } = self;
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{subject}</title></head><body style=\"margin:0 auto;max-width:32rem;padding:1.5rem;\
             font:1.0625rem/1.5 system-ui,sans-serif\"><h1 style=\"font-size:1.375rem;line-height:1.25\">{subject}</h1>\
             <p>{happened}</p><p>{next}</p><p><a href=\"{site}{path}\" style=\"display:inline-block;\
             padding:.75rem 1.25rem;border-radius:.625rem;background:#0d6b70;color:#fff;text-decoration:none;\
             font-weight:600\">{link}</a></p><p style=\"font-size:.9375rem;opacity:.75\">This mail says no more on \
             purpose: what is in your records is sealed, and mail is not. What you are told by mail is chosen under \
             \u{201c}What you are told\u{201d} on that page.</p></body></html>"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_words_of_its_own() {
        let told: Vec<_> = NoticeKind::ALL.into_iter().filter(|kind| kind.chosen_as() == *kind).collect();
        let subjects: BTreeSet<&str> = told.iter().map(|kind| of(*kind).subject).collect();
        assert_eq!(subjects.len(), told.len());
    }

    #[test]
    fn a_mail_is_short_and_leads_back_here() {
        for kind in NoticeKind::ALL {
            let words = of(kind);
            assert!(words.subject.len() <= 50, "a phone shows no more: {}", words.subject);
            assert!(words.plain("https://vault.example.org").contains("https://vault.example.org/notices"));
            assert!(words.html("https://vault.example.org").contains("href=\"https://vault.example.org/notices\""));
        }
        let all = NoticeKind::ALL.map(|kind| {
            let Words { subject, happened, next, .. } = of(kind);
            format!("{kind:?}: {subject}\n    {happened}\n    {next}\n")
        });
        insta::assert_snapshot!(all.concat());
        insta::assert_snapshot!(of(NoticeKind::Opened).plain("https://vault.example.org"), @r#"
        Since yesterday, somebody with whom you share has opened records of yours.

        Sign in to see who, which and when. You can stop sharing at any time.

        https://vault.example.org/notices

        This mail says no more on purpose: what is in your records is sealed, and mail is not. What you are told by mail is chosen under "What you are told" on that page.
        "#);
    }
}
