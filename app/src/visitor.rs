//! What is known of whoever asks for a page before their vault says more: which side of the bridge they are on. The
//! server knows it from the session and writes it into the document, so that the frame is right from its first byte.

use leptos::prelude::*;

use crate::ui::Side;

/// Whoever asks for a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// Their side, if somebody is signed in.
    pub side: Option<Side>,
}

impl Visitor {
    /// How the document's `data-side` says it.
    pub(crate) fn attribute(self) -> Option<&'static str> {
        self.side.map(|side| match side {
            Side::Patient => "patient",
            Side::Provider => "provider",
        })
    }

    /// Reads the document's `data-side`.
    pub fn from_attribute(attribute: Option<&str>) -> Self {
        let side = match attribute {
            Some("patient") => Some(Side::Patient),
            Some("provider") => Some(Side::Provider),
            _ => None,
        };
        Self { side }
    }
}

/// Gives pages the visitor: on the server from the session, in the browser from the document.
pub fn provide_visitor(visitor: Visitor) {
    provide_context(visitor);
}

/// Whoever asked for this page.
pub(crate) fn use_visitor() -> Visitor {
    use_context().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_says_what_the_server_knew() {
        for side in [None, Some(Side::Patient), Some(Side::Provider)] {
            let visitor = Visitor { side };
            assert_eq!(Visitor::from_attribute(visitor.attribute()), visitor);
        }
        assert_eq!(Visitor::from_attribute(Some("else")), Visitor::default());
    }
}
