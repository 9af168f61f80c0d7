//! From a file to a draft: what is it, what is it called, when is it from, what does it look like.

use protocol::Digest;
use records::thumbnail::thumbnail;
use records::{Kind, Metadata, propose};

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
    let proposal = propose(name, kind, content);
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
        thumbnail: if whole { thumbnail(kind, content) } else { None },
        // Filled once records are searched by their text.
        text: None,
    }
}
