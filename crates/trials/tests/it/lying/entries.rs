//! Entries of a log are dropped, doubled, moved, withheld, replayed, or were never signed by who could.

use client::share::Wish;
use client::view::VaultView;
use client::{Alarm, ClientError, Platform as _, Session};
use protocol::api::{LogItem, LogPage};
use protocol::entry::{Body, Entry, Grant, VERSION};
use protocol::signature::{BadSignature, NotSigned};
use protocol::{AccountId, GrantId, GrantScope, Head, Level, Signed, VaultId, Violation};
use records::Category;
use vault::account::AccountKeys;

use crate::people::{Who, add, host, read, share, take_up, verify};
use crate::wire::{READ_LOG, Wire, changed};

/// What a forger changes in an entry before Maya's key signs it.
type Change = fn(&mut Entry);

fn alarm(violation: Violation) -> Result<(), ClientError> {
    Err(Alarm::Violation(violation).into())
}

/// Lets the server lie about the log, and holds what the device says of it to what it should say; nothing of that log
/// is shown, and the honest one is taken in afterwards.
async fn expect(
    session: &Session<Wire>,
    vault: VaultId,
    lie: impl FnMut(&mut LogPage) + 'static,
    expected: Result<(), ClientError>,
) {
    session.forget(vault);
    session.platform().lie(changed(READ_LOG, lie));
    assert_eq!(session.sync(vault).await, expected);
    assert_eq!(session.with_view(vault, |view| view.records().count()), Err(ClientError::Missing("vault")));
    session.platform().be_honest();
    session.sync(vault).await.unwrap();
}

/// Puts an entry at the end, with a head to match.
fn push(page: &mut LogPage, signed: Signed<Entry>) {
    page.head = page.head.then(signed.digest());
    page.items.push(LogItem::Entry(signed));
}

/// The head of these items alone, as a liar who is careful gives it.
fn match_head(page: &mut LogPage, vault: VaultId) {
    page.head = page.items.iter().fold(Head::before(vault), |head, item| {
        head.then(match item {
            LogItem::Entry(signed) => signed.digest(),
            LogItem::Hidden(digest) => *digest,
        })
    });
}

#[tokio::test]
async fn entries_are_dropped_doubled_reordered_or_withheld() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    add(&maya, "Blood", b"ferritin 12").await.unwrap();
    let vault = maya.own_vault().unwrap();
    let laptop = Who::Maya.device(&host).await;
    let order = || alarm(Violation::Order);

    for careful in [false, true] {
        let lie = move |change: fn(&mut LogPage)| {
            move |page: &mut LogPage| {
                change(page);
                if careful {
                    match_head(page, vault);
                }
            }
        };
        expect(&laptop, vault, lie(|page| drop(page.items.remove(5))), order()).await;
        expect(&laptop, vault, lie(|page| page.items.insert(13, page.items[12].clone())), order()).await;
        expect(&laptop, vault, lie(|page| page.items.push(page.items[12].clone())), order()).await;
        expect(&laptop, vault, lie(|page| page.items.swap(12, 13)), order()).await;
        expect(&laptop, vault, lie(|page| page.items.swap(0, 1)), order()).await;
        expect(&laptop, vault, lie(|page| page.items.clear()), Err(Alarm::RolledBack.into())).await;
        let hide = |page: &mut LogPage| {
            let LogItem::Entry(signed) = &page.items[12] else { panic!("the owner sees everything") };
            page.items[12] = LogItem::Hidden(signed.digest());
        };
        expect(&laptop, vault, lie(hide), alarm(Violation::Withheld)).await;
    }
    // The last one is dropped: the log is shorter than what the account has seen.
    let shorter = move |page: &mut LogPage| {
        page.items.truncate(13);
        match_head(page, vault);
    };
    expect(&laptop, vault, shorter, Err(Alarm::RolledBack.into())).await;
    // Pages may be short: that is no lie.
    laptop.forget(vault);
    laptop.platform().lie(changed(READ_LOG, |page: &mut LogPage| page.items.truncate(4)));
    laptop.sync(vault).await.unwrap();
    laptop.platform().be_honest();
    assert_eq!(verify(&laptop).await.unwrap().len(), 2);
}

/// Two authors wrote on top of the same head: either order is a history, but only one of them was seen before.
#[tokio::test]
async fn entries_of_two_authors_change_places() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let grant = share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    let vault = maya.own_vault().unwrap();
    let ito = Who::Ito.device(&host).await;
    ito.sync_shared().await.unwrap();
    // Maya writes on top of what Ito writes on top of, too.
    let keys = Who::Ito.keys(&host).await;
    let seen = ito.with_view(vault, VaultView::head).unwrap();
    add(&maya, "Blood", b"ferritin 12").await.unwrap();
    let access = protocol::entry::Access { grant, kind: protocol::entry::AccessKind::Accepted, record: None };
    let entry = Entry {
        version: VERSION,
        vault,
        author: keys.account,
        author_seq: 1,
        seen,
        at: maya.platform().now(),
        body: Body::Access(access),
    };
    let append = protocol::api::Append { entries: vec![keys.identity.sign_message(&entry)] };
    let request = client::platform::Request {
        method: client::platform::Method::Post,
        path: format!("/api/v1/vaults/{vault}/log"),
        body: protocol::cbor::encode(&append).into(),
        chunk: None,
    };
    assert_eq!(ito.platform().deliver(request).await.status, 200);
    maya.sync(vault).await.unwrap();

    let lie = move |page: &mut LogPage| {
        let last = page.items.len() - 1;
        page.items.swap(last - 1, last);
        match_head(page, vault);
    };
    expect(&maya, vault, lie, Err(Alarm::RolledBack.into())).await;
}

struct Forger {
    vault: VaultId,
    author_seq: u64,
    keys: AccountKeys,
    at: protocol::Minute,
}

impl Forger {
    fn entry(&self, author: AccountId, seen: Head, body: Body) -> Entry {
        let Self { vault, author_seq, at, .. } = *self;
        Entry { version: VERSION, vault, author, author_seq, seen, at, body }
    }

    fn grant_to_mallory(mallory: &AccountKeys) -> Body {
        Body::Grant(Grant {
            grant: GrantId::from_bytes([7; 16]),
            recipient: mallory.account,
            recipient_key: mallory.identity.public(),
            level: Level::Download,
            scope: GrantScope::Vault,
            epoch: 0,
            until: None,
            encryption_generation: 0,
            sealed: vec![0; 64],
        })
    }
}

#[tokio::test]
async fn a_member_that_nobody_signed_is_refused() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let account = maya.who().account;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let author_seq = maya.with_view(vault, |view| view.head().seq).unwrap() + 1;
    let at = maya.platform().now();
    let mallory = || async { Who::Mallory.keys(&host).await };

    // By herself: she has no place here.
    let forger = Forger { vault, author_seq: 1, keys: mallory().await, at };
    let grant = Forger::grant_to_mallory(&forger.keys);
    let lie = move |page: &mut LogPage| {
        let entry = forger.entry(forger.keys.account, page.head, grant.clone());
        push(page, forger.keys.identity.sign_message(&entry));
    };
    expect(&maya, vault, lie, alarm(Violation::Stranger)).await;

    // In Maya's name.
    let forger = Forger { vault, author_seq, keys: mallory().await, at };
    let grant = Forger::grant_to_mallory(&forger.keys);
    let lie = move |page: &mut LogPage| {
        push(page, forger.keys.identity.sign_message(&forger.entry(account, page.head, grant.clone())));
    };
    expect(&maya, vault, lie, alarm(Violation::Signature(NotSigned::Signature(BadSignature)))).await;

    // By Ito, who may read and no more.
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let (forger, recipient) = (Forger { vault, author_seq: 1, keys: Who::Ito.keys(&host).await, at }, mallory().await);
    let grant = Forger::grant_to_mallory(&recipient);
    let lie = move |page: &mut LogPage| {
        let entry = forger.entry(forger.keys.account, page.head, grant.clone());
        push(page, forger.keys.identity.sign_message(&entry));
    };
    expect(&maya, vault, lie, alarm(Violation::Authority)).await;
    let shares = maya.with_view(vault, |view| view.shares().count()).unwrap();
    assert_eq!(shares, 1);
}

/// What Maya's own key signed is believed, so that versions and vaults are held to as well.
#[tokio::test]
async fn a_lower_version_another_vault_or_another_algorithm_is_refused() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    maya.sync(vault).await.unwrap();
    let author_seq = maya.with_view(vault, |view| view.head().seq).unwrap() + 1;
    let at = maya.platform().now();
    let grant = Forger::grant_to_mallory(&Who::Mallory.keys(&host).await);
    let cases: [(Change, Violation); 4] = [
        (|entry| entry.version = 0, Violation::Version),
        (|entry| entry.version = 2, Violation::Version),
        (|entry| entry.vault = VaultId::from_bytes([9; 16]), Violation::Vault),
        (|entry| entry.seen.chain = protocol::Digest::of(b"another history"), Violation::Fork),
    ];
    for (change, violation) in cases {
        let forger = Forger { vault, author_seq, keys: Who::Maya.keys(&host).await, at };
        let grant = grant.clone();
        let lie = move |page: &mut LogPage| {
            let mut entry = forger.entry(forger.keys.account, page.head, grant.clone());
            change(&mut entry);
            push(page, forger.keys.identity.sign_message(&entry));
        };
        expect(&maya, vault, lie, alarm(violation)).await;
    }
    // An honest entry whose signature says that it is of another algorithm.
    let lie = |page: &mut LogPage| {
        let LogItem::Entry(signed) = &page.items[3] else { panic!("the owner sees everything") };
        let mut bytes = signed.to_bytes();
        // The envelope ends in: algorithm, a byte string's two bytes of head, 64 bytes.
        let algorithm = bytes.len() - 64 - 2 - 1;
        assert_eq!(bytes[algorithm], 1);
        bytes[algorithm] = 0;
        page.items[3] = LogItem::Entry(Signed::from_bytes(&bytes).unwrap());
    };
    expect(&maya, vault, lie, alarm(Violation::Signature(NotSigned::Signature(BadSignature)))).await;
}

/// After the key of a category has turned, the server shows the old key's entry again.
#[tokio::test]
async fn an_old_epoch_is_replayed() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let laboratory = Wish::Category(Category::Laboratory);
    let grant = share(&maya, Who::Ito, laboratory).await.unwrap();
    share(&maya, Who::Noor, laboratory).await.unwrap();
    maya.stop(vault, grant).await.unwrap();

    for place in [2, 3, 13] {
        let lie = move |page: &mut LogPage| {
            page.items.push(page.items[place].clone());
            match_head(page, vault);
        };
        expect(&maya, vault, lie, alarm(Violation::Order)).await;
    }
    // To Noor the same: an old entry is no new one.
    let noor = Who::Noor.device(&host).await;
    take_up(&noor).await.unwrap();
    let lie = move |page: &mut LogPage| {
        let old = page.items.iter().position(|item| matches!(item, LogItem::Entry(_))).unwrap() + 1;
        let old = (old..page.items.len()).find(|place| matches!(page.items[*place], LogItem::Entry(_))).unwrap();
        page.items.push(page.items[old].clone());
        match_head(page, vault);
    };
    expect(&noor, vault, lie, alarm(Violation::Order)).await;
    while maya.renew_next(vault).await.unwrap() {}
    assert_eq!(read(&noor, vault, record).await.unwrap(), b"sinus rhythm");
}

/// A grantee is given digests for what the grant does not reach. They are no place to hide in.
#[tokio::test]
async fn a_grantee_is_not_put_off_with_digests() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    for title in ["ECG at rest", "ECG at rest, Monday"] {
        maya.edit(vault, record, |metadata| metadata.title = title.to_owned()).await.unwrap();
    }
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();

    // A revision is hidden, and a later one shown.
    let hide = |page: &mut LogPage| {
        let last = page.items.iter().rposition(|item| matches!(item, LogItem::Entry(_))).unwrap();
        let revisions: Vec<usize> =
            (12..=last).filter(|place| matches!(page.items[*place], LogItem::Entry(_))).collect();
        // The record, the grant, two edits, and Ito's own acceptance.
        assert_eq!(revisions.len(), 5);
        let LogItem::Entry(signed) = &page.items[revisions[2]] else { panic!("that is an entry") };
        page.items[revisions[2]] = LogItem::Hidden(signed.digest());
    };
    expect(&ito, vault, hide, alarm(Violation::Withheld)).await;
    // A digest is another one, and one is missing.
    let another = move |page: &mut LogPage| {
        page.items[1] = LogItem::Hidden(protocol::Digest::of(b"another entry"));
        match_head(page, vault);
    };
    expect(&ito, vault, another, alarm(Violation::Fork)).await;
    let fewer = move |page: &mut LogPage| {
        page.items.remove(1);
        match_head(page, vault);
    };
    expect(&ito, vault, fewer, alarm(Violation::Fork)).await;
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
}

/// Digests cost a server nothing. Whoever reads them is not led on for ever: by a head that runs ahead, by one that
/// nobody gets to, or by pages with nothing on them.
#[tokio::test]
async fn a_grantee_is_not_led_on_for_ever() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    let rolled_back = || Err(Alarm::RolledBack.into());
    let chain = protocol::Digest::of(b"made up");
    let digests = move || vec![LogItem::Hidden(chain); 500];

    let mut given = 0;
    let runs_ahead = move |page: &mut LogPage| {
        given += 500;
        (page.items, page.head) = (digests(), Head { seq: given + 1, chain });
    };
    expect(&ito, vault, runs_ahead, rolled_back()).await;
    let nobody_gets_there = move |page: &mut LogPage| {
        (page.items, page.head) = (digests(), Head { seq: u64::MAX, chain });
    };
    expect(&ito, vault, nobody_gets_there, Err(Alarm::Endless.into())).await;
    let mut first = digests();
    let brings_nothing = move |page: &mut LogPage| {
        (page.items, page.head) = (std::mem::take(&mut first), Head { seq: 1_000, chain });
    };
    expect(&ito, vault, brings_nothing, rolled_back()).await;
}

/// What is written while a log is read comes the next time.
#[tokio::test]
async fn a_log_that_grows_while_it_is_read_is_no_lie() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let whole = maya.with_view(vault, VaultView::head).unwrap();
    let ito = Who::Ito.device(&host).await;
    let mut is_first = true;
    ito.platform().lie(changed(READ_LOG, move |page: &mut LogPage| {
        // At the first page there were six entries, of which it had four.
        if std::mem::take(&mut is_first) {
            page.items.truncate(6);
            match_head(page, vault);
            page.items.truncate(4);
        }
    }));
    ito.sync(vault).await.unwrap();
    assert_eq!(ito.with_view(vault, |view| view.head().seq), Ok(6));
    ito.sync(vault).await.unwrap();
    assert_eq!(ito.with_view(vault, VaultView::head), Ok(whole));
}
