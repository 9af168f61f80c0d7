//! `docs/protocol.md` names every route, and what it says of them has a rule in `docs/protocol.cddl`.

use std::collections::{BTreeMap, BTreeSet};

use server::router::ROUTES;

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");
const RULES: &str = include_str!("../../../docs/protocol.cddl");

/// One row of the table of routes.
struct Row {
    method: &'static str,
    path: &'static str,
    request: &'static str,
    answer: &'static str,
    limit: &'static str,
}

fn rows() -> Vec<Row> {
    let code = |cell: &'static str| cell.strip_prefix('`')?.strip_suffix('`');
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", method, path, _, request, answer, limit, ""] = cells[..] else { return None };
        let path = code(path).filter(|path| path.starts_with('/'))?;
        Some(Row { method: code(method)?, path, request, answer, limit })
    };
    DOCUMENT.lines().filter_map(row).collect()
}

/// The names in code in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn rules() -> BTreeSet<&'static str> {
    let name =
        |line: &'static str| line.split_once(" = ").map(|(name, _)| name).filter(|name| !name.contains([' ', ';']));
    RULES.lines().filter_map(name).collect()
}

fn bytes(limit: &str) -> usize {
    limit
        .split(" + ")
        .map(|part| match part.split_once(' ') {
            Some((count, "MiB")) => count.parse::<usize>().unwrap() << 20,
            Some((count, "KiB")) => count.parse::<usize>().unwrap() << 10,
            _ => panic!("not a limit: {limit}"),
        })
        .sum()
}

#[test]
fn every_route_is_described_with_its_limit() {
    let described: BTreeMap<_, _> = rows().iter().map(|row| ((row.method, row.path), bytes(row.limit))).collect();
    assert_eq!(described.len(), rows().len(), "a route is described twice");
    assert_eq!(described, ROUTES.iter().map(|route| ((route.method, route.path), route.limit)).collect());
}

#[test]
fn whatever_a_route_takes_and_gives_has_a_rule() {
    for row in rows() {
        for name in names(row.request).chain(names(row.answer)).filter(|name| *name != "ok") {
            assert!(rules().contains(name), "{} {}: there is no rule {name}", row.method, row.path);
        }
        // What is sent to be changed has a message, and what is only asked for has none.
        let sends = matches!(row.method, "POST" | "PUT") && !row.path.contains("/signout");
        assert_eq!(sends, !row.request.is_empty(), "{} {}", row.method, row.path);
        assert!(!row.answer.is_empty(), "{} {}", row.method, row.path);
    }
}

#[test]
fn every_error_has_its_rule_and_status() {
    use protocol::ApiError;
    use protocol::api::{Conflict, Refusal};
    let errors = [
        ("refused", ApiError::Refused(Refusal::Malformed)),
        ("not-signed-in", ApiError::NotSignedIn),
        ("wrong-credentials", ApiError::WrongCredentials),
        ("not-found", ApiError::NotFound),
        ("conflict", ApiError::Conflict(Conflict::Log)),
        ("too-large", ApiError::TooLarge),
        ("too-many", ApiError::TooMany(1)),
        ("internal", ApiError::Internal),
        ("unavailable", ApiError::Unavailable),
    ];
    for (name, error) in errors {
        assert!(rules().contains(name), "{name}");
        assert!(DOCUMENT.contains(&format!("\n| `{name}` | {} |", error.status())), "{name}");
    }
}
