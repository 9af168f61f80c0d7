//! The ten kinds of record, by slug and by name, in the order that lists show them.
//!
//! The names are those of `records`, which knows how to tell the kinds apart; pages only name them, and the
//! server that renders pages links nothing that reads records.

/// Slug and name of each kind.
pub const ALL: [(&str, &str); 10] = [
    ("imaging", "Imaging"),
    ("laboratory", "Laboratory"),
    ("visit-notes", "Visit notes"),
    ("hospital-stays", "Hospital stays"),
    ("medications", "Medications"),
    ("immunisations", "Immunisations"),
    ("vital-signs", "Vital signs"),
    ("procedures", "Procedures"),
    ("insurance-and-legal", "Insurance and legal"),
    ("other", "Other"),
];

/// The name of a kind; one that is not known is "Other".
pub fn label(slug: &str) -> &'static str {
    ALL.iter().find(|(own, _)| *own == slug).map_or("Other", |(_, label)| label)
}

/// The name of a kind inside a sentence: "imaging", "records filed under Other".
pub fn inside(slug: &str) -> String {
    match label(slug) {
        "Other" => "records filed under Other".to_owned(),
        label => label.to_lowercase(),
    }
}

/// The slug as it is stored for good; one that is not known is "other".
pub fn slug(slug: &str) -> &'static str {
    ALL.iter().find(|(own, _)| *own == slug).map_or("other", |(own, _)| own)
}

/// What a select offers.
pub fn options() -> Vec<(String, String)> {
    ALL.iter().map(|(slug, label)| ((*slug).to_owned(), (*label).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_nobody_knows_is_other() {
        assert_eq!((slug("dreams"), label("dreams")), ("other", "Other"));
        assert_eq!(label("visit-notes"), "Visit notes");
    }
}
