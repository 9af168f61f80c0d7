//! No bytes make anything here panic or open, whatever they are.

#![cfg(not(target_arch = "wasm32"))]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use protocol::{AccountId, VaultId};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vault::account::AccountKeys;
use vault::envelope::{open_envelope, seal_envelope};
use vault::floe::{Layout, Native, Opener, Sealer};
use vault::password::{Password, Registration, SignIn};
use vault::recovery::RecoveryCode;
use vault::{AccountMasterKey, ContentKey, KeyContext, SealContext};

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the native cipher does not wait"),
    }
}

proptest! {
    #[test]
    fn garbage_never_opens(bytes in prop::collection::vec(any::<u8>(), 0..2_000), seed in any::<u64>()) {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let context = SealContext::Keyring(AccountId::from_bytes([1; 16]));
        let (key, master) = (ContentKey::make(rng), AccountMasterKey::make(rng));
        for start in [&b""[..], b"HBE1\x01", b"HBW1\x01"] {
            let bytes = [start, &bytes].concat();
            prop_assert!(open_envelope(&key, &context, &bytes).is_err());
            prop_assert!(master.unwrap_vault_key(&KeyContext::Vault(VaultId::from_bytes([1; 16]), 0), &bytes).is_err());
        }
        prop_assert!(Opener::start(Native, &key, &context, &bytes, bytes.len() as u64).is_err());
        let keys = AccountKeys::make(AccountId::from_bytes([1; 16]), rng).unwrap().0;
        prop_assert!(keys.encryption(0).unwrap().open_seed(&context, &bytes).is_err());
    }

    #[test]
    fn typed_text_is_a_code_or_an_error(text in ".{0,100}") {
        prop_assert!(RecoveryCode::parse(&text).is_err());
    }

    #[test]
    fn envelopes_round_trip(content in prop::collection::vec(any::<u8>(), 0..5_000), seed in any::<u64>()) {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let (key, context) = (ContentKey::make(rng), SealContext::Keyring(AccountId::from_bytes([1; 16])));
        let envelope = seal_envelope(&key, &context, &content, rng);
        let opened = open_envelope(&key, &context, &envelope).unwrap();
        prop_assert_eq!(&opened[..], &content[..]);
    }

    #[test]
    fn layouts_of_any_length_agree_in_both_directions(length in 0_u64..1 << 45) {
        let layout = Layout::of_plaintext(length);
        prop_assert_eq!(Layout::of_sealed(layout.sealed()), Ok(layout));
    }
}

proptest! {
    // An answer that is well formed by chance costs a whole Argon2.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_server_that_answers_garbage_signs_nobody_in(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let (registration, _) = Registration::start(Password::new("a quiet bridge"), rng).unwrap();
        // Setting a password trusts nobody yet: an answer that parses only gives a key that opens nothing.
        drop(registration.finish(&bytes, rng));
        let (sign_in, _) = SignIn::start(Password::new("a quiet bridge"), rng).unwrap();
        prop_assert!(sign_in.finish(&bytes, rng).is_err());
    }
}

#[test]
fn a_file_of_three_segments_opens_in_any_order() {
    let rng = &mut ChaCha20Rng::seed_from_u64(3);
    let (key, context) = (ContentKey::make(rng), SealContext::Keyring(AccountId::from_bytes([1; 16])));
    let length = 2 * Layout::of_plaintext(0).step() + 5;
    let sealer = Sealer::start(Native, &key, &context, length, rng);
    let layout = sealer.layout();
    let plain =
        |place: u64| vec![u8::try_from(place).unwrap(); usize::try_from(layout.length_at(place).unwrap()).unwrap()];
    let mut segments = [const { Vec::new() }; 3];
    for (place, segment) in (0..).zip(&mut segments) {
        let head = now(sealer.seal(place, &plain(place), rng, segment)).unwrap();
        segment.splice(..0, head);
    }
    let opener = Opener::start(Native, &key, &context, sealer.header(), layout.sealed()).unwrap();
    for place in [2, 0, 1] {
        let index = usize::try_from(place).unwrap();
        let mut opened = Vec::new();
        now(opener.open(place, &segments[index], &mut opened)).unwrap();
        assert_eq!(opened, plain(place));
    }
    // A resumed sealer makes another valid segment for the same place.
    let again = Sealer::resume(Native, &key, &context, length, sealer.header()).unwrap();
    let (mut resealed, mut opened) = (Vec::new(), Vec::new());
    let head = now(again.seal(1, &plain(1), rng, &mut resealed)).unwrap();
    resealed.splice(..0, head);
    assert_ne!(resealed, segments[1]);
    now(opener.open(1, &resealed, &mut opened)).unwrap();
    assert_eq!(opened, plain(1));
}
