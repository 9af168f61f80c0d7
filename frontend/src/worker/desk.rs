//! What the worker holds, and what it does for each command.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::rc::Rc;

use app::vault::{Chosen as ChosenFile, Details, Me, NewShare, Reach, Status, Trouble, TroubleKind};
use client::draft::examined;
use client::session::{SignUp, Who};
use client::share::Wish;
use client::upload::{Draft, Source};
use client::{ClientError, Session};
use futures_util::future::{Either, select};
use gloo::timers::future::TimeoutFuture;
use protocol::api::Profile;
use protocol::time::DAY;
use protocol::{AccountId, ApiError, Level, Minute, RecordId, VaultId};
use records::{Category, Date, Viewer};
use vault::recovery::RecoveryCode;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::copies::{self, Copy};
use super::look::{OpenDocument, cannot_be_shown, examine, look, page};
use super::nudges::Nudges;
use super::trouble::{Failure, words};
use super::uploads::{Chosen, Uploads, clear};
use super::{Page, convert};
use crate::device;
use crate::kept::{self, Shelf};
use crate::message::{Answer, Command, News};
use crate::platform::{Browser, minute};

/// How often the worker looks for news where nothing tells it to, in milliseconds.
const LOOK_EVERY: u32 = 60_000;

/// What the worker holds.
pub(crate) struct Desk {
    pub(super) page: Page,
    session: RefCell<Option<Rc<Session<Browser>>>>,
    signed_in: RefCell<Option<Me>>,
    pub(super) chosen: RefCell<BTreeMap<u32, (File, Draft)>>,
    next_chosen: Cell<u32>,
    document: RefCell<Option<OpenDocument>>,
    pub(super) uploads: Rc<Uploads>,
    finishing: Cell<bool>,
    nudges: Nudges,
    /// Records whose upload is under way.
    pub(super) running: RefCell<BTreeSet<RecordId>>,
}

impl Desk {
    pub(crate) fn new(page: Page) -> Self {
        Self {
            uploads: Rc::new(Uploads::new(page.clone())),
            nudges: Nudges::new(page.clone()),
            page,
            session: RefCell::default(),
            signed_in: RefCell::default(),
            chosen: RefCell::default(),
            next_chosen: Cell::new(1),
            document: RefCell::default(),
            finishing: Cell::new(false),
            running: RefCell::default(),
        }
    }

    /// Finds out who is signed in and unlocks if this device may; then looks for news, again and again.
    pub(crate) async fn start(desk: &Rc<Self>) {
        while let Err(error) = Self::unlock_here(desk).await {
            if !matches!(error, Failure::Client(ClientError::Unreachable(_))) {
                desk.trouble(&error);
                desk.say_status();
                break;
            }
            TimeoutFuture::new(2_000).await;
        }
        loop {
            let (timer, nudge) = (pin!(TimeoutFuture::new(LOOK_EVERY)), pin!(desk.nudges.next()));
            let heard_nothing = matches!(select(timer, nudge).await, Either::Left(_));
            if let Ok(session) = desk.session() {
                if heard_nothing {
                    // Perhaps because nothing can be heard: then the page asks, too.
                    desk.page.tell(&News::Told);
                }
                let before = heads(&session);
                match sync(&session).await {
                    Ok(()) if before != heads(&session) => desk.page.tell(&News::Changed),
                    Ok(()) => {}
                    Err(error) => drop(desk.trouble(&error)),
                }
                Self::finish_endings(desk);
            }
        }
    }

    async fn unlock_here(desk: &Rc<Self>) -> Result<(), Failure> {
        let signed_in = match Session::signed_in(&Browser).await {
            Err(ClientError::Api(ApiError::NotSignedIn)) => {
                desk.say_status();
                return Ok(());
            }
            answer => answer?,
        };
        let who = Who {
            account: signed_in.account,
            email: signed_in.email,
            name: signed_in.name,
            profile: signed_in.profile,
            vault: signed_in.vault,
        };
        *desk.signed_in.borrow_mut() = Some(convert::me(&who, &[]));
        if let Some(master) = device::unwrap(&who.account.to_string()).await? {
            Self::opened(desk, Session::resume(Browser, master).await?).await?;
        } else {
            desk.say_status();
        }
        Ok(())
    }

    /// Takes in an unlocked session.
    async fn opened(desk: &Rc<Self>, session: Session<Browser>) -> Result<(), Failure> {
        let session = Rc::new(session);
        *desk.signed_in.borrow_mut() = Some(convert::me(session.who(), &[]));
        sync(&session).await?;
        *desk.session.borrow_mut() = Some(Rc::clone(&session));
        desk.nudges.listen();
        desk.say_status();
        desk.page.tell(&News::Changed);
        Self::finish_endings(desk);
        Self::resume_uploads(desk, &session).await;
        Ok(())
    }

    fn say_status(&self) {
        let status = match (self.session(), &*self.signed_in.borrow()) {
            (Ok(session), _) => Status::Open(convert::me(session.who(), &session.own_phrase())),
            (Err(_), Some(me)) => Status::Locked(me.clone()),
            (Err(_), None) => Status::SignedOut,
        };
        self.page.tell(&News::Status(status));
    }

    pub(super) fn session(&self) -> Result<Rc<Session<Browser>>, Failure> {
        self.session.borrow().clone().ok_or(Failure::Locked)
    }

    /// Words for a failure. An alarm goes to every page, and a session that ended locks.
    pub(crate) fn trouble(&self, failure: &Failure) -> Trouble {
        let trouble = words(failure);
        if trouble.kind == TroubleKind::Alarm {
            self.page.tell(&News::Alarm(trouble.happened.clone()));
        }
        if trouble.kind == TroubleKind::Gone {
            // What is gone should leave the pages' lists too.
            self.page.tell(&News::Changed);
        }
        if matches!(failure, Failure::Client(ClientError::Api(ApiError::NotSignedIn))) {
            self.nudges.stop();
            self.uploads.clear();
            *self.session.borrow_mut() = None;
            *self.signed_in.borrow_mut() = None;
            self.say_status();
        }
        trouble
    }

    /// Does what the page asks for.
    pub(crate) async fn answer(
        desk: &Rc<Self>,
        command: Command,
        beside: JsValue,
    ) -> Result<(Answer, JsValue), Failure> {
        let answer = match command {
            Command::SignUp(entered) => Self::sign_up(desk, entered).await?,
            Command::SignIn(email, password) => {
                let session = Session::sign_in(Browser, &email, &password).await?;
                device::keep(&session).await?;
                Self::opened(desk, session).await?;
                Answer::Done
            }
            Command::Unlock(password) => Self::unlock(desk, &password).await?,
            Command::Recover(email, code, password) => {
                let code = RecoveryCode::parse(&code)?;
                let session = Session::recover(Browser, &email, &code, &password).await?;
                device::keep(&session).await?;
                Self::opened(desk, session).await?;
                Answer::Done
            }
            Command::RatePassword(password, about) => {
                let about: Vec<&str> = about.iter().map(String::as_str).collect();
                let rating = client::password::rate(&password, &about);
                Answer::Rating(rating.level, rating.advice)
            }
            Command::Lock => {
                desk.drop_keys();
                desk.say_status();
                copies::remove_all().await;
                device::forget().await?;
                Answer::Done
            }
            Command::SignOut => {
                desk.drop_keys();
                *desk.signed_in.borrow_mut() = None;
                desk.say_status();
                copies::remove_all().await;
                // What this device kept of the log goes too. Where there is no store, nothing was kept.
                drop(kept::clear(Shelf::Logs).await);
                device::forget().await?;
                match Session::sign_out(&Browser).await {
                    Ok(()) | Err(ClientError::Api(ApiError::NotSignedIn)) => {}
                    Err(error) => return Err(error.into()),
                }
                Answer::Done
            }
            Command::SignOutElsewhere => {
                Session::sign_out_elsewhere(&Browser).await?;
                Answer::Done
            }
            Command::ChangePassword(old, new) => desk.change_password(&old, &new).await?,
            Command::Records => desk.records().await?,
            Command::Thumbnail(id) => Answer::Thumbnail(desk.thumbnail(&id).await?),
            Command::Choose => desk.choose(beside).await?,
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
            Command::Cancel(id) => {
                // What was stopped must not go on after a reload, so it is forgotten before anything else is said.
                let record = desk.uploads.record(id);
                desk.uploads.cancel(id);
                if let Some(record) = record {
                    clear(&record).await;
                }
                Answer::Done
            }
            Command::Open(id) => desk.open(&id).await?,
            Command::Page(id, number, width) => desk.page(&id, number, width).await?,
            Command::Save(id) => return desk.save(&id).await,
            Command::Edit(id, details) => desk.edit(&id, &details).await?,
            Command::Delete(id) => desk.delete(&id).await?,
            Command::Find(email) => {
                let session = desk.session()?;
                let person = match session.find(&email).await {
                    Err(ClientError::Api(ApiError::NotFound)) => return Err(Failure::NobodyThere),
                    found => found?,
                };
                Answer::Person(convert::person(&session, &person)?)
            }
            Command::Compared(account) => {
                let session = desk.session()?;
                let person = session.person(parse::<AccountId>(&account)?).await?;
                session.confirm_phrase(&person).await?;
                Answer::Done
            }
            Command::Share(new) => desk.share(&new).await?,
            Command::Shares => desk.shares().await?,
            Command::Stop(id) => {
                let session = desk.session()?;
                session.stop(session.own_vault()?, parse(&id)?).await?;
                desk.page.tell(&News::Changed);
                Self::finish_endings(desk);
                Answer::Done
            }
            Command::Activity => desk.activity().await?,
            Command::Patients => desk.patients().await?,
        };
        Ok((answer, JsValue::NULL))
    }

    fn drop_keys(&self) {
        self.nudges.stop();
        self.uploads.clear();
        *self.session.borrow_mut() = None;
        *self.document.borrow_mut() = None;
        self.chosen.borrow_mut().clear();
    }

    /// Opens the vault of whoever is signed in, by password alone.
    async fn unlock(desk: &Rc<Self>, password: &str) -> Result<Answer, Failure> {
        let session = desk.sign_in_again(password).await?;
        Self::opened(desk, session).await?;
        Ok(Answer::Done)
    }

    /// Begins a session in place of this one, which proves that the password is known.
    async fn sign_in_again(&self, password: &str) -> Result<Session<Browser>, Failure> {
        let email = self.signed_in.borrow().as_ref().map(|me| me.email.clone()).ok_or(Failure::Gone)?;
        let session = match Session::sign_in(Browser, &email, password).await {
            Err(ClientError::Password(_) | ClientError::Api(ApiError::WrongCredentials)) => {
                return Err(Failure::WrongPassword);
            }
            session => session?,
        };
        device::keep(&session).await?;
        Ok(session)
    }

    /// Sets a new password. Whoever only found this device unlocked does not know the one before, and does not get in
    /// for good.
    async fn change_password(&self, old: &str, new: &str) -> Result<Answer, Failure> {
        let session = self.sign_in_again(old).await?;
        session.set_password(new).await?;
        Ok(Answer::Done)
    }

    async fn sign_up(desk: &Rc<Self>, entered: app::vault::SignUp) -> Result<Answer, Failure> {
        let profile = match entered.provider {
            None => Profile::Patient,
            Some(provider) => Profile::Provider {
                specialty: provider.specialty,
                organisation: provider.organisation,
                verified: false,
            },
        };
        let sign_up = SignUp { email: &entered.email, name: entered.name.trim(), profile, password: &entered.password };
        let (session, code) = Session::sign_up(Browser, sign_up).await?;
        device::keep(&session).await?;
        Self::opened(desk, session).await?;
        Ok(Answer::Kit(code.groups().to_vec()))
    }

    async fn thumbnail(&self, id: &str) -> Result<Option<Vec<u8>>, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        Ok(session.thumbnail(vault, record).await?)
    }

    async fn choose(&self, beside: JsValue) -> Result<Answer, Failure> {
        let file: File = beside.dyn_into().map_err(|_| Failure::Gone)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a file's size is a whole number")]
        let size = file.size() as u64;
        let source = Chosen(file);
        let content = source.read(0, examined(size)).await?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970")]
        let modified = source.0.last_modified().max(0.0) as u64;
        let draft = examine(source.0.name(), content, size, modified).await?;
        let id = self.next_chosen.replace(self.next_chosen.get() + 1);
        let chosen = ChosenFile {
            id,
            file_name: draft.metadata.file_name.clone(),
            kind: draft.metadata.kind.label().to_owned(),
            size,
            details: convert::details(&draft.metadata),
            can_be_shown: draft.metadata.kind.viewer() != Viewer::None,
        };
        self.chosen.borrow_mut().insert(id, (source.0, draft));
        Ok(Answer::Chosen(chosen))
    }

    async fn open(&self, id: &str) -> Result<Answer, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        let mut reader = session.open(vault, record).await?;
        if session.with_view(vault, client::view::VaultView::owner)? != session.who().account {
            self.page.tell(&News::Changed);
        }
        if let Some(why) = cannot_be_shown(reader.metadata()) {
            return Ok(Answer::Content(app::vault::Content::None { why, facts: Vec::new() }));
        }
        let kind = reader.metadata().kind;
        let (content, document) = look(id.to_owned(), kind, reader.read_all().await?).await?;
        *self.document.borrow_mut() = document;
        Ok(Answer::Content(content))
    }

    async fn page(&self, id: &str, number: u32, width: u32) -> Result<Answer, Failure> {
        let document = {
            let open = self.document.borrow();
            let open = open.as_ref().filter(|open| open.record == id).ok_or(Failure::Gone)?;
            Rc::clone(&open.document)
        };
        Ok(Answer::Pixels(page(document, number, width).await?))
    }

    /// Makes a copy of a record's file for the browser to save.
    async fn save(&self, id: &str) -> Result<(Answer, JsValue), Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        let mut reader = session.save(vault, record).await?;
        let (name, kind) = (reader.metadata().file_name.clone(), reader.metadata().kind);
        let mut copy = Copy::begin(reader.metadata().size).await;
        if let Err(error) = reader.stream(async |piece| copy.take(&piece).await).await {
            copy.discard().await;
            return Err(error.into());
        }
        // Only kinds that no browser runs keep their type; everything else is bytes.
        let of = if kind.viewer() == Viewer::None { "application/octet-stream" } else { kind.media_type() };
        Ok((Answer::File(name), copy.finish(of).await?.into()))
    }

    async fn edit(&self, id: &str, details: &Details) -> Result<Answer, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        session.edit(vault, record, |metadata| convert::apply(details, metadata)).await?;
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    async fn delete(&self, id: &str) -> Result<Answer, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        session.delete(vault, record).await?;
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    async fn share(&self, new: &NewShare) -> Result<Answer, Failure> {
        let session = self.session()?;
        let wish = match &new.reach {
            Reach::Record(record, _) => Wish::Record(parse(record)?),
            Reach::Category(slug) => Wish::Category(Category::from_slug(slug).ok_or(Failure::Gone)?),
            Reach::Everything => Wish::Everything,
        };
        let until = match &new.until {
            Some(day) => Some(end_of_day(Date::from_iso(day).ok_or(Failure::Gone)?)),
            None => None,
        };
        let person = session.person(parse(&new.account)?).await?;
        session.share(&person, wish, Level::Download, until).await?;
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    /// Turns keys of shares that ran out, and seals anew what ended shares reached, one record after another.
    fn finish_endings(desk: &Rc<Self>) {
        if desk.finishing.replace(true) {
            return;
        }
        let desk = Rc::clone(desk);
        spawn_local(async move {
            if let Err(error) = Self::finish(&desk).await {
                desk.trouble(&error);
            }
            desk.finishing.set(false);
        });
    }

    async fn finish(desk: &Rc<Self>) -> Result<(), Failure> {
        let session = desk.session()?;
        let Ok(vault) = session.own_vault() else { return Ok(()) };
        session.finish_endings(vault).await?;
        while session.renew_next(vault).await? {
            desk.page.tell(&News::Changed);
        }
        Ok(())
    }
}

/// The vault that holds a record.
pub(super) fn locate(session: &Session<Browser>, id: &str) -> Result<(VaultId, RecordId), Failure> {
    let record = parse(id)?;
    let holds = |vault: &VaultId| session.with_view(*vault, |view| view.record(record).is_some()).unwrap_or(false);
    session.vaults().into_iter().find(holds).map(|vault| (vault, record)).ok_or(Failure::Gone)
}

/// Brings everything up to date that this account may see.
async fn sync(session: &Session<Browser>) -> Result<(), Failure> {
    if let Ok(vault) = session.own_vault() {
        session.sync(vault).await?;
    }
    for vault in session.sync_shared().await? {
        session.accept_all(vault).await?;
    }
    Ok(())
}

/// Up to where each vault is known.
fn heads(session: &Session<Browser>) -> Vec<(VaultId, u64)> {
    session
        .vaults()
        .into_iter()
        .filter_map(|vault| Some((vault, session.with_view(vault, |view| view.head().seq).ok()?)))
        .collect()
}

/// The last minute of a day in the person's own zone.
fn end_of_day(date: Date) -> Minute {
    let midnight = js_sys::Date::new_with_year_month_day(
        u32::from(date.year()),
        i32::from(date.month()) - 1,
        i32::from(date.day()),
    );
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds since 1970, after 1970")]
    let start = Minute::from_unix_seconds((midnight.get_time() / 1000.0).max(0.0) as u64);
    start.plus(DAY - 1).max(minute())
}

fn parse<T: std::str::FromStr>(id: &str) -> Result<T, Failure> {
    id.parse().map_err(|_| Failure::Gone)
}
