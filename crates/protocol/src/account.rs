//! The account chain: a person's keys, each signed by a key that was valid before it.

use minicbor::{Decode, Encode};

use crate::signature::{Namespace, NotSigned, PublicKey, Signable, Signature, Signed};
use crate::{AccountId, Digest, cbor};

/// The version of the chain's format. There is one.
pub const VERSION: u8 = 1;

/// Bytes in an X-Wing encapsulation key (ML-KEM-768 and X25519).
pub const ENCRYPTION_KEY_LENGTH: usize = 1216;

/// One step of an account's chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AccountEntry {
    /// [`VERSION`].
    #[n(0)]
    pub version: u8,
    /// Whose chain.
    #[n(1)]
    pub account: AccountId,
    /// From 0 without gaps.
    #[n(2)]
    pub number: u32,
    /// The digest of the step before.
    #[n(3)]
    pub previous: Option<Digest>,
    /// What changes.
    #[n(4)]
    pub body: AccountBody,
}

impl Signable for AccountEntry {
    const NAMESPACE: Namespace = Namespace::Account;

    fn signer(&self) -> AccountId {
        self.account
    }
}

/// What a step changes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AccountBody {
    /// The first step, signed by the key that it names.
    #[n(1)]
    Genesis {
        /// The Ed25519 identity key.
        #[n(0)]
        identity: PublicKey,
        /// The first X-Wing encapsulation key, generation 0.
        #[cbor(n(1), with = "minicbor::bytes")]
        encryption: Vec<u8>,
    },
    /// A new encryption key, signed by the identity key.
    #[n(2)]
    Encryption {
        /// One more than the one before.
        #[n(0)]
        generation: u32,
        /// The X-Wing encapsulation key.
        #[cbor(n(1), with = "minicbor::bytes")]
        key: Vec<u8>,
    },
    /// A new identity key, signed by the old one.
    #[n(3)]
    Identity {
        /// The new Ed25519 key.
        #[n(0)]
        key: PublicKey,
        /// The new key's signature over the account id and the digest of the step before, so that nobody
        /// claims a key that is not theirs.
        #[n(1)]
        consent: Signature,
    },
}

/// What the new key signs to consent to an [`AccountBody::Identity`] step.
pub fn identity_consent(account: AccountId, previous: Digest) -> Vec<u8> {
    cbor::encode(&(account, previous))
}

/// A person's keys, as their verified chain gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    id: AccountId,
    identity: PublicKey,
    identities: Vec<PublicKey>,
    encryption: Vec<u8>,
    generation: u32,
    next: u32,
    head: Digest,
}

/// Why a chain was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// A step is not signed by the key that was valid before it.
    #[error("a change of the account's keys is not signed with a key that it had before")]
    Signature(u32),
    /// A step does not follow the one before.
    #[error("a change of the account's keys does not follow what was before")]
    Order(u32),
    /// A step has a version or a key that cannot be right.
    #[error("a change of the account's keys is of an unknown form")]
    Form(u32),
    /// There is no first step.
    #[error("the account has no keys")]
    Empty,
}

impl Account {
    /// Folds a chain, from its first step, for the account that was asked for.
    pub fn from_chain(id: AccountId, chain: &[Signed<AccountEntry>]) -> Result<Self, BrokenChain> {
        let (first, rest) = chain.split_first().ok_or(BrokenChain::Empty)?;
        let mut account = Self::from_genesis(id, first)?;
        rest.iter().try_for_each(|step| account.apply(step))?;
        Ok(account)
    }

    /// The first step names the key that signs it.
    fn from_genesis(id: AccountId, step: &Signed<AccountEntry>) -> Result<Self, BrokenChain> {
        // The key stands inside, so this one message is read before its signature is checked, and then again.
        let AccountBody::Genesis { identity, .. } = step.peek().map_err(|_| BrokenChain::Form(0))?.body else {
            return Err(BrokenChain::Form(0));
        };
        let entry = open(step, &identity, 0)?;
        let AccountBody::Genesis { encryption, .. } = entry.body else { return Err(BrokenChain::Form(0)) };
        if entry.account != id || entry.number != 0 || entry.previous.is_some() {
            return Err(BrokenChain::Order(0));
        }
        if entry.version != VERSION || encryption.len() != ENCRYPTION_KEY_LENGTH {
            return Err(BrokenChain::Form(0));
        }
        Ok(Self { id, identity, identities: vec![identity], encryption, generation: 0, next: 1, head: step.digest() })
    }

    /// Adds one step, or leaves the account as it was.
    pub fn apply(&mut self, step: &Signed<AccountEntry>) -> Result<(), BrokenChain> {
        let number = self.next;
        let entry = open(step, &self.identity, number)?;
        if entry.account != self.id || entry.number != number || entry.previous != Some(self.head) {
            return Err(BrokenChain::Order(number));
        }
        if entry.version != VERSION {
            return Err(BrokenChain::Form(number));
        }
        match entry.body {
            AccountBody::Genesis { .. } => return Err(BrokenChain::Order(number)),
            AccountBody::Encryption { generation, key } => {
                if generation != self.generation + 1 {
                    return Err(BrokenChain::Order(number));
                }
                if key.len() != ENCRYPTION_KEY_LENGTH {
                    return Err(BrokenChain::Form(number));
                }
                self.generation = generation;
                self.encryption = key;
            }
            AccountBody::Identity { key, consent } => {
                consent
                    .verify(Namespace::Identity, &key, &identity_consent(self.id, self.head))
                    .map_err(|_| BrokenChain::Signature(number))?;
                self.identity = key;
                self.identities.push(key);
            }
        }
        self.next += 1;
        self.head = step.digest();
        Ok(())
    }

    /// Whose keys.
    pub const fn id(&self) -> AccountId {
        self.id
    }

    /// The identity key that is valid now.
    pub const fn identity(&self) -> &PublicKey {
        &self.identity
    }

    /// Whether the chain leads from this key to the one that is valid now.
    pub fn descends_from(&self, key: &PublicKey) -> bool {
        self.identities.contains(key)
    }

    /// The X-Wing encapsulation key that is valid now, and its generation.
    pub fn encryption(&self) -> (u32, &[u8]) {
        (self.generation, &self.encryption)
    }

    /// The number that the next step takes, and the digest that it names as the one before.
    pub const fn next(&self) -> (u32, Digest) {
        (self.next, self.head)
    }
}

fn open(step: &Signed<AccountEntry>, key: &PublicKey, number: u32) -> Result<AccountEntry, BrokenChain> {
    step.open(key).map_err(|error| match error {
        NotSigned::Signature(_) | NotSigned::Signer => BrokenChain::Signature(number),
        NotSigned::Malformed(_) => BrokenChain::Form(number),
    })
}
