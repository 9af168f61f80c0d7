//! However an answer came to be, it tells the browser how little it may do.

use std::sync::Arc;

use axum::body::Body;
use protocol::api::{MEDIA_TYPE, Profile, RecoveryStart};
use server::clock::Clock;
use server::services::limits::Limit;
use server::state::Site;
use tokio::sync::Semaphore;

use crate::person::Person;
use crate::test_app::{Answer, TestApp, request};

/// What every answer carries.
const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
];

/// The policy of whatever is not a page.
const CLOSED: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What an answer is to a browser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    /// A file of the site, and for how long it may be kept.
    File(&'static str),
    Other,
}

const ASKED_AGAIN: Kind = Kind::File("no-cache");
const FOR_GOOD: Kind = Kind::File("public, max-age=31536000, immutable");

fn check(what: &str, answer: &Answer, status: u16, kind: Kind) {
    let header = |name: &str| {
        let values: Vec<&str> = answer.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        assert!(values.len() <= 1, "{what}: {name}: {values:?}");
        values.first().copied().unwrap_or_default()
    };
    assert_eq!(answer.status, status, "{what}");
    for (name, value) in ALWAYS {
        assert_eq!(header(name), value, "{what}: {name}");
    }
    for switched in ["geolocation=()", "microphone=()", "payment=()", "camera=(self)"] {
        assert!(header("permissions-policy").contains(switched), "{what}");
    }
    let policy = header("content-security-policy");
    if kind == Kind::Page {
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'nonce-"), "{what}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{what}: {policy}");
    } else {
        assert_eq!(policy, CLOSED, "{what}");
    }
    let (kept, varies) = match kind {
        Kind::File(kept) => (kept, "accept-encoding"),
        Kind::Page | Kind::Other => ("no-store", ""),
    };
    assert_eq!((header("cache-control"), header("vary")), (kept, varies), "{what}");
}

/// A server that is reached by HTTPS, with one file of the site, and somebody who is signed in.
async fn site() -> (TestApp, Person) {
    let mut app = TestApp::sqlite().await;
    std::fs::create_dir_all(app.site_folder().join("pkg")).unwrap();
    std::fs::write(app.site_folder().join("pkg/test.css"), "body{}").unwrap();
    app.set(|state| {
        state.site = Arc::new(Site { https: true, assets: "/v/one".to_owned(), ..(*state.site).clone() });
    });
    let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    (app, ann)
}

#[tokio::test]
async fn answers_of_every_kind_carry_them() {
    let (app, ann) = site().await;
    let cookie = Some(&*ann.cookie);
    let long = "a".repeat(300);
    let (page, file) = (format!("/{long}"), format!("/v/one/{long}"));
    for (method, path, status, kind) in [
        ("GET", "/api/v1/session", 200, Kind::Other),
        ("GET", "/api/v1/events", 200, Kind::Other),
        ("GET", "/healthz", 200, Kind::Other),
        ("GET", "/", 200, Kind::Page),
        ("GET", "/records", 200, Kind::Page),
        ("GET", "/nowhere", 404, Kind::Page),
        ("GET", &*page, 404, Kind::Page),
        ("GET", &*file, 404, Kind::Other),
        ("GET", "/v/one/pkg/none.css", 404, Kind::Other),
        ("GET", "/api/v1/nowhere", 404, Kind::Other),
        ("GET", "/pkg/test.css", 200, ASKED_AGAIN),
        ("GET", "/v/one/pkg/test.css", 200, FOR_GOOD),
        ("HEAD", "/", 200, Kind::Page),
        ("HEAD", "/nowhere", 404, Kind::Page),
        ("HEAD", "/api/v1/session", 200, Kind::Other),
        ("HEAD", "/pkg/test.css", 200, ASKED_AGAIN),
        ("PATCH", "/api/v1/session", 404, Kind::Other),
        ("POST", "/api/v1/signout/others", 204, Kind::Other),
    ] {
        check(&format!("{method} {path}"), &app.bare(method, path, cookie).await, status, kind);
    }
}

#[tokio::test]
async fn a_file_that_is_kept_already_carries_them() {
    let (app, _) = site().await;
    for (path, kind) in [("/pkg/test.css", ASKED_AGAIN), ("/v/one/pkg/test.css", FOR_GOOD)] {
        let written = app.get(path, None).await.headers["last-modified"].clone();
        let again = request("GET", path, None).header("if-modified-since", written);
        check(path, &app.send(again.body(Body::empty()).unwrap()).await, 304, kind);
    }
}

#[tokio::test]
async fn server_functions_carry_them() {
    let (app, ann) = site().await;
    for (cookie, status) in [(Some(&*ann.cookie), 200), (None, 401)] {
        let ask = request("POST", "/api/pages/notices", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "http://localhost:3000");
        check("a server function", &app.send(ask.body(Body::empty()).unwrap()).await, status, Kind::Other);
    }
}

#[tokio::test]
async fn refusals_carry_them() {
    let (mut app, ann) = site().await;
    let recover = async |app: &TestApp| {
        let message = RecoveryStart { email: "ann@example.org".to_owned() };
        app.call("POST", "/api/v1/recovery/start", None, &message).await
    };
    let large = request("POST", "/api/v1/signin/start", None).header("content-type", MEDIA_TYPE);
    check("too large", &app.send(large.body(vec![0; 17 << 10].into()).unwrap()).await, 413, Kind::Other);
    let foreign = request("POST", "/api/v1/signout", Some(&ann.cookie)).header("origin", "https://evil.example");
    check("another origin", &app.send(foreign.body(Body::empty()).unwrap()).await, 400, Kind::Other);
    check("nobody", &app.get("/api/v1/session", None).await, 401, Kind::Other);

    app.set(|state| state.limits.attempts_by_account = Limit { most: 0, window: 3600 });
    check("too many", &recover(&app).await, 429, Kind::Other);

    app.set(|state| state.load.requests = Arc::new(Semaphore::new(0)));
    check("no place for a program", &recover(&app).await, 503, Kind::Other);
    check("no place for a page", &app.get("/", None).await, 503, Kind::Page);
    check("no place for a file", &app.get("/pkg/test.css", None).await, 503, Kind::Page);
}

/// A clock that breaks whatever asks it for the time.
#[derive(Debug)]
struct BrokenClock;

impl Clock for BrokenClock {
    fn now(&self) -> u64 {
        panic!("on purpose")
    }
}

#[tokio::test]
async fn what_panics_carries_them() {
    let (mut app, ann) = site().await;
    app.set(|state| state.clock = Arc::new(BrokenClock));
    for path in ["/api/v1/session", "/records"] {
        check(path, &app.get(path, Some(&ann.cookie)).await, 500, Kind::Other);
    }
}
