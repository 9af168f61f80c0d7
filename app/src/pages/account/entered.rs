//! What is wrong with what was entered, in words that say what to do. Pure.

/// What is wrong with a name.
pub fn name_error(name: &str) -> Option<&'static str> {
    name.trim().is_empty().then_some("Enter your name, as the people you share with know it.")
}

/// What is wrong with an e-mail address. Whether it exists only the mail can tell.
pub fn email_error(email: &str) -> Option<&'static str> {
    let email = email.trim();
    let fits = email.split_once('@').is_some_and(|(box_name, domain)| {
        !box_name.is_empty()
            && !domain.contains('@')
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    }) && !email.contains(char::is_whitespace);
    match (email.is_empty(), fits) {
        (true, _) => Some("Enter your e-mail address."),
        (false, false) => Some("Write it like name@example.org."),
        (false, true) => None,
    }
}

/// What is wrong with a new password that was rated at this level. One that is not rated yet is left to the vault,
/// which refuses what is easy to guess in any case.
pub fn password_error(password: &str, level: Option<u8>) -> Option<&'static str> {
    if password.is_empty() {
        Some("Enter a password. Three or four unrelated words work well.")
    } else if password.chars().count() < 12 {
        Some("This password is too short. Add another word.")
    } else if level == Some(0) {
        Some("This password is one of the first that a thief would try. Choose another.")
    } else {
        None
    }
}

/// A group of the recovery kit as it was meant: people write small letters, and blanks where none are.
pub fn group(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Which two groups of the kit are typed back, counted from 0: not the first ones, and not always the same ones.
/// It need not be secret, only different from kit to kit, so it is taken from the kit's own letters.
pub fn asked_groups(groups: &[String]) -> (usize, usize) {
    let count = groups.len().max(2);
    let sum: usize = groups.iter().flat_map(|group| group.bytes()).map(usize::from).sum();
    let half = count / 2;
    let first = sum % half.max(1);
    let second = half + (sum / half.max(1)) % (count - half);
    (first, second)
}

/// The path to go back to after signing in: one of ours, never another site's.
pub fn way_back(asked: Option<&str>) -> Option<String> {
    asked
        .filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', ':']))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_box_and_a_place() {
        for good in ["maya@example.org", " maya.s@mail.example.org "] {
            assert_eq!(email_error(good), None, "{good}");
        }
        for bad in ["maya", "maya@", "@example.org", "maya@example", "ma ya@example.org", "a@b@c.org", "a@.org"] {
            assert_eq!(email_error(bad), Some("Write it like name@example.org."), "{bad}");
        }
    }

    #[test]
    fn a_password_has_twelve_characters_and_is_not_well_known() {
        assert_eq!(password_error("", None), Some("Enter a password. Three or four unrelated words work well."));
        assert_eq!(password_error("elevensigns", Some(3)), Some("This password is too short. Add another word."));
        assert!(password_error("password1234", Some(0)).is_some());
        assert_eq!(password_error("långa lösenord", Some(2)), None);
        assert_eq!(password_error("not rated yet", None), None);
    }

    #[test]
    fn two_different_groups_are_asked_for() {
        let kit: Vec<String> = (0..14).map(|place| format!("K{place:03}")).collect();
        let (first, second) = asked_groups(&kit);
        assert!(first < 7 && (7..14).contains(&second), "{first} {second}");
        assert_eq!(asked_groups(&kit), (first, second));
        assert_eq!(group(" k7 qm-"), "K7QM");
    }

    #[test]
    fn the_way_back_stays_here() {
        assert_eq!(way_back(Some("/records/7f3a")).as_deref(), Some("/records/7f3a"));
        for bad in ["https://example.org", "//example.org", "/\\example.org", "records"] {
            assert_eq!(way_back(Some(bad)), None, "{bad}");
        }
    }
}
