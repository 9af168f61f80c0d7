//! The ways to unlock: password and recovery kit.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use opaque_ke::rand::SeedableRng as _;
use opaque_ke::{
    CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload, ServerLogin,
    ServerLoginParameters, ServerRegistration, ServerSetup,
};
use protocol::opaque::{CONTEXT, Suite};
use protocol::signature::Namespace;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use vault::KeyEncryptionKey;
use vault::password::{Password, Registration, SignIn, WrongPassword};
use vault::recovery::{NotACode, RecoveryCode};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn server_rng() -> rand_chacha_of_opaque::ChaCha20Rng {
    rand_chacha_of_opaque::ChaCha20Rng::seed_from_u64(1)
}

fn register(setup: &ServerSetup<Suite>, password: &str) -> (ServerRegistration<Suite>, KeyEncryptionKey) {
    let (state, request) = Registration::start(Password::new(password), &mut rng()).unwrap();
    let request = RegistrationRequest::deserialize(&request).unwrap();
    let response = ServerRegistration::<Suite>::start(setup, request, b"credential").unwrap().message.serialize();
    let registered = state.finish(&response, &mut rng()).unwrap();
    let upload = RegistrationUpload::deserialize(&registered.upload).unwrap();
    (ServerRegistration::finish(upload), registered.key)
}

fn sign_in(
    setup: &ServerSetup<Suite>,
    record: Option<ServerRegistration<Suite>>,
    password: &str,
) -> Result<KeyEncryptionKey, WrongPassword> {
    let (state, request) = SignIn::start(Password::new(password), &mut rng())?;
    let request = CredentialRequest::deserialize(&request).unwrap();
    let parameters = || ServerLoginParameters { context: Some(CONTEXT), ..Default::default() };
    let started = ServerLogin::start(&mut server_rng(), setup, record, request, b"credential", parameters()).unwrap();
    let finished = state.finish(&started.message.serialize(), &mut rng())?;
    let finalization = CredentialFinalization::deserialize(&finished.finalization).unwrap();
    started.state.finish(finalization, parameters()).unwrap();
    Ok(finished.key)
}

#[test]
fn the_right_password_gives_the_same_key_again() {
    let setup = ServerSetup::new(&mut server_rng());
    let (record, key) = register(&setup, "correct horse battery staple");
    assert_eq!(sign_in(&setup, Some(record.clone()), "correct horse battery staple").unwrap(), key);
    assert_eq!(sign_in(&setup, Some(record), "correct horse battery stapler").unwrap_err(), WrongPassword);
    assert_eq!(sign_in(&setup, None, "correct horse battery staple").unwrap_err(), WrongPassword);
}

#[test]
fn the_same_password_from_another_keyboard_is_the_same() {
    let setup = ServerSetup::new(&mut server_rng());
    let (record, key) = register(&setup, "Sørensen, é composed");
    assert_eq!(sign_in(&setup, Some(record), "Sørensen, e\u{301} composed").unwrap(), key);
}

#[test]
fn another_servers_secret_gives_nothing() {
    let setup = ServerSetup::new(&mut server_rng());
    let (record, _) = register(&setup, "correct horse battery staple");
    let other = ServerSetup::new(&mut rand_chacha_of_opaque::ChaCha20Rng::seed_from_u64(2));
    assert!(sign_in(&other, Some(record), "correct horse battery staple").is_err());
}

#[test]
fn a_recovery_code_survives_being_written_down() {
    let code = RecoveryCode::make_code(&mut rng());
    let groups = code.groups();
    assert_eq!(groups.len(), 14);
    assert!(groups.iter().all(|group| group.len() == 4));
    for written in
        [groups.join(" "), groups.join("-").to_lowercase(), groups.concat().replace('0', "O").replace('1', "l")]
    {
        assert_eq!(RecoveryCode::parse(&written).unwrap(), code, "{written}");
    }
    assert_eq!(RecoveryCode::parse(&groups[1..].join(" ")), Err(NotACode::Length));
    assert_eq!(RecoveryCode::parse(&groups.join(" ").replacen(&groups[3], "AB!D", 1)), Err(NotACode::Character(4)));
}

#[test]
fn every_slip_of_one_character_is_found() {
    let written: Vec<char> = RecoveryCode::make_code(&mut rng()).groups().concat().chars().collect();
    let mut missed = 0;
    for place in 0..written.len() {
        for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().filter(|c| *c != written[place]) {
            let mut slipped = written.clone();
            slipped[place] = other;
            missed += usize::from(RecoveryCode::parse(&slipped.iter().collect::<String>()).is_ok());
        }
    }
    assert_eq!(missed, 0);
}

#[test]
fn the_kit_answers_a_challenge_that_only_it_can() {
    let code = RecoveryCode::make_code(&mut rng());
    let answer = code.answer(&[3; 32]);
    assert!(answer.verify(Namespace::Recovery, &code.derive_public(), &[3; 32]).is_ok());
    assert!(answer.verify(Namespace::Recovery, &code.derive_public(), &[4; 32]).is_err());
    assert!(answer.verify(Namespace::Entry, &code.derive_public(), &[3; 32]).is_err());
}
