//! What a page may ask for plaintext. `frontend` implements it over the vault's worker; on the server it is
//! absent, so that pages render locked.
//!
//! The types here are what pages show. They have no serde, so that they cannot become an argument of a
//! server function or the value of a `Resource`; between worker and page they travel as CBOR.

mod people;
mod records;
mod sharing;
mod trouble;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::web_sys;

use crate::alarms::Unread;
use crate::api::ask_as;

pub use people::{Compared, Me, Person, Provider, SessionEnd, SignUp, Status};
pub use records::{Chosen, Content, Details, Known, Pixels, RecordItem, Upload, UploadState};
pub use sharing::{Ended, Happening, NewShare, Patient, Patients, Reach, Share};
pub use trouble::{Trouble, TroubleKind};

/// A future that stays in the page.
pub type Local<T> = Pin<Box<dyn Future<Output = T>>>;

/// The records that an account can see. Shared, not copied: there may be ten thousand of them.
pub type Records = Arc<[RecordItem]>;

/// What happened, newest first. Shared like the records.
pub type Happenings = Arc<[Happening]>;

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
