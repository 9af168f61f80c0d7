//! Openings are recorded, and repeated ones within an hour are one.

use client::activity::What;
use client::share::Wish;
use client::{Platform as _, Session};
use protocol::{Level, RecordId, VaultId};
use records::Category;

use crate::people::{Who, add, host, read, share, take_up};
use crate::wire::{APPEND, READ_CHUNK, Wire};

/// How often it says that somebody opened this record, and saved it.
async fn recorded(session: &Session<Wire>, vault: VaultId, record: RecordId) -> (usize, usize) {
    session.sync(vault).await.unwrap();
    let count = |wanted: fn(What) -> Option<RecordId>| {
        let events = session.with_view(vault, |view| view.events().to_vec()).unwrap();
        events.iter().filter(|event| wanted(event.what) == Some(record)).count()
    };
    (
        count(|what| if let What::Opened(_, record) = what { Some(record) } else { None }),
        count(|what| if let What::Saved(_, record) = what { Some(record) } else { None }),
    )
}

#[tokio::test]
async fn repeated_openings_within_an_hour_are_one() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let (record, other) =
        (add(&maya, "ECG", b"sinus rhythm").await.unwrap(), add(&maya, "Blood", b"ferritin 12").await.unwrap());
    let grant = share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let (phone, laptop) = (Who::Ito.device(&host).await, Who::Ito.device(&host).await);
    for device in [&phone, &laptop] {
        take_up(device).await.unwrap();
        for _ in 0..2 {
            assert_eq!(read(device, vault, record).await.unwrap(), b"sinus rhythm");
        }
    }
    assert_eq!(recorded(&maya, vault, record).await, (1, 0));
    // Another record, and a copy, are something else.
    read(&phone, vault, other).await.unwrap();
    phone.save(vault, record).await.unwrap().read_all().await.unwrap();
    assert_eq!(recorded(&maya, vault, other).await, (1, 0));
    assert_eq!(recorded(&maya, vault, record).await, (1, 1));
    host.pass(49 * 60);
    read(&phone, vault, record).await.unwrap();
    assert_eq!(recorded(&maya, vault, record).await, (1, 1));
    host.pass(2 * 60);
    read(&phone, vault, record).await.unwrap();
    assert_eq!(recorded(&maya, vault, record).await, (2, 1));
    // What is opened by another share is said of that one.
    let person = maya.find(Who::Ito.email()).await.unwrap();
    let until = Some(maya.platform().now().plus(60));
    maya.share(&person, Wish::Record(record), Level::Download, until).await.unwrap();
    maya.stop(vault, grant).await.unwrap();
    while maya.renew_next(vault).await.unwrap() {}
    take_up(&phone).await.unwrap();
    read(&phone, vault, record).await.unwrap();
    assert_eq!(recorded(&maya, vault, record).await, (3, 1));
}

/// Two shares reach a record, and its opening is signed for one of them: of either it is told what was seen while it held.
#[tokio::test]
async fn what_was_opened_is_told_of_every_share_that_reaches_it() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let by_record = share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    let by_kind = share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let of_another_kind = share(&maya, Who::Ito, Wish::Category(Category::Imaging)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    read(&ito, vault, record).await.unwrap();
    let told = async |grant| {
        maya.sync(vault).await.unwrap();
        let opened = maya.with_view(vault, |view| {
            let openings = view.openings();
            view.opened_by_holder(view.share(grant).unwrap(), &openings)
                .map(|opening| opening.record)
                .collect::<Vec<_>>()
        });
        opened.unwrap()
    };
    assert_eq!((told(by_record).await, told(by_kind).await), (vec![record], vec![record]));
    assert_eq!(told(of_another_kind).await, []);
    maya.stop(vault, by_record).await.unwrap();
    while maya.renew_next(vault).await.unwrap() {}
    host.pass(2 * 3600);
    ito.sync(vault).await.unwrap();
    read(&ito, vault, record).await.unwrap();
    assert_eq!((told(by_record).await, told(by_kind).await), (vec![record], vec![record, record]));
}

/// A file is read for more than an hour: it goes on, and what is recorded stays true.
#[tokio::test]
async fn a_file_that_takes_more_than_an_hour_is_read_to_its_end() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let content: Vec<u8> = (0..(8_u32 << 20) + 100_000).map(|place| (place % 253) as u8).collect();
    let record = add(&maya, "Scan", &content).await.unwrap();
    share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    let mut reader = ito.open(vault, record).await.unwrap();
    assert_eq!(reader.read_all().await.unwrap(), content);
    host.pass(3601);
    ito.platform().count_anew();
    assert_eq!(reader.read_all().await.unwrap(), content);
    assert_eq!(ito.platform().reached(APPEND), 1);
    assert_eq!(recorded(&maya, vault, record).await, (2, 0));
    // Not without leave: once the share has ended, nothing more is given.
    let mut reader = ito.open(vault, record).await.unwrap();
    let grant = maya.with_view(vault, |view| view.shares().next().unwrap().grant.grant).unwrap();
    maya.stop(vault, grant).await.unwrap();
    assert!(reader.read_all().await.is_err());
}

/// The next chunk is on its way while one is opened, and no further one.
#[tokio::test]
async fn a_file_is_fetched_one_chunk_ahead() {
    const CHUNK: usize = 8 << 20;
    const SEGMENTS: usize = 8;
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let content: Vec<u8> = (0..=252).cycle().take(2 * CHUNK + 1000).collect();
    let record = add(&maya, "Scan", &content).await.unwrap();
    let mut reader = maya.open(vault, record).await.unwrap();
    maya.platform().count_anew();
    let (mut streamed, mut ahead) = (Vec::new(), Vec::new());
    reader
        .stream(async |piece| {
            ahead.push((ahead.len() / SEGMENTS, maya.platform().reached(READ_CHUNK)));
            streamed.extend_from_slice(piece);
            Ok(())
        })
        .await
        .unwrap();
    assert!(streamed == content);
    ahead.dedup();
    assert_eq!(ahead, [(0, 2), (1, 3), (2, 3)]);
}
