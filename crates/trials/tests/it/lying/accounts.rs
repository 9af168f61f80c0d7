//! Signing up and in with a server that lies.

use client::ClientError;
use client::platform::{Method, Request};
use client::{Alarm, Platform as _, Session};
use minicbor::{Decode, Encode};
use opaque_ke::argon2::{Algorithm, Argon2, Params, Version};
use opaque_ke::{ClientRegistration, ClientRegistrationFinishParameters, Identifiers, RegistrationResponse};
use protocol::account::BrokenChain;
use protocol::api::{SignInStarted, SignUpFinish, SignUpStart, SignUpStarted, SignedIn, SignedInWith};
use protocol::opaque::Suite;
use protocol::{AccountId, cbor};
use rand_chacha_of_opaque::ChaCha20Rng;
use rand_chacha_of_opaque::rand_core::SeedableRng as _;
use server::random::{Random, SystemRandom};
use vault::account::{AccountKeys, AccountMemory};
use vault::password::WrongPassword;
use vault::recovery::RecoveryCode;
use vault::{AccountMasterKey, KeyContext, KeyEncryptionKey, OpenError};

use crate::people::{PASSWORD, Who, host, provider};
use crate::wire::{On, SESSION, Wire, bytes, changed};

const SIGN_IN_START: On = On(Method::Post, "/signin/start");
const SIGN_IN_FINISH: On = On(Method::Post, "/signin/finish");

/// Randomness as OPAQUE's crate takes it.
fn dice() -> ChaCha20Rng {
    ChaCha20Rng::from_seed((&SystemRandom as &dyn Random).draw())
}

/// The server has a record of the right password that was stretched with next to nothing, and would let a client in
/// that does the same. Ours stretches as ever, and says nothing that could be guessed from.
#[tokio::test]
async fn a_lower_cost_of_argon2_lets_nobody_in() {
    let host = host().await;
    let wire = Wire::new(&host, None);
    let post = async |path: &str, body: Vec<u8>| {
        let request = Request { method: Method::Post, path: path.to_owned(), body: body.into(), chunk: None };
        let response = wire.send(request).await.unwrap();
        assert_eq!(response.status, 200);
        response.body
    };
    let email = "cheap@example.org".to_owned();
    let start = ClientRegistration::<Suite>::start(&mut dice(), PASSWORD.as_bytes()).unwrap();
    let message = SignUpStart { email: email.clone(), registration: start.message.serialize().to_vec() };
    let started: SignUpStarted = cbor::decode(&post("/api/v1/signup/start", cbor::encode(&message)).await).unwrap();
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&cheap));
    let response = RegistrationResponse::deserialize(&started.registration).unwrap();
    let registered = start.state.finish(&mut dice(), PASSWORD.as_bytes(), response, parameters).unwrap();

    let rng = &mut wire.random();
    let account = AccountId::from_bytes(vault::make_bytes(rng));
    let (keys, genesis) = AccountKeys::make(account, rng).unwrap();
    let (master, code) = (AccountMasterKey::make(rng), RecoveryCode::make_code(rng));
    let wrap = KeyEncryptionKey::make(rng).wrap_master(&KeyContext::Password(account), &master, rng);
    let finish = SignUpFinish {
        email: email.clone(),
        name: "Ann Lee".to_owned(),
        profile: provider(),
        registration: registered.message.serialize().to_vec(),
        chain: genesis,
        password_wrap: wrap.clone(),
        recovery_wrap: wrap,
        recovery_key: code.derive_public(),
        keyring: keys.seal(&master, rng),
        state: AccountMemory::default().seal(&master, account, 0, rng),
        log: Vec::new(),
    };
    post("/api/v1/signup/finish", cbor::encode(&finish)).await;

    let wire = std::rc::Rc::new(Wire::new(&host, None));
    let refused = Session::sign_in(Shared(wire.clone()), &email, PASSWORD).await;
    assert_eq!(refused.err(), Some(ClientError::Password(WrongPassword)));
    assert_eq!((wire.reached(SIGN_IN_START), wire.reached(SIGN_IN_FINISH)), (1, 0));
}

/// A wire that the test keeps hold of.
struct Shared(std::rc::Rc<Wire>);

impl client::Platform for Shared {
    type Cipher = <Wire as client::Platform>::Cipher;

    fn cipher(&self) -> Self::Cipher {
        self.0.cipher()
    }

    async fn send(&self, request: Request) -> Result<client::platform::Response, client::platform::Unsent> {
        self.0.send(request).await
    }

    async fn sleep(&self, milliseconds: u32) {
        self.0.sleep(milliseconds).await;
    }

    fn now(&self) -> protocol::Minute {
        self.0.now()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.0.fill_random(bytes);
    }
}

/// No message has room for a cost, a version or a suite: one that has is not one.
#[tokio::test]
async fn a_message_with_room_for_a_cost_is_no_answer() {
    #[derive(Encode, Decode)]
    struct WithCost {
        #[n(0)]
        attempt: protocol::id::AttemptId,
        #[cbor(n(1), with = "minicbor::bytes")]
        response: Vec<u8>,
        #[n(2)]
        memory: u32,
    }

    let host = host().await;
    let wire = Wire::new(&host, None);
    wire.lie(bytes(SIGN_IN_START, |_, body| {
        let SignInStarted { attempt, response } = cbor::decode(body).unwrap();
        *body = cbor::encode(&WithCost { attempt, response, memory: 8 });
    }));
    let refused = Session::sign_in(wire, Who::Maya.email(), PASSWORD).await;
    assert_eq!(refused.err(), Some(ClientError::Answer));
}

#[tokio::test]
async fn another_accounts_answers_let_nobody_in() {
    let host = host().await;
    // The wraps of another account, or of another unlock method.
    let others = Who::Mallory.device(&host).await;
    let others: SignedIn = Session::signed_in(others.platform()).await.unwrap();
    let account = others.account;
    for change in 0..3 {
        let wire = Wire::new(&host, None);
        wire.lie(changed(SIGN_IN_FINISH, move |answer: &mut SignedInWith| match change {
            0 => answer.signed_in.account = account,
            1 => answer.wrap = vec![0; answer.wrap.len()],
            _ => answer.signed_in.keyring.clear(),
        }));
        let refused = Session::sign_in(wire, Who::Maya.email(), PASSWORD).await;
        assert_eq!(refused.err(), Some(ClientError::Open(OpenError)));
    }
    // An account's own chain must be one, and of its own keys.
    let forged = AccountKeys::make(
        Who::Maya.device(&host).await.who().account,
        &mut Who::Maya.device(&host).await.platform().random(),
    );
    let forged = forged.unwrap().1;
    let swapped = move |answer: &mut SignedIn| answer.chain = vec![forged.clone()];
    let wire = Wire::new(&host, None);
    wire.lie(changed(SESSION, swapped));
    assert_eq!(Who::Maya.try_device(wire).await.err(), Some(ClientError::Open(OpenError)));
    let wire = Wire::new(&host, None);
    wire.lie(changed(SESSION, move |answer: &mut SignedIn| answer.chain.clone_from(&others.chain)));
    let broken = Alarm::Identity(BrokenChain::Order(0));
    assert_eq!(Who::Maya.try_device(wire).await.err(), Some(broken.into()));

    let session = Session::sign_in(Wire::new(&host, None), Who::Maya.email(), PASSWORD).await.unwrap();
    session.sync(session.own_vault().unwrap()).await.unwrap();
}
