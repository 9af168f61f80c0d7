//! Requests in a second, and how long they take, with 1, 16 and 64 clients at once.

use std::time::{Duration, Instant};

use client::Platform as _;
use client::platform::{Method, Request};
use client::share::Wish;
use futures_util::future::try_join_all;
use protocol::api::LogPage;
use protocol::{Level, VaultId, cbor};

use crate::host::Host;
use crate::load::{self, Figures};
use crate::person::{Timed, fill, find, sign_in, sign_in_words, sign_up};
use crate::{Arguments, Failure, mib, row, table};

/// Clients at once.
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Records in the vault that is read.
const RECORDS: usize = 1000;
/// How often each client opens a record, and signs in: what the limits allow.
const OPENINGS: usize = 20;
const SIGN_INS: usize = 3;

pub(crate) async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let host = Host::start(arguments).await?;
    let patient = sign_up(&host, 1, false).await?;
    let vault = patient.own_vault()?;
    fill(&patient, 0, RECORDS).await?;
    patient.sync(vault).await?;
    let head = patient.with_view(vault, |view| view.head().seq)?;
    let cookie = patient.platform().cookie()?;
    host.memory()?;
    table(
        &format!("Requests, vault of {RECORDS} records ({head} entries)"),
        &["request", "clients", "a second", "median, ms", "p99, ms", "server's peak, MiB"],
    );
    let tell = |what: &str, clients: usize, figures: &Figures| -> Result<(), Failure> {
        let [rate, median, p99] = figures.cells();
        row(&[what.to_owned(), clients.to_string(), rate, median, p99, mib(host.memory()?.peak)]);
        Ok(())
    };
    let nothing_new = vec![page_after(vault, head)];
    let whole_log = pages(patient.platform(), vault).await?;
    for (what, paths) in [("anything new? (nothing)", nothing_new), ("full sync, the whole log", whole_log)] {
        for clients in CLIENTS {
            let figures = load::get(&host.address, &paths, &cookie, clients, arguments.seconds).await?;
            tell(what, clients, &figures)?;
        }
    }

    let record = patient.with_view(vault, |view| view.records().next().map(|record| record.id))?.ok_or("no record")?;
    let mut providers = Vec::new();
    for number in 0..*CLIENTS.iter().max().unwrap_or(&1) {
        let number = u16::try_from(100 + number)?;
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
        tell(
            "a shared record opened, with the client's share",
            clients,
            &Figures::of(&times.concat(), start.elapsed())?,
        )?;
    }

    for clients in CLIENTS {
        let start = Instant::now();
        let times = try_join_all((0..clients).map(async |client| {
            let (email, password) = sign_in_words(u16::try_from(100 + client)?);
            let (mut first, mut second) = (Vec::new(), Vec::new());
            for _ in 0..SIGN_INS {
                let device = Timed::new(&host, u16::try_from(1000 + clients * 100 + client)?)?;
                let session = client::Session::sign_in(device, &email, password).await?;
                first.extend(session.platform().take("/signin/start"));
                second.extend(session.platform().take("/signin/finish"));
            }
            Ok::<_, Failure>((first, second))
        }))
        .await?;
        let took = start.elapsed();
        let (first, second): (Vec<Vec<Duration>>, Vec<Vec<Duration>>) = times.into_iter().unzip();
        tell("sign-in, first step", clients, &Figures::of(&first.concat(), took)?)?;
        tell("sign-in, second step", clients, &Figures::of(&second.concat(), took)?)?;
    }
    // Whoever signed in last can still read: the load broke nothing.
    sign_in(&host, 1).await?.sync(vault).await?;
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
        let request = Request { method: Method::Get, path: path.clone(), body: Vec::new(), chunk: None };
        let page: LogPage = cbor::decode(&platform.send(request).await?.body)?;
        paths.push(path);
        after += page.items.len() as u64;
        if after >= page.head.seq {
            return Ok(paths);
        }
    }
}
