//! What people are told: in the app, by mail, and by nudges to their open pages.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use app::api::notices::{Notice, NoticeChoice, NoticeKind};
use futures_util::StreamExt as _;
use protocol::api::{Profile, RecoveryFinish, RecoveryStart, RecoveryStarted, SignedInWith};
use protocol::entry::{AccessKind, Grant, Revision, Term, Tombstone};
use protocol::signature::Namespace;
use protocol::{ApiError, Body, GrantId, GrantScope, Level, Minute, RecordId};
use server::clock::{Clock as _, DAY, HOUR, MINUTE};
use server::mail::Mailer;
use server::services::sweep::sweep;
use server::services::{mail, notices};

use crate::person::{Person, data_part, first_revision, id16, provider, public, sign};
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

    /// A share of a day was just talked about, so that its end is no news for half of it; one of a year ends soon, though
    /// nobody keeps what was said when it began.
    async fn a_share_ends_soon_when_half_of_it_is_over_or_three_days_are_left(app) {
        let (mut ann, ito) = two_people(&app).await;
        choose(&app, &ito, NoticeKind::Shared, false, true).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let scope = GrantScope::Record(record);
        ann.grant(&app, vault, &ito, Level::Download, scope, 24 * 60).await.unwrap();
        app.pass(12 * HOUR - MINUTE);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 0);
        app.pass(MINUTE);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2);
        // No server ran when it ended: it is said when one does.
        app.pass(20 * DAY);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2);
        ann.grant(&app, vault, &ito, Level::Download, scope, 365 * 24 * 60).await.unwrap();
        app.pass(363 * DAY);
        sweep(&app.state).await.unwrap();
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2, "both are told");
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 0);
    }

    async fn another_end_is_told_of_and_the_old_one_no_more(app) {
        let (mut ann, ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let scope = GrantScope::Record(record);
        let grant = ann.grant(&app, vault, &ito, Level::Download, scope, 7 * 24 * 60).await.unwrap();
        let from = Some(app.clock.minute().plus(7 * 24 * 60));
        app.pass(5 * DAY);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2);
        let until = app.clock.minute().plus(20 * 24 * 60);
        ann.append(&app, vault, Body::Term(Term { grant, from, until: Some(until) })).await.unwrap();
        let list = told(&app, &ito).await;
        assert_eq!((list[0].kind, list[0].until, list[0].who.as_deref()), (NoticeKind::EndChanged, Some(until.0), Some("Ann Lee")));
        assert_eq!(kinds(&app, &ann).await, [NoticeKind::EndsSoon], "one's own doing is no news");
        // The end that was, is none; the new one is told of ahead as well.
        app.pass(3 * DAY);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 0);
        assert!(ito.sees(&app, vault).await.contains("11"));
        app.pass(14 * DAY + MINUTE);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2);
        app.pass(3 * DAY + MINUTE);
        assert_eq!(notices::tell_of_ends(&app.state).await.unwrap(), 2);
        assert_eq!(kinds(&app, &ann).await, [NoticeKind::Ended, NoticeKind::EndsSoon, NoticeKind::EndsSoon]);
        // It has ended here, whatever an author's clock says.
        let back = Body::Term(Term { grant, from: Some(until), until: None });
        let dated = ann.sign_as(vault, ann.author_seq + 1, until, back);
        assert_eq!(ann.post(&app, vault, vec![dated]).await, Err(ApiError::NotFound));
    }

    /// Whoever helps with a vault adds, changes, deletes and shares: its owner is told of each, and by mail of all that
    /// concerns records as one.
    async fn the_owner_is_told_of_what_a_helper_does(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let ben = Person::sign_up(&app, "ben@example.org", provider()).await;
        let vault = ann.vault;
        ann.grant(&app, vault, &ito, Level::Manage, GrantScope::Vault, 7 * 24 * 60).await.unwrap();
        let record = RecordId::from_bytes(id16());
        ito.append(&app, vault, first_revision(record, ann.scope, vec![data_part()])).await.unwrap();
        let edit = Revision { record, number: 1, generation: 0, key: None, parts: vec![data_part()] };
        ito.append(&app, vault, Body::Revision(edit)).await.unwrap();
        let grant = ito.grant(&app, vault, &ben, Level::Download, GrantScope::Scope(ann.scope), 60).await.unwrap();
        let from = Some(app.clock.minute().plus(60));
        ito.append(&app, vault, Body::Term(Term { grant, from, until: None })).await.unwrap();
        ito.append(&app, vault, Body::Revocation(grant)).await.unwrap();
        ito.append(&app, vault, Body::Tombstone(Tombstone { record, number: 1 })).await.unwrap();
        let list = told(&app, &ann).await;
        assert!(list.iter().all(|notice| notice.who.as_deref() == Some("Ann Lee")));
        let about: Vec<_> = list.iter().map(|notice| (notice.kind, notice.record.is_some())).collect();
        assert_eq!(about, [
            (NoticeKind::Deleted, true),
            (NoticeKind::Stopped, false),
            (NoticeKind::EndChanged, false),
            (NoticeKind::SharedForYou, false),
            (NoticeKind::Edited, true),
            (NoticeKind::Added, true),
        ]);
        assert_eq!(kinds(&app, &ben).await, [NoticeKind::Stopped, NoticeKind::EndChanged, NoticeKind::Shared]);
        app.pass(HOUR);
        mail::send_due(&app.state).await.unwrap();
        let to_ann: Vec<_> = mails(&app).into_iter().filter(|(to, _)| *to == ann.email).map(|(_, subject)| subject).collect();
        assert_eq!(to_ann, [
            "Records of yours are shared",
            "Sharing ends at another time",
            "Sharing has stopped",
            "Your records were changed",
        ]);
    }

    /// Nobody hides what concerns the safety of an account by doing something else again and again.
    async fn a_flood_of_openings_hides_nothing_else(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        Person::sign_in(&app, &ann.email, PASSWORD, None).await.cookie().unwrap();
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let (other, _) = ann.add_record(&app, b"a letter").await;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Scope(ann.scope), 7 * 24 * 60).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        for number in 0..120 {
            let which = if number % 2 == 0 { record } else { other };
            ito.access(&app, vault, grant, AccessKind::Opened, Some(which)).await.unwrap();
        }
        let list = told(&app, &ann).await;
        assert_eq!(list.iter().map(|notice| (notice.kind, notice.more)).collect::<Vec<_>>(), [
            (NoticeKind::Opened, 1),
            (NoticeKind::SignedIn, 0),
        ]);
    }

    async fn what_is_told_of_together_does_not_depend_on_an_authors_clock(app) {
        let (mut ann, ito) = two_people(&app).await;
        let vault = ann.vault;
        for number in 0..4 {
            let (record, _) = ann.add_record(&app, b"a scan").await;
            let grant = GrantId::from_bytes(id16());
            let page = ann.log(&app, vault, 0).await.unwrap();
            ann.seen = page.head;
            let body = Body::Grant(Grant {
                grant,
                recipient: ito.account,
                recipient_key: public(&ito.key),
                level: Level::Download,
                scope: GrantScope::Record(record),
                epoch: 0,
                until: None,
                encryption_generation: 0,
                sealed: vec![11; 80],
            });
            // Each is dated two hours before the one before it, as if there were none within the hour.
            let at = Minute(app.clock.minute().0 - 120 * number);
            let signed = ann.sign_as(vault, ann.author_seq + 1, at, body);
            ann.seen = ann.post(&app, vault, vec![signed]).await.unwrap().head;
            ann.author_seq += 1;
            mail::send_due(&app.state).await.unwrap();
        }
        assert_eq!(mails(&app).len(), 1);
    }

    async fn what_is_switched_off_while_it_waits_is_not_sent(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 7 * 24 * 60).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        choose(&app, &ann, NoticeKind::Opened, true, false).await;
        app.pass(DAY);
        mail::send_due(&app.state).await.unwrap();
        assert!(mails(&app).iter().all(|(to, _)| *to != ann.email), "{:?}", mails(&app));
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
        // Five in an hour, every hour: that is told of once a day.
        for _ in 0..4 {
            app.pass(2 * HOUR);
            for _ in 0..5 {
                assert_eq!(Person::sign_in(&app, &ann.email, b"wrong", None).await.status, 401);
            }
        }
        tokio::time::timeout(Duration::from_secs(30), async {
            while kinds(&app, &ann).await.len() < 3 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        ann.set_password(&app, b"another password", &ann.key).await.done().unwrap();
        assert_eq!(kinds(&app, &ann).await[0], NoticeKind::PasswordChanged);
        let message = RecoveryStart { email: ann.email.clone() };
        let started: RecoveryStarted = app.call("POST", "/api/v1/recovery/start", None, &message).await.read().unwrap();
        let signature = sign(&ann.recovery, Namespace::Recovery, &started.challenge);
        let message = RecoveryFinish { attempt: started.attempt, signature };
        app.call("POST", "/api/v1/recovery/finish", None, &message).await.read::<SignedInWith>().unwrap();
        assert_eq!(kinds(&app, &ann).await[0], NoticeKind::Recovered);
        // All of it goes by mail, too, and none of that waits to be told of together.
        while mail::send_due(&app.state).await.unwrap() > 0 {}
        let subjects: BTreeSet<String> = mails(&app).into_iter().map(|(_, subject)| subject).collect();
        let due = [
            "A new sign-in to your account",
            "Sign-ins to your account that failed",
            "Your password was changed",
            "Your recovery kit was used",
        ];
        assert_eq!(subjects, due.map(str::to_owned).into());
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
        assert!(choices.iter().map(|choice| choice.kind).eq(NoticeKind::ALL.into_iter().filter(|kind| kind.chosen_as() == *kind)));
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
