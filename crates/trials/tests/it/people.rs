//! Four people who have signed up, and what they do with their devices.
//!
//! Signing up and in costs a fifth of a second of Argon2 each, so it happens once: every test begins with a copy of the
//! database in which it happened, and devices that were unlocked then.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use client::session::SignUp;
use client::share::Wish;
use client::{ClientError, Session};
use protocol::api::{Person, Profile};
use protocol::{Account, GrantId};
use server::blobs::Blobs;
use server::random::SystemRandom;
use server::secrets::Secrets;
use vault::AccountMasterKey;
use vault::account::AccountKeys;

use crate::acts::{compare, give};
use crate::host::Host;
use crate::wire::Wire;

pub(crate) use crate::acts::{PASSWORD, add, chosen, draft, provider, read, take_up, verify};

/// Somebody who has signed up, and one of that person's devices.
pub(crate) struct Kept {
    pub(crate) email: &'static str,
    cookie: String,
    master: AccountMasterKey,
}

/// The world as it was left after everybody had signed up.
struct World {
    database: Vec<u8>,
    secrets: Arc<Secrets>,
    maya: Kept,
    ito: Kept,
    noor: Kept,
    mallory: Kept,
}

/// A person of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A patient.
    Maya,
    /// Her cardiologist.
    Ito,
    /// Her general practitioner.
    Noor,
    /// Somebody who works with a server that lies.
    Mallory,
}

impl Who {
    fn kept(self) -> &'static Kept {
        let world = world();
        match self {
            Self::Maya => &world.maya,
            Self::Ito => &world.ito,
            Self::Noor => &world.noor,
            Self::Mallory => &world.mallory,
        }
    }

    pub(crate) fn email(self) -> &'static str {
        self.kept().email
    }

    /// This person's device, unlocked with the key that it kept.
    pub(crate) async fn device(self, host: &Rc<Host>) -> Session<Wire> {
        self.try_device(Wire::new(host, None)).await.unwrap()
    }

    /// The same, over a wire of one's own.
    pub(crate) async fn try_device(self, wire: Wire) -> Result<Session<Wire>, ClientError> {
        let kept = self.kept();
        wire.set_cookie(&kept.cookie);
        Session::resume(wire, kept.master.clone()).await
    }

    /// This person's secret keys, for a test that forges.
    pub(crate) async fn keys(self, host: &Rc<Host>) -> AccountKeys {
        let session = self.device(host).await;
        let signed_in = Session::signed_in(session.platform()).await.unwrap();
        let chain = Account::from_chain(signed_in.account, &signed_in.chain).unwrap();
        AccountKeys::open(session.master(), &chain, &signed_in.keyring).unwrap()
    }
}

async fn sign_up(host: &Rc<Host>, email: &'static str, name: &str, profile: Profile) -> Kept {
    let entered = SignUp { email, name, profile, password: &chosen(PASSWORD) };
    let (session, _) = Session::sign_up(Wire::new(host, None), entered).await.unwrap();
    Kept { email, cookie: session.platform().cookie().unwrap(), master: session.master().clone() }
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        // Tests have runtimes of their own, and the first of them to come here may already be in one.
        let made = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let secrets = Arc::new(Secrets::make(&SystemRandom));
                let host = Host::on(None, secrets.clone(), Blobs::memory()).await;
                let maya = sign_up(&host, "maya@example.org", "Maya Lind", Profile::Patient).await;
                let ito = sign_up(&host, "ito@example.org", "Ken Ito", provider()).await;
                let noor = sign_up(&host, "noor@example.org", "Noor Haddad", provider()).await;
                let mallory = sign_up(&host, "mallory@example.org", "Mallory", provider()).await;
                World { database: host.database().await, secrets, maya, ito, noor, mallory }
            })
        });
        made.join().unwrap()
    })
}

/// A server of one's own on which everybody has signed up and nothing else happened.
pub(crate) async fn host() -> Rc<Host> {
    host_over(Blobs::memory()).await
}

/// The same, over blobs of one's own.
pub(crate) async fn host_over(blobs: Blobs) -> Rc<Host> {
    let world = world();
    Host::on(Some(&world.database), world.secrets.clone(), blobs).await
}

/// A server on which nobody has signed up.
pub(crate) async fn empty_host() -> Rc<Host> {
    Host::on(None, world().secrets.clone(), Blobs::memory()).await
}

/// Finds a person, compares the safety phrase in person, and shares.
pub(crate) async fn share(session: &Session<Wire>, with: Who, wish: Wish) -> Result<GrantId, ClientError> {
    give(session, with.email(), wish).await
}

/// Finds a person and compares the safety phrase.
pub(crate) async fn compared(session: &Session<Wire>, with: Who) -> Result<Person, ClientError> {
    compare(session, with.email()).await
}

/// How many entries the log has, as Maya's device verifies it.
pub(crate) async fn entries(host: &Rc<Host>) -> u64 {
    let session = Who::Maya.device(host).await;
    let vault = session.own_vault().unwrap();
    session.sync(vault).await.unwrap();
    session.with_view(vault, |view| view.head().seq).unwrap()
}
