//! Opening records: authenticated segments only, read where they are needed.

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::try_join;
use protocol::api::Refusal;
use protocol::entry::{Access, AccessKind, Blob, Body, CHUNK, PartKind};
use protocol::{AccountId, ApiError, BlobId, Digest, Minute, RecordId, VaultId};
use records::Metadata;
use vault::envelope::open_envelope;
use vault::floe::{Opener, SEGMENT};

use crate::activity::What;
use crate::api;
use crate::error::{Alarm, ClientError};
use crate::patience::Pauses;
use crate::platform::Platform;
use crate::segments::ChunkOpener;
use crate::session::Session;
use crate::view::VaultView;

/// For how long an opening that was recorded stands for the next ones of the same record, in minutes. The server gives
/// ciphertext for an hour; the rest is for clocks that differ a little, and for a file that takes its time.
const ONE_OPENING: u32 = 50;

/// For how long the first chunk is tried again, in milliseconds. Nothing is lost yet, and whoever opens a record waits.
const AT_FIRST: u32 = 5_000;

/// For how long each further chunk is tried again, in milliseconds.
const FURTHER_ON: u32 = 60_000;

/// Reads a record's file: any range, segment by segment.
pub struct Reader<'a, P: Platform> {
    chunks: Chunks<'a, P>,
    metadata: Metadata,
    blob: Blob,
    opener: Opener<P::Cipher>,
    /// What each chunk is by what was signed, once a part of the file was asked for.
    digests: Vec<Digest>,
    /// The chunk that was fetched last, and the segment that was opened last.
    chunk: Option<(u64, Bytes)>,
    segment: Option<(u64, Vec<u8>)>,
}

impl<P: Platform> std::fmt::Debug for Reader<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("blob", &self.blob.id).finish_non_exhaustive()
    }
}

/// Fetches the chunks of one record's file.
struct Chunks<'a, P> {
    session: &'a Session<P>,
    vault: VaultId,
    record: RecordId,
    /// What the reader does, by its own word; none for who needs no leave.
    access: Option<AccessKind>,
    blob: BlobId,
}

impl<P: Platform> Chunks<'_, P> {
    /// A chunk, tried again for a while where it does not come: what was read before it is not to be read once more.
    async fn fetch(&self, number: u64) -> Result<Bytes, ClientError> {
        let most = if number == 0 { AT_FIRST } else { FURTHER_ON };
        let mut pauses = Pauses::new();
        loop {
            let fetched = self.fetch_once(number).await;
            let left = most.saturating_sub(pauses.waited());
            let Some(pause) = fetched.as_ref().err().and_then(|lost| pauses.after(lost, left)) else { return fetched };
            self.session.platform.sleep(pause).await;
        }
    }

    /// What was recorded may be too old for the server by now, so it is recorded again if it must be.
    async fn fetch_once(&self, number: u64) -> Result<Bytes, ClientError> {
        let fetched = api::chunk(&self.session.platform, self.blob, number).await;
        match (fetched, self.access) {
            (Err(ClientError::Api(ApiError::Refused(Refusal::AccessNotRecorded))), Some(kind)) => {
                // Seldom needed, and much code: it stays out of the function that fetches every chunk.
                self.session.record_access(self.vault, self.record, kind, 0).boxed_local().await?;
                api::chunk(&self.session.platform, self.blob, number).await
            }
            (fetched, _) => fetched,
        }
    }
}

impl<P: Platform> Session<P> {
    /// Opens a record to show it. For somebody else's, the opening is signed and recorded first.
    pub async fn open(&self, vault: VaultId, record: RecordId) -> Result<Reader<'_, P>, ClientError> {
        self.read_as(vault, record, AccessKind::Opened).await
    }

    /// Opens a record to keep a copy. For somebody else's, that is recorded first.
    pub async fn save(&self, vault: VaultId, record: RecordId) -> Result<Reader<'_, P>, ClientError> {
        self.read_as(vault, record, AccessKind::Saved).await
    }

    async fn read_as(&self, vault: VaultId, record: RecordId, kind: AccessKind) -> Result<Reader<'_, P>, ClientError> {
        if self.with_view(vault, VaultView::owner)? == self.who().account {
            return self.reader(vault, record);
        }
        self.record_access(vault, record, kind, ONE_OPENING).await?;
        let mut reader = self.reader(vault, record)?;
        reader.chunks.access = Some(kind);
        Ok(reader)
    }

    /// Signs what this account does with a record of somebody else's, unless it did the same in the last minutes.
    async fn record_access(
        &self,
        vault: VaultId,
        record: RecordId,
        kind: AccessKind,
        within: u32,
    ) -> Result<(), ClientError> {
        let account: AccountId = self.who().account;
        self.commit(vault, |view| {
            let now = self.platform.now();
            let share = view.grant_to_sign_for(account, record, now).ok_or(ClientError::Missing("record"))?;
            let grant = share.grant.grant;
            let what = match kind {
                AccessKind::Saved => What::Saved(grant, record),
                AccessKind::Opened | AccessKind::Accepted => What::Opened(grant, record),
            };
            let is_recent = |at: Minute| at <= now && now < at.plus(within);
            let mut events = view.events().iter();
            if events.any(|event| event.what == what && event.who == account && is_recent(event.at)) {
                return Ok((Vec::new(), ()));
            }
            Ok((vec![Body::Access(Access { grant, kind, record: Some(record) })], ()))
        })
        .await
    }

    pub(crate) fn reader(&self, vault: VaultId, record: RecordId) -> Result<Reader<'_, P>, ClientError> {
        let (metadata, blob, opener) = self.with_view(vault, |view| {
            let found = view.record(record).ok_or(ClientError::Missing("record"))?;
            let metadata = found.metadata.clone().ok_or(vault::OpenError)?;
            let part = found.part(PartKind::File).ok_or(ClientError::Missing("file"))?;
            let blob = part.blob().ok_or(ClientError::Missing("file"))?;
            let key = view.content_key(record, part)?;
            let context = view.part_context(record, PartKind::File, part.origin);
            let opener = Opener::start(self.platform.cipher(), &key, &context, &blob.header, blob.length)?;
            // The sealed length is what the metadata's length pads to, or one of the two was swapped.
            if opener.layout().plaintext() != vault::padding::padme(metadata.size) {
                return Err(ClientError::from(Alarm::Blob));
            }
            Ok((metadata, blob.clone(), opener))
        })??;
        let chunks = Chunks { session: self, vault, record, access: None, blob: blob.id };
        Ok(Reader { chunks, metadata, blob, opener, digests: Vec::new(), chunk: None, segment: None })
    }

    /// A record's small picture. Only the owner's own list shows them.
    pub async fn thumbnail(&self, vault: VaultId, record: RecordId) -> Result<Option<Vec<u8>>, ClientError> {
        self.small_part(vault, record, PartKind::Thumbnail).await
    }

    /// A record's text.
    pub async fn text(&self, vault: VaultId, record: RecordId) -> Result<Option<String>, ClientError> {
        let text = self.small_part(vault, record, PartKind::Text).await?;
        Ok(text.and_then(|text| String::from_utf8(text).ok()))
    }

    async fn small_part(
        &self,
        vault: VaultId,
        record: RecordId,
        kind: PartKind,
    ) -> Result<Option<Vec<u8>>, ClientError> {
        let found = self.with_view(vault, |view| {
            let Some(part) = view.record(record).and_then(|record| record.part(kind)) else { return Ok(None) };
            let Some(blob) = part.blob() else { return Ok(None) };
            let key = view.content_key(record, part)?;
            Ok::<_, ClientError>(Some((key, view.part_context(record, kind, part.origin), blob.clone())))
        })??;
        let Some((key, context, blob)) = found else { return Ok(None) };
        let envelope = api::chunk(&self.platform, blob.id, 0).await?;
        if Digest::of_all([Digest::of(&envelope)]) != blob.digest {
            return Err(Alarm::Blob.into());
        }
        Ok(Some(open_envelope(&key, &context, &envelope)?.to_vec()))
    }
}

impl<P: Platform> Reader<'_, P> {
    /// What the record is.
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Reads bytes at an offset; fewer only at the end. For whoever holds the whole vault: others read files as a whole.
    pub async fn read(&mut self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        let end = offset.saturating_add(length as u64).min(self.metadata.size);
        let mut bytes = Vec::new();
        let mut at = offset;
        while at < end {
            let step = self.opener.layout().step();
            let segment = self.segment(at / step).await?;
            let start = usize::try_from(at % step).map_err(|_| ClientError::Source)?;
            let wanted = usize::try_from(end - at).unwrap_or(usize::MAX);
            let piece = segment.get(start..).ok_or(Alarm::Blob)?;
            let piece = piece.get(..wanted).unwrap_or(piece);
            if piece.is_empty() {
                return Err(ClientError::from(Alarm::Blob));
            }
            bytes.extend_from_slice(piece);
            at += piece.len() as u64;
        }
        Ok(bytes)
    }

    /// Reads the whole file.
    pub async fn read_all(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut bytes = Vec::new();
        self.stream(async |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })
        .await?;
        Ok(bytes)
    }

    /// Streams the whole file, piece by piece, in order, and fetches the next chunk while one is opened: two of them are
    /// held at most. It is verified only once this has returned.
    pub async fn stream(
        &mut self,
        mut take: impl AsyncFnMut(&[u8]) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        (self.chunk, self.segment) = (None, None);
        let (chunks, opener) = (&self.chunks, ChunkOpener::new(&self.opener, self.metadata.size));
        let count = self.blob.length.div_ceil(CHUNK);
        let mut digests = Vec::new();
        let mut fetched = chunks.fetch(0).await?;
        for number in 0..count {
            if fetched.len() as u64 != (self.blob.length - number * CHUNK).min(CHUNK) {
                return Err(Alarm::Blob.into());
            }
            let ahead = async { if number + 1 < count { chunks.fetch(number + 1).await } else { Ok(Bytes::new()) } };
            let opened = async {
                let digest = chunks.session.platform.digest(&fetched).await;
                opener.open(number, &fetched, &mut take).await?;
                drop(fetched);
                Ok(digest)
            };
            let digest;
            (fetched, digest) = try_join(ahead, opened).await?;
            digests.push(digest);
        }
        if Digest::of_all(digests) == self.blob.digest { Ok(()) } else { Err(Alarm::Blob.into()) }
    }

    async fn segment(&mut self, position: u64) -> Result<&[u8], ClientError> {
        if self.segment.as_ref().is_none_or(|(held, _)| *held != position) {
            let start = position * u64::from(SEGMENT);
            let within = usize::try_from(start % CHUNK).map_err(|_| ClientError::Source)?;
            let chunk = self.chunk(start / CHUNK).await?;
            let end = (within + SEGMENT as usize).min(chunk.len());
            if within > end {
                return Err(Alarm::Blob.into());
            }
            let sealed = chunk.slice(within..end);
            let mut opened = Vec::new();
            self.opener.open(position, &sealed, &mut opened).await.map_err(|_| Alarm::Blob)?;
            self.segment = Some((position, opened));
        }
        match &self.segment {
            Some((_, segment)) => Ok(segment),
            None => Err(Alarm::Blob.into()),
        }
    }

    async fn chunk(&mut self, number: u64) -> Result<Bytes, ClientError> {
        if let Some((held, chunk)) = &self.chunk
            && *held == number
        {
            return Ok(chunk.clone());
        }
        let chunk = self.chunks.fetch(number).await?;
        let digest = self.chunks.session.platform.digest(&chunk).await;
        let signed = self.signed_digests().await?.get(usize::try_from(number).unwrap_or(usize::MAX));
        if signed != Some(&digest) {
            return Err(Alarm::Blob.into());
        }
        self.chunk = Some((number, chunk.clone()));
        Ok(chunk)
    }

    /// The digests of all chunks, which together are what the author signed. Segments that open are not enough: whoever
    /// was given the content key could seal others, and a server could serve them.
    async fn signed_digests(&mut self) -> Result<&[Digest], ClientError> {
        if self.digests.is_empty() {
            let status = api::blob_status(&self.chunks.session.platform, self.blob.id).await?;
            let digests: Vec<Digest> = status.stored.iter().map(|chunk| chunk.digest).collect();
            if Digest::of_all(digests.iter().copied()) != self.blob.digest {
                return Err(Alarm::Blob.into());
            }
            self.digests = digests;
        }
        Ok(&self.digests)
    }
}
