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

fn folded(person: &Person) -> Account {
    Account::from_chain(person.account, &person.chain).unwrap()
}

/// The server gives Mallory's account wherever Ito is looked for, under his name and address.
async fn pass_off_mallory(session: &Session<Wire>) -> Person {
    session.platform().be_honest();
    let mallory = session.find(Who::Mallory.email()).await.unwrap();
    let fake = Person { name: "Ken Ito".to_owned(), email: Who::Ito.email().to_owned(), ..mallory };
    let answer = fake.clone();
    session.platform().lie(changed(FIND, move |person: &mut Person| person.clone_from(&answer)));
    fake
}

#[tokio::test]
async fn a_swapped_key_of_someone_known_gets_nothing() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let ito = compared(&maya, Who::Ito).await.unwrap();
    let before = entries(&host).await;

    swap(&maya, ito.account);
    maya.platform().count_anew();
    assert_eq!(maya.find(Who::Ito.email()).await, Err(CHANGED));
    assert_eq!(maya.find_anew(Who::Ito.email()).await, Err(CHANGED));
    let swapped = Person { chain: forged(ito.account, &maya), ..ito.clone() };
    for wish in [Wish::Record(record), Wish::Category(Category::Laboratory), Wish::Everything] {
        assert_eq!(maya.share(&swapped, wish, Level::Download, None).await, Err(CHANGED));
    }
    // It is not said to be who was compared; and comparing phrases does not talk the pin away.
    assert!(maya.is_compared(&folded(&ito)));
    assert!(!maya.is_compared(&folded(&swapped)));
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

/// The server shows two devices two memories, and another key to the one of them. Where that memory comes to the other
/// one, its own pin stays, and the device that was deceived finds out.
#[tokio::test]
async fn a_forked_memory_does_not_replace_a_pin() {
    let host = host().await;
    let fork = host.fork().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&fork).await);
    let ito = compared(&phone, Who::Ito).await.unwrap();
    let pinned = phone.pin(ito.account).unwrap();
    swap(&laptop, ito.account);
    let swapped = laptop.find(Who::Ito.email()).await.unwrap();
    laptop.confirm_phrase(&swapped).await.unwrap();
    // The newer one of the two memories.
    compared(&laptop, Who::Mallory).await.unwrap();

    phone.platform().lead_to(&fork);
    let noor = compared(&phone, Who::Noor).await.unwrap();
    assert_eq!(phone.pin(ito.account), Some(pinned.clone()));
    assert!(phone.is_compared(&folded(&ito)) && !phone.is_compared(&folded(&swapped)));
    assert_eq!(phone.find(Who::Ito.email()).await, Ok(ito.clone()));
    // What the other memory knows besides is taken in, and what this one knows is there for others.
    let third = Who::Maya.device(&fork).await;
    assert_eq!(third.pin(ito.account), Some(pinned));
    for email in [Who::Noor.email(), Who::Mallory.email()] {
        let person = third.find(email).await.unwrap();
        assert!(third.is_compared(&folded(&person)), "{email}");
    }
    laptop.platform().be_honest();
    assert_eq!(laptop.confirm_phrase(&noor).await, Ok(()));
    assert_eq!(laptop.find(Who::Ito.email()).await, Err(CHANGED));
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
    assert_eq!(frozen(&laptop), []);
    take_up(&noors).await.unwrap();
    assert_eq!(read(&noors, vault, record).await.unwrap(), b"sinus rhythm");
    let itos = Who::Ito.device(&host).await;
    assert_eq!(itos.sync_shared().await, Ok(Vec::new()));
}

/// Whoever is listed is held to the pin, too: to the keys, and to whose address it is.
#[tokio::test]
async fn a_swapped_key_is_not_listed_as_if_nothing_had_happened() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    let ito = maya.find(Who::Ito.email()).await.unwrap().account;
    compared(&maya, Who::Noor).await.unwrap();

    let laptop = Who::Maya.device(&host).await;
    swap(&laptop, ito);
    assert_eq!(laptop.person(ito).await, Err(CHANGED));
    laptop.platform().be_honest();
    laptop.platform().lie(changed(PERSON, |person: &mut Person| person.email = Who::Noor.email().to_owned()));
    assert_eq!(laptop.person(ito).await, Err(CHANGED));
    laptop.platform().be_honest();
    assert_eq!(laptop.person(ito).await.unwrap().email, Who::Ito.email());
}

/// Ito has replaced the encryption key, say because the old device was stolen. The server shows the old one again, to
/// the device that saw the new one and to another one of the same person.
#[tokio::test]
async fn an_old_encryption_key_gets_nothing_once_a_newer_one_was_seen() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let (first, second) =
        (add(&maya, "ECG", b"sinus rhythm").await.unwrap(), add(&maya, "Blood", b"ferritin 12").await.unwrap());
    let old = maya.find(Who::Ito.email()).await.unwrap();
    let mut keys = Who::Ito.keys(&host).await;
    let step = keys.rotate_encryption(&folded(&old), &mut client::Platform::random(maya.platform())).unwrap();
    let new = Person { chain: [old.chain.clone(), vec![step]].concat(), ..old.clone() };

    // It was seen, and nothing was sealed to it yet.
    maya.confirm_phrase(&new).await.unwrap();
    let laptop = Who::Maya.device(&host).await;
    for device in [&maya, &laptop] {
        device.platform().count_anew();
        assert_eq!(device.find(Who::Ito.email()).await, Err(CHANGED));
        assert_eq!(device.share(&old, Wish::Record(first), Level::Download, None).await, Err(CHANGED));
        assert_eq!(device.confirm_phrase(&old).await, Err(CHANGED));
        assert!(!device.is_compared(&folded(&old)) && device.is_compared(&folded(&new)));
        assert_eq!(device.platform().reached(APPEND), 0);
    }
    // Once it was used, the log tells as well.
    maya.share(&new, Wish::Record(first), Level::Download, None).await.unwrap();
    assert_eq!(maya.share(&old, Wish::Record(second), Level::Download, None).await, Err(CHANGED));
    maya.share(&new, Wish::Record(second), Level::Download, None).await.unwrap();
}

/// An address leads to the account that was found there first, on every device, however it is typed.
#[tokio::test]
async fn another_account_in_the_place_of_somebody_known_gets_nothing() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let (first, second) =
        (add(&maya, "ECG", b"sinus rhythm").await.unwrap(), add(&maya, "Blood", b"ferritin 12").await.unwrap());
    let ito = maya.find(Who::Ito.email()).await.unwrap();
    maya.share(&ito, Wish::Record(first), Level::Download, None).await.unwrap();

    let laptop = Who::Maya.device(&host).await;
    for device in [&maya, &laptop] {
        let fake = pass_off_mallory(device).await;
        device.platform().count_anew();
        for typed in [Who::Ito.email(), " Ito@Example.ORG "] {
            assert_eq!(device.find(typed).await, Err(CHANGED), "{typed}");
        }
        assert_eq!(device.find_anew(Who::Ito.email()).await, Ok(fake.clone()));
        assert!(!device.is_compared(&folded(&fake)));
        for wish in [Wish::Record(second), Wish::Category(Category::Laboratory), Wish::Everything] {
            assert_eq!(device.share(&fake, wish, Level::Download, None).await, Err(CHANGED));
        }
        assert_eq!(device.platform().reached(APPEND), 0);
        device.platform().be_honest();
        assert_eq!(device.find(Who::Ito.email()).await, Ok(ito.clone()));
    }
    maya.share(&ito, Wish::Record(second), Level::Download, None).await.unwrap();
}

/// Somebody who really has a new account is known again once the phrase was compared, and the old account no more.
#[tokio::test]
async fn an_address_leads_to_another_account_once_the_phrase_was_compared() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let before = compared(&maya, Who::Ito).await.unwrap();

    // Mallory's account is the new one here.
    pass_off_mallory(&maya).await;
    assert_eq!(maya.find(Who::Ito.email()).await, Err(CHANGED));
    let new = maya.find_anew(Who::Ito.email()).await.unwrap();
    maya.confirm_phrase(&new).await.unwrap();
    assert_eq!(maya.find(Who::Ito.email()).await, Ok(new.clone()));
    assert!(maya.is_compared(&folded(&new)));
    maya.share(&new, Wish::Everything, Level::Download, None).await.unwrap();

    maya.platform().be_honest();
    let laptop = Who::Maya.device(&host).await;
    for device in [&maya, &laptop] {
        assert_eq!(device.find(Who::Ito.email()).await, Err(CHANGED));
        assert_eq!(device.pin(before.account).map(|pin| pin.address), Some(None));
    }
}

/// Who was compared in person is that under the own address, and does not pass for somebody else.
#[tokio::test]
async fn somebody_compared_does_not_pass_for_a_stranger() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let mallory = compared(&maya, Who::Mallory).await.unwrap();
    let fake = pass_off_mallory(&maya).await;
    maya.platform().count_anew();
    assert_eq!(maya.find(Who::Ito.email()).await, Err(CHANGED));
    assert_eq!(maya.find_anew(Who::Ito.email()).await, Ok(fake.clone()));
    assert!(!maya.is_compared(&folded(&fake)));
    assert_eq!(maya.share(&fake, Wish::Everything, Level::Download, None).await, Err(CHANGED));
    assert_eq!(maya.platform().reached(APPEND), 0);
    maya.platform().be_honest();
    assert_eq!(maya.find(Who::Mallory.email()).await, Ok(mallory.clone()));
    assert!(maya.is_compared(&folded(&mallory)));
}

/// Somebody who was not asked for is no answer.
#[tokio::test]
async fn somebody_at_another_address_is_no_answer() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let mallory = maya.find(Who::Mallory.email()).await.unwrap();
    maya.platform().lie(changed(FIND, move |person: &mut Person| person.clone_from(&mallory)));
    assert_eq!(maya.find(Who::Ito.email()).await, Err(ClientError::Answer));
    assert_eq!(maya.find_anew(Who::Ito.email()).await, Err(ClientError::Answer));
}

/// The server shows somebody who is known where somebody else is looked for. The words of the one who is known are the right
/// ones, and where they are compared once more without that search, they give nobody another address.
#[tokio::test]
async fn a_phrase_that_is_compared_again_binds_no_address_of_another_search() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let (ito, noor) = (compared(&maya, Who::Ito).await.unwrap(), compared(&maya, Who::Noor).await.unwrap());
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let pinned = [&ito, &noor].map(|person| maya.pin(person.account));
    let fake = Person { email: Who::Noor.email().to_owned(), ..ito.clone() };
    maya.platform().lie(changed(FIND, move |person: &mut Person| person.clone_from(&fake)));
    assert_eq!(maya.find(Who::Noor.email()).await, Err(CHANGED));
    let shown = maya.find_anew(Who::Noor.email()).await.unwrap();
    assert_eq!(maya.person(ito.account).await, Ok(shown.clone()));
    assert_eq!(maya.confirm_phrase_of_known(&shown).await, Err(CHANGED));
    assert_eq!([&ito, &noor].map(|person| maya.pin(person.account)), pinned);

    maya.platform().be_honest();
    let again = maya.person(ito.account).await.unwrap();
    assert_eq!(again, ito);
    maya.confirm_phrase_of_known(&again).await.unwrap();
    let addresses = [&ito, &noor].map(|person| maya.pin(person.account).unwrap().address);
    assert_eq!(addresses, [Who::Ito, Who::Noor].map(|who| Some(who.email().to_owned())));
    assert!(maya.is_compared(&folded(&ito)));
    assert_eq!(maya.find(Who::Noor.email()).await, Ok(noor));
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
