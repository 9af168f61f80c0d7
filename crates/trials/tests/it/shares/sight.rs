//! What a device sees of several shares, and of several people who share.

use client::session::SignUp;
use client::share::Wish;
use client::{Alarm, ClientError, Session};
use protocol::api::{LogPage, Profile};
use protocol::{Level, cbor};
use records::Category;

use crate::people::{PASSWORD, Who, add, host, read};
use crate::wire::{READ_LOG, Wire, bytes};

/// Of two patients, the server shows one's log damaged: a provider still sees the other one's records.
#[tokio::test]
async fn one_damaged_vault_does_not_hide_the_others() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let entered = SignUp { email: "sol@example.org", name: "Sol", profile: Profile::Patient, password: PASSWORD };
    let (sol, _) = Session::sign_up(Wire::new(&host, None), entered).await.unwrap();
    let mut vaults = Vec::new();
    for patient in [&maya, &sol] {
        let record = add(patient, "ECG", b"sinus rhythm").await.unwrap();
        let person = patient.find(Who::Ito.email()).await.unwrap();
        patient.share(&person, Wish::Category(Category::Laboratory), Level::Download, None).await.unwrap();
        vaults.push((patient.own_vault().unwrap(), record));
    }
    let order = Who::Ito.device(&host).await.sync_shared().await.unwrap();
    assert_eq!(order.len(), 2);
    for damaged in order {
        let ito = Who::Ito.device(&host).await;
        ito.platform().lie(bytes(READ_LOG, move |request, body| {
            if request.path.contains(&damaged.to_string()) {
                let mut page: LogPage = cbor::decode(body).unwrap();
                page.items.swap(0, 1);
                *body = cbor::encode(&page);
            }
        }));
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
