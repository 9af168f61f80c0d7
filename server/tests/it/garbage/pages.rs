//! The same for pages and their server functions, whose errors are their own.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use app::api::Refused;
use axum::body::Body;
use axum::http::HeaderValue;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseResult;
use protocol::ApiError;
use server::state::Site;

use super::endless::endless;
use super::ground::{Ground, WHO, panics, runner};
use super::inputs;
use crate::test_app::{Answer, request};

/// How many inputs there are for each function and role, and for pages.
const CASES: u32 = 60;

fn functions() -> Vec<(String, String)> {
    let paths = leptos::server_fn::axum::server_fn_paths();
    paths.map(|(path, method)| (method.to_string(), path.to_owned())).collect()
}

/// Forms that make no sense to the function that they are sent to.
fn forms() -> impl Strategy<Value = Vec<u8>> {
    let names =
        select(vec!["up_to", "choice", "choice[kind]", "choice[in_app]", "choice[by_mail]", "choice[kind][kind]", ""]);
    let values = prop_oneof![
        select(vec![
            "",
            "1",
            "-1",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "1e400",
            "NaN",
            "true",
            "Opened",
            "SignedIn",
            "opened",
            "%00",
            "%ff%fe",
            "[][][]",
            "\u{202e}",
        ])
        .prop_map(str::to_owned),
        ".{0,40}",
    ];
    let pairs = prop::collection::vec((names, values), 0..6).prop_map(|pairs| {
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&").into_bytes()
    });
    let deep = (1..20_000_usize)
        .prop_map(|depth| ["choice".to_owned(), "[a]".repeat(depth), "=1".to_owned()].concat().into_bytes());
    let many = (1..20_000_usize).prop_map(|count| "up_to=1&".repeat(count).into_bytes());
    prop_oneof![4 => pairs, 1 => deep, 1 => many, 2 => prop::collection::vec(any::<u8>(), 0..300)]
}

fn types() -> impl Strategy<Value = HeaderValue> {
    let known = select(vec![
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=\"",
        "text/html",
    ]);
    prop_oneof![3 => known.prop_map(HeaderValue::from_static), 1 => inputs::header_values()]
}

fn check(what: &str, answer: &Answer) -> TestCaseResult {
    prop_assert_eq!(panics(), 0, "a panic: {}", what);
    prop_assert!(answer.status < 500, "status {}: {}", answer.status, what);
    if answer.status >= 400 {
        let own = serde_json::from_slice::<Refused>(&answer.body).is_ok();
        // What comes before the function is the protocol's.
        let typed = own || protocol::cbor::decode::<ApiError>(&answer.body).is_ok();
        prop_assert!(typed, "an error of no type: {} {}", what, String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}

fn every_function_refuses_garbage(ground: &Ground) {
    let runtime = &ground.runtime;
    for (method, path) in functions() {
        for who in WHO {
            let input = (forms(), types(), prop::option::of(inputs::headers()));
            let tried = runner(CASES).run(&input, |(body, kind, header)| {
                let mut request = request(&method, &path, None);
                let headers = request.headers_mut().unwrap();
                headers.insert("content-type", kind);
                if let Some(cookie) = ground.session(who) {
                    headers.insert("cookie", cookie.parse().unwrap());
                }
                if let Some((name, value)) = header {
                    headers.append(name, value);
                }
                let answer = runtime.block_on(ground.app.send(request.body(Body::from(body)).unwrap()));
                check(&format!("{path} {who:?}"), &answer)
            });
            if let Err(failure) = tried {
                panic!("{failure}");
            }
        }
    }
    runtime.block_on(ground.check_unharmed());
}

#[test]
fn every_function_refuses_garbage_on_sqlite() {
    every_function_refuses_garbage(&Ground::sqlite());
}

#[test]
fn every_function_refuses_garbage_on_postgres() {
    if let Some(ground) = Ground::postgres() {
        every_function_refuses_garbage(&ground);
    }
}

#[test]
fn a_form_that_does_not_fit_is_an_error_of_the_sender() {
    let ground = Ground::sqlite();
    ground.runtime.block_on(async {
        for body in ["", "up_to=", "up_to=9223372036854775808", "up_to=%ff"] {
            let request = request("POST", "/api/pages/notices-read", Some(&ground.owner.cookie))
                .header("content-type", "application/x-www-form-urlencoded");
            let answer = ground.app.send(request.body(body.into()).unwrap()).await;
            assert_eq!((answer.status, &answer.body[..]), (400, &b"\"Malformed\""[..]), "{body:?}");
        }
    });
}

#[test]
fn no_function_reads_on_and_on() {
    let ground = Ground::sqlite();
    ground.runtime.block_on(async {
        for (method, path) in functions() {
            let (body, asked) = endless();
            let request = request(&method, &path, Some(&ground.owner.cookie))
                .header("content-type", "application/x-www-form-urlencoded");
            let answer = ground.app.send(request.body(body).unwrap()).await;
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
            let asked = asked.load(Ordering::SeqCst);
            assert!(asked <= 3 << 20, "{path} read {asked} bytes");
        }
    });
}

#[test]
fn pages_bear_any_address() {
    let mut ground = Ground::sqlite();
    ground.app.set(|state| state.site = Arc::new(Site { assets: "/v/one".to_owned(), ..(*state.site).clone() }));
    let runtime = &ground.runtime;
    let pages = select(vec![
        "/",
        "/sign-in",
        "/records",
        "/records/",
        "/sharing/new",
        "/help",
        "/pkg/",
        "/v/one/",
        "/nowhere/",
        "/api/pages/",
    ]);
    let input = (pages, prop::option::of(inputs::path_parts()), inputs::queries(), prop::option::of(inputs::headers()));
    let tried = runner(CASES).run(&input, |(page, part, query, header)| {
        let path = format!("{page}{}?{query}", part.unwrap_or_default());
        let mut request = request("GET", &path, Some(&ground.owner.cookie));
        if let Some((name, value)) = header {
            request.headers_mut().unwrap().append(name, value);
        }
        let answer = runtime.block_on(ground.app.send(request.body(Body::empty()).unwrap()));
        prop_assert_eq!(panics(), 0, "a panic: {}", path);
        prop_assert!(answer.status < 500, "status {}: {}", answer.status, path);
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
    runtime.block_on(ground.check_unharmed());
}
