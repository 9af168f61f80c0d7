//! Files on a line that breaks, and a file that changes while it is sent.

use std::collections::BTreeSet;

use client::ClientError;
use client::platform::{Method, Request, Response, Unreachable};
use client::upload::{NoOutbox, Source, Unwatched};
use futures_util::StreamExt as _;
use records::Category;
use server::uploads::UPLOADS_OF_ONE;

use crate::cut::GivesUp;
use crate::host::Tear;
use crate::people::{Who, add, draft, entries, host, read, verify};
use crate::wire::{CutAt, Fate, Lie, On, READ_CHUNK, Tears, When};

const LOST: ClientError = ClientError::Unreachable(Unreachable);

/// A file of three chunks.
fn three_chunks() -> Vec<u8> {
    (0..(16_u32 << 20) + 100_000).map(|place| (place % 253) as u8).collect()
}

/// Loses the first answer about each chunk.
#[derive(Default)]
struct EachOnce(BTreeSet<String>);

impl Lie for EachOnce {
    fn answered(&mut self, request: &Request, _: &mut Response) -> bool {
        !READ_CHUNK.is(request) || !self.0.insert(request.path.clone())
    }
}

/// Lets the first chunk come, and none after it.
struct OnlyTheFirst;

impl Lie for OnlyTheFirst {
    fn asked(&mut self, request: &mut Request) -> Fate {
        if READ_CHUNK.is(request) && !request.path.ends_with("/chunks/0") { Fate::Cut } else { Fate::GoesOn }
    }
}

#[tokio::test]
async fn a_file_is_read_whole_although_each_chunk_is_lost_once() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let content = three_chunks();
    let record = add(&maya, "Scan", &content).await.unwrap();
    maya.platform().lie(EachOnce::default());
    maya.platform().count_anew();
    assert!(read(&maya, vault, record).await.unwrap() == content);
    assert_eq!(maya.platform().reached(READ_CHUNK), 2 * 3);
}

/// The line stays dead: that is said in the end, and soon where nothing was read yet.
#[tokio::test]
async fn a_file_that_does_not_come_is_given_up() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "Scan", &three_chunks()).await.unwrap();
    maya.platform().lie(OnlyTheFirst);
    maya.platform().count_anew();
    assert_eq!(read(&maya, vault, record).await, Err(LOST));
    let patient = maya.platform().asked();
    maya.platform().be_honest();
    maya.platform().lie(CutAt::for_good(0, When::Before));
    maya.platform().count_anew();
    assert_eq!(read(&maya, vault, record).await, Err(LOST));
    let hasty = maya.platform().asked();
    assert!(1 < hasty && hasty < patient && patient < 20, "asked {hasty} and {patient} times");
}

/// A file that somebody writes to while it is read.
struct Rewritten<'a>(&'a [u8]);

impl Source for Rewritten<'_> {
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        self.0.read(offset, length).await
    }

    fn is_unchanged(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_not_kept() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let content = b"sinus rhythm";
    let before = entries(&host).await;
    let ticket = maya.begin(draft("ECG", Category::Laboratory, content)).await.unwrap();
    let sent = maya.run(&ticket, &Rewritten(content), &NoOutbox, &Unwatched).await;
    assert_eq!(sent, Err(ClientError::Source));
    assert_eq!(entries(&host).await, before);
    assert!(verify(&maya).await.unwrap().is_empty());
}

const PUT_CHUNK: On = On(Method::Put, "/chunks/");

/// Of half a chunk nothing is kept, and it takes up no place: the same one, sent again, is stored whole.
#[tokio::test]
async fn a_chunk_that_breaks_off_half_way_is_sent_again_whole() {
    let content: Vec<u8> = (0..(8_u32 << 20) + 100_000).map(|place| (place % 253) as u8).collect();
    for tear in [Tear::Breaks, Tear::FallsShort, Tear::Stays] {
        let host = host().await;
        let maya = Who::Maya.device(&host).await;
        let ticket = maya.begin(draft("Scan", Category::Imaging, &content)).await.unwrap();
        let stored = async || (host.count("chunks").await, host.state.blobs.list().count().await);
        maya.platform().lie(Tears::always(PUT_CHUNK, tear));
        for _ in 0..=UPLOADS_OF_ONE {
            let sent = maya.run(&ticket, &content[..], &NoOutbox, &GivesUp::default()).await;
            assert_eq!((sent, stored().await), (Err(ClientError::Cancelled), (0, 0)), "{tear:?}");
        }
        maya.platform().be_honest();
        // Each breaks off once, and the upload goes on by itself: two chunks of the file, its picture and its text.
        maya.platform().lie(Tears::each_once(PUT_CHUNK, tear));
        maya.platform().count_anew();
        maya.run(&ticket, &content[..], &NoOutbox, &Unwatched).await.unwrap();
        assert_eq!((maya.platform().reached(PUT_CHUNK), stored().await), (4, (4, 4)), "{tear:?}");
        let verified = verify(&Who::Maya.device(&host).await).await.unwrap();
        assert!(verified == [("Scan".to_owned(), content.clone())], "{tear:?}");
    }
}
