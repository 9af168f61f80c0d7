//! The HTML document around every page, and the routes inside it.

mod start;

use std::time::Duration;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::hooks::use_location;
use leptos_router::path;

use self::start::start_script;
use crate::pages::account::forgot::ForgotPage;
use crate::pages::account::password::PasswordPage;
use crate::pages::account::show::AccountPage;
use crate::pages::account::sign_in::SignInPage;
use crate::pages::account::sign_up::SignUpPage;
use crate::pages::activity::list::ActivityPage;
use crate::pages::front::help::HelpPage;
use crate::pages::front::landing::LandingPage;
use crate::pages::front::not_found::NotFoundPage;
use crate::pages::front::security::SecurityPage;
use crate::pages::home::show::HomePage;
use crate::pages::inside::GalleryPage;
use crate::pages::notices::list::NoticesPage;
use crate::pages::notices::provide_notices;
use crate::pages::patients::list::PatientsPage;
use crate::pages::patients::show::PatientPage;
use crate::pages::records::add::AddPage;
use crate::pages::records::edit::EditPage;
use crate::pages::records::list::RecordsPage;
use crate::pages::records::show::RecordPage;
use crate::pages::sharing::list::SharingPage;
use crate::pages::sharing::new::NewSharePage;
use crate::ui::{Erase as _, ToastRegion, Toasts, provide_toasts};
use crate::vault::{Status, use_status};
use crate::visitor::use_visitor;

/// The document that the server sends: metadata, styles, hydration scripts, and the application. The paths of its files
/// begin with `assets`. Whoever has JavaScript switched off is told what it is needed for, after the application: in the
/// browser, that is taken over from the first element of the body on.
pub fn shell(options: &LeptosOptions, assets: &str) -> impl IntoView + use<> {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-visitor=use_visitor().attribute() data-assets=assets.to_owned()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="description" content="Your health records, sealed on your own device, shared as far and as long as you say." />
                <meta name="theme-color" content="#f6f4ef" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#101719" media="(prefers-color-scheme: dark)" />
                <link rel="icon" href="/favicon.svg" />
                <link rel="apple-touch-icon" href="/icons/touch-180.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <link rel="preload" href=format!("{assets}/fonts/atkinson-hyperlegible-next-latin.woff2") r#as="font" r#type="font/woff2" crossorigin="anonymous" />
                <link id="leptos" rel="stylesheet" href=format!("{assets}/pkg/healthbridge.css") />
                <AutoReload options=options.clone() />
                {start_script(options, assets)}
                <MetaTags />
            </head>
            <body>
                <App />
                <noscript>
                    <div class="toasts" role="status">
                        <p class="card measure">"HealthBridge seals and opens your records on this device, and needs JavaScript for that. Please switch it on."</p>
                    </div>
                </noscript>
            </body>
        </html>
    }
}

/// The application: the same tree on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    forget_when_locked(provide_toasts());
    provide_notices();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "HealthBridge".to_owned() } else { format!("{title} · HealthBridge") } />
        <Router>
            <FocusHeading />
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=LandingPage />
                <Route path=path!("/sign-up") view=SignUpPage />
                <Route path=path!("/sign-in") view=SignInPage />
                <Route path=path!("/forgot") view=ForgotPage />
                <Route path=path!("/security") view=SecurityPage />
                <Route path=path!("/help") view=HelpPage />
                <Route path=path!("/home") view=HomePage />
                <Route path=path!("/records") view=RecordsPage />
                <Route path=path!("/records/add") view=AddPage />
                <Route path=path!("/records/:id") view=RecordPage />
                <Route path=path!("/records/:id/edit") view=EditPage />
                <Route path=path!("/sharing") view=SharingPage />
                <Route path=path!("/sharing/new") view=NewSharePage />
                <Route path=path!("/activity") view=ActivityPage />
                <Route path=path!("/patients") view=PatientsPage />
                <Route path=path!("/patients/:vault") view=PatientPage />
                <Route path=path!("/notices") view=NoticesPage />
                <Route path=path!("/account") view=AccountPage />
                <Route path=path!("/account/password") view=PasswordPage />
                <Route path=path!("/style") view=GalleryPage />
            </FlatRoutes>
            <ToastRegion />
        </Router>
    }
    .erased()
}

/// What was said while the vault was open goes when it is locked: it may name a record.
fn forget_when_locked(toasts: Toasts) {
    let status = use_status();
    Effect::new(move |before: Option<bool>| {
        let open = status.with(|status| matches!(status, Status::Open(_)));
        if before == Some(true) && !open {
            toasts.clear();
        }
        open
    });
}

/// Leads the focus to the heading of the page, unless somebody has gone elsewhere meanwhile. Some pages change their
/// heading when their data come, so it looks again a few times.
fn focus_heading(tries: u8) {
    let nowhere =
        document().active_element().is_none_or(|active| matches!(active.tag_name().as_str(), "BODY" | "MAIN" | "H1"));
    let heading = document().query_selector("main h1").ok().flatten();
    if let Some(heading) = heading.and_then(|heading| heading.dyn_into::<web_sys::HtmlElement>().ok())
        && nowhere
    {
        heading.set_tab_index(-1);
        drop(heading.focus());
    }
    if let Some(left) = tries.checked_sub(1)
        && nowhere
    {
        set_timeout(move || focus_heading(left), Duration::from_millis(150));
    }
}

/// After a change of page in the browser, leads the focus to its heading, as loading a page anew would.
#[component]
fn FocusHeading() -> impl IntoView {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            // What was pressed to come here is no reason to stay on it. The new page is in place after this turn.
            if let Some(active) =
                document().active_element().and_then(|active| active.dyn_into::<web_sys::HtmlElement>().ok())
            {
                drop(active.blur());
            }
            request_animation_frame(|| focus_heading(10));
        }
        path
    });
}
