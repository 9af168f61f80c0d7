//! The identity key: signs everything that others must be able to check.

use ed25519_dalek::{Signer, SigningKey};
use protocol::cbor;
use protocol::signature::{Namespace, PublicKey, Signable, Signature, Signed};

use crate::secret::secrets;

secrets! {
    /// IK: the Ed25519 seed (RFC 8032) of a person's identity.
    IdentityKey
}

impl IdentityKey {
    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.key().verifying_key().to_bytes())
    }

    /// Signs bytes in a namespace.
    pub fn sign(&self, namespace: Namespace, bytes: &[u8]) -> Signature {
        Signature::ed25519(self.key().sign(&namespace.message(bytes)).to_bytes())
    }

    /// Signs a message and puts it into its envelope.
    pub fn sign_message<T: Signable>(&self, message: &T) -> Signed<T> {
        let payload = cbor::encode(message);
        let signature = self.sign(T::NAMESPACE, &payload);
        Signed::from_parts(message.signer(), payload, signature)
    }

    fn key(&self) -> SigningKey {
        SigningKey::from_bytes(self.expose())
    }
}
