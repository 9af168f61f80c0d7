//! A vault is rolled back, or forked between two devices.

use client::share::Wish;
use client::{Alarm, ClientError};
use protocol::Violation;
use protocol::api::{LogItem, LogPage, SignedIn};
use records::Category;

use crate::people::{Who, add, host, read, share, take_up, verify};
use crate::wire::{READ_LOG, SESSION, changed};
use client::platform::Method;

const ROLLED_BACK: Result<(), ClientError> = Err(ClientError::Alarm(Alarm::RolledBack));

#[tokio::test]
async fn a_rolled_back_vault_is_noticed_by_every_device() {
    let host = host().await;
    let phone = Who::Maya.device(&host).await;
    let vault = phone.own_vault().unwrap();
    add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let past = host.fork().await;
    add(&phone, "Blood", b"ferritin 12").await.unwrap();

    // The one that was there, by what it holds; then from nothing, by what it remembers.
    phone.platform().lead_to(&past);
    assert_eq!(phone.sync(vault).await, ROLLED_BACK);
    assert_eq!(phone.sync(vault).await, ROLLED_BACK);
    assert_eq!(add(&phone, "Lipids", b"ldl 2.1").await.map(drop), ROLLED_BACK);
    phone.platform().lead_to(&host);
    // One that comes later, by what the account remembers.
    let laptop = Who::Maya.device(&host).await;
    laptop.platform().lead_to(&past);
    assert_eq!(laptop.sync(vault).await, ROLLED_BACK);
    assert_eq!(laptop.with_view(vault, |_| ()), Err(ClientError::Missing("vault")));

    laptop.platform().lead_to(&host);
    assert_eq!(verify(&laptop).await.unwrap().len(), 2);
    assert_eq!(verify(&phone).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_rolled_back_vault_is_noticed_by_who_it_is_shared_with() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    let past = host.fork().await;
    maya.edit(vault, record, |metadata| metadata.title = "ECG at rest".to_owned()).await.unwrap();
    ito.sync(vault).await.unwrap();
    ito.platform().lead_to(&past);
    assert_eq!(ito.sync(vault).await, ROLLED_BACK);
    ito.platform().lead_to(&host);
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
}

/// The memory is rolled back as well, under a device that is unlocked.
#[tokio::test]
async fn a_rolled_back_memory_is_noticed() {
    let host = host().await;
    let past = host.fork().await;
    let phone = Who::Maya.device(&host).await;
    let vault = phone.own_vault().unwrap();
    add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let laptop = Who::Maya.device(&host).await;
    add(&laptop, "Blood", b"ferritin 12").await.unwrap();
    // The laptop was faster with the memory, and the server answers the phone with an old one.
    let old = Who::Maya.device(&past).await;
    let old: SignedIn = client::Session::signed_in(old.platform()).await.unwrap();
    phone.platform().lie(changed(SESSION, move |now: &mut SignedIn| now.state = old.state.clone()));
    assert_eq!(phone.sync(vault).await, ROLLED_BACK);
    phone.platform().be_honest();
    phone.sync(vault).await.unwrap();
    assert_eq!(verify(&phone).await.unwrap().len(), 2);
}

/// Two devices are shown two histories. Whatever crosses over from one to the other gives it away.
#[tokio::test]
async fn a_forked_vault_is_noticed_when_anything_crosses_over() {
    let host = host().await;
    let phone = Who::Maya.device(&host).await;
    let vault = phone.own_vault().unwrap();
    let record = add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    share(&phone, Who::Ito, Wish::Record(record)).await.unwrap();
    let fork = host.fork().await;
    let laptop = Who::Maya.device(&fork).await;
    add(&phone, "Blood", b"ferritin 12").await.unwrap();
    add(&laptop, "Lipids", b"ldl 2.1").await.unwrap();
    let ito = Who::Ito.device(&fork).await;
    take_up(&ito).await.unwrap();

    let before = phone.with_view(vault, |view| view.head().seq).unwrap();
    let fork_page = fetch(&laptop, vault, before - 1).await;
    let [LogItem::Entry(maya_in_fork), LogItem::Entry(ito_in_fork)] = &fork_page.items[..] else {
        panic!("two entries were written in the fork")
    };
    for (crossing, violation) in [(maya_in_fork.clone(), Violation::Order), (ito_in_fork.clone(), Violation::Fork)] {
        phone.platform().lie(changed(READ_LOG, move |page: &mut LogPage| {
            page.items.push(LogItem::Entry(crossing.clone()));
            page.head = page.head.then(crossing.digest());
        }));
        assert_eq!(phone.sync(vault).await, Err(Alarm::Violation(violation).into()));
        phone.platform().be_honest();
        phone.sync(vault).await.unwrap();
    }
    // A device that changes sides sees it at once.
    laptop.platform().lead_to(&host);
    assert_eq!(laptop.sync(vault).await, ROLLED_BACK);
    phone.platform().lead_to(&fork);
    assert_eq!(phone.sync(vault).await, Err(Alarm::Violation(Violation::Fork).into()));
    // What a device writes into a fork, the other history does not take.
    phone.platform().lead_to(&host);
    assert_eq!(verify(&phone).await.unwrap().len(), 2);
}

/// Only the log is forked: both devices share the account's memory, by which they find out before anything crosses.
#[tokio::test]
async fn a_forked_log_is_noticed_by_the_memory() {
    let host = host().await;
    let phone = Who::Maya.device(&host).await;
    let vault = phone.own_vault().unwrap();
    add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let fork = host.fork().await;
    let laptop = Who::Maya.device(&host).await;
    // The phone's memory goes to the one server, its log to the other.
    add(&phone, "Blood", b"ferritin 12").await.unwrap();
    laptop.platform().lead_to(&fork);
    let side = Who::Maya.device(&fork).await;
    add(&side, "Lipids", b"ldl 2.1").await.unwrap();
    let fork_page = fetch(&side, vault, 0).await;
    laptop.platform().lead_to(&host);
    laptop.platform().lie(changed(READ_LOG, move |page: &mut LogPage| *page = fork_page.clone()));
    assert_eq!(laptop.sync(vault).await, ROLLED_BACK);
    laptop.platform().be_honest();
    laptop.sync(vault).await.unwrap();
    let shared = share(&laptop, Who::Ito, Wish::Category(Category::Laboratory)).await;
    assert!(shared.is_ok());
}

/// What the server has of a log after a place.
async fn fetch(session: &client::Session<crate::wire::Wire>, vault: protocol::VaultId, after: u64) -> LogPage {
    let request = client::platform::Request {
        method: Method::Get,
        path: format!("/api/v1/vaults/{vault}/log?after={after}"),
        body: Vec::new().into(),
        chunk: None,
    };
    protocol::cbor::decode(&session.platform().deliver(request).await.body).unwrap()
}
