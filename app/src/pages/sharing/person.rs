//! A person, as sharing shows them.

use leptos::prelude::*;

use crate::ui::{Chip, Erase as _, Glyph, Tone};
use crate::vault::Person;

/// What is said of a share that waits because its person's key has changed.
pub const WAITS: &str = "Their key has changed. Compare the six words and share again.";

/// What is said of a person whose safety phrase was not compared yet.
const NOT_COMPARED: &str = "six words not compared";

/// Whether their identity was compared in person, as a chip: nothing else about a person looks like it.
pub fn compared_chip(person: &Person) -> impl IntoView + use<> {
    if person.compared {
        view! { <Chip tone=Tone::Good glyph=Glyph::Check>"verified in person"</Chip> }.erased()
    } else {
        view! { <Chip tone=Tone::Warn glyph=Glyph::Warning>{NOT_COMPARED}</Chip> }.erased()
    }
}

/// "Cardiology · St. Anna Hospital", or the address where there is nothing else to say.
pub fn profession(person: &Person) -> String {
    match &person.provider {
        Some(provider) => [provider.specialty.as_str(), provider.organisation.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        None => person.email.clone(),
    }
}
