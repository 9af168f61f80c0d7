//! Whoever uses up the attempts of an account does not lock out devices that were here before.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use opaque_ke::ClientLogin;
use protocol::api::{MEDIA_TYPE, Profile, RecoveryFinish, RecoveryStart, RecoveryStarted, SignInStart};
use protocol::opaque::Suite;
use protocol::{ApiError, Namespace, cbor};
use server::services::devices::MOST;
use server::services::limits::Limit;

use crate::person::{Person, dice, sign};
use crate::test_app::{Answer, TestApp, request};

const PASSWORD: &[u8] = b"correct horse battery";
const ANN: &str = "ann@example.org";
const BEN: &str = "ben@example.org";

/// Begins to sign in, from an address and with a cookie.
async fn start_from(app: &TestApp, address: &str, email: &str, cookie: Option<&str>) -> Answer {
    let start = ClientLogin::<Suite>::start(&mut dice(), b"guess").unwrap();
    let message = SignInStart { email: email.to_owned(), request: start.message.serialize().to_vec() };
    let request = request("POST", "/api/v1/signin/start", cookie).header("content-type", MEDIA_TYPE);
    let mut request = request.body(cbor::encode(&message).into()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address.parse().unwrap(), 40000)));
    app.send(request).await
}

async fn start(app: &TestApp, email: &str, cookie: Option<&str>) -> Answer {
    start_from(app, "203.0.113.7", email, cookie).await
}

async fn recover(app: &TestApp, email: &str, cookie: Option<&str>) -> Answer {
    app.call("POST", "/api/v1/recovery/start", cookie, &RecoveryStart { email: email.to_owned() }).await
}

/// A person, and the device that they signed up on.
async fn sign_up(app: &TestApp, email: &str) -> (Person, String) {
    let mut person = Person::new(email);
    let message = person.sign_up_message(app, PASSWORD, Profile::Patient).await.unwrap();
    let answer = app.call("POST", "/api/v1/signup/finish", None, &message).await;
    person.cookie = answer.cookie().unwrap();
    (person, answer.device().unwrap())
}

/// Uses up what all devices have together that were never here, each time from another address.
async fn use_up(app: &TestApp, email: &str) {
    for n in 0..10 {
        assert_eq!(start_from(app, &format!("198.51.100.{n}"), email, None).await.status, 200, "{n}");
    }
    assert_eq!(start_from(app, "198.51.100.10", email, None).await.error(), ApiError::TooMany(900));
}

on_both! {
    async fn strangers_are_locked_out_and_the_device_is_not(app) {
        let (ann, here) = sign_up(&app, ANN).await;
        use_up(&app, ANN).await;
        for n in 11..15 {
            let refused = start_from(&app, &format!("198.51.100.{n}"), ANN, None).await;
            assert_eq!((refused.error(), &refused.headers["retry-after"]), (ApiError::TooMany(900), &HeaderValue::from(900)));
        }
        assert_eq!(recover(&app, ANN, None).await.error(), ApiError::TooMany(900));
        // A session says who one is, not where one was.
        assert_eq!(start(&app, ANN, Some(&ann.cookie)).await.status, 429);

        let both = format!("{}; {here}", ann.cookie);
        let answer = Person::sign_in(&app, ANN, PASSWORD, Some(&both)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(recover(&app, ANN, Some(&here)).await.status, 200);
        let again = answer.device().unwrap();
        assert_ne!(again, here, "whoever completed it begins anew");
        assert_eq!(Person::sign_in(&app, ANN, PASSWORD, Some(&again)).await.status, 200);
    }

    async fn recovery_is_a_sign_in_as_well(app) {
        let (ann, here) = sign_up(&app, ANN).await;
        use_up(&app, ANN).await;
        let started: RecoveryStarted = recover(&app, ANN, Some(&here)).await.read().unwrap();
        let signature = sign(&ann.recovery, Namespace::Recovery, &started.challenge);
        let message = RecoveryFinish { attempt: started.attempt, signature };
        let answer = app.call("POST", "/api/v1/recovery/finish", None, &message).await;
        assert_eq!(start(&app, ANN, answer.device().as_deref()).await.status, 200);
    }

    async fn a_proof_that_is_forged_or_of_another_account_is_not_believed(app) {
        let (_, here) = sign_up(&app, ANN).await;
        let (_, of_ben) = sign_up(&app, BEN).await;
        use_up(&app, ANN).await;
        let (name, value) = here.split_once('=').unwrap();
        let last = if value.ends_with('A') { "Q" } else { "A" };
        let first = if value.starts_with('A') { "B" } else { "A" };
        for forged in [
            of_ben.clone(),
            format!("{name}={first}{}", &value[1..]),
            format!("{name}={}{last}", &value[..63]),
            format!("{name}={}{}", &value[..32], &of_ben.split_once('=').unwrap().1[32..]),
            format!("{name}={}", "A".repeat(64)),
            format!("{name}={value}{value}"),
            format!("{name}="),
            format!("__Secure-healthbridge-device={value}"),
        ] {
            assert_eq!(start(&app, ANN, Some(&forged)).await.status, 429, "{forged}");
        }
        // It proves nothing about an address that nobody has, which is answered alike.
        use_up(&app, "nobody@example.org").await;
        for known in [&here, &of_ben] {
            assert_eq!(start(&app, "nobody@example.org", Some(known)).await.error(), ApiError::TooMany(900));
        }
        // Behind what it cannot read, the one that holds is found.
        assert_eq!(start(&app, ANN, Some(&format!("{name}=x.{value}"))).await.status, 200);
    }

    async fn a_device_that_was_here_is_limited_as_well(app) {
        let (_, here) = sign_up(&app, ANN).await;
        for _ in 0..5 {
            assert_eq!(start(&app, ANN, Some(&here)).await.status, 200);
            assert_eq!(recover(&app, ANN, Some(&here)).await.status, 200);
        }
        let refused = start(&app, ANN, Some(&here)).await;
        assert_eq!((refused.error(), &refused.headers["retry-after"]), (ApiError::TooMany(900), &HeaderValue::from(900)));
        assert_eq!(recover(&app, ANN, Some(&here)).await.error(), ApiError::TooMany(900));
        // Nobody else's attempts were used up by that.
        use_up(&app, ANN).await;
        app.pass(900);
        assert_eq!(start(&app, ANN, Some(&here)).await.status, 200);
    }

    async fn the_limit_of_an_address_holds_for_it_as_well(app) {
        let (_, here) = sign_up(&app, ANN).await;
        app.set(|state| state.limits.attempts_by_address = Limit { most: 2, window: 900 });
        for status in [200, 200, 429] {
            assert_eq!(start(&app, ANN, Some(&here)).await.status, status);
        }
    }

    async fn a_new_password_ends_the_proofs_of_other_devices(app) {
        let (mut ann, here) = sign_up(&app, ANN).await;
        let elsewhere = Person::sign_in(&app, ANN, PASSWORD, None).await.device().unwrap();
        let session = ann.cookie.clone();
        ann.cookie = format!("{session}; {here}");
        let answer = ann.set_password(&app, b"another long one", &ann.key).await;
        answer.done().unwrap();
        let renewed = answer.device().unwrap();
        app.pass(900);
        use_up(&app, ANN).await;
        for (device, status) in [(&elsewhere, 429), (&here, 429), (&renewed, 200)] {
            assert_eq!(start(&app, ANN, Some(device)).await.status, status);
        }
        // Who only has a session, or an old proof, is not given a new one.
        for cookie in [session.clone(), format!("{session}; {here}")] {
            ann.cookie = cookie;
            let answer = ann.set_password(&app, b"a third long one", &ann.key).await;
            answer.done().unwrap();
            assert!(!answer.headers.contains_key("set-cookie"));
        }
    }

    async fn several_people_can_share_a_device(app) {
        let (_, of_ann) = sign_up(&app, ANN).await;
        sign_up(&app, BEN).await;
        let mut shared = Person::sign_in(&app, BEN, PASSWORD, Some(&of_ann)).await.device().unwrap();
        app.pass(900);
        for email in [ANN, BEN] {
            use_up(&app, email).await;
            assert_eq!(start(&app, email, Some(&shared)).await.status, 200);
        }
        assert_eq!(start(&app, BEN, Some(&of_ann)).await.status, 429);
        // Only so many: then whoever was not here for longest is a stranger again. Twice is once.
        for n in 2..=MOST {
            let email = format!("person{n}@example.org");
            sign_up(&app, &email).await;
            for _ in 0..2 {
                shared = Person::sign_in(&app, &email, PASSWORD, Some(&shared)).await.device().unwrap();
            }
        }
        assert_eq!(start(&app, ANN, Some(&shared)).await.status, 429);
        assert_eq!(start(&app, BEN, Some(&shared)).await.status, 200);
    }

    async fn a_proof_opens_nothing(app) {
        let (_, here) = sign_up(&app, ANN).await;
        let value = here.split_once('=').unwrap().1;
        let as_session = [value, &value[..43], &value[..22], &value[21..]].map(|token| format!("__Host-healthbridge={token}"));
        for cookie in as_session.iter().chain([&here]) {
            assert_eq!(app.get("/api/v1/session", Some(cookie)).await.error(), ApiError::NotSignedIn);
        }
    }
}

#[tokio::test]
async fn a_browser_keeps_it_from_scripts_and_other_sites() {
    let app = TestApp::sqlite().await;
    sign_up(&app, ANN).await;
    let answer = Person::sign_in(&app, ANN, PASSWORD, None).await;
    let cookies: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2);
    assert!(cookies[0].starts_with("__Host-healthbridge="), "programs without a jar may take the first");
    let (proof, flags) = cookies[1].split_once(';').unwrap();
    assert_eq!(proof.len(), "__Secure-healthbridge-devices=".len() + 64);
    assert_eq!(flags, " Path=/api/v1; Max-Age=31536000; HttpOnly; Secure; SameSite=Strict");
    assert!(answer.headers.get_all("set-cookie").iter().nth(1).unwrap().is_sensitive());
    // It outlives the session.
    let out = app.bare("POST", "/api/v1/signout", answer.cookie().as_deref()).await;
    assert_eq!((out.device(), out.headers.get_all("set-cookie").iter().count()), (None, 1));
}
