//! Coming in and going out: unlocking on this device, signing in and up, locking.

use std::rc::Rc;

use client::session::{SignUp, Who};
use client::{ClientError, Session};
use gloo::timers::future::TimeoutFuture;
use protocol::ApiError;
use protocol::api::Profile;
use vault::recovery::RecoveryCode;

use super::desk::Desk;
use super::following::sync;
use super::trouble::Failure;
use super::{convert, copies};
use crate::device;
use crate::kept::{self, Shelf};
use crate::message::{Answer, News};
use crate::platform::Browser;

impl Desk {
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
        Self::follow(desk).await;
    }

    async fn unlock_here(desk: &Rc<Self>) -> Result<(), Failure> {
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
            Self::opened(desk, Session::resume(Browser::of(who.account), master).await?).await?;
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

    pub(super) async fn sign_in(desk: &Rc<Self>, email: &str, password: &str) -> Result<Answer, Failure> {
        let session = Session::sign_in(Browser::default(), email, password).await?;
        device::keep(&session).await?;
        Self::opened(desk, session).await?;
        Ok(Answer::Done)
    }

    pub(super) async fn recover(desk: &Rc<Self>, email: &str, code: &str, password: &str) -> Result<Answer, Failure> {
        let code = RecoveryCode::parse(code)?;
        let session = Session::recover(Browser::default(), email, &code, password).await?;
        device::keep(&session).await?;
        Self::opened(desk, session).await?;
        Ok(Answer::Done)
    }

    /// Opens the vault of whoever is signed in, by password alone.
    pub(super) async fn unlock(desk: &Rc<Self>, password: &str) -> Result<Answer, Failure> {
        let email = desk.signed_in.borrow().as_ref().map(|me| me.email.clone()).ok_or(Failure::Gone)?;
        let session = match Session::sign_in(Browser::default(), &email, password).await {
            Err(ClientError::Password(_) | ClientError::Api(ApiError::WrongCredentials)) => {
                return Err(Failure::WrongPassword);
            }
            session => session?,
        };
        device::keep(&session).await?;
        Self::opened(desk, session).await?;
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
        let sign_up = SignUp { email: &entered.email, name: entered.name.trim(), profile, password: &entered.password };
        let (session, code) = Session::sign_up(Browser::default(), sign_up).await?;
        device::keep(&session).await?;
        Self::opened(desk, session).await?;
        Ok(Answer::Kit(code.groups().to_vec()))
    }

    /// What sends requests of whoever is signed in here, and never of somebody who signed in beside.
    fn own_browser(&self) -> Browser {
        let account = self.signed_in.borrow().as_ref().and_then(|me| me.account.parse().ok());
        account.map_or_else(Browser::default, Browser::of)
    }

    /// Takes the keys off this device.
    pub(super) async fn lock(&self) -> Result<Answer, Failure> {
        let own = self.own_browser();
        self.drop_keys();
        self.say_status();
        copies::remove_all().await;
        device::forget(&own).await?;
        Ok(Answer::Done)
    }

    /// Signs out, and takes along what this device kept.
    pub(super) async fn sign_out(&self) -> Result<Answer, Failure> {
        let own = self.own_browser();
        self.drop_keys();
        *self.signed_in.borrow_mut() = None;
        self.say_status();
        copies::remove_all().await;
        // What this device kept of the log goes too. Where there is no store, nothing was kept.
        drop(kept::clear(Shelf::Logs).await);
        device::forget(&own).await?;
        match Session::sign_out(&own).await {
            Ok(()) | Err(ClientError::Api(ApiError::NotSignedIn)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Answer::Done)
    }
}
