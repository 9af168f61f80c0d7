//! The server: a process on data of its own that can be killed and started again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::time::Duration;

use tempfile::TempDir;

/// How long something that must happen may take, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What a server keeps in its data folder, from a time when it was stopped.
pub(crate) type Files = Vec<(PathBuf, Vec<u8>)>;

/// Where a server keeps everything, and the process if it runs.
pub(crate) struct Host {
    folder: TempDir,
    settings: RefCell<BTreeMap<&'static str, String>>,
    /// What the server is started by, if it is not started by itself.
    wrapper: RefCell<Vec<String>>,
    port: Cell<u16>,
    child: RefCell<Option<Child>>,
}

/// The server's binary, beside this test's.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().and_then(Path::parent).unwrap().join("healthbridge-server");
    assert!(binary.exists(), "no server: tests of the whole workspace build one at {}", binary.display());
    binary
}

impl Host {
    /// A server that was never started.
    pub(crate) fn new() -> Rc<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("data")).unwrap();
        std::fs::create_dir(folder.path().join("site")).unwrap();
        let site = folder.path().join("site").display().to_string();
        let settings = [
            ("HEALTHBRIDGE_SITE", site),
            ("HEALTHBRIDGE_DATA", folder.path().join("data").display().to_string()),
            ("HEALTHBRIDGE_PUBLIC_URL", "http://localhost:3000".to_owned()),
            ("HEALTHBRIDGE_SIGN_UPS_PER_HOUR", "1000".to_owned()),
            ("HEALTHBRIDGE_SCRUB_MIB_PER_SECOND", "0".to_owned()),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ];
        Rc::new(Self {
            folder,
            settings: RefCell::new(settings.into()),
            wrapper: RefCell::default(),
            port: Cell::new(0),
            child: RefCell::new(None),
        })
    }

    /// A server on data as they were left.
    pub(crate) fn on(files: &Files) -> Rc<Self> {
        let host = Self::new();
        for (path, bytes) in files {
            let path = host.data().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        host
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Starts the server otherwise than by default, from the next start on.
    pub(crate) fn set(&self, variable: &'static str, value: impl Into<String>) {
        self.settings.borrow_mut().insert(variable, value.into());
    }

    /// Starts the server by another program, from the next start on.
    pub(crate) fn wrap(&self, wrapper: Vec<String>) {
        *self.wrapper.borrow_mut() = wrapper;
    }

    /// Another server on the same data.
    pub(crate) fn twin(&self) -> Rc<Self> {
        let twin = Self::new();
        twin.settings.borrow_mut().extend(self.settings.borrow().clone());
        twin
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let wrapper = self.wrapper.borrow();
        let mut words = wrapper.iter().cloned().chain([binary().display().to_string()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(arguments).current_dir(self.folder()).env_clear().envs(&*self.settings.borrow());
        command.stdin(Stdio::null());
        command
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(&self) {
        assert!(self.start_dying(""), "the server did not start: {}", self.log());
    }

    /// Starts a server that dies at a point. Says whether it came so far as to listen.
    pub(crate) fn start_dying(&self, points: &str) -> bool {
        let log = File::options().create(true).append(true).open(self.folder().join("log")).unwrap();
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("FAILPOINTS", points).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.rsplit_once(':').and_then(|(_, port)| port.trim_end().trim_end_matches(')').parse().ok());
        self.port.set(port.unwrap_or_default());
        *self.child.borrow_mut() = Some(child);
        port.is_some()
    }

    /// Starts the server with its output going where it is told, and waits until it answers.
    pub(crate) async fn start_into(&self, output: impl Fn() -> Stdio) {
        let port = free_port();
        let mut command = self.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        *self.child.borrow_mut() = Some(command.stdout(output()).stderr(output()).spawn().unwrap());
        self.port.set(port);
        until("it answers", async || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.get())
    }

    /// The process.
    pub(crate) fn process(&self) -> u32 {
        self.child.borrow().as_ref().unwrap().id()
    }

    /// How the process ended, if it did.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        self.child.borrow_mut().as_mut().unwrap().try_wait().unwrap()
    }

    /// Waits until it has died, and not by itself.
    pub(crate) async fn death(&self) {
        until("the server dies", async || self.ended().is_some()).await;
        assert!(self.ended().unwrap().signal().is_some(), "it ended by itself: {}", self.log());
    }

    /// Kills it as no program can prevent.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.borrow_mut().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Stops it as an operator does.
    pub(crate) fn stop(&self) {
        let mut child = self.child.borrow_mut().take().unwrap();
        assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }

    /// Reads every stored chunk: none is damaged or missing.
    pub(crate) fn scrub(&self) {
        let output = self.command(&["scrub"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// What it keeps in its data folder; it must be stopped.
    pub(crate) fn files(&self) -> Files {
        let relative =
            |path: PathBuf| (path.strip_prefix(self.data()).unwrap().to_owned(), std::fs::read(&path).unwrap());
        self.paths("").into_iter().map(relative).collect()
    }

    /// The files in a folder of its data folder, as they are now.
    pub(crate) fn paths(&self, within: &str) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        collect(&self.data().join(within), &mut paths);
        paths
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    // The server may remove what is looked at.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// A port that was free a moment ago; nothing else here takes ports that it was not given.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}
