//! The segments of chunks. Two are at work at once: while the platform's cipher has one, the next is read, and the one
//! before it is put where it belongs.

use std::cell::RefCell;
use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};
use protocol::entry::CHUNK;
use vault::floe::{BulkCipher, Layout, Opener, SEGMENT, Sealer};

use crate::error::{Alarm, ClientError};
use crate::platform::{Platform, Random};
use crate::upload::Source;

/// Segments in a chunk.
const SEGMENTS: u64 = CHUNK / SEGMENT as u64;

/// Segments that are at work at once. More would only be more memory.
const AT_ONCE: usize = 2;

/// Buffers that are used again, so that a file of any size needs the same few.
#[derive(Default)]
struct Spare(RefCell<Vec<Vec<u8>>>);

impl Spare {
    fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(SEGMENT as usize))
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.0.borrow_mut().push(buffer);
    }
}

/// Seals a file, chunk by chunk, in any order.
pub struct ChunkSealer<C: BulkCipher> {
    sealer: Sealer<C>,
    size: u64,
    spare: Spare,
}

impl<C: BulkCipher> ChunkSealer<C> {
    /// For a file that has `size` bytes before it is padded to what the sealer is for.
    pub fn new(sealer: Sealer<C>, size: u64) -> Self {
        Self { sealer, size, spare: Spare::default() }
    }

    /// How the content is divided.
    pub const fn layout(&self) -> Layout {
        self.sealer.layout()
    }

    /// Reads and seals the segments of one chunk.
    pub async fn seal(
        &self,
        number: u64,
        source: &(impl Source + ?Sized),
        platform: &impl Platform,
    ) -> Result<Vec<u8>, ClientError> {
        let layout = self.layout();
        let positions = number * SEGMENTS..((number + 1) * SEGMENTS).min(layout.segments());
        let seal = async |position| {
            let offset = position * layout.step();
            let length = layout
                .length_at(position)
                .and_then(|length| usize::try_from(length).ok())
                .ok_or(ClientError::Source)?;
            let real = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX).min(length);
            let mut plaintext = if real > 0 { source.read(offset, real).await? } else { Vec::new() };
            if plaintext.len() != real {
                return Err(ClientError::Source);
            }
            plaintext.append(&mut vec![0; length - real]);
            let mut segment = self.spare.take();
            let head = self.sealer.seal(position, &plaintext, &mut Random(platform), &mut segment).await?;
            Ok::<_, ClientError>((head, segment))
        };
        let length = layout.sealed().saturating_sub(number * CHUNK).min(CHUNK);
        let mut chunk = Vec::with_capacity(usize::try_from(length).map_err(|_| ClientError::Source)?);
        let mut segments = pin!(stream::iter(positions).map(seal).buffered(AT_ONCE));
        while let Some(segment) = segments.next().await {
            let (head, segment) = segment?;
            chunk.extend_from_slice(&head);
            chunk.extend_from_slice(&segment);
            self.spare.give_back(segment);
        }
        Ok(chunk)
    }
}

/// Whether a sealed chunk that was kept is this file's, and not one of another file that was to go into the same
/// record: it has the length that is due, and its first segment opens.
pub(crate) async fn is_chunk_of<C: BulkCipher>(opener: &Opener<C>, number: u64, chunk: &[u8]) -> bool {
    let due = opener.layout().sealed().saturating_sub(number * CHUNK).min(CHUNK);
    let first = chunk.get(..SEGMENT as usize).unwrap_or(chunk);
    chunk.len() as u64 == due && opener.open(number * SEGMENTS, first, &mut Vec::new()).await.is_ok()
}

/// Opens a file, chunk by chunk.
pub struct ChunkOpener<'a, C: BulkCipher> {
    opener: &'a Opener<C>,
    size: u64,
    spare: Spare,
}

impl<'a, C: BulkCipher> ChunkOpener<'a, C> {
    /// For a file that has `size` bytes without its padding.
    pub fn new(opener: &'a Opener<C>, size: u64) -> Self {
        Self { opener, size, spare: Spare::default() }
    }

    /// Opens the segments of one chunk and hands them out in order: all that hold bytes of the file, and the last one,
    /// which says that it is.
    pub async fn open(
        &self,
        number: u64,
        chunk: &[u8],
        take: &mut impl AsyncFnMut(&[u8]) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let Self { opener, size, spare } = self;
        let (step, last) = (opener.layout().step(), opener.layout().segments() - 1);
        let is_wanted = |(position, _): &(u64, _)| position * step < *size || *position == last;
        let open = async |(position, sealed): (u64, &[u8])| {
            let mut piece = spare.take();
            opener.open(position, sealed, &mut piece).await.map_err(|_| Alarm::Blob)?;
            piece.truncate(usize::try_from(size.saturating_sub(position * step)).unwrap_or(usize::MAX));
            Ok::<_, ClientError>(piece)
        };
        let segments = (number * SEGMENTS..).zip(chunk.chunks(SEGMENT as usize)).filter(is_wanted);
        let mut pieces = pin!(stream::iter(segments).map(open).buffered(AT_ONCE));
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            if !piece.is_empty() {
                take(&piece).await?;
            }
            spare.give_back(piece);
        }
        Ok(())
    }
}
