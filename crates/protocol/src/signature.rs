//! Ed25519 signatures with namespaces, checked on bytes before the bytes are parsed.

use std::fmt;
use std::marker::PhantomData;

use minicbor::{Decode, Encode};

use crate::cbor::{self, Malformed};
use crate::{AccountId, Digest};

/// What a signature is for. A signature made for one message type is worthless for any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// An entry of a vault's log.
    Entry,
    /// An entry of an account's chain.
    Account,
    /// A new identity key's consent to belong to an account.
    Identity,
    /// The answer to a recovery challenge.
    Recovery,
    /// A new password, set by someone who holds the account's identity key.
    Password,
}

impl Namespace {
    /// Every namespace.
    pub const ALL: [Self; 5] = [Self::Entry, Self::Account, Self::Identity, Self::Recovery, Self::Password];

    /// The name that goes under the signature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Account => "account",
            Self::Identity => "identity",
            Self::Recovery => "recovery",
            Self::Password => "password",
        }
    }

    /// The bytes that are signed: `"hb/v1/sig/" ‖ namespace ‖ 0x00 ‖ message`.
    pub fn message(self, bytes: &[u8]) -> Vec<u8> {
        [b"hb/v1/sig/", self.name().as_bytes(), &[0], bytes].concat()
    }
}

/// An Ed25519 public key (RFC 8032), as it was received. It is checked when it is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PublicKey(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl PublicKey {
    /// A key that was read from somewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", Digest::from_bytes(self.0))
    }
}

/// The only signature algorithm so far: Ed25519, strictly verified.
const ED25519: u8 = 1;

/// A signature, with its algorithm and a slot for a second one (a post-quantum signature, one day).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Signature {
    #[n(0)]
    algorithm: u8,
    #[cbor(n(1), with = "minicbor::bytes")]
    bytes: [u8; 64],
    #[cbor(n(2), with = "minicbor::bytes")]
    second: Option<Vec<u8>>,
}

/// The signature does not hold, or is of a kind that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct BadSignature;

impl Signature {
    /// A signature that `vault` made with Ed25519.
    pub const fn ed25519(bytes: [u8; 64]) -> Self {
        Self { algorithm: ED25519, bytes, second: None }
    }

    /// Checks the signature over bytes as they were received. An unknown algorithm or a second signature
    /// that nobody here can check is a failure, never ignored.
    pub fn verify(&self, namespace: Namespace, key: &PublicKey, bytes: &[u8]) -> Result<(), BadSignature> {
        if self.algorithm != ED25519 || self.second.is_some() {
            return Err(BadSignature);
        }
        let key = ed25519_dalek::VerifyingKey::from_bytes(key.as_bytes()).map_err(|_| BadSignature)?;
        let signature = ed25519_dalek::Signature::from_bytes(&self.bytes);
        key.verify_strict(&namespace.message(bytes), &signature).map_err(|_| BadSignature)
    }
}

/// A message type that is signed, and the namespace that it is signed in.
pub trait Signable: Encode<()> + for<'b> Decode<'b, ()> {
    /// Where its signatures belong.
    const NAMESPACE: Namespace;

    /// Who the message itself says signed it.
    fn signer(&self) -> AccountId;
}

/// The bytes of a message as they were signed, who is said to have signed them, and the signature.
#[derive(Encode, Decode)]
pub struct Signed<T> {
    #[n(0)]
    signer: AccountId,
    #[cbor(n(1), with = "minicbor::bytes")]
    payload: Vec<u8>,
    #[n(2)]
    signature: Signature,
    #[cbor(skip)]
    message: PhantomData<fn() -> T>,
}

/// Why a signed message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The signature does not hold under the key.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// The signature holds, but over bytes that are not such a message.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The message names another signer than its envelope.
    #[error("the message names another signer")]
    Signer,
}

impl<T: Signable> Signed<T> {
    /// Puts a message's bytes together with a signature that `vault` made over them.
    pub fn from_parts(signer: AccountId, payload: Vec<u8>, signature: Signature) -> Self {
        Self { signer, payload, signature, message: PhantomData }
    }

    /// Whose key to check it with. A hint: [`Self::open`] holds the message to it.
    pub const fn signer(&self) -> AccountId {
        self.signer
    }

    /// Checks the signature on the bytes, then parses them.
    pub fn open(&self, key: &PublicKey) -> Result<T, NotSigned> {
        self.signature.verify(T::NAMESPACE, key, &self.payload)?;
        self.open_again()
    }

    /// Parses the message without checking its signature: for an envelope whose signature the caller checked before,
    /// and which it kept since where nobody else can write.
    pub(crate) fn open_again(&self) -> Result<T, NotSigned> {
        let message: T = cbor::decode(&self.payload)?;
        if message.signer() == self.signer { Ok(message) } else { Err(NotSigned::Signer) }
    }

    /// Reads the message without checking its signature: only to learn which key to check it with.
    pub(crate) fn peek(&self) -> Result<T, Malformed> {
        cbor::decode(&self.payload)
    }

    /// The whole envelope's encoding: what a log stores and chains.
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads an envelope. Says nothing yet about its signature.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        cbor::decode(bytes)
    }

    /// The digest of the whole envelope, signature included.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }
}

impl<T> Clone for Signed<T> {
    fn clone(&self) -> Self {
        Self {
            signer: self.signer,
            payload: self.payload.clone(),
            signature: self.signature.clone(),
            message: PhantomData,
        }
    }
}

impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.signer == other.signer && self.payload == other.payload && self.signature == other.signature
    }
}

impl<T> Eq for Signed<T> {}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("signer", &self.signer)
            .field("payload", &self.payload.len())
            .finish_non_exhaustive()
    }
}
