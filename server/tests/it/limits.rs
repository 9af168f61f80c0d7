//! How often one may try.

use axum::http::HeaderValue;
use opaque_ke::ClientLogin;
use protocol::api::{AccountState, BlobCreate, Conflict, DeviceWrap, Profile, RecoveryStart, SignInStart};
use protocol::opaque::Suite;
use protocol::{ApiError, BlobId, Digest, RecordId};
use server::clock::DAY;
use server::services::limits::Limit;
use server::writes::{Budget, Writes};

use crate::person::{Person, data_part, dice, first_revision, id16};
use crate::test_app::{Answer, TestApp, request};

async fn start(app: &TestApp, email: &str) -> Answer {
    let start = ClientLogin::<Suite>::start(&mut dice(), b"guess").unwrap();
    let message = SignInStart { email: email.to_owned(), request: start.message.serialize().to_vec() };
    app.call("POST", "/api/v1/signin/start", None, &message).await
}

async fn recover(app: &TestApp, email: &str) -> Answer {
    app.call("POST", "/api/v1/recovery/start", None, &RecoveryStart { email: email.to_owned() }).await
}

/// Announces a blob of five bytes.
async fn announce(app: &TestApp, person: &Person, blob: BlobId) -> Answer {
    let message = BlobCreate { vault: person.vault, length: 5 };
    app.call("PUT", &format!("/api/v1/blobs/{blob}"), Some(&person.cookie), &message).await
}

/// Adds a record of one entry.
async fn add(app: &TestApp, person: &mut Person) -> Result<(), ApiError> {
    let body = first_revision(RecordId::from_bytes(id16()), person.scope, vec![data_part()]);
    person.append(app, person.vault, body).await.map(|_| ())
}

async fn remember(app: &TestApp, person: &Person, sealed: &[u8]) -> Answer {
    let message = AccountState { version: 0, sealed: sealed.to_vec() };
    app.call("PUT", "/api/v1/account/state", Some(&person.cookie), &message).await
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
    async fn what_one_account_writes_is_limited_by_number(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut ben = Person::sign_up(&app, "ben@example.org", Profile::Patient).await;
        let blob = BlobId::from_bytes(id16());
        announce(&app, &ann, blob).await.done().unwrap();
        app.set(|state| state.writes = Writes::new(Budget { writes: 3, ..Budget::USUAL }));
        // A blob that is announced, its chunk and the entry that names it.
        ann.add_record(&app, b"bytes").await;

        let refused = announce(&app, &ann, BlobId::from_bytes(id16())).await;
        assert_eq!((refused.error(), &refused.headers["retry-after"]), (ApiError::TooMany(28_800), &HeaderValue::from(28_800)));
        let too_many = ApiError::TooMany(28_800);
        assert_eq!(ann.put_chunk(&app, blob, 0, b"bytes", Digest::of(b"bytes")).await, Err(too_many.clone()));
        assert_eq!(add(&app, &mut ann).await, Err(too_many.clone()));
        assert_eq!(remember(&app, &ann, b"pins").await.error(), too_many);
        let choose = request("POST", "/api/pages/choose-notices", Some(&ann.cookie))
            .header("content-type", "application/x-www-form-urlencoded");
        let choice = "choice[kind]=Opened&choice[in_app]=true&choice[by_mail]=true";
        assert_eq!(app.send(choose.body(choice.into()).unwrap()).await.status, 503, "a page is told to try again");
        // Nothing was kept of it, and reading goes on, and so does whatever unlocks a device and signs out another.
        assert_eq!(app.get("/api/v1/session", Some(&ann.cookie)).await.status, 200);
        assert_eq!(ann.log(&app, ann.vault, 0).await.unwrap().items.len(), 4);
        let wrap = DeviceWrap { wrap: vec![1] };
        app.call("PUT", "/api/v1/device-wrap", Some(&ann.cookie), &wrap).await.done().unwrap();
        app.bare("POST", "/api/v1/signout/others", Some(&ann.cookie)).await.done().unwrap();
        assert_eq!(add(&app, &mut ben).await, Ok(()));

        app.pass(28_799);
        assert_eq!(add(&app, &mut ann).await, Err(ApiError::TooMany(1)));
        app.pass(1);
        assert_eq!(add(&app, &mut ann).await, Ok(()));
        assert_eq!(add(&app, &mut ann).await, Err(too_many));
        app.pass(DAY);
        ann.add_record(&app, b"bytes").await;
    }

    async fn what_one_account_writes_is_limited_by_bytes(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let blob = BlobId::from_bytes(id16());
        announce(&app, &ann, blob).await.done().unwrap();
        app.set(|state| state.writes = Writes::new(Budget { bytes: 10, ..Budget::USUAL }));
        let put = async || ann.put_chunk(&app, blob, 0, b"bytes", Digest::of(b"bytes")).await;
        for _ in 0..2 {
            put().await.unwrap();
        }
        let refused = remember(&app, &ann, b"pins!").await;
        assert_eq!((refused.error(), &refused.headers["retry-after"]), (ApiError::TooMany(43_200), &HeaderValue::from(43_200)));
        assert_eq!(put().await, Err(ApiError::TooMany(43_200)));
        announce(&app, &ann, BlobId::from_bytes(id16())).await.done().unwrap();
        app.pass(43_200);
        put().await.unwrap();
        // What is larger than all of it waits until nothing was spent.
        assert_eq!(add(&app, &mut ann).await, Err(ApiError::TooMany(86_400)));
        app.pass(86_400);
        assert_eq!(add(&app, &mut ann).await, Ok(()));
    }
}
