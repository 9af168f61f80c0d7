//! Unlocking by password: the client's side of OPAQUE (RFC 9807).
//!
//! The server never sees the password, nor anything that lets it guess without its secret file. The export
//! key that only the right password gives becomes the key-encryption key.

use opaque_ke::argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::{
    ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
    CredentialResponse, Identifiers, RegistrationResponse,
};
use protocol::opaque::{CONTEXT, Suite};
use rand_core::CryptoRng;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::hazmat::kdf;
use crate::hazmat::rand06::Rand06;
use crate::keys::KeyEncryptionKey;

/// Argon2id: 64 MiB, three passes, one lane. A floor that no server can lower: it is not a parameter.
fn stretch() -> Argon2<'static> {
    let Ok(params) = Params::new(64 << 10, 3, 1, None) else { unreachable!("the cost is in Argon2's range") };
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The least number of characters in a password.
pub const MIN_CHARACTERS: usize = 12;

/// A password, in Unicode's NFKC form so that every keyboard gives the same bytes.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes in what a person typed.
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfkc().collect()))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(secret)")
    }
}

/// The exchange failed: a wrong password, or a server that does not hold what it should. They look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the e-mail address or the password is not right")]
pub struct WrongPassword;

/// Setting a password, between its two messages.
pub struct Registration {
    state: ClientRegistration<Suite>,
    password: Password,
}

/// What setting a password gives.
pub struct Registered {
    /// The last message to the server.
    pub upload: Vec<u8>,
    /// The key that wraps the account master key.
    pub key: KeyEncryptionKey,
}

impl Registration {
    /// Starts; the bytes go to the server.
    pub fn start(password: Password, rng: &mut dyn CryptoRng) -> Result<(Self, Vec<u8>), WrongPassword> {
        let started =
            ClientRegistration::<Suite>::start(&mut Rand06(rng), password.bytes()).map_err(|_| WrongPassword)?;
        Ok((Self { state: started.state, password }, started.message.serialize().to_vec()))
    }

    /// Finishes with the server's answer. Takes a fifth of a second and 64 MiB, by design.
    pub fn finish(self, response: &[u8], rng: &mut dyn CryptoRng) -> Result<Registered, WrongPassword> {
        let response = RegistrationResponse::deserialize(response).map_err(|_| WrongPassword)?;
        let stretch = stretch();
        let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&stretch));
        let finished = self
            .state
            .finish(&mut Rand06(rng), self.password.bytes(), response, parameters)
            .map_err(|_| WrongPassword)?;
        Ok(Registered { upload: finished.message.serialize().to_vec(), key: key(&finished.export_key) })
    }
}

/// Signing in, between its two messages.
pub struct SignIn {
    state: ClientLogin<Suite>,
    password: Password,
}

/// What signing in gives.
pub struct Finished {
    /// The last message to the server.
    pub finalization: Vec<u8>,
    /// The key that unwraps the account master key.
    pub key: KeyEncryptionKey,
}

impl SignIn {
    /// Starts; the bytes go to the server.
    pub fn start(password: Password, rng: &mut dyn CryptoRng) -> Result<(Self, Vec<u8>), WrongPassword> {
        let started = ClientLogin::<Suite>::start(&mut Rand06(rng), password.bytes()).map_err(|_| WrongPassword)?;
        Ok((Self { state: started.state, password }, started.message.serialize().to_vec()))
    }

    /// Finishes with the server's answer. Takes a fifth of a second and 64 MiB, by design.
    pub fn finish(self, response: &[u8], rng: &mut dyn CryptoRng) -> Result<Finished, WrongPassword> {
        let response = CredentialResponse::deserialize(response).map_err(|_| WrongPassword)?;
        let stretch = stretch();
        let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), Identifiers::default(), Some(&stretch));
        let finished = self
            .state
            .finish(&mut Rand06(rng), self.password.bytes(), response, parameters)
            .map_err(|_| WrongPassword)?;
        Ok(Finished { finalization: finished.message.serialize().to_vec(), key: key(&finished.export_key) })
    }
}

fn key(export_key: &[u8]) -> KeyEncryptionKey {
    KeyEncryptionKey::from_bytes(*kdf::derive(export_key, "kek/password", &[]))
}

macro_rules! silent {
    ($($name:ident)+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }
    )+};
}

silent!(Registration Registered SignIn Finished);
