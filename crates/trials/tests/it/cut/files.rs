//! Files on a line that breaks, and a file that changes while it is sent.

use std::collections::BTreeSet;

use client::ClientError;
use client::platform::{Request, Response, Unreachable};
use client::upload::{NoOutbox, Source, Unwatched};
use records::Category;

use crate::people::{Who, add, draft, entries, host, read, verify};
use crate::wire::{CutAt, Fate, Lie, READ_CHUNK, When};

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
