//! Three people who have signed up. It happens once: most tests begin with a copy of what the server kept then.

use std::rc::Rc;
use std::sync::OnceLock;

use client::session::SignUp;
use client::{ClientError, Platform, Session};
use protocol::api::Profile;
use vault::AccountMasterKey;

use crate::acts::{PASSWORD, chosen, provider};
use crate::host::{Files, Host};
use crate::line::Line;

/// What a person's devices keep.
pub(crate) struct Kept {
    pub(crate) email: String,
    cookie: String,
    master: AccountMasterKey,
}

impl Kept {
    /// Signs up.
    pub(crate) async fn sign_up(host: &Rc<Host>, name: &str, profile: Profile) -> Self {
        let email = format!("{}@example.org", name.to_lowercase());
        let entered = SignUp { email: &email, name, profile, password: &chosen(PASSWORD) };
        let (session, _) = Session::sign_up(Line::new(host, None), entered).await.unwrap();
        let (cookie, master) = (session.platform().cookie().unwrap(), session.master().clone());
        Self { email, cookie, master }
    }

    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// One of the devices, unlocked with the key that it kept.
    pub(crate) async fn try_device(&self, host: &Rc<Host>) -> Result<Session<Line>, ClientError> {
        self.over(Line::new(host, Some(self.cookie.clone()))).await
    }

    /// The same over another connection, which must have the cookie.
    pub(crate) async fn over<P: Platform>(&self, platform: P) -> Result<Session<P>, ClientError> {
        Session::resume(platform, self.master.clone()).await
    }

    /// The same, where the server is there.
    pub(crate) async fn device(&self, host: &Rc<Host>) -> Session<Line> {
        self.try_device(host).await.unwrap()
    }
}

/// The world as it was left after everybody had signed up.
pub(crate) struct World {
    pub(crate) files: Files,
    /// A patient.
    pub(crate) maya: Kept,
    /// Her cardiologist.
    pub(crate) ito: Kept,
    /// Her general practitioner.
    pub(crate) noor: Kept,
}

pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        // Tests have runtimes of their own, and the first of them to come here is already in one.
        let made = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let host = Host::new();
                host.start();
                let maya = Kept::sign_up(&host, "Maya", Profile::Patient).await;
                let ito = Kept::sign_up(&host, "Ito", provider()).await;
                let noor = Kept::sign_up(&host, "Noor", provider()).await;
                host.stop();
                World { files: host.files(), maya, ito, noor }
            })
        });
        made.join().unwrap()
    })
}

/// The world after something more happened.
pub(crate) async fn after(happened: impl AsyncFnOnce(&Rc<Host>)) -> Files {
    let host = Host::on(&world().files);
    host.start();
    happened(&host).await;
    host.stop();
    host.files()
}
