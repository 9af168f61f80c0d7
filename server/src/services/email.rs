//! E-mail addresses and names, in the one form in which they are kept.

use protocol::api::{MAX_NAME, Refusal};

/// Trims an address, lowers its case, and refuses what cannot be one. Whether it exists is not asked.
pub fn normalise(email: &str) -> Result<String, Refusal> {
    let email = email.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@').ok_or(Refusal::Email)?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@' && c != ',' && c != '<' && c != '>';
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let sane = email.len() <= MAX_NAME
        && !local.is_empty()
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(label);
    if sane { Ok(email) } else { Err(Refusal::Email) }
}

/// A name of 1 to 200 characters and no control characters, trimmed.
pub fn name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let length = name.chars().count();
    if (1..=MAX_NAME).contains(&length) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(Refusal::Name)
    }
}

/// A specialty or organisation: as a name, or nothing, for who would rather not say.
pub fn directory_words(words: &str) -> Result<String, Refusal> {
    if words.trim().is_empty() { Ok(String::new()) } else { name(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        assert_eq!(normalise("  Ann.Lee@Example.ORG "), Ok("ann.lee@example.org".to_owned()));
        let long = format!("{}@example.org", "a".repeat(200));
        for wrong in [
            "",
            "ann",
            "ann@",
            "@example.org",
            "ann@example",
            "a b@example.org",
            "a@b@example.org",
            "ann@ex..org",
            "ann@-x.org",
            &long,
        ] {
            assert_eq!(normalise(wrong), Err(Refusal::Email), "{wrong:?}");
        }
    }

    #[test]
    fn names_are_short_and_plain() {
        assert_eq!(name(" Ann Lee "), Ok("Ann Lee".to_owned()));
        assert_eq!(name(&"å".repeat(200)).map(|name| name.chars().count()), Ok(200));
        for wrong in ["", "  ", "Ann\nLee", &"a".repeat(201)] {
            assert_eq!(name(wrong), Err(Refusal::Name), "{wrong:?}");
        }
    }
}
