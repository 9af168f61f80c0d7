//! Devices that were here before. Each proves it by itself, so that the server keeps no list of them.
//!
//! Anybody can begin to sign in to any account, and use up its attempts. Those of a device that once completed one are
//! counted apart, so that whoever does it keeps out strangers, and not the person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::Digest;

use crate::clock::DAY;
use crate::state::AppState;
use crate::store::accounts::Account;

/// For how long a device keeps its proofs.
pub const KEPT: u64 = 365 * DAY;

/// How many proofs a device carries: people who share a browser are fewer, and it sends all of them with every request.
pub const MOST: usize = 8;

const NONCE: usize = 16;
const MARK: usize = 32;

/// Stands for OPAQUE's record of an address that nobody has. It is as long as one.
const NOBODY: [u8; 192] = [0; 192];

/// That a device signed in to one account, while it had one password.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Proof {
    /// Tells one device from the next, to the counter of its attempts.
    nonce: [u8; NONCE],
    /// Of the nonce, the account's credential and OPAQUE's record.
    mark: [u8; MARK],
}

impl Proof {
    fn make(state: &AppState, credential: &Digest, record: &Digest) -> Self {
        let nonce = state.random.draw();
        Self { nonce, mark: state.secrets.mark(&proven(&nonce, credential, record)) }
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, mark) = bytes.split_first_chunk()?;
        Some(Self { nonce: *nonce, mark: mark.try_into().ok()? })
    }

    fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.nonce.as_slice(), self.mark.as_slice()].concat())
    }

    fn holds(&self, state: &AppState, credential: &Digest, record: &Digest) -> bool {
        state.secrets.is_mark(&proven(&self.nonce, credential, record), &self.mark)
    }
}

fn proven(nonce: &[u8; NONCE], credential: &Digest, record: &Digest) -> Vec<u8> {
    [nonce.as_slice(), credential.as_bytes(), record.as_bytes()].concat()
}

/// What a device proves: at most one account with each proof. They open nothing, and stand in no log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proofs(Vec<Proof>);

impl Proofs {
    /// Reads what a device carries. What is no proof is left out.
    pub fn read(text: &str) -> Self {
        Self(text.split('.').take(MOST).filter_map(Proof::read).collect())
    }

    /// In the form in which a device carries them.
    pub fn write(&self) -> String {
        self.0.iter().map(Proof::write).collect::<Vec<_>>().join(".")
    }

    /// The same with a new one in front, and without those that it replaces. The oldest goes when there are too many.
    fn with(&self, new: Proof, replaced: impl Fn(&Proof) -> bool) -> Self {
        let others = self.0.iter().filter(|proof| !replaced(proof)).copied();
        Self(std::iter::once(new).chain(others).take(MOST).collect())
    }
}

/// By what a device is known that proves to have signed in with this address. An address that nobody has takes the same
/// work, and is proven by nothing.
pub(super) fn known(state: &AppState, proofs: &Proofs, email: &str, account: Option<&Account>) -> Option<[u8; NONCE]> {
    let credential = state.secrets.credential(email);
    let record = Digest::of(account.map_or(NOBODY.as_slice(), |account| account.opaque_record.as_slice()));
    proofs.0.iter().find(|proof| proof.holds(state, &credential, &record)).map(|proof| proof.nonce)
}

/// What a device carries once it has signed in.
pub(super) fn admit(state: &AppState, proofs: &Proofs, account: &Account) -> Proofs {
    let credential = state.secrets.credential(&account.email);
    let record = Digest::of(&account.opaque_record);
    proofs.with(Proof::make(state, &credential, &record), |proof| proof.holds(state, &credential, &record))
}

/// What a device carries once it has set a password, which ends the proofs of all others: with it goes OPAQUE's record.
/// None where it proved nothing: who only has a session is not given more.
pub(super) fn renew(state: &AppState, proofs: &Proofs, account: &Account, record: &[u8]) -> Option<Proofs> {
    let credential = state.secrets.credential(&account.email);
    let (before, now) = (Digest::of(&account.opaque_record), Digest::of(record));
    let replaced = |proof: &Proof| proof.holds(state, &credential, &before);
    proofs.0.iter().any(replaced).then(|| proofs.with(Proof::make(state, &credential, &now), replaced))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(byte: u8) -> Proof {
        Proof { nonce: [byte; NONCE], mark: [byte; MARK] }
    }

    #[test]
    fn proofs_come_back_as_they_were_written_and_nothing_else_does() {
        let both = Proofs(vec![proof(1), proof(2)]);
        let text = both.write();
        assert_eq!(text.len(), 2 * 64 + 1);
        assert!(Proofs::read(&text) == both);
        assert!(Proofs::read(&format!("..x.{text}.")) == both);
        for nothing in ["", ".", "AAAA", &"A".repeat(63), &"A".repeat(68), &"=".repeat(64), &text.replace('.', "")] {
            assert!(Proofs::read(nothing) == Proofs::default(), "{nothing}");
        }
    }

    #[test]
    fn a_new_proof_stands_in_front_and_the_oldest_goes() {
        let mut proofs = Proofs::default();
        for byte in 1..=9 {
            proofs = proofs.with(proof(byte), |_| false);
        }
        assert!(proofs.0 == (2..=9).rev().map(proof).collect::<Vec<_>>());
        assert_eq!(Proofs::read(&format!("{}.{}", proofs.write(), proof(1).write())).0.len(), MOST);
        proofs = proofs.with(proof(10), |replaced| replaced.nonce == [5; NONCE]);
        assert!(proofs.0 == [10, 9, 8, 7, 6, 4, 3, 2].map(proof));
    }
}
