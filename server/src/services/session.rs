//! Sessions: who is signed in, and the device wrap that waits behind one.

use app::api::notices::NoticeKind;
use app::ui::Side;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::api::{AccountState, Conflict, DeviceWrap, Profile, SignedIn, SignedInWith};
use protocol::{AccountId, ApiError, Digest};

use super::devices::{self, Proofs};
use super::{Result, limits, notices};
use crate::causes;
use crate::clock::{DAY, MINUTE};
use crate::failpoints;
use crate::state::{AppState, Origin};
use crate::store::accounts::Account;
use crate::store::sessions::Session;
use crate::store::{Rows, Transaction, accounts, commit, sessions, vaults};

/// How long a session lasts.
pub const SESSION: u64 = 30 * DAY;

/// How long a device stays unlocked while nobody uses it.
pub const IDLE: u64 = 30 * MINUTE;

/// Who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The digest of the session's token.
    pub session: Digest,
}

/// What a client carries from before.
#[derive(Default)]
pub struct Carried {
    /// The token of its session.
    pub token: Option<String>,
    /// That it was here.
    pub proofs: Proofs,
}

/// A session that has just begun: the token goes to the client and nowhere else.
pub struct Begun {
    /// What the client keeps in its cookie.
    pub token: String,
    /// What it keeps in the other one, for longer than the session.
    pub proofs: Proofs,
    /// What it is told.
    pub signed_in: SignedInWith,
}

/// What a token is kept as. A token of another form has none.
fn digest_of(token: &str) -> Option<Digest> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 32)?;
    Some(Digest::of(&bytes))
}

/// Whether a device was left alone for so long that it locks.
const fn is_idle(session: &Session, now: u64) -> bool {
    now.saturating_sub(session.last_used) >= IDLE
}

/// Whose session a token is. Being used keeps the device unlocked; having been idle for too long locks it. Where nothing
/// can be written, reading goes on.
pub async fn authenticate(state: &AppState, token: &str) -> Result<Caller> {
    let digest = digest_of(token).ok_or(ApiError::NotSignedIn)?;
    let db = state.store.reader();
    let session = sessions::find(db, digest).await?.ok_or(ApiError::NotSignedIn)?;
    let now = state.clock.now();
    if session.created + SESSION <= now {
        if let Err(error) = sessions::delete(db, digest).await {
            tracing::warn!(cause = causes::describe(&error), "a session that has ended could not be removed");
        }
        return Err(ApiError::NotSignedIn.into());
    }
    if let Err(error) = note_use(db, &session, now).await {
        tracing::warn!(cause = causes::describe(&error), "the use of a session could not be noted");
    }
    Ok(Caller { account: session.account, session: digest })
}

/// Notes that a session is in use. What unlocks an idle device goes first: while it cannot, the session stays idle, and
/// the device locked.
async fn note_use(db: &impl Rows, session: &Session, now: u64) -> Result<()> {
    if is_idle(session, now) {
        sessions::delete_wrap(db, session.token).await?;
    }
    if now.saturating_sub(session.last_used) >= MINUTE {
        sessions::touch(db, session.token, now).await?;
    }
    Ok(())
}

/// Begins a session, in place of the one that the client had.
pub(super) async fn begin(
    state: &AppState,
    origin: &Origin,
    carried: &Carried,
    account: Account,
    wrap: Vec<u8>,
    told: Option<NoticeKind>,
) -> Result<Begun> {
    let transaction = state.store.begin().await?;
    let token = begin_in(state, &transaction, origin, carried, &account, told).await?;
    commit(transaction).await?;
    state.events.tell(&[account.id]).await;
    let proofs = devices::admit(state, &carried.proofs, &account);
    let signed_in = describe(state, account).await?;
    Ok(Begun { token, proofs, signed_in: SignedInWith { signed_in, wrap } })
}

/// Begins a session within a transaction, and gives its token.
pub(super) async fn begin_in(
    state: &AppState,
    transaction: &Transaction,
    origin: &Origin,
    carried: &Carried,
    account: &Account,
    told: Option<NoticeKind>,
) -> Result<String> {
    let token: [u8; 32] = state.random.draw();
    let now = state.clock.now();
    let session = Session {
        token: Digest::of(&token),
        account: account.id,
        created: now,
        last_used: now,
        address: origin.truncated(),
        agent: origin.agent.to_owned(),
    };
    let mut renewed = false;
    if let Some(replaced) = carried.token.as_deref().and_then(digest_of) {
        let before = sessions::find(transaction, replaced).await?;
        renewed = before.is_some_and(|before| before.account == account.id);
        sessions::delete(transaction, replaced).await?;
    }
    sessions::insert(transaction, session).await?;
    // A device that unlocks itself again is no news.
    if let Some(kind) = told.filter(|kind| !renewed || *kind != NoticeKind::SignedIn) {
        notices::tell_of_sign_in(state, transaction, origin, account.id, kind).await?;
    }
    Ok(URL_SAFE_NO_PAD.encode(token))
}

pub(super) async fn describe(state: &AppState, account: Account) -> Result<SignedIn> {
    let db = state.store.reader();
    let chain = accounts::chain(db, account.id).await?;
    let vault = vaults::owned_by(account.id, db).await?.map(|vault| vault.id);
    Ok(SignedIn {
        account: account.id,
        email: account.email,
        name: account.name,
        profile: account.profile,
        vault,
        keyring: account.keyring,
        chain,
        state: account.state,
    })
}

/// The caller's own account.
pub(super) async fn own_account(state: &AppState, caller: Caller) -> Result<Account> {
    Ok(accounts::own(caller.account, state.store.reader()).await?.ok_or(ApiError::NotSignedIn)?)
}

/// Whether the caller's session still holds. It is not used by that.
pub async fn holds(state: &AppState, caller: Caller) -> bool {
    let session = sessions::find(state.store.reader(), caller.session).await;
    session.is_ok_and(|session| session.is_some_and(|session| session.created + SESSION > state.clock.now()))
}

/// The side of the bridge on which a token's account stands.
pub async fn side(state: &AppState, token: &str) -> Result<Side> {
    let caller = authenticate(state, token).await?;
    Ok(match own_account(state, caller).await?.profile {
        Profile::Patient => Side::Patient,
        Profile::Provider { .. } => Side::Provider,
    })
}

/// Who is signed in.
pub async fn current(state: &AppState, caller: Caller) -> Result<SignedIn> {
    let account = own_account(state, caller).await?;
    describe(state, account).await
}

/// Ends the caller's session.
pub async fn end(state: &AppState, caller: Caller) -> Result<()> {
    Ok(sessions::delete(state.store.reader(), caller.session).await?)
}

/// Ends every other session of the caller's account, and with each what unlocks its device.
pub async fn end_others(state: &AppState, caller: Caller) -> Result<()> {
    sessions::delete_others(caller.account, state.store.reader(), caller.session).await?;
    // Their open pages hear of it, and find out that they are signed out.
    state.events.tell(&[caller.account]).await;
    Ok(())
}

/// Keeps this device's wrap for as long as it is in use.
pub async fn keep_wrap(state: &AppState, caller: Caller, wrap: DeviceWrap) -> Result<()> {
    Ok(sessions::put_wrap(state.store.reader(), caller.session, wrap.wrap).await?)
}

/// This device's wrap. One that was idle for too long is gone, even where it could not be removed.
pub async fn wrap(state: &AppState, caller: Caller) -> Result<DeviceWrap> {
    let (db, now) = (state.store.reader(), state.clock.now());
    let session = sessions::find(db, caller.session).await?;
    session.filter(|session| !is_idle(session, now)).ok_or(ApiError::NotFound)?;
    let wrap = sessions::wrap(db, caller.session).await?.ok_or(ApiError::NotFound)?;
    Ok(DeviceWrap { wrap })
}

/// Forgets this device's wrap.
pub async fn forget_wrap(state: &AppState, caller: Caller) -> Result<()> {
    Ok(sessions::delete_wrap(state.store.reader(), caller.session).await?)
}

/// Replaces the account's own state, unless another device did so first.
pub async fn replace_state(state: &AppState, caller: Caller, replaced: AccountState) -> Result<AccountState> {
    let next = replaced.version.checked_add(1).ok_or(Conflict::State)?;
    let sealed = replaced.sealed;
    limits::charge(state, caller, 1, sealed.len() as u64)?;
    failpoints::pass("before-state");
    let done = accounts::replace_state(caller.account, state.store.reader(), replaced.version, sealed.clone()).await?;
    failpoints::pass("after-state");
    if done { Ok(AccountState { version: next, sealed }) } else { Err(Conflict::State.into()) }
}
