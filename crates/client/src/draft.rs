//! From a file to a draft: what is it, what is it called, when is it from, what does it look like.

use protocol::Digest;
use records::thumbnail::thumbnail;
use records::{Kind, Metadata, Proposal, propose, propose_unread};

use crate::upload::Draft;

/// Files up to this are read whole to be understood.
const WHOLE: u64 = 64 << 20;

/// How much is read of a longer one, which is kept all the same and understood by its beginning.
const BEGINNING: usize = 4 << 20;

/// How many bytes of a file of `size` bytes are read to understand it.
pub fn examined(size: u64) -> usize {
    if size > WHOLE { BEGINNING } else { usize::try_from(size).unwrap_or(BEGINNING) }
}

/// Looks at a file's content, or its first [`examined`] bytes, and proposes everything that can be known.
/// `modified` is when the file last changed, in milliseconds since 1970, where that is known.
pub fn examine(name: &str, content: &[u8], size: u64, modified: u64) -> Draft {
    let kind = Kind::detect(name, content);
    let whole = content.len() as u64 == size;
    let thumbnail = if whole { thumbnail(kind, content) } else { None };
    Draft { thumbnail, ..draft(name, kind, propose(name, kind, content), content, size, modified) }
}

/// The same for a file whose content must not be decoded: only its first bytes and its name tell anything.
pub fn unread(name: &str, content: &[u8], size: u64, modified: u64) -> Draft {
    let kind = Kind::detect(name, content);
    draft(name, kind, propose_unread(name, kind), content, size, modified)
}

fn draft(name: &str, kind: Kind, proposal: Proposal, content: &[u8], size: u64, modified: u64) -> Draft {
    let metadata = Metadata {
        title: proposal.title,
        category: proposal.category,
        date: proposal.date,
        notes: String::new(),
        file_name: name.to_owned(),
        kind,
        size,
    };
    let fingerprint = Digest::of_pieces(&[&size.to_be_bytes(), &modified.to_be_bytes(), content]);
    Draft {
        metadata,
        fingerprint,
        thumbnail: None,
        // Filled once records are searched by their text.
        text: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_decoded_is_described_like_what_cannot_be() {
        for (name, content) in [
            ("knee.png", &b"\x89PNG\r\n\x1A\nthis is no picture"[..]),
            ("Lab report 2024-03-07.pdf", b"%PDF-1.4\nthis is no document"),
            ("scan.dcm", b"\0\x01\x02\x03"),
            ("letter.txt", b""),
        ] {
            let size = content.len() as u64;
            let (examined, unread) = (examine(name, content, size, 7), unread(name, content, size, 7));
            assert!(examined.metadata == unread.metadata, "{name}");
            assert_eq!(examined.fingerprint, unread.fingerprint, "{name}");
            assert_eq!((examined.thumbnail, unread.thumbnail), (None, None), "{name}");
        }
    }
}
