//! What is true of every response, whatever was sent.

use std::cell::RefCell;
use std::sync::{Arc, Once};

use axum::body::Body;
use protocol::ApiError;
use protocol::api::{MEDIA_TYPE, Profile, Refusal};
use protocol::entry::AccessKind;
use protocol::{GrantScope, Level};
use server::router::ROUTES;
use server::state::Site;

use crate::person::{Person, provider};
use crate::test_app::{TestApp, request};

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Log lines of the test that this thread runs. What the process says on all of them, the trials search (`silence`).
struct OfThisThread;

impl OfThisThread {
    fn take() -> String {
        LINES.with_borrow_mut(|lines| String::from_utf8(std::mem::take(lines)).unwrap())
    }
}

impl std::io::Write for OfThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const ID: &str = "000102030405060708090a0b0c0d0e0f";

fn concrete(path: &str) -> String {
    path.replace("{account}", ID).replace("{vault}", ID).replace("{blob}", ID).replace("{number}", "0")
}

on_both! {
    async fn garbage_is_refused_and_breaks_nothing(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let garbage: [&[u8]; 8] = [
            b"",
            b"\0",
            b"{\"email\":\"ann@example.org\"}",
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x81; 4096],
            &[0x9f; 4096],
            &[0xff; 64],
            &[0x82, 0x60, 0x40],
        ];
        // Signing out ends the session, so it comes last.
        let mut routes = ROUTES;
        routes.sort_by_key(|route| route.path.ends_with("/signout"));
        for route in routes {
            let odd = route.path.replace('{', "%7B").replace('}', "%7D");
            let broken = route.path.replace('{', "%ff").replace('}', "");
            for path in [concrete(route.path), odd, broken] {
                for body in garbage {
                    let request = request(route.method, &path, Some(&ann.cookie)).header("content-type", MEDIA_TYPE);
                    let answer = app.send(request.body(body.to_vec().into()).unwrap()).await;
                    assert!(answer.status < 500, "{} {path} {body:?}", route.method);
                    let takes_message = matches!(route.method, "POST" | "PUT") && !route.path.contains("/signout");
                    assert!(!takes_message || answer.status >= 400, "{} {path} {body:?}", route.method);
                }
            }
        }
    }

    async fn a_body_may_not_be_larger_than_its_route_takes(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let send = async |method: &str, path: &str, bytes: usize| {
            let request = request(method, path, Some(&ann.cookie)).header("content-type", MEDIA_TYPE);
            app.send(request.body(vec![0; bytes].into()).unwrap()).await.error()
        };
        let log = format!("/api/v1/vaults/{}/log", ann.vault);
        assert_eq!(send("POST", "/api/v1/signin/start", 16 << 10).await, ApiError::Refused(Refusal::Malformed));
        assert_eq!(send("POST", "/api/v1/signin/start", (16 << 10) + 1).await, ApiError::TooLarge);
        assert_eq!(send("PUT", "/api/v1/account/state", (1 << 20) + 1).await, ApiError::TooLarge);
        assert_eq!(send("POST", &log, 1 << 20).await, ApiError::Refused(Refusal::Malformed));
        assert_eq!(send("POST", &log, (4 << 20) + 1).await, ApiError::TooLarge);
    }

    async fn a_failure_of_the_server_says_nothing(app) {
        use sea_orm::ConnectionTrait as _;
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        for table in ["device_wraps", "sessions"] {
            app.state.store.reader().execute_unprepared(&format!("DROP TABLE {table}")).await.unwrap();
        }
        let answer = app.get("/api/v1/session", Some(&ann.cookie)).await;
        assert_eq!((answer.status, answer.error()), (500, ApiError::Internal));
    }

    async fn the_log_of_the_server_names_nobody_and_nothing(app) {
        use sea_orm::ConnectionTrait as _;
        static LISTEN: Once = Once::new();
        LISTEN.call_once(|| {
            let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
            tracing::subscriber::set_global_default(subscriber.with_writer(|| OfThisThread).finish()).unwrap();
        });
        OfThisThread::take();
        let mut ann = Person::sign_up(&app, "ann.canary@example.org", Profile::Patient).await;
        let mut ito = Person::sign_up(&app, "ito.canary@example.org", provider()).await;
        let (record, blob) = ann.add_record(&app, b"canary bytes").await;
        let vault = ann.vault;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 60).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        ito.chunk(&app, blob, 0).await.unwrap();
        let signed_in = Person::sign_in(&app, "ann.canary@example.org", b"correct horse battery", None).await;
        let device = signed_in.device().unwrap();
        Person::sign_in(&app, "ann.canary@example.org", b"wrong", Some(&device)).await;
        app.send(request("canary", "/api/v1/session", None).body(Body::empty()).unwrap()).await;
        app.state.store.reader().execute_unprepared("DROP TABLE counters").await.unwrap();
        Person::sign_in(&app, "ann.canary@example.org", b"wrong", None).await;
        let text = OfThisThread::take();
        assert!(text.contains("/api/v1/blobs/{blob}/chunks/{number}"), "{text}");
        assert!(text.contains("counters"), "the cause of a failure is there");
        let token = ann.cookie.split_once('=').unwrap().1.to_owned();
        let proof = device.split_once('=').unwrap().1.to_owned();
        let told = ["canary".to_owned(), "Ann Lee".to_owned(), "203.0.113".to_owned(), token, proof, ann.account.to_string(), vault.to_string(), record.to_string(), blob.to_string(), grant.to_string()];
        for secret in told {
            assert!(!text.contains(&secret), "{secret} is in the log:\n{text}");
        }
    }
}

#[tokio::test]
async fn only_this_site_and_programs_change_anything() {
    let app = TestApp::sqlite().await;
    let refused = async |headers: &[(&str, &str)], method: &str| {
        let mut request = request(method, "/api/v1/signout", None);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        answer.status == 400 && answer.error() == ApiError::Refused(Refusal::Origin)
    };
    let own = ("origin", "http://localhost:3000");
    for (allowed, headers) in [
        (true, &[][..]),
        (true, &[own]),
        (true, &[own, ("sec-fetch-site", "same-origin")]),
        (true, &[("sec-fetch-site", "none")]),
        (false, &[("origin", "http://localhost:3001")]),
        (false, &[("origin", "https://localhost:3000")]),
        (false, &[("origin", "http://localhost:3000.evil.example")]),
        (false, &[("origin", "null")]),
        (false, &[own, ("origin", "https://evil.example")]),
        (false, &[("sec-fetch-site", "cross-site")]),
        (false, &[("sec-fetch-site", "same-site")]),
        (false, &[own, ("sec-fetch-site", "cross-site")]),
    ] {
        assert_eq!(refused(headers, "POST").await, !allowed, "{headers:?}");
        assert!(!refused(headers, "GET").await, "{headers:?}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        assert!(refused(&[("origin", "https://evil.example")], method).await);
    }
}

#[tokio::test]
async fn every_response_tells_the_browser_how_little_it_may_do() {
    let mut app = TestApp::sqlite().await;
    std::fs::create_dir_all(app.site_folder().join("pkg")).unwrap();
    std::fs::write(app.site_folder().join("pkg/test.css"), "body{}").unwrap();
    app.set(|state| state.site = Arc::new(Site { assets: "/v/one".to_owned(), ..(*state.site).clone() }));
    let mut paths: Vec<(&str, String)> = ROUTES.iter().map(|route| (route.method, concrete(route.path))).collect();
    paths.extend(
        [
            "/",
            "/nowhere",
            "/pkg/test.css",
            "/v/one/pkg/test.css",
            "/v/one/pkg/none.css",
            "/v/two/pkg/test.css",
            "/api/v1/nowhere",
        ]
        .map(|path| ("GET", path.to_owned())),
    );
    paths.push(("PATCH", "/api/v1/session".to_owned()));
    for (method, path) in paths {
        let answer = app.bare(method, &path, None).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(header("permissions-policy").contains("geolocation=()"), "{path}");
        assert!(header("content-security-policy").starts_with("default-src 'none'; "), "{path}");
        assert!(!header("content-security-policy").contains("unsafe-inline"), "{path}");
        let kept = match &*path {
            "/pkg/test.css" => "no-cache",
            "/v/one/pkg/test.css" => "public, max-age=31536000, immutable",
            _ => "no-store",
        };
        assert_eq!(header("cache-control"), kept, "{path}");
        // The site's files are there in more than one form.
        assert_eq!(header("vary"), if kept == "no-store" { "" } else { "accept-encoding" }, "{path}");
        assert_eq!(header("strict-transport-security"), "", "{path}");
    }
    app.set(|state| state.site = Arc::new(Site { https: true, ..(*state.site).clone() }));
    let answer = app.get("/", None).await;
    assert!(answer.headers.contains_key("strict-transport-security"));
}
