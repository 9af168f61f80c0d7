//! From a file to a draft: what is it, what is it called, when is it from, what does it look like.

use protocol::Digest;
use records::thumbnail::thumbnail;
use records::{Kind, Metadata, propose};

use crate::upload::Draft;

/// How much of a file is read to understand it. What is longer is kept all the same, understood by its beginning.
pub const EXAMINED: usize = 64 << 20;

/// Looks at a file's content, or its first [`EXAMINED`] bytes, and proposes everything that can be known.
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
    let fingerprint = [&size.to_be_bytes()[..], &modified.to_be_bytes(), content].concat();
    Draft {
        metadata,
        fingerprint: Digest::of(&fingerprint),
        thumbnail: if whole { thumbnail(kind, content) } else { None },
        // Filled once records are searched by their text.
        text: None,
    }
}
