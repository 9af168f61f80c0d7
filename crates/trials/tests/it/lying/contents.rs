//! Ciphertext is put in the place of other ciphertext.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use client::platform::Request;
use client::share::Wish;
use client::upload::{NoOutbox, Outbox, Unwatched};
use client::{Alarm, ClientError, Session};
use protocol::api::{LogItem, LogPage};
use protocol::entry::CHUNK;
use protocol::signature::{BadSignature, NotSigned};
use protocol::{RecordId, Signed, VaultId, Violation};
use records::Category;
use vault::floe::SEGMENT;

use crate::people::{Who, add, draft, host, read, share, take_up, verify};
use crate::wire::{READ_CHUNK, READ_LOG, SESSION, Wire, bytes, changed};

const BLOB: ClientError = ClientError::Alarm(Alarm::Blob);

type Chunks = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

/// Reads a record with the wire listening, and gives the chunks that came, by their paths.
async fn listen(session: &Session<Wire>, vault: VaultId, record: RecordId) -> BTreeMap<String, Vec<u8>> {
    let heard = Chunks::default();
    let chunks = Rc::clone(&heard);
    session.platform().lie(bytes(READ_CHUNK, move |request: &Request, body| {
        chunks.borrow_mut().insert(request.path.clone(), body.clone());
    }));
    read(session, vault, record).await.unwrap();
    session.platform().be_honest();
    heard.take()
}

/// Changes every chunk, and expects an alarm.
async fn tamper(
    session: &Session<Wire>,
    vault: VaultId,
    record: RecordId,
    honest: &[u8],
    change: impl FnMut(&Request, &mut Vec<u8>) + 'static,
) {
    session.platform().lie(bytes(READ_CHUNK, change));
    // A stream gives nothing that was not authenticated, and never says that it was whole.
    let mut given = Vec::new();
    let mut reader = session.open(vault, record).await.unwrap();
    let streamed = reader.stream(async |piece| {
        given.extend_from_slice(piece);
        Ok(())
    });
    assert_eq!(streamed.await, Err(BLOB));
    assert!(honest.starts_with(&given));
    session.platform().be_honest();
}

#[tokio::test]
async fn two_records_files_are_swapped() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    // Of the same length, so that nothing but the keys tells them apart.
    let (first, second) =
        (add(&maya, "ECG", b"sinus rhythm").await.unwrap(), add(&maya, "Holter", b"extrasystole").await.unwrap());
    let theirs: Vec<u8> = listen(&maya, vault, second).await.into_values().next().unwrap();
    tamper(&maya, vault, first, b"sinus rhythm", move |_, body| body.clone_from(&theirs)).await;

    // To somebody it is shared with, the same.
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    let theirs: Vec<u8> = listen(&maya, vault, second).await.into_values().next().unwrap();
    tamper(&ito, vault, first, b"sinus rhythm", move |_, body| body.clone_from(&theirs)).await;
    assert_eq!(read(&ito, vault, first).await.unwrap(), b"sinus rhythm");
}

/// The picture and the text of a record have keys of their own, too.
#[tokio::test]
async fn two_fields_of_one_record_are_swapped() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let heard = Chunks::default();
    let chunks = Rc::clone(&heard);
    maya.platform().lie(bytes(READ_CHUNK, move |request: &Request, body| {
        chunks.borrow_mut().insert(request.path.clone(), body.clone());
    }));
    let picture = maya.thumbnail(vault, record).await.unwrap();
    let picture_path = heard.borrow().keys().next().cloned().unwrap();
    let text = maya.text(vault, record).await.unwrap();
    maya.platform().be_honest();
    assert_eq!((picture.as_deref(), text.as_deref()), (Some(&b"picture of ECG"[..]), Some("text of ECG")));

    let chunks = heard.take();
    let swap = move |request: &Request, body: &mut Vec<u8>| {
        let other = chunks.iter().find(|(path, _)| **path != request.path && path.contains("/chunks/"));
        body.clone_from(other.unwrap().1);
    };
    assert!(picture_path.ends_with("/chunks/0"));
    maya.platform().lie(bytes(READ_CHUNK, swap.clone()));
    assert_eq!(maya.thumbnail(vault, record).await, Err(BLOB));
    assert_eq!(maya.text(vault, record).await, Err(BLOB));
    assert_eq!(read(&maya, vault, record).await, Err(BLOB));
    maya.platform().be_honest();
    // The same envelope with a lower version, and with one byte of it changed.
    for change in [(|body: &mut Vec<u8>| body[4] = 0) as fn(&mut Vec<u8>), |body| body[100] ^= 1] {
        maya.platform().lie(bytes(READ_CHUNK, move |_, body| change(body)));
        assert_eq!(maya.thumbnail(vault, record).await, Err(BLOB));
        maya.platform().be_honest();
    }
    assert_eq!(maya.thumbnail(vault, record).await, Ok(picture));
}

/// What is said about two records lies in signed entries: an envelope cannot be lifted from one to the other.
#[tokio::test]
async fn two_records_envelopes_are_swapped() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    add(&maya, "Holter", b"extrasystole").await.unwrap();
    let swap = |page: &mut LogPage| {
        let entry = |place: usize| match &page.items[place] {
            LogItem::Entry(signed) => signed.to_bytes(),
            LogItem::Hidden(_) => panic!("the owner sees everything"),
        };
        let (first, second) = (entry(12), entry(13));
        let envelope = |bytes: &[u8]| bytes.windows(4).position(|window| window == b"HBE1").unwrap();
        let (at, from) = (envelope(&first), envelope(&second));
        let mut mixed = first;
        mixed[at..at + 160].copy_from_slice(&second[from..from + 160]);
        page.items[12] = LogItem::Entry(Signed::from_bytes(&mixed).unwrap());
    };
    maya.forget(vault);
    maya.platform().lie(changed(READ_LOG, swap));
    let forged = Violation::Signature(NotSigned::Signature(BadSignature));
    assert_eq!(maya.sync(vault).await, Err(Alarm::Violation(forged).into()));
    maya.platform().be_honest();
    assert_eq!(verify(&maya).await.unwrap().len(), 2);
}

#[tokio::test]
async fn segments_and_chunks_are_reordered_dropped_or_doubled() {
    const SEGMENT_LENGTH: usize = SEGMENT as usize;
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let content: Vec<u8> = (0..(CHUNK + 200_000)).map(|place| (place % 251) as u8).collect();
    let ticket = maya.begin(draft("Scan", Category::Laboratory, &content)).await.unwrap();
    let record = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    let chunks: Vec<Vec<u8>> = listen(&maya, vault, record).await.into_values().collect();
    assert_eq!(chunks.len(), 2);

    let first = |request: &Request| request.path.ends_with("/chunks/0");
    tamper(&maya, vault, record, &content, move |request, body| {
        if first(request) {
            let (one, two) = body[..2 * SEGMENT_LENGTH].split_at_mut(SEGMENT_LENGTH);
            one.swap_with_slice(two);
        }
    })
    .await;
    tamper(&maya, vault, record, &content, move |request, body| {
        if first(request) {
            body.drain(SEGMENT_LENGTH..2 * SEGMENT_LENGTH);
        }
    })
    .await;
    tamper(&maya, vault, record, &content, move |request, body| {
        if first(request) {
            body.copy_within(..SEGMENT_LENGTH, SEGMENT_LENGTH);
        }
    })
    .await;
    tamper(&maya, vault, record, &content, |_, body| body.truncate(body.len() - 1)).await;
    tamper(&maya, vault, record, &content, |_, body| body.push(0)).await;
    tamper(&maya, vault, record, &content, |_, body| body.clear()).await;
    // The file ends in padding, which is held to what was signed as well.
    tamper(&maya, vault, record, &content, move |request, body| {
        if !first(request) {
            let last = body.len() - 1;
            body[last] ^= 1;
        }
    })
    .await;
    tamper(&maya, vault, record, &content, move |request, body| {
        let other = usize::from(first(request));
        body.clone_from(&chunks[other]);
    })
    .await;
    assert_eq!(read(&maya, vault, record).await.unwrap(), content);
}

/// The file of an earlier revision in the place of the present one.
#[tokio::test]
async fn an_old_file_is_replayed() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let old: Vec<u8> = listen(&maya, vault, record).await.into_values().next().unwrap();
    let content = b"atrial flutt";
    let ticket = maya.begin_replacement(vault, record, draft("ECG", Category::Laboratory, content)).await.unwrap();
    maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    tamper(&maya, vault, record, content, move |_, body| body.clone_from(&old)).await;
    assert_eq!(read(&maya, vault, record).await.unwrap(), content);
}

/// Keeps sealed chunks instead of sending them.
#[derive(Default)]
struct Kept(RefCell<Vec<Vec<u8>>>);

impl Outbox for Kept {
    async fn put(&self, _: u64, chunk: &[u8]) {
        self.0.borrow_mut().push(chunk.to_vec());
    }

    async fn get(&self, _: u64) -> Option<Vec<u8>> {
        None
    }
}

/// Somebody who was given a record's key seals another file under it, which the server serves. It opens, and is not what
/// was signed: neither shown, nor sealed anew in the owner's name once the share has ended.
#[tokio::test]
async fn another_file_is_sealed_under_the_same_key() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let ticket = maya.begin(draft("ECG", Category::Laboratory, b"sinus rhythm")).await.unwrap();
    let record = maya.run(&ticket, &b"sinus rhythm"[..], &NoOutbox, &Unwatched).await.unwrap();
    let forged = Kept::default();
    maya.seal_ahead(&ticket, &b"atrial flutt"[..], &forged, &Unwatched).await.unwrap();
    let forged = forged.0.into_inner().remove(0);
    let grant = share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    maya.stop(vault, grant).await.unwrap();

    let serve = bytes(READ_CHUNK, move |_, body| body.clone_from(&forged));
    maya.platform().lie(serve);
    assert_eq!(read(&maya, vault, record).await, Err(BLOB));
    assert_eq!(maya.renew_next(vault).await, Err(BLOB));
    maya.platform().be_honest();
    assert_eq!(read(&maya, vault, record).await.unwrap(), b"sinus rhythm");

    let laptop = Who::Maya.device(&host).await;
    laptop.sync(vault).await.unwrap();
    assert_eq!(laptop.renew_next(vault).await, Ok(true));
    assert_eq!(read(&laptop, vault, record).await.unwrap(), b"sinus rhythm");
}

/// The account's own envelopes with a lower version, or swapped.
#[tokio::test]
async fn the_accounts_envelopes_are_lowered_or_swapped() {
    use protocol::api::SignedIn;
    let host = host().await;
    let open = || Some(ClientError::Open(vault::OpenError));
    let changes: [fn(&mut SignedIn); 6] = [
        |signed_in| signed_in.keyring[4] = 0,
        |signed_in| signed_in.state.sealed[4] = 0,
        |signed_in| signed_in.keyring[3] = b'0',
        |signed_in| std::mem::swap(&mut signed_in.keyring, &mut signed_in.state.sealed),
        |signed_in| signed_in.state.version += 1,
        |signed_in| signed_in.keyring.truncate(4),
    ];
    for change in changes {
        let wire = Wire::new(&host, None);
        wire.lie(changed(SESSION, change));
        assert_eq!(Who::Maya.try_device(wire).await.err(), open());
    }
    Who::Maya.device(&host).await;
}
