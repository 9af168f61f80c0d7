//! The key hierarchy: which key wraps which.
//!
//! A wrapped key is `"HBW1" ‖ suite (1) ‖ nonce (24) ‖ key commitment (32) ‖ ciphertext (32) ‖ tag (16)`,
//! bound to a [`KeyContext`].

use protocol::Digest;
use rand_core::CryptoRng;
use zeroize::Zeroize;

use crate::OpenError;
use crate::context::KeyContext;
use crate::hazmat::{aead, kdf};
use crate::secret::secrets;

secrets! {
    /// What an unlock method gives: it wraps the account master key and nothing else.
    KeyEncryptionKey
    /// AMK: wraps the account's own keys, and the vault key for its owner.
    AccountMasterKey
    /// VK\[e\]: wraps every category seed of one epoch.
    VaultKey
    /// CS\[c,e\]: the seed of one category or area in one epoch.
    ScopeSeed
    /// RK\[r\]: wraps the content keys of a record.
    RecordKey
    /// A content key: fresh for each part of each revision, used once.
    ContentKey
}

/// `"HBW1"` and suite 1.
const HEADER: &[u8; 5] = b"HBW1\x01";

fn wrap(key: &[u8; 32], label: &str, context: &KeyContext, secret: &[u8; 32], rng: &mut dyn CryptoRng) -> Vec<u8> {
    let key = kdf::derive(key, label, &[]);
    let sealed = aead::seal(&key, &additional_data(context), secret, rng);
    [&HEADER[..], &sealed].concat()
}

fn unwrap(key: &[u8; 32], label: &str, context: &KeyContext, wrapped: &[u8]) -> Result<[u8; 32], OpenError> {
    let key = kdf::derive(key, label, &[]);
    let sealed = wrapped.strip_prefix(HEADER).ok_or(OpenError)?;
    aead::open(&key, &additional_data(context), sealed)?.as_slice().try_into().map_err(|_| OpenError)
}

fn additional_data(context: &KeyContext) -> Vec<u8> {
    [&HEADER[..], context.digest().as_bytes()].concat()
}

fn commitment(key: &[u8; 32], label: &str) -> Digest {
    Digest::from_bytes(*kdf::derive(key, label, &[]))
}

/// Gives a key type its methods to wrap one other type.
macro_rules! wraps {
    ($($outer:ident $label:literal: $wrap:ident $unwrap:ident $inner:ident;)+) => {$(
        impl $outer {
            /// Wraps a key, bound to where it belongs.
            pub fn $wrap(&self, context: &KeyContext, key: &$inner, rng: &mut dyn CryptoRng) -> Vec<u8> {
                wrap(self.expose(), $label, context, key.expose(), rng)
            }

            /// Unwraps a key for the place that the caller asked for.
            pub fn $unwrap(&self, context: &KeyContext, wrapped: &[u8]) -> Result<$inner, OpenError> {
                unwrap(self.expose(), $label, context, wrapped).map($inner::from_bytes)
            }
        }
    )+};
}

wraps! {
    KeyEncryptionKey "kek/amk": wrap_master unwrap_master AccountMasterKey;
    AccountMasterKey "amk/vault": wrap_vault_key unwrap_vault_key VaultKey;
    VaultKey "vault/previous": wrap_previous unwrap_previous VaultKey;
    VaultKey "vault/scope": wrap_seed unwrap_seed ScopeSeed;
    ScopeSeed "scope/previous": wrap_previous unwrap_previous ScopeSeed;
    ScopeSeed "scope/wrap": wrap_record_key unwrap_record_key RecordKey;
    RecordKey "record/previous": wrap_previous unwrap_previous RecordKey;
    RecordKey "record/content": wrap_content_key unwrap_content_key ContentKey;
}

/// Gives a key type the commitment that its holders check it against.
macro_rules! commits {
    ($($name:ident $label:literal)+) => {$(
        impl $name {
            /// What stands in the log for everyone to check the key against.
            pub fn commitment(&self) -> Digest {
                commitment(self.expose(), $label)
            }

            /// The key, if it is the one that the log commits to.
            pub fn check(self, committed: &Digest) -> Result<Self, OpenError> {
                if self.commitment() == *committed { Ok(self) } else { Err(OpenError) }
            }
        }
    )+};
}

commits! {
    VaultKey "vault/commitment"
    ScopeSeed "scope/commitment"
    RecordKey "record/commitment"
}

impl ScopeSeed {
    /// The key that seals what the scope stands for.
    pub fn derive_metadata_key(&self) -> ContentKey {
        ContentKey::from_bytes(*kdf::derive(self.expose(), "scope/metadata", &[]))
    }
}

impl AccountMasterKey {
    /// The key that seals the account's secret keys.
    pub(crate) fn derive_keyring_key(&self) -> ContentKey {
        ContentKey::from_bytes(*kdf::derive(self.expose(), "amk/keyring", &[]))
    }

    /// The key that seals the account's own state.
    pub fn derive_state_key(&self) -> ContentKey {
        ContentKey::from_bytes(*kdf::derive(self.expose(), "amk/state", &[]))
    }

    /// The key that seals what a device keeps of an upload between two runs.
    pub fn derive_outbox_key(&self) -> ContentKey {
        ContentKey::from_bytes(*kdf::derive(self.expose(), "amk/outbox", &[]))
    }

    /// The key that seals what a device keeps of the logs that it verified.
    pub fn derive_log_key(&self) -> ContentKey {
        ContentKey::from_bytes(*kdf::derive(self.expose(), "amk/log", &[]))
    }

    /// Lends the bytes to a device's own key store for wrapping, and erases the copy afterwards.
    pub fn lend<T>(&self, use_bytes: impl FnOnce(&[u8; 32]) -> T) -> T {
        let mut bytes = *self.expose();
        let result = use_bytes(&bytes);
        bytes.zeroize();
        result
    }

    /// The key that a device's own key store unwrapped.
    pub const fn from_device(bytes: [u8; 32]) -> Self {
        Self::from_bytes(bytes)
    }
}

impl KeyEncryptionKey {
    /// The key of a device that keeps it in a file of its own.
    pub const fn from_device(bytes: [u8; 32]) -> Self {
        Self::from_bytes(bytes)
    }
}

impl ContentKey {
    /// The bytes, for an upload's ticket, which is sealed before it leaves memory.
    pub const fn to_ticket(&self) -> [u8; 32] {
        *self.expose()
    }

    /// The key of an upload's ticket.
    pub const fn from_ticket(bytes: [u8; 32]) -> Self {
        Self::from_bytes(bytes)
    }
}
