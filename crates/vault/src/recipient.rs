//! Sealing a key to a person: HPKE base mode (RFC 9180) with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! Base mode does not say who sealed, so a sealed key only ever travels inside a signed entry.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use protocol::signature::PublicKey;
use protocol::{Account, AccountId};
use rand_core::CryptoRng;

use crate::OpenError;
use crate::context::SealContext;
use crate::keys::{RecordKey, ScopeSeed, VaultKey};
use crate::secret::secrets;

secrets! {
    /// EK\[n\]: the X-Wing decapsulation seed of one generation.
    EncryptionKey
}

type PrivateKey = <XWing as Kem>::PrivateKey;
type EncappedKey = <XWing as Kem>::EncappedKey;

const INFO: &[u8] = b"hb/v1/seal";

impl EncryptionKey {
    /// The public half, as it stands in the account's chain.
    pub fn public(&self) -> Result<Vec<u8>, OpenError> {
        Ok(XWing::sk_to_pk(&self.private()?).to_bytes().to_vec())
    }

    fn private(&self) -> Result<PrivateKey, OpenError> {
        PrivateKey::from_bytes(self.expose()).map_err(|_| OpenError)
    }

    fn open(&self, context: &SealContext, sealed: &[u8]) -> Result<[u8; 32], OpenError> {
        let (encapped, ciphertext) = sealed.split_at_checked(EncappedKey::size()).ok_or(OpenError)?;
        let encapped = EncappedKey::from_bytes(encapped).map_err(|_| OpenError)?;
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.private()?,
            &encapped,
            INFO,
            ciphertext,
            context.digest().as_bytes(),
        );
        zeroize::Zeroizing::new(opened.map_err(|_| OpenError)?).as_slice().try_into().map_err(|_| OpenError)
    }
}

/// A person whose account chain was verified and whose identity key is the one that was pinned. It is the
/// only thing that a key can be sealed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRecipient {
    account: AccountId,
    identity: PublicKey,
    generation: u32,
    encryption: <XWing as Kem>::PublicKey,
}

/// Why nothing can be sealed to this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// The identity key is another one than before, and no chain leads to it from the one before.
    #[error("this person's identity has changed in a way that cannot be checked")]
    Changed,
    /// The encryption key is not one.
    #[error("this person's key cannot be used")]
    Key,
}

impl VerifiedRecipient {
    /// Holds an account, whose chain was folded and so verified, to the key that was pinned for it.
    pub fn verify(account: &Account, pinned: &PublicKey) -> Result<Self, Untrusted> {
        if !account.descends_from(pinned) {
            return Err(Untrusted::Changed);
        }
        let (generation, encryption) = account.encryption();
        let encryption = <XWing as Kem>::PublicKey::from_bytes(encryption).map_err(|_| Untrusted::Key)?;
        Ok(Self { account: account.id(), identity: *account.identity(), generation, encryption })
    }

    /// Whose account.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The identity key that was verified.
    pub const fn identity(&self) -> &PublicKey {
        &self.identity
    }

    /// The generation of the encryption key.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    fn seal(&self, context: &SealContext, secret: &[u8; 32], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Untrusted> {
        let mut rng = rng;
        let (encapped, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeS::Base,
            &self.encryption,
            INFO,
            secret,
            context.digest().as_bytes(),
            &mut rng,
        )
        .map_err(|_| Untrusted::Key)?;
        Ok([&encapped.to_bytes()[..], &ciphertext].concat())
    }
}

/// A key that a grant carries.
macro_rules! grantable {
    ($($key:ident: $seal:ident $open:ident;)+) => {$(
        impl VerifiedRecipient {
            /// Seals the key to this person, bound to the grant.
            pub fn $seal(&self, context: &SealContext, key: &$key, rng: &mut dyn CryptoRng) -> Result<Vec<u8>, Untrusted> {
                self.seal(context, key.expose(), rng)
            }
        }

        impl EncryptionKey {
            /// Opens the key that was sealed to this person, for the grant that the caller asked for.
            pub fn $open(&self, context: &SealContext, sealed: &[u8]) -> Result<$key, OpenError> {
                self.open(context, sealed).map($key::from_bytes)
            }
        }
    )+};
}

grantable! {
    VaultKey: seal_vault_key open_vault_key;
    ScopeSeed: seal_seed open_seed;
    RecordKey: seal_record_key open_record_key;
}
