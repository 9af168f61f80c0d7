//! What the worker holds, and what it does for each command.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use app::vault::{Me, SessionEnd, Status, Trouble, TroubleKind};
use client::upload::Draft;
use client::view::VaultView;
use client::{ClientError, Session};
use futures_util::lock::Mutex;
use protocol::{AccountId, RecordId, VaultId};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::apart::apart;
use super::decoding::Decoder;
use super::locks::Hold;
use super::nudges::Nudges;
use super::trouble::{Failure, kind, words};
use super::uploads::{self, Uploads};
use super::{Page, convert, copies, passwords};
use crate::message::{Answer, Command, News};
use crate::platform::{Browser, minute};

/// What the worker holds.
pub(crate) struct Desk {
    pub(super) page: Page,
    pub(super) session: RefCell<Option<Rc<Session<Browser>>>>,
    pub(super) signed_in: RefCell<Option<Me>>,
    /// Vaults that do not verify, or never came, and why. A list without them must not look as if there were nothing.
    unsound: RefCell<BTreeMap<VaultId, ClientError>>,
    pub(super) chosen: RefCell<BTreeMap<u32, (File, Draft)>>,
    pub(super) next_chosen: Cell<u32>,
    /// Who looks at a chosen file.
    pub(super) choosing: Mutex<()>,
    /// Who opens a vault: one after the other, because a page may ask for it before it is known who was signed in.
    pub(super) entering: Mutex<()>,
    /// Who signs out: whoever comes in waits for it. Its answer takes back a cookie, and must not take back theirs.
    pub(super) leaving: Mutex<()>,
    /// Opens files, in another thread.
    pub(super) decoder: Rc<Decoder>,
    /// The record that was opened last, if it is a document: its pages can be asked for.
    pub(super) document: RefCell<Option<String>>,
    pub(super) uploads: Rc<Uploads>,
    pub(super) finishing: Cell<bool>,
    pub(super) nudges: Nudges,
    /// The files of uploads that are not done, so that they go on after a lock. Only where they lie, not their content.
    pub(super) files: RefCell<BTreeMap<RecordId, File>>,
    /// How often somebody locked or signed out here.
    pub(super) left: Cell<u32>,
    /// Records whose upload is under way.
    pub(super) running: RefCell<BTreeSet<RecordId>>,
    /// Records whose upload is this tab's, and no other one's.
    pub(super) holds: RefCell<BTreeMap<RecordId, Hold>>,
}

impl Desk {
    pub(crate) fn new(page: Page) -> Self {
        Self {
            uploads: Rc::new(Uploads::new(page.clone())),
            nudges: Nudges::new(page.clone()),
            page,
            session: RefCell::default(),
            signed_in: RefCell::default(),
            unsound: RefCell::default(),
            chosen: RefCell::default(),
            next_chosen: Cell::new(1),
            choosing: Mutex::default(),
            entering: Mutex::default(),
            leaving: Mutex::default(),
            decoder: Decoder::new(),
            document: RefCell::default(),
            finishing: Cell::new(false),
            files: RefCell::default(),
            left: Cell::default(),
            running: RefCell::default(),
            holds: RefCell::default(),
        }
    }

    /// Tells the page who is signed in, and whether the vault is open.
    pub(super) fn say_status(&self) {
        let status = match (self.session(), &*self.signed_in.borrow()) {
            (Ok(session), _) => Status::Open(convert::me(session.who(), &session.own_phrase())),
            (Err(_), Some(me)) => Status::Locked(me.clone()),
            (Err(_), None) => Status::SignedOut,
        };
        self.page.tell(&News::Status(status));
    }

    /// The session, while the vault is open.
    pub(super) fn session(&self) -> Result<Rc<Session<Browser>>, Failure> {
        self.session.borrow().clone().ok_or(Failure::Locked)
    }

    /// Whether a session is still the one that is open. What takes long must not come back after a lock, with what it
    /// had opened before.
    pub(super) fn still(&self, session: &Rc<Session<Browser>>) -> Result<(), Failure> {
        let open = self.session.borrow().as_ref().is_some_and(|open| Rc::ptr_eq(open, session));
        if open { Ok(()) } else { Err(Failure::Locked) }
    }

    /// Words for a failure. An alarm goes to every page. Where a session has ended, it is looked whether it was this one:
    /// what was asked under an earlier one may be answered late.
    pub(crate) fn trouble(&self, failure: &Failure) -> Trouble {
        let trouble = words(failure);
        if failure.is_alarm() {
            self.page.tell(&News::Alarm(trouble.clone()));
        }
        if trouble.kind == TroubleKind::Gone {
            // What is gone should leave the pages' lists too.
            self.page.tell(&News::Changed);
        }
        if failure.is_signed_out() {
            self.nudges.rouse();
        }
        trouble
    }

    /// Notes whether a vault is there and verifies, by how its sync ended. One that is known from before stays in sight
    /// while the connection is broken.
    pub(super) fn note_synced(&self, session: &Session<Browser>, vault: VaultId, synced: &Result<(), ClientError>) {
        match synced {
            Ok(()) => drop(self.unsound.borrow_mut().remove(&vault)),
            Err(error) if kind(error) == TroubleKind::Alarm || !session.vaults().contains(&vault) => {
                self.unsound.borrow_mut().insert(vault, error.clone());
            }
            // It is here again, though not all that was asked of it was done.
            Err(_) => self.unsound.borrow_mut().retain(|noted, why| *noted != vault || kind(why) == TroubleKind::Alarm),
        }
    }

    /// Forgets what was noted of vaults that are shared no more.
    pub(super) fn keep_noted(&self, is_listed: impl Fn(VaultId) -> bool) {
        self.unsound.borrow_mut().retain(|vault, _| is_listed(*vault));
    }

    /// Fails where the own vault does not verify or did not come, or none of those that others share.
    pub(super) fn has_sound(&self, session: &Session<Browser>) -> Result<(), Failure> {
        let unsound = self.unsound.borrow();
        let why = match session.own_vault() {
            Ok(own) => unsound.get(&own),
            Err(_) if session.vaults().is_empty() => unsound.values().next(),
            Err(_) => None,
        };
        why.map_or(Ok(()), |why| Err(not_here(why)))
    }

    /// The vaults that others share and that are not here, and why.
    pub(super) fn missing(&self, session: &Session<Browser>) -> Vec<(VaultId, Trouble)> {
        let own = session.own_vault().ok();
        let unsound = self.unsound.borrow();
        let missing = unsound.iter().filter(|(vault, _)| Some(**vault) != own);
        missing.map(|(vault, why)| (*vault, words(&not_here(why)))).collect()
    }

    /// Locks, because the session has ended, and tells that it has.
    pub(super) fn ended(&self) {
        let account = self.signed_in.borrow().as_ref().map(|me| me.account.clone());
        self.let_go_of_session();
        let page = self.page.clone();
        spawn_local(async move {
            let Some(account) = account else { return };
            // Whoever signed out in another tab took the files along.
            let unfinished = uploads::are_kept_of(&account).await;
            page.tell(&News::Ended(SessionEnd { unfinished }));
        });
    }

    /// Locks, because there is no session.
    pub(super) fn let_go_of_session(&self) {
        self.drop_keys();
        self.files.borrow_mut().clear();
        *self.signed_in.borrow_mut() = None;
        self.say_status();
        spawn_local(copies::remove_all());
    }

    /// Does what the page asks for. Each of it is [`apart`]: together they are one function, of which a browser that takes
    /// pains over it needs tens of MiB.
    pub(crate) async fn answer(
        desk: &Rc<Self>,
        command: Command,
        beside: JsValue,
    ) -> Result<(Answer, JsValue), Failure> {
        let answer = match command {
            Command::SignUp(entered) => apart(Self::sign_up(desk, entered)).await?,
            Command::SignIn(email, password) => apart(Self::sign_in(desk, &email, &password)).await?,
            Command::Unlock(password) => apart(Self::unlock(desk, &password)).await?,
            Command::Recover(email, code, password) => apart(Self::recover(desk, &email, &code, &password)).await?,
            Command::RatePassword(password, about) => {
                let rating = apart(passwords::rate(password, about)).await?;
                Answer::Rating(rating.level, rating.advice)
            }
            Command::Lock => apart(desk.lock()).await?,
            Command::SignOut => apart(desk.sign_out()).await?,
            Command::SignOutElsewhere => apart(desk.sign_out_elsewhere()).await?,
            Command::ChangePassword(old, new) => apart(desk.change_password(&old, &new)).await?,
            Command::Records => apart(desk.records()).await?,
            Command::Thumbnail(id) => Answer::Thumbnail(apart(desk.thumbnail(&id)).await?),
            Command::Choose => apart(desk.choose(beside)).await?,
            Command::Unchoose(id) => {
                desk.chosen.borrow_mut().remove(&id);
                Answer::Done
            }
            Command::Add(id, details) => Self::add(desk, id, &details)?,
            Command::Replace(id, record) => Self::replace(desk, id, &record)?,
            Command::Pause(id, paused) => {
                desk.uploads.pause(id, paused);
                Answer::Done
            }
            Command::Cancel(id) => apart(desk.cancel(id)).await,
            Command::Again(id) => apart(Self::again(desk, id)).await?,
            Command::Open(id) => return apart(desk.open(&id)).await,
            Command::Page(id, number, width) => return apart(desk.page(&id, number, width)).await,
            Command::Save(id) => return apart(desk.save(&id)).await,
            Command::Edit(id, details) => apart(desk.edit(&id, &details)).await?,
            Command::Delete(id) => apart(desk.delete(&id)).await?,
            Command::Find(email) => apart(desk.find(&email)).await?,
            Command::Compared(compared) => apart(desk.compared(&compared)).await?,
            Command::Share(new) => apart(desk.share(&new)).await?,
            Command::Shares => apart(desk.shares()).await?,
            Command::Woke(elsewhere) => desk.woke(elsewhere),
            Command::ChangeEnd(id, until) => apart(desk.change_end(&id, until.as_deref())).await?,
            Command::Stop(id) => apart(Self::stop(desk, &id)).await?,
            Command::Activity => apart(desk.activity(false)).await?,
            Command::ActivityOfOthers => apart(desk.activity(true)).await?,
            Command::Patients => apart(desk.patients()).await?,
            Command::Look => {
                desk.nudges.rouse();
                Answer::Done
            }
        };
        Ok((answer, JsValue::NULL))
    }

    /// Forgets the keys, and whatever they opened.
    pub(super) fn drop_keys(&self) {
        self.nudges.stop();
        self.uploads.clear();
        // What is at work lets go by itself, once it has noticed.
        self.holds.borrow_mut().retain(|record, _| self.running.borrow().contains(record));
        *self.session.borrow_mut() = None;
        self.unsound.borrow_mut().clear();
        self.decoder.dismiss();
        *self.document.borrow_mut() = None;
        self.chosen.borrow_mut().clear();
    }
}

/// Why a vault is not here. That one does not verify was told when it was found.
fn not_here(why: &ClientError) -> Failure {
    if kind(why) == TroubleKind::Alarm { Failure::Unsound(why.clone()) } else { Failure::Client(why.clone()) }
}

/// The vault that holds a record.
pub(super) fn locate(session: &Session<Browser>, id: &str) -> Result<(VaultId, RecordId), Failure> {
    let record = parse(id)?;
    let me = session.who().account;
    let shows = |view: &VaultView| view.record(record).is_some() && may_see(view, me, record);
    let holds = |vault: &VaultId| session.with_view(*vault, shows).unwrap_or(false);
    session.vaults().into_iter().find(holds).map(|vault| (vault, record)).ok_or(Failure::Gone)
}

/// Whether a record is this account's own, or reached by a share that holds now. What a share reached that has ended
/// stays in the vault's view for as long as another one of that patient holds.
pub(super) fn may_see(view: &VaultView, me: AccountId, record: RecordId) -> bool {
    view.owner() == me || view.grant_for(me, record, minute()).is_some()
}

/// An id that the page named.
pub(super) fn parse<T: std::str::FromStr>(id: &str) -> Result<T, Failure> {
    id.parse().map_err(|_| Failure::Gone)
}
