//! The server says that it has done what it has not, or does it at another time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use client::platform::{Method, Request, Response};
use client::share::Wish;
use client::upload::{NoOutbox, Outbox, Unwatched};
use client::{Alarm, ClientError, Platform as _, Session};
use protocol::api::{AccountState, Appended, BlobStatus, Conflict, LogPage, Refusal, SignedIn, StoredChunk};
use protocol::{ApiError, Digest, Head, VaultId, cbor};
use records::Category;

use crate::people::{Who, add, draft, entries, host, read, share, verify};
use crate::wire::{APPEND, Fate, Hold, Lie, On, READ_LOG, SESSION, SwapOnce, Wire, changed, done, instead, message};

const ROLLED_BACK: ClientError = ClientError::Alarm(Alarm::RolledBack);
const STATE: On = On(Method::Put, "/account/state");

/// Says that entries were appended, and drops them.
fn swallow() -> impl Lie {
    instead(APPEND, |_| Some(message(&Appended { head: Head::before(VaultId::from_bytes([0; 16])) })))
}

#[tokio::test]
async fn what_was_acknowledged_but_not_written_is_an_alarm() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let laboratory = Wish::Category(Category::Laboratory);
    let grant = share(&maya, Who::Ito, laboratory).await.unwrap();
    let noor = maya.find(Who::Noor.email()).await.unwrap();
    let before = entries(&host).await;

    maya.platform().lie(swallow());
    assert_eq!(add(&maya, "Blood", b"ferritin 12").await, Err(ROLLED_BACK));
    assert_eq!(maya.edit(vault, record, |metadata| metadata.notes = "at rest".to_owned()).await, Err(ROLLED_BACK));
    let until = Some(maya.platform().now().plus(60));
    assert_eq!(maya.share(&noor, laboratory, protocol::Level::Download, until).await, Err(ROLLED_BACK));
    // Above all: nobody is told that a share has stopped while it goes on.
    assert_eq!(maya.stop(vault, grant).await, Err(ROLLED_BACK));
    assert_eq!(maya.delete(vault, record).await, Err(ROLLED_BACK));
    assert_eq!(entries(&host).await, before);

    maya.platform().be_honest();
    maya.stop(vault, grant).await.unwrap();
    assert_eq!(Who::Ito.device(&host).await.sync_shared().await, Ok(Vec::new()));
    maya.delete(vault, record).await.unwrap();
    assert_eq!(verify(&maya).await, Ok(Vec::new()));
}

/// The server says that it failed: after it had written, and before.
#[tokio::test]
async fn what_was_written_counts_whatever_the_server_says_of_it() {
    struct Fails;

    impl Lie for Fails {
        fn answered(&mut self, request: &Request, response: &mut Response) -> bool {
            if APPEND.is(request) {
                *response = failure();
            }
            true
        }
    }

    fn failure() -> Response {
        Response { status: 500, body: cbor::encode(&ApiError::Internal) }
    }

    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    maya.platform().lie(Fails);
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let grant = share(&maya, Who::Ito, Wish::Record(record)).await.unwrap();
    maya.stop(vault, grant).await.unwrap();
    let before = entries(&host).await;
    maya.platform().lie(instead(APPEND, |_| Some(failure())));
    assert_eq!(maya.delete(vault, record).await, Err(ApiError::Internal.into()));
    assert_eq!(entries(&host).await, before);
    maya.platform().be_honest();
    maya.delete(vault, record).await.unwrap();
    assert_eq!(verify(&maya).await, Ok(Vec::new()));
}

/// The connection breaks while a change is on its way, and the history that is then shown is an older one: the person
/// hears of the history, not of the connection.
#[tokio::test]
async fn an_alarm_is_not_taken_for_a_lost_connection() {
    struct LostAndOlder(Rc<Cell<bool>>);

    impl Lie for LostAndOlder {
        fn asked(&mut self, request: &mut Request) -> Fate {
            if APPEND.is(request) {
                self.0.set(true);
                return Fate::Cut;
            }
            Fate::GoesOn
        }

        fn answered(&mut self, request: &Request, response: &mut Response) -> bool {
            if READ_LOG.is(request) && self.0.get() {
                let mut page: LogPage = cbor::decode(&response.body).unwrap();
                page.head.chain = Digest::of(b"another history");
                response.body = cbor::encode(&page);
            }
            true
        }
    }

    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    maya.platform().lie(LostAndOlder(Rc::default()));
    assert_eq!(add(&maya, "ECG", b"sinus rhythm").await, Err(ROLLED_BACK));
    maya.platform().be_honest();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    assert_eq!(verify(&maya).await.unwrap().len(), 1);
}

/// Adds a laboratory result whose entry never arrives, until that is given up.
async fn add_in_vain(session: &Session<Wire>, title: &str, content: &[u8]) {
    let ticket = session.begin(draft(title, Category::Laboratory, content)).await.unwrap();
    let given_up = session.run(&ticket, content, &NoOutbox, &crate::cut::GivesUp::default()).await;
    assert_eq!(given_up, Err(ClientError::Cancelled));
}

/// A request is held back until the device has tried again, and then delivered after all.
#[tokio::test]
async fn a_change_that_arrives_late_changes_nothing() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let held = Rc::new(RefCell::default());
    maya.platform().lie(Hold(APPEND, Rc::clone(&held)));
    add_in_vain(&maya, "ECG", b"sinus rhythm").await;
    maya.platform().be_honest();
    add(&maya, "Blood", b"ferritin 12").await.unwrap();
    let held = held.take();
    assert!(!held.is_empty());
    for late in held {
        let response = maya.platform().deliver(late).await;
        let error: ApiError = cbor::decode(&response.body).unwrap();
        assert_eq!(error, ApiError::Conflict(Conflict::Log));
    }
    maya.sync(vault).await.unwrap();
    assert_eq!(verify(&maya).await.unwrap(), [("Blood".to_owned(), b"ferritin 12".to_vec())]);
}

/// Another device of the same person wrote something while this one's change was lost: that is not this change.
#[tokio::test]
async fn anothers_entry_is_not_taken_for_ones_own() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let vault = phone.own_vault().unwrap();
    let record = add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let held = Rc::new(RefCell::default());
    laptop.platform().lie(Hold(APPEND, Rc::clone(&held)));
    add_in_vain(&laptop, "Blood", b"ferritin 12").await;
    let theirs = held.borrow().first().cloned();
    phone.platform().lie(SwapOnce(APPEND, theirs));
    let edited = phone.edit(vault, record, |metadata| metadata.title = "ECG at rest".to_owned()).await;
    edited.unwrap();
    laptop.platform().be_honest();
    let titles: Vec<String> = verify(&laptop).await.unwrap().into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, ["Blood", "ECG at rest"]);
}

#[tokio::test]
async fn chunks_that_were_never_stored_are_not_signed_for() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let content = vec![7; 100_000];
    let ticket = maya.begin(draft("Scan", Category::Imaging, &content)).await.unwrap();
    let ticket = maya.open_ticket(&maya.seal_ticket(&ticket)).unwrap();
    let run = || maya.run(&ticket, &content[..], &NoOutbox, &Unwatched);
    let incomplete = || Err(ClientError::Api(ApiError::Refused(Refusal::BlobIncomplete)));

    // The server says that it has what was never sent. Of an upload that goes on after a reload, only it can know.
    maya.platform().lie(says_stored());
    assert_eq!(run().await, incomplete());
    maya.platform().be_honest();
    // It says that it has stored what it dropped.
    maya.platform().lie(instead(PUT_CHUNK, |_| Some(done())));
    assert_eq!(run().await, incomplete());
    maya.platform().be_honest();
    let record = run().await.unwrap();
    assert_eq!(read(&maya, vault, record).await.unwrap(), content);
    assert_eq!(verify(&maya).await.unwrap().len(), 1);
}

const PUT_CHUNK: On = On(Method::Put, "/chunks/");

/// Says that a chunk is stored which was never sent.
fn says_stored() -> impl Lie {
    changed(On(Method::Get, "/blobs/"), |status: &mut BlobStatus| {
        status.stored = vec![StoredChunk { number: 0, digest: Digest::of(b"something else") }];
    })
}

/// Of an upload that is new, nothing was sent but by this device: all of it goes out, whatever the server says that it
/// has.
#[tokio::test]
async fn a_new_upload_is_sent_whatever_the_server_says_it_has() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let content = vec![7; 100_000];
    let ticket = maya.begin(draft("Scan", Category::Imaging, &content)).await.unwrap();
    maya.platform().lie(says_stored());
    let record = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    assert_eq!(read_honestly(&maya, vault, record).await, content);

    // Cut after its chunk was stored, it knows which one that was: that is not sent again, and signed for as it is.
    let ticket = maya.begin(draft("Blood", Category::Laboratory, &content)).await.unwrap();
    maya.platform().lie(crate::wire::CutAt::for_good(1, crate::wire::When::After));
    let stopped = maya.run(&ticket, &content[..], &NoOutbox, &crate::cut::GivesUp::default()).await;
    assert_eq!(stopped, Err(ClientError::Cancelled));
    maya.platform().be_honest();
    maya.platform().count_anew();
    let record = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    // The picture and the text are sent in any case.
    assert_eq!(maya.platform().reached(PUT_CHUNK), 2);
    assert_eq!(read_honestly(&maya, vault, record).await, content);
}

async fn read_honestly(maya: &Session<Wire>, vault: VaultId, record: protocol::RecordId) -> Vec<u8> {
    maya.platform().be_honest();
    read(maya, vault, record).await.unwrap()
}

/// A chunk was stored before a reload, and the server says that it was another one: what the device would sign is not
/// what is there.
#[tokio::test]
async fn a_stored_chunk_is_not_passed_off_as_another() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let content = vec![7; 100_000];
    let ticket = maya.begin(draft("Scan", Category::Imaging, &content)).await.unwrap();
    maya.platform().lie(crate::wire::CutAt::for_good(2, crate::wire::When::After));
    let stopped = maya.run(&ticket, &content[..], &NoOutbox, &crate::cut::GivesUp::default()).await;
    assert_eq!(stopped, Err(ClientError::Cancelled));
    maya.platform().be_honest();
    maya.platform().lie(changed(On(Method::Get, "/blobs/"), |status: &mut BlobStatus| {
        for chunk in &mut status.stored {
            chunk.digest = Digest::of(b"something else");
        }
    }));
    let reopened = maya.open_ticket(&maya.seal_ticket(&ticket)).unwrap();
    let run = || maya.run(&reopened, &content[..], &NoOutbox, &Unwatched);
    assert_eq!(run().await, Err(ClientError::Api(ApiError::Refused(Refusal::Rule))));
    maya.platform().be_honest();
    run().await.unwrap();
    assert_eq!(verify(&maya).await.unwrap(), [("Scan".to_owned(), content)]);
}

/// Keeps sealed chunks.
#[derive(Default)]
struct Shelf(RefCell<BTreeMap<u64, Vec<u8>>>);

impl Outbox for Shelf {
    async fn put(&self, number: u64, chunk: &[u8]) {
        self.0.borrow_mut().insert(number, chunk.to_vec());
    }

    async fn get(&self, number: u64) -> Option<Vec<u8>> {
        self.0.borrow().get(&number).cloned()
    }
}

/// Where a sealed chunk is still here, what the server says of it is held to it, and it is sent again where that
/// differs.
#[tokio::test]
async fn a_chunk_that_is_kept_is_signed_for_as_it_is() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let mut expected = Vec::new();
    for (lies, sent_again) in [(false, 0), (true, 1)] {
        let (title, content) = (format!("Scan {lies}"), vec![7; 100_000]);
        let ticket = maya.begin(draft(&title, Category::Imaging, &content)).await.unwrap();
        let shelf = Shelf::default();
        maya.seal_ahead(&ticket, &content[..], &shelf, &Unwatched).await.unwrap();
        let kept = shelf.0.borrow().clone();
        maya.platform().lie(crate::wire::CutAt::for_good(2, crate::wire::When::After));
        let stopped = maya.run(&ticket, &content[..], &shelf, &crate::cut::GivesUp::default()).await;
        assert_eq!(stopped, Err(ClientError::Cancelled));
        maya.platform().be_honest();
        // What was sealed already is not sealed once more: it would be other bytes.
        maya.seal_ahead(&ticket, &content[..], &shelf, &Unwatched).await.unwrap();
        assert!(kept.len() == 1 && *shelf.0.borrow() == kept);
        if lies {
            maya.platform().lie(changed(On(Method::Get, "/blobs/"), |status: &mut BlobStatus| {
                for chunk in &mut status.stored {
                    chunk.digest = Digest::of(b"something else");
                }
            }));
        }
        maya.platform().count_anew();
        maya.run(&ticket, &content[..], &shelf, &Unwatched).await.unwrap();
        // The picture and the text are sent in any case.
        assert_eq!(maya.platform().reached(PUT_CHUNK), 2 + sent_again);
        maya.platform().be_honest();
        expected.push((title, content));
    }
    assert_eq!(verify(&maya).await.unwrap(), expected);
}

/// What was kept for another file of the same record is not sent for this one.
#[tokio::test]
async fn a_chunk_of_another_upload_is_not_sent() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let (old, new) = (vec![7; 100_000], vec![8; 100_000]);
    let shelf = Shelf::default();
    let ticket = maya.begin(draft("Old", Category::Imaging, &old)).await.unwrap();
    maya.seal_ahead(&ticket, &old[..], &shelf, &Unwatched).await.unwrap();
    let ticket = maya.begin(draft("New", Category::Imaging, &new)).await.unwrap();
    maya.run(&ticket, &new[..], &shelf, &Unwatched).await.unwrap();
    assert_eq!(verify(&maya).await.unwrap(), [("New".to_owned(), new)]);
}

#[tokio::test]
async fn a_memory_that_is_counted_wrongly_is_no_answer() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    maya.platform().lie(changed(STATE, |state: &mut AccountState| state.version = 900));
    assert_eq!(maya.sync(vault).await, Err(ClientError::Answer));
    maya.platform().be_honest();
    maya.sync(vault).await.unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
}

/// Answers that are not of this version: cut short, with a field too many, or something else altogether.
#[tokio::test]
async fn what_is_no_answer_is_no_answer() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    maya.sync(vault).await.unwrap();
    let changes: [fn(&mut Vec<u8>); 4] = [
        Vec::clear,
        |body| body.truncate(body.len() / 2),
        |body| body.push(0),
        |body| *body = b"<!doctype html><title>502</title>".to_vec(),
    ];
    for change in changes {
        maya.platform().lie(crate::wire::bytes(READ_LOG, move |_, body| change(body)));
        assert_eq!(maya.sync(vault).await, Err(ClientError::Answer));
        maya.platform().be_honest();
    }
    maya.sync(vault).await.unwrap();
}

/// An answer that goes on beyond what any honest one has is not asked for again and again.
#[tokio::test]
async fn an_answer_without_an_end_is_no_answer() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let content = b"sinus rhythm";
    let ticket = maya.begin(draft("ECG", Category::Laboratory, content)).await.unwrap();
    let goes_on = |request: &Request, body: &mut Vec<u8>| body.resize(request.most() + 1, 0);
    maya.platform().lie(crate::wire::bytes(On(Method::Get, "/blobs/"), goes_on));
    let run = || maya.run(&ticket, &content[..], &NoOutbox, &Unwatched);
    assert_eq!(run().await, Err(ClientError::Answer));
    maya.platform().be_honest();
    run().await.unwrap();
    assert_eq!(verify(&maya).await.unwrap(), [("ECG".to_owned(), content.to_vec())]);
}

/// The server says that the vault is another one, which is empty; or that the own one is.
#[tokio::test]
async fn an_empty_vault_in_the_place_of_the_own_is_an_alarm() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let other = VaultId::from_bytes([9; 16]);
    let wire = Wire::new(&host, None);
    wire.lie(changed(SESSION, move |signed_in: &mut SignedIn| signed_in.vault = Some(other)));
    wire.lie(instead(READ_LOG, move |_| {
        Some(message(&LogPage { head: Head::before(other), items: Vec::new(), now: protocol::Minute(0) }))
    }));
    let laptop = Who::Maya.try_device(wire).await.unwrap();
    assert_eq!(laptop.sync(other).await, Err(ROLLED_BACK));
    assert_eq!(laptop.with_view(other, |_| ()), Err(ClientError::Missing("vault")));
    assert_eq!(verify(&maya).await.unwrap().len(), 1);
}
