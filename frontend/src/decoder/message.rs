//! What the vault and its decoder say to each other, packed like what the vault and the page do. Files and pixels lie
//! beside the words, and are handed over rather than copied.

use app::vault::{Content, Pixels};
use client::upload::Draft;
use minicbor::{Decode, Encode};
use protocol::Digest;
use records::Metadata;

/// What the vault asks for.
#[derive(Encode, Decode)]
pub(crate) enum Ask {
    /// What a file of this kind shows. The file comes beside it.
    #[n(1)]
    Look(#[n(0)] u8),
    /// A page of the document that was looked at last, from 0, and how wide.
    #[n(2)]
    Page(#[n(0)] u32, #[n(1)] u32),
    /// What can be proposed of a chosen file: its name, its size, and when it last changed. What is examined of it comes
    /// beside them.
    #[n(3)]
    Examine(#[n(0)] String, #[n(1)] u64, #[n(2)] u64),
}

/// What the decoder answers, and how much memory it has taken, in MiB.
#[derive(Encode, Decode)]
pub(crate) struct Answered {
    #[n(0)]
    pub(crate) said: Said,
    #[n(1)]
    pub(crate) memory: u32,
}

/// What the decoder answers.
#[derive(Encode, Decode)]
pub(crate) enum Said {
    /// It listens from now on.
    #[n(1)]
    Ready,
    /// A part of the program did not come from the server.
    #[n(2)]
    NotLoaded,
    /// What a file shows. The bytes of a picture come beside it.
    #[n(3)]
    Content(#[n(0)] Content),
    /// A page, whose bytes come beside it.
    #[n(4)]
    Pixels(#[n(0)] Pixels),
    /// The page cannot be drawn, for this reason.
    #[n(5)]
    NotShown(#[n(0)] String),
    /// No document is open.
    #[n(6)]
    Gone,
    #[n(7)]
    Proposed(#[n(0)] Proposed),
}

/// A draft on its way.
#[derive(Encode, Decode)]
pub(crate) struct Proposed {
    #[cbor(n(0), with = "minicbor::bytes")]
    metadata: Vec<u8>,
    #[n(1)]
    fingerprint: Digest,
    #[cbor(n(2), with = "minicbor::bytes")]
    thumbnail: Option<Vec<u8>>,
    #[n(3)]
    text: Option<String>,
}

impl From<Draft> for Proposed {
    fn from(draft: Draft) -> Self {
        let Draft { metadata, fingerprint, thumbnail, text } = draft;
        Self { metadata: metadata.encode(), fingerprint, thumbnail, text }
    }
}

impl Proposed {
    /// The draft again, if it is one.
    pub(crate) fn into_draft(self) -> Option<Draft> {
        let Self { metadata, fingerprint, thumbnail, text } = self;
        Some(Draft { metadata: Metadata::decode(&metadata).ok()?, fingerprint, thumbnail, text })
    }
}
