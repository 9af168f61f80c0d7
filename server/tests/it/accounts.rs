//! Signing up, signing in, recovering, and what waits behind a session.

use std::time::Duration;

use app::api::Refused;
use axum::body::Body;
use futures_util::StreamExt as _;
use opaque_ke::ClientLogin;
use protocol::api::{
    ACCOUNT_HEADER, AccountState, Conflict, DeviceWrap, Find, MEDIA_TYPE, Person as Found, Profile, RecoveryFinish,
    RecoveryStart, RecoveryStarted, Refusal, SignInFinish, SignInStart, SignInStarted, SignedIn, SignedInWith,
};
use protocol::id::AttemptId;
use protocol::opaque::Suite;
use protocol::{AccountId, ApiError, Namespace};
use server::clock::{DAY, MINUTE};
use server::services::session::{IDLE, SESSION};

use crate::notices::nudge;
use crate::person::{Person, dice, id16, provider, sign, signing_key};
use crate::test_app::{TestApp, request};

const PASSWORD: &[u8] = b"correct horse battery";

async fn session(app: &TestApp, cookie: &str) -> Result<SignedIn, ApiError> {
    app.get("/api/v1/session", Some(cookie)).await.read()
}

async fn start_sign_in(app: &TestApp, email: &str) -> Result<SignInStarted, ApiError> {
    let start = ClientLogin::<Suite>::start(&mut dice(), PASSWORD).unwrap();
    let message = SignInStart { email: email.to_owned(), request: start.message.serialize().to_vec() };
    app.call("POST", "/api/v1/signin/start", None, &message).await.read()
}

on_both! {
    async fn a_patient_signs_up_and_signs_in(app) {
        let ann = Person::sign_up(&app, " Ann@Example.org ", Profile::Patient).await;
        let signed_in = session(&app, &ann.cookie).await.unwrap();
        assert_eq!(signed_in.email, "ann@example.org");
        assert_eq!(signed_in.account, ann.account);
        assert_eq!(signed_in.vault, Some(ann.vault));
        assert_eq!(signed_in.keyring, b"keyring");
        assert_eq!(signed_in.state, AccountState { version: 0, sealed: b"state".to_vec() });
        assert_eq!(signed_in.chain.len(), 1);

        let answer = Person::sign_in(&app, "ANN@example.org", PASSWORD, None).await;
        let with: SignedInWith = answer.read().unwrap();
        assert_eq!(with.wrap, b"password wrap");
        let set = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
        let (name, rest) = set.split_once('=').unwrap();
        let (token, flags) = rest.split_once(';').unwrap();
        assert_eq!((name, token.len()), ("__Host-healthbridge", 43));
        assert_eq!(flags, " Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict");
        assert!(session(&app, &answer.cookie().unwrap()).await.is_ok());
    }

    /// Of one account only, and not the session that says so.
    async fn every_other_session_ends_at_once(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let eve = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
        let mut others = Vec::new();
        for _ in 0..2 {
            let cookie = Person::sign_in(&app, &ann.email, PASSWORD, None).await.cookie().unwrap();
            app.call("PUT", "/api/v1/device-wrap", Some(&cookie), &DeviceWrap { wrap: vec![1] }).await.done().unwrap();
            others.push(cookie);
        }
        let mut open = app.stream("/api/v1/events", &others[0]).await;
        assert!(nudge(&mut open).await);
        app.bare("POST", "/api/v1/signout/others", Some(&ann.cookie)).await.done().unwrap();
        for cookie in &others {
            assert_eq!(session(&app, cookie).await, Err(ApiError::NotSignedIn));
        }
        let rest = tokio::time::timeout(Duration::from_secs(5), open.next()).await;
        assert!(matches!(rest, Ok(None)), "an open page hears of it: {rest:?}");
        for person in [&ann, &eve] {
            assert!(session(&app, &person.cookie).await.is_ok());
        }
    }

    async fn an_address_and_ids_are_taken_once(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut again = Person::new("ann@example.org");
        let refused = again.sign_up_message(&app, PASSWORD, Profile::Patient).await.unwrap_err();
        assert_eq!(refused, ApiError::Conflict(Conflict::Email));
        for (same_account, same_vault) in [(true, false), (false, true)] {
            let mut other = Person::new("other@example.org");
            if same_account {
                other.account = ann.account;
            }
            if same_vault {
                other.vault = ann.vault;
                other.seen = protocol::Head::before(ann.vault);
            }
            let message = other.sign_up_message(&app, PASSWORD, Profile::Patient).await.unwrap();
            let refused = app.call("POST", "/api/v1/signup/finish", None, &message).await.error();
            assert_eq!(refused, ApiError::Conflict(Conflict::Id));
        }
    }

    async fn a_sign_up_that_breaks_a_rule_leaves_nothing(app) {
        let mut ann = Person::new("ann@example.org");
        let good = ann.sign_up_message(&app, PASSWORD, Profile::Patient).await.unwrap();
        let rule = ApiError::Refused(Refusal::Rule);
        let mut bad = vec![];
        let mut no_log = good.clone();
        no_log.log.clear();
        bad.push((no_log, rule.clone()));
        let mut cut_log = good.clone();
        cut_log.log.remove(0);
        bad.push((cut_log, rule.clone()));
        let mut swapped = good.clone();
        swapped.log.swap(1, 2);
        bad.push((swapped, rule.clone()));
        let mut provider_with_log = good.clone();
        provider_with_log.profile = provider();
        bad.push((provider_with_log, rule.clone()));
        let mut foreign_chain = good.clone();
        foreign_chain.chain = Person::new("x@example.org").sign_up_message(&app, PASSWORD, provider()).await.unwrap().chain;
        bad.push((foreign_chain, rule));
        let mut name = good.clone();
        name.name.push('\u{7}');
        bad.push((name, ApiError::Refused(Refusal::Name)));
        for (message, expected) in bad {
            assert_eq!(app.call("POST", "/api/v1/signup/finish", None, &message).await.error(), expected);
        }
        assert!(app.call("POST", "/api/v1/signup/finish", None, &good).await.read::<SignedInWith>().is_ok());
    }

    async fn nobody_verifies_itself(app) {
        let ito = Person::sign_up(&app, "ito@example.org", provider()).await;
        let profile = session(&app, &ito.cookie).await.unwrap().profile;
        let expected = Profile::Provider { specialty: "Cardiology".to_owned(), organisation: "St. Anna".to_owned(), verified: false };
        assert_eq!(profile, expected);
    }

    async fn wrong_password_and_unknown_address_look_the_same(app) {
        Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let wrong = Person::sign_in(&app, "ann@example.org", b"wrong", None).await;
        let unknown = Person::sign_in(&app, "nobody@example.org", PASSWORD, None).await;
        assert_eq!(wrong.error(), ApiError::WrongCredentials);
        assert_eq!(unknown.error(), ApiError::WrongCredentials);
        let known = start_sign_in(&app, "ann@example.org").await.unwrap();
        let unknown = start_sign_in(&app, "nobody@example.org").await.unwrap();
        assert_eq!(known.response.len(), unknown.response.len());
    }

    async fn an_attempt_is_taken_once_and_in_time(app) {
        Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let finish = async |attempt: AttemptId| {
            let message = SignInFinish { attempt, finalization: vec![0; 64] };
            app.call("POST", "/api/v1/signin/finish", None, &message).await.error()
        };
        let started = start_sign_in(&app, "ann@example.org").await.unwrap();
        assert_eq!(finish(started.attempt).await, ApiError::WrongCredentials);
        assert_eq!(finish(started.attempt).await, ApiError::WrongCredentials);
        assert_eq!(finish(AttemptId::from_bytes(id16())).await, ApiError::WrongCredentials);

        let ok = Person::sign_in(&app, "ann@example.org", PASSWORD, None).await;
        assert_eq!(ok.status, 200);
    }

    async fn a_finished_attempt_cannot_be_replayed_and_a_late_one_fails(app) {
        use opaque_ke::{ClientLoginFinishParameters, CredentialResponse, Identifiers, argon2};
        use protocol::opaque::CONTEXT;
        Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        for (wait, status) in [(2 * MINUTE, 200), (2 * MINUTE + 1, 401)] {
            let start = ClientLogin::<Suite>::start(&mut dice(), PASSWORD).unwrap();
            let message = SignInStart { email: "ann@example.org".to_owned(), request: start.message.serialize().to_vec() };
            let started: SignInStarted = app.call("POST", "/api/v1/signin/start", None, &message).await.read().unwrap();
            let params = argon2::Params::new(8, 1, 1, None).unwrap();
            let ksf = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), Identifiers::default(), Some(&ksf));
            let response = CredentialResponse::deserialize(&started.response).unwrap();
            let finished = start.state.finish(&mut dice(), PASSWORD, response, parameters).unwrap();
            let message = SignInFinish { attempt: started.attempt, finalization: finished.message.serialize().to_vec() };
            app.pass(wait);
            assert_eq!(app.call("POST", "/api/v1/signin/finish", None, &message).await.status, status);
            assert_eq!(app.call("POST", "/api/v1/signin/finish", None, &message).await.status, 401);
        }
    }

    async fn a_session_is_replaced_at_sign_in_and_ends(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let elsewhere = Person::sign_in(&app, "ann@example.org", PASSWORD, None).await.cookie().unwrap();
        let here = Person::sign_in(&app, "ann@example.org", PASSWORD, Some(&ann.cookie)).await.cookie().unwrap();
        assert_eq!(session(&app, &ann.cookie).await.unwrap_err(), ApiError::NotSignedIn);
        assert!(session(&app, &here).await.is_ok());

        let out = app.bare("POST", "/api/v1/signout", Some(&here)).await;
        assert_eq!(out.done(), Ok(()));
        assert!(out.headers.get("set-cookie").unwrap().to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(session(&app, &here).await.unwrap_err(), ApiError::NotSignedIn);

        app.pass(30 * DAY - 1);
        assert!(session(&app, &elsewhere).await.is_ok());
        app.pass(1);
        assert_eq!(session(&app, &elsewhere).await.unwrap_err(), ApiError::NotSignedIn);
    }

    async fn a_device_stays_unlocked_while_it_is_used(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let other = Person::sign_in(&app, "ann@example.org", PASSWORD, None).await.cookie().unwrap();
        let wrap = async |cookie: &str| app.get("/api/v1/device-wrap", Some(cookie)).await.read::<DeviceWrap>();
        let mine = DeviceWrap { wrap: b"for this device".to_vec() };
        assert_eq!(wrap(&ann.cookie).await.unwrap_err(), ApiError::NotFound);
        app.call("PUT", "/api/v1/device-wrap", Some(&ann.cookie), &mine).await.done().unwrap();
        assert_eq!(wrap(&ann.cookie).await, Ok(mine.clone()));
        assert_eq!(wrap(&other).await.unwrap_err(), ApiError::NotFound);

        for _ in 0..3 {
            app.pass(29 * MINUTE);
            assert!(session(&app, &ann.cookie).await.is_ok());
        }
        assert_eq!(wrap(&ann.cookie).await, Ok(mine.clone()));
        app.pass(30 * MINUTE);
        // Any request after the pause finds the device locked, and does not unlock it for the next one.
        assert!(session(&app, &ann.cookie).await.is_ok());
        assert_eq!(wrap(&ann.cookie).await.unwrap_err(), ApiError::NotFound);

        app.call("PUT", "/api/v1/device-wrap", Some(&ann.cookie), &mine).await.done().unwrap();
        app.bare("DELETE", "/api/v1/device-wrap", Some(&ann.cookie)).await.done().unwrap();
        assert_eq!(wrap(&ann.cookie).await.unwrap_err(), ApiError::NotFound);
    }

    async fn the_recovery_kit_signs_in(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let start = async |email: &str| {
            let message = RecoveryStart { email: email.to_owned() };
            app.call("POST", "/api/v1/recovery/start", None, &message).await.read::<RecoveryStarted>().unwrap()
        };
        let finish = async |started: &RecoveryStarted, key| {
            let signature = sign(key, Namespace::Recovery, &started.challenge);
            app.call("POST", "/api/v1/recovery/finish", None, &RecoveryFinish { attempt: started.attempt, signature }).await
        };
        let started = start("ann@example.org").await;
        let stranger = signing_key();
        assert_eq!(finish(&started, &stranger).await.error(), ApiError::WrongCredentials);
        assert_eq!(finish(&started, &ann.recovery).await.error(), ApiError::WrongCredentials);
        let unknown = start("nobody@example.org").await;
        assert_eq!(finish(&unknown, &ann.recovery).await.error(), ApiError::WrongCredentials);

        let started = start("ann@example.org").await;
        let answer = finish(&started, &ann.recovery).await;
        assert_eq!(answer.read::<SignedInWith>().unwrap().wrap, b"recovery wrap");
        assert!(session(&app, &answer.cookie().unwrap()).await.is_ok());
    }

    async fn a_new_password_needs_the_identity_key(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let elsewhere = Person::sign_in(&app, "ann@example.org", PASSWORD, None).await.cookie().unwrap();
        let refused = ann.set_password(&app, b"another long one", &signing_key()).await;
        assert_eq!(refused.error(), ApiError::WrongCredentials);
        assert_eq!(Person::sign_in(&app, "ann@example.org", PASSWORD, None).await.status, 200);

        ann.set_password(&app, b"another long one", &ann.key).await.done().unwrap();
        assert_eq!(Person::sign_in(&app, "ann@example.org", PASSWORD, None).await.status, 401);
        let with: SignedInWith = Person::sign_in(&app, "ann@example.org", b"another long one", None).await.read().unwrap();
        assert_eq!(with.wrap, b"new wrap");
        assert!(session(&app, &ann.cookie).await.is_ok());
        assert_eq!(session(&app, &elsewhere).await.unwrap_err(), ApiError::NotSignedIn);
    }

    async fn state_is_replaced_by_whoever_saw_the_last_one(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let put = async |version: u32, sealed: &[u8]| {
            let message = AccountState { version, sealed: sealed.to_vec() };
            app.call("PUT", "/api/v1/account/state", Some(&ann.cookie), &message).await.read::<AccountState>()
        };
        assert_eq!(put(0, b"one").await, Ok(AccountState { version: 1, sealed: b"one".to_vec() }));
        assert_eq!(put(0, b"two").await, Err(ApiError::Conflict(Conflict::State)));
        assert_eq!(put(1, b"two").await.unwrap().version, 2);
        assert_eq!(session(&app, &ann.cookie).await.unwrap().state.sealed, b"two");
    }

    async fn a_request_of_one_account_is_refused_in_the_session_of_another(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let bea = Person::sign_up(&app, "bea@example.org", Profile::Patient).await;
        let put = async |names: &[String]| {
            let mut put = request("PUT", "/api/v1/account/state", Some(&bea.cookie)).header("content-type", MEDIA_TYPE);
            for name in names {
                put = put.header(ACCOUNT_HEADER, name);
            }
            let message = AccountState { version: 0, sealed: b"of whoever asks".to_vec() };
            app.send(put.body(protocol::cbor::encode(&message).into()).unwrap()).await.read::<AccountState>()
        };
        let (own, other) = (bea.account.to_string(), ann.account.to_string());
        for names in [vec![other.clone()], vec!["nobody".to_owned()], vec![own.clone(), other]] {
            assert_eq!(put(&names).await, Err(ApiError::NotSignedIn));
        }
        assert_eq!(session(&app, &bea.cookie).await.unwrap().state.sealed, b"state");
        assert_eq!(put(&[own]).await.unwrap().version, 1);
    }

    async fn a_page_of_one_account_is_refused_in_the_session_of_another(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let bea = Person::sign_up(&app, "bea@example.org", Profile::Patient).await;
        let ask = async |names: &[String]| {
            let mut ask = request("POST", "/api/pages/notices", Some(&bea.cookie))
                .header("content-type", "application/x-www-form-urlencoded");
            for name in names {
                ask = ask.header(app::api::ACCOUNT_HEADER, name);
            }
            let answer = app.send(ask.body(Body::empty()).unwrap()).await;
            (answer.status, serde_json::from_slice::<Refused>(&answer.body).ok())
        };
        let (own, other) = (bea.account.to_string(), ann.account.to_string());
        for names in [vec![other.clone()], vec!["nobody".to_owned()], vec![own.clone(), other]] {
            assert_eq!(ask(&names).await, (401, Some(Refused::NotSignedIn)));
        }
        assert_eq!(ask(&[own]).await, (200, None));
        assert_eq!(ask(&[]).await, (200, None));
        assert_eq!(app::api::ACCOUNT_HEADER, ACCOUNT_HEADER, "programs and pages say it alike");
    }

    async fn providers_are_found_by_address_and_patients_are_not(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let ito = Person::sign_up(&app, "ito@example.org", provider()).await;
        let find = async |email: &str| {
            app.call("POST", "/api/v1/people/find", Some(&ann.cookie), &Find { email: email.to_owned() }).await.read::<Found>()
        };
        let person = async |account: AccountId| {
            app.get(&format!("/api/v1/people/{account}"), Some(&ann.cookie)).await.read::<Found>()
        };
        let found = find("Ito@example.org").await.unwrap();
        assert_eq!((found.account, found.chain.len()), (ito.account, 1));
        assert_eq!(find("ann@example.org").await, Err(ApiError::NotFound));
        assert_eq!(find("nobody@example.org").await, Err(ApiError::NotFound));
        assert_eq!(person(ann.account).await.unwrap().email, "ann@example.org");
        assert_eq!(person(ito.account).await, Err(ApiError::NotFound));
    }
}

/// SQLite alone: what is refused here stands for any database that can only be read.
#[tokio::test]
async fn reading_goes_on_where_nothing_can_be_written() {
    use sea_orm::ConnectionTrait as _;
    let app = TestApp::sqlite().await;
    let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let wrap = DeviceWrap { wrap: vec![1] };
    app.call("PUT", "/api/v1/device-wrap", Some(&ann.cookie), &wrap).await.done().unwrap();
    for change in ["DELETE ON device_wraps", "DELETE ON sessions", "UPDATE ON sessions"] {
        let name = change.replace(' ', "_");
        let refuse = format!("CREATE TRIGGER {name} BEFORE {change} BEGIN SELECT RAISE(ABORT, 'no room'); END");
        app.state.store.reader().execute_unprepared(&refuse).await.unwrap();
    }
    let read = async || app.get("/api/v1/device-wrap", Some(&ann.cookie)).await.read::<DeviceWrap>();
    assert_eq!(read().await, Ok(wrap));
    app.pass(IDLE);
    assert!(session(&app, &ann.cookie).await.is_ok());
    assert_eq!(read().await, Err(ApiError::NotFound), "an idle device is locked all the same");
    app.pass(SESSION);
    assert_eq!(session(&app, &ann.cookie).await, Err(ApiError::NotSignedIn));
}
