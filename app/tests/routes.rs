//! Every route renders on the server, locked: a heading, no style attributes, and nothing that only the browser has.
#![cfg(feature = "ssr")]

use app::App;
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

const SIGNED_OUT: [&str; 6] = ["/", "/sign-up", "/sign-in", "/forgot", "/security", "/help"];

const SIGNED_IN: [&str; 13] = [
    "/home",
    "/records",
    "/records/add",
    "/records/7f3a",
    "/records/7f3a/edit",
    "/sharing",
    "/sharing/new?record=7f3a",
    "/activity",
    "/patients",
    "/patients/7f3a",
    "/notices",
    "/account",
    "/account/password",
];

fn html(path: &str) -> String {
    let owner = Owner::new();
    owner.with(|| {
        provide_context(RequestUrl::new(path));
        view! { <App /> }.to_html()
    })
}

#[test]
fn every_route_has_one_heading_and_no_inline_style() {
    for path in SIGNED_OUT.iter().chain(&SIGNED_IN) {
        let html = html(path);
        assert_eq!(html.matches("<h1").count(), 1, "{path}");
        assert!(html.contains("<main"), "{path}");
        assert!(!html.contains(" style="), "{path}");
        assert!(!html.contains("No such page"), "{path}");
    }
}

#[test]
fn signed_in_routes_show_nothing_but_their_shape() {
    for path in SIGNED_IN {
        let html = html(path);
        assert!(html.contains("Opening your vault"), "{path}");
        assert!(html.contains("Locked"), "{path}");
        assert!(!html.contains("<form"), "{path}");
    }
}

/// Before the page has come alive the browser itself would send a form, with the password in its address.
#[test]
fn forms_cannot_be_sent_before_the_page_is_alive() {
    for path in ["/sign-up", "/sign-in", "/forgot"] {
        let html = html(path);
        let submit = html.find("type=\"submit\"").unwrap_or_else(|| panic!("no form on {path}"));
        let button = html.get(submit..submit + 120).unwrap_or_default();
        assert!(button.contains("disabled"), "{path}: {button}");
    }
}

#[test]
fn an_unknown_route_says_so_plainly() {
    for path in ["/nothing", "/records/7f3a/dreams"] {
        assert!(html(path).contains("There is no such page, or it is not shared with you"), "{path}");
    }
}
