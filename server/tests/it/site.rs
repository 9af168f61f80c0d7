//! Pages, their scripts' nonces, and the site's files.

use axum::body::Body;

use protocol::api::Profile;

use crate::person::{Person, provider};
use crate::test_app::{TestApp, request};

#[tokio::test]
async fn a_page_runs_its_own_scripts_only() {
    let app = TestApp::sqlite().await;
    let mut nonces = vec![];
    for _ in 0..2 {
        let answer = app.get("/", None).await;
        assert_eq!(answer.status, 200);
        let policy = answer.headers.get("content-security-policy").unwrap().to_str().unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        insta::allow_duplicates!(insta::assert_snapshot!(policy.replace(&nonce, "…").replace("; ", "\n"), @r"
        default-src 'none'
        script-src 'self' 'nonce-…' 'wasm-unsafe-eval'
        style-src 'self'
        img-src 'self' blob: data:
        font-src 'self'
        connect-src 'self'
        worker-src 'self'
        manifest-src 'self'
        base-uri 'none'
        form-action 'self'
        frame-ancestors 'none'
        "));
        let html = String::from_utf8(answer.body).unwrap();
        let scripts = html.matches("<script").count();
        assert!(scripts > 0);
        assert_eq!(html.matches(&format!("nonce=\"{nonce}\"")).count(), scripts, "{html}");
        assert!(!html.contains("style=\""), "an inline style would be refused: {html}");
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn a_page_has_the_frame_of_whoever_asks_for_it() {
    let app = TestApp::sqlite().await;
    let patient = Person::sign_up(&app, "maya@example.org", Profile::Patient).await;
    let provider = Person::sign_up(&app, "ito@example.org", provider()).await;
    let page = async |cookie| String::from_utf8(app.get("/activity", cookie).await.body).unwrap();
    for (cookie, side, tab) in [
        (Some(&*patient.cookie), Some("patient"), "/records/add"),
        (Some(&*provider.cookie), Some("provider"), "/patients"),
        (Some("__Host-healthbridge=of-nobody"), Some("nobody"), "/records/add"),
        (None, Some("nobody"), "/records/add"),
    ] {
        let html = page(cookie).await;
        let written = html.split("data-visitor=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(written, side);
        assert!(html.contains(&format!("href=\"{tab}\"")), "{html}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_an_error_for_programs() {
    let app = TestApp::sqlite().await;
    let page = app.get("/nowhere", None).await;
    assert_eq!(page.status, 404);
    assert!(String::from_utf8(page.body).unwrap().contains("<!DOCTYPE html>"));
    assert_eq!(app.get("/api/v1/nowhere", None).await.error(), protocol::ApiError::NotFound);
    assert_eq!(app.bare("PATCH", "/api/v1/session", None).await.status, 404);
}

#[tokio::test]
async fn files_go_out_compressed_when_a_compressed_one_is_there() {
    let app = TestApp::sqlite().await;
    let folder = app.site_folder().join("pkg");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.wasm"), "plain").unwrap();
    std::fs::write(folder.join("a.wasm.br"), "brotli").unwrap();
    for (accepted, body) in [("br, gzip", "brotli"), ("identity", "plain")] {
        let request = request("GET", "/pkg/a.wasm", None).header("accept-encoding", accepted);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.body), (200, body.as_bytes().to_vec()));
        assert_eq!(answer.headers.get("content-type").unwrap(), "application/wasm");
    }
}

#[tokio::test]
async fn only_the_sites_folder_is_served() {
    let mut app = TestApp::sqlite().await;
    let site = app.site_folder().join("site");
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(app.site_folder().join("secret"), "secret").unwrap();
    app.set(|state| state.leptos.site_root = site.display().to_string().into());
    for outside in ["/../secret", "/pkg/../../secret", "/%2e%2e/secret", "/..%2fsecret", "//secret", "/%5c..%5csecret"]
    {
        let answer = app.get(outside, None).await;
        assert_ne!(answer.body, b"secret", "{outside}");
        assert_eq!(answer.status, 404, "{outside}");
    }
}

/// The binary carries Leptos.toml; the build reads the workspace's metadata.
#[test]
fn leptos_toml_equals_the_metadata_of_the_workspace() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap().parse::<toml::Table>().unwrap();
    let options = read("Leptos.toml");
    let manifest = read("Cargo.toml");
    let metadata = &manifest["workspace"]["metadata"]["leptos"][0];
    let options = options["leptos"].as_table().unwrap();
    for (key, value) in options {
        assert_eq!(metadata.get(key), Some(value), "{key}");
    }
    for key in ["output-name", "site-root", "site-pkg-dir", "site-addr", "reload-port", "env", "hash-files"] {
        assert!(options.contains_key(key), "{key}");
    }
}
