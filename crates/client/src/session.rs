//! Signing up, signing in and unlocking; and the unlocked session that everything else hangs on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::lock::Mutex;
use protocol::api::{
    AccountState, Conflict, DeviceWrap, PasswordFinish, PasswordStart, PasswordStarted, Person, Profile,
    RecoveryFinish, RecoveryStart, RecoveryStarted, SignInFinish, SignInStart, SignInStarted, SignUpFinish,
    SignUpStart, SignUpStarted, SignedIn, SignedInWith,
};
use protocol::entry::{Body, Entry, ScopeEpoch, VERSION, VaultEpoch};
use protocol::signature::{Namespace, Signed};
use protocol::{Account, AccountId, ApiError, Head, RecordId, ScopeId, VaultId};
use records::Category;
use vault::account::{AccountKeys, AccountMemory};
use vault::envelope::seal_envelope;
use vault::password::{Password, Registration, SignIn};
use vault::recovery::RecoveryCode;
use vault::{AccountMasterKey, KeyContext, ScopeSeed, SealContext, VaultKey};

use crate::aftermath::Aftermath;
use crate::api::{call, get, tell};
use crate::codec::encode_label;
use crate::error::ClientError;
use crate::password::NewPassword;
use crate::patience::{GRANTED, Pauses};
use crate::platform::{Method, Platform, Random};
use crate::restored::Doubt;
use crate::view::VaultView;

/// What a person enters to sign up.
#[derive(Clone, Debug)]
pub struct SignUp<'a> {
    /// The e-mail address.
    pub email: &'a str,
    /// The name.
    pub name: &'a str,
    /// Patient or provider.
    pub profile: Profile,
    /// The password.
    pub password: &'a NewPassword,
}

/// An unlocked account: its keys in memory, its vaults as far as they were synced.
pub struct Session<P> {
    pub(crate) platform: P,
    pub(crate) master: AccountMasterKey,
    pub(crate) keys: AccountKeys,
    /// Who is signed in.
    who: Who,
    pub(crate) state: RefCell<State>,
    /// One change at a time: entries of one author are numbered.
    pub(crate) writing: Mutex<()>,
    /// One change of the account's memory at a time: an answer that comes late must not look like a rollback.
    pub(crate) remembering: Mutex<()>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Who {
    /// The account.
    pub account: AccountId,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub name: String,
    /// Patient or provider.
    pub profile: Profile,
    /// The vault that it owns.
    pub vault: Option<VaultId>,
}

/// What changes while a session lasts.
pub(crate) struct State {
    pub(crate) chain: Account,
    pub(crate) memory: AccountMemory,
    pub(crate) memory_version: u32,
    pub(crate) vaults: BTreeMap<VaultId, VaultView>,
    /// What was seen of vaults whose logs do not go on from it, as proof until that is explained.
    pub(crate) doubted: BTreeMap<VaultId, Doubt>,
    /// What a restore of the server undid of each vault, until that is told and done again.
    pub(crate) aftermath: BTreeMap<VaultId, Aftermath>,
    /// People whose keys held to the pins when they were asked for.
    pub(crate) people: BTreeMap<AccountId, Person>,
    /// The address by which each of them was found last, in its one form.
    pub(crate) found_by: BTreeMap<AccountId, String>,
    /// Records that could not be sealed anew, and why, until that is told.
    pub(crate) not_renewed: BTreeSet<RecordId>,
    pub(crate) why_not_renewed: Option<ClientError>,
    /// Vaults to be verified from their first entry, whatever this device kept of them.
    pub(crate) afresh: BTreeSet<VaultId>,
}

impl<P> std::fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("account", &self.who.account).finish_non_exhaustive()
    }
}

impl<P: Platform> Session<P> {
    /// Makes an account, and for a patient a vault with its categories. The recovery code is given once; so, when the
    /// connection breaks at the last message, this goes on until it is back.
    pub async fn sign_up(platform: P, entered: SignUp<'_>) -> Result<(Self, RecoveryCode), ClientError> {
        let rng = &mut Random(&platform);
        let account = AccountId::from_bytes(vault::make_bytes(rng));
        let (keys, genesis) = AccountKeys::make(account, rng)?;
        let chain = Account::from_chain(account, std::slice::from_ref(&genesis))?;
        let master = AccountMasterKey::make(rng);
        let code = RecoveryCode::make_code(rng);
        let log = match entered.profile {
            Profile::Patient => first_entries(&platform, &master, &keys),
            Profile::Provider { .. } => Vec::new(),
        };

        let (registration, request) = Registration::start(Password::new(entered.password.as_str()), rng)?;
        let start = SignUpStart { email: entered.email.to_owned(), registration: request };
        let started: SignUpStarted = call(&platform, Method::Post, "/api/v1/signup/start", Some(&start)).await?;
        let registered = registration.finish(&started.registration, rng)?;
        let finish = SignUpFinish {
            email: entered.email.to_owned(),
            name: entered.name.to_owned(),
            profile: entered.profile,
            registration: registered.upload,
            chain: genesis,
            password_wrap: registered.key.wrap_master(&KeyContext::Password(account), &master, rng),
            recovery_wrap: code.derive_key().wrap_master(&KeyContext::Recovery(account), &master, rng),
            recovery_key: code.derive_public(),
            keyring: keys.seal(&master, rng),
            state: AccountMemory::default().seal(&master, account, 0, rng),
            log,
        };
        let (master, signed_in) = Self::make_account(&platform, &finish, master, entered.password.as_str()).await?;
        let session = Self::unlocked(platform, master, signed_in)?;
        if session.who.account == account && *session.state.borrow().chain.identity() == *chain.identity() {
            Ok((session, code))
        } else {
            Err(ClientError::Answer)
        }
    }

    /// Sends the last message of signing up until it is known what became of it: once it may have arrived, the account
    /// may be there, and its recovery code is only here.
    async fn make_account(
        platform: &P,
        finish: &SignUpFinish,
        master: AccountMasterKey,
        password: &str,
    ) -> Result<(AccountMasterKey, SignedIn), ClientError> {
        let taken = || ClientError::Api(ApiError::Conflict(Conflict::Email));
        let (mut was_lost, mut pauses) = (false, Pauses::new());
        loop {
            let answer: Result<SignedInWith, _> =
                call(platform, Method::Post, "/api/v1/signup/finish", Some(finish)).await;
            let lost = match answer {
                Ok(answer) => return Ok((master, answer.signed_in)),
                Err(lost) if lost.is_passing() => {
                    was_lost = true;
                    lost
                }
                // Taken, by what was sent before or by somebody else.
                Err(ClientError::Api(ApiError::Conflict(Conflict::Email))) if was_lost => {
                    match Self::enter(platform, &finish.email, password).await {
                        Ok((master, signed_in)) if signed_in.account == finish.chain.signer() => {
                            return Ok((master, signed_in));
                        }
                        Ok(_) | Err(ClientError::Password(_) | ClientError::Api(ApiError::WrongCredentials)) => {
                            return Err(taken());
                        }
                        Err(error) if error.may_be_waited_for() => error,
                        Err(error) => return Err(error),
                    }
                }
                Err(error) if was_lost && error.may_be_waited_for() => error,
                Err(error) => return Err(error),
            };
            platform.sleep(pauses.another(lost.asks_for().min(GRANTED))).await;
        }
    }

    /// Signs in and unlocks by name and password.
    pub async fn sign_in(platform: P, email: &str, password: &str) -> Result<Self, ClientError> {
        let (master, signed_in) = Self::enter(&platform, email, password).await?;
        Self::unlocked(platform, master, signed_in)
    }

    /// Signs in by name and password, and unwraps the master key.
    async fn enter(platform: &P, email: &str, password: &str) -> Result<(AccountMasterKey, SignedIn), ClientError> {
        let rng = &mut Random(platform);
        let (attempt, request) = SignIn::start(Password::new(password), rng)?;
        let start = SignInStart { email: email.to_owned(), request };
        let started: SignInStarted = call(platform, Method::Post, "/api/v1/signin/start", Some(&start)).await?;
        let finished = attempt.finish(&started.response, rng)?;
        let finish = SignInFinish { attempt: started.attempt, finalization: finished.finalization };
        let answer: SignedInWith = call(platform, Method::Post, "/api/v1/signin/finish", Some(&finish)).await?;
        let context = KeyContext::Password(answer.signed_in.account);
        let master = finished.key.unwrap_master(&context, &answer.wrap)?;
        Ok((master, answer.signed_in))
    }

    /// Signs in and unlocks by the recovery kit, and sets a new password.
    pub async fn recover(
        platform: P,
        email: &str,
        code: &RecoveryCode,
        password: &NewPassword,
    ) -> Result<Self, ClientError> {
        let start = RecoveryStart { email: email.to_owned() };
        let started: RecoveryStarted = call(&platform, Method::Post, "/api/v1/recovery/start", Some(&start)).await?;
        let finish = RecoveryFinish { attempt: started.attempt, signature: code.answer(&started.challenge) };
        let answer: SignedInWith = call(&platform, Method::Post, "/api/v1/recovery/finish", Some(&finish)).await?;
        let context = KeyContext::Recovery(answer.signed_in.account);
        let master = code.derive_key().unwrap_master(&context, &answer.wrap)?;
        let session = Self::unlocked(platform, master, answer.signed_in)?;
        session.set_password(password).await?;
        Ok(session)
    }

    /// Unlocks with a master key that this device kept, for whoever is signed in.
    pub async fn resume(platform: P, master: AccountMasterKey) -> Result<Self, ClientError> {
        let signed_in: SignedIn = get(&platform, "/api/v1/session").await?;
        Self::unlocked(platform, master, signed_in)
    }

    /// What this device left with the server to unlock again; none once it was idle for too long.
    pub async fn device_wrap(platform: &P) -> Result<Option<Vec<u8>>, ClientError> {
        match get::<P, DeviceWrap>(platform, "/api/v1/device-wrap").await {
            Ok(kept) => Ok(Some(kept.wrap)),
            Err(ClientError::Api(ApiError::NotFound)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Leaves the master key with the server, wrapped by a key that never leaves this device.
    pub async fn keep_device_wrap(&self, wrap: Vec<u8>) -> Result<(), ClientError> {
        tell(&self.platform, Method::Put, "/api/v1/device-wrap", Some(&DeviceWrap { wrap })).await
    }

    /// Takes back what this device left with the server.
    pub async fn drop_device_wrap(platform: &P) -> Result<(), ClientError> {
        tell::<P, ()>(platform, Method::Delete, "/api/v1/device-wrap", None).await
    }

    /// Who is signed in, as far as the server says.
    pub async fn signed_in(platform: &P) -> Result<SignedIn, ClientError> {
        get(platform, "/api/v1/session").await
    }

    /// Verifies the account's chain and opens its keys and memory.
    fn unlocked(platform: P, master: AccountMasterKey, signed_in: SignedIn) -> Result<Self, ClientError> {
        let chain = Account::from_chain(signed_in.account, &signed_in.chain)?;
        let keys = AccountKeys::open(&master, &chain, &signed_in.keyring)?;
        let AccountState { version, sealed } = signed_in.state;
        let memory = AccountMemory::open(&master, signed_in.account, version, &sealed)?;
        let who = Who {
            account: signed_in.account,
            email: signed_in.email,
            name: signed_in.name,
            profile: signed_in.profile,
            vault: signed_in.vault,
        };
        let state = State {
            chain,
            memory,
            memory_version: version,
            vaults: BTreeMap::new(),
            doubted: BTreeMap::new(),
            aftermath: BTreeMap::new(),
            people: BTreeMap::new(),
            found_by: BTreeMap::new(),
            not_renewed: BTreeSet::new(),
            why_not_renewed: None,
            afresh: BTreeSet::new(),
        };
        platform.belongs_to(who.account);
        Ok(Self {
            platform,
            master,
            keys,
            who,
            state: RefCell::new(state),
            writing: Mutex::new(()),
            remembering: Mutex::new(()),
        })
    }

    /// Sets a new password. Other unlock methods stay.
    pub async fn set_password(&self, password: &NewPassword) -> Result<(), ClientError> {
        let rng = &mut Random(&self.platform);
        let (registration, request) = Registration::start(Password::new(password.as_str()), rng)?;
        let start = PasswordStart { registration: request };
        let started: PasswordStarted =
            call(&self.platform, Method::Post, "/api/v1/password/start", Some(&start)).await?;
        let registered = registration.finish(&started.registration, rng)?;
        let account = self.who.account;
        let password_wrap = registered.key.wrap_master(&KeyContext::Password(account), &self.master, rng);
        let message = PasswordFinish::message(account, &registered.upload, &password_wrap);
        let signature = self.keys.identity.sign(Namespace::Password, &message);
        let finish = PasswordFinish { registration: registered.upload, password_wrap, signature };
        tell(&self.platform, Method::Post, "/api/v1/password/finish", Some(&finish)).await
    }

    /// Ends the session on the server. Keys in memory are the caller's to drop.
    pub async fn sign_out(platform: &P) -> Result<(), ClientError> {
        tell::<P, ()>(platform, Method::Post, "/api/v1/signout", None).await
    }

    /// Ends every other session of the account: on this device it goes on.
    pub async fn sign_out_elsewhere(platform: &P) -> Result<(), ClientError> {
        tell::<P, ()>(platform, Method::Post, "/api/v1/signout/others", None).await
    }

    /// Who is signed in.
    pub const fn who(&self) -> &Who {
        &self.who
    }

    /// The platform that it runs on.
    pub const fn platform(&self) -> &P {
        &self.platform
    }

    /// The master key, for a device's own key store.
    pub const fn master(&self) -> &AccountMasterKey {
        &self.master
    }

    /// The vault that this account owns.
    pub fn own_vault(&self) -> Result<VaultId, ClientError> {
        self.who.vault.ok_or(ClientError::NoVault)
    }

    /// The safety phrase of this account.
    pub fn own_phrase(&self) -> [&'static str; crate::phrase::WORDS] {
        crate::phrase::safety_phrase(self.who.account, &self.keys.identity.public())
    }
}

/// The first entries of a patient's vault: the owner's key, the first vault key, and every category.
fn first_entries<P: Platform>(platform: &P, master: &AccountMasterKey, keys: &AccountKeys) -> Vec<Signed<Entry>> {
    let rng = &mut Random(platform);
    let vault = VaultId::from_bytes(vault::make_bytes(rng));
    let vault_key = VaultKey::make(rng);
    let mut bodies = vec![
        Body::Genesis(keys.identity.public()),
        Body::VaultEpoch(VaultEpoch {
            epoch: 0,
            commitment: vault_key.commitment(),
            wrapped: master.wrap_vault_key(&KeyContext::Vault(vault, 0), &vault_key, rng),
            previous: None,
        }),
    ];
    for category in Category::ALL {
        let scope = ScopeId::from_bytes(vault::make_bytes(rng));
        bodies.push(Body::ScopeEpoch(scope_epoch(platform, vault, scope, category, 0, (0, &vault_key), None).0));
    }
    let before = Head::before(vault);
    (1..)
        .zip(bodies)
        .map(|(author_seq, body)| {
            let entry = Entry {
                version: VERSION,
                vault,
                author: keys.account,
                author_seq,
                seen: before,
                at: platform.now(),
                body,
            };
            keys.identity.sign_message(&entry)
        })
        .collect()
}

/// A new epoch of a scope, with a fresh seed.
pub(crate) fn scope_epoch<P: Platform>(
    platform: &P,
    vault: VaultId,
    scope: ScopeId,
    category: Category,
    epoch: u32,
    (vault_epoch, vault_key): (u32, &VaultKey),
    previous: Option<&ScopeSeed>,
) -> (ScopeEpoch, ScopeSeed) {
    let rng = &mut Random(platform);
    let seed = ScopeSeed::make(rng);
    let label_context = SealContext::ScopeLabel(vault, scope, epoch);
    let entry = ScopeEpoch {
        scope,
        epoch,
        vault_epoch,
        commitment: seed.commitment(),
        wrapped: vault_key.wrap_seed(&KeyContext::Scope(vault, scope, epoch), &seed, rng),
        previous: previous.map(|previous| {
            let context = KeyContext::ScopePrevious(vault, scope, epoch.saturating_sub(1));
            seed.wrap_previous(&context, previous, rng)
        }),
        label: seal_envelope(&seed.derive_metadata_key(), &label_context, &encode_label(category), rng),
    };
    (entry, seed)
}
