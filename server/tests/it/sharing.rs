//! A grant from its first minute to its last.

use protocol::api::{Conflict, LogItem, LogPage, Person as Found, Profile, Refusal, SharedVault};
use protocol::entry::{AccessKind, Grant, Revision, Term, Tombstone};
use protocol::ledger::{Ledger, Reach};
use protocol::{AccountId, ApiError, Body, GrantId, GrantScope, Level, RecordId, ScopeId};
use server::clock::{Clock as _, MINUTE};

use crate::person::{Person, data_part, first_revision, id16, provider, public, record_key, scope_epoch};
use crate::test_app::TestApp;

const MONTH: u32 = 30 * 24 * 60;

async fn two_people(app: &TestApp) -> (Person, Person) {
    let ann = Person::sign_up(app, "ann@example.org", Profile::Patient).await;
    let ito = Person::sign_up(app, "ito@example.org", provider()).await;
    (ann, ito)
}

async fn shared(app: &TestApp, person: &Person) -> Vec<SharedVault> {
    app.get("/api/v1/shared", Some(&person.cookie)).await.read().unwrap()
}

/// Takes in what somebody is given of a log, as a client does that checks everything.
fn follow(ledger: &mut Ledger, page: &LogPage) {
    for item in &page.items {
        match item {
            LogItem::Entry(signed) => drop(ledger.apply(signed).unwrap()),
            LogItem::Hidden(digest) => ledger.pass_over(*digest).unwrap(),
        }
    }
    assert_eq!(ledger.head, page.head);
}

async fn knows(app: &TestApp, person: &Person, other: &Person) -> bool {
    app.get(&format!("/api/v1/people/{}", other.account), Some(&person.cookie)).await.read::<Found>().is_ok()
}

on_both! {
    async fn a_share_is_taken_up_opened_and_ended(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, blob) = ann.add_record(&app, b"a scan").await;
        let (_, private) = ann.add_record(&app, b"another").await;
        let not_found = ApiError::NotFound;
        let unrecorded = Err(ApiError::Refused(Refusal::AccessNotRecorded));
        assert_eq!(ito.sees(&app, vault).await, not_found.to_string());
        assert!(!knows(&app, &ito, &ann).await);

        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), MONTH).await.unwrap();
        let head = ann.seen;
        assert_eq!(shared(&app, &ito).await, vec![SharedVault { vault, owner: ann.account, head }]);
        assert!(knows(&app, &ito, &ann).await && knows(&app, &ann, &ito).await);

        // Genesis and the grant; nothing that has a title in it before the grant is taken up.
        assert_eq!(ito.sees(&app, vault).await, "1 · · · · 7");
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, "1 · · 5 · 7 10");
        assert_eq!(ann.sees(&app, vault).await, "1 2 3 5 5 7 10");

        // Ciphertext comes after the opening is written down, for an hour, and for that record only.
        assert_eq!(ito.chunk(&app, blob, 0).await, unrecorded);
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        assert_eq!(ito.chunk(&app, blob, 0).await.unwrap(), b"a scan");
        assert_eq!(ito.chunk(&app, private, 0).await, Err(not_found.clone()));
        app.pass(60 * MINUTE);
        assert_eq!(ito.chunk(&app, blob, 0).await.unwrap(), b"a scan");
        app.pass(1);
        assert_eq!(ito.chunk(&app, blob, 0).await, unrecorded);
        ito.access(&app, vault, grant, AccessKind::Saved, Some(record)).await.unwrap();
        assert_eq!(ito.chunk(&app, blob, 0).await.unwrap(), b"a scan");

        ann.append(&app, vault, Body::Revocation(grant)).await.unwrap();
        assert_eq!(ito.chunk(&app, blob, 0).await, Err(not_found.clone()));
        assert_eq!(ito.sees(&app, vault).await, not_found.to_string());
        assert_eq!(ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await, Err(not_found));
        assert_eq!(shared(&app, &ito).await, vec![]);
        assert!(knows(&app, &ito, &ann).await, "who once shared stays known");
    }

    async fn nobody_is_given_anything_who_has_no_account_here(app) {
        let (mut ann, ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let nobody = Person { account: AccountId::from_bytes(id16()), ..ito };
        let refused = ann.grant(&app, vault, &nobody, Level::Download, GrantScope::Record(record), MONTH).await;
        assert_eq!(refused, Err(ApiError::Refused(Refusal::Rule)));
    }

    async fn a_grant_ends_by_the_servers_clock(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, blob) = ann.add_record(&app, b"a scan").await;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 30).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        let at = app.clock.minute();
        app.pass(30 * MINUTE);
        assert_eq!(ito.chunk(&app, blob, 0).await.unwrap(), b"a scan");
        app.pass(MINUTE);
        assert_eq!(ito.chunk(&app, blob, 0).await, Err(ApiError::NotFound));
        assert_eq!(ito.sees(&app, vault).await, ApiError::NotFound.to_string());
        assert_eq!(shared(&app, &ito).await, vec![]);

        // Another grant that holds does not let the ended one be used with a clock put back.
        ann.grant(&app, vault, &ito, Level::Download, GrantScope::Scope(ScopeId::from_bytes(id16())), 30).await.unwrap_err();
        let other = ScopeId::from_bytes(id16());
        ann.append(&app, vault, scope_epoch(other, 0)).await.unwrap();
        ann.grant(&app, vault, &ito, Level::Download, GrantScope::Scope(other), 30).await.unwrap();
        ito.seen = ito.log(&app, vault, 0).await.unwrap().head;
        let access = protocol::entry::Access { grant, kind: AccessKind::Opened, record: Some(record) };
        let dated_back = ito.sign_as(vault, ito.author_seq + 1, at, Body::Access(access));
        assert_eq!(ito.post(&app, vault, vec![dated_back]).await, Err(ApiError::NotFound));
        assert_eq!(ito.chunk(&app, blob, 0).await, Err(ApiError::NotFound));
    }

    async fn a_category_shows_what_lies_in_it_and_what_left_it(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let other = ScopeId::from_bytes(id16());
        ann.append(&app, vault, scope_epoch(other, 0)).await.unwrap();
        let record = RecordId::from_bytes(id16());
        let here = ann.scope;
        ann.append(&app, vault, first_revision(record, here, vec![data_part()])).await.unwrap();
        ann.append(&app, vault, first_revision(RecordId::from_bytes(id16()), other, vec![data_part()])).await.unwrap();
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Scope(here), MONTH).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, "1 · 3 · 5 · 7 10");

        let revision = |number, generation, scope| {
            let key = Some(record_key(record, scope, generation));
            Body::Revision(Revision { record, number, generation, key, parts: vec![data_part()] })
        };
        ann.append(&app, vault, revision(1, 1, other)).await.unwrap();
        ann.append(&app, vault, revision(2, 2, other)).await.unwrap();
        ann.append(&app, vault, Body::Tombstone(Tombstone { record, number: 2 })).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, "1 · 3 · 5 · 7 10 5 · ·");
    }

    async fn a_whole_vault_shows_every_record_and_no_other_share(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let ben = Person::sign_up(&app, "ben@example.org", provider()).await;
        let vault = ann.vault;
        let (record, blob) = ann.add_record(&app, b"a scan").await;
        let scope = ann.scope;
        ann.grant(&app, vault, &ben, Level::View, GrantScope::Scope(scope), MONTH).await.unwrap();
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Vault, MONTH).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, "1 2 · · · 7");
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, "1 2 3 5 · 7 10");
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        assert!(ito.chunk(&app, blob, 0).await.is_ok());
    }

    async fn levels_below_download_get_no_originals(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, blob) = ann.add_record(&app, b"a scan").await;
        let view = ann.grant(&app, vault, &ito, Level::View, GrantScope::Record(record), MONTH).await.unwrap();
        ito.access(&app, vault, view, AccessKind::Accepted, None).await.unwrap();
        ito.access(&app, vault, view, AccessKind::Opened, Some(record)).await.unwrap();
        assert_eq!(ito.chunk(&app, blob, 0).await, Err(ApiError::NotFound));
        let saved = ito.access(&app, vault, view, AccessKind::Saved, Some(record)).await;
        assert_eq!(saved, Err(ApiError::Refused(Refusal::Rule)));

        let ben = Person::sign_up(&app, "ben@example.org", provider()).await;
        ann.grant(&app, vault, &ben, Level::Drop, GrantScope::Vault, MONTH).await.unwrap();
        assert_eq!(ben.sees(&app, vault).await, "1 · · · · · · 7");
    }

    async fn a_deleted_record_is_gone_for_others(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, blob) = ann.add_record(&app, b"a scan").await;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), MONTH).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Opened, Some(record)).await.unwrap();
        ann.append(&app, vault, Body::Tombstone(Tombstone { record, number: 0 })).await.unwrap();
        assert_eq!(ito.chunk(&app, blob, 0).await, Err(ApiError::NotFound));
        assert!(ann.chunk(&app, blob, 0).await.is_ok());
    }

    async fn grantees_write_nothing_but_their_openings(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let (other, _) = ann.add_record(&app, b"another").await;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), MONTH).await.unwrap();
        let rule = ApiError::Refused(Refusal::Rule);
        let more = Grant {
            grant: GrantId::from_bytes(id16()),
            recipient: ito.account,
            recipient_key: public(&ito.key),
            level: Level::Manage,
            scope: GrantScope::Vault,
            epoch: 0,
            until: None,
            encryption_generation: 0,
            sealed: vec![],
        };
        assert_eq!(ito.append(&app, vault, Body::Grant(more)).await, Err(rule.clone()));
        assert_eq!(ito.append(&app, vault, Body::Tombstone(Tombstone { record, number: 0 })).await, Err(rule.clone()));
        assert_eq!(ito.access(&app, vault, grant, AccessKind::Opened, Some(other)).await, Err(rule.clone()));
        assert_eq!(ito.access(&app, vault, GrantId::from_bytes(id16()), AccessKind::Accepted, None).await, Err(ApiError::NotFound));
        // It may give up what it was given.
        ito.append(&app, vault, Body::Revocation(grant)).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, ApiError::NotFound.to_string());
    }

    async fn a_grantee_can_tell_why_a_manager_may_write(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let mut ben = Person::sign_up(&app, "ben@example.org", provider()).await;
        let mut cat = Person::sign_up(&app, "cat@example.org", provider()).await;
        let vault = ann.vault;
        let scope = ann.scope;
        ann.grant(&app, vault, &ben, Level::Manage, GrantScope::Vault, MONTH).await.unwrap();
        ben.grant(&app, vault, &cat, Level::Manage, GrantScope::Vault, MONTH).await.unwrap();
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Scope(scope), MONTH).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, "1 · 3 · · 7 10");
        // A record by the second manager brings its grant to light, and the grant of who granted that.
        cat.append(&app, vault, first_revision(RecordId::from_bytes(id16()), scope, vec![data_part()])).await.unwrap();
        assert_eq!(ito.sees(&app, vault).await, "1 · 3 7 7 7 10 5");
    }

    async fn every_grantee_is_told_of_the_new_end_of_a_manager(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let mut ben = Person::sign_up(&app, "ben@example.org", provider()).await;
        let mut cat = Person::sign_up(&app, "cat@example.org", provider()).await;
        let (vault, here, there) = (ann.vault, ann.scope, ScopeId::from_bytes(id16()));
        ann.append(&app, vault, scope_epoch(there, 0)).await.unwrap();
        let from = Some(app.clock.minute().plus(30));
        let managing = ann.grant(&app, vault, &ben, Level::Manage, GrantScope::Vault, 30).await.unwrap();
        let first = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Scope(here), MONTH).await.unwrap();
        ito.access(&app, vault, first, AccessKind::Accepted, None).await.unwrap();
        ben.append(&app, vault, first_revision(RecordId::from_bytes(id16()), here, vec![data_part()])).await.unwrap();
        for reader in [&mut ito, &mut cat] {
            let grant = ann.grant(&app, vault, reader, Level::Download, GrantScope::Scope(there), MONTH).await.unwrap();
            reader.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        }
        // Ito has met the manager, and Cat has not.
        let mut of_ito = Ledger::new(vault, ann.account, public(&ann.key), Reach::Partial);
        let mut of_cat = of_ito.clone();
        follow(&mut of_ito, &ito.log(&app, vault, 0).await.unwrap());
        follow(&mut of_cat, &cat.log(&app, vault, 0).await.unwrap());
        assert!(of_ito.grants.contains_key(&managing) && !of_cat.grants.contains_key(&managing));

        // What Ito met the manager by ends. The manager goes on, and Ito meets what is written after the end that was.
        ann.append(&app, vault, Body::Revocation(first)).await.unwrap();
        ann.append(&app, vault, Body::Term(Term { grant: managing, from, until: None })).await.unwrap();
        for (ledger, reader) in [(&mut of_ito, &ito), (&mut of_cat, &cat)] {
            let page = reader.log(&app, vault, ledger.head.seq).await.unwrap();
            follow(ledger, &page);
        }
        assert_eq!(of_ito.grants[&managing].until, None);
        app.pass(31 * MINUTE);
        ben.append(&app, vault, first_revision(RecordId::from_bytes(id16()), there, vec![data_part()])).await.unwrap();
        let page = ito.log(&app, vault, of_ito.head.seq).await.unwrap();
        follow(&mut of_ito, &page);
        let mut of_cat = Ledger::new(vault, ann.account, public(&ann.key), Reach::Partial);
        follow(&mut of_cat, &cat.log(&app, vault, 0).await.unwrap());
        assert_eq!(of_cat.grants[&managing].until, None);
    }

    async fn a_new_end_comes_too_late_for_what_was_stopped_and_finds_nothing_that_ran_out(app) {
        let (mut ann, ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        let from = Some(app.clock.minute().plus(30));
        let ends = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 30).await.unwrap();
        let stopped = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), 30).await.unwrap();
        let term = |grant| Body::Term(Term { grant, from, until: None });
        let too_late = Err(ApiError::Conflict(Conflict::Log));
        // Another device of the same person stops it, and this one has not read that.
        let unread = ann.sign_as(vault, ann.author_seq + 1, app.clock.minute(), term(stopped));
        ann.append(&app, vault, Body::Revocation(stopped)).await.unwrap();
        assert_eq!(ann.post(&app, vault, vec![unread]).await, too_late);
        assert_eq!(ann.append(&app, vault, term(stopped)).await, too_late);
        app.pass(31 * MINUTE);
        assert_eq!(ann.append(&app, vault, term(stopped)).await, too_late);
        assert_eq!(ann.append(&app, vault, term(ends)).await, Err(ApiError::NotFound));
    }

    async fn a_grantee_who_checks_everything_finds_it_right(app) {
        let (mut ann, mut ito) = two_people(&app).await;
        let vault = ann.vault;
        let (record, _) = ann.add_record(&app, b"a scan").await;
        ann.add_record(&app, b"another").await;
        let grant = ann.grant(&app, vault, &ito, Level::Download, GrantScope::Record(record), MONTH).await.unwrap();
        ito.access(&app, vault, grant, AccessKind::Accepted, None).await.unwrap();
        for (reader, reach) in [(&ann, Reach::Full), (&ito, Reach::Partial)] {
            let page = reader.log(&app, vault, 0).await.unwrap();
            let mut ledger = Ledger::new(vault, ann.account, public(&ann.key), reach);
            follow(&mut ledger, &page);
            assert!(ledger.grants.contains_key(&grant));
        }
    }
}
