//! The recovery kit: 256 random bits that a person prints and keeps.
//!
//! In writing they are fourteen groups of four characters of Crockford's base 32: 52 for the bits and four
//! of SHA-256, so that a slip of the pen is found at once. From the bits come a key that unwraps the account
//! master key, and another that answers the server's challenge.

use protocol::Digest;
use protocol::signature::{Namespace, PublicKey, Signature};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use crate::hazmat::kdf;
use crate::keys::KeyEncryptionKey;
use crate::secret::secrets;
use crate::signing::IdentityKey;

secrets! {
    /// The 256 bits of a recovery kit.
    RecoveryCode
}

/// Groups in a kit's written form.
pub const GROUPS: usize = 14;

/// Characters in a group.
pub const GROUP: usize = 4;

const DATA_CHARACTERS: usize = 52;

/// Crockford's base 32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What was typed is not a recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// Too few or too many characters.
    #[error("a recovery code has 14 groups of 4 characters")]
    Length,
    /// A character that no code contains.
    #[error("group {0} holds a character that is never in a code")]
    Character(usize),
    /// The check characters do not agree.
    #[error("there is a slip somewhere: compare the code with your printed kit once more")]
    Check,
}

impl RecoveryCode {
    /// Fresh bits.
    pub fn make_code(rng: &mut dyn CryptoRng) -> Self {
        Self::make(rng)
    }

    /// The written form, group by group.
    pub fn groups(&self) -> Zeroizing<Vec<String>> {
        let mut characters = Zeroizing::new(to_characters(self.expose()));
        characters.extend(check_characters(self.expose()));
        Zeroizing::new(characters.chunks(GROUP).map(|group| group.iter().collect()).collect())
    }

    /// Reads the written form, forgiving case, spaces, dashes, and O for 0 or I and L for 1.
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        let mut values = Zeroizing::new(Vec::with_capacity(GROUPS * GROUP));
        for character in typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—' | '·')) {
            let value = value(character).ok_or(NotACode::Character(values.len() / GROUP + 1))?;
            values.push(value);
        }
        if values.len() != GROUPS * GROUP {
            return Err(NotACode::Length);
        }
        let (data, check) = values.split_at(DATA_CHARACTERS);
        let mut bytes = from_values(data).ok_or(NotACode::Check)?;
        let code = Self::from_bytes(bytes);
        bytes.zeroize();
        let due: Vec<Option<u8>> = check_characters(code.expose()).map(value).collect();
        if due.into_iter().eq(check.iter().copied().map(Some)) { Ok(code) } else { Err(NotACode::Check) }
    }

    /// The key that wraps the account master key.
    pub fn derive_key(&self) -> KeyEncryptionKey {
        KeyEncryptionKey::from_bytes(*kdf::derive(self.expose(), "kek/recovery", &[]))
    }

    /// The public key that the server checks answers with.
    pub fn derive_public(&self) -> PublicKey {
        self.signing_key().public()
    }

    /// Answers the server's challenge.
    pub fn answer(&self, challenge: &[u8; 32]) -> Signature {
        self.signing_key().sign(Namespace::Recovery, challenge)
    }

    fn signing_key(&self) -> IdentityKey {
        IdentityKey::from_bytes(*kdf::derive(self.expose(), "sign/recovery", &[]))
    }
}

fn value(character: char) -> Option<u8> {
    let character = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|known| char::from(*known) == character)?;
    u8::try_from(place).ok()
}

fn character(value: u32) -> char {
    ALPHABET.get((value & 31) as usize).copied().map_or('0', char::from)
}

/// 256 bits as 52 characters: the last one carries one bit and four zeros.
fn to_characters(bytes: &[u8; 32]) -> Vec<char> {
    let bit = |place: usize| bytes.get(place / 8).map_or(0, |byte| u32::from(byte >> (7 - place % 8) & 1));
    (0..DATA_CHARACTERS)
        .map(|index| character((0..5).fold(0, |value, offset| value << 1 | bit(index * 5 + offset))))
        .collect()
}

fn from_values(values: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (index, value) in values.iter().enumerate() {
        for offset in 0..5 {
            let bit = value >> (4 - offset) & 1;
            let place = index * 5 + offset;
            match bytes.get_mut(place / 8) {
                Some(byte) => *byte |= bit << (7 - place % 8),
                // Past the 256th bit there are only zeros in a code that we wrote.
                None if bit == 0 => {}
                None => return None,
            }
        }
    }
    Some(bytes)
}

/// Twenty bits of SHA-256.
fn check_characters(bytes: &[u8; 32]) -> impl Iterator<Item = char> {
    let digest = Digest::of(&[b"hb/v1/recovery\0", &bytes[..]].concat());
    let [a, b, c, ..] = *digest.as_bytes();
    let bits = u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c);
    (0..4).map(move |index| character(bits >> (19 - 5 * index)))
}
