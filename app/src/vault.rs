//! What a page may ask for plaintext. `frontend` implements it over the vault's worker; on the server it is
//! absent, so that pages render locked.
//!
//! The types here are what pages show. They have no serde, so that they cannot become an argument of a
//! server function or the value of a `Resource`; between worker and page they travel as CBOR.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::web_sys;
use minicbor::{Decode, Encode};

use crate::alarms::Unread;

use crate::api::ask_as;

/// A future that stays in the page.
pub type Local<T> = Pin<Box<dyn Future<Output = T>>>;

/// The records that an account can see. Shared, not copied: there may be ten thousand of them.
pub type Records = Arc<[RecordItem]>;

/// What happened, newest first. Shared like the records.
pub type Happenings = Arc<[Happening]>;

/// What went wrong, in words for the person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Trouble {
    /// What happened.
    #[n(0)]
    pub happened: String,
    /// Which kind, for what the page does next.
    #[n(1)]
    pub kind: TroubleKind,
}

impl Trouble {
    /// Whether the page lost its vault by it: nothing helps but to load it again.
    pub fn is_loss(&self) -> bool {
        self.kind == TroubleKind::Broken
    }
}

/// Kinds of trouble that a page treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum TroubleKind {
    /// The person can correct it.
    #[n(1)]
    Input,
    /// There is no connection; what was entered is kept.
    #[n(2)]
    Offline,
    /// It is not there, or no longer shared.
    #[n(3)]
    Gone,
    /// The server's data, or somebody's identity there, are not what they were: shown as an alarm, everywhere, until the
    /// person has read it.
    #[n(4)]
    Alarm,
    /// It cannot be shown here, but a copy can be saved.
    #[n(5)]
    NotShown,
    /// The vault is locked.
    #[n(6)]
    Locked,
    /// Anything else.
    #[n(7)]
    Other,
    /// The page lost its vault, and has to be loaded again.
    #[n(8)]
    Broken,
    /// It was too much at once. What happened says how long to wait.
    #[n(9)]
    Busy,
    /// The server says that it was brought back from an older copy. Nothing here is wrong, but something is gone; and a
    /// server may say so without having been.
    #[n(10)]
    Restored,
}

/// Whether somebody is signed in, and whether the vault is open.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Status {
    /// The page has only just loaded; nothing is known yet.
    #[n(1)]
    Starting,
    /// Nobody is signed in.
    #[n(2)]
    SignedOut,
    /// Somebody is signed in, but this device holds no key.
    #[n(3)]
    Locked(#[n(0)] Me),
    /// The vault is open.
    #[n(4)]
    Open(#[n(0)] Me),
}

/// A session that ended without the person's wish in this tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionEnd {
    /// Whether files that were on their way are kept on this device.
    #[n(0)]
    pub unfinished: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Me {
    /// The account's id.
    #[n(0)]
    pub account: String,
    /// The name.
    #[n(1)]
    pub name: String,
    /// The e-mail address.
    #[n(2)]
    pub email: String,
    /// What a provider's account says; none for a patient.
    #[n(3)]
    pub provider: Option<Provider>,
    /// The six words of the safety phrase; empty while locked.
    #[n(4)]
    pub phrase: Vec<String>,
}

/// What the directory shows of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Provider {
    /// Such as "Cardiology".
    #[n(0)]
    pub specialty: String,
    /// Such as "St. Anna Hospital".
    #[n(1)]
    pub organisation: String,
    /// Whether an administrator checked it.
    #[n(2)]
    pub verified: bool,
}

/// What a person enters to sign up.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignUp {
    /// The name.
    #[n(0)]
    pub name: String,
    /// The e-mail address.
    #[n(1)]
    pub email: String,
    /// The password.
    #[n(2)]
    pub password: String,
    /// Specialty and organisation, for a provider.
    #[n(3)]
    pub provider: Option<Provider>,
}

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

/// A person to share with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Person {
    /// The account's id.
    #[n(0)]
    pub account: String,
    /// The name.
    #[n(1)]
    pub name: String,
    /// The e-mail address.
    #[n(2)]
    pub email: String,
    /// What the directory shows.
    #[n(3)]
    pub provider: Option<Provider>,
    /// The six words of the safety phrase.
    #[n(4)]
    pub phrase: Vec<String>,
    /// Whether the phrase was compared in person.
    #[n(5)]
    pub compared: bool,
}

/// A safety phrase that was compared in person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Compared {
    /// Whose account it is.
    #[n(0)]
    pub account: String,
    /// The six words that were shown.
    #[n(1)]
    pub phrase: Vec<String>,
    /// Whether the person was found by the address that stood beside them, which leads to this account from then on.
    #[n(2)]
    pub found: bool,
}

/// What a share reaches.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Reach {
    /// One record: its id, and its title where it is known.
    #[n(1)]
    Record(#[n(0)] String, #[n(1)] String),
    /// A category, by slug.
    #[n(2)]
    Category(#[n(0)] String),
    /// Everything.
    #[n(3)]
    Everything,
}

/// A share, past or present.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Share {
    /// Its id.
    #[n(0)]
    pub id: String,
    /// To whom; for a provider, whose.
    #[n(1)]
    pub person: Person,
    /// What it reaches.
    #[n(2)]
    pub reach: Reach,
    /// `view`, `download`, `contribute`, `manage` or `drop`.
    #[n(3)]
    pub level: String,
    /// From when, in minutes since 1970, UTC.
    #[n(4)]
    pub from: u32,
    /// The last minute; none is "until you stop it".
    #[n(5)]
    pub until: Option<u32>,
    /// Whether the person has taken it up.
    #[n(6)]
    pub accepted: bool,
    /// The last thing the person did with it: when, and the record's title.
    #[n(7)]
    pub last_opened: Option<(u32, String)>,
    /// How far its end has come; none while it holds.
    #[n(8)]
    pub ended: Option<Ended>,
    /// It holds, but waits: the person's key has changed, so that the present key of what it reaches was not sealed to
    /// them. Sharing again, once the six words were compared, ends the wait.
    #[n(9)]
    pub waits: bool,
}

/// The end of a share, in its three states.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ended {
    /// When it was stopped or ran out.
    #[n(0)]
    pub at: u32,
    /// The server refuses.
    #[n(1)]
    pub blocked: bool,
    /// The key has turned for everything later.
    #[n(2)]
    pub rotated: bool,
    /// What was reachable has new keys.
    #[n(3)]
    pub reencrypted: bool,
    /// What had been opened before: titles.
    #[n(4)]
    pub opened_before: Vec<String>,
}

/// What a patient enters to share.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NewShare {
    /// With whom: the account's id, from [`Vault::find`].
    #[n(0)]
    pub account: String,
    /// What.
    #[n(1)]
    pub reach: Reach,
    /// The last day, inclusive, as an ISO 8601 date; none is "no end".
    #[n(2)]
    pub until: Option<String>,
}

/// One thing that happened, for the activity page.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Happening {
    /// Its place in the log.
    #[n(0)]
    pub seq: u64,
    /// When, in minutes since 1970, UTC.
    #[n(1)]
    pub at: u32,
    /// Who: the account's id.
    #[n(2)]
    pub who: String,
    /// Who, by name; "You" for oneself.
    #[n(3)]
    pub name: String,
    /// What: `created`, `added`, `changed`, `deleted`, `shared`, `end-changed`, `stopped`, `key-turned`,
    /// `accepted`, `opened`, `saved`, `restored`.
    #[n(4)]
    pub what: String,
    /// The record, by id and title.
    #[n(5)]
    pub record: Option<(String, String)>,
    /// For a share: with whom, and what it reaches.
    #[n(6)]
    pub share: Option<(String, Reach)>,
    /// Whether this account did it.
    #[n(7)]
    pub own: bool,
    /// For a server that was brought back from an older copy: how many changes that copy lacked, at least.
    #[n(8)]
    pub lost: Option<u64>,
}

/// A patient who shares, for a provider's dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Patient {
    /// The vault.
    #[n(0)]
    pub vault: String,
    /// Who.
    #[n(1)]
    pub person: Person,
    /// The shares that hold.
    #[n(2)]
    pub shares: Vec<Share>,
    /// How many records they reach.
    #[n(3)]
    pub records: u32,
    /// How many of them came or changed since they were last looked at here.
    #[n(4)]
    pub new: u32,
}

/// Those who share with this account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Patients {
    /// Those whose vaults are here.
    #[n(0)]
    pub here: Vec<Patient>,
    /// The vaults that did not come, or do not verify, and why.
    #[n(1)]
    pub missing: Vec<(String, Trouble)>,
}

/// Everything that a page can ask for.
pub trait Vault {
    /// Finds out who is signed in, where that was put off because nobody seemed to be. Any question does so, too.
    fn wake(&self);
    /// Whether somebody is signed in and the vault is open. Starts as [`Status::Starting`].
    fn status(&self) -> Signal<Status>;
    /// Counts up whenever records, shares or activity may have changed.
    fn version(&self) -> Signal<u32>;
    /// Counts up whenever the server has something to tell this account.
    fn told(&self) -> Signal<u32>;
    /// Alarms, each of which must be shown until the person has read it.
    fn alarms(&self) -> RwSignal<Unread>;

    /// Whether the page lost its vault: nothing is answered until the page is loaded again.
    fn lost(&self) -> Signal<bool>;
    /// The session that ended, until somebody is signed in again.
    fn ended(&self) -> Signal<Option<SessionEnd>>;
    /// Files on their way.
    fn uploads(&self) -> Signal<Vec<Upload>>;

    /// Makes an account. Gives the fourteen groups of the recovery kit, once.
    fn sign_up(&self, entered: SignUp) -> Local<Result<Vec<String>, Trouble>>;
    /// Signs in and opens the vault.
    fn sign_in(&self, email: String, password: String) -> Local<Result<(), Trouble>>;
    /// Opens the locked vault of whoever is signed in.
    fn unlock(&self, password: String) -> Local<Result<(), Trouble>>;
    /// Signs in by recovery kit and sets a new password.
    fn recover(&self, email: String, code: String, password: String) -> Local<Result<(), Trouble>>;
    /// How good a password is: 0 (refused) to 4, and advice.
    fn rate_password(&self, password: String, about: Vec<String>) -> Local<Option<(u8, Option<String>)>>;
    /// Takes the keys off this device; stays signed in.
    fn lock(&self) -> Local<Result<(), Trouble>>;
    /// Signs out.
    fn sign_out(&self) -> Local<Result<(), Trouble>>;
    /// Signs out everywhere else.
    fn sign_out_elsewhere(&self) -> Local<Result<(), Trouble>>;
    /// Sets a new password, for whoever knows the one before. Everywhere else that signs out.
    fn change_password(&self, old: String, new: String) -> Local<Result<(), Trouble>>;

    /// The records of this account's own vault, or for a provider of all patients, newest date first.
    fn records(&self) -> Local<Result<Records, Trouble>>;
    /// A record's small picture, as an encoded image.
    fn thumbnail(&self, id: String) -> Local<Option<Vec<u8>>>;
    /// A file's name as it is shown: without what turns the direction of writing.
    fn shown_name(&self, file_name: &str) -> String;
    /// Looks at a file and proposes details. Nothing is sent.
    fn choose(&self, file: web_sys::File) -> Local<Result<Chosen, Trouble>>;
    /// Forgets a chosen file.
    fn unchoose(&self, id: u32);
    /// Sends a chosen file into the vault. Progress is in [`Vault::uploads`].
    fn add(&self, id: u32, details: Details);
    /// Sends a chosen file as a new revision of a record.
    fn replace(&self, id: u32, record: String);
    /// Pauses an upload, or lets it go on.
    fn pause(&self, upload: u32, paused: bool);
    /// Tries an upload again that failed.
    fn again(&self, upload: u32);
    /// Stops an upload and forgets it; also takes a finished one off the list.
    fn cancel(&self, upload: u32);
    /// Opens a record. For somebody else's, the opening is recorded first.
    fn open(&self, id: String) -> Local<Result<Content, Trouble>>;
    /// Draws a page of the document that was opened last.
    fn page(&self, id: String, page: u32, width: u32) -> Local<Result<Pixels, Trouble>>;
    /// Draws pixels on a canvas, which takes their size.
    fn paint(&self, canvas: web_sys::HtmlCanvasElement, pixels: &Pixels);
    /// Saves a copy under its own name.
    fn save(&self, id: String) -> Local<Result<(), Trouble>>;
    /// Changes what is said about a record.
    fn edit(&self, id: String, details: Details) -> Local<Result<(), Trouble>>;
    /// Deletes a record.
    fn delete(&self, id: String) -> Local<Result<(), Trouble>>;

    /// Finds a provider by e-mail address.
    fn find(&self, email: String) -> Local<Result<Person, Trouble>>;
    /// Notes that a safety phrase was compared in person.
    fn compared(&self, compared: Compared) -> Local<Result<(), Trouble>>;
    /// Shares.
    fn share(&self, new: NewShare) -> Local<Result<(), Trouble>>;
    /// Shares that this account gave, past and present.
    fn shares(&self) -> Local<Result<Vec<Share>, Trouble>>;
    /// Gives a share that holds another last day, inclusive, as an ISO 8601 date; none is "no end".
    fn change_end(&self, id: String, until: Option<String>) -> Local<Result<(), Trouble>>;
    /// Stops a share: blocks, turns the key, and seals again what it reached.
    fn stop(&self, id: String) -> Local<Result<(), Trouble>>;
    /// What happened, newest first.
    fn activity(&self) -> Local<Result<Happenings, Trouble>>;
    /// The same without what this account did, which is most of it where somebody keeps their own records.
    fn activity_of_others(&self) -> Local<Result<Happenings, Trouble>>;
    /// Patients who share with this account.
    fn patients(&self) -> Local<Result<Patients, Trouble>>;
    /// Looks at once for what is new, and for what did not come before. What came of it is told by [`Vault::version`].
    fn look(&self);
}

/// The vault, as pages hold it: cheap to copy, absent on the server.
///
/// Nothing is stored where it is absent: what is bound to one thread must not be dropped on another, and the
/// server drops a page wherever its last piece was sent.
#[derive(Clone, Copy)]
pub struct VaultHandle(Option<StoredValue<Rc<dyn Vault>, LocalStorage>>);

impl VaultHandle {
    /// The vault, in the browser.
    pub fn get(self) -> Option<Rc<dyn Vault>> {
        self.0.and_then(|stored| stored.try_get_value())
    }
}

/// Gives pages the vault. `frontend` calls it in the closure that it hydrates, around `App`: what is provided outside
/// of that is not found inside. Nobody calls it on the server.
pub fn provide_vault(vault: Rc<dyn Vault>) {
    ask_as(vault.status());
    provide_context(VaultHandle(Some(StoredValue::new_local(vault))));
}

/// The vault of this page.
pub fn use_vault() -> VaultHandle {
    use_context::<VaultHandle>().unwrap_or(VaultHandle(None))
}

/// Whether somebody is signed in and the vault is open; `Starting` on the server.
pub fn use_status() -> Signal<Status> {
    match use_vault().get() {
        Some(vault) => vault.status(),
        None => Signal::stored(Status::Starting),
    }
}
