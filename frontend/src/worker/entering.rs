//! Coming in and going out: unlocking on this device, signing in and up, locking.

use std::pin::pin;
use std::rc::Rc;

use client::session::{SignUp, Who};
use client::{ClientError, Session};
use futures_util::future::{Either, join, select};
use futures_util::lock::MutexGuard;
use gloo::timers::future::TimeoutFuture;
use protocol::ApiError;
use protocol::api::Profile;
use vault::recovery::RecoveryCode;
use wasm_bindgen_futures::spawn_local;

use super::desk::Desk;
use super::following::{sync_own, sync_shared};
use super::trouble::{Failure, words};
use super::{convert, copies, passwords, uploads};
use crate::device;
use crate::kept::{self, Shelf};
use crate::message::{Answer, News};
use crate::platform::Browser;
use crate::private_files::{self, Folder};

/// How long to wait before the server is asked again that could not be reached, in milliseconds.
const TRY_AGAIN: u32 = 2_000;

/// How long the recovery kit waits for the vault to open behind it, in milliseconds.
const KIT_WAITS: u32 = 3_000;

/// How long somebody who signs out waits for the server, in milliseconds.
const SIGN_OUT_WAITS: u32 = 5_000;

/// How long somebody who leaves waits for this device's own store, and for the server until the vault is shown as locked,
/// in milliseconds.
const STORE_WAITS: u32 = 1_000;

impl Desk {
    /// Finds out who is signed in and unlocks if this device may; then looks for news, again and again.
    pub(crate) async fn start(desk: &Rc<Self>) {
        let mut is_told = false;
        while let Err(error) = Self::unlock_here(desk).await {
            let is_nobody_known = desk.signed_in.borrow().is_none();
            if error.is_alarm() && is_nobody_known {
                // Who is signed in could not be told, so nobody is led to sign in: it is asked again.
                if !std::mem::replace(&mut is_told, true) {
                    desk.trouble(&error);
                }
            } else if !error.is_passing() {
                desk.not_opened(&error);
                break;
            }
            TimeoutFuture::new(TRY_AGAIN).await;
        }
        Self::follow(desk).await;
    }

    /// Waits for a turn to open a vault, and for whoever is signing out.
    async fn come_in(&self) -> MutexGuard<'_, ()> {
        let turn = self.entering.lock().await;
        drop(self.leaving.lock().await);
        turn
    }

    /// A vault does not open, and nobody waits for it any more.
    fn not_opened(&self, failure: &Failure) {
        if failure.is_signed_out() {
            return self.let_go_of_session();
        }
        self.trouble(failure);
        self.say_status();
    }

    async fn unlock_here(desk: &Rc<Self>) -> Result<(), Failure> {
        let _turn = desk.come_in().await;
        let left = desk.left.get();
        if desk.session().is_ok() {
            return Ok(());
        }
        let signed_in = match Session::signed_in(&Browser::default()).await {
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
        if let Some(master) = device::unwrap(who.account).await? {
            let session = Session::resume(Browser::of(who.account), master).await?;
            Self::opened(desk, Rc::new(session), left).await?;
        } else {
            desk.say_status();
        }
        Ok(())
    }

    /// Takes in an unlocked session. Where somebody locked or signed out since `left` was read, nothing is opened behind
    /// their back: the session ends again.
    async fn opened(desk: &Rc<Self>, session: Rc<Session<Browser>>, left: u32) -> Result<(), Failure> {
        *desk.signed_in.borrow_mut() = Some(convert::me(session.who(), &[]));
        sync_own(desk, &session).await?;
        // Nobody else's vault keeps anyone out of their own. What did not come is looked for again soon.
        for failure in sync_shared(desk, &session).await? {
            if failure.is_signed_out() {
                return Err(failure);
            }
            if !failure.is_passing() {
                desk.trouble(&failure);
            }
        }
        if desk.left.get() != left {
            device::forget_key().await;
            let ended = Session::sign_out(session.platform()).await;
            if ended.is_ok() {
                *desk.signed_in.borrow_mut() = None;
            }
            desk.say_status();
            return Err(ended.err().map_or(Failure::Locked, |_| Failure::StillSignedIn));
        }
        *desk.session.borrow_mut() = Some(Rc::clone(&session));
        desk.nudges.listen();
        desk.say_status();
        desk.page.tell(&News::Changed);
        Self::finish_endings(desk);
        Self::resume_uploads(desk, &session).await;
        Ok(())
    }

    /// Opens the vault of an account that was just made, as often as it takes.
    async fn open_new(desk: Rc<Self>, session: Rc<Session<Browser>>) {
        let (new, left) = (session.who().account.to_string(), desk.left.get());
        *desk.signed_in.borrow_mut() = Some(convert::me(session.who(), &[]));
        loop {
            let turn = desk.come_in().await;
            // Somebody may have opened it by its password meanwhile, or left.
            let is_out = desk.left.get() != left || desk.signed_in.borrow().as_ref().is_none_or(|me| me.account != new);
            if desk.session().is_ok() || is_out {
                return;
            }
            let kept = device::keep(&session).await.map_err(Failure::from);
            let opened = match kept {
                Err(failure) if failure.is_passing() => Err(failure),
                // Without the wrap, a reload asks for the password.
                kept => {
                    if let Err(failure) = &kept
                        && failure.is_alarm()
                    {
                        desk.trouble(failure);
                    }
                    Self::opened(&desk, Rc::clone(&session), left).await
                }
            };
            let Err(failure) = opened else { return };
            if !failure.is_passing() {
                return desk.not_opened(&failure);
            }
            desk.say_status();
            drop(turn);
            TimeoutFuture::new(TRY_AGAIN).await;
        }
    }

    pub(super) async fn sign_in(desk: &Rc<Self>, email: &str, password: &str) -> Result<Answer, Failure> {
        let _turn = desk.come_in().await;
        let left = desk.left.get();
        let session = Session::sign_in(Browser::default(), email, password).await?;
        device::keep(&session).await?;
        Self::opened(desk, Rc::new(session), left).await?;
        Ok(Answer::Done)
    }

    pub(super) async fn recover(desk: &Rc<Self>, email: &str, code: &str, password: &str) -> Result<Answer, Failure> {
        let code = RecoveryCode::parse(code)?;
        let password = passwords::choose(password, email, "").await?;
        let _turn = desk.come_in().await;
        let left = desk.left.get();
        let session = Session::recover(Browser::default(), email, &code, &password).await?;
        device::keep(&session).await?;
        Self::opened(desk, Rc::new(session), left).await?;
        Ok(Answer::Done)
    }

    /// Opens the vault of whoever is signed in, by password alone.
    pub(super) async fn unlock(desk: &Rc<Self>, password: &str) -> Result<Answer, Failure> {
        let _turn = desk.come_in().await;
        let left = desk.left.get();
        let session = desk.sign_in_again(password).await?;
        Self::opened(desk, Rc::new(session), left).await?;
        Ok(Answer::Done)
    }

    /// Begins a session in place of this one, which proves that the password is known.
    async fn sign_in_again(&self, password: &str) -> Result<Session<Browser>, Failure> {
        let email = self.signed_in.borrow().as_ref().map(|me| me.email.clone()).ok_or(Failure::Gone)?;
        let session = match Session::sign_in(Browser::default(), &email, password).await {
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
    pub(super) async fn change_password(&self, old: &str, new: &str) -> Result<Answer, Failure> {
        let me = self.signed_in.borrow().clone().ok_or(Failure::Gone)?;
        let new = passwords::choose(new, &me.email, &me.name).await?;
        drop(self.leaving.lock().await);
        self.sign_in_again(old).await?.set_password(&new).await?;
        Ok(Answer::Done)
    }

    /// Ends this account's other sessions.
    pub(super) async fn sign_out_elsewhere(&self) -> Result<Answer, Failure> {
        Session::sign_out_elsewhere(&self.own_browser()).await?;
        Ok(Answer::Done)
    }

    pub(super) async fn sign_up(desk: &Rc<Self>, entered: app::vault::SignUp) -> Result<Answer, Failure> {
        let profile = match entered.provider {
            None => Profile::Patient,
            Some(provider) => Profile::Provider {
                specialty: provider.specialty,
                organisation: provider.organisation,
                verified: false,
            },
        };
        let (email, name) = (entered.email.as_str(), entered.name.trim());
        let password = &passwords::choose(&entered.password, email, name).await?;
        let sign_up = SignUp { email, name, profile, password };
        drop(desk.leaving.lock().await);
        let (session, code) = Session::sign_up(Browser::default(), sign_up).await?;
        // The code is only here, so nothing comes between it and the page: whatever else fails can be done again.
        let kit = Answer::Kit(code.groups().to_vec());
        let opening = Box::pin(Self::open_new(Rc::clone(desk), Rc::new(session)));
        if let Either::Right(((), opening)) = select(opening, TimeoutFuture::new(KIT_WAITS)).await {
            spawn_local(opening);
        }
        Ok(kit)
    }

    /// What sends requests of whoever is signed in here, and never of somebody who signed in beside.
    fn own_browser(&self) -> Browser {
        let account = self.signed_in.borrow().as_ref().and_then(|me| me.account.parse().ok());
        account.map_or_else(Browser::default, Browser::of)
    }

    /// Takes the keys off this device. It is said once the store of this device has forgotten its own, so that whoever
    /// closes a page that says so leaves none behind; a store that does not answer is not waited for.
    pub(super) async fn lock(&self) -> Result<Answer, Failure> {
        let own = self.own_browser();
        self.left.update(|left| left.wrapping_add(1));
        self.drop_keys();
        at_most(STORE_WAITS, device::forget_key()).await;
        self.say_status();
        copies::remove_all().await;
        device::take_back_wrap(&own).await?;
        Ok(Answer::Done)
    }

    /// Signs out, and takes along what this device kept. It is said once the server has ended the session, so that
    /// nobody goes on under it. While the server does not answer, and if it never does, the vault is locked.
    pub(super) async fn sign_out(&self) -> Result<Answer, Failure> {
        let _leaving = self.leaving.lock().await;
        let (own, me) = (self.own_browser(), self.signed_in.borrow().clone());
        let was_open = self.session().is_ok();
        let account = me.as_ref().map(|me| me.account.clone()).unwrap_or_default();
        self.left.update(|left| left.wrapping_add(1));
        self.uploads.stop();
        self.drop_keys();
        let told = async {
            let told = pin!(Session::sign_out(&own));
            match select(told, TimeoutFuture::new(SIGN_OUT_WAITS)).await {
                Either::Left((Ok(()) | Err(ClientError::Api(ApiError::NotSignedIn)), _)) => Ok(()),
                Either::Left((Err(_), _)) | Either::Right(_) => Err(Failure::StillSignedIn),
            }
        };
        let locked = async {
            at_most(STORE_WAITS, device::forget_key()).await;
            at_most(STORE_WAITS, forget_all(account)).await;
        };
        let both = pin!(join(told, locked));
        let (told, ()) = match select(both, TimeoutFuture::new(STORE_WAITS)).await {
            Either::Left((done, _)) => done,
            Either::Right(((), both)) => {
                self.say_status();
                both.await
            }
        };
        // A vault that was being opened before may be open by now.
        let is_same = *self.signed_in.borrow() == me && self.session().is_err();
        if told.is_ok() && is_same {
            *self.signed_in.borrow_mut() = None;
            self.files.borrow_mut().clear();
        }
        self.say_status();
        told.inspect_err(|failure| {
            // The page that asked is gone when its vault locks, and its words with it.
            if was_open {
                self.page.tell(&News::Alarm(words(failure)));
            }
        })?;
        Ok(Answer::Done)
    }
}

/// Forgets what this device kept of the log, copies that were saved, and whatever was to become a record of an account.
async fn forget_all(account: String) {
    copies::remove_all().await;
    private_files::remove_before(Folder::Bodies, f64::INFINITY).await;
    // Where there is no store, nothing was kept.
    drop(kept::clear(Shelf::Logs).await);
    uploads::clear_all_of(&account).await;
}

/// Waits for something, and after so many milliseconds lets it go on by itself.
async fn at_most(milliseconds: u32, work: impl Future<Output = ()> + 'static) {
    if let Either::Right(((), work)) = select(Box::pin(work), TimeoutFuture::new(milliseconds)).await {
        spawn_local(work);
    }
}
