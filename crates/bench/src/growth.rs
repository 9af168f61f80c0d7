//! What a vault costs as it grows: its first sync on a new device, a later one, and opening a record.

use std::time::{Duration, Instant};

use crate::host::Host;
use crate::person::{add_small, fill, sign_in, sign_up};
use crate::{Arguments, Failure, mib, row, table};

/// What takes a millisecond is done so often, and the median counts.
const TIMES: usize = 15;

pub(crate) async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let host = Host::start(arguments).await?;
    let owner = sign_up(&host, 1, false).await?;
    let vault = owner.own_vault()?;
    table(
        "A vault as it grows",
        &[
            "records",
            "added, a second",
            "first sync of a device, ms",
            "nothing new, median in ms",
            "one new record, median in ms",
            "a record opened, median in ms",
            "stored, MiB",
        ],
    );
    let mut there = 0;
    for size in [100, 1_000, 10_000].into_iter().filter(|size| *size <= arguments.records) {
        let start = Instant::now();
        fill(&owner, there, size).await?;
        let added = start.elapsed();
        let count = size - there;
        there = size;

        let device = sign_in(&host, 1).await?;
        let first = timed(async || Ok(device.sync(vault).await?)).await?;
        let (mut nothing, mut one, mut opened) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TIMES {
            nothing.push(timed(async || Ok(device.sync(vault).await?)).await?);
            let record = add_small(&owner, there).await?;
            there += 1;
            one.push(timed(async || Ok(device.sync(vault).await?)).await?);
            let open = async || {
                device.open(vault, record).await?.read_all().await?;
                Ok(())
            };
            opened.push(timed(open).await?);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = count as f64 / added.as_secs_f64();
        row(&[
            size.to_string(),
            format!("{rate:.0}"),
            milliseconds(first),
            milliseconds(median(nothing)),
            milliseconds(median(one)),
            milliseconds(median(opened)),
            mib(host.stored() >> 10),
        ]);
    }
    if arguments.stay {
        let (email, password) = crate::person::sign_in_words(1);
        println!("\n{}\n{email}\n{password}", host.url(""));
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    }
    Ok(())
}

async fn timed(run: impl AsyncFnOnce() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let start = Instant::now();
    run().await?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
