//! Records, what is shown of them, and files on their way.

use minicbor::{Decode, Encode};

/// What a person may say about a record.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Details {
    /// The title.
    #[n(0)]
    pub title: String,
    /// The category's slug.
    #[n(1)]
    pub category: String,
    /// An ISO 8601 date, or empty.
    #[n(2)]
    pub date: String,
    /// Notes.
    #[n(3)]
    pub notes: String,
}

/// A record in a list.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct RecordItem {
    /// Its id.
    #[n(0)]
    pub id: String,
    /// The vault that it lies in.
    #[n(1)]
    pub vault: String,
    /// What a person said about it.
    #[n(2)]
    pub details: Details,
    /// The name that the file came with.
    #[n(3)]
    pub file_name: String,
    /// What the file is, in words: "PDF document".
    #[n(4)]
    pub kind: String,
    /// Bytes in the file.
    #[n(5)]
    pub size: u64,
    /// When it was added, in minutes since 1970, UTC.
    #[n(6)]
    pub added: u32,
    /// When it last changed.
    #[n(7)]
    pub changed: u32,
    /// Whose it is, when it is somebody else's.
    #[n(8)]
    pub owner: Option<String>,
    /// How many people it is shared with now.
    #[n(9)]
    pub shared_with: u32,
    /// Whether there is a small picture.
    #[n(10)]
    pub has_thumbnail: bool,
    /// How often it was changed.
    #[n(11)]
    pub revision: u32,
    /// What a search looks at, in lower case, made once so that every key that is typed finds it ready.
    #[n(12)]
    pub sought: String,
}

/// A file that was chosen, and what its content and name say about it. Nothing is sent yet.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Chosen {
    /// Names the file until it is added or dropped.
    #[n(0)]
    pub id: u32,
    /// The name that it came with.
    #[n(1)]
    pub file_name: String,
    /// What it is, in words.
    #[n(2)]
    pub kind: String,
    /// Bytes.
    #[n(3)]
    pub size: u64,
    /// The proposal.
    #[n(4)]
    pub details: Details,
    /// Whether it can be shown here, or only kept and saved.
    #[n(5)]
    pub can_be_shown: bool,
    /// Whether it was met before.
    #[n(6)]
    pub known: Option<Known>,
}

/// Where a chosen file was met before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Known {
    /// Among those that are chosen now.
    #[n(1)]
    Chosen,
    /// In the vault, with this name, size and kind: the record's title.
    #[n(2)]
    Kept(#[n(0)] String),
    /// Among those that were added on this page, whatever it was called then: the record's title.
    #[n(3)]
    Added(#[n(0)] String),
}

/// A file on its way into the vault.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Upload {
    /// Names the upload.
    #[n(0)]
    pub id: u32,
    /// The record's title.
    #[n(1)]
    pub title: String,
    /// The category's slug.
    #[n(2)]
    pub category: String,
    /// Bytes sent.
    #[n(3)]
    pub sent: u64,
    /// Bytes altogether.
    #[n(4)]
    pub total: u64,
    /// Bytes a second, lately.
    #[n(5)]
    pub speed: u64,
    /// How it stands.
    #[n(6)]
    pub state: UploadState,
    /// The record that it becomes a part of, once that is known.
    #[n(7)]
    pub record: Option<String>,
}

impl Upload {
    /// Whether it is not in the vault yet, but may still come to be.
    pub const fn is_unfinished(&self) -> bool {
        !matches!(self.state, UploadState::Kept(_) | UploadState::Failed(_))
    }
}

/// How an upload stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum UploadState {
    /// Its turn will come.
    #[n(1)]
    Waiting,
    /// Being sealed and sent.
    #[n(2)]
    Sending,
    /// The person paused it.
    #[n(3)]
    Paused,
    /// There is no connection; it goes on by itself.
    #[n(4)]
    Offline,
    /// The page was loaded anew before all of the file was sealed: choose the same file again to go on. Where it is to
    /// take the place of a record's file, that record's id: it goes on there, and not where files are added.
    #[n(5)]
    NeedsFile(#[n(0)] Option<String>),
    /// In the vault; the record's id.
    #[n(6)]
    Kept(#[n(0)] String),
    /// It failed, and cannot go on; what happened.
    #[n(7)]
    Failed(#[n(0)] String),
    /// It failed, and can be tried again from what is kept; what happened.
    #[n(8)]
    Interrupted(#[n(0)] String),
}

/// How a record's content can be shown.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub enum Content {
    /// A picture: a photo, or the first frame of a scan with facts from its header.
    #[n(1)]
    Picture {
        /// The pixels.
        #[n(0)]
        pixels: Pixels,
        /// Facts, as label and value.
        #[n(1)]
        facts: Vec<(String, String)>,
    },
    /// A document with this many pages, each to be asked for by [`Vault::page`].
    #[n(2)]
    Pages(#[n(0)] u32),
    /// Text.
    #[n(3)]
    Text {
        /// The text.
        #[n(0)]
        text: String,
        /// Whether it was cut for being long.
        #[n(1)]
        cut: bool,
    },
    /// Nothing to draw: what it is and why, and facts where there are any.
    #[n(4)]
    None {
        /// In words for the person.
        #[n(0)]
        why: String,
        /// Facts, as label and value.
        #[n(1)]
        facts: Vec<(String, String)>,
    },
}

/// A picture, ready for a canvas.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Pixels {
    /// Columns.
    #[n(0)]
    pub width: u32,
    /// Rows.
    #[n(1)]
    pub height: u32,
    /// Red, green, blue and alpha, row by row.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub rgba: Vec<u8>,
}
