//! Bad input on every route, from everybody: a typed error each time, not much read, and nothing lost.

mod endless;
mod ground;
mod inputs;
mod pages;
mod signed;

use axum::body::Body;
use proptest::test_runner::{TestCaseError, TestCaseResult};
use protocol::ApiError;
use protocol::api::{CHUNK_DIGEST_HEADER, MEDIA_TYPE};
use protocol::entry::CHUNK;
use server::router::{ROUTES, Route};

use crate::test_app::{Answer, request};
use ground::{Ground, WHO, Who, panics, runner};
use inputs::{Input, Part};

/// How many inputs of each kind there are for each route and role.
const CASES: u32 = 5;

/// Whether a route reads a message, or the bytes of a chunk.
fn takes_message(route: &Route) -> bool {
    matches!(route.method, "POST" | "PUT") && !route.path.contains("/signout")
}

impl Ground {
    /// Sends an input in place of a good message.
    async fn send(&self, route: &Route, who: Who, good: &[u8], input: &Input) -> Answer {
        let chunk = route.path.ends_with("/chunks/{number}");
        let mut path = self.path(route);
        if let Input::Path(odd, last) = input {
            let mut parts: Vec<&str> = path.split('/').collect();
            let given = route.path.split('/').enumerate().filter(|(_, part)| part.starts_with('{'));
            for (place, _) in given.skip(if *last { route.path.matches('{').count().saturating_sub(1) } else { 0 }) {
                parts[place] = odd;
            }
            path = parts.join("/");
        }
        if let Input::Query(query) = input {
            path = format!("{path}?{query}");
        }
        let mut body = input.body(good, route.limit);
        if route.method == "POST" && route.path.ends_with("/log") && matches!(input.part(), Part::Other) && body == good
        {
            // It would be taken, and this is about what is not.
            body.pop();
        }
        let mut sent = request(route.method, &path, None);
        let headers = sent.headers_mut().unwrap();
        headers.insert("content-type", MEDIA_TYPE.parse().unwrap());
        if let Some(cookie) = self.cookie(route, who).await {
            headers.insert("cookie", cookie.parse().unwrap());
        }
        if chunk {
            headers.insert(CHUNK_DIGEST_HEADER, protocol::Digest::of(good).to_string().parse().unwrap());
        }
        if let Input::Header(name, value) = input {
            headers.insert(*name, value.clone());
        }
        if let Input::Again(name, value) = input {
            headers.append(*name, value.clone());
        }
        self.app.send(sent.body(Body::from(body)).unwrap()).await
    }
}

/// What is true of every answer, and of an answer to what no route can take.
fn check(route: &Route, who: Who, input: &Input, answer: &Answer) -> TestCaseResult {
    let fail = |why: &str| Err(TestCaseError::fail(format!("{why}: {} {} {who:?}", route.method, route.path)));
    if panics() > 0 {
        return fail("a panic");
    }
    if answer.status >= 500 {
        return fail(&format!("status {}", answer.status));
    }
    if answer.status >= 400 {
        let Ok(error) = protocol::cbor::decode::<ApiError>(&answer.body) else { return fail("an error of no type") };
        if error.status() != answer.status {
            return fail("an error with another status");
        }
        return Ok(());
    }
    let chunk = route.path.ends_with("/chunks/{number}") && route.method == "PUT";
    let hopeless = match input.part() {
        Part::Body => takes_message(route),
        Part::Type => takes_message(route) && !chunk,
        Part::Path => route.path.contains('{'),
        Part::Other => false,
    };
    if hopeless { fail(&format!("taken with status {}", answer.status)) } else { Ok(()) }
}

fn every_route_refuses_garbage(ground: &Ground) {
    let runtime = &ground.runtime;
    for route in &ROUTES {
        for who in WHO {
            let good = runtime.block_on(ground.good(route, who));
            for kind in inputs::kinds() {
                let tried = runner(CASES).run(&kind, |input| {
                    let answer = runtime.block_on(ground.send(route, who, &good, &input));
                    check(route, who, &input, &answer)
                });
                if let Err(failure) = tried {
                    panic!("{failure}");
                }
            }
        }
    }
    runtime.block_on(ground.check_unharmed());
    runtime.block_on(good_messages_are_taken(ground));
}

/// What was damaged above was good before, or it would prove nothing.
async fn good_messages_are_taken(ground: &Ground) {
    for route in ROUTES.iter().filter(|route| takes_message(route)) {
        let good = ground.good(route, Who::Owner).await;
        let answer = ground.send(route, Who::Owner, &good, &Input::Bytes(good.clone())).await;
        assert!(answer.status < 300, "{} {}: {:?}", route.method, route.path, answer.error());
    }
}

#[test]
fn every_route_refuses_garbage_on_sqlite() {
    every_route_refuses_garbage(&Ground::sqlite());
}

#[test]
fn every_route_refuses_garbage_on_postgres() {
    if let Some(ground) = Ground::postgres() {
        every_route_refuses_garbage(&ground);
    }
}

#[test]
fn a_body_of_one_byte_too_many_is_too_large() {
    let ground = Ground::sqlite();
    ground.runtime.block_on(async {
        for route in ROUTES.iter().filter(|route| takes_message(route)) {
            for who in WHO {
                let answer = ground.send(route, who, b"", &Input::TooLarge).await;
                let chunk = route.limit as u64 > CHUNK;
                let error = answer.error();
                // Who has to sign in first is told so first.
                let session = error == ApiError::NotSignedIn && who == Who::Nobody;
                let told = chunk || error == ApiError::TooLarge || session;
                assert!(told, "{} {} {who:?}: {error:?}", route.method, route.path);
            }
        }
        ground.check_unharmed().await;
    });
}
