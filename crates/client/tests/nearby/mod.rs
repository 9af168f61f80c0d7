//! A server nearby: in memory, for one patient with one vault, and with a device's shelves. It gives what it is told
//! to give; what it gave is counted.

#![allow(dead_code, reason = "tests and benchmarks use different parts of it")]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use client::platform::{KeptLog, Method, Request, Response, Unsent};
use client::{Platform, Session};
use protocol::api::{
    AccountState, Append, Appended, BlobStatus, Conflict, LogItem, LogPage, MAX_ENTRIES, Person, Profile, Refusal,
    Restored, SignedIn,
};
use protocol::entry::{
    Blob, Body, Content, Entry, Origin, Part, PartKind, RecordKey as RecordKeyEntry, Revision, ScopeEpoch, VERSION,
    VaultEpoch,
};
use protocol::ledger::{Outcome, Reach};
use protocol::{
    AccountId, ApiError, BlobId, Digest, GrantId, Head, Ledger, Minute, RecordId, ScopeId, Signed, VaultId, cbor,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use records::{Category, Date, Kind, Metadata};
use vault::account::{AccountKeys, AccountMemory};
use vault::envelope::seal_envelope;
use vault::floe::Native;
use vault::{AccountMasterKey, ContentKey, KeyContext, RecordKey, ScopeSeed, SealContext, VaultKey};

pub(crate) const OWNER: AccountId = AccountId::from_bytes([1; 16]);
pub(crate) const DOCTOR: AccountId = AccountId::from_bytes([4; 16]);
pub(crate) const VAULT: VaultId = VaultId::from_bytes([2; 16]);
const SCOPE: ScopeId = ScopeId::from_bytes([3; 16]);
const BLOBS: &str = "/api/v1/blobs/";

/// Nothing here waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("everything is in memory"),
    }
}

/// The server and the device, shared by every session that runs on them.
#[derive(Clone)]
pub(crate) struct Nearby(Rc<Inner>);

pub(crate) struct Inner {
    master: AccountMasterKey,
    keys: AccountKeys,
    doctor: AccountKeys,
    /// Whom somebody can share with.
    pub(crate) person: Person,
    signed_in: RefCell<SignedIn>,
    log: RefCell<Vec<Signed<Entry>>>,
    pub(crate) head: Cell<Head>,
    seed: ScopeSeed,
    record_keys: RefCell<BTreeMap<RecordId, RecordKey>>,
    rng: RefCell<ChaCha20Rng>,
    /// Items of the log that were asked for.
    pub(crate) given: Cell<usize>,
    /// The last restore from a backup that the server tells of, and whether it takes entries.
    pub(crate) restored: Cell<Option<Restored>>,
    pub(crate) takes_entries: Cell<bool>,
    /// What happens just before the next entries come. Whether these are too late then is judged by the rules.
    race: RefCell<Option<Box<dyn FnOnce()>>>,
    /// What the next requests for blobs come to, in place of an answer.
    pub(crate) mood: RefCell<VecDeque<Result<Response, Unsent>>>,
    /// How long was waited each time, in milliseconds.
    pub(crate) waited: RefCell<Vec<u32>>,
    /// Whether the device keeps logs, and which pages it has.
    pub(crate) keeps: Cell<bool>,
    pub(crate) pages: RefCell<BTreeMap<(KeptLog, u64), Vec<u8>>>,
}

impl std::ops::Deref for Nearby {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What a server has at one time.
pub(crate) struct Backup {
    log: Vec<Signed<Entry>>,
    head: Head,
    signed_in: SignedIn,
}

/// The id of the record of this number.
pub(crate) fn record_id(number: u64) -> RecordId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    RecordId::from_bytes(bytes)
}

/// How a server refuses.
pub(crate) fn refusal(error: &ApiError) -> Response {
    Response { status: error.status(), body: cbor::encode(error) }
}

impl Nearby {
    /// A vault with its first category and this many records. Everything is drawn from the seed.
    pub(crate) fn with_records(count: u64, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (keys, genesis) = AccountKeys::make(OWNER, &mut rng).unwrap();
        let master = AccountMasterKey::make(&mut rng);
        let (vault_key, seed) = (VaultKey::make(&mut rng), ScopeSeed::make(&mut rng));
        let signed_in = SignedIn {
            account: OWNER,
            email: "maya@example.org".to_owned(),
            name: "Maya".to_owned(),
            profile: Profile::Patient,
            vault: Some(VAULT),
            keyring: keys.seal(&master, &mut rng),
            chain: vec![genesis],
            state: AccountState { version: 0, sealed: AccountMemory::default().seal(&master, OWNER, 0, &mut rng) },
        };
        let label = SealContext::ScopeLabel(VAULT, SCOPE, 0);
        let bodies = [
            Body::Genesis(keys.identity.public()),
            Body::VaultEpoch(VaultEpoch {
                epoch: 0,
                commitment: vault_key.commitment(),
                wrapped: master.wrap_vault_key(&KeyContext::Vault(VAULT, 0), &vault_key, &mut rng),
                previous: None,
            }),
            Body::ScopeEpoch(ScopeEpoch {
                scope: SCOPE,
                epoch: 0,
                vault_epoch: 0,
                commitment: seed.commitment(),
                wrapped: vault_key.wrap_seed(&KeyContext::Scope(VAULT, SCOPE, 0), &seed, &mut rng),
                previous: None,
                label: seal_envelope(&seed.derive_metadata_key(), &label, &[Category::Imaging.code()], &mut rng),
            }),
        ];
        let (doctor, chain) = AccountKeys::make(DOCTOR, &mut rng).unwrap();
        let person = Person {
            account: DOCTOR,
            email: "ito@example.org".to_owned(),
            name: "Dr Kenji Ito".to_owned(),
            profile: Profile::Provider { specialty: String::new(), organisation: String::new(), verified: true },
            chain: vec![chain],
        };
        let nearby = Self(Rc::new(Inner {
            master,
            keys,
            doctor,
            person,
            signed_in: RefCell::new(signed_in),
            log: RefCell::default(),
            head: Cell::new(Head::before(VAULT)),
            seed,
            record_keys: RefCell::default(),
            rng: RefCell::new(rng),
            given: Cell::new(0),
            restored: Cell::new(None),
            takes_entries: Cell::new(true),
            race: RefCell::default(),
            mood: RefCell::default(),
            waited: RefCell::default(),
            keeps: Cell::new(true),
            pages: RefCell::default(),
        }));
        nearby.append(bodies);
        nearby.append((0..count).map(|number| nearby.record(number)));
        nearby
    }

    /// Unlocks on this device, as after a reload.
    pub(crate) fn session(&self) -> Session<Self> {
        let master = self.master.lend(|bytes| AccountMasterKey::from_device(*bytes));
        now(Session::resume(self.clone(), master)).unwrap()
    }

    /// What another device of the owner writes.
    pub(crate) fn append(&self, bodies: impl IntoIterator<Item = Body>) {
        let next = self.log.borrow().len() as u64 + 1;
        for (author_seq, body) in (next..).zip(bodies) {
            let seen = self.head.get();
            let entry = Entry { version: VERSION, vault: VAULT, author: OWNER, author_seq, seen, at: Minute(1), body };
            self.take(self.keys.identity.sign_message(&entry));
        }
    }

    /// The doctor gives a share back.
    pub(crate) fn give_back(&self, grant: GrantId) {
        let (seen, body) = (self.head.get(), Body::Revocation(grant));
        let entry = Entry { version: VERSION, vault: VAULT, author: DOCTOR, author_seq: 1, seen, at: Minute(2), body };
        self.take(self.doctor.identity.sign_message(&entry));
    }

    /// Lets something happen just before the next entries come.
    pub(crate) fn race(&self, happens: impl FnOnce() + 'static) {
        *self.race.borrow_mut() = Some(Box::new(happens));
    }

    fn take(&self, signed: Signed<Entry>) {
        self.head.set(self.head.get().then(signed.digest()));
        self.log.borrow_mut().push(signed);
    }

    /// Whether entries come too late to change anything.
    fn is_late(&self, append: &Append) -> bool {
        let mut ledger = Ledger::new(VAULT, OWNER, self.keys.identity.public(), Reach::Full);
        for signed in &*self.log.borrow() {
            ledger.apply(signed).unwrap();
        }
        let mut applied = append.entries.iter().map(|signed| ledger.apply(signed).map(|verified| verified.outcome));
        applied.any(|outcome| outcome != Ok(Outcome::Accepted))
    }

    /// Does to the log what no honest server does.
    pub(crate) fn tamper(&self, how: impl FnOnce(&mut Vec<Signed<Entry>>)) {
        let mut log = self.log.borrow_mut();
        how(&mut log);
        self.head.set(log.iter().fold(Head::before(VAULT), |head, signed| head.then(signed.digest())));
    }

    /// What the server has now.
    pub(crate) fn backup(&self) -> Backup {
        Backup { log: self.log.borrow().clone(), head: self.head.get(), signed_in: self.signed_in.borrow().clone() }
    }

    /// Brings the server back to a backup.
    pub(crate) fn bring_back(&self, backup: &Backup) {
        self.log.borrow_mut().clone_from(&backup.log);
        self.head.set(backup.head);
        self.signed_in.borrow_mut().clone_from(&backup.signed_in);
    }

    /// A new record, with a file and a small picture.
    pub(crate) fn record(&self, number: u64) -> Body {
        let (record, key) = (record_id(number), RecordKey::make(&mut *self.rng.borrow_mut()));
        let entry = self.record_key(record, 0, &key, None);
        let revision = self.revision(number, 0, &key);
        self.record_keys.borrow_mut().insert(record, key);
        Body::Revision(Revision { key: Some(entry), ..revision })
    }

    /// A record's next key, and the record sealed anew under it.
    pub(crate) fn sealed_anew(&self, number: u64) -> [Body; 2] {
        let (record, key) = (record_id(number), RecordKey::make(&mut *self.rng.borrow_mut()));
        let before = self.record_keys.borrow_mut().insert(record, key.clone()).unwrap();
        let entry = self.record_key(record, 1, &key, Some(&before));
        [Body::RecordKey(entry), Body::Revision(self.revision(number, 1, &key))]
    }

    fn record_key(
        &self,
        record: RecordId,
        generation: u32,
        key: &RecordKey,
        before: Option<&RecordKey>,
    ) -> RecordKeyEntry {
        let rng = &mut *self.rng.borrow_mut();
        let wrapped = KeyContext::Record { vault: VAULT, record, generation, scope: SCOPE, epoch: 0 };
        let previous = KeyContext::RecordPrevious(VAULT, record, 0);
        RecordKeyEntry {
            record,
            generation,
            scope: SCOPE,
            epoch: 0,
            commitment: key.commitment(),
            wrapped: self.seed.wrap_record_key(&wrapped, key, rng),
            previous: before.map(|before| key.wrap_previous(&previous, before, rng)),
        }
    }

    /// A revision whose parts are all sealed for it, under the key of the same number.
    fn revision(&self, record_number: u64, number: u32, key: &RecordKey) -> Revision {
        let rng = &mut *self.rng.borrow_mut();
        let (record, generation) = (record_id(record_number), number);
        let origin = Origin { revision: number, generation, author: OWNER };
        let metadata = Metadata {
            title: format!("CT of the chest {record_number}"),
            category: Category::Imaging,
            date: Date::from_iso("2026-11-12"),
            notes: "Keep an eye on potassium".to_owned(),
            file_name: format!("scan-{record_number:04}.dcm"),
            kind: Kind::Dicom,
            size: 1_000 + record_number,
        };
        let mut part = |kind: PartKind| {
            let content_key = ContentKey::make(rng);
            let context = KeyContext::Content { vault: VAULT, record, generation, part: kind, origin };
            let content = if kind == PartKind::Data {
                let context = SealContext::Part { vault: VAULT, record, part: kind, origin };
                Content::Inline(seal_envelope(&content_key, &context, &metadata.encode(), rng))
            } else {
                Content::Blob(Blob {
                    id: BlobId::from_bytes(*record.as_bytes()),
                    header: vec![7; 74],
                    length: 2_000,
                    digest: Digest::of(b"chunks"),
                })
            };
            Part { kind, origin, key: key.wrap_content_key(&context, &content_key, rng), content }
        };
        let parts = [PartKind::Data, PartKind::File, PartKind::Thumbnail].map(&mut part).to_vec();
        Revision { record, number, generation, key: None, parts }
    }

    fn answer(&self, request: &Request) -> Vec<u8> {
        let log = format!("/api/v1/vaults/{VAULT}/log");
        match (request.method, request.path.as_str()) {
            (Method::Get, "/api/v1/session") => cbor::encode(&*self.signed_in.borrow()),
            (Method::Put, "/api/v1/account/state") => {
                let put: AccountState = cbor::decode(&request.body).unwrap();
                let state = &mut self.signed_in.borrow_mut().state;
                *state = AccountState { version: put.version + 1, sealed: put.sealed };
                cbor::encode(state)
            }
            (Method::Post, path) if path == log => {
                let append: Append = cbor::decode(&request.body).unwrap();
                append.entries.into_iter().for_each(|signed| self.take(signed));
                cbor::encode(&Appended { head: self.head.get() })
            }
            (Method::Get, path) if path == format!("/api/v1/people/{DOCTOR}") => cbor::encode(&self.person),
            (Method::Get, path) if path.starts_with(BLOBS) => {
                cbor::encode(&BlobStatus { length: 0, stored: Vec::new() })
            }
            (Method::Put, path) if path.starts_with(BLOBS) => Vec::new(),
            (Method::Get, path) => {
                let after = path.strip_prefix(&format!("{log}?after=")).unwrap().parse::<usize>().unwrap();
                let log = self.log.borrow();
                let items: Vec<_> = log.iter().skip(after).take(MAX_ENTRIES).cloned().map(LogItem::Entry).collect();
                self.given.set(self.given.get() + items.len());
                let head = self.head.get();
                cbor::encode(&LogPage { head, items, now: Minute(2) })
            }
            (method, path) => unreachable!("{} {path}", method.name()),
        }
    }
}

impl Platform for Nearby {
    type Cipher = Native;

    fn cipher(&self) -> Native {
        Native
    }

    async fn send(&self, request: Request) -> Result<Response, Unsent> {
        let refused = |error: ApiError| Ok(refusal(&error));
        if request.path == "/api/v1/restored" {
            return match self.restored.get() {
                Some(restored) => Ok(Response { status: 200, body: cbor::encode(&restored) }),
                None => refused(ApiError::NotFound),
            };
        }
        if request.method == Method::Post && !self.takes_entries.get() {
            return refused(ApiError::Refused(Refusal::Rule));
        }
        if request.path.starts_with(BLOBS)
            && let Some(mood) = self.mood.borrow_mut().pop_front()
        {
            return mood;
        }
        if request.method == Method::Post
            && let Some(happens) = self.race.take()
        {
            happens();
            if self.is_late(&cbor::decode(&request.body).unwrap()) {
                return refused(ApiError::Conflict(Conflict::Log));
            }
        }
        Ok(Response { status: 200, body: self.answer(&request) })
    }

    async fn sleep(&self, milliseconds: u32) {
        self.waited.borrow_mut().push(milliseconds);
    }

    fn now(&self) -> Minute {
        Minute(2)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.rng.borrow_mut().fill_bytes(bytes);
    }

    fn keeps_logs(&self) -> bool {
        self.keeps.get()
    }

    async fn keep_page(&self, log: KeptLog, number: u64, sealed: &[u8]) {
        self.pages.borrow_mut().insert((log, number), sealed.to_vec());
    }

    async fn kept_page(&self, log: KeptLog, number: u64) -> Option<Vec<u8>> {
        self.pages.borrow().get(&(log, number)).cloned()
    }

    async fn drop_log(&self, log: KeptLog) {
        self.pages.borrow_mut().retain(|(kept, _), _| *kept != log);
    }
}
