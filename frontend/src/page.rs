//! The page's side: the vault as pages know it, over messages to the worker.

mod early;
mod presence;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use app::alarms::Unread;
use app::vault::{
    Chosen, Compared, Content, Details, Happenings, Local, NewShare, Patients, Person, Pixels, Records, SessionEnd,
    Share, SignUp, Status, Trouble, TroubleKind, Upload, Vault, provide_vault,
};
use app::visitor::Visitor;
use futures_channel::oneshot;
use leptos::prelude::*;
use leptos::web_sys;
use records::visible::shown_name;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{MessageEvent, WorkerOptions, WorkerType};

use crate::message::{Answer, Command, News, Pieces, UNASKED, pack, unpack};
use crate::offer::offer;
use crate::pixels;
use crate::worker::copies;
use early::{Early, not_loaded};
use presence::{lock_when_idle, on_event, tell_when_back};

/// How long to wait before the worker is loaded again that could not be, in milliseconds.
const TRY_AGAIN: u32 = 2_000;

/// Who waits for an answer, and as much of it as has come.
type Waiting = (oneshot::Sender<(Answer, JsValue)>, Pieces);

/// The vault, in another thread.
struct Proxy {
    /// This one, for what listens to the worker.
    itself: Weak<Self>,
    /// Where the files of the site begin.
    assets: String,
    /// The thread, once it is needed.
    worker: RefCell<Option<web_sys::Worker>>,
    next: Cell<u32>,
    waiting: RefCell<BTreeMap<u32, Waiting>>,
    /// What was asked before the worker listened.
    early: RefCell<Option<Early>>,
    status: RwSignal<Status>,
    version: RwSignal<u32>,
    told: RwSignal<u32>,
    alarms: RwSignal<Unread>,
    /// Whether the worker is no more.
    is_gone: RwSignal<bool>,
    ended: RwSignal<Option<SessionEnd>>,
    uploads: RwSignal<Vec<Upload>>,
}

/// Gives pages the vault. Its worker starts with the page, unless the server knows that nobody is signed in: then with
/// the first thing that is asked, or earlier, when somebody goes to a field. Whoever only reads need not load it.
pub(crate) fn provide(visitor: Visitor) {
    let assets = document().document_element().and_then(|root| root.get_attribute("data-assets")).unwrap_or_default();
    let proxy = Rc::new_cyclic(|itself| Proxy {
        itself: Weak::clone(itself),
        assets,
        worker: RefCell::default(),
        next: Cell::new(UNASKED + 1),
        waiting: RefCell::default(),
        early: RefCell::new(Some(Early::default())),
        status: RwSignal::new(Status::Starting),
        version: RwSignal::new(0),
        told: RwSignal::new(0),
        alarms: RwSignal::new(Unread::default()),
        is_gone: RwSignal::new(false),
        ended: RwSignal::new(None),
        uploads: RwSignal::new(Vec::new()),
    });
    if visitor == Visitor::Nobody && !document().active_element().is_some_and(|active| is_field(&active)) {
        let sleeper = Rc::clone(&proxy);
        on_event("focusin", move |event| {
            if event.target().and_then(|target| target.dyn_into().ok()).is_some_and(|target| is_field(&target)) {
                sleeper.wake();
            }
        });
        // What the worker sees to where there is one.
        leptos::task::spawn_local(copies::remove_old());
    } else {
        proxy.wake();
    }
    lock_when_idle(Rc::clone(&proxy));
    tell_when_back(&proxy);
    provide_vault(proxy);
}

fn is_field(element: &web_sys::Element) -> bool {
    element.matches("input, select, textarea").unwrap_or(false)
}

impl Proxy {
    /// Starts the worker, where there is none.
    fn have_worker(&self) {
        if self.is_gone.get_untracked() || self.worker.borrow().is_some() {
            return;
        }
        match self.start() {
            Ok(worker) => *self.worker.borrow_mut() = Some(worker),
            Err(_) => self.lost(),
        }
    }

    /// Starts the worker.
    fn start(&self) -> Result<web_sys::Worker, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = web_sys::Worker::new_with_options(&format!("{}/worker.js", self.assets), &options)?;
        let listener = Weak::clone(&self.itself);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(proxy) = listener.upgrade() {
                proxy.heard(&event.data());
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        let mourner = Weak::clone(&self.itself);
        let on_error = Closure::<dyn Fn(JsValue)>::new(move |_| {
            if let Some(proxy) = mourner.upgrade() {
                proxy.failed();
            }
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        Ok(worker)
    }

    fn heard(&self, data: &JsValue) {
        let Some((number, bytes, beside)) = unpack(data) else { return };
        if number != UNASKED {
            let mut waiting = self.waiting.borrow_mut();
            let whole = match (waiting.get_mut(&number), protocol::cbor::decode(&bytes)) {
                (Some((_, pieces)), Ok(piece)) => pieces.take(piece),
                (None, _) => return,
                // Dropping who waits tells them that there is no answer.
                (Some(_), Err(_)) => return drop(waiting.remove(&number)),
            };
            let answered = whole.and_then(|whole| Some((waiting.remove(&number)?.0, whole)));
            drop(waiting);
            if let Some((sender, answer)) = answered {
                // Whoever asked may have left the page.
                drop(sender.send((answer, beside)));
            }
            return;
        }
        match protocol::cbor::decode(&bytes) {
            Ok(News::Ready) => {
                // The borrow must end before anything is posted.
                let early = self.early.borrow_mut().take();
                for message in early.into_iter().flat_map(Early::into_messages) {
                    self.post(&message);
                }
            }
            Ok(News::Status(status)) => {
                // That the server could not be told is over with the next answer.
                if matches!(status, Status::Open(_) | Status::SignedOut) {
                    self.alarms.update(|unread| unread.settle(TroubleKind::Offline));
                }
                if status != Status::SignedOut {
                    self.ended.set(None);
                }
                self.status.set(status);
            }
            Ok(News::Ended(ended)) => self.ended.set(Some(ended)),
            Ok(News::Changed) => self.version.update(|version| *version += 1),
            Ok(News::Told) => self.told.update(|told| *told += 1),
            // Each stays until it was read.
            Ok(News::Alarm(trouble)) => self.alarms.update(|unread| unread.add(trouble)),
            Ok(News::Uploads(uploads)) => self.uploads.set(uploads),
            Err(_) => {}
        }
    }

    fn post(&self, message: &JsValue) {
        let is_sent = self.worker.borrow().as_ref().is_some_and(|worker| worker.post_message(message).is_ok());
        if !is_sent {
            self.lost();
        }
    }

    /// The worker failed. One that never listened could not be loaded, say because there is no connection: what was
    /// asked waits for the next one, but for what somebody waits at a form for.
    fn failed(&self) {
        let given_up = self.early.borrow_mut().as_mut().map(Early::failed);
        let Some(given_up) = given_up else { return self.lost() };
        for number in given_up {
            let waiting = self.waiting.borrow_mut().remove(&number);
            if let Some((sender, _)) = waiting {
                // Whoever asked may have left the page.
                drop(sender.send((Answer::Failed(not_loaded()), JsValue::NULL)));
            }
        }
        if let Some(worker) = self.worker.take() {
            worker.terminate();
        }
        let again = Weak::clone(&self.itself);
        let wake = move || {
            if let Some(proxy) = again.upgrade() {
                proxy.wake();
            }
        };
        gloo::timers::callback::Timeout::new(TRY_AGAIN, wake).forget();
    }

    /// The worker failed, and answers nothing any more. Whoever waits is told, by being dropped.
    fn lost(&self) {
        if self.is_gone.get_untracked() {
            return;
        }
        self.is_gone.set(true);
        if let Some(worker) = self.worker.take() {
            // Its keys go with it.
            worker.terminate();
        }
        self.early.borrow_mut().take();
        drop(self.waiting.take());
        self.alarms.update(|unread| unread.add(confused()));
    }

    /// Asks the worker; the answer comes later.
    fn ask(&self, command: &Command, beside: &JsValue) -> oneshot::Receiver<(Answer, JsValue)> {
        let number = self.next.replace(self.next.get().wrapping_add(1).max(UNASKED + 1));
        let (sender, receiver) = oneshot::channel();
        if !self.is_gone.get() {
            self.waiting.borrow_mut().insert(number, (sender, Pieces::default()));
            let message = pack(number, command, beside);
            let mut early = self.early.borrow_mut();
            if let Some(early) = early.as_mut() {
                early.push(number, command, message.into());
            } else {
                drop(early);
                self.post(&message);
            }
            self.wake();
        }
        receiver
    }

    /// Asks the worker for one kind of answer.
    fn request<T: 'static>(
        &self,
        command: &Command,
        beside: &JsValue,
        take: impl FnOnce(Answer, JsValue) -> Option<T> + 'static,
    ) -> Local<Result<T, Trouble>> {
        let receiver = self.ask(command, beside);
        Box::pin(async move {
            match receiver.await {
                Ok((Answer::Failed(trouble), _)) => Err(trouble),
                Ok((answer, beside)) => take(answer, beside).ok_or_else(confused),
                Err(_) => Err(confused()),
            }
        })
    }

    fn done(&self, command: &Command) -> Local<Result<(), Trouble>> {
        self.request(command, &JsValue::NULL, |answer, _| matches!(answer, Answer::Done).then_some(()))
    }
}

fn confused() -> Trouble {
    Trouble {
        happened: "Something went wrong, and this page lost your vault. What was safe in your vault still is."
            .to_owned(),
        kind: TroubleKind::Broken,
    }
}

/// Takes one variant out of an answer.
macro_rules! only {
    ($variant:ident) => {
        |answer, _| if let Answer::$variant(value) = answer { Some(value) } else { None }
    };
}

/// Takes one variant out of an answer whose items are many, and are shared from then on.
macro_rules! shared {
    ($variant:ident) => {
        |answer, _| if let Answer::$variant(items) = answer { Some(items.into()) } else { None }
    };
}

impl Vault for Proxy {
    fn wake(&self) {
        if self.worker.borrow().is_some() {
            return;
        }
        // In a piece of work of its own: what is at work now may be the first drawing of the page.
        let itself = Weak::clone(&self.itself);
        gloo::timers::callback::Timeout::new(0, move || {
            if let Some(proxy) = itself.upgrade() {
                proxy.have_worker();
            }
        })
        .forget();
    }

    fn status(&self) -> Signal<Status> {
        self.status.into()
    }

    fn version(&self) -> Signal<u32> {
        self.version.into()
    }

    fn told(&self) -> Signal<u32> {
        self.told.into()
    }

    fn alarms(&self) -> RwSignal<Unread> {
        self.alarms
    }

    fn lost(&self) -> Signal<bool> {
        self.is_gone.into()
    }

    fn ended(&self) -> Signal<Option<SessionEnd>> {
        self.ended.into()
    }

    fn uploads(&self) -> Signal<Vec<Upload>> {
        self.uploads.into()
    }

    fn sign_up(&self, entered: SignUp) -> Local<Result<Vec<String>, Trouble>> {
        self.request(&Command::SignUp(entered), &JsValue::NULL, only!(Kit))
    }

    fn sign_in(&self, email: String, password: String) -> Local<Result<(), Trouble>> {
        self.done(&Command::SignIn(email, password))
    }

    fn unlock(&self, password: String) -> Local<Result<(), Trouble>> {
        self.done(&Command::Unlock(password))
    }

    fn recover(&self, email: String, code: String, password: String) -> Local<Result<(), Trouble>> {
        self.done(&Command::Recover(email, code, password))
    }

    fn rate_password(&self, password: String, about: Vec<String>) -> Local<Option<(u8, Option<String>)>> {
        let take = |answer, _| if let Answer::Rating(level, advice) = answer { Some((level, advice)) } else { None };
        let rating = self.request(&Command::RatePassword(password, about), &JsValue::NULL, take);
        Box::pin(async move { rating.await.ok() })
    }

    fn lock(&self) -> Local<Result<(), Trouble>> {
        self.done(&Command::Lock)
    }

    fn sign_out(&self) -> Local<Result<(), Trouble>> {
        self.done(&Command::SignOut)
    }

    fn sign_out_elsewhere(&self) -> Local<Result<(), Trouble>> {
        self.done(&Command::SignOutElsewhere)
    }

    fn change_password(&self, old: String, new: String) -> Local<Result<(), Trouble>> {
        self.done(&Command::ChangePassword(old, new))
    }

    fn records(&self) -> Local<Result<Records, Trouble>> {
        self.request(&Command::Records, &JsValue::NULL, shared!(Records))
    }

    fn thumbnail(&self, id: String) -> Local<Option<Vec<u8>>> {
        let thumbnail = self.request(&Command::Thumbnail(id), &JsValue::NULL, only!(Thumbnail));
        Box::pin(async move { thumbnail.await.ok().flatten() })
    }

    fn shown_name(&self, file_name: &str) -> String {
        shown_name(file_name)
    }

    fn choose(&self, file: web_sys::File) -> Local<Result<Chosen, Trouble>> {
        self.request(&Command::Choose, &file, only!(Chosen))
    }

    fn unchoose(&self, id: u32) {
        drop(self.ask(&Command::Unchoose(id), &JsValue::NULL));
    }

    fn add(&self, id: u32, details: Details) {
        drop(self.ask(&Command::Add(id, details), &JsValue::NULL));
    }

    fn replace(&self, id: u32, record: String) {
        drop(self.ask(&Command::Replace(id, record), &JsValue::NULL));
    }

    fn pause(&self, upload: u32, paused: bool) {
        drop(self.ask(&Command::Pause(upload, paused), &JsValue::NULL));
    }

    fn again(&self, upload: u32) {
        drop(self.ask(&Command::Again(upload), &JsValue::NULL));
    }

    fn cancel(&self, upload: u32) {
        drop(self.ask(&Command::Cancel(upload), &JsValue::NULL));
    }

    fn open(&self, id: String) -> Local<Result<Content, Trouble>> {
        self.request(&Command::Open(id), &JsValue::NULL, |answer, beside| {
            let Answer::Content(content) = answer else { return None };
            Some(pixels::take_up_content(content, &beside))
        })
    }

    fn page(&self, id: String, page: u32, width: u32) -> Local<Result<Pixels, Trouble>> {
        self.request(&Command::Page(id, page, width), &JsValue::NULL, |answer, beside| {
            let Answer::Pixels(drawn) = answer else { return None };
            Some(pixels::take_up(drawn, &beside))
        })
    }

    fn paint(&self, canvas: web_sys::HtmlCanvasElement, pixels: &Pixels) {
        canvas.set_width(pixels.width);
        canvas.set_height(pixels.height);
        let image =
            web_sys::ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels.rgba), pixels.width, pixels.height);
        let context = canvas.get_context("2d").ok().flatten();
        if let (Ok(image), Some(context)) = (image, context) {
            // A canvas that left the page meanwhile has nothing to show.
            drop(context.unchecked_into::<web_sys::CanvasRenderingContext2d>().put_image_data(&image, 0.0, 0.0));
        }
    }

    fn save(&self, id: String) -> Local<Result<(), Trouble>> {
        self.request(&Command::Save(id), &JsValue::NULL, |answer, beside| {
            let Answer::File(name) = answer else { return None };
            offer(&beside.dyn_into().ok()?, &name).ok()
        })
    }

    fn edit(&self, id: String, details: Details) -> Local<Result<(), Trouble>> {
        self.done(&Command::Edit(id, details))
    }

    fn delete(&self, id: String) -> Local<Result<(), Trouble>> {
        self.done(&Command::Delete(id))
    }

    fn find(&self, email: String) -> Local<Result<Person, Trouble>> {
        self.request(&Command::Find(email), &JsValue::NULL, only!(Person))
    }

    fn compared(&self, compared: Compared) -> Local<Result<(), Trouble>> {
        self.done(&Command::Compared(compared))
    }

    fn share(&self, new: NewShare) -> Local<Result<(), Trouble>> {
        self.done(&Command::Share(new))
    }

    fn shares(&self) -> Local<Result<Vec<Share>, Trouble>> {
        self.request(&Command::Shares, &JsValue::NULL, only!(Shares))
    }

    fn change_end(&self, id: String, until: Option<String>) -> Local<Result<(), Trouble>> {
        self.done(&Command::ChangeEnd(id, until))
    }

    fn stop(&self, id: String) -> Local<Result<(), Trouble>> {
        self.done(&Command::Stop(id))
    }

    fn activity(&self) -> Local<Result<Happenings, Trouble>> {
        self.request(&Command::Activity, &JsValue::NULL, shared!(Happenings))
    }

    fn activity_of_others(&self) -> Local<Result<Happenings, Trouble>> {
        self.request(&Command::ActivityOfOthers, &JsValue::NULL, shared!(Happenings))
    }

    fn patients(&self) -> Local<Result<Patients, Trouble>> {
        self.request(&Command::Patients, &JsValue::NULL, only!(Patients))
    }

    fn look(&self) {
        drop(self.ask(&Command::Look, &JsValue::NULL));
    }
}
