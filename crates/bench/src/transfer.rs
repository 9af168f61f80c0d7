//! A large file up and down, beside the same bytes sent and fetched as they are.

use std::time::{Duration, Instant};

use client::draft::{examine, examined};
use client::platform::{Method, Request};
use client::upload::{NoOutbox, Source, Unwatched};
use client::{ClientError, Platform as _, Session};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protocol::api::BlobCreate;
use protocol::entry::{Blob, CHUNK, Content, PartKind};
use protocol::{BlobId, Digest, RecordId, cbor};

use crate::host::Host;
use crate::person::{Timed, sign_up};
use crate::{Arguments, Failure, mib, row, table};

/// Chunks under way at once, as the client has them.
const PARALLEL: usize = 3;

/// A file that is made where it is read, so that no disk slows it down.
struct Made(u64);

impl Source for Made {
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        let left = usize::try_from(self.0.saturating_sub(offset)).unwrap_or(usize::MAX);
        Ok(vec![7; length.min(left)])
    }
}

pub(crate) async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let host = Host::start(arguments).await?;
    let session = sign_up(&host, 1, false).await?;
    let size = arguments.file << 20;
    let file = Made(size);
    host.memory()?;
    table(&format!("A file of {} MiB", arguments.file), &["way", "MB/s", "server's peak, MiB", "own peak, MiB"]);

    own_peak()?;
    let head = file.read(0, examined(size)).await?;
    let ticket = session.begin(examine("large.bin", &head, size, 0)).await?;
    let start = Instant::now();
    let record = session.run(&ticket, &file, &NoOutbox, &Unwatched).await?;
    report("sealed and sent", size, start.elapsed(), &host)?;

    let start = Instant::now();
    let mut got = 0;
    session
        .save(session.own_vault()?, record)
        .await?
        .stream(async |piece| {
            got += piece.len() as u64;
            Ok(())
        })
        .await?;
    if got != size {
        return Err("the file came back shorter".into());
    }
    report("fetched and opened", size, start.elapsed(), &host)?;
    plain(&host, &session, record, size).await
}

/// The same requests with bytes as they are: digests are made beforehand, nothing is sealed or opened.
async fn plain(host: &Host, session: &Session<Timed>, record: RecordId, size: u64) -> Result<(), Failure> {
    let (platform, vault) = (session.platform(), session.own_vault()?);
    let chunk = vec![7; usize::try_from(CHUNK)?];
    let digest = Digest::of(&chunk);
    let chunks = size / CHUNK;
    let blob = BlobId::from_bytes([9; 16]);
    let create = cbor::encode(&BlobCreate { vault, length: chunks * CHUNK });
    send(platform, Method::Put, format!("/api/v1/blobs/{blob}"), create, None).await?;
    let start = Instant::now();
    stream::iter(0..chunks)
        .map(|number| {
            send(platform, Method::Put, format!("/api/v1/blobs/{blob}/chunks/{number}"), chunk.clone(), Some(digest))
        })
        .buffer_unordered(PARALLEL)
        .try_for_each(async |_| Ok(()))
        .await?;
    report("plain PUT, three at a time", size, start.elapsed(), host)?;
    // What no record has is given to nobody, so these are the sealed bytes of the record, not opened.
    let part =
        session.with_view(vault, |view| view.record(record).and_then(|record| record.part(PartKind::File)).cloned())?;
    let Some(Content::Blob(Blob { id: blob, .. })) = part.map(|part| part.content) else {
        return Err("the record has no blob".into());
    };
    let start = Instant::now();
    for number in 0..chunks {
        send(platform, Method::Get, format!("/api/v1/blobs/{blob}/chunks/{number}"), Vec::new(), None).await?;
    }
    report("plain GET, one at a time", size, start.elapsed(), host)
}

async fn send(
    platform: &Timed,
    method: Method,
    path: String,
    body: Vec<u8>,
    chunk: Option<Digest>,
) -> Result<Vec<u8>, Failure> {
    let answer = platform.send(Request { method, path, body: body.into(), chunk }).await?;
    if answer.status < 300 { Ok(answer.body) } else { Err(format!("answered with {}", answer.status).into()) }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn report(way: &str, size: u64, took: Duration, host: &Host) -> Result<(), Failure> {
    let rate = size as f64 / 1e6 / took.as_secs_f64();
    row(&[way.to_owned(), format!("{rate:.0}"), mib(host.memory()?.peak), mib(own_peak()?)]);
    Ok(())
}

/// The most memory that this process held since it last asked, in KiB.
fn own_peak() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let peak = peak.trim().trim_end_matches(" kB").parse()?;
    std::fs::write("/proc/self/clear_refs", "5")?;
    Ok(peak)
}
