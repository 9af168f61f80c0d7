//! The server that is measured: a process of its own on a folder of its own.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::{Arguments, Failure};

/// A running server. Dropping it ends the process and removes its folder.
pub(crate) struct Host {
    process: Child,
    folder: tempfile::TempDir,
    /// Where it listens.
    pub(crate) address: String,
}

/// Memory of a process, in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) now: u64,
    /// The most since the last look.
    pub(crate) peak: u64,
}

impl Host {
    /// Starts it on new data, and waits until it answers.
    pub(crate) async fn start(arguments: &Arguments) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        // Nothing of what surrounds the benchmark sets anything: no variable, and no `healthbridge.toml` where it runs.
        let process = Command::new(std::path::absolute(&arguments.server)?)
            .args(["serve", "--listen", &address, "--data"])
            .arg(folder.path())
            .current_dir(folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HEALTHBRIDGE_SITE", std::path::absolute(&arguments.site)?)
            .env("HEALTHBRIDGE_SIGN_UPS_PER_HOUR", "1000")
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let host = Self { process, folder, address };
        for _ in 0..200 {
            if reqwest::get(host.url("/readyz")).await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(host);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the server does not answer".into())
    }

    /// The full address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.rsplit(':').next().unwrap_or_default())
    }

    /// What it holds, and the most that it held since this was last asked.
    pub(crate) fn memory(&self) -> Result<Memory, Failure> {
        let id = self.process.id().ok_or("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let read = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        };
        let memory = Memory { now: read("VmRSS:").ok_or("no VmRSS")?, peak: read("VmHWM:").ok_or("no VmHWM")? };
        std::fs::write(format!("/proc/{id}/clear_refs"), "5")?;
        Ok(memory)
    }

    /// Bytes in its folder.
    pub(crate) fn stored(&self) -> u64 {
        fn size(path: &std::path::Path) -> u64 {
            let Ok(entries) = std::fs::read_dir(path) else { return 0 };
            entries
                .flatten()
                .map(|entry| match entry.metadata() {
                    Ok(metadata) if metadata.is_dir() => size(&entry.path()),
                    Ok(metadata) => metadata.len(),
                    Err(_) => 0,
                })
                .sum()
        }
        size(self.folder.path())
    }
}
