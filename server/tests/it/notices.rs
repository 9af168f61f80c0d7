//! What people are told: in the app, by mail, and by nudges to their open pages.

use std::sync::Arc;
use std::time::Duration;

use app::api::notices::{Notice, NoticeChoice, NoticeKind};
use futures_util::StreamExt as _;
use protocol::api::Profile;
use protocol::entry::AccessKind;
use protocol::{Body, GrantScope, Level};
use server::clock::{DAY, HOUR, MINUTE};
use server::mail::Mailer;
use server::services::sweep::sweep;
use server::services::{mail, notices};

use crate::person::{Person, provider};
use crate::test_app::{TestApp, request};

const PASSWORD: &[u8] = b"correct horse battery";

async fn two_people(app: &TestApp) -> (Person, Person) {
    let ann = Person::sign_up(app, "ann@example.org", Profile::Patient).await;
    let ito = Person::sign_up(app, "ito@example.org", provider()).await;
    (ann, ito)
}

/// Calls a server function as a page does.
async fn page_call(app: &TestApp, function: &str, cookie: Option<&str>, body: &str) -> (u16, String) {
    let request = request("POST", &format!("/api/pages/{function}"), cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .header("origin", "http://localhost:3000");
    let answer = app.send(request.body(body.to_owned().into()).unwrap()).await;
    (answer.status, String::from_utf8(answer.body).unwrap())
}

async fn choose(app: &TestApp, person: &Person, kind: NoticeKind, in_app: bool, by_mail: bool) {
    let choice = format!("choice[kind]={kind:?}&choice[in_app]={in_app}&choice[by_mail]={by_mail}");
    let (status, body) = page_call(app, "choose-notices", Some(&person.cookie), &choice).await;
    assert_eq!(status, 200, "{body}");
}

async fn told(app: &TestApp, person: &Person) -> Vec<Notice> {
    let (status, body) = page_call(app, "notices", Some(&person.cookie), "").await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

async fn kinds(app: &TestApp, person: &Person) -> Vec<NoticeKind> {
    told(app, person).await.into_iter().map(|notice| notice.kind).collect()
}

/// Who got mail, and its subject, in the order of the names of the files.
fn mails(app: &TestApp) -> Vec<(String, String)> {
    let mut found: Vec<_> = std::fs::read_dir(app.mail_folder())
        .unwrap()
        .map(|entry| {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let header = |name: &str| {
                text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
            };
            (header("To:"), header("Subject:"))
        })
        .collect();
    found.sort();
    found
}

fn mail(to: &str, subject: &str) -> (String, String) {
    (to.to_owned(), subject.to_owned())
}

on_both! {
    async fn everybody_concerned_is_told_of_a_share_from_its_beginning_to_its_end(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        assert_eq!(kinds(&app, &ann).await, [], "one's own doing is no news");

        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 7 * 24 * 60).await.unwrap();
        let shared = told(&app, &ito).await;
        assert_eq!((shared[0].kind, shared[0].who.as_deref(), shared[0].read), (NoticeKind::Shared, Some("Ann Lee"), false));
        assert!(shared[0].until.is_some() && shared[0].record.is_none());

        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        let opened = told(&app, &ann).await;
        assert_eq!((opened.len(), opened[0].kind), (1, NoticeKind::Opened));
        assert_eq!(opened[0].record, Some(record.to_string()));

        // Seen, and only by whom it concerns.
        page_call(&app, "notices-read", Some(&ito.cookie), &format!("up_to={}", opened[0].id)).await;
        assert!(!told(&app, &ann).await[0].read);
        page_call(&app, "notices-read", Some(&ann.cookie), &format!("up_to={}", opened[0].id)).await;
        assert!(told(&app, &ann).await[0].read);

        ann.append(&app, vault, Body::Revocation(grant)).await.unwrap();
        assert_eq!(kinds(&app, &ito).await, [NoticeKind::Stopped, NoticeKind::Shared]);
        assert_eq!(kinds(&app, &ann).await, [NoticeKind::Opened]);
    }

    async fn an_end_is_told_of_ahead_and_when_it_comes_each_once(app) {
        let (mut ann, ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 7 * 24 * 60).await.unwrap();
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 0, "a week is far");
        app.pass(5 * DAY);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2, "both are told");
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 0, "once");
        app.pass(2 * DAY + MINUTE);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2);
        assert_eq!(kinds(&app, &ito).await, [NoticeKind::Ended, NoticeKind::EndsSoon, NoticeKind::Shared]);
        assert_eq!(kinds(&app, &ann).await, [NoticeKind::Ended, NoticeKind::EndsSoon]);
    }

    /// Whichever ways of being told are switched on: each end is told of once by each of them.
    async fn an_end_is_told_of_once_in_the_ways_that_were_chosen(app) {
        for (number, (in_app, by_mail)) in [(true, true), (true, false), (false, true), (false, false)].into_iter().enumerate() {
            let case = format!("in the app {in_app}, by mail {by_mail}");
            let mut ann = Person::sign_up(&app, &format!("ann{number}@example.org"), Profile::Patient).await;
            let ito = Person::sign_up(&app, &format!("ito{number}@example.org"), provider()).await;
            for kind in [NoticeKind::Shared, NoticeKind::EndsSoon, NoticeKind::Ended] {
                choose(&app, &ito, kind, in_app, by_mail).await;
            }
            let vault = ann.vault;
            let (record, _) = ann.add_record(&app, b"a scan").await;
            ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 7 * 24 * 60).await.unwrap();
            for (passed, subject) in [(5 * DAY, "Sharing ends soon"), (2 * DAY + MINUTE, "Sharing has ended")] {
                app.pass(passed);
                for _ in 0..3 {
                    notices::tell_of_ends(&app.state).await.unwrap();
                    mail::send_due(&app.state).await.unwrap();
                    app.pass(MINUTE);
                }
                let got = mails(&app).into_iter().filter(|got| *got == mail(&ito.email, subject)).count();
                assert_eq!(got, usize::from(by_mail), "{case}: {subject}");
            }
            let shown = if in_app { vec![NoticeKind::Ended, NoticeKind::EndsSoon, NoticeKind::Shared] } else { vec![] };
            assert_eq!(kinds(&app, &ito).await, shown, "{case}");
        }
    }

    /// A share of a day was just talked about, so that its end is no news; one of a year is, though nobody keeps what
    /// was said when it began.
    async fn only_a_share_of_more_than_three_days_ends_soon(app) {
        let (mut ann, ito) = two_people(&app).await;
        choose(&app, &ito, NoticeKind::Shared, false, true).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let scope = GrantScope::Record(record);
        ann.grant(&app, vault, &ito, Level::Download, scope, 24 * 60).await.unwrap();
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 0);
        app.pass(20 * DAY);
        ann.grant(&app, vault, &ito, Level::Download, scope, 365 * 24 * 60).await.unwrap();
        app.pass(363 * DAY);
        sweep(&app.state).await.unwrap();
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2, "both are told");
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 0);
    }

    async fn the_account_is_watched_over(app) {
        let (ann, _) = two_people(&app).await;
        // From another device, and with the kind of it; not where a session is only renewed.
        Person::sign_in(&app, &ann.email, PASSWORD, None).await.cookie().unwrap();
        let list = told(&app, &ann).await;
        assert_eq!((list.len(), list[0].kind, list[0].place.as_deref()), (1, NoticeKind::SignedIn, Some("other")));
        let renewed = Person::sign_in(&app, &ann.email, PASSWORD, Some(&ann.cookie)).await.cookie().unwrap();
        let ann = Person { cookie: renewed, ..ann };
        assert_eq!(kinds(&app, &ann).await, [NoticeKind::SignedIn]);
        for _ in 0..7 {
            assert_eq!(Person::sign_in(&app, &ann.email, b"wrong", None).await.status, 401);
        }
        // It is told beside the answer, which does not wait.
        tokio::time::timeout(Duration::from_secs(30), async {
            while kinds(&app, &ann).await.len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        assert_eq!(kinds(&app, &ann).await, [NoticeKind::FailedSignIns, NoticeKind::SignedIn], "told of once");
        ann.set_password(&app, b"another password", &ann.key).await.done().unwrap();
        assert_eq!(kinds(&app, &ann).await[0], NoticeKind::PasswordChanged);
    }

    async fn mail_says_that_something_happened_and_no_more(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 7 * 24 * 60).await.unwrap();
        assert_eq!(mail::send_due(&app.state).await.unwrap(), 1);
        assert_eq!(mails(&app), [mail("ito@example.org", "Records are shared with you")]);
        for file in std::fs::read_dir(app.mail_folder()).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for secret in ["ann@example.org", "Ann Lee", &vault.to_string(), &record.to_string(), &grant.to_string()] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
        assert_eq!(mail::send_due(&app.state).await.unwrap(), 0);

        // However often a record is opened, there is one mail a day.
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        for _ in 0..3 {
            ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
            app.pass(2 * 3600);
        }
        assert_eq!(mail::send_due(&app.state).await.unwrap(), 0);
        app.pass(DAY);
        assert_eq!(mail::send_due(&app.state).await.unwrap(), 1);
        assert!(mails(&app).contains(&mail("ann@example.org", "Your records were opened")));
    }

    async fn what_happens_again_and_again_is_mailed_together(app) {
        let (mut ann, ito) = two_people(&app).await;
        let vault = ann.vault;
        let told = || mails(&app).into_iter().filter(|got| *got == mail("ito@example.org", "Records are shared with you")).count();
        for expected in [1, 3, 5] {
            for _ in 0..4 {
                let (record, _) = ann.add_record(&app, b"a scan").await;
                ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 7 * 24 * 60).await.unwrap();
                mail::send_due(&app.state).await.unwrap();
                app.pass(MINUTE);
            }
            // The first goes at once; what came within the hour goes together at its end.
            assert_eq!(told(), expected);
            app.pass(HOUR);
            mail::send_due(&app.state).await.unwrap();
            assert_eq!(told(), expected + 1);
        }
    }

    async fn mail_that_cannot_be_sent_waits_longer_and_longer_and_survives_a_restart(app) {
        let (mut ann, ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let folder = app.state.mailer.clone();
        // Nothing listens at the port that discards.
        let nowhere = "smtp://127.0.0.1:9".parse().unwrap();
        let sender = "HealthBridge <no-reply@localhost>".parse().unwrap();
        let dead = Arc::new(Mailer::smtp(&nowhere, sender, "http://localhost:3000".to_owned()).unwrap());
        app.set(|state| state.mailer = dead);
        ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 60).await.unwrap();
        for wait in [MINUTE, 2 * MINUTE, 4 * MINUTE] {
            assert_eq!(mail::send_due(&app.state).await.unwrap(), 0);
            app.pass(wait - 1);
            assert_eq!(mail::send_due(&app.state).await.unwrap(), 0, "not before its time");
            app.pass(1);
        }
        assert_eq!(mails(&app), []);
        app.set(|state| state.mailer = folder);
        assert_eq!(mail::send_due(&app.state).await.unwrap(), 1);
        assert_eq!(mails(&app), [mail("ito@example.org", "Records are shared with you")]);
    }

    async fn choices_are_kept_and_security_stays_on(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        for kind in [NoticeKind::Opened, NoticeKind::SignedIn] {
            choose(&app, &ann, kind, false, false).await;
        }
        let (_, body) = page_call(&app, "notice-choices", Some(&ann.cookie), "").await;
        let choices: Vec<NoticeChoice> = serde_json::from_str(&body).unwrap();
        assert_eq!(choices.len(), NoticeKind::ALL.len());
        let off: Vec<NoticeKind> = choices.iter().filter(|choice| !choice.in_app || !choice.by_mail).map(|choice| choice.kind).collect();
        assert_eq!(off, [NoticeKind::Opened]);
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 60).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        assert_eq!(kinds(&app, &ann).await, []);
    }

    async fn open_pages_are_nudged_and_only_those_whom_it_concerns(app) {
        let (mut ann, ito) = two_people(&app).await;
        let eve = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let mut streams = Vec::new();
        for person in [&ann, &ito, &eve] {
            let mut stream = app.stream("/api/v1/events", &person.cookie).await;
            assert!(nudge(&mut stream).await, "whoever comes asks what is new");
            streams.push(stream);
        }
        ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 60).await.unwrap();
        assert!(nudge(&mut streams[0]).await && nudge(&mut streams[1]).await);
        assert!(!nudge(&mut streams[2]).await, "a stranger hears nothing");
        // A session that ends takes its stream along, at the next word.
        app.bare("POST", "/api/v1/signout", Some(&ito.cookie)).await.done().unwrap();
        app.state.events.tell(&[ito.account]).await;
        let rest = tokio::time::timeout(Duration::from_secs(5), streams[1].next()).await;
        assert!(matches!(rest, Ok(None)), "{rest:?}");
        app.state.events.close();
        assert!(matches!(tokio::time::timeout(Duration::from_secs(5), streams[0].next()).await, Ok(None)));
    }
}

pub(crate) type Stream =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<axum::body::Bytes, axum::Error>> + Send>>;

/// Whether a nudge comes soon.
pub(crate) async fn nudge(stream: &mut Stream) -> bool {
    match tokio::time::timeout(Duration::from_millis(700), stream.next()).await {
        Ok(Some(Ok(bytes))) => bytes.starts_with(b"event: changed"),
        _ => false,
    }
}
