//! Two devices at once, clocks that are a day off, sessions that end.

use std::cell::Cell;
use std::rc::Rc;

use client::share::Wish;
use client::upload::{NoOutbox, Ticket, Unwatched, Watcher};
use client::{ClientError, Platform as _, Session};
use futures_util::future::join;
use protocol::api::{Conflict, Refusal};
use protocol::{ApiError, Level};
use records::Category;

use crate::cut::GivesUp;
use crate::people::{PASSWORD, Who, add, chosen, draft, host, read, share, take_up, verify};
use crate::wire::{APPEND, CutAt, Fate, Lie, On, READ_LOG, SESSION, When, Wire};
use client::platform::{Method, Request, Response};

const CLOCK: ClientError = ClientError::Api(ApiError::Refused(Refusal::Clock));

#[tokio::test]
async fn two_devices_write_at_once() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let vault = phone.own_vault().unwrap();
    let record = add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let several = async |session: &Session<Wire>, name: &str| {
        for number in 0..4 {
            add(session, &format!("{name} {number}"), name.as_bytes()).await.unwrap();
        }
    };
    join(several(&phone, "phone"), several(&laptop, "laptop")).await;
    // The same record, by both.
    let retitle = async |session: &Session<Wire>, title: &str| {
        session.edit(vault, record, |metadata| metadata.title = title.to_owned()).await.unwrap();
    };
    join(retitle(&phone, "by phone"), retitle(&laptop, "by laptop")).await;
    let verified = verify(&Who::Maya.device(&host).await).await.unwrap();
    assert_eq!(verified.len(), 9);
    assert_eq!(verified.iter().filter(|(title, _)| title.starts_with("by ")).count(), 1);
    phone.sync(vault).await.unwrap();
    let number = phone.with_view(vault, |view| view.record(record).unwrap().revision.number).unwrap();
    assert_eq!(number, 2);
}

/// One device uploads under a key that another one turns meanwhile.
#[tokio::test]
async fn a_key_turns_under_an_upload() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let vault = phone.own_vault().unwrap();
    let record = add(&phone, "ECG", b"sinus rhythm").await.unwrap();
    let ito = share(&phone, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let content = b"atrial flutter";
    let replacement = draft("ECG", Category::Laboratory, content);
    let ticket = laptop.begin_replacement(vault, record, replacement).await.unwrap();
    let new = laptop.begin(draft("Blood", Category::Laboratory, content)).await.unwrap();
    phone.stop(vault, ito).await.unwrap();
    laptop.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    laptop.run(&new, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    phone.sync(vault).await.unwrap();
    while phone.renew_next(vault).await.unwrap() {}
    let expected = ["Blood", "ECG"].map(|title| (title.to_owned(), content.to_vec()));
    assert_eq!(verify(&Who::Maya.device(&host).await).await.unwrap(), expected);
    assert_eq!(Who::Ito.device(&host).await.sync_shared().await, Ok(Vec::new()));
}

/// Says of every append that another device was faster, and counts them.
struct AlwaysLate(Rc<Cell<usize>>);

impl Lie for AlwaysLate {
    fn asked(&mut self, request: &mut Request) -> Fate {
        if !APPEND.is(request) {
            return Fate::GoesOn;
        }
        self.0.set(self.0.get() + 1);
        let late = ApiError::Conflict(Conflict::Log);
        Fate::Answered(Response { status: late.status(), body: protocol::cbor::encode(&late) })
    }
}

/// A change that is always too late keeps nobody else on its device waiting, and reads the log once for each attempt.
#[tokio::test]
async fn a_change_that_is_always_too_late_lets_others_have_their_turn() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let appends = Rc::new(Cell::new(0));
    maya.platform().lie(AlwaysLate(appends.clone()));
    maya.platform().count_anew();
    let edit = maya.edit(vault, record, |metadata| metadata.title = "ECG at rest".to_owned());
    let sync = async {
        maya.sync(vault).await.unwrap();
        appends.get()
    };
    let (edited, appends_before) = join(edit, sync).await;
    assert_eq!((edited, appends_before), (Err(ClientError::Busy), 1));
    assert_eq!(maya.platform().reached(READ_LOG), appends.get() + 1);
    maya.platform().be_honest();
    assert_eq!(verify(&maya).await.unwrap(), [("ECG".to_owned(), b"sinus rhythm".to_vec())]);
}

/// Lets another device send the same upload when this one is about to send a part of it.
struct Overtaken<'a> {
    by: &'a Session<Wire>,
    ticket: &'a Ticket,
    content: &'a [u8],
    is_done: Cell<bool>,
}

impl Watcher for Overtaken<'_> {
    fn sent(&self, _: u64, _: u64) {}

    fn offline(&self, _: bool) {}

    async fn may_go_on(&self) -> Result<(), ClientError> {
        if !self.is_done.replace(true) {
            Box::pin(self.by.run(self.ticket, self.content, &NoOutbox, &Unwatched)).await?;
        }
        Ok(())
    }
}

/// Two devices, or two tabs, send the same upload: the slower one finds it done.
#[tokio::test]
async fn two_devices_send_the_same_upload() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let content = b"sinus rhythm";
    let ticket = phone.begin(draft("ECG", Category::Laboratory, content)).await.unwrap();
    let same = laptop.open_ticket(&phone.seal_ticket(&ticket)).unwrap();
    let overtaken = Overtaken { by: &laptop, ticket: &same, content, is_done: Cell::new(false) };
    let record = phone.run(&ticket, &content[..], &NoOutbox, &overtaken).await.unwrap();
    assert!(overtaken.is_done.get() && record == same.record());
    let verified = verify(&Who::Maya.device(&host).await).await.unwrap();
    assert_eq!(verified, [("ECG".to_owned(), content.to_vec())]);
}

/// Two devices seal at once what a share reached that was stopped: neither fails for what the other one did.
#[tokio::test]
async fn two_devices_finish_the_same_end() {
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let vault = phone.own_vault().unwrap();
    for number in 0..4 {
        add(&phone, &format!("ECG {number}"), b"sinus rhythm").await.unwrap();
    }
    let ito = share(&phone, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    phone.stop(vault, ito).await.unwrap();
    laptop.sync(vault).await.unwrap();
    let finish = async |session: &Session<Wire>| while session.renew_next(vault).await.unwrap() {};
    join(finish(&phone), finish(&laptop)).await;
    let verified = verify(&Who::Maya.device(&host).await).await.unwrap();
    assert!(verified.len() == 4 && verified.iter().all(|(_, content)| content == b"sinus rhythm"));
}

/// One of the two is always faster: the other one has nothing left to do at the end, however much there was.
#[tokio::test]
async fn a_device_that_is_always_overtaken_finishes_an_end() {
    const RECORDS: usize = 12;
    let host = host().await;
    let (phone, laptop) = (Who::Maya.device(&host).await, Who::Maya.device(&host).await);
    let vault = phone.own_vault().unwrap();
    for number in 0..RECORDS {
        add(&phone, &format!("ECG {number}"), b"sinus rhythm").await.unwrap();
    }
    let ito = share(&phone, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    phone.stop(vault, ito).await.unwrap();
    laptop.sync(vault).await.unwrap();
    let faster = Cell::new(0);
    let overtake = async || {
        if laptop.renew_next(vault).await.unwrap() {
            faster.set(faster.get() + 1);
        }
    };
    let slower = Box::pin(phone.platform().overtaken_at_every(APPEND, phone.renew_next(vault), overtake));
    assert_eq!((slower.await, faster.get()), (Ok(false), RECORDS));
    let verified = verify(&Who::Maya.device(&host).await).await.unwrap();
    assert!(verified.len() == RECORDS && verified.iter().all(|(_, content)| content == b"sinus rhythm"));
}

#[tokio::test]
async fn a_clock_is_a_day_off_on_either_side() {
    const DAY: i64 = 24 * 60;
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    for (device, server, fits) in
        [(DAY, 0, true), (-DAY, 0, true), (DAY + 1, 0, false), (-DAY - 1, 0, false), (0, DAY + 1, false), (0, 0, true)]
    {
        maya.platform().set_clock_ahead(device - server);
        host.pass(server * 60);
        let before = verify(&maya).await.unwrap().len();
        let added = add(&maya, "ECG", b"sinus rhythm").await;
        assert_eq!(added.map(drop), if fits { Ok(()) } else { Err(CLOCK) }, "{device} {server}");
        // Reading goes on, and what was refused is not there.
        maya.sync(vault).await.unwrap();
        assert_eq!(verify(&maya).await.unwrap().len(), before + usize::from(fits));
        host.pass(-server * 60);
    }
    // A grant's end is judged by the server: a slow clock does not lengthen it.
    let record = add(&maya, "Blood", b"ferritin 12").await.unwrap();
    let person = maya.find(Who::Ito.email()).await.unwrap();
    let until = Some(maya.platform().now().plus(60));
    maya.share(&person, Wish::Record(record), Level::Download, until).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    host.pass(2 * 3600);
    ito.platform().set_clock_ahead(-2 * 60);
    assert_eq!(read(&ito, vault, record).await, Err(ClientError::Api(ApiError::NotFound)));
    assert_eq!(ito.sync_shared().await, Ok(Vec::new()));
}

/// Lets the first chunk through, and nothing after it.
struct EndsAfterTheFirst(bool);

impl Lie for EndsAfterTheFirst {
    fn asked(&mut self, request: &mut Request) -> Fate {
        match (PUT_CHUNK.is(request), request.path.ends_with("/0"), self.0) {
            (false, ..) | (_, true, _) => Fate::GoesOn,
            (_, _, false) => Fate::Cut,
            (_, _, true) => Fate::Answered(Response {
                status: ApiError::NotSignedIn.status(),
                body: protocol::cbor::encode(&ApiError::NotSignedIn),
            }),
        }
    }

    fn answered(&mut self, request: &Request, _: &mut Response) -> bool {
        self.0 |= PUT_CHUNK.is(request);
        true
    }
}

const PUT_CHUNK: On = On(Method::Put, "/chunks/");

#[tokio::test]
async fn a_session_ends_in_the_middle_of_an_upload() {
    let host = host().await;
    let maya = Session::sign_in(Wire::new(&host, None), Who::Maya.email(), PASSWORD).await.unwrap();
    let content: Vec<u8> = (0..(8_u32 << 20) + 100_000).map(|place| (place % 253) as u8).collect();
    let ticket = maya.begin(draft("Scan", Category::Imaging, &content)).await.unwrap();
    let kept = maya.seal_ticket(&ticket);
    // The first chunk is stored; then somebody signs this device out.
    let other = Wire::new(&host, maya.platform().cookie());
    maya.platform().lie(EndsAfterTheFirst(false));
    let ended = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await;
    assert_eq!(ended, Err(ClientError::Api(ApiError::NotSignedIn)));
    maya.platform().be_honest();
    Session::sign_out(&other).await.unwrap();
    let ended = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await;
    assert_eq!(ended, Err(ClientError::Api(ApiError::NotSignedIn)));

    let again = Session::sign_in(Wire::new(&host, None), Who::Maya.email(), PASSWORD).await.unwrap();
    let ticket = again.open_ticket(&kept).unwrap();
    again.platform().count_anew();
    again.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    // What was stored is not sent again: the other chunk, the picture and the text are.
    assert_eq!(again.platform().reached(PUT_CHUNK), 3);
    assert_eq!(verify(&again).await.unwrap(), [("Scan".to_owned(), content)]);
}

/// A file is chosen where no server can be reached, and described anew before it is sent.
#[tokio::test]
async fn an_upload_is_prepared_without_the_server() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    maya.platform().count_anew();
    let content = b"sinus rhythm";
    let mut ticket = maya.prepare(&draft("ECG", Category::Imaging, content)).unwrap();
    assert_eq!((ticket.revision(), maya.platform().asked()), (0, 0));
    let mut words = ticket.metadata().unwrap();
    (words.title, words.category) = ("ECG at rest".to_owned(), Category::Laboratory);
    ticket.describe(&words).unwrap();
    words.size += 1;
    assert_eq!(ticket.describe(&words), Err(ClientError::Source), "it is another file");
    let record = maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    let categories = maya.with_view(vault, |view| view.record(record).and_then(|record| record.metadata.clone()));
    assert_eq!(categories.unwrap().unwrap().category, Category::Laboratory);

    maya.platform().count_anew();
    let content = b"atrial flutter";
    let ticket = maya.prepare_replacement(vault, record, &draft("ECG", Category::Laboratory, content)).unwrap();
    assert_eq!((ticket.revision(), maya.platform().asked()), (1, 0));
    maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    assert_eq!(verify(&maya).await.unwrap(), [("ECG".to_owned(), content.to_vec())]);
}

/// A record leaves the shared category, changes outside of it, and comes back: who it is shared with sees it again.
#[tokio::test]
async fn a_record_leaves_a_share_and_comes_back() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    share(&maya, Who::Ito, Wish::Category(Category::Laboratory)).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();
    let place = async |category: Category, title: &str| {
        let change = |metadata: &mut records::Metadata| {
            metadata.category = category;
            metadata.title = title.to_owned();
        };
        maya.edit(vault, record, change).await.unwrap();
    };
    place(Category::Imaging, "ECG").await;
    place(Category::Imaging, "ECG, outside").await;
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await, Err(ClientError::Missing("record")));
    place(Category::Laboratory, "ECG, back").await;
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    place(Category::Laboratory, "ECG, corrected").await;
    ito.sync(vault).await.unwrap();
    let title = ito.with_view(vault, |view| view.record(record)?.metadata.as_ref().map(|m| m.title.clone()));
    assert_eq!(title, Ok(Some("ECG, corrected".to_owned())));
}

/// A password is changed while the connection breaks: the old one or the new one opens, and the person is never out.
#[tokio::test]
async fn a_change_of_password_is_cut() {
    let new = "seven bridges over a loud summer";
    for (request, when) in [(0, When::After), (1, When::Before), (1, When::After)] {
        let host = host().await;
        let maya = Who::Maya.device(&host).await;
        maya.platform().lie(CutAt::once(request, when));
        assert!(matches!(maya.set_password(&chosen(new)).await, Err(ClientError::Unreachable(_))));
        maya.platform().be_honest();
        let changed = (request, when) == (1, When::After);
        let opens = if changed { new } else { PASSWORD };
        let session = Session::sign_in(Wire::new(&host, None), Who::Maya.email(), opens).await.unwrap();
        session.sync(session.own_vault().unwrap()).await.unwrap();
        assert_eq!(session.platform().reached(APPEND), 0);
    }
}

/// One device remembers two things at once: one after the other, so that no answer meets a memory that has gone on.
#[tokio::test]
async fn one_device_remembers_two_things_at_once() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let (ito, noor) = (maya.find(Who::Ito.email()).await.unwrap(), maya.find(Who::Noor.email()).await.unwrap());
    maya.platform().count_anew();
    let (one, other) = join(maya.confirm_phrase(&ito), maya.confirm_phrase(&noor)).await;
    assert_eq!((one, other), (Ok(()), Ok(())));
    // Nothing was sent for a version that was gone, and nothing had to be asked for again: each person was noted once.
    assert_eq!(maya.platform().reached(On(Method::Put, "/account/state")), 2);
    assert_eq!(maya.platform().reached(SESSION), 0);
    let again = Who::Maya.device(&host).await;
    for person in [ito, noor] {
        assert!(again.pin(person.account).unwrap().verified.is_some());
    }
}

/// An upload is interrupted, and its file chosen again: what was entered then is what is kept, and the chunks that the
/// server has are not sent again.
#[tokio::test]
async fn a_file_that_is_chosen_again_is_called_as_was_entered_then() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let content = b"sinus rhythm";
    let kept = |title: &str, category: Category| draft(title, category, content).metadata;
    let mut new = maya.begin(draft("ECG", Category::Laboratory, content)).await.unwrap();
    assert!(!new.is_replacement());
    maya.platform().lie(CutAt::for_good(3, When::Before));
    assert!(maya.run(&new, &content[..], &NoOutbox, &GivesUp::default()).await.is_err());
    maya.platform().be_honest();
    let longer = draft("ECG", Category::Imaging, b"sinus rhythm, 60 per minute").metadata;
    assert_eq!(new.describe(&longer), Err(ClientError::Source));
    new.describe(&kept("ECG at rest", Category::Imaging)).unwrap();
    let sealed = maya.seal_ticket(&new);
    maya.platform().count_anew();
    let record = maya.run(&maya.open_ticket(&sealed).unwrap(), &content[..], &NoOutbox, &Unwatched).await.unwrap();
    // The picture and the text; not the file.
    assert_eq!(maya.platform().reached(PUT_CHUNK), 2);
    let metadata = async || {
        maya.sync(vault).await.unwrap();
        maya.with_view(vault, |view| view.record(record).unwrap().metadata.clone()).unwrap()
    };
    assert_eq!(metadata().await, Some(kept("ECG at rest", Category::Imaging)));

    // Another file for it, elsewhere, and then where it was after all.
    let moved = draft("ECG at rest", Category::Laboratory, content);
    let mut replacement = maya.begin_replacement(vault, record, moved).await.unwrap();
    assert!(replacement.is_replacement());
    replacement.describe(&kept("ECG after exercise", Category::Imaging)).unwrap();
    maya.run(&replacement, &content[..], &NoOutbox, &Unwatched).await.unwrap();
    assert_eq!(metadata().await, Some(kept("ECG after exercise", Category::Imaging)));
    assert_eq!(read(&maya, vault, record).await.unwrap(), content);
}
