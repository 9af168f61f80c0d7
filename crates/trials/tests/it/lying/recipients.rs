//! A recipient's keys are swapped or old.

use client::share::Wish;
use client::{ClientError, Session};
use protocol::account::AccountEntry;
use protocol::api::Person;
use protocol::{Account, AccountId, Level, Signed};
use records::Category;
use vault::account::AccountKeys;
use vault::recipient::Untrusted;

use crate::people::{Who, add, compared, entries, host, read, share, take_up};
use crate::wire::{APPEND, FIND, On, Wire, changed};
use client::platform::Method;

const PERSON: On = On(Method::Get, "/people/");

/// A chain for somebody's account, of keys that Mallory holds.
fn forged(account: AccountId, session: &Session<Wire>) -> Vec<Signed<AccountEntry>> {
    use client::Platform as _;
    vec![AccountKeys::make(account, &mut session.platform().random()).unwrap().1]
}

/// The server gives other keys for this account, wherever it is asked for it.
fn swap(session: &Session<Wire>, account: AccountId) {
    let chain = forged(account, session);
    for on in [FIND, PERSON] {
        let chain = chain.clone();
        let change = move |person: &mut Person| {
            if person.account == account {
                person.chain.clone_from(&chain);
            }
        };
        session.platform().lie(changed(on, change));
    }
}

const CHANGED: ClientError = ClientError::Untrusted(Untrusted::Changed);

#[tokio::test]
async fn a_swapped_key_of_someone_known_gets_nothing() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let ito = compared(&maya, Who::Ito).await.unwrap();
    let before = entries(&host).await;

    swap(&maya, ito.account);
    maya.platform().count_anew();
    let swapped = maya.find(Who::Ito.email()).await.unwrap();
    assert_ne!(swapped.chain, ito.chain);
    for wish in [Wish::Record(record), Wish::Category(Category::Laboratory), Wish::Everything] {
        assert_eq!(maya.share(&swapped, wish, Level::Download, None).await, Err(CHANGED));
    }
    // Comparing phrases does not talk the pin away.
    assert_eq!(maya.confirm_phrase(&swapped).await, Err(CHANGED));
    assert_eq!(maya.platform().reached(APPEND), 0);
    assert_eq!(entries(&host).await, before);

    maya.platform().be_honest();
    share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    let vault = take_up(&ito).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
}

/// The device's memory is older than another device's pin: the server shows it other keys for the first time.
#[tokio::test]
async fn a_swapped_key_does_not_replace_what_another_device_pinned() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let record = add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let ito = compared(&phone, Who::Ito).await.unwrap();
    let pinned = phone.pin(ito.account).unwrap();

    swap(&laptop, ito.account);
    laptop.platform().count_anew();
    let swapped = laptop.find(Who::Ito.email()).await.unwrap();
    assert_eq!(laptop.share(&swapped, Wish::Record(record), Level::Download, None).await, Err(CHANGED));
    assert_eq!(laptop.platform().reached(APPEND), 0);
    assert_eq!(laptop.pin(ito.account), Some(pinned.clone()));
    let third = Who::Maya.device(&host).await;
    assert_eq!(third.pin(ito.account), Some(pinned));

    laptop.platform().be_honest();
    share(&laptop, Who::Ito, Wish::Record(record)).await.unwrap();
}

#[tokio::test]
async fn a_swapped_key_is_not_confirmed_over_what_another_device_pinned() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let ito = compared(&phone, Who::Ito).await.unwrap();
    swap(&laptop, ito.account);
    let swapped = laptop.find(Who::Ito.email()).await.unwrap();
    assert_eq!(laptop.confirm_phrase(&swapped).await, Err(CHANGED));
    let third = Who::Maya.device(&host).await;
    assert_eq!(third.pin(ito.account), phone.pin(ito.account));
}

/// The account's memory was rolled back to before the pin, but the log still says to which key something was shared.
#[tokio::test]
async fn a_swapped_key_is_held_to_the_log_when_the_pin_is_gone() {
    let host = host().await;
    let past = host.fork().await;
    let maya = Who::Maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let grant = share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let person = maya.find(Who::Ito.email()).await.unwrap();

    // A fresh device is given the memory of the past, and its wire then leads to the present.
    let laptop = Who::Maya.device(&past).await;
    laptop.platform().lead_to(&host);
    // The server pretends to keep what the device remembers.
    laptop.platform().lie(crate::wire::instead(On(Method::Put, "/account/state"), |request| {
        let mut state: protocol::api::AccountState = protocol::cbor::decode(&request.body).unwrap();
        state.version += 1;
        Some(crate::wire::message(&state))
    }));
    swap(&laptop, person.account);
    laptop.platform().count_anew();
    let swapped = laptop.find(Who::Ito.email()).await.unwrap();
    assert_eq!(laptop.share(&swapped, Wish::Record(record), Level::Download, None).await, Err(CHANGED));
    assert_eq!(laptop.platform().reached(APPEND), 0);

    // Nor does a turned key go to it.
    let noor = share(&maya, Who::Noor, Wish::Category(Category::Laboratory)).await.unwrap();
    let vault = maya.own_vault().unwrap();
    laptop.stop(vault, noor).await.unwrap();
    let frozen = laptop.with_view(vault, |view| {
        let now = client::Platform::now(laptop.platform());
        view.shares().filter(|share| view.is_frozen(share, now)).map(|share| share.grant.grant).collect::<Vec<_>>()
    });
    assert_eq!(frozen, Ok(vec![grant]));
}

/// When a share is stopped, the turned key goes to everyone who stays, but not to whom the server swapped.
#[tokio::test]
async fn a_swapped_key_gets_no_turned_key() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let laboratory = Wish::Category(Category::Laboratory);
    let ito = share(&maya, Who::Ito, laboratory).await.unwrap();
    let noor = share(&maya, Who::Noor, laboratory).await.unwrap();
    let noor_account = maya.find(Who::Noor.email()).await.unwrap().account;

    let laptop = Who::Maya.device(&host).await;
    swap(&laptop, noor_account);
    // What matters most happens: Ito is out.
    laptop.stop(vault, ito).await.unwrap();
    while laptop.renew_next(vault).await.unwrap() {}
    let now = client::Platform::now(laptop.platform());
    let frozen = |session: &Session<Wire>| {
        session
            .with_view(vault, |view| {
                let frozen = view.shares().filter(|share| view.is_frozen(share, now));
                frozen.map(|share| share.grant.grant).collect::<Vec<_>>()
            })
            .unwrap()
    };
    // And the person is told that Noor's share waits.
    assert_eq!(frozen(&laptop), [noor]);
    let noors = Who::Noor.device(&host).await;
    take_up(&noors).await.unwrap();
    assert!(matches!(read(&noors, vault, record).await, Err(ClientError::Open(_))));

    // Sharing again with the right key ends the wait.
    laptop.platform().be_honest();
    let again = share(&laptop, Who::Noor, laboratory).await.unwrap();
    assert_ne!(again, noor);
    assert_eq!(frozen(&laptop), [noor], "the new share waits for nothing");
    take_up(&noors).await.unwrap();
    assert_eq!(read(&noors, vault, record).await.unwrap(), b"sinus rhythm");
    let itos = Who::Ito.device(&host).await;
    assert_eq!(itos.sync_shared().await, Ok(Vec::new()));
}

/// Ito has replaced the encryption key, say because the old device was stolen. The server shows the old one again.
#[tokio::test]
async fn an_old_encryption_key_gets_nothing_once_a_newer_one_was_used() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let (first, second) =
        (add(&maya, "ECG", b"sinus rhythm").await.unwrap(), add(&maya, "Blood", b"ferritin 12").await.unwrap());
    let old = maya.find(Who::Ito.email()).await.unwrap();
    let mut keys = Who::Ito.keys(&host).await;
    let chain = Account::from_chain(old.account, &old.chain).unwrap();
    let step = keys.rotate_encryption(&chain, &mut client::Platform::random(maya.platform())).unwrap();
    let new = Person { chain: [old.chain.clone(), vec![step]].concat(), ..old.clone() };

    maya.share(&new, Wish::Record(first), Level::Download, None).await.unwrap();
    maya.platform().count_anew();
    assert_eq!(maya.share(&old, Wish::Record(second), Level::Download, None).await, Err(CHANGED));
    assert_eq!(maya.platform().reached(APPEND), 0);
    maya.share(&new, Wish::Record(second), Level::Download, None).await.unwrap();
}

/// On first use a server can answer with another account. What gives everything away waits for the phrase, which differs.
#[tokio::test]
async fn another_account_in_the_place_of_a_stranger_does_not_get_everything() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let mallory = maya.find(Who::Mallory.email()).await.unwrap();
    let fake = Person { name: "Ken Ito".to_owned(), email: Who::Ito.email().to_owned(), ..mallory };
    maya.platform().lie(changed(FIND, move |person: &mut Person| *person = fake.clone()));
    maya.platform().count_anew();
    let found = maya.find(Who::Ito.email()).await.unwrap();
    for (wish, level) in [(Wish::Everything, Level::Download), (Wish::Everything, Level::Manage)] {
        assert_eq!(maya.share(&found, wish, level, None).await, Err(ClientError::NotCompared));
    }
    assert_eq!(maya.platform().reached(APPEND), 0);
    let shown = Account::from_chain(found.account, &found.chain).unwrap();
    let said = Who::Ito.device(&host).await.own_phrase();
    assert_ne!(client::phrase::safety_phrase(found.account, shown.identity()), said);
}

#[tokio::test]
async fn a_broken_chain_is_an_alarm() {
    use client::Alarm;
    use protocol::account::BrokenChain;
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    for (change, broken) in [
        ((|chain: &mut Vec<_>| chain.clear()) as fn(&mut Vec<Signed<AccountEntry>>), BrokenChain::Empty),
        (|chain| chain.push(chain[0].clone()), BrokenChain::Order(1)),
        (
            |chain| {
                let bytes = chain[0].to_bytes();
                let mut bytes = bytes;
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                chain[0] = Signed::from_bytes(&bytes).unwrap();
            },
            BrokenChain::Signature(0),
        ),
    ] {
        maya.platform().lie(changed(FIND, move |person: &mut Person| change(&mut person.chain)));
        assert_eq!(maya.find(Who::Ito.email()).await, Err(Alarm::Identity(broken).into()));
        maya.platform().be_honest();
    }
    maya.find(Who::Ito.email()).await.unwrap();
}
