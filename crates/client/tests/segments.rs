//! The segments of a chunk, two at a time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod nearby;

use std::cell::Cell;

use client::segments::{ChunkOpener, ChunkSealer};
use client::{ClientError, Platform as _};
use protocol::entry::CHUNK;
use tokio::task::yield_now;
use vault::floe::{BulkCipher, CipherUnavailable, Native, Opener, Sealer, SegmentKey};
use vault::{ContentKey, OpenError, SealContext};

use nearby::{Nearby, OWNER};

/// Is done with every second piece before the one that it was given first.
#[derive(Default)]
struct Uneven(Cell<bool>);

impl Uneven {
    async fn dawdle(&self) {
        if !self.0.replace(!self.0.get()) {
            for _ in 0..3 {
                yield_now().await;
            }
        }
    }
}

impl BulkCipher for Uneven {
    type Key = <Native as BulkCipher>::Key;

    async fn import(&self, key: &SegmentKey) -> Result<Self::Key, CipherUnavailable> {
        yield_now().await;
        Native.import(key).await
    }

    async fn seal(
        &self,
        key: &Self::Key,
        nonce: &[u8; 12],
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), CipherUnavailable> {
        self.dawdle().await;
        Native.seal(key, nonce, aad, plaintext, sealed).await
    }

    async fn open(
        &self,
        key: &Self::Key,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        opened: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        self.dawdle().await;
        Native.open(key, nonce, aad, ciphertext, opened).await
    }
}

/// Every byte tells where it stood.
fn file(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from((at ^ (at >> 8) ^ (at >> 16)) & 0xff).unwrap()).collect()
}

/// A file of two chunks, padded by half of a segment, goes in and comes out in order, whichever segment is done first.
#[tokio::test]
async fn segments_stand_in_order_whichever_is_done_first() {
    let platform = Nearby::with_records(0, 7);
    let (key, context) = (ContentKey::make(&mut platform.random()), SealContext::Keyring(OWNER));
    let plaintext = file(10_000_000);
    let (size, padded) = (plaintext.len() as u64, plaintext.len() as u64 + 500_000);
    let sealer = Sealer::start(Uneven::default(), &key, &context, padded, &mut platform.random());
    let header = *sealer.header();
    let sealer = ChunkSealer::new(sealer, size);
    let mut chunks = Vec::new();
    for number in 0..sealer.layout().sealed().div_ceil(CHUNK) {
        chunks.push(sealer.seal(number, &plaintext[..], &platform).await.unwrap());
    }
    assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [8_388_608, 10_500_352 - 8_388_608]);

    let open = async |chunks: &[Vec<u8>]| {
        let opener = Opener::start(Uneven::default(), &key, &context, &header, sealer.layout().sealed()).unwrap();
        let opener = ChunkOpener::new(&opener, size);
        let mut opened = Vec::new();
        for (number, chunk) in (0..).zip(chunks) {
            let take = &mut async |piece: &[u8]| {
                opened.extend_from_slice(piece);
                Ok(())
            };
            opener.open(number, chunk, take).await?;
        }
        Ok::<_, ClientError>(opened)
    };
    assert!(open(&chunks).await.unwrap() == plaintext);

    // Two segments that changed places.
    let (first, second) = chunks[0].split_at_mut(1 << 20);
    first.swap_with_slice(&mut second[..1 << 20]);
    assert!(open(&chunks).await.is_err());
}

/// A file that became shorter while it was read is an error, and never sealed as if it had been so.
#[tokio::test]
async fn a_file_that_shrinks_is_not_sealed() {
    let platform = Nearby::with_records(0, 7);
    let (key, context) = (ContentKey::make(&mut platform.random()), SealContext::Keyring(OWNER));
    let sealer = Sealer::start(Uneven::default(), &key, &context, 3_000_000, &mut platform.random());
    let sealed = ChunkSealer::new(sealer, 3_000_000).seal(0, &file(2_000_000)[..], &platform).await;
    assert!(matches!(sealed, Err(ClientError::Source)));
}
