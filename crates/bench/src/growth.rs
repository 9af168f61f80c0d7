//! What a vault costs as it grows: its first sync on a new device, a later one, and opening a record.

use std::time::{Duration, Instant};

use crate::host::Host;
use crate::person::{add_small, fill, sign_in, sign_up};
use crate::{Arguments, Failure, mib, row, table};

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
            "nothing new, ms",
            "one new record, ms",
            "a record opened, ms",
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
        let nothing = timed(async || Ok(device.sync(vault).await?)).await?;
        add_small(&owner, size).await?;
        there += 1;
        let one = timed(async || Ok(device.sync(vault).await?)).await?;
        let record = device.with_view(vault, |view| view.records().last().map(|record| record.id))?.ok_or("none")?;
        let opened = timed(async || {
            device.open(vault, record).await?.read_all().await?;
            Ok(())
        })
        .await?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let rate = count as f64 / added.as_secs_f64();
        row(&[
            size.to_string(),
            format!("{rate:.0}"),
            milliseconds(first),
            milliseconds(nothing),
            milliseconds(one),
            milliseconds(opened),
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

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
