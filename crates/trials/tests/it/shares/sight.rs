//! What a device sees of several shares, and of several people who share.

use std::rc::Rc;

use client::platform::{Method, Request, Response};
use client::session::SignUp;
use client::share::Wish;
use client::view::VaultView;
use client::{Alarm, ClientError, Platform as _, Session};
use protocol::api::{Append, LogPage, Profile, SharedVault};
use protocol::entry::{Entry, Tombstone, VERSION};
use protocol::{ApiError, Body, Level, RecordId, VaultId, cbor};
use records::{Category, Metadata};

use crate::host::Host;
use crate::people::{PASSWORD, Who, add, chosen, compared, host, read, share, take_up};
use crate::wire::{CutAt, READ_LOG, SHARED, When, Wire, bytes, changed, instead};

/// Two patients who share a result with Ito: their vaults and the result, in the order in which the server lists them.
async fn two_patients(host: &Rc<Host>) -> Vec<(VaultId, RecordId)> {
    let maya = Who::Maya.device(host).await;
    let entered =
        SignUp { email: "sol@example.org", name: "Sol", profile: Profile::Patient, password: &chosen(PASSWORD) };
    let (sol, _) = Session::sign_up(Wire::new(host, None), entered).await.unwrap();
    let mut vaults = Vec::new();
    for patient in [&maya, &sol] {
        let record = add(patient, "ECG", b"sinus rhythm").await.unwrap();
        let person = patient.find(Who::Ito.email()).await.unwrap();
        patient.share(&person, Wish::Category(Category::Laboratory), Level::Download, None).await.unwrap();
        vaults.push((patient.own_vault().unwrap(), record));
    }
    let order = Who::Ito.device(host).await.sync_shared().await.unwrap();
    vaults.sort_by_key(|(vault, _)| order.iter().position(|listed| listed == vault));
    assert_eq!(vaults.iter().map(|(vault, _)| *vault).collect::<Vec<_>>(), order);
    vaults
}

/// The server shows one vault's log damaged.
fn damage(session: &Session<Wire>, vault: VaultId) {
    session.platform().lie(bytes(READ_LOG, move |request, body| {
        if request.path.contains(&vault.to_string()) {
            let mut page: LogPage = cbor::decode(body).unwrap();
            page.items.swap(0, 1);
            *body = cbor::encode(&page);
        }
    }));
}

/// Of two patients, the server shows one's log damaged: a provider still sees the other one's records.
#[tokio::test]
async fn one_damaged_vault_does_not_hide_the_others() {
    let host = host().await;
    let vaults = two_patients(&host).await;
    for (damaged, _) in vaults.clone() {
        let ito = Who::Ito.device(&host).await;
        damage(&ito, damaged);
        let each = ito.sync_each_shared().await.unwrap();
        for (vault, synced) in each {
            if vault == damaged {
                assert!(matches!(synced, Err(ClientError::Alarm(Alarm::Violation(_)))));
                assert!(ito.with_view(vault, |_| ()).is_err());
            } else {
                assert_eq!(synced, Ok(()));
                ito.accept_all(vault).await.unwrap();
                let (_, record) = vaults.iter().find(|(known, _)| *known == vault).unwrap();
                assert_eq!(read(&ito, vault, *record).await.unwrap(), b"sinus rhythm");
            }
        }
        assert!(matches!(ito.sync_shared().await, Err(ClientError::Alarm(_))));
        ito.platform().be_honest();
        assert_eq!(ito.sync_shared().await.unwrap().len(), 2);
    }
}

/// One patient's log does not come, and the other one's is damaged: that is said, whichever of them is listed first.
#[tokio::test]
async fn a_log_that_does_not_come_hides_no_alarm() {
    let host = host().await;
    for (damaged, _) in two_patients(&host).await {
        let ito = Who::Ito.device(&host).await;
        damage(&ito, damaged);
        ito.platform().lie(instead(READ_LOG, move |request| {
            let is_other = !request.path.contains(&damaged.to_string());
            is_other.then(|| Response { status: 503, body: Vec::new() })
        }));
        let each = ito.sync_each_shared().await.unwrap();
        assert_eq!(each.len(), 2);
        for (vault, synced) in each {
            let is_alarm = matches!(synced, Err(ClientError::Alarm(Alarm::Violation(_))));
            assert!(is_alarm && vault == damaged || synced == Err(ClientError::Api(ApiError::Unavailable)));
        }
        assert!(matches!(ito.sync_shared().await, Err(ClientError::Alarm(_))));
    }
}

/// Whatever the server answers for one vault that it lists, and however often it lists it, the vault has its one
/// result; only where the list does not come is there none.
#[tokio::test]
async fn every_vault_that_is_listed_has_one_result() {
    let host = host().await;
    let vaults = two_patients(&host).await;
    let [(kept_back, _), (other, _)] = vaults[..] else { panic!("there are two patients") };
    for error in [ApiError::NotFound, ApiError::Internal, ApiError::NotSignedIn, ApiError::Unavailable] {
        let ito = Who::Ito.device(&host).await;
        let answer = Response { status: error.status(), body: cbor::encode(&error) };
        ito.platform().lie(instead(READ_LOG, move |request| {
            request.path.contains(&kept_back.to_string()).then(|| answer.clone())
        }));
        ito.platform().lie(changed(SHARED, |shared: &mut Vec<SharedVault>| shared.extend(shared.clone())));
        let each = ito.sync_each_shared().await;
        assert_eq!(each, Ok(vec![(kept_back, Err(ClientError::Api(error))), (other, Ok(()))]));
        ito.platform().be_honest();
        ito.platform().lie(CutAt::once(0, When::Before));
        assert!(ito.sync_each_shared().await.is_err());
    }
    // What ended between two requests is no failure.
    let ito = Who::Ito.device(&host).await;
    let mut is_first = true;
    ito.platform().lie(instead(READ_LOG, move |request| {
        let gone = ApiError::NotFound;
        let answer = Response { status: gone.status(), body: cbor::encode(&gone) };
        request.path.contains(&kept_back.to_string()).then_some(answer)
    }));
    ito.platform().lie(changed(SHARED, move |shared: &mut Vec<SharedVault>| {
        if !std::mem::take(&mut is_first) {
            shared.retain(|listed| listed.vault == other);
        }
    }));
    assert_eq!(ito.sync_each_shared().await, Ok(vec![(other, Ok(()))]));
}

/// Whoever manages a vault writes something that a provider sees who has read on past the share by which they manage
/// it.
#[tokio::test]
async fn a_manager_comes_into_sight_without_an_alarm() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let (kept, deleted) =
        (add(&maya, "ECG", b"sinus rhythm").await.unwrap(), add(&maya, "Blood", b"ferritin 12").await.unwrap());
    let ito = compared(&maya, Who::Ito).await.unwrap();
    maya.share(&ito, Wish::Everything, Level::Manage, None).await.unwrap();
    share(&maya, Who::Noor, Wish::Category(Category::Laboratory)).await.unwrap();
    let noor = Who::Noor.device(&host).await;
    take_up(&noor).await.unwrap();
    assert_eq!(seen(&noor, vault), ["Blood", "ECG"]);
    maya.sync(vault).await.unwrap();

    let keys = Who::Ito.keys(&host).await;
    let entry = Entry {
        version: VERSION,
        vault,
        author: keys.account,
        author_seq: 1,
        seen: maya.with_view(vault, VaultView::head).unwrap(),
        at: maya.platform().now(),
        body: Body::Tombstone(Tombstone { record: deleted, number: 0 }),
    };
    let append = Append { entries: vec![keys.identity.sign_message(&entry)] };
    let request = Request {
        method: Method::Post,
        path: format!("/api/v1/vaults/{vault}/log"),
        body: cbor::encode(&append).into(),
        chunk: None,
    };
    assert_eq!(Who::Ito.device(&host).await.platform().deliver(request).await.status, 200);
    noor.sync(vault).await.unwrap();
    assert_eq!(seen(&noor, vault), ["ECG"]);
    assert_eq!(read(&noor, vault, kept).await.unwrap(), b"sinus rhythm");
}

/// Two devices of a provider: one takes up a further share, and the other one sees what it reaches as well, however far
/// the log has gone on by then.
#[tokio::test]
async fn a_further_share_is_seen_by_every_device() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let known = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let moved = add(&maya, "Scan", b"nothing acute").await.unwrap();
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let (phone, laptop) = (Who::Ito.device(&host).await, Who::Ito.device(&host).await);
    for device in [&phone, &laptop] {
        take_up(device).await.unwrap();
        assert_eq!(seen(device, vault), ["ECG", "Scan"]);
    }
    // It leaves what both devices see, and changes where neither does.
    let rename = async |title: &str| {
        let change = |metadata: &mut Metadata| {
            metadata.title = title.to_owned();
            metadata.category = Category::Imaging;
        };
        maya.edit(vault, moved, change).await.unwrap();
    };
    rename("Scan").await;
    rename("Scan of the chest").await;
    share(&maya, Who::Ito, Wish::Category(Category::Imaging)).await.unwrap();
    take_up(&phone).await.unwrap();
    assert_eq!(seen(&phone, vault), ["ECG", "Scan of the chest"]);
    rename("CT of the chest").await;
    // The laptop reads the share, that it was taken up, and the change, in one go.
    laptop.sync(vault).await.unwrap();
    phone.sync(vault).await.unwrap();
    for device in [&phone, &laptop] {
        assert_eq!(seen(device, vault), ["CT of the chest", "ECG"]);
        assert_eq!(read(device, vault, moved).await.unwrap(), b"nothing acute");
        assert_eq!(read(device, vault, known).await.unwrap(), b"sinus rhythm");
    }
}

/// The connection breaks at every request of reading a further share: nothing of it stays hidden.
#[tokio::test]
async fn reading_a_further_share_is_cut() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let ito = Who::Ito.device(&host).await;
    let mut devices = Vec::new();
    let first = maya.find(Who::Ito.email()).await.unwrap();
    maya.share(&first, Wish::Record(add(&maya, "Note", b"note").await.unwrap()), Level::Download, None).await.unwrap();
    take_up(&ito).await.unwrap();
    for _ in 0..6 {
        let device = Who::Ito.device(&host).await;
        take_up(&device).await.unwrap();
        devices.push(device);
    }
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    take_up(&ito).await.unwrap();
    for (request, device) in devices.iter().enumerate() {
        device.platform().lie(CutAt::once(request, When::Before));
        let cut = device.sync(vault).await.is_err();
        device.platform().be_honest();
        device.sync(vault).await.unwrap();
        assert_eq!(seen(device, vault), ["ECG", "Note"], "{request}: {cut}");
    }
}

/// The titles that a device sees.
fn seen(session: &Session<Wire>, vault: VaultId) -> Vec<String> {
    let titles = session.with_view(vault, |view| {
        view.records().map(|record| record.metadata.as_ref().unwrap().title.clone()).collect::<Vec<_>>()
    });
    let mut titles = titles.unwrap();
    titles.sort();
    titles
}
