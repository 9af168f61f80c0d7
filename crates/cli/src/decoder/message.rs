//! What the command and its decoder say to each other: each piece as the number of its bytes, and they after it.

use std::io;

use client::upload::Draft;
use minicbor::{Decode, Encode};
use protocol::cbor;
use records::Metadata;
use records::preview::is_preview;

/// The most bytes of a question.
pub(crate) const MOST_ASKED: usize = 64 << 10;

/// The most bytes that are examined of a file.
pub(crate) const MOST_EXAMINED: usize = 64 << 20;

/// The most bytes of an answer: a description, a small picture and, once records are searched by it, a text.
pub(crate) const MOST_SAID: usize = 4 << 20;

/// What can be proposed of a file? Its name and its size. What is examined of it comes after them.
#[derive(Encode, Decode)]
pub(crate) struct Ask {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    pub(crate) size: u64,
}

/// The answer.
#[derive(Encode, Decode)]
pub(crate) struct Proposed {
    #[cbor(n(0), with = "minicbor::bytes")]
    metadata: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    thumbnail: Option<Vec<u8>>,
    #[n(2)]
    text: Option<String>,
}

impl From<Draft> for Proposed {
    fn from(draft: Draft) -> Self {
        let Draft { metadata, thumbnail, text, .. } = draft;
        Self { metadata: metadata.encode(), thumbnail, text }
    }
}

impl Proposed {
    /// Makes a draft of what may be an answer: nothing where it is none, is about another file, or makes no sense. What
    /// the command knows of the file by itself, as `unread`, holds.
    pub(crate) fn read(bytes: &[u8], unread: &Draft) -> Option<Draft> {
        let Self { metadata, thumbnail, text } = cbor::decode(bytes).ok()?;
        let metadata = Metadata::decode(&metadata).ok()?;
        let own = &unread.metadata;
        let is_of_it = (&metadata.file_name, metadata.kind, metadata.size) == (&own.file_name, own.kind, own.size);
        let is_sensible = metadata.notes.is_empty() && !metadata.title.chars().any(char::is_control);
        let is_small = thumbnail.as_deref().is_none_or(is_preview);
        let fingerprint = unread.fingerprint;
        (is_of_it && is_sensible && is_small).then_some(Draft { metadata, fingerprint, thumbnail, text })
    }
}

/// The number that goes before bytes.
pub(crate) fn length(bytes: &[u8]) -> io::Result<u32> {
    u32::try_from(bytes.len()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use client::draft::{examine, examined, unread};
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "Letter 2026-11-03.txt";
    const CONTENT: &[u8] = b"Dear Maya";

    fn own() -> Draft {
        unread(NAME, CONTENT, 9, 7)
    }

    /// What a decoder answers, changed by this.
    fn said(change: impl FnOnce(&mut Draft)) -> Vec<u8> {
        let mut draft = examine(NAME, CONTENT, 9, 0);
        change(&mut draft);
        cbor::encode(&Proposed::from(draft))
    }

    /// Bytes that are a draft are one of this very file, in which nothing surprises whoever keeps it.
    fn hold(bytes: &[u8]) -> bool {
        let own = own();
        let Some(draft) = Proposed::read(bytes, &own) else { return false };
        draft.metadata.validate().unwrap();
        assert_eq!(draft.fingerprint, own.fingerprint);
        assert!(
            draft.metadata.file_name == NAME && draft.metadata.size == 9 && draft.metadata.kind == own.metadata.kind
        );
        assert!(draft.metadata.notes.is_empty() && !draft.metadata.title.chars().any(char::is_control));
        assert!(draft.thumbnail.is_none_or(|thumbnail| is_preview(&thumbnail)));
        true
    }

    #[test]
    fn no_more_is_examined_than_may_be_asked_about() {
        for size in [0, 9, 64 << 20, (64 << 20) + 1, u64::MAX] {
            assert!(examined(size) <= MOST_EXAMINED, "{size}");
        }
    }

    #[test]
    fn an_answer_is_held_to_the_file_that_was_asked_about() {
        assert!(hold(&said(|_| {})));
        assert!(hold(&said(|draft| "A letter".clone_into(&mut draft.metadata.title))));
        for (why, bytes) in [
            ("another name", said(|draft| "other.txt".clone_into(&mut draft.metadata.file_name))),
            ("another size", said(|draft| draft.metadata.size = 10)),
            ("another kind", said(|draft| draft.metadata.kind = records::Kind::Html)),
            ("notes of its own", said(|draft| "call me".clone_into(&mut draft.metadata.notes))),
            ("no title", said(|draft| draft.metadata.title.clear())),
            ("a title that steers", said(|draft| "\u{1B}[2J".clone_into(&mut draft.metadata.title))),
            ("a title without an end", said(|draft| draft.metadata.title = "a".repeat(301))),
            ("a picture of another kind", said(|draft| draft.thumbnail = Some(b"GIF89a".to_vec()))),
            ("nothing", Vec::new()),
            ("more than an answer", [said(|_| {}), vec![0]].concat()),
        ] {
            assert!(!hold(&bytes), "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_taken_for_what_they_are_not(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            hold(&bytes);
        }

        #[test]
        fn a_damaged_answer_is_one_of_this_file_or_none(
            place in any::<prop::sample::Index>(), value in any::<u8>(), end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = said(|_| {});
            let place = place.index(bytes.len());
            bytes[place] = value;
            hold(&bytes);
            let end = end.index(bytes.len());
            prop_assert!(!hold(&bytes[..end]), "cut");
        }

        #[test]
        fn whatever_a_decoder_finds_is_taken(
            name in ".{1,40}",
            start in prop::sample::select(vec![&b""[..], b"%PDF-1.7\n1 0 obj\n<</Title(", b"{\"resourceType\":\"", b"MSH|^~\\&|", b"<ClinicalDocument "]),
            content in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let content = [start, &content].concat();
            let size = content.len() as u64;
            let (examined, own) = (examine(&name, &content, size, 0), unread(&name, &content, size, 7));
            let (metadata, thumbnail) = (examined.metadata.clone(), examined.thumbnail.clone());
            let taken = Proposed::read(&cbor::encode(&Proposed::from(examined)), &own);
            prop_assert!(taken.is_some_and(|taken| taken.metadata == metadata && taken.thumbnail == thumbnail));
        }
    }
}
