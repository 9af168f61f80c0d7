//! From a kept sign-in to an unlocked session.

use std::cell::RefCell;

use cli::decoding::Decoder;
use cli::platform::Terminal;
use client::{ClientError, Platform, Session};
use protocol::ApiError;
use vault::{AccountMasterKey, KeyContext, KeyEncryptionKey};

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::profile::{Profile, Store};

/// The default server of `make serve`.
const DEFAULT_SERVER: &str = "http://localhost:3000";

/// What a command works with.
pub(crate) struct Context {
    /// Where the sign-in is kept.
    pub(crate) store: Store,
    /// The sign-in.
    pub(crate) profile: Profile,
    /// JSON instead of words.
    pub(crate) json: bool,
    /// Looks at files that are added.
    pub(crate) decoder: Decoder,
    password_stdin: bool,
    /// What must not be overlooked, whatever else the command says: alarms, and why something was left out.
    alarms: RefCell<Vec<String>>,
}

impl Context {
    /// Reads the kept sign-in.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let store = Store::new(arguments.home.clone(), &arguments.profile)?;
        let mut profile = store.load()?;
        if let Some(server) = &arguments.server {
            if profile.server.as_ref().is_some_and(|kept| kept != server) {
                // A cookie of one server is no business of another.
                profile = Profile::default();
            }
            profile.server = Some(server.clone());
        }
        Ok(Self {
            store,
            profile,
            json: arguments.json,
            decoder: Decoder::of_this_program(),
            password_stdin: arguments.password_stdin,
            alarms: RefCell::default(),
        })
    }

    /// Notes why something that others share is left out.
    pub(crate) fn leave_out(&self, why: &ClientError) {
        self.note(format!("something that is shared with you was left out: {why}"));
    }

    /// Notes what is wrong with somebody who is shown all the same.
    pub(crate) fn alarm(&self, what: &ClientError) {
        self.note(what.to_string());
    }

    fn note(&self, words: String) {
        let mut alarms = self.alarms.borrow_mut();
        if !alarms.contains(&words) {
            alarms.push(words);
        }
    }

    /// Fails if anything was noted, with all of it.
    pub(crate) fn nothing_noted(&self) -> Result<(), Failure> {
        let alarms = self.alarms.take();
        if alarms.is_empty() { Ok(()) } else { Err(Failure::new(alarms.join("; "))) }
    }

    /// The platform, with the kept cookie.
    pub(crate) fn terminal(&self) -> Result<Terminal, Failure> {
        self.connect(self.profile.cookie.clone())
    }

    /// The platform for a new sign-in.
    pub(crate) fn fresh_terminal(&self) -> Result<Terminal, Failure> {
        self.connect(None)
    }

    fn connect(&self, cookie: Option<String>) -> Result<Terminal, Failure> {
        Terminal::new(self.server(), cookie)
            .map_err(|error| Failure::new(format!("cannot set up a connection: {error}")))
    }

    fn server(&self) -> &str {
        self.profile.server.as_deref().unwrap_or(DEFAULT_SERVER)
    }

    /// The password: from `--password-stdin`, `HEALTHBRIDGE_PASSWORD`, or a prompt.
    pub(crate) fn password(&self) -> Result<String, Failure> {
        if self.password_stdin {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
        }
        #[expect(clippy::disallowed_methods, reason = "the documented way for scripts to give a password")]
        let given = std::env::var("HEALTHBRIDGE_PASSWORD").ok();
        match given {
            Some(password) => Ok(password),
            None => rpassword::prompt_password("Password: ").map_err(|_| Failure::new("no password was given")),
        }
    }

    /// The unlocked session of whoever is signed in. Asks for the password when the device was idle too long.
    pub(crate) async fn session(&self) -> Result<Session<Terminal>, Failure> {
        let terminal = self.terminal()?;
        let signed_in = match Session::signed_in(&terminal).await {
            Err(ClientError::Api(ApiError::NotSignedIn)) => {
                return Err(Failure::new("nobody is signed in: use healthbridge login"));
            }
            answer => answer?,
        };
        if let Some(key) = self.device_key()
            && let Some(wrap) = Session::device_wrap(&terminal).await?
        {
            let context = KeyContext::Device(signed_in.account);
            let master: AccountMasterKey = key.unwrap_master(&context, &wrap).map_err(ClientError::from)?;
            return Ok(Session::resume(terminal, master).await?);
        }
        let session = Session::sign_in(self.fresh_terminal()?, &signed_in.email, &self.password()?).await?;
        self.keep(&session).await?;
        Ok(session)
    }

    /// Keeps a sign-in for the next command.
    pub(crate) async fn keep(&self, session: &Session<Terminal>) -> Result<(), Failure> {
        let terminal = session.platform();
        let mut bytes = [0; 32];
        terminal.fill_random(&mut bytes);
        let context = KeyContext::Device(session.who().account);
        let wrap = KeyEncryptionKey::from_device(bytes).wrap_master(&context, session.master(), &mut terminal.random());
        session.keep_device_wrap(wrap).await?;
        self.store.save(&Profile {
            server: Some(self.server().to_owned()),
            cookie: terminal.cookie(),
            device_key: Some(protocol::Digest::from_bytes(bytes).to_string()),
        })
    }

    fn device_key(&self) -> Option<KeyEncryptionKey> {
        let digits: protocol::Digest = self.profile.device_key.as_ref()?.parse().ok()?;
        Some(KeyEncryptionKey::from_device(*digits.as_bytes()))
    }
}
