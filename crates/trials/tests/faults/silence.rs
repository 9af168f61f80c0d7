//! What the whole process logs, on whichever of its threads, at its most talkative: nobody and nothing is named in it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::rc::Rc;

use client::Session;
use client::share::Wish;
use protocol::ApiError;
use protocol::api::Profile;
use protocol::entry::{Part, PartKind};
use records::Category;

use crate::acts::{PASSWORD, add, give, provider, read, take_up};
use crate::database::{Beside, Postgres};
use crate::host::{Host, until};
use crate::line::{Line, direct};
use crate::people::Kept;

/// Starts a server and does with it what there is to do, also what goes wrong. Gives what must not be in its log.
async fn do_everything(host: &Rc<Host>) -> Vec<String> {
    host.set("RUST_LOG", "trace");
    host.start();
    let maya = Kept::sign_up(host, "MayaCanary", Profile::Patient).await;
    let ito = Kept::sign_up(host, "ItoCanary", provider()).await;
    let phone = maya.device(host).await;
    let vault = phone.own_vault().unwrap();
    let record = add(&phone, "canary", b"canary bytes").await.unwrap();
    let part = |kind| phone.with_view(vault, |view| view.record(record)?.part(kind).and_then(Part::blob).cloned());
    let blobs = [PartKind::File, PartKind::Thumbnail, PartKind::Text].map(|kind| part(kind).unwrap().unwrap().id);
    let grant = give(&phone, &ito.email, Wish::Category(Category::Laboratory)).await.unwrap();
    let device = ito.device(host).await;
    assert_eq!(take_up(&device).await, Ok(vault));
    assert_eq!(read(&device, vault, record).await.unwrap(), b"canary bytes");
    phone.stop(vault, grant).await.unwrap();
    while phone.renew_next(vault).await.unwrap() {}
    until("mail goes out", async || !host.paths("mail").is_empty()).await;

    let wrong = Session::sign_in(Line::new(host, None), &maya.email, "not the password of canaries").await;
    assert!(wrong.is_err());
    let http = direct().user_agent("canary").build().unwrap();
    for path in ["/canary?canary=1", "/api/v1/people/canary", "/api/v1/vaults/canary/log?after=canary"] {
        http.get(format!("{}{path}", host.address())).header("cookie", maya.cookie()).send().await.unwrap();
    }
    let mut garbage = TcpStream::connect(host.address().trim_start_matches("http://")).unwrap();
    garbage.write_all(b"canary\r\n\r\n").unwrap();
    let _ = garbage.read_to_end(&mut Vec::new());

    let token = |kept: &Kept| kept.cookie().split_once('=').unwrap().1.to_owned();
    let accounts = [phone.who().account, device.who().account].map(|account| account.to_string());
    let words = ["canary", "Canary", "Cardiology", "St. Anna", PASSWORD].map(str::to_owned);
    let ids = [vault.to_string(), record.to_string(), grant.to_string(), token(&maya), token(&ito)];
    words.into_iter().chain(ids).chain(accounts).chain(blobs.map(|blob| blob.to_string())).collect()
}

/// What the log says, too, once the database fails; and what it does not say.
async fn name_nobody(host: &Rc<Host>, beside: Beside, secrets: Vec<String>) {
    beside.execute("DROP TABLE counters").await;
    beside.close().await;
    let failed = Session::sign_in(Line::new(host, None), "mayacanary@example.org", PASSWORD).await;
    assert_eq!(failed.err(), Some(ApiError::Internal.into()));
    host.stop();
    let log = host.log();
    // A request, why one failed, and what is said at the last level only.
    for said in ["/api/v1/blobs/{blob}/chunks/{number}", "counters", "a connection broke off"] {
        assert!(log.contains(said), "{said} is not in the log:\n{log}");
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn the_log_of_the_process_names_nobody_and_nothing() {
    let host = Host::new();
    let secrets = do_everything(&host).await;
    name_nobody(&host, Beside::sqlite(&host).await, secrets).await;
}

#[tokio::test]
async fn the_log_of_the_process_names_nobody_and_nothing_on_postgres() {
    let host = Host::new();
    let Some(database) = Postgres::make(&host).await else { return };
    let secrets = do_everything(&host).await;
    name_nobody(&host, database.beside().await, secrets).await;
    database.drop().await;
}
