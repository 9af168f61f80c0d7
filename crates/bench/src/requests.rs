//! Requests in a second, and how long they take, with 1, 16 and 64 clients at once.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use client::Platform as _;
use client::platform::{Method, Request};
use client::share::Wish;
use futures_util::future::try_join_all;
use protocol::api::{LogPage, SignInStart};
use protocol::{Level, VaultId, cbor};

use crate::host::Host;
use crate::load::{self, Figures, Turn};
use crate::person::{SIGN_IN_START, Timed, email, fill, find, sign_in, sign_up};
use crate::{Arguments, Failure, mib, row, table};

/// Clients at once.
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Records in the vault that is read.
const RECORDS: usize = 1000;
/// How often each client opens a record.
const OPENINGS: usize = 20;
/// The first account of those who are shared with and sign in.
const FIRST: u16 = 100;
/// How many sign in: enough that no account comes near its limit of ten in a quarter of an hour.
const ACCOUNTS: u16 = 192;
/// Clients at once, and how often each account begins to sign in with so many. Together less than the six that nobody
/// completed of which the server tells the owner, by mail.
const SIGN_INS: [(usize, usize); 3] = [(1, 1), (16, 1), (64, 2)];
/// How often one address begins to sign in: its limit is sixty in a quarter of an hour.
const FROM_ONE_ADDRESS: usize = 48;
/// Accounts that complete it, one after another.
const COMPLETED: u16 = 64;

pub(crate) async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let host = Host::start(arguments).await?;
    let idle = host.memory()?;
    let patient = sign_up(&host, 1, false).await?;
    let vault = patient.own_vault()?;
    fill(&patient, 0, RECORDS).await?;
    patient.sync(vault).await?;
    let head = patient.with_view(vault, |view| view.head().seq)?;
    let cookie = patient.platform().cookie()?;
    table("Memory of the server, MiB", &["when", "resident", "peak until then"]);
    let full = host.memory()?;
    row(&["idle, as it started".to_owned(), mib(idle.now), mib(idle.peak)]);
    row(&[format!("{RECORDS} records were added"), mib(full.now), mib(full.peak)]);

    table(
        &format!("Requests, vault of {RECORDS} records ({head} entries)"),
        &["request", "clients", "a second", "median, ms", "p99, ms", "server's peak, MiB"],
    );
    let nothing_new = vec![page_after(vault, head)];
    let whole_log = pages(patient.platform(), vault).await?;
    for (what, paths) in [("anything new? (nothing)", nothing_new), ("full sync, the whole log", whole_log)] {
        for clients in CLIENTS {
            tell(&host, what, clients, load::get(&host.address, &paths, &cookie, clients, arguments.seconds)).await?;
        }
    }

    let record = patient.with_view(vault, |view| view.records().next().map(|record| record.id))?.ok_or("no record")?;
    let mut providers = Vec::new();
    for number in (FIRST..).take(CLIENTS.into_iter().max().unwrap_or(1)) {
        let provider = sign_up(&host, number, true).await?;
        // One client finds so many in an hour; a device of the same person counts as the same account.
        let person = find(&patient, number).await?;
        patient.share(&person, Wish::Record(record), Level::Download, None).await?;
        for shared in provider.sync_shared().await? {
            provider.accept_all(shared).await?;
        }
        providers.push(provider);
    }
    for clients in CLIENTS {
        let opened = async {
            let start = Instant::now();
            let times = try_join_all(providers.iter().take(clients).map(async |provider| {
                let mut times: Vec<Duration> = Vec::new();
                for _ in 0..OPENINGS {
                    let start = Instant::now();
                    provider.open(vault, record).await?.read_all().await?;
                    times.push(start.elapsed());
                }
                Ok::<_, Failure>(times)
            }))
            .await?;
            Figures::of(&times.concat(), start.elapsed())
        };
        tell(&host, "a shared record opened, with the client's share", clients, opened).await?;
    }
    sign_ins(&host, u16::try_from(providers.len())?).await?;
    // Whoever signed in last can still read: the load broke nothing.
    sign_in(&host, 1).await?.sync(vault).await?;
    Ok(())
}

/// The two steps of signing in, without what the client does between them: that takes most of the time, and is made to.
async fn sign_ins(host: &Host, there: u16) -> Result<(), Failure> {
    for number in FIRST + there..FIRST + ACCOUNTS {
        sign_up(host, number, false).await?;
    }
    // What the first message says does not depend on whose it is.
    let prepared = sign_in(host, FIRST).await?.platform().sign_in_message()?.request;
    for (load, (clients, each)) in (1..).zip(SIGN_INS) {
        let messages: Vec<Vec<u8>> = (0..each)
            .flat_map(|_| FIRST..FIRST + ACCOUNTS)
            .map(|number| cbor::encode(&SignInStart { email: email(number), request: prepared.clone() }))
            .collect();
        let from_one = messages.len().div_ceil(clients).min(FROM_ONE_ADDRESS);
        let turns: Vec<Turn> = (1..)
            .zip(messages.chunks(from_one))
            .map(|(number, messages)| Turn { from: Ipv4Addr::new(127, 2, load, number), messages: messages.to_vec() })
            .collect();
        tell(host, "sign-in, first step", clients, load::post(&host.address, SIGN_IN_START, turns, clients)).await?;
    }
    let completed = async {
        let mut times = Vec::new();
        for number in FIRST..FIRST + COMPLETED {
            times.extend(sign_in(host, number).await?.platform().take("/signin/finish"));
        }
        // As if the client needed no time between them.
        Figures::of(&times, times.iter().sum())
    };
    tell(host, "sign-in, second step", 1, completed).await
}

/// Prints the row of a load, with the memory that the server needed for it and not for what was before.
async fn tell(
    host: &Host,
    what: &str,
    clients: usize,
    load: impl Future<Output = Result<Figures, Failure>>,
) -> Result<(), Failure> {
    host.memory()?;
    let [rate, median, p99] = load.await?.cells();
    row(&[what.to_owned(), clients.to_string(), rate, median, p99, mib(host.memory()?.peak)]);
    Ok(())
}

fn page_after(vault: VaultId, after: u64) -> String {
    format!("/api/v1/vaults/{vault}/log?after={after}")
}

/// The pages that a client asks for which knows nothing yet.
async fn pages(platform: &Timed, vault: VaultId) -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    let mut after = 0;
    loop {
        let path = page_after(vault, after);
        let request = Request { method: Method::Get, path: path.clone(), body: Vec::new().into(), chunk: None };
        let page: LogPage = cbor::decode(&platform.send(request).await?.body)?;
        paths.push(path);
        after += page.items.len() as u64;
        if after >= page.head.seq {
            return Ok(paths);
        }
    }
}
