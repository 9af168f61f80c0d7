//! Writes the gallery as one still page, to look at it and check it without a server.
//!
//! `cargo run -p app --features ssr --example gallery > target/gallery.html`, beside the built style sheet.

use std::io::Write as _;

use app::ui::Gallery;
use leptos::prelude::*;
use leptos_router::components::Router;
use leptos_router::location::RequestUrl;

fn main() -> std::io::Result<()> {
    let owner = Owner::new();
    let html = owner.with(|| {
        provide_context(RequestUrl::new("/home"));
        view! { <Router><Gallery /></Router> }.to_html()
    });
    write!(
        std::io::stdout().lock(),
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Gallery · HealthBridge</title><link rel=\"stylesheet\" href=\"/pkg/healthbridge.css\"></head><body>{html}</body></html>"
    )
}
