//! Keys turn: who keeps access has the new one, whichever device turned it.

use client::share::Wish;
use client::upload::{NoOutbox, Unwatched};
use protocol::api::Person;
use records::Category;

use crate::people::{Who, add, draft, host, read, share, take_up};
use crate::wire::{On, changed};
use client::platform::Method;

/// A device that has met nobody turns the key of a record that is shared by itself: by moving it, by replacing its
/// file, and by sealing it anew after another share ended.
#[tokio::test]
async fn a_record_shared_by_itself_stays_shared_when_its_key_turns() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();

    let fresh = Who::Maya.device(&host).await;
    fresh.edit(vault, record, |metadata| metadata.category = Category::Imaging).await.unwrap();
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");

    let fresh = Who::Maya.device(&host).await;
    let content = b"atrial flutter";
    let replacement = draft("ECG", Category::Laboratory, content);
    let ticket = fresh.begin_replacement(vault, record, replacement).await.unwrap();
    fresh.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), content);

    let noor = share(&maya, Who::Noor, Wish::Category(Category::Laboratory)).await.unwrap();
    maya.stop(vault, noor).await.unwrap();
    let fresh = Who::Maya.device(&host).await;
    fresh.sync(vault).await.unwrap();
    while fresh.renew_next(vault).await.unwrap() {}
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), content);
    let frozen = fresh.with_view(vault, |view| {
        let now = client::Platform::now(fresh.platform());
        view.shares().filter(|share| view.is_frozen(share, now)).count()
    });
    assert_eq!(frozen, Ok(0));
}

/// The server's word on one holder does not hold: another one is stopped all the same, and whoever can be checked has
/// the new key.
#[tokio::test]
async fn stopping_a_share_does_not_wait_for_who_cannot_be_checked() {
    const PERSON: On = On(Method::Get, "/people/");
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let laboratory = Wish::Category(Category::Laboratory);
    let stopped = share(&maya, Who::Mallory, laboratory).await.unwrap();
    let frozen = share(&maya, Who::Noor, laboratory).await.unwrap();
    share(&maya, Who::Ito, laboratory).await.unwrap();
    let noor = maya.find(Who::Noor.email()).await.unwrap().account;

    let laptop = Who::Maya.device(&host).await;
    laptop.platform().lie(changed(PERSON, move |person: &mut Person| {
        if person.account == noor {
            person.chain.clear();
        }
    }));
    laptop.stop(vault, stopped).await.unwrap();
    let now = client::Platform::now(laptop.platform());
    let waiting = laptop.with_view(vault, |view| {
        let waiting = view.shares().filter(|share| view.is_frozen(share, now));
        waiting.map(|share| share.grant.grant).collect::<Vec<_>>()
    });
    assert_eq!(waiting, Ok(vec![frozen]));
    assert_eq!(Who::Mallory.device(&host).await.sync_shared().await, Ok(Vec::new()));
    while laptop.renew_next(vault).await.unwrap() {}
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
}

/// A session that stays open, and sees another record all along, is given again what it was given before, though the key
/// turned meanwhile, out of its sight; also where what came in between was never taken up.
#[tokio::test]
async fn what_is_shared_again_reaches_a_session_that_stayed_open() {
    for wish in [Wish::Category(Category::Laboratory), Wish::Everything] {
        let host = host().await;
        let maya = Who::Maya.device(&host).await;
        let vault = maya.own_vault().unwrap();
        let (always, again) =
            (add(&maya, "ECG", b"sinus rhythm").await.unwrap(), add(&maya, "Blood", b"ferritin 12").await.unwrap());
        share(&maya, Who::Ito, Wish::Record(always)).await.unwrap();
        let ito = Who::Ito.device(&host).await;
        for is_taken_up in [true, false, true] {
            let grant = share(&maya, Who::Ito, wish).await.unwrap();
            if is_taken_up {
                take_up(&ito).await.unwrap();
                assert_eq!(read(&ito, vault, again).await.unwrap(), b"ferritin 12", "{wish:?}");
            }
            maya.stop(vault, grant).await.unwrap();
            while maya.renew_next(vault).await.unwrap() {}
            take_up(&ito).await.unwrap();
            assert!(read(&ito, vault, again).await.is_err());
            assert_eq!(read(&ito, vault, always).await.unwrap(), b"sinus rhythm");
        }
        share(&maya, Who::Ito, wish).await.unwrap();
        take_up(&ito).await.unwrap();
        assert_eq!(read(&ito, vault, again).await.unwrap(), b"ferritin 12", "{wish:?}");
    }
}
