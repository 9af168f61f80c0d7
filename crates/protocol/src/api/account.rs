//! Accounts: sign-up, sign-in, recovery, and what the server keeps for a person without being able to read it.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::account::AccountEntry;
use crate::entry::Entry;
use crate::id::AttemptId;
use crate::signature::{PublicKey, Signature, Signed};
use crate::{AccountId, VaultId};

/// What kind of account it is, and what the directory shows of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Profile {
    /// Owns a vault.
    #[n(1)]
    Patient,
    /// Is found by patients who want to share.
    #[n(2)]
    Provider {
        /// Such as "Cardiology".
        #[n(0)]
        specialty: String,
        /// Such as "St. Anna Hospital".
        #[n(1)]
        organisation: String,
        /// Whether an administrator checked it. What a client sends here is ignored.
        #[n(2)]
        verified: bool,
    },
}

/// `POST /api/v1/signup/start`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignUpStart {
    /// The e-mail address.
    #[n(0)]
    pub email: String,
    /// OPAQUE `RegistrationRequest`.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub registration: Vec<u8>,
}

/// The answer to [`SignUpStart`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignUpStarted {
    /// OPAQUE `RegistrationResponse`.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub registration: Vec<u8>,
}

/// `POST /api/v1/signup/finish`
#[derive(Clone, PartialEq, Encode, Decode)]
pub struct SignUpFinish {
    /// The e-mail address.
    #[n(0)]
    pub email: String,
    /// The person's name.
    #[n(1)]
    pub name: String,
    /// Patient or provider.
    #[n(2)]
    pub profile: Profile,
    /// OPAQUE `RegistrationUpload`.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub registration: Vec<u8>,
    /// The first step of the account's chain, which names the account's id and keys.
    #[n(4)]
    pub chain: Signed<AccountEntry>,
    /// The account master key, wrapped for the password.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub password_wrap: Vec<u8>,
    /// The account master key, wrapped for the recovery kit.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub recovery_wrap: Vec<u8>,
    /// The key that the recovery kit signs challenges with.
    #[n(7)]
    pub recovery_key: PublicKey,
    /// The account's secret keys, wrapped under the account master key.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub keyring: Vec<u8>,
    /// The account's own state, sealed.
    #[cbor(n(9), with = "minicbor::bytes")]
    pub state: Vec<u8>,
    /// The vault's first entries; empty for who has none.
    #[n(10)]
    pub log: Vec<Signed<Entry>>,
}

/// `POST /api/v1/signin/start`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignInStart {
    /// The e-mail address.
    #[n(0)]
    pub email: String,
    /// OPAQUE `CredentialRequest` (KE1).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub request: Vec<u8>,
}

/// The answer to [`SignInStart`], of the same form and cost for an address that nobody has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignInStarted {
    /// Names the attempt in the next message.
    #[n(0)]
    pub attempt: AttemptId,
    /// OPAQUE `CredentialResponse` (KE2).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub response: Vec<u8>,
}

/// `POST /api/v1/signin/finish`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignInFinish {
    /// From [`SignInStarted`].
    #[n(0)]
    pub attempt: AttemptId,
    /// OPAQUE `CredentialFinalization` (KE3).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub finalization: Vec<u8>,
}

/// Who is signed in, and what the server keeps for that person. `GET /api/v1/session`
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedIn {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// Its e-mail address.
    #[n(1)]
    pub email: String,
    /// The person's name.
    #[n(2)]
    pub name: String,
    /// Patient or provider.
    #[n(3)]
    pub profile: Profile,
    /// The vault that it owns.
    #[n(4)]
    pub vault: Option<VaultId>,
    /// The account's secret keys, wrapped under the account master key.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub keyring: Vec<u8>,
    /// The account's chain.
    #[n(6)]
    pub chain: Vec<Signed<AccountEntry>>,
    /// The account's own state, sealed.
    #[n(7)]
    pub state: AccountState,
}

/// [`SignedIn`], with the account master key wrapped for the method that was used.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct SignedInWith {
    /// Who.
    #[n(0)]
    pub signed_in: SignedIn,
    /// The account master key, wrapped for the password or for the recovery kit.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub wrap: Vec<u8>,
}

/// The account's own state, sealed. `PUT /api/v1/account/state` takes it with the version that it replaces.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct AccountState {
    /// Counts replacements.
    #[n(0)]
    pub version: u32,
    /// The envelope.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// `POST /api/v1/recovery/start`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecoveryStart {
    /// The e-mail address.
    #[n(0)]
    pub email: String,
}

/// The answer to [`RecoveryStart`], of the same form for an address that nobody has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecoveryStarted {
    /// Names the attempt in the next message.
    #[n(0)]
    pub attempt: AttemptId,
    /// What the recovery kit's key must sign.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub challenge: [u8; 32],
}

/// `POST /api/v1/recovery/finish`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecoveryFinish {
    /// From [`RecoveryStarted`].
    #[n(0)]
    pub attempt: AttemptId,
    /// The challenge, signed by the recovery kit's key.
    #[n(1)]
    pub signature: Signature,
}

/// `POST /api/v1/password/start`, signed in
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PasswordStart {
    /// OPAQUE `RegistrationRequest`.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub registration: Vec<u8>,
}

/// The answer to [`PasswordStart`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PasswordStarted {
    /// OPAQUE `RegistrationResponse`.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub registration: Vec<u8>,
}

/// `POST /api/v1/password/finish`, signed in. A session alone is not enough: the identity key must sign.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct PasswordFinish {
    /// OPAQUE `RegistrationUpload`.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub registration: Vec<u8>,
    /// The account master key, wrapped for the new password.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub password_wrap: Vec<u8>,
    /// The identity key's signature over [`PasswordFinish::message`].
    #[n(2)]
    pub signature: Signature,
}

impl PasswordFinish {
    /// What the identity key signs.
    pub fn message(account: AccountId, registration: &[u8], password_wrap: &[u8]) -> Vec<u8> {
        let parts: (AccountId, &minicbor::bytes::ByteSlice, &minicbor::bytes::ByteSlice) =
            (account, registration.into(), password_wrap.into());
        crate::cbor::encode(&parts)
    }
}

/// `PUT /api/v1/device-wrap`, and what `GET` answers: the account master key, wrapped by a key that never
/// leaves this device. The server forgets it after thirty idle minutes.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct DeviceWrap {
    /// The wrap.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub wrap: Vec<u8>,
}

/// `POST /api/v1/people/find`
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Find {
    /// The e-mail address of a provider.
    #[n(0)]
    pub email: String,
}

impl Find {
    /// The one form of an address, trimmed and in lower case: in which the server keeps it, and in which whoever asked
    /// compares what is answered.
    pub fn plain(email: &str) -> String {
        email.trim().to_lowercase()
    }
}

/// A person that the caller may know of: found by address, or party to a grant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Person {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The name.
    #[n(1)]
    pub name: String,
    /// The e-mail address.
    #[n(2)]
    pub email: String,
    /// Patient or provider.
    #[n(3)]
    pub profile: Profile,
    /// The account's chain, to be verified.
    #[n(4)]
    pub chain: Vec<Signed<AccountEntry>>,
}

macro_rules! opaque_debug {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}

// Wraps and personal data have no place in a log line.
opaque_debug!(SignUpFinish, SignedIn, AccountState, PasswordFinish, DeviceWrap);
