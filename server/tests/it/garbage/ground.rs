//! Where garbage is thrown: a patient with a record, a stranger, and the good messages that garbage is made of.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

use minicbor::Encode;
use opaque_ke::{ClientLogin, ClientRegistration};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use protocol::api::{
    AccountState, Append, BlobCreate, DeviceWrap, Find, LogItem, PasswordStart, Profile, RecoveryFinish, RecoveryStart,
    RecoveryStarted, SignInStart, SignUpStart, SignedIn,
};
use protocol::ledger::Reach;
use protocol::opaque::Suite;
use protocol::{BlobId, Head, Ledger, Namespace, RecordId, VaultId, cbor};
use server::clock::Clock as _;
use server::router::Route;
use server::services::limits::{Limit, Limits};
use tokio::runtime::{Builder, Runtime};

use crate::person::{Person, data_part, dice, first_revision, id16, public, sign};
use crate::test_app::TestApp;

const PASSWORD: &[u8] = b"correct horse battery";

thread_local! {
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

/// How many panics this thread has seen. A test's server runs on the test's own thread.
pub(super) fn panics() -> u32 {
    PANICS.get()
}

fn listen_for_panics() {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
}

/// Draws inputs from a fixed seed, so that every run is the same. `HEALTHBRIDGE_GARBAGE=N` draws N times as many, from
/// another seed every time.
#[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
pub(super) fn runner(usual: u32) -> TestRunner {
    let times = std::env::var("HEALTHBRIDGE_GARBAGE").ok().map(|times| times.parse::<u32>().expect("a number"));
    let config = Config { failure_persistence: None, ..Config::with_cases(usual * times.unwrap_or(1)) };
    match times {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    }
}

/// Who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Nobody,
    Owner,
    Stranger,
}

pub(super) const WHO: [Who; 3] = [Who::Nobody, Who::Owner, Who::Stranger];

/// A patient with a record and an upload under way, and a patient who has nothing to do with them.
pub(super) struct Ground {
    pub(super) runtime: Runtime,
    pub(super) app: TestApp,
    pub(super) owner: Person,
    pub(super) stranger: Person,
    file: Vec<u8>,
    named: BlobId,
    unnamed: BlobId,
    places: usize,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

impl Ground {
    pub(super) fn sqlite() -> Self {
        let runtime = runtime();
        let app = runtime.block_on(TestApp::sqlite());
        Self::on(runtime, app)
    }

    pub(super) fn postgres() -> Option<Self> {
        let runtime = runtime();
        let app = runtime.block_on(TestApp::postgres())?;
        Some(Self::on(runtime, app))
    }

    fn on(runtime: Runtime, mut app: TestApp) -> Self {
        listen_for_panics();
        let often = Limit { most: u32::MAX, window: 3600 };
        let limits = Limits { attempts_by_account: often, attempts_by_address: often, sign_ups: often, finds: often };
        app.set(|state| state.limits = limits);
        let file = vec![7; 3000];
        let (named, unnamed) = (BlobId::from_bytes(id16()), BlobId::from_bytes(id16()));
        let (owner, stranger) = runtime.block_on(async {
            let mut owner = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
            let stranger = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
            for blob in [named, unnamed] {
                owner.put_blob(&app, owner.vault, blob, std::slice::from_ref(&file)).await.unwrap();
            }
            let parts = vec![data_part(), crate::person::file_part(named, std::slice::from_ref(&file))];
            let body = first_revision(RecordId::from_bytes(id16()), owner.scope, parts);
            owner.append(&app, owner.vault, body).await.unwrap();
            (owner, stranger)
        });
        let places = app.state.load.requests.available_permits();
        Self { runtime, app, owner, stranger, file, named, unnamed, places }
    }

    fn person(&self, who: Who) -> &Person {
        if who == Who::Stranger { &self.stranger } else { &self.owner }
    }

    /// A session of whoever it is.
    pub(super) fn session(&self, who: Who) -> Option<&str> {
        (who != Who::Nobody).then(|| &*self.person(who).cookie)
    }

    /// A session for this route. What ends the session that it is sent with gets one of its own.
    pub(super) async fn cookie(&self, route: &Route, who: Who) -> Option<String> {
        let session = self.session(who)?;
        let ends = ["/signup/finish", "/signin/finish", "/recovery/finish", "/signout"];
        if ends.iter().any(|end| route.path.ends_with(end)) {
            return Person::sign_in(&self.app, &self.person(who).email, PASSWORD, None).await.cookie();
        }
        Some(session.to_owned())
    }

    /// The route's path to what is the owner's.
    pub(super) fn path(&self, route: &Route) -> String {
        // A chunk that is read belongs to the record, one that is sent to the upload.
        let blob = if route.method == "GET" { self.named } else { self.unnamed };
        route
            .path
            .replace("{account}", &self.owner.account.to_string())
            .replace("{vault}", &self.owner.vault.to_string())
            .replace("{blob}", &blob.to_string())
            .replace("{number}", "0")
    }

    /// A body that the route takes from the owner, now; for the stranger, the same about the owner's vault.
    pub(super) async fn good(&self, route: &Route, who: Who) -> Vec<u8> {
        let (app, person) = (&self.app, self.person(who));
        let email = || format!("new{}@example.org", u128::from_be_bytes(id16()));
        let registration =
            || ClientRegistration::<Suite>::start(&mut dice(), PASSWORD).unwrap().message.serialize().to_vec();
        let vault = self.owner.vault;
        match (route.method, route.path.trim_start_matches("/api/v1/")) {
            ("POST", "signup/start") => encode(&SignUpStart { email: email(), registration: registration() }),
            ("POST", "signup/finish") => {
                encode(&Person::new(&email()).sign_up_message(app, PASSWORD, Profile::Patient).await.unwrap())
            }
            ("POST", "signin/start") => {
                let request = ClientLogin::<Suite>::start(&mut dice(), PASSWORD).unwrap().message.serialize().to_vec();
                encode(&SignInStart { email: person.email.clone(), request })
            }
            ("POST", "signin/finish") => {
                encode(&Person::sign_in_message(app, &person.email, PASSWORD, None).await.unwrap())
            }
            ("POST", "recovery/start") => encode(&RecoveryStart { email: person.email.clone() }),
            ("POST", "recovery/finish") => {
                let start = RecoveryStart { email: person.email.clone() };
                let started: RecoveryStarted =
                    app.call("POST", "/api/v1/recovery/start", None, &start).await.read().unwrap();
                let signature = sign(&person.recovery, Namespace::Recovery, &started.challenge);
                encode(&RecoveryFinish { attempt: started.attempt, signature })
            }
            ("POST", "password/start") => encode(&PasswordStart { registration: registration() }),
            ("POST", "password/finish") => encode(&person.password_message(app, PASSWORD, &person.key).await),
            ("PUT", "device-wrap") => encode(&DeviceWrap { wrap: vec![1; 109] }),
            ("PUT", "account/state") => {
                let signed_in: SignedIn = app.get("/api/v1/session", Some(&person.cookie)).await.read().unwrap();
                encode(&AccountState { version: signed_in.state.version, sealed: vec![1; 141] })
            }
            ("POST", "people/find") => encode(&Find { email: self.provider().await }),
            ("POST", "vaults/{vault}/log") => {
                let body = first_revision(RecordId::from_bytes(id16()), self.owner.scope, vec![data_part()]);
                let entry = person.sign_as(vault, person.author_seq + 1, app.clock.minute(), body);
                encode(&Append { entries: vec![entry] })
            }
            ("PUT", "blobs/{blob}") => encode(&BlobCreate { vault, length: self.file.len() as u64 }),
            ("PUT", "blobs/{blob}/chunks/{number}") => self.file.clone(),
            _ => Vec::new(),
        }
    }

    /// The address of a provider that can be found.
    async fn provider(&self) -> String {
        let email = "ito@example.org".to_owned();
        let mut provider = Person::new(&email);
        if let Ok(message) = provider.sign_up_message(&self.app, PASSWORD, crate::person::provider()).await {
            self.app.call("POST", "/api/v1/signup/finish", None, &message).await;
        }
        email
    }

    /// The server is well, and everything of the owner's is there, as it was.
    pub(super) async fn check_unharmed(&self) {
        let app = &self.app;
        for path in ["/healthz", "/readyz"] {
            assert_eq!(app.get(path, None).await.status, 200);
        }
        assert_eq!(panics(), 0);
        assert_eq!(self.verified(&self.owner, self.owner.vault).await.head, self.owner.seen, "the log is another one");
        for blob in [self.named, self.unnamed] {
            assert_eq!(self.owner.chunk(app, blob, 0).await, Ok(self.file.clone()));
            assert!(self.stranger.chunk(app, blob, 0).await.is_err());
        }
        assert!(self.stranger.log(app, self.owner.vault, 0).await.is_err());
        let signed_in: SignedIn = app.get("/api/v1/session", Some(&self.owner.cookie)).await.read().unwrap();
        assert_eq!((signed_in.account, signed_in.vault), (self.owner.account, Some(self.owner.vault)));
        assert_eq!((signed_in.keyring, signed_in.chain.len()), (b"keyring".to_vec(), 1));
        assert_eq!(Person::sign_in(app, &self.owner.email, PASSWORD, None).await.status, 200);
        assert_eq!(app.state.load.requests.available_permits(), self.places, "a request is still open");
    }

    /// A vault's log, folded from its first entry by the rules that clients hold servers to.
    pub(super) async fn verified(&self, owner: &Person, vault: VaultId) -> Ledger {
        let mut ledger = Ledger::new(vault, owner.account, public(&owner.key), Reach::Full);
        let mut head = Head::before(vault);
        loop {
            let page = owner.log(&self.app, vault, head.seq).await.unwrap();
            for item in &page.items {
                let LogItem::Entry(signed) = item else { panic!("an entry is withheld") };
                ledger.apply(signed).expect("the log verifies");
            }
            assert!(!page.items.is_empty() || page.head == ledger.head);
            head = ledger.head;
            if page.head == head {
                return ledger;
            }
        }
    }
}

fn encode(message: &impl Encode<()>) -> Vec<u8> {
    cbor::encode(message)
}
