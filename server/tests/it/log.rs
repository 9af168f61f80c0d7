//! Appending to a log, and what the server refuses to append.

use protocol::api::{Conflict, MAX_ENTRIES, Profile, Refusal};
use protocol::entry::{Revision, Tombstone};
use protocol::time::DAY;
use protocol::{ApiError, Body, Digest, GrantScope, Head, Level, Minute, RecordId, ScopeId};
use server::clock::Clock as _;

use crate::person::{Person, data_part, first_revision, id16, provider, record_key, scope_epoch};

const RULE: ApiError = ApiError::Refused(Refusal::Rule);
const MOVED_ON: ApiError = ApiError::Conflict(Conflict::Log);

on_both! {
    async fn entries_are_kept_in_order_and_chained(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let record = RecordId::from_bytes(id16());
        let appended = ann.append(&app, ann.vault, first_revision(record, ann.scope, vec![data_part()])).await.unwrap();
        assert_eq!(appended.head.seq, 4);
        let page = ann.log(&app, ann.vault, 0).await.unwrap();
        assert_eq!(page.head, appended.head);
        assert_eq!(ann.sees(&app, ann.vault).await, "1 2 3 5");
        assert_eq!(ann.log(&app, ann.vault, 3).await.unwrap().items, page.items[3..]);
        assert_eq!(ann.log(&app, ann.vault, 9).await.unwrap().items, vec![]);
    }

    async fn a_record_is_revised_moved_and_ended(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let vault = ann.vault;
        let other = ScopeId::from_bytes(id16());
        ann.append(&app, vault, scope_epoch(other, 0)).await.unwrap();
        let record = RecordId::from_bytes(id16());
        ann.append(&app, vault, first_revision(record, ann.scope, vec![data_part()])).await.unwrap();
        let second = |number| Body::Revision(Revision { record, number, generation: 0, key: None, parts: vec![data_part()] });
        assert_eq!(ann.append(&app, vault, second(2)).await, Err(MOVED_ON));
        ann.append(&app, vault, second(1)).await.unwrap();
        let moved = Revision { record, number: 2, generation: 1, key: Some(record_key(record, other, 1)), parts: vec![data_part()] };
        ann.append(&app, vault, Body::Revision(moved)).await.unwrap();
        assert_eq!(ann.append(&app, vault, Body::Tombstone(Tombstone { record, number: 1 })).await, Err(MOVED_ON));
        ann.append(&app, vault, Body::Tombstone(Tombstone { record, number: 2 })).await.unwrap();
        assert_eq!(ann.append(&app, vault, second(3)).await, Err(MOVED_ON));
        assert_eq!(ann.sees(&app, vault).await, "1 2 3 3 5 5 5 6");
    }

    async fn all_entries_are_kept_or_none(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let vault = ann.vault;
        let at = app.clock.minute();
        let good = ann.sign_as(vault, 4, at, scope_epoch(ScopeId::from_bytes(id16()), 0));
        let lost = ann.sign_as(vault, 5, at, scope_epoch(ann.scope, 0));
        assert_eq!(ann.post(&app, vault, vec![good.clone(), lost]).await, Err(MOVED_ON));
        assert_eq!(ann.sees(&app, vault).await, "1 2 3");
        assert!(ann.post(&app, vault, vec![good]).await.is_ok());
        assert_eq!(ann.post(&app, vault, vec![]).await, Err(ApiError::Refused(Refusal::Malformed)));
        ann.author_seq = 4;
        let many = (0..=MAX_ENTRIES).map(|_| ann.sign_next(&app, vault, scope_epoch(ScopeId::from_bytes(id16()), 0))).collect();
        assert_eq!(ann.post(&app, vault, many).await, Err(ApiError::Refused(Refusal::Malformed)));
    }

    async fn an_entry_that_was_sent_twice_is_kept_once(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let entry = ann.sign_as(ann.vault, 4, app.clock.minute(), scope_epoch(ScopeId::from_bytes(id16()), 0));
        assert!(ann.post(&app, ann.vault, vec![entry.clone()]).await.is_ok());
        assert_eq!(ann.post(&app, ann.vault, vec![entry]).await, Err(MOVED_ON));
    }

    async fn two_devices_at_once_make_one_history(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let entries: Vec<_> = (0..8)
            .map(|_| ann.sign_as(ann.vault, 4, app.clock.minute(), scope_epoch(ScopeId::from_bytes(id16()), 0)))
            .collect();
        let posts = entries.into_iter().map(|entry| ann.post(&app, ann.vault, vec![entry]));
        let outcomes = futures_util::future::join_all(posts).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(MOVED_ON)).count(), 7);
        assert_eq!(ann.sees(&app, ann.vault).await, "1 2 3 3");
    }

    async fn another_history_is_refused(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let body = || scope_epoch(ScopeId::from_bytes(id16()), 0);
        let at = app.clock.minute();
        let true_head = ann.seen;
        ann.seen = Head { seq: 3, chain: Digest::of(b"another history") };
        assert_eq!(ann.post(&app, ann.vault, vec![ann.sign_as(ann.vault, 4, at, body())]).await, Err(RULE));
        // A place that this log has not reached: the client knows more than the server, and looks again.
        ann.seen = Head { seq: 9, ..true_head };
        assert_eq!(ann.post(&app, ann.vault, vec![ann.sign_as(ann.vault, 4, at, body())]).await, Err(MOVED_ON));
        ann.seen = true_head;
        assert!(ann.post(&app, ann.vault, vec![ann.sign_as(ann.vault, 4, at, body())]).await.is_ok());
    }

    async fn strangers_find_nothing(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut eve = Person::sign_up(&app, "eve@example.org", Profile::Patient).await;
        assert_eq!(eve.sees(&app, ann.vault).await, ApiError::NotFound.to_string());
        assert_eq!(eve.append(&app, ann.vault, scope_epoch(eve.scope, 0)).await, Err(ApiError::NotFound));
        // What ann signed is hers to send.
        let stolen = ann.sign_as(ann.vault, 4, app.clock.minute(), scope_epoch(eve.scope, 0));
        assert_eq!(eve.post(&app, ann.vault, vec![stolen.clone()]).await, Err(ApiError::NotFound));
        assert_eq!(eve.post(&app, eve.vault, vec![stolen]).await, Err(RULE));
    }

    async fn a_clock_may_be_a_day_off(app) {
        let ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let now = app.clock.minute();
        let clock = ApiError::Refused(Refusal::Clock);
        for (at, refused) in [(Minute(now.0 - DAY - 1), true), (now.plus(DAY + 1), true), (now.plus(DAY), false)] {
            let entry = ann.sign_as(ann.vault, 4, at, scope_epoch(ScopeId::from_bytes(id16()), 0));
            let outcome = ann.post(&app, ann.vault, vec![entry]).await;
            assert_eq!(outcome.is_err_and(|error| error == clock), refused, "{at:?}");
        }
    }

    async fn what_breaks_a_rule_is_refused(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let vault = ann.vault;
        let record = RecordId::from_bytes(id16());
        assert_eq!(ann.append(&app, vault, first_revision(record, ann.scope, vec![])).await, Err(RULE));
        assert_eq!(ann.append(&app, vault, Body::Genesis(crate::person::public(&ann.key))).await, Err(RULE));
        let self_grant = Person { account: ann.account, ..Person::new("x@example.org") };
        let granted = ann.grant(&app, vault, &self_grant, Level::Download, GrantScope::Vault, 60).await;
        assert_eq!(granted, Err(RULE));
        let mut forged = ann.sign_as(vault, 4, app.clock.minute(), scope_epoch(ScopeId::from_bytes(id16()), 0)).to_bytes();
        *forged.last_mut().unwrap() ^= 1;
        let forged = protocol::Signed::from_bytes(&forged).unwrap();
        assert_eq!(ann.post(&app, vault, vec![forged]).await, Err(RULE));
        assert_eq!(ann.sees(&app, vault).await, "1 2 3");
    }

    async fn a_long_log_comes_in_pages(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        for _ in 0..2 {
            let entries = (0..300).map(|_| ann.sign_next(&app, ann.vault, scope_epoch(ScopeId::from_bytes(id16()), 0))).collect();
            ann.post(&app, ann.vault, entries).await.unwrap();
        }
        let first = ann.log(&app, ann.vault, 0).await.unwrap();
        assert_eq!((first.head.seq, first.items.len()), (603, 500));
        assert_eq!(ann.log(&app, ann.vault, 500).await.unwrap().items.len(), 103);
    }

    async fn a_page_of_large_entries_is_cut_short(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        for _ in 0..20 {
            let mut part = data_part();
            part.content = protocol::entry::Content::Inline(vec![0; 250 << 10]);
            let record = RecordId::from_bytes(id16());
            let entry = ann.sign_next(&app, ann.vault, first_revision(record, ann.scope, vec![part]));
            ann.post(&app, ann.vault, vec![entry]).await.unwrap();
        }
        let mut read = 0;
        let mut pages = 0;
        while read < 23 {
            let page = ann.log(&app, ann.vault, read).await.unwrap();
            read += page.items.len() as u64;
            pages += 1;
        }
        assert_eq!((read, pages), (23, 2));
    }

    async fn an_entry_that_is_too_large_is_refused(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut part = data_part();
        part.content = protocol::entry::Content::Inline(vec![0; 257 << 10]);
        let body = first_revision(RecordId::from_bytes(id16()), ann.scope, vec![part]);
        assert_eq!(ann.append(&app, ann.vault, body).await, Err(ApiError::TooLarge));
    }

    async fn a_manager_writes_until_its_grant_ends(app) {
        let mut ann = Person::sign_up(&app, "ann@example.org", Profile::Patient).await;
        let mut ben = Person::sign_up(&app, "ben@example.org", provider()).await;
        ann.grant(&app, ann.vault, &ben, Level::Manage, GrantScope::Vault, 60).await.unwrap();
        ann.grant(&app, ann.vault, &ben, Level::View, GrantScope::Scope(ann.scope), 10 * DAY).await.unwrap();
        assert_eq!(ben.sees(&app, ann.vault).await, "1 2 3 7 7");
        let record = RecordId::from_bytes(id16());
        ben.append(&app, ann.vault, first_revision(record, ann.scope, vec![data_part()])).await.unwrap();
        app.pass(61 * 60);
        // Still a grantee, but not a manager; and dating the entry back does not help.
        let late = scope_epoch(ScopeId::from_bytes(id16()), 0);
        assert_eq!(ben.append(&app, ann.vault, late.clone()).await, Err(RULE));
        let dated_back = ben.sign_as(ann.vault, ben.author_seq + 1, Minute(app.clock.minute().0 - 30), late);
        assert_eq!(ben.post(&app, ann.vault, vec![dated_back]).await, Err(RULE));
    }
}
