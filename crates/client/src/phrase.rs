//! The safety phrase: six words by which two people compare an identity.

use protocol::{AccountId, Digest, PublicKey};

/// Words in a phrase: 66 bits of SHA-256 over account and identity key.
pub const WORDS: usize = 6;

/// The words of an identity. The clinic shows them, the patient compares them.
pub fn safety_phrase(account: AccountId, identity: &PublicKey) -> [&'static str; WORDS] {
    let digest = Digest::of(&[b"hb/v1/phrase\0", &account.as_bytes()[..], &identity.as_bytes()[..]].concat());
    let words = bip39::Language::English.word_list();
    let mut bits =
        digest.as_bytes().iter().flat_map(|byte| (0..8).rev().map(move |place| usize::from(byte >> place & 1)));
    std::array::from_fn(|_| {
        let index = bits.by_ref().take(11).fold(0, |index, bit| index << 1 | bit);
        words.get(index).copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_bound_to_account_and_key() {
        let (one, two) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let (key, other) = (PublicKey::from_bytes([3; 32]), PublicKey::from_bytes([4; 32]));
        let phrase = safety_phrase(one, &key);
        assert!(phrase.iter().all(|word| word.len() >= 3));
        assert_eq!(phrase, safety_phrase(one, &key));
        assert_ne!(phrase, safety_phrase(two, &key));
        assert_ne!(phrase, safety_phrase(one, &other));
    }
}
