//! Files on their way into the vault: sealed segment by segment, sent as parallel chunks, resumable at any point.
//!
//! A [`Ticket`] holds what a run needs to go on after a reload: ids, the content key and the FLOE header. Chunks that
//! the server holds are not sent again; that it holds any of an upload that is new here, it is not believed.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use protocol::api::{BlobCreate, BlobStatus, Conflict, Refusal};
use protocol::entry::{Blob, Body, CHUNK, Content, Origin, Part, PartKind, Revision};
use protocol::{ApiError, BlobId, Digest, GrantScope, RecordId};
use records::Metadata;
use vault::envelope::seal_envelope;
use vault::floe::{BulkCipher, Layout, Opener, Sealer};
use vault::padding::padme;
use vault::{ContentKey, SealContext};

use crate::api;
use crate::error::ClientError;
use crate::patience::{GRANTED, LONGEST, Pauses};
use crate::platform::{Platform, Random};
use crate::record::{Renewed, renew_key, turn_record_key};
use crate::segments::{ChunkSealer, is_chunk_of};
use crate::session::Session;
pub use crate::ticket::Ticket;
use crate::view::{Share, VaultView};

/// Where a file's bytes come from.
#[expect(async_fn_in_trait, reason = "futures stay on their thread")]
pub trait Source {
    /// Reads bytes at an offset; fewer only at the end.
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError>;

    /// Whether what was read is of one and the same file. Asked once all of it was read, and before it is kept.
    fn is_unchanged(&self) -> bool {
        true
    }
}

impl Source for [u8] {
    async fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, ClientError> {
        let start = usize::try_from(offset).map_err(|_| ClientError::Source)?.min(self.len());
        let end = start.saturating_add(length).min(self.len());
        self.get(start..end).map(<[u8]>::to_vec).ok_or(ClientError::Source)
    }
}

/// Where sealed chunks wait until the server has them, so that a reload loses nothing. Ciphertext only.
#[expect(async_fn_in_trait, reason = "futures stay on their thread")]
pub trait Outbox {
    /// Keeps a sealed chunk. What cannot be kept is sealed again when it is needed.
    async fn put(&self, number: u64, chunk: &[u8]);

    /// A chunk that was kept.
    async fn get(&self, number: u64) -> Option<Vec<u8>>;
}

/// Nothing waits: the file stays at hand.
#[derive(Clone, Copy, Debug)]
pub struct NoOutbox;

impl Outbox for NoOutbox {
    async fn put(&self, _: u64, _: &[u8]) {}

    async fn get(&self, _: u64) -> Option<Vec<u8>> {
        None
    }
}

/// Who watches an upload, and may pause or stop it.
#[expect(async_fn_in_trait, reason = "futures stay on their thread")]
pub trait Watcher {
    /// Bytes of the file that the server has, of how many.
    fn sent(&self, bytes: u64, total: u64);

    /// The connection was lost (`true`), or is back (`false`). The upload goes on by itself.
    fn offline(&self, offline: bool);

    /// Called before every chunk: waits while paused, fails when stopped.
    async fn may_go_on(&self) -> Result<(), ClientError>;
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn sent(&self, _: u64, _: u64) {}

    fn offline(&self, _: bool) {}

    async fn may_go_on(&self) -> Result<(), ClientError> {
        Ok(())
    }
}

/// What goes into a record beside its file.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is.
    pub metadata: Metadata,
    /// Tells whether a file that is chosen again is the same one: its content as far as it was examined, its size, and
    /// when it last changed.
    pub fingerprint: Digest,
    /// A small picture of it, encoded.
    pub thumbnail: Option<Vec<u8>>,
    /// Its text, for search.
    pub text: Option<String>,
}

impl<P: Platform> Session<P> {
    /// Seals a whole file into an outbox, so that nothing but the outbox is needed from then on. What is there of it
    /// stays. Of an upload that was begun before, what only the server has is left to it: sealed once more it would be
    /// another chunk, and be sent again. Of a new one, no server is believed to have anything.
    pub async fn seal_ahead(
        &self,
        ticket: &Ticket,
        source: &(impl Source + ?Sized),
        outbox: &impl Outbox,
        watcher: &impl Watcher,
    ) -> Result<(), ClientError> {
        let size = ticket.metadata()?.size;
        let (sealer, opener) = (self.sealer(ticket, size)?, self.opener(ticket, size)?);
        let mut at_server = BTreeSet::new();
        // Where the server cannot be asked, everything is sealed.
        if ticket.was_begun()
            && let Ok(status) = api::blob_status(&self.platform, ticket.blob).await
        {
            let stored = status.stored.iter().map(|chunk| (u64::from(chunk.number), chunk.digest));
            let left = stored.filter(|(number, digest)| ticket.is_left_to_server(*number, *digest));
            at_server.extend(left.map(|(number, _)| number));
        }
        for number in 0..sealer.layout().sealed().div_ceil(CHUNK) {
            watcher.may_go_on().await?;
            if !at_server.contains(&number) && kept_chunk(outbox, &opener, number).await.is_none() {
                outbox.put(number, &sealer.seal(number, source, &self.platform).await?).await;
            }
        }
        Ok(())
    }

    /// Sends whatever the server does not have yet, then writes the record's entry. Running it again after any
    /// interruption goes on where it stopped; once the record is there, it does nothing.
    pub async fn run(
        &self,
        ticket: &Ticket,
        source: &(impl Source + ?Sized),
        outbox: &impl Outbox,
        watcher: &impl Watcher,
    ) -> Result<RecordId, ClientError> {
        let sent = self.send(ticket, source, outbox, watcher).await;
        if let Err(error) = &sent
            && is_overtaken(error)
            && self.is_there(ticket, watcher).await?
        {
            return Ok(ticket.record);
        }
        sent
    }

    async fn send(
        &self,
        ticket: &Ticket,
        source: &(impl Source + ?Sized),
        outbox: &impl Outbox,
        watcher: &impl Watcher,
    ) -> Result<RecordId, ClientError> {
        let metadata = ticket.metadata()?;
        let digests = self.send_chunks(ticket, metadata.size, source, outbox, watcher).await?;
        if !source.is_unchanged() {
            return Err(ClientError::Source);
        }
        let blob = Blob {
            id: ticket.blob,
            header: ticket.header.clone(),
            length: Layout::of_plaintext(padme(metadata.size)).sealed(),
            digest: Digest::of_all(digests.into_values()),
        };
        let thumbnail = match &ticket.thumbnail {
            Some(bytes) => Some(self.send_small(ticket, PartKind::Thumbnail, bytes, watcher).await?),
            None => None,
        };
        let text = match &ticket.text {
            Some(text) => Some(self.send_small(ticket, PartKind::Text, text.as_bytes(), watcher).await?),
            None => None,
        };
        // The last moment at which stopping leaves nothing behind.
        watcher.may_go_on().await?;
        let file = (PartKind::File, ContentKey::from_ticket(ticket.key), blob);
        let parts: Vec<_> = std::iter::once(file).chain(thumbnail).chain(text).collect();
        let of_record = |share: &Share| share.grant.scope == GrantScope::Record(ticket.record);
        let write =
            || self.commit_among(ticket.vault, of_record, |view| self.write_revision(view, ticket, &metadata, &parts));
        self.patiently(watcher, write).await?;
        watcher.sent(metadata.size, metadata.size);
        Ok(ticket.record)
    }

    async fn send_chunks(
        &self,
        ticket: &Ticket,
        size: u64,
        source: &(impl Source + ?Sized),
        outbox: &impl Outbox,
        watcher: &impl Watcher,
    ) -> Result<BTreeMap<u64, Digest>, ClientError> {
        let status = || self.patiently(watcher, || api::blob_status(&self.platform, ticket.blob));
        let status: BlobStatus = match status().await {
            // It was only prepared, or rested for so long that the server forgot it.
            Err(ClientError::Api(ApiError::NotFound)) => {
                self.patiently(watcher, || self.announce(ticket)).await?;
                status().await?
            }
            status => status?,
        };
        let (sealer, opener) = (self.sealer(ticket, size)?, self.opener(ticket, size)?);
        let chunks = sealer.layout().sealed().div_ceil(CHUNK);
        let stored = status.stored.iter().map(|chunk| (u64::from(chunk.number), chunk.digest));
        let stored: BTreeMap<u64, Digest> = stored.filter(|(number, _)| *number < chunks).collect();
        let left = stored.iter().filter(|(number, digest)| ticket.is_left_to_server(**number, **digest));
        let left: BTreeMap<u64, Digest> = left.map(|(number, digest)| (*number, *digest)).collect();
        let sent = Cell::new((left.len() as u64 * CHUNK).min(size));
        watcher.sent(sent.get(), size);

        let mut digests = BTreeMap::new();
        let mut in_flight = FuturesUnordered::new();
        for number in 0..chunks {
            watcher.may_go_on().await?;
            let bytes = match (kept_chunk(outbox, &opener, number).await, left.get(&number)) {
                (Some(kept), _) => kept,
                (None, None) => sealer.seal(number, source, &self.platform).await?,
                (None, Some(digest)) => {
                    digests.insert(number, *digest);
                    continue;
                }
            };
            // What is signed for is what this device has, and not what the server says that it has.
            let bytes = Bytes::from(bytes);
            let digest = self.platform.digest(&bytes).await;
            digests.insert(number, digest);
            if stored.get(&number) == Some(&digest) {
                continue;
            }
            if in_flight.len() >= self.platform.chunks_at_once()
                && let Some(done) = in_flight.next().await
            {
                let done: Result<(), ClientError> = done;
                done?;
            }
            ticket.sends(number, digest);
            let sent = &sent;
            in_flight.push(async move {
                self.patiently(watcher, || api::put_chunk(&self.platform, ticket.blob, number, digest, bytes.clone()))
                    .await?;
                sent.set((sent.get() + CHUNK).min(size));
                watcher.sent(sent.get(), size);
                Ok(())
            });
            // It goes out while the next one is sealed.
            if let Some(Some(done)) = in_flight.next().now_or_never() {
                done?;
            }
        }
        while let Some(done) = in_flight.next().await {
            done?;
        }
        Ok(digests)
    }

    fn sealer(&self, ticket: &Ticket, size: u64) -> Result<ChunkSealer<P::Cipher>, ClientError> {
        let (key, context) = sealed_with(ticket);
        let sealer = Sealer::resume(self.platform.cipher(), &key, &context, padme(size), &ticket.header)?;
        Ok(ChunkSealer::new(sealer, size))
    }

    fn opener(&self, ticket: &Ticket, size: u64) -> Result<Opener<P::Cipher>, ClientError> {
        let (key, context) = sealed_with(ticket);
        let length = Layout::of_plaintext(padme(size)).sealed();
        Ok(Opener::start(self.platform.cipher(), &key, &context, &ticket.header, length)?)
    }

    /// Seals a small part as one envelope and stores it as a blob of its own.
    async fn send_small(
        &self,
        ticket: &Ticket,
        part: PartKind,
        content: &[u8],
        watcher: &impl Watcher,
    ) -> Result<(PartKind, ContentKey, Blob), ClientError> {
        let rng = &mut Random(&self.platform);
        let key = ContentKey::make(rng);
        let context = SealContext::Part { vault: ticket.vault, record: ticket.record, part, origin: ticket.origin };
        let envelope = Bytes::from(seal_envelope(&key, &context, content, rng));
        let (id, length) = (BlobId::from_bytes(vault::make_bytes(rng)), envelope.len() as u64);
        let digest = Digest::of(&envelope);
        let create = BlobCreate { vault: ticket.vault, length };
        self.patiently(watcher, || api::create_blob(&self.platform, id, &create)).await?;
        self.patiently(watcher, || api::put_chunk(&self.platform, id, 0, digest, envelope.clone())).await?;
        Ok((part, key, Blob { id, header: Vec::new(), length, digest: Digest::of_all([digest]) }))
    }

    /// Tries again, with growing pauses, for as long as the server cannot be reached or takes no more, and not before it
    /// asked for that. Fails where it asked for longer than it is granted.
    async fn patiently<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        watcher: &impl Watcher,
        attempt: impl Fn() -> F,
    ) -> Result<T, ClientError> {
        let mut pauses = Pauses::new();
        loop {
            let result = attempt().await;
            let Some(pause) = result.as_ref().err().and_then(|lost| pauses.after(lost, GRANTED)) else {
                if pauses.waited() > 0 {
                    watcher.offline(false);
                }
                return result;
            };
            watcher.offline(true);
            // However long it is, somebody who stops the upload is heard before long.
            let mut left = pause;
            while left > 0 {
                watcher.may_go_on().await?;
                let part = left.min(LONGEST);
                self.platform.sleep(part).await;
                left -= part;
            }
        }
    }

    /// Whether the record has this very file by now.
    async fn is_there(&self, ticket: &Ticket, watcher: &impl Watcher) -> Result<bool, ClientError> {
        self.patiently(watcher, || self.sync(ticket.vault)).await?;
        self.with_view(ticket.vault, |view| has_file_of(view, ticket))
    }

    fn write_revision(
        &self,
        view: &VaultView,
        ticket: &Ticket,
        metadata: &Metadata,
        blobs: &[(PartKind, ContentKey, Blob)],
    ) -> Result<(Vec<Body>, ()), ClientError> {
        let record = view.ledger.records.get(&ticket.record);
        if record.is_some_and(|record| record.number >= ticket.origin.revision) {
            // An earlier run got this far; or another device was faster with another file.
            return if has_file_of(view, ticket) { Ok((Vec::new(), ())) } else { Err(ClientError::Busy) };
        }
        let mut renewed = renew_key(self, view, ticket.record, metadata.category)?;
        // The file was sealed for a new key, say because it was to lie elsewhere: then there is one. Where the key turned
        // after that, the file's context names an older generation, which stays true.
        if renewed.generation < ticket.origin.generation {
            renewed = turn_record_key(self, view, ticket.record, metadata.category)?;
        }
        let Renewed { key, generation, record_key, mut bodies } = renewed;
        if generation < ticket.origin.generation {
            return Err(ClientError::Busy);
        }
        let rng = &mut Random(&self.platform);
        let data_key = ContentKey::make(rng);
        let data_origin = Origin { revision: ticket.origin.revision, generation, author: self.who().account };
        let data_context = view.part_context(ticket.record, PartKind::Data, data_origin);
        let envelope = seal_envelope(&data_key, &data_context, &metadata.encode(), rng);
        let wrap = |part: PartKind, origin: Origin, content_key: &ContentKey, content: Content| Part {
            kind: part,
            origin,
            key: record_key.wrap_content_key(
                &view.content_context(ticket.record, generation, part, origin),
                content_key,
                &mut Random(&self.platform),
            ),
            content,
        };
        let mut parts = vec![wrap(PartKind::Data, data_origin, &data_key, Content::Inline(envelope))];
        parts
            .extend(blobs.iter().map(|(part, key, blob)| wrap(*part, ticket.origin, key, Content::Blob(blob.clone()))));
        let revision = Revision { record: ticket.record, number: ticket.origin.revision, generation, key, parts };
        bodies.insert(0, Body::Revision(revision));
        Ok((bodies, ()))
    }
}

/// Whether a record has the file of a ticket.
fn has_file_of(view: &VaultView, ticket: &Ticket) -> bool {
    let file = view.records.get(&ticket.record).and_then(|record| record.part(PartKind::File)).and_then(Part::blob);
    file.is_some_and(|blob| blob.id == ticket.blob)
}

/// Whether a run may have failed because another one of the same ticket, in another tab say, was at its end before.
const fn is_overtaken(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::Api(ApiError::Conflict(Conflict::Id) | ApiError::Refused(Refusal::Rule | Refusal::BlobIncomplete))
    )
}

/// The key of a ticket's file, and what it is sealed for.
fn sealed_with(ticket: &Ticket) -> (ContentKey, SealContext) {
    let Ticket { vault, record, origin, .. } = *ticket;
    (ContentKey::from_ticket(ticket.key), SealContext::Part { vault, record, part: PartKind::File, origin })
}

/// A chunk that an outbox has of this very file.
async fn kept_chunk<C: BulkCipher>(outbox: &impl Outbox, opener: &Opener<C>, number: u64) -> Option<Vec<u8>> {
    let kept = outbox.get(number).await?;
    is_chunk_of(opener, number, &kept).await.then_some(kept)
}

/// Whether a revision of this record needs a new key: its category changes, or its scope's key has turned.
pub(crate) fn renewal_is_due(view: &VaultView, record: RecordId, metadata: &Metadata) -> bool {
    let Some(facts) = view.ledger.records.get(&record) else { return false };
    let current = view.ledger.scopes.get(&facts.scope).map(|scope| scope.epoch);
    view.scope_of(metadata.category) != Some(facts.scope) || current != Some(facts.epoch)
}
