//! What the worker holds, and what it does for each command.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use app::vault::{Chosen as ChosenFile, Details, Me, NewShare, Reach, Status, Trouble, TroubleKind, UploadState};
use client::draft::{examine, examined};
use client::session::{SignUp, Who};
use client::share::Wish;
use client::upload::{Draft, NoOutbox, Source, Ticket};
use client::{ClientError, Platform, Session};
use gloo::timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use protocol::api::Profile;
use protocol::time::DAY;
use protocol::{AccountId, ApiError, Level, Minute, RecordId, VaultId};
use records::{Category, Date, Viewer};
use vault::recovery::RecoveryCode;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::copies::{self, Copy};
use super::look::{OpenDocument, cannot_be_shown, look, page};
use super::trouble::{Failure, words};
use super::uploads::{Absent, Chosen, Chunks, Progress, Uploads, clear};
use super::{Page, convert};
use crate::device;
use crate::kept::{self, Shelf};
use crate::message::{Answer, Command, News};
use crate::platform::{Browser, minute};

/// Files up to this are sealed into the outbox before they are sent, so that a reload loses nothing.
const SEALED_AHEAD: u64 = 256 << 20;

/// How often the worker looks for news.
const LOOK_EVERY: u32 = 15_000;

/// What the worker holds.
pub(crate) struct Desk {
    page: Page,
    session: RefCell<Option<Rc<Session<Browser>>>>,
    signed_in: RefCell<Option<Me>>,
    chosen: RefCell<BTreeMap<u32, (File, Draft)>>,
    next_chosen: Cell<u32>,
    document: RefCell<Option<OpenDocument>>,
    uploads: Rc<Uploads>,
    finishing: Cell<bool>,
    /// Records whose upload is under way.
    running: RefCell<BTreeSet<RecordId>>,
}

impl Desk {
    pub(crate) fn new(page: Page) -> Self {
        Self {
            uploads: Rc::new(Uploads::new(page.clone())),
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
            TimeoutFuture::new(LOOK_EVERY).await;
            if let Ok(session) = desk.session() {
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

    fn session(&self) -> Result<Rc<Session<Browser>>, Failure> {
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
            Command::Page(id, number, width) => desk.page(&id, number, width)?,
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

    /// Whether an upload is under way already.
    fn is_running(&self, ticket: &Ticket) -> bool {
        self.running.borrow().contains(&ticket.record())
    }

    fn drop_keys(&self) {
        self.uploads.clear();
        *self.session.borrow_mut() = None;
        *self.document.borrow_mut() = None;
        self.chosen.borrow_mut().clear();
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

    async fn records(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let now = Browser.now();
        let mut items = Vec::new();
        for vault in session.vaults() {
            let owner = session.with_view(vault, client::view::VaultView::owner)?;
            let name = if owner == session.who().account {
                None
            } else {
                Some(convert::person_of(&session, owner).await?.name)
            };
            items.extend(session.with_view(vault, |view| {
                view.records()
                    .filter_map(|record| convert::item(view, record, name.as_deref(), now))
                    .collect::<Vec<_>>()
            })?);
        }
        items.sort_by(|a, b| b.details.date.cmp(&a.details.date).then(b.added.cmp(&a.added)));
        Ok(Answer::Records(items))
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
        let draft = examine(&source.0.name(), &content, size, modified);
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

    fn add(desk: &Rc<Self>, id: u32, details: &Details) -> Result<Answer, Failure> {
        let session = desk.session()?;
        let (file, mut draft) = desk.chosen.borrow_mut().remove(&id).ok_or(Failure::Gone)?;
        convert::apply(details, &mut draft.metadata);
        // The same file as one that a reload interrupted goes on from there.
        let desk = Rc::clone(desk);
        spawn_local(async move {
            let upload = desk.uploads.begin(
                draft.metadata.title.clone(),
                draft.metadata.category.slug().to_owned(),
                draft.metadata.size,
                UploadState::Sending,
            );
            let interrupted = interrupted(&session, &draft).await.filter(|ticket| !desk.is_running(ticket));
            let begun = match interrupted {
                Some(ticket) => Ok(ticket),
                None => session.begin(draft).await,
            };
            Self::send(&desk, &session, upload, begun, Some(Chosen(file))).await;
        });
        Ok(Answer::Done)
    }

    fn replace(desk: &Rc<Self>, id: u32, record: &str) -> Result<Answer, Failure> {
        let session = desk.session()?;
        let (vault, record) = locate(&session, record)?;
        let (file, mut draft) = desk.chosen.borrow_mut().remove(&id).ok_or(Failure::Gone)?;
        let current =
            session.with_view(vault, |view| view.record(record).and_then(|record| record.metadata.clone()))?;
        if let Some(current) = current {
            convert::apply(&convert::details(&current), &mut draft.metadata);
        }
        let desk = Rc::clone(desk);
        spawn_local(async move {
            let upload = desk.uploads.begin(
                draft.metadata.title.clone(),
                draft.metadata.category.slug().to_owned(),
                draft.metadata.size,
                UploadState::Sending,
            );
            let begun = session.begin_replacement(vault, record, draft).await;
            Self::send(&desk, &session, upload, begun, Some(Chosen(file))).await;
        });
        Ok(Answer::Done)
    }

    /// Sends an upload that has begun, and says how it ended.
    async fn send(
        desk: &Rc<Self>,
        session: &Session<Browser>,
        upload: u32,
        begun: Result<Ticket, ClientError>,
        file: Option<Chosen>,
    ) {
        let progress = Progress { uploads: Rc::clone(&desk.uploads), id: upload };
        let result = match &begun {
            Ok(ticket) => {
                desk.uploads.set_record(upload, ticket.record().to_string());
                desk.running.borrow_mut().insert(ticket.record());
                let result = Self::send_ticket(session, ticket, file.as_ref(), &progress).await;
                desk.running.borrow_mut().remove(&ticket.record());
                result
            }
            Err(error) => Err(error.clone()),
        };
        let state = match result {
            Ok(record) => {
                clear(&record.to_string()).await;
                desk.page.tell(&News::Changed);
                UploadState::Kept(record.to_string())
            }
            // Locking stops uploads too; those go on when the vault is opened again.
            Err(ClientError::Cancelled) => {
                if let (Ok(ticket), Ok(_)) = (&begun, desk.session()) {
                    clear(&ticket.record().to_string()).await;
                }
                return;
            }
            Err(ClientError::Source) if file.is_none() => UploadState::NeedsFile,
            Err(error) => UploadState::Failed(desk.trouble(&error.into()).happened),
        };
        desk.uploads.set(upload, state);
    }

    async fn send_ticket(
        session: &Session<Browser>,
        ticket: &Ticket,
        file: Option<&Chosen>,
        progress: &Progress,
    ) -> Result<RecordId, ClientError> {
        let name = ticket.record().to_string();
        let Some(file) = file else { return session.run(ticket, &Absent, &Chunks(name), progress).await };
        let sealed = Uint8Array::from(&session.seal_ticket(ticket)[..]);
        let is_kept = kept::put(Shelf::Tickets, &JsValue::from_str(&name), &sealed).await.is_ok();
        if is_kept && ticket.metadata()?.size <= SEALED_AHEAD {
            session.seal_ahead(ticket, file, &Chunks(name.clone()), progress).await?;
            session.run(ticket, file, &Chunks(name), progress).await
        } else {
            session.run(ticket, file, &NoOutbox, progress).await
        }
    }

    /// Goes on with what a reload interrupted.
    async fn resume_uploads(desk: &Rc<Self>, session: &Rc<Session<Browser>>) {
        for (_, sealed) in kept::all(Shelf::Tickets).await.unwrap_or_default() {
            let Some(Ok(ticket)) = kept::bytes(&sealed).map(|sealed| session.open_ticket(&sealed)) else { continue };
            let Ok(metadata) = ticket.metadata() else { continue };
            if desk.is_running(&ticket) {
                continue;
            }
            let (desk, session) = (Rc::clone(desk), Rc::clone(session));
            let category = metadata.category.slug().to_owned();
            let upload = desk.uploads.begin(metadata.title, category, metadata.size, UploadState::Sending);
            spawn_local(async move { Self::send(&desk, &session, upload, Ok(ticket), None).await });
        }
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
        let (content, document) = look(id, kind, reader.read_all().await?);
        *self.document.borrow_mut() = document;
        Ok(Answer::Content(content))
    }

    fn page(&self, id: &str, number: u32, width: u32) -> Result<Answer, Failure> {
        let document = self.document.borrow();
        let open = document.as_ref().filter(|open| open.record == id).ok_or(Failure::Gone)?;
        Ok(Answer::Pixels(page(open, number, width)?))
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

    async fn shares(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let Ok(vault) = session.own_vault() else { return Ok(Answer::Shares(Vec::new())) };
        let mut found = session.with_view(vault, |view| view.shares().cloned().collect::<Vec<_>>())?;
        found.sort_by_key(|share| std::cmp::Reverse(share.seq));
        let mut shares = Vec::new();
        for share in &found {
            let with = convert::person_of(&session, share.grant.recipient).await?;
            shares.push(session.with_view(vault, |view| convert::share(view, share, with, Browser.now()))?);
        }
        Ok(Answer::Shares(shares))
    }

    async fn activity(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let mut happenings = Vec::new();
        for vault in session.vaults() {
            let events = session.with_view(vault, |view| view.events().to_vec())?;
            for event in events {
                let recipient = session.with_view(vault, |view| {
                    let grant = event.what.grant()?;
                    view.shares().find(|share| share.grant.grant == grant).map(|share| share.grant.recipient)
                })?;
                let name = self.name(&session, event.who).await?;
                let with = match recipient {
                    Some(recipient) => Some(self.name(&session, recipient).await?),
                    None => None,
                };
                happenings.push(session.with_view(vault, |view| convert::happening(view, &event, name, with))?);
            }
        }
        happenings.sort_by_key(|happening| std::cmp::Reverse((happening.at, happening.seq)));
        Ok(Answer::Happenings(happenings))
    }

    async fn name(&self, session: &Session<Browser>, account: AccountId) -> Result<String, Failure> {
        if account == session.who().account {
            return Ok("You".to_owned());
        }
        Ok(convert::person_of(session, account).await?.name)
    }

    async fn patients(&self) -> Result<Answer, Failure> {
        let session = self.session()?;
        let mut patients = Vec::new();
        for vault in session.vaults() {
            let owner = session.with_view(vault, client::view::VaultView::owner)?;
            if owner == session.who().account {
                continue;
            }
            let person = convert::person_of(&session, owner).await?;
            patients.push(
                session
                    .with_view(vault, |view| convert::patient(view, person, session.who().account, Browser.now()))?,
            );
        }
        patients.sort_by_key(|patient| std::cmp::Reverse(patient.new));
        Ok(Answer::Patients(patients))
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
fn locate(session: &Session<Browser>, id: &str) -> Result<(VaultId, RecordId), Failure> {
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

/// An upload of this very file that a reload interrupted.
async fn interrupted(session: &Session<Browser>, draft: &Draft) -> Option<Ticket> {
    let kept = kept::all(Shelf::Tickets).await.ok()?;
    let tickets = kept.iter().filter_map(|(_, sealed)| session.open_ticket(&kept::bytes(sealed)?).ok());
    tickets.into_iter().find(|ticket| ticket.is_for(draft))
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
