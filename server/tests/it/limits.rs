//! How often one may try.

use axum::http::HeaderValue;
use opaque_ke::ClientLogin;
use protocol::ApiError;
use protocol::api::{Conflict, Profile, RecoveryStart, SignInStart};
use protocol::opaque::Suite;
use server::services::limits::Limit;

use crate::person::{Person, dice};
use crate::test_app::{Answer, TestApp};

async fn start(app: &TestApp, email: &str) -> Answer {
    let start = ClientLogin::<Suite>::start(&mut dice(), b"guess").unwrap();
    let message = SignInStart { email: email.to_owned(), request: start.message.serialize().to_vec() };
    app.call("POST", "/api/v1/signin/start", None, &message).await
}

async fn recover(app: &TestApp, email: &str) -> Answer {
    app.call("POST", "/api/v1/recovery/start", None, &RecoveryStart { email: email.to_owned() }).await
}

on_both! {
    async fn guesses_are_counted_at_the_first_reply(app) {
        Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        for email in ["ann@example.org", "nobody@example.org"] {
            for _ in 0..5 {
                assert_eq!(start(&app, email).await.status, 200);
                assert_eq!(recover(&app, email).await.status, 200);
            }
            let refused = start(&app, email).await;
            assert_eq!((refused.error(), &refused.headers["retry-after"]), (ApiError::TooMany(900), &HeaderValue::from(900)));
            app.pass(60);
            assert_eq!(recover(&app, email).await.error(), ApiError::TooMany(840));
            app.pass(840);
            assert_eq!(start(&app, email).await.status, 200);
            app.pass(900);
        }
    }

    async fn guesses_are_counted_by_address_too(app) {
        for n in 0..60 {
            assert_eq!(start(&app, &format!("person{n}@example.org")).await.status, 200, "{n}");
        }
        assert_eq!(start(&app, "one.more@example.org").await.error(), ApiError::TooMany(900));
    }

    async fn sign_ups_are_counted_by_address(app) {
        app.set(|state| state.limits.sign_ups = Limit { most: 1, window: 3600 });
        Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let refused = Person::new("ben@example.org").sign_up_message(&app, b"password", Profile::Patient).await;
        assert_eq!(refused.unwrap_err(), ApiError::TooMany(3600));
    }

    async fn sign_ups_that_were_not_begun_are_counted_too(app) {
        app.set(|state| state.limits.sign_ups = Limit { most: 2, window: 3600 });
        let mut ann = Person::new("ann@example.org");
        let message = ann.sign_up_message(&app, b"password", Profile::Patient).await.unwrap();
        let finish = async || app.call("POST", "/api/v1/signup/finish", None, &message).await;
        assert_eq!(finish().await.status, 200);
        assert_eq!(finish().await.error(), ApiError::Conflict(Conflict::Email));
        assert_eq!(finish().await.error(), ApiError::TooMany(3600));
    }
}
