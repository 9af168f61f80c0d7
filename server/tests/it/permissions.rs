//! Who gets which answer from which route: a table that changes only on purpose.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use protocol::api::{
    AccountState, Append, BlobCreate, CHUNK_DIGEST_HEADER, DeviceWrap, Find, PasswordFinish, PasswordStart, Profile,
    RecoveryFinish, RecoveryStart, RecoveryStarted, SignUpStart,
};
use protocol::entry::{Access, AccessKind};
use protocol::{BlobId, Body, Digest, GrantId, GrantScope, Level, Namespace, RecordId};
use server::clock::{Clock as _, MINUTE};
use server::router::ROUTES;

use crate::person::{Person, data_part, dice, first_revision, id16, provider, sign, signing_key};
use crate::test_app::{TestApp, request};

/// Nobody can be an administrator yet; the column is kept for when somebody can.
const ROLES: [&str; 7] = ["anonymous", "stranger", "grantee", "expired", "owner", "provider", "administrator"];

/// Every route, with what is tried there.
const ACTIONS: [(&str, &str, &str); 34] = [
    ("GET", "/healthz", ""),
    ("GET", "/readyz", ""),
    ("POST", "/api/v1/signup/start", ""),
    ("POST", "/api/v1/signup/finish", ""),
    ("POST", "/api/v1/signin/start", ""),
    ("POST", "/api/v1/signin/finish", "the owner's password"),
    ("POST", "/api/v1/recovery/start", ""),
    ("POST", "/api/v1/recovery/finish", "the owner's kit"),
    ("POST", "/api/v1/password/start", ""),
    ("POST", "/api/v1/password/finish", "signed by the owner"),
    ("GET", "/api/v1/session", ""),
    ("PUT", "/api/v1/device-wrap", ""),
    ("GET", "/api/v1/device-wrap", ""),
    ("DELETE", "/api/v1/device-wrap", ""),
    ("PUT", "/api/v1/account/state", ""),
    ("POST", "/api/v1/people/find", "a provider"),
    ("POST", "/api/v1/people/find", "a patient"),
    ("GET", "/api/v1/people/{account}", "the owner"),
    ("GET", "/api/v1/shared", ""),
    ("GET", "/api/v1/restored", ""),
    ("POST", "/api/v1/vaults/{vault}/log", "an opening"),
    ("POST", "/api/v1/vaults/{vault}/log", "a record"),
    ("GET", "/api/v1/vaults/{vault}/log", ""),
    ("PUT", "/api/v1/blobs/{blob}", ""),
    ("GET", "/api/v1/blobs/{blob}", ""),
    ("PUT", "/api/v1/blobs/{blob}/chunks/{number}", ""),
    ("GET", "/api/v1/blobs/{blob}/chunks/{number}", "of the shared record"),
    ("GET", "/api/v1/events", ""),
    ("POST", "/api/pages/notices", ""),
    ("POST", "/api/pages/notices-read", ""),
    ("POST", "/api/pages/notice-choices", ""),
    ("POST", "/api/pages/choose-notices", ""),
    ("POST", "/api/v1/signout/others", ""),
    ("POST", "/api/v1/signout", ""),
];

struct World {
    app: TestApp,
    owner: Person,
    caller: Person,
    grant: GrantId,
    record: RecordId,
    named: BlobId,
    unnamed: BlobId,
}

/// A patient with a shared record and an upload under way, and the caller in its role.
async fn world(role: &str, app: TestApp) -> World {
    let mut owner = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
    let mut caller = match role {
        "stranger" => Person::sign_up(&app, "eve@example.org", Profile::Patient).await,
        _ => Person::sign_up(&app, "ito@example.org", provider()).await,
    };
    Person::sign_up(&app, "cardiology@example.org", provider()).await;
    let (record, named) = owner.add_record(&app, b"bytes").await;
    let unnamed = BlobId::from_bytes(id16());
    owner.put_blob(&app, owner.vault, unnamed, &[b"bytes".to_vec()]).await.unwrap();
    let mut grant = GrantId::from_bytes(id16());
    if matches!(role, "grantee" | "expired") {
        let vault = owner.vault;
        grant = owner.grant(&app, vault, &caller, Level::Download, GrantScope::Record(record), 10).await.unwrap();
        caller.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        caller.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
    }
    server::store::restores::set(app.state.store.reader(), id16(), app.clock.minute()).await.unwrap();
    if role == "expired" {
        app.pass(11 * MINUTE);
    }
    if role == "owner" {
        caller.cookie.clone_from(&owner.cookie);
        caller.account = owner.account;
        caller.key = owner.key.clone();
        caller.author_seq = owner.author_seq;
        caller.seen = owner.seen;
    }
    if role == "anonymous" {
        caller.cookie.truncate("__Host-healthbridge=".len());
    }
    World { app, owner, caller, grant, record, named, unnamed }
}

impl World {
    async fn call(&self, method: &str, path: &str, message: &impl minicbor::Encode<()>) -> u16 {
        self.app.call(method, path, Some(&self.caller.cookie), message).await.status
    }

    async fn bare(&self, method: &str, path: &str) -> u16 {
        self.app.bare(method, path, Some(&self.caller.cookie)).await.status
    }

    async fn append(&self, body: Body) -> u16 {
        let vault = self.owner.vault;
        let entry = self.caller.sign_as(vault, self.caller.author_seq + 1, self.app.clock.minute(), body);
        self.call("POST", &format!("/api/v1/vaults/{vault}/log"), &Append { entries: vec![entry] }).await
    }

    async fn try_account(&self, path: &str) -> u16 {
        let app = &self.app;
        let registration = || {
            opaque_ke::ClientRegistration::<protocol::opaque::Suite>::start(&mut dice(), b"password")
                .unwrap()
                .message
                .serialize()
                .to_vec()
        };
        match path {
            "signup/start" => {
                let message = SignUpStart { email: "new@example.org".to_owned(), registration: registration() };
                self.call("POST", "/api/v1/signup/start", &message).await
            }
            "signup/finish" => {
                let mut new = Person::new("new@example.org");
                let message = new.sign_up_message(app, b"password", Profile::Patient).await.unwrap();
                app.call("POST", "/api/v1/signup/finish", None, &message).await.status
            }
            "signin/start" | "signin/finish" => {
                Person::sign_in(app, &self.owner.email, b"correct horse battery", None).await.status
            }
            "recovery/start" => {
                self.call("POST", "/api/v1/recovery/start", &RecoveryStart { email: self.owner.email.clone() }).await
            }
            "recovery/finish" => {
                let start = RecoveryStart { email: self.owner.email.clone() };
                let started: RecoveryStarted =
                    app.call("POST", "/api/v1/recovery/start", None, &start).await.read().unwrap();
                let signature = sign(&self.owner.recovery, Namespace::Recovery, &started.challenge);
                let message = RecoveryFinish { attempt: started.attempt, signature };
                app.call("POST", "/api/v1/recovery/finish", None, &message).await.status
            }
            "password/start" => {
                self.call("POST", "/api/v1/password/start", &PasswordStart { registration: registration() }).await
            }
            // Whoever it is: signed by the owner's key, and so good for the owner's account alone.
            _ if self.signed_in() => self.caller.set_password(app, b"a new password", &self.owner.key).await.status,
            _ => {
                let message = PasswordFinish {
                    registration: vec![0; 192],
                    password_wrap: vec![],
                    signature: sign(&signing_key(), Namespace::Password, b""),
                };
                self.call("POST", "/api/v1/password/finish", &message).await
            }
        }
    }

    fn signed_in(&self) -> bool {
        !self.caller.cookie.ends_with('=')
    }

    async fn attempt(&self, method: &str, path: &str, what: &str) -> u16 {
        let chunk = async |method: &str, blob: BlobId| {
            let path = format!("/api/v1/blobs/{blob}/chunks/0");
            let request = request(method, &path, Some(&self.caller.cookie))
                .header(CHUNK_DIGEST_HEADER, Digest::of(b"bytes").to_string());
            self.app.send(request.body("bytes".into()).unwrap()).await.status
        };
        match (method, path) {
            ("POST", "/api/v1/signout" | "/api/v1/signout/others") => self.bare("POST", path).await,
            (_, function) if function.starts_with("/api/pages/") => {
                let body = match function {
                    "/api/pages/notices-read" => "up_to=1",
                    "/api/pages/choose-notices" => "choice[kind]=Opened&choice[in_app]=true&choice[by_mail]=true",
                    _ => "",
                };
                let request = request(method, path, Some(&self.caller.cookie))
                    .header("content-type", "application/x-www-form-urlencoded");
                self.app.send(request.body(body.into()).unwrap()).await.status
            }
            ("PUT", "/api/v1/device-wrap") => self.call("PUT", path, &DeviceWrap { wrap: vec![1] }).await,
            ("PUT", "/api/v1/account/state") => {
                self.call("PUT", path, &AccountState { version: 0, sealed: vec![1] }).await
            }
            ("POST", "/api/v1/people/find") => {
                let email = if what == "a patient" { "ann@example.org" } else { "cardiology@example.org" };
                self.call("POST", path, &Find { email: email.to_owned() }).await
            }
            ("GET", "/api/v1/people/{account}") => {
                self.bare("GET", &format!("/api/v1/people/{}", self.owner.account)).await
            }
            ("GET", "/api/v1/vaults/{vault}/log") => {
                self.bare("GET", &format!("/api/v1/vaults/{}/log", self.owner.vault)).await
            }
            ("POST", "/api/v1/vaults/{vault}/log") if what == "an opening" => {
                let access = Access { grant: self.grant, kind: AccessKind::Opened, record: Some(self.record) };
                self.append(Body::Access(access)).await
            }
            ("POST", "/api/v1/vaults/{vault}/log") => {
                self.append(first_revision(RecordId::from_bytes(id16()), self.owner.scope, vec![data_part()])).await
            }
            ("PUT", "/api/v1/blobs/{blob}") => {
                let message = BlobCreate { vault: self.owner.vault, length: 5 };
                self.call("PUT", &format!("/api/v1/blobs/{}", BlobId::from_bytes(id16())), &message).await
            }
            ("GET", "/api/v1/blobs/{blob}") => self.bare("GET", &format!("/api/v1/blobs/{}", self.named)).await,
            ("PUT", "/api/v1/blobs/{blob}/chunks/{number}") => chunk("PUT", self.unnamed).await,
            ("GET", "/api/v1/blobs/{blob}/chunks/{number}") => chunk("GET", self.named).await,
            ("POST", _) => self.try_account(path.trim_start_matches("/api/v1/")).await,
            _ => self.bare(method, path).await,
        }
    }
}

#[test]
fn every_route_is_in_the_table() {
    let mut routes: BTreeSet<_> = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(routes.len(), ROUTES.len(), "a route stands twice");
    let functions = leptos::server_fn::axum::server_fn_paths();
    routes.extend(functions.map(|(path, method)| (method.to_string(), path.to_owned())));
    let tried: BTreeSet<_> =
        ACTIONS.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(routes, tried);
}

async fn table() -> String {
    let mut columns = vec![];
    for role in ROLES {
        let mut column = vec![];
        if role == "administrator" {
            column = vec!["-".to_owned(); ACTIONS.len()];
        } else {
            let world = world(role, TestApp::sqlite().await).await;
            for (method, path, what) in ACTIONS {
                column.push(world.attempt(method, path, what).await.to_string());
            }
        }
        columns.push(column);
    }
    let mut table = format!("{:66}{}\n", "", ROLES.map(|role| format!("{role:>14}")).concat());
    for (row, (method, path, what)) in ACTIONS.iter().enumerate() {
        let action = format!("{method:7}{} {what}", path.trim_start_matches("/api/v1"));
        let cells = columns.iter().map(|column| format!("{:>14}", column[row])).collect::<Vec<_>>().concat();
        writeln!(table, "{action:66}{cells}").unwrap();
    }
    table
}

#[tokio::test]
async fn roles_and_actions() {
    insta::assert_snapshot!(table().await, @r"
                                                                           anonymous      stranger       grantee       expired         owner      provider administrator
    GET    /healthz                                                              200           200           200           200           200           200             -
    GET    /readyz                                                               200           200           200           200           200           200             -
    POST   /signup/start                                                         200           200           200           200           200           200             -
    POST   /signup/finish                                                        200           200           200           200           200           200             -
    POST   /signin/start                                                         200           200           200           200           200           200             -
    POST   /signin/finish the owner's password                                   200           200           200           200           200           200             -
    POST   /recovery/start                                                       200           200           200           200           200           200             -
    POST   /recovery/finish the owner's kit                                      200           200           200           200           200           200             -
    POST   /password/start                                                       401           200           200           200           200           200             -
    POST   /password/finish signed by the owner                                  401           401           401           401           204           401             -
    GET    /session                                                              401           200           200           200           200           200             -
    PUT    /device-wrap                                                          401           204           204           204           204           204             -
    GET    /device-wrap                                                          401           200           200           200           200           200             -
    DELETE /device-wrap                                                          401           204           204           204           204           204             -
    PUT    /account/state                                                        401           200           200           200           200           200             -
    POST   /people/find a provider                                               401           200           200           200           200           200             -
    POST   /people/find a patient                                                401           404           404           404           404           404             -
    GET    /people/{account} the owner                                           401           404           200           200           200           404             -
    GET    /shared                                                               401           200           200           200           200           200             -
    GET    /restored                                                             401           200           200           200           200           200             -
    POST   /vaults/{vault}/log an opening                                        401           404           200           404           404           404             -
    POST   /vaults/{vault}/log a record                                          401           404           400           404           200           404             -
    GET    /vaults/{vault}/log                                                   401           404           200           404           200           404             -
    PUT    /blobs/{blob}                                                         401           404           404           404           204           404             -
    GET    /blobs/{blob}                                                         401           404           404           404           200           404             -
    PUT    /blobs/{blob}/chunks/{number}                                         401           404           404           404           204           404             -
    GET    /blobs/{blob}/chunks/{number} of the shared record                    401           404           200           404           200           404             -
    GET    /events                                                               401           200           200           200           200           200             -
    POST   /api/pages/notices                                                    401           200           200           200           200           200             -
    POST   /api/pages/notices-read                                               401           200           200           200           200           200             -
    POST   /api/pages/notice-choices                                             401           200           200           200           200           200             -
    POST   /api/pages/choose-notices                                             401           200           200           200           200           200             -
    POST   /signout/others                                                       401           204           204           204           204           204             -
    POST   /signout                                                              401           204           204           204           204           204             -
    ");
}
