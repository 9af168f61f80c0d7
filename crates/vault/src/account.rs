//! A person's own keys, and what the server keeps of them without being able to read it.

use minicbor::{Decode, Encode};
use protocol::account::{AccountBody, AccountEntry, VERSION};
use protocol::api::Restored;
use protocol::signature::{PublicKey, Signed};
use protocol::{Account, AccountId, Head, Minute, VaultId, cbor};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::OpenError;
use crate::context::SealContext;
use crate::envelope::{open_envelope, seal_envelope};
use crate::keys::AccountMasterKey;
use crate::recipient::EncryptionKey;
use crate::signing::IdentityKey;

/// A person's secret keys.
#[derive(Debug)]
pub struct AccountKeys {
    /// Whose.
    pub account: AccountId,
    /// IK.
    pub identity: IdentityKey,
    /// EK\[0\], EK\[1\], and so on: what was sealed to an old one must still open.
    encryption: Vec<EncryptionKey>,
}

#[derive(Encode, Decode)]
struct Keyring {
    #[cbor(n(0), with = "minicbor::bytes")]
    identity: [u8; 32],
    #[n(1)]
    encryption: Vec<Seed>,
}

#[derive(Encode, Decode)]
#[cbor(transparent)]
struct Seed(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl Drop for Keyring {
    fn drop(&mut self) {
        self.identity.zeroize();
        self.encryption.iter_mut().for_each(|seed| seed.0.zeroize());
    }
}

impl AccountKeys {
    /// Fresh keys for a new account, and the first step of its chain.
    pub fn make(account: AccountId, rng: &mut dyn CryptoRng) -> Result<(Self, Signed<AccountEntry>), OpenError> {
        let keys = Self { account, identity: IdentityKey::make(rng), encryption: vec![EncryptionKey::make(rng)] };
        let encryption = keys.encryption(0)?.public()?;
        let genesis = keys.identity.sign_message(&AccountEntry {
            version: VERSION,
            account,
            number: 0,
            previous: None,
            body: AccountBody::Genesis { identity: keys.identity.public(), encryption },
        });
        Ok((keys, genesis))
    }

    /// Adds a new encryption key, and the chain's step that announces it.
    pub fn rotate_encryption(
        &mut self,
        chain: &Account,
        rng: &mut dyn CryptoRng,
    ) -> Result<Signed<AccountEntry>, OpenError> {
        let key = EncryptionKey::make(rng);
        let (number, previous) = chain.next();
        let generation = u32::try_from(self.encryption.len()).map_err(|_| OpenError)?;
        let step = self.identity.sign_message(&AccountEntry {
            version: VERSION,
            account: self.account,
            number,
            previous: Some(previous),
            body: AccountBody::Encryption { generation, key: key.public()? },
        });
        self.encryption.push(key);
        Ok(step)
    }

    /// The encryption key of a generation.
    pub fn encryption(&self, generation: u32) -> Result<&EncryptionKey, OpenError> {
        usize::try_from(generation).ok().and_then(|index| self.encryption.get(index)).ok_or(OpenError)
    }

    /// Seals the keys under the account master key.
    pub fn seal(&self, master: &AccountMasterKey, rng: &mut dyn CryptoRng) -> Vec<u8> {
        let keyring = Keyring {
            identity: *self.identity.expose(),
            encryption: self.encryption.iter().map(|key| Seed(*key.expose())).collect(),
        };
        let plain = Zeroizing::new(cbor::encode(&keyring));
        seal_envelope(&master.derive_keyring_key(), &SealContext::Keyring(self.account), &plain, rng)
    }

    /// Opens the keys, and holds them to the account's verified chain: a server cannot swap in other keys.
    pub fn open(master: &AccountMasterKey, chain: &Account, sealed: &[u8]) -> Result<Self, OpenError> {
        let account = chain.id();
        let plain = open_envelope(&master.derive_keyring_key(), &SealContext::Keyring(account), sealed)?;
        let keyring: Keyring = cbor::decode(&plain).map_err(|_| OpenError)?;
        let keys = Self {
            account,
            identity: IdentityKey::from_bytes(keyring.identity),
            encryption: keyring.encryption.iter().map(|seed| EncryptionKey::from_bytes(seed.0)).collect(),
        };
        let (generation, public) = chain.encryption();
        if keys.identity.public() == *chain.identity() && keys.encryption(generation)?.public()? == public {
            Ok(keys)
        } else {
            Err(OpenError)
        }
    }
}

/// Another person's identity key, as it was first seen or compared in person.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pin {
    /// Whose.
    #[n(0)]
    pub account: AccountId,
    /// The key.
    #[n(1)]
    pub identity: PublicKey,
    /// When the safety phrase was compared in person, if it was.
    #[n(2)]
    pub verified: Option<Minute>,
    /// How many steps of the person's chain were verified; none in what was kept before that was noted.
    #[n(3)]
    pub steps: Option<u32>,
    /// The address by which the person was found, in its one form; none for who was never looked for by one.
    #[n(4)]
    pub address: Option<String>,
    /// When the safety phrase was compared in person with whom that address had led to, if it was; none in what was kept
    /// before that was told apart.
    #[n(5)]
    pub address_verified: Option<Minute>,
}

impl Pin {
    /// Pins a person as the verified chain gives them.
    pub fn of(account: &Account) -> Self {
        let (steps, _) = account.next();
        Self {
            account: account.id(),
            identity: *account.identity(),
            verified: None,
            steps: Some(steps),
            address: None,
            address_verified: None,
        }
    }

    /// Whether a verified chain goes on from what was pinned: from the same key, and with no step fewer than were seen.
    /// A shorter one brings back a key that was replaced.
    pub fn leads_to(&self, account: &Account) -> bool {
        self.account == account.id()
            && account.descends_from(&self.identity)
            && self.steps.is_none_or(|steps| steps <= account.next().0)
    }
}

/// The newest place of a vault's log that this account has verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SeenHead {
    /// Which vault.
    #[n(0)]
    pub vault: VaultId,
    /// Up to where.
    #[n(1)]
    pub head: Head,
    /// The server's last restore from a backup, as it was known then; none where there was none, and in what was kept
    /// before that was noted.
    #[n(2)]
    pub restore: Option<KnownRestore>,
}

/// A restore of the server from a backup, as this account knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KnownRestore {
    /// As the server tells of it.
    #[n(0)]
    pub restore: Restored,
    /// How many entries of the vault's log that this account had seen are gone with it, at least.
    #[n(1)]
    pub lost: u64,
    /// What went with restores before it, so that the next one, which may be made up, hides nothing; none if nothing
    /// did.
    #[n(2)]
    pub earlier: Option<Losses>,
}

/// What went with some restores of the server, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Losses {
    /// When the last of them was that took something away.
    #[n(0)]
    pub at: Minute,
    /// How many entries that this account had seen are gone, at least.
    #[n(1)]
    pub lost: u64,
}

impl KnownRestore {
    /// A restore that took nothing away as far as is known yet, after the one that was known before.
    pub fn after(before: Option<Self>, restore: Restored) -> Self {
        Self { restore, lost: 0, earlier: before.and_then(Self::losses) }
    }

    /// What went with it and with those before it; none if nothing did.
    pub fn losses(self) -> Option<Losses> {
        if self.lost == 0 {
            return self.earlier;
        }
        let before = self.earlier.map_or(0, |earlier| earlier.lost);
        Some(Losses { at: self.restore.at, lost: before.saturating_add(self.lost) })
    }

    /// The same, with what another memory of the account has noted of losses.
    #[must_use]
    pub fn with_losses_of(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let (lost, before) = if other.restore == self.restore {
            (self.lost.max(other.lost), other.earlier)
        } else {
            (self.lost, other.losses())
        };
        // Both may tell of the same ones.
        let earlier = self.earlier.into_iter().chain(before).max_by_key(|losses| losses.lost);
        Self { lost, earlier, ..self }
    }
}

/// ASK: what an account remembers, sealed, on the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct AccountMemory {
    /// Other people's identity keys, by account.
    #[n(0)]
    pub pins: Vec<Pin>,
    /// The newest verified heads, by vault.
    #[n(1)]
    pub heads: Vec<SeenHead>,
}

impl AccountMemory {
    /// Seals it as one version of the account's state.
    pub fn seal(
        &self,
        master: &AccountMasterKey,
        account: AccountId,
        version: u32,
        rng: &mut dyn CryptoRng,
    ) -> Vec<u8> {
        let context = SealContext::AccountState(account, version);
        seal_envelope(&master.derive_state_key(), &context, &cbor::encode(self), rng)
    }

    /// Opens one version of the account's state.
    pub fn open(master: &AccountMasterKey, account: AccountId, version: u32, sealed: &[u8]) -> Result<Self, OpenError> {
        let context = SealContext::AccountState(account, version);
        cbor::decode(&open_envelope(&master.derive_state_key(), &context, sealed)?).map_err(|_| OpenError)
    }

    /// The key that is pinned for an account.
    pub fn pin(&self, account: AccountId) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.account == account)
    }

    /// Pins a key, or replaces what was pinned. An address leads to one account: it leaves whoever had it before.
    pub fn set_pin(&mut self, pin: Pin) {
        self.pins.retain(|known| known.account != pin.account);
        if pin.address.is_some() {
            for other in self.pins.iter_mut().filter(|other| other.address == pin.address) {
                other.address = None;
                other.address_verified = None;
            }
        }
        self.pins.push(pin);
        self.pins.sort_by_key(|pin| pin.account);
    }

    /// Whether nothing that is pinned speaks against a verified account: its chain goes on from its own pin, and the
    /// address by which it was found, if it was, is neither pinned to another account, nor the account to another
    /// address.
    pub fn admits(&self, account: &Account, address: Option<&str>) -> bool {
        let of_account = |pin: &Pin| pin.account == account.id();
        let leads = |pin: &Pin| !of_account(pin) || pin.leads_to(account);
        let fits = |pin: &Pin| match (pin.address.as_deref(), address) {
            (Some(pinned), Some(found)) => (pinned == found) == of_account(pin),
            _ => true,
        };
        self.pins.iter().all(|pin| leads(pin) && fits(pin))
    }

    /// Notes what was seen of a verified account and of the address by which it was found, unless a pin speaks against
    /// it.
    pub fn note(&mut self, account: &Account, address: Option<&str>) {
        if self.admits(account, address) {
            let known = self.pin(account.id()).cloned();
            let mut pin = known.unwrap_or_else(|| Pin::of(account));
            pin.steps = Pin::of(account).steps;
            pin.address = pin.address.or_else(|| address.map(str::to_owned));
            self.set_pin(pin);
        }
    }

    /// The newest verified head of a vault, and what was known then.
    pub fn seen(&self, vault: VaultId) -> Option<&SeenHead> {
        self.heads.iter().find(|seen| seen.vault == vault)
    }

    /// Remembers a head in place of the one before.
    pub fn set_seen(&mut self, seen: SeenHead) {
        self.heads.retain(|known| known.vault != seen.vault);
        self.heads.push(seen);
        self.heads.sort_by_key(|known| known.vault);
    }
}
