//! What is known of whoever asks for a page before their vault says more: which side of the bridge they are on. The
//! server knows it from the session and writes it into the document, so that the frame is right from its first byte.

use leptos::prelude::*;

use crate::ui::Side;

/// Whoever asks for a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visitor {
    /// It could not be found out.
    #[default]
    Unknown,
    /// Nobody is signed in.
    Nobody,
    /// Somebody who is signed in, on this side.
    Known(Side),
}

impl Visitor {
    /// Their side, if somebody is known to be signed in.
    pub(crate) const fn side(self) -> Option<Side> {
        match self {
            Self::Known(side) => Some(side),
            Self::Unknown | Self::Nobody => None,
        }
    }

    /// How the document's `data-visitor` says it.
    pub(crate) const fn attribute(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Nobody => "nobody",
            Self::Known(Side::Patient) => "patient",
            Self::Known(Side::Provider) => "provider",
        }
    }

    /// Reads the document's `data-visitor`.
    pub fn from_attribute(attribute: Option<&str>) -> Self {
        match attribute {
            Some("nobody") => Self::Nobody,
            Some("patient") => Self::Known(Side::Patient),
            Some("provider") => Self::Known(Side::Provider),
            _ => Self::Unknown,
        }
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
        let known = [Side::Patient, Side::Provider].map(Visitor::Known);
        for visitor in known.into_iter().chain([Visitor::Unknown, Visitor::Nobody]) {
            assert_eq!(Visitor::from_attribute(Some(visitor.attribute())), visitor);
        }
        assert_eq!(Visitor::from_attribute(Some("else")), Visitor::default());
    }
}
