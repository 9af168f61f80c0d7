//! From the client's errors to words for the person.

use app::vault::{Trouble, TroubleKind};
use client::platform::Asked;
use client::{ClientError, Gone};
use protocol::ApiError;
use vault::recipient::Untrusted;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client said so.
    Client(ClientError),
    /// A vault does not verify, for this reason, which was told when it was found: there is nothing to be shown of it.
    Unsound(ClientError),
    /// The vault is locked.
    Locked,
    /// It cannot be shown, for this reason.
    NotShown(String),
    /// The vault of whoever is signed in did not open.
    WrongPassword,
    /// Nobody is found at this address.
    NobodyThere,
    /// What the page sent names nothing here.
    Gone,
    /// The server was not told that somebody signs out.
    StillSignedIn,
    /// A part of the program did not come from the server.
    NotLoaded,
}

impl Failure {
    /// Whether trying again a little later may help: the server cannot be reached, or is busy.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(self, Self::Client(error) if error.is_passing())
    }

    /// Whether it must not be overlooked: the server, or somebody's identity there, is not what it should be.
    pub(crate) fn is_alarm(&self) -> bool {
        matches!(self, Self::Client(error) if matches!(kind(error), TroubleKind::Alarm | TroubleKind::Restored))
    }

    /// Whether the session has ended.
    pub(crate) const fn is_signed_out(&self) -> bool {
        matches!(self, Self::Client(ClientError::Api(ApiError::NotSignedIn)))
    }
}

impl<E: Into<ClientError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Client(error.into())
    }
}

/// What to tell the person.
pub(crate) fn words(failure: &Failure) -> Trouble {
    let (happened, kind) = match failure {
        Failure::Locked => ("Your records are locked. Unlock them to go on.".to_owned(), TroubleKind::Locked),
        Failure::NotShown(why) => (why.clone(), TroubleKind::NotShown),
        Failure::NobodyThere => (
            "There is no care team with this address here. They may not have signed up yet.".to_owned(),
            TroubleKind::Input,
        ),
        Failure::WrongPassword => ("This is not the password of this account.".to_owned(), TroubleKind::Input),
        Failure::Gone => ("This is no longer here.".to_owned(), TroubleKind::Gone),
        Failure::StillSignedIn => (
            "The server could not be told, so you may still be signed in. Your vault is locked on this device, and files that were still being added were stopped."
                .to_owned(),
            TroubleKind::Offline,
        ),
        Failure::NotLoaded => (
            "HealthBridge cannot be reached just now. Nothing was lost; please try again.".to_owned(),
            TroubleKind::Offline,
        ),
        Failure::Client(error) => (happened(error), kind(error)),
        Failure::Unsound(error) => (happened(error), TroubleKind::Alarm),
    };
    Trouble { happened, kind }
}

/// What to tell of something that stopped half-way, given what is told elsewhere: what was sent before that is kept, so it
/// is not true that nothing was changed.
pub(crate) fn half_way(failure: &Failure, told: String) -> String {
    match failure {
        Failure::Client(ClientError::Api(ApiError::Internal)) => "The server could not take the rest of it.".to_owned(),
        _ => told,
    }
}

fn happened(error: &ClientError) -> String {
    let words = match error {
        ClientError::Answer => {
            "The server sent something that is no answer. It may be damaged, or it may not be honest."
        }
        ClientError::Open(_) => "Something that the server sent could not be checked, so it was not opened.",
        ClientError::Restored { gone, .. } => {
            return format!("The server was brought back from an older copy. {}", gone_words(*gone));
        }
        ClientError::Api(ApiError::TooMany(seconds)) => {
            return format!("That was too often, or too much at once. Try again in {}.", Asked(*seconds));
        }
        error => return sentence(&error.to_string()),
    };
    words.to_owned()
}

/// What a restore took away, in sentences.
fn gone_words(gone: Gone) -> String {
    let Gone { lost, files, again } = gone;
    let count = |number: u64, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let mut words = format!("At least {} gone", count(lost, "change is", "changes are"));
    if files > 0 {
        let among = if lost == 1 { "and with it" } else { "among them" };
        words += &format!(", {among} the file of {}", count(files, "record", "records"));
    }
    words += ".";
    if again > 0 {
        words += &format!(
            " What you had stopped sharing or deleted is stopped or deleted again: {} in all.",
            count(again, "thing", "things")
        );
    }
    words
}

pub(super) const fn kind(error: &ClientError) -> TroubleKind {
    match error {
        ClientError::Unreachable(_) | ClientError::Later(_) | ClientError::Api(ApiError::Unavailable) => {
            TroubleKind::Offline
        }
        // No honest server sends what does not open, or what is no answer.
        ClientError::Alarm(_)
        | ClientError::Answer
        | ClientError::Open(_)
        | ClientError::Untrusted(Untrusted::Changed) => TroubleKind::Alarm,
        ClientError::Restored { .. } => TroubleKind::Restored,
        ClientError::Missing(_) | ClientError::Api(ApiError::NotFound) => TroubleKind::Gone,
        ClientError::Api(ApiError::NotSignedIn) => TroubleKind::Locked,
        ClientError::Password(_)
        | ClientError::Code(_)
        | ClientError::WeakPassword(_)
        | ClientError::NotCompared
        | ClientError::Metadata(_)
        | ClientError::Api(ApiError::WrongCredentials | ApiError::Conflict(_) | ApiError::Refused(_)) => {
            TroubleKind::Input
        }
        ClientError::Api(ApiError::TooMany(_)) => TroubleKind::Busy,
        _ => TroubleKind::Other,
    }
}

/// Errors are written to be put into a line; on a page they stand alone.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use client::Alarm;
    use protocol::Minute;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_must_not_be_overlooked_is_an_alarm() {
        let sent = [ClientError::Answer, vault::OpenError.into()];
        for error in [Alarm::RolledBack.into(), Untrusted::Changed.into()].into_iter().chain(sent) {
            let failure = Failure::Client(error);
            assert!(failure.is_alarm() && words(&failure).kind == TroubleKind::Alarm, "{failure:?}");
        }
        assert_eq!(words(&Failure::Client(Untrusted::Key.into())).kind, TroubleKind::Other);
        assert!(!Failure::Client(ApiError::Unavailable.into()).is_alarm() && !Failure::Locked.is_alarm());
    }

    #[wasm_bindgen_test]
    fn a_restore_is_told_with_what_it_took() {
        let told = |lost, files, again| {
            let gone = Gone { lost, files, again };
            let failure = Failure::Client(ClientError::Restored { at: Minute(1), gone });
            assert!(failure.is_alarm());
            words(&failure).happened
        };
        assert_eq!(told(1, 0, 0), "The server was brought back from an older copy. At least 1 change is gone.");
        assert!(told(1, 1, 0).ends_with("At least 1 change is gone, and with it the file of 1 record."));
        assert_eq!(
            told(7, 1, 2),
            "The server was brought back from an older copy. At least 7 changes are gone, among them the file of 1 record. What you had stopped sharing or deleted is stopped or deleted again: 2 things in all."
        );
    }

    #[wasm_bindgen_test]
    fn what_stopped_half_way_is_not_said_to_have_changed_nothing() {
        let told = |error: ApiError| {
            let failure = Failure::Client(error.into());
            half_way(&failure, words(&failure).happened)
        };
        assert_eq!(told(ApiError::Internal), "The server could not take the rest of it.");
        assert_eq!(told(ApiError::TooLarge), "That is larger than the server takes.");
    }

    #[wasm_bindgen_test]
    fn a_server_that_asks_for_time_is_told_with_how_long_that_lasts() {
        let told = |error: ClientError| words(&Failure::Client(error));
        let busy = told(ClientError::Later(Asked(120)));
        assert_eq!(
            (busy.happened.as_str(), busy.kind),
            ("The server is busy; try again in 2 minutes.", TroubleKind::Offline)
        );
        let too_many = told(ApiError::TooMany(900).into());
        assert_eq!(too_many.happened, "That was too often, or too much at once. Try again in 15 minutes.");
        assert!(Failure::Client(ClientError::Later(Asked(2))).is_passing());
    }
}
