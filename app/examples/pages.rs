//! Writes every route as the server sends it, to look at the pages without a server: `pages FOLDER`.

use std::path::Path;

use leptos::prelude::*;
use leptos_router::location::RequestUrl;

const ROUTES: [&str; 19] = [
    "/",
    "/sign-up",
    "/sign-in",
    "/forgot",
    "/security",
    "/help",
    "/home",
    "/records",
    "/records/add",
    "/records/ct",
    "/records/ct/edit",
    "/sharing",
    "/sharing/new",
    "/activity",
    "/patients",
    "/patients/v1",
    "/account",
    "/style",
    "/nothing",
];

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/pages".to_owned());
    for route in ROUTES {
        let html = Owner::new().with(|| {
            provide_context(RequestUrl::new(route));
            let (meta, output) = leptos_meta::ServerMetaContext::new();
            provide_context(meta);
            let html = app::shell(LeptosOptions::builder().output_name("healthbridge").build()).to_html();
            drop(output);
            html
        });
        let file = Path::new(&folder).join(format!("{}.html", route.trim_start_matches('/').replace('/', "~")));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(file, html)?;
    }
    Ok(())
}
