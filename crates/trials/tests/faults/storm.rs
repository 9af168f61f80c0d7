//! Several devices upload, share, stop, open and read at once, while the server is killed at moments that a seed
//! draws. Whatever was acknowledged is there at the end, and nothing else.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use client::share::Wish;
use client::upload::{NoOutbox, Ticket};
use client::{ClientError, Platform as _, Session};
use futures_util::future::{join, join_all};
use protocol::api::{Person, Profile};
use protocol::{ApiError, GrantId, Level, RecordId, VaultId};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use records::Category;

use crate::acts::{GivesUp, draft, provider, read, verify};
use crate::database::Postgres;
use crate::host::{Host, PATIENCE, until};
use crate::line::Line;
use crate::people::Kept;

/// Draws what happens next.
struct Dice(RefCell<ChaCha8Rng>);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(RefCell::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    fn below(&self, most: usize) -> usize {
        usize::try_from(self.0.borrow_mut().next_u64() % most as u64).unwrap()
    }

    fn bytes(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.borrow_mut().fill_bytes(&mut bytes);
        bytes
    }

    fn one_of<'a, T>(&self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }
}

/// What was acknowledged in a storm.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    kills: usize,
    records: usize,
    shares: usize,
    stops: usize,
    reads: usize,
    /// Operations that had to be done again.
    again: usize,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, records, shares, stops, reads, again } = self;
        write!(
            f,
            "{kills} kills, {records} records, {shares} shares, {stops} stopped, {reads} reads, {again} done again"
        )
    }
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.records += other.records;
        self.shares += other.shares;
        self.stops += other.stops;
        self.reads += other.reads;
        self.again += other.again;
    }
}

/// A patient, and what the server acknowledged of the patient's vault.
struct Patient {
    kept: Kept,
    vault: VaultId,
    records: RefCell<BTreeMap<RecordId, (String, Vec<u8>)>>,
    shares: RefCell<BTreeSet<GrantId>>,
    stopped: RefCell<BTreeSet<GrantId>>,
}

struct Storm {
    host: Rc<Host>,
    dice: Dice,
    over: Cell<bool>,
    totals: Cell<Totals>,
    patients: Vec<Patient>,
    providers: Vec<Kept>,
}

/// What is done again: the server was away, or another device was faster, or the device gave up when it was away.
fn passes(error: &ClientError) -> bool {
    error.is_passing() || matches!(error, ClientError::Busy | ClientError::Cancelled)
}

/// What a reader finds when a share was stopped meanwhile.
fn has_ended(error: &ClientError) -> bool {
    matches!(error, ClientError::Api(ApiError::NotFound | ApiError::Refused(_)) | ClientError::Missing(_))
}

impl Storm {
    fn count(&self, change: impl FnOnce(&mut Totals)) {
        let mut totals = self.totals.get();
        change(&mut totals);
        self.totals.set(totals);
    }

    /// Does something until it is acknowledged.
    async fn insist<T>(&self, what: &str, attempt: impl AsyncFn() -> Result<T, ClientError>) -> T {
        let insisting = async {
            loop {
                match attempt().await {
                    Ok(done) => return done,
                    Err(error) => assert!(passes(&error), "{what}: {error:?}\n{}", self.host.log()),
                }
                self.count(|totals| totals.again += 1);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(2 * PATIENCE, insisting).await.unwrap_or_else(|_| panic!("in vain: {what}"))
    }

    async fn device(&self, kept: &Kept) -> Session<Line> {
        self.insist("unlocking", async || kept.try_device(&self.host).await).await
    }

    /// One of a patient's devices, until the storm is over. It finishes what it has begun.
    async fn write(&self, patient: &Patient) {
        let device = self.device(&patient.kept).await;
        let mut people = Vec::new();
        for provider in &self.providers {
            people.push(self.insist("finding", async || device.find(&provider.email).await).await);
        }
        for number in 0.. {
            if self.over.get() {
                return;
            }
            match self.dice.below(10) {
                0..5 => self.upload(patient, &device, number).await,
                5..7 => self.share(patient, &device, &people).await,
                7 => self.stop(patient, &device).await,
                _ => self.reread(patient, &device).await,
            }
        }
    }

    async fn upload(&self, patient: &Patient, device: &Session<Line>, number: usize) {
        // Now and then one of two chunks.
        let length = if self.dice.below(16) == 0 { (8 << 20) + 1000 } else { 1 + self.dice.below(200_000) };
        let (title, content) = (format!("Result {number}"), self.dice.bytes(length));
        let draft = draft(&title, Category::Laboratory, &content);
        let ticket: Ticket = self.insist("beginning", async || device.begin(draft.clone()).await).await;
        let run = async || device.run(&ticket, &content[..], &NoOutbox, &GivesUp::default()).await;
        let record = self.insist("uploading", run).await;
        patient.records.borrow_mut().insert(record, (title, content));
        self.count(|totals| totals.records += 1);
    }

    async fn share(&self, patient: &Patient, device: &Session<Line>, people: &[Person]) {
        let Some(person) = self.dice.one_of(people) else { return };
        let records: Vec<RecordId> = patient.records.borrow().keys().copied().collect();
        let wish = match (self.dice.one_of(&records), self.dice.below(8)) {
            (Some(record), 0..4) => Wish::Record(*record),
            (_, 4) => Wish::Everything,
            _ => Wish::Category(Category::Laboratory),
        };
        self.insist("comparing", async || device.confirm_phrase(person).await).await;
        let share = async || device.share(person, wish, Level::Download, None).await;
        let grant = self.insist("sharing", share).await;
        if patient.shares.borrow_mut().insert(grant) {
            self.count(|totals| totals.shares += 1);
        }
    }

    async fn stop(&self, patient: &Patient, device: &Session<Line>) {
        let live: Vec<GrantId> = patient.shares.borrow().difference(&patient.stopped.borrow()).copied().collect();
        let Some(grant) = self.dice.one_of(&live) else { return };
        self.insist("stopping", async || device.stop(patient.vault, *grant).await).await;
        if patient.stopped.borrow_mut().insert(*grant) {
            self.count(|totals| totals.stops += 1);
        }
    }

    /// What was acknowledged is there at any time.
    async fn reread(&self, patient: &Patient, device: &Session<Line>) {
        let records: Vec<RecordId> = patient.records.borrow().keys().copied().collect();
        let Some(record) = self.dice.one_of(&records) else { return };
        self.insist("syncing", async || device.sync(patient.vault).await).await;
        let content = self.insist("reading", async || read(device, patient.vault, *record).await).await;
        assert!(content == patient.records.borrow().get(record).unwrap().1, "another content");
        self.count(|totals| totals.reads += 1);
    }

    /// A provider's device, until the storm is over: takes up what is shared and reads of it.
    async fn look(&self, kept: &Kept) {
        let device = self.device(kept).await;
        while !self.over.get() {
            match self.look_once(&device).await {
                Ok(()) => {}
                Err(error) => assert!(passes(&error) || has_ended(&error), "looking: {error:?}\n{}", self.host.log()),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn look_once(&self, device: &Session<Line>) -> Result<(), ClientError> {
        let vaults = device.sync_shared().await?;
        let Some(vault) = self.dice.one_of(&vaults).copied() else { return Ok(()) };
        device.accept_all(vault).await?;
        let records: Vec<RecordId> =
            device.with_view(vault, |view| view.records().map(|record| record.id).collect())?;
        let Some(record) = self.dice.one_of(&records).copied() else { return Ok(()) };
        let content = read(device, vault, record).await?;
        let patient = self.patients.iter().find(|patient| patient.vault == vault).unwrap();
        // What another device has just added may not have heard that it was acknowledged.
        if let Some((_, expected)) = patient.records.borrow().get(&record) {
            assert!(content == *expected, "another content");
        }
        self.count(|totals| totals.reads += 1);
        Ok(())
    }

    /// Kills the server again and again, each time after a while, and starts it again.
    async fn kill(&self, kills: usize) {
        for _ in 0..kills {
            let milliseconds = 50 + self.dice.below(1500);
            tokio::time::sleep(Duration::from_millis(milliseconds as u64)).await;
            self.host.kill();
            self.count(|totals| totals.kills += 1);
            tokio::time::sleep(Duration::from_millis(self.dice.below(200) as u64)).await;
            self.host.start();
        }
        // In calm weather it goes on, if it has hardly begun.
        until("something is done", async || self.totals.get().records > 2 && self.totals.get().reads > 0).await;
        self.over.set(true);
    }

    /// Everything that was acknowledged is there, verifies, and there is nothing else.
    async fn check(&self) {
        for patient in &self.patients {
            let device = patient.kept.device(&self.host).await;
            // Whatever a device did not finish, another one does.
            device.sync(patient.vault).await.unwrap();
            device.finish_endings(patient.vault).await.unwrap();
            while device.renew_next(patient.vault).await.unwrap() {}
            let mut acknowledged: Vec<(String, Vec<u8>)> = patient.records.borrow().values().cloned().collect();
            acknowledged.sort();
            assert!(verify(&device).await.unwrap() == acknowledged, "what is there is not what was acknowledged");
            let now = device.platform().now();
            let (held, all): (BTreeSet<GrantId>, BTreeSet<GrantId>) = device
                .with_view(patient.vault, |view| {
                    let held = view.shares().filter(|share| view.holds(share, now)).map(|share| share.grant.grant);
                    (held.collect(), view.shares().map(|share| share.grant.grant).collect())
                })
                .unwrap();
            let (shares, stopped) = (patient.shares.borrow(), patient.stopped.borrow());
            // A share that was lost with its answer while its key turned is given anew, beside the one that was written.
            assert!(held.is_superset(&shares.difference(&stopped).copied().collect()), "a share is gone");
            assert!(held.is_disjoint(&stopped), "a stopped share holds");
            assert!(all.is_superset(&shares));
        }
        for provider in &self.providers {
            provider.device(&self.host).await.sync_shared().await.unwrap();
        }
        self.host.stop();
        self.host.scrub();
    }
}

/// A storm on a server of its own.
pub(crate) async fn storm(host: Rc<Host>, seed: u64, kills: usize) -> Totals {
    host.start();
    let mut patients = Vec::new();
    for name in ["Maya", "Lena"] {
        let kept = Kept::sign_up(&host, name, Profile::Patient).await;
        let vault = kept.device(&host).await.own_vault().unwrap();
        let (records, shares, stopped) = (RefCell::default(), RefCell::default(), RefCell::default());
        patients.push(Patient { kept, vault, records, shares, stopped });
    }
    let mut providers = Vec::new();
    for name in ["Ito", "Noor"] {
        providers.push(Kept::sign_up(&host, name, provider()).await);
    }
    let (over, totals) = (Cell::new(false), Cell::new(Totals::default()));
    let storm = Storm { host, dice: Dice::new(seed), over, totals, patients, providers };
    // The first patient writes with two devices.
    let writers = storm.patients.iter().chain(storm.patients.first());
    let people = join(
        join_all(writers.map(|patient| storm.write(patient))),
        join_all(storm.providers.iter().map(|provider| storm.look(provider))),
    );
    join(people, storm.kill(kills)).await;
    storm.check().await;
    storm.totals.get()
}

#[tokio::test]
async fn sqlite() {
    let totals = storm(Host::new(), 20_261_122, 4).await;
    assert!(totals.kills == 4 && totals.records > 0 && totals.reads > 0, "{totals}");
}

#[tokio::test]
async fn postgres() {
    let host = Host::new();
    let Some(database) = Postgres::make(&host).await else { return };
    let totals = storm(host, 20_261_123, 4).await;
    assert!(totals.kills == 4 && totals.records > 0 && totals.reads > 0, "{totals}");
    database.drop().await;
}

/// Storms for as many minutes as `HEALTHBRIDGE_SOAK_MINUTES` says, one after the other, from the seed that
/// `HEALTHBRIDGE_SOAK_SEED` names: what `make soak` runs.
#[tokio::test]
#[ignore = "takes as long as it is told to"]
#[expect(clippy::disallowed_methods, reason = "the long run's own switches")]
async fn soak() {
    let number = |name, otherwise: u64| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let minutes = number("HEALTHBRIDGE_SOAK_MINUTES", 10);
    let first = number("HEALTHBRIDGE_SOAK_SEED", u64::from(std::process::id()));
    let end = tokio::time::Instant::now() + Duration::from_mins(minutes);
    let mut all = Totals::default();
    for seed in first.. {
        for on_postgres in [false, true] {
            let host = Host::new();
            let database = if on_postgres { Postgres::make(&host).await } else { None };
            if on_postgres && database.is_none() {
                continue;
            }
            let name = if on_postgres { "PostgreSQL" } else { "SQLite" };
            println!("seed {seed} on {name}");
            let totals = storm(host, seed, 12).await;
            println!("  {totals}");
            all += totals;
            if let Some(database) = database {
                database.drop().await;
            }
        }
        if tokio::time::Instant::now() >= end {
            break;
        }
    }
    println!("All is well: {all}");
}
