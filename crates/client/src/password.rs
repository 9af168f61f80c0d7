//! How good a password is, honestly: an estimate of the guesses that it withstands, not a count of its symbols.

use vault::password::MIN_CHARACTERS;
use zeroize::Zeroizing;

use crate::error::ClientError;

/// What can be said of a password before it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// 0 is refused; 1 to 4 is weak to strong.
    pub level: u8,
    /// What would make it better.
    pub advice: Option<String>,
}

/// Rates a password. Words about the person, such as name and address, count as known to a guesser.
pub fn rate(password: &str, about: &[&str]) -> Rating {
    let characters = password.chars().count();
    if characters < MIN_CHARACTERS {
        let missing = MIN_CHARACTERS - characters;
        let advice = format!("{missing} more {} needed.", if missing == 1 { "character" } else { "characters" });
        return Rating { level: 0, advice: Some(advice) };
    }
    let parts: Vec<&str> = about
        .iter()
        .flat_map(|words| words.split([' ', '@', '.']).chain([*words]))
        .filter(|part| part.len() > 2)
        .collect();
    let estimate = zxcvbn::zxcvbn(password, &parts);
    let level = u8::from(estimate.score());
    let advice = match level {
        // Found within a million guesses: on the list of the passwords that everyone tries, or nearly.
        0 | 1 => Some("This password is too easy to guess. Three or four unrelated words work well.".to_owned()),
        2 => Some("Good enough. One more unusual word makes it strong.".to_owned()),
        _ => None,
    };
    Rating { level: level.saturating_sub(u8::from(level <= 1)), advice }
}

/// A password that was rated and may be set. Nothing else makes one, so that none is set unrated.
///
/// It is made apart from where it is set: the lists that rating needs are larger than all the rest of a client, and
/// whoever only signs in should not have to load them.
pub struct NewPassword(Zeroizing<String>);

impl NewPassword {
    /// Takes a password, unless it is short, or everyone tries it, or whoever knows the person's address and name. The
    /// name is empty where nobody has said it yet.
    pub fn choose(typed: &str, email: &str, name: &str) -> Result<Self, ClientError> {
        match rate(typed, &[name, email]) {
            Rating { level: 0, advice } => Err(ClientError::WeakPassword(advice.unwrap_or_default())),
            _ => Ok(Self(Zeroizing::new(typed.to_owned()))),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_common_passwords_are_refused() {
        for password in ["", "short", "password1234", "123456789012", "qwertyuiopas", "aaaaaaaaaaaa", "maya sørensen"]
        {
            let about = ["Maya Sørensen", "maya@example.org"];
            assert_eq!(rate(password, &about).level, 0, "{password}");
            assert!(
                matches!(NewPassword::choose(password, about[1], about[0]), Err(ClientError::WeakPassword(_))),
                "{password}"
            );
        }
    }

    #[test]
    fn long_pass_phrases_are_welcome() {
        let phrase = "a quiet bridge over seven winters";
        assert_eq!(rate(phrase, &["Maya"]), Rating { level: 4, advice: None });
        let chosen = NewPassword::choose(phrase, "maya@example.org", "Maya").unwrap();
        assert_eq!((chosen.as_str(), format!("{chosen:?}").as_str()), (phrase, "NewPassword(secret)"));
    }
}
