//! A server that comes back from a backup, and one that only says so.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::rc::Rc;

use client::activity::What;
use client::draft::examine;
use client::password::NewPassword;
use client::platform::{Method, Platform, Request, Response, Unsent};
use client::session::SignUp;
use client::upload::{NoOutbox, Unwatched};
use client::{Alarm, ClientError, Gone, Session};
use opaque_ke::rand::RngCore as _;
use opaque_ke::{RegistrationRequest, ServerRegistration, ServerSetup};
use protocol::api::{
    AccountState, Append, Appended, BlobStatus, Conflict, LogItem, LogPage, Profile, Refusal, Restored, SignUpFinish,
    SignUpStart, SignUpStarted, SignedIn, SignedInWith, StoredChunk,
};
use protocol::opaque::Suite;
use protocol::{ApiError, Digest, Entry, Head, Minute, RecordId, Signed, VaultId, Violation, cbor};
use rand_chacha::rand_core::SeedableRng as _;
use rand_chacha_of_opaque::ChaCha20Rng;
use rand_chacha_of_opaque::rand_core::SeedableRng as _;
use vault::AccountMasterKey;
use vault::account::AccountMemory;
use vault::floe::Native;

/// What becomes of what the account remembers.
#[derive(Clone)]
enum Memory {
    /// It is kept.
    Kept,
    /// Another device of the account, which has this key, is faster each time.
    Overtaken(AccountMasterKey),
    /// The server says that another device was faster, and shows nothing newer.
    Frozen,
}

/// As much of a server as one patient needs. It checks nothing: whoever is tested does.
#[derive(Clone)]
struct Server {
    setup: ServerSetup<Suite>,
    account: Option<SignUpFinish>,
    state: AccountState,
    log: Vec<Signed<Entry>>,
    chunks: Vec<StoredChunk>,
    restored: Option<Restored>,
    /// Whether it does not say whether it was restored.
    is_silent: bool,
    takes_entries: bool,
    memory: Memory,
}

impl Server {
    fn vault(&self) -> VaultId {
        let account = self.account.as_ref().unwrap();
        let owner =
            protocol::Account::from_chain(account.chain.signer(), std::slice::from_ref(&account.chain)).unwrap();
        account.log[0].open(owner.identity()).unwrap().vault
    }

    fn head(&self) -> Head {
        self.log.iter().fold(Head::before(self.vault()), |head, signed| head.then(signed.digest()))
    }

    fn signed_in(&self) -> SignedIn {
        let account = self.account.clone().unwrap();
        SignedIn {
            account: account.chain.signer(),
            email: account.email,
            name: account.name,
            profile: account.profile,
            vault: Some(self.vault()),
            keyring: account.keyring,
            chain: vec![account.chain],
            state: self.state.clone(),
        }
    }

    /// Another device changes what the account remembers, and says nothing new.
    fn overtake(&mut self, master: &AccountMasterKey) {
        let (account, version) = (self.account.as_ref().unwrap().chain.signer(), self.state.version);
        let memory = AccountMemory::open(master, account, version, &self.state.sealed).unwrap();
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(version.into());
        let sealed = memory.seal(master, account, version + 1, &mut rng);
        self.state = AccountState { version: version + 1, sealed };
    }

    fn answer(&mut self, request: &Request) -> Result<Vec<u8>, ApiError> {
        let path = request.path.strip_prefix("/api/v1/").unwrap();
        let said = match (request.method, path.split(['/', '?']).collect::<Vec<_>>()[..].as_ref()) {
            (Method::Post, ["signup", "start"]) => {
                let message: SignUpStart = cbor::decode(&request.body).unwrap();
                let request = RegistrationRequest::deserialize(&message.registration).unwrap();
                let started = ServerRegistration::<Suite>::start(&self.setup, request, b"ann").unwrap();
                cbor::encode(&SignUpStarted { registration: started.message.serialize().to_vec() })
            }
            (Method::Post, ["signup", "finish"]) => {
                let message: SignUpFinish = cbor::decode(&request.body).unwrap();
                self.log.clone_from(&message.log);
                self.state = AccountState { version: 0, sealed: message.state.clone() };
                self.account = Some(message);
                cbor::encode(&SignedInWith { signed_in: self.signed_in(), wrap: vec![] })
            }
            (Method::Get, ["session"]) => cbor::encode(&self.signed_in()),
            (Method::Get, ["restored"]) if self.is_silent => return Err(ApiError::Unavailable),
            (Method::Get, ["restored"]) => cbor::encode(&self.restored.ok_or(ApiError::NotFound)?),
            (Method::Put, ["account", "state"]) => {
                let put: AccountState = cbor::decode(&request.body).unwrap();
                if let Memory::Overtaken(master) = self.memory.clone() {
                    self.overtake(&master);
                }
                if put.version != self.state.version || matches!(self.memory, Memory::Frozen) {
                    return Err(ApiError::Conflict(Conflict::State));
                }
                self.state = AccountState { version: put.version + 1, ..put };
                cbor::encode(&self.state)
            }
            (Method::Get, ["vaults", _, "log", after]) => {
                let after: usize = after.strip_prefix("after=").unwrap().parse().unwrap();
                let items = self.log.iter().skip(after).cloned().map(LogItem::Entry).collect();
                cbor::encode(&LogPage { head: self.head(), items, now: Minute(29_833_333) })
            }
            (Method::Post, ["vaults", _, "log"]) if !self.takes_entries => {
                return Err(ApiError::Refused(Refusal::Rule));
            }
            (Method::Post, ["vaults", _, "log"]) => {
                self.log.extend(cbor::decode::<Append>(&request.body).unwrap().entries);
                cbor::encode(&Appended { head: self.head() })
            }
            (Method::Put, ["blobs", _]) => {
                self.chunks.clear();
                vec![]
            }
            (Method::Get, ["blobs", _]) => cbor::encode(&BlobStatus { length: 0, stored: self.chunks.clone() }),
            (Method::Put, ["blobs", _, "chunks", number]) => {
                let digest = Digest::of(&request.body);
                self.chunks.push(StoredChunk { number: number.parse().unwrap(), digest });
                vec![]
            }
            other => panic!("{other:?}"),
        };
        Ok(said)
    }
}

#[derive(Clone)]
struct Device {
    server: Rc<RefCell<Server>>,
    dice: Rc<RefCell<ChaCha20Rng>>,
}

impl Platform for Device {
    type Cipher = Native;

    fn cipher(&self) -> Native {
        Native
    }

    async fn send(&self, request: Request) -> Result<Response, Unsent> {
        Ok(match self.server.borrow_mut().answer(&request) {
            Ok(body) => Response { status: 200, body },
            Err(error) => Response { status: error.status(), body: cbor::encode(&error) },
        })
    }

    async fn sleep(&self, _: u32) {}

    fn now(&self) -> Minute {
        Minute(29_833_333)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.dice.borrow_mut().fill_bytes(bytes);
    }
}

/// A patient with one record, and the server.
async fn patient() -> (Session<Device>, Device) {
    let mut dice = ChaCha20Rng::seed_from_u64(7);
    let server = Server {
        setup: ServerSetup::new(&mut dice),
        account: None,
        state: AccountState { version: 0, sealed: vec![] },
        log: vec![],
        chunks: vec![],
        restored: None,
        is_silent: false,
        takes_entries: true,
        memory: Memory::Kept,
    };
    let device = Device { server: Rc::new(RefCell::new(server)), dice: Rc::new(RefCell::new(dice)) };
    let entered = SignUp {
        email: "ann@example.org",
        name: "Ann Lee",
        profile: Profile::Patient,
        password: &NewPassword::choose("velvet anchor mosaic thunder", "ann@example.org", "Ann Lee").unwrap(),
    };
    let (session, _) = Session::sign_up(device.clone(), entered).await.unwrap();
    add(&session, "first.txt").await;
    (session, device)
}

async fn add(session: &Session<Device>, name: &str) -> RecordId {
    let content = name.as_bytes();
    let ticket = session.begin(examine(name, content, content.len() as u64, 0)).await.unwrap();
    session.run(&ticket, content, &NoOutbox, &Unwatched).await.unwrap();
    ticket.record()
}

/// What a restore is announced by.
const MARK: Option<Restored> = Some(Restored { id: [1; 16], at: Minute(29_833_334) });

async fn sync(session: &Session<Device>) -> Result<(), ClientError> {
    session.sync(session.own_vault().unwrap()).await
}

fn titles(session: &Session<Device>) -> usize {
    session.with_view(session.own_vault().unwrap(), |view| view.records().count()).unwrap()
}

const ALARM: Result<(), ClientError> = Err(ClientError::Alarm(Alarm::RolledBack));

/// What is told when so many records are gone.
fn lost(records: u64) -> Result<(), ClientError> {
    Err(ClientError::Restored { at: Minute(29_833_334), gone: Gone { lost: records, files: records, again: 0 } })
}

/// Another device of the same person.
async fn another(session: &Session<Device>, device: &Device) -> Session<Device> {
    Session::resume(device.clone(), session.master().clone()).await.unwrap()
}

/// What the activity says of restores.
fn restores(session: &Session<Device>) -> Vec<What> {
    let events = session.activity(session.own_vault().unwrap()).unwrap();
    events.iter().map(|event| event.what).filter(|what| matches!(what, What::Restored(_))).collect()
}

#[tokio::test]
async fn own_entries_that_a_restore_lost_are_written_again_as_they_were() {
    let (session, device) = patient().await;
    let backup = device.server.borrow().clone();
    add(&session, "second.txt").await;
    add(&session, "third.txt").await;
    let before = device.server.borrow().head();
    *device.server.borrow_mut() = Server { restored: MARK, ..backup };
    assert_eq!(sync(&session).await, Ok(()));
    assert_eq!(device.server.borrow().head(), before);
    // The account's memory, which is older on the server, too, is put in its place again.
    add(&session, "fourth.txt").await;
    session.forget(session.own_vault().unwrap());
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 4));
}

#[tokio::test]
async fn what_cannot_be_written_again_is_told_once() {
    let (session, device) = patient().await;
    let backup = device.server.borrow().clone();
    add(&session, "second.txt").await;
    add(&session, "third.txt").await;
    *device.server.borrow_mut() = Server { restored: MARK, takes_entries: false, ..backup };
    assert_eq!(sync(&session).await, lost(2));
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 1));
    device.server.borrow_mut().takes_entries = true;
    add(&session, "again.txt").await;
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 2));
}

#[tokio::test]
async fn an_older_log_is_an_alarm_without_a_restore_or_with_one_that_was_known() {
    for marker in [None, MARK] {
        let (session, device) = patient().await;
        device.server.borrow_mut().restored = marker;
        session.forget(session.own_vault().unwrap());
        sync(&session).await.unwrap();
        let backup = device.server.borrow().clone();
        add(&session, "second.txt").await;
        *device.server.borrow_mut() = backup;
        assert_eq!(sync(&session).await, ALARM, "{marker:?}");
        // It does not stop by being asked again.
        assert_eq!(sync(&session).await, ALARM, "{marker:?}");
    }
}

#[tokio::test]
async fn a_restore_explains_a_shorter_log_and_never_another_one() {
    let (session, device) = patient().await;
    let backup = device.server.borrow().clone();
    add(&session, "second.txt").await;
    add(&session, "third.txt").await;
    let mut other = device.server.borrow().clone();
    // As long as before, or shorter, but with one entry in another one's place.
    let last = other.log.len() - 1;
    other.log.swap(last, last - 1);
    for cut in [0, 1] {
        let mut forked = Server { restored: MARK, ..other.clone() };
        forked.log.truncate(last + 1 - cut);
        *device.server.borrow_mut() = forked;
        assert!(matches!(sync(&session).await, Err(ClientError::Alarm(_))), "{cut}");
        *device.server.borrow_mut() = Server { restored: None, ..other.clone() };
        device.server.borrow_mut().log.swap(last, last - 1);
        sync(&session).await.unwrap();
    }
    // A restore that was announced before cannot be used again.
    let whole = device.server.borrow().clone();
    *device.server.borrow_mut() = Server { restored: MARK, ..backup.clone() };
    sync(&session).await.unwrap();
    assert_eq!(device.server.borrow().head(), whole.head());
    *device.server.borrow_mut() = Server { restored: MARK, ..backup };
    assert_eq!(sync(&session).await, ALARM);
}

/// Two open devices had written in turns, and the one that comes second finds what the first has written since.
#[tokio::test]
async fn a_second_open_device_goes_on_from_what_the_first_wrote_since() {
    let (phone, device) = patient().await;
    let laptop = another(&phone, &device).await;
    let backup = device.server.borrow().clone();
    add(&phone, "second.txt").await;
    add(&laptop, "third.txt").await;
    sync(&phone).await.unwrap();
    *device.server.borrow_mut() = Server { restored: MARK, takes_entries: false, ..backup };
    assert_eq!(sync(&phone).await, lost(2));
    device.server.borrow_mut().takes_entries = true;
    for name in ["fourth.txt", "fifth.txt", "sixth.txt"] {
        add(&phone, name).await;
    }
    assert_eq!(sync(&laptop).await, lost(2));
    add(&laptop, "seventh.txt").await;
    for session in [&phone, &laptop, &another(&phone, &device).await] {
        assert_eq!((sync(session).await, titles(session)), (Ok(()), 5));
        assert_eq!(restores(session), [What::Restored(2)]);
    }
    // Known to both, it explains nothing more.
    device.server.borrow_mut().log.pop();
    for session in [&phone, &laptop] {
        assert_eq!(sync(session).await, ALARM);
        assert_eq!(sync(session).await, ALARM);
    }
}

/// The account remembers what a device saw that is gone: whoever begins anew is told, once, and is not kept out.
#[tokio::test]
async fn what_is_remembered_from_before_a_restore_keeps_nobody_out() {
    let (phone, device) = patient().await;
    let backup = device.server.borrow().clone();
    add(&phone, "second.txt").await;
    add(&phone, "third.txt").await;
    let remembered = device.server.borrow().state.clone();
    *device.server.borrow_mut() = Server { restored: MARK, takes_entries: false, state: remembered, ..backup };
    let first = another(&phone, &device).await;
    let told = Err(ClientError::Restored { at: Minute(29_833_334), gone: Gone { lost: 2, ..Gone::default() } });
    assert_eq!(sync(&first).await, told);
    for session in [first, another(&phone, &device).await] {
        assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 1));
        assert_eq!(restores(&session), [What::Restored(2)]);
    }
}

/// What an append wrote is written, although the account's memory cannot be brought up to date.
#[tokio::test]
async fn a_change_that_was_written_is_no_failure_when_remembering_it_is() {
    let (session, device) = patient().await;
    device.server.borrow_mut().memory = Memory::Overtaken(session.master().clone());
    add(&session, "second.txt").await;
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 2));
}

/// A server that takes in nothing of what the account remembers, and shows nothing newer, is not taken for a busy one,
/// nor does a restore that it makes up explain that for long.
#[tokio::test]
async fn a_memory_that_does_not_go_on_is_an_alarm() {
    let (session, device) = patient().await;
    device.server.borrow_mut().memory = Memory::Frozen;
    add(&session, "second.txt").await;
    for (marker, is_silent) in [(None, false), (None, true), (MARK, false)] {
        device.server.borrow_mut().restored = marker;
        device.server.borrow_mut().is_silent = is_silent;
        for _ in 0..2 {
            assert_eq!(sync(&session).await, Err(ClientError::Answer), "{marker:?} {is_silent}");
        }
    }
    device.server.borrow_mut().memory = Memory::Kept;
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 2));
}

/// A server that does not say whether it was restored hides nothing by that, and gets nobody to forget what was seen.
#[tokio::test]
async fn silence_about_a_restore_hides_no_alarm() {
    let (session, device) = patient().await;
    let backup = device.server.borrow().clone();
    add(&session, "second.txt").await;
    add(&session, "third.txt").await;
    let before = device.server.borrow().head();
    *device.server.borrow_mut() = Server { is_silent: true, ..backup.clone() };
    for _ in 0..3 {
        assert_eq!(sync(&session).await, ALARM);
    }
    *device.server.borrow_mut() = Server { restored: MARK, ..backup };
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 3));
    assert_eq!(device.server.borrow().head(), before);
}

/// Entries that a tampered log goes on with may verify before one does not: nothing is shown of them, and what was seen
/// before them stays as proof.
#[tokio::test]
async fn what_was_seen_before_a_tampered_log_stays() {
    for is_restored in [false, true] {
        let (phone, device) = patient().await;
        let laptop = another(&phone, &device).await;
        let backup = device.server.borrow().clone();
        add(&phone, "second.txt").await;
        for name in ["third.txt", "fourth.txt", "fifth.txt"] {
            add(&laptop, name).await;
        }
        let honest = device.server.borrow().clone();
        let mut tampered = Server { is_silent: true, ..honest.clone() };
        let last = tampered.log.len() - 1;
        tampered.log.swap(last, last - 1);
        *device.server.borrow_mut() = tampered;
        for _ in 0..2 {
            let order = Alarm::Violation(Violation::Order);
            assert_eq!(sync(&phone).await, Err(order.into()));
            assert_eq!(phone.with_view(phone.own_vault().unwrap(), |_| ()), Err(ClientError::Missing("vault")));
        }
        if is_restored {
            *device.server.borrow_mut() = Server { restored: MARK, takes_entries: false, ..backup };
            assert_eq!(sync(&phone).await, lost(1));
            assert_eq!((sync(&phone).await, titles(&phone)), (Ok(()), 1));
        } else {
            *device.server.borrow_mut() = honest;
            assert_eq!((sync(&phone).await, titles(&phone)), (Ok(()), 5));
        }
    }
}

/// A deletion that a restore undid is not forgotten because the server refuses it, and the restore is told once.
#[tokio::test]
async fn what_is_refused_is_done_again_at_a_later_sync() {
    let (session, device) = patient().await;
    let second = add(&session, "second.txt").await;
    let backup = device.server.borrow().clone();
    session.delete(session.own_vault().unwrap(), second).await.unwrap();
    *device.server.borrow_mut() = Server { restored: MARK, takes_entries: false, ..backup };
    let gone = Gone { lost: 1, ..Gone::default() };
    assert_eq!(sync(&session).await, Err(ClientError::Restored { at: Minute(29_833_334), gone }));
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 2));
    device.server.borrow_mut().takes_entries = true;
    assert_eq!((sync(&session).await, titles(&session)), (Ok(()), 1));
    assert_eq!(restores(&session), [What::Restored(1)]);
}

/// A restore that is made up later hides nothing of what an earlier one took away.
#[tokio::test]
async fn the_next_restore_does_not_hide_what_the_last_one_took() {
    let (session, device) = patient().await;
    let backup = device.server.borrow().clone();
    add(&session, "second.txt").await;
    *device.server.borrow_mut() = Server { restored: MARK, takes_entries: false, ..backup };
    assert_eq!(sync(&session).await, lost(1));

    let next = |number: u8, at: u32| Some(Restored { id: [number; 16], at: Minute(at) });
    device.server.borrow_mut().restored = next(2, 29_833_335);
    device.server.borrow_mut().takes_entries = true;
    let laptop = another(&session, &device).await;
    assert_eq!(sync(&laptop).await, Ok(()));
    assert_eq!(restores(&laptop), [What::Restored(1)]);

    let backup = device.server.borrow().clone();
    add(&laptop, "third.txt").await;
    add(&laptop, "fourth.txt").await;
    *device.server.borrow_mut() = Server { restored: next(3, 29_833_336), takes_entries: false, ..backup };
    let gone = Gone { lost: 2, files: 2, again: 0 };
    assert_eq!(sync(&laptop).await, Err(ClientError::Restored { at: Minute(29_833_336), gone }));
    for device in [&laptop, &another(&laptop, &device).await] {
        sync(device).await.unwrap();
        assert_eq!(restores(device), [What::Restored(1), What::Restored(2)]);
    }
}
