//! What a browser that was never here fetches before a page works.

use reqwest::header::ACCEPT_ENCODING;

use crate::host::Host;
use crate::{Arguments, Failure, mib, row, table};

pub(crate) async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let host = Host::start(arguments).await?;
    let idle = host.memory()?;
    let page = fetch(&host, "/sign-in").await?;
    let html = String::from_utf8_lossy(&page).into_owned();
    let mut paths: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|path| [".css", ".js", ".wasm", ".woff2"].iter().any(|end| path.ends_with(end)))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    table("The first page (sign-in), compressed with brotli", &["file", "kB"]);
    let mut total = page.len();
    row(&["the document, not compressed".to_owned(), kilobytes(page.len())]);
    for path in paths {
        let length = fetch(&host, path).await?.len();
        total += length;
        row(&[path.rsplit('/').next().unwrap_or(path).to_owned(), kilobytes(length)]);
    }
    row(&["**together**".to_owned(), format!("**{}**", kilobytes(total))]);
    let after = host.memory()?;
    table("Memory of the server, MiB", &["when", "resident"]);
    row(&["idle, as it started".to_owned(), mib(idle.now)]);
    row(&["after the first page".to_owned(), mib(after.now)]);
    Ok(())
}

async fn fetch(host: &Host, path: &str) -> Result<Vec<u8>, Failure> {
    // This client does not unpack what it did not ask for itself.
    let answer = reqwest::Client::new().get(host.url(path)).header(ACCEPT_ENCODING, "br").send().await?;
    Ok(answer.error_for_status()?.bytes().await?.to_vec())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn kilobytes(bytes: usize) -> String {
    format!("{:.1}", bytes as f64 / 1000.0)
}
