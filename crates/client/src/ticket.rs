//! What an upload needs to go on after any interruption.
//!
//! A [`Ticket`] is made on the device alone, and leaves this crate only sealed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use protocol::api::BlobCreate;
use protocol::entry::{Origin, PartKind};
use protocol::{BlobId, Digest, RecordId, VaultId, cbor};
use records::Metadata;
use vault::envelope::{open_envelope, seal_envelope};
use vault::floe::{Layout, Sealer};
use vault::padding::padme;
use vault::{ContentKey, SealContext};
use zeroize::Zeroizing;

use crate::api;
use crate::error::ClientError;
use crate::platform::{Platform, Random};
use crate::session::Session;
use crate::upload::{Draft, renewal_is_due};

/// An upload that has begun.
#[derive(Encode, Decode)]
pub struct Ticket {
    #[n(0)]
    pub(crate) vault: VaultId,
    #[n(1)]
    pub(crate) record: RecordId,
    /// The revision that the file will be sealed in.
    #[n(2)]
    pub(crate) origin: Origin,
    #[n(3)]
    pub(crate) blob: BlobId,
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) key: [u8; 32],
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) header: Vec<u8>,
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(crate) metadata: Vec<u8>,
    #[cbor(n(7), with = "minicbor::bytes")]
    pub(crate) thumbnail: Option<Vec<u8>>,
    #[n(8)]
    pub(crate) text: Option<String>,
    #[n(9)]
    pub(crate) fingerprint: Digest,
    /// Whether it was made just now, and not opened from what was kept of it: nothing was sent for it but what is noted
    /// here. Not kept, so that one that was kept is not new.
    #[cbor(skip)]
    is_new: bool,
    /// The digests of chunks that were sent since it was made or opened, whether or not an answer came.
    #[cbor(skip)]
    sent: RefCell<BTreeMap<u64, Digest>>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").field("record", &self.record).finish_non_exhaustive()
    }
}

impl Ticket {
    /// The record that it will become.
    pub const fn record(&self) -> RecordId {
        self.record
    }

    /// Tells whether another file is the same one: [`Draft::fingerprint`].
    pub const fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// Whether it was made for this very file.
    pub fn is_for(&self, draft: &Draft) -> bool {
        self.fingerprint == draft.fingerprint
            && self.metadata().is_ok_and(|own| own.file_name == draft.metadata.file_name)
    }

    /// What it is.
    pub fn metadata(&self) -> Result<Metadata, ClientError> {
        Ok(Metadata::decode(&self.metadata)?)
    }

    /// Whether it is for another file of a record that was there, and not for a new record.
    pub const fn is_replacement(&self) -> bool {
        self.origin.revision > 0
    }

    /// The revision of the record that it will become: 0 is a new record.
    pub const fn revision(&self) -> u32 {
        self.origin.revision
    }

    /// Whether the server was told of it before it was made or opened here, perhaps.
    pub(crate) const fn was_begun(&self) -> bool {
        !self.is_new
    }

    /// Notes that a chunk is being sent.
    pub(crate) fn sends(&self, number: u64, digest: Digest) {
        self.sent.borrow_mut().insert(number, digest);
    }

    /// Whether a chunk that the server says it has may be left to it unseen. Of what was sent from here, this very
    /// device knows which one it is. Of what was sent before that nothing is left here, and the server has to be
    /// believed; but a ticket that is new had sent nothing.
    pub(crate) fn is_left_to_server(&self, number: u64, digest: Digest) -> bool {
        self.sent.borrow().get(&number).map_or(self.was_begun(), |sent| *sent == digest)
    }

    /// Says something else about the same file: what was entered when it was chosen again.
    pub fn describe(&mut self, metadata: &Metadata) -> Result<(), ClientError> {
        metadata.validate()?;
        if self.metadata()?.size != metadata.size {
            return Err(ClientError::Source);
        }
        self.metadata = metadata.encode();
        Ok(())
    }
}

impl<P: Platform> Session<P> {
    /// Begins a new record in the own vault.
    pub async fn begin(&self, draft: Draft) -> Result<Ticket, ClientError> {
        let ticket = self.prepare(&draft)?;
        self.announce(&ticket).await?;
        Ok(ticket)
    }

    /// As [`Self::begin`], but on this device alone: the server learns of it when the ticket is run.
    pub fn prepare(&self, draft: &Draft) -> Result<Ticket, ClientError> {
        let vault = self.own_vault()?;
        let record = RecordId::from_bytes(vault::make_bytes(&mut Random(&self.platform)));
        let origin = Origin { revision: 0, generation: 0, author: self.who().account };
        self.prepare_at(vault, record, origin, draft)
    }

    /// Begins a new revision of a record, with another file.
    pub async fn begin_replacement(
        &self,
        vault: VaultId,
        record: RecordId,
        draft: Draft,
    ) -> Result<Ticket, ClientError> {
        self.sync(vault).await?;
        let ticket = self.prepare_replacement(vault, record, &draft)?;
        self.announce(&ticket).await?;
        Ok(ticket)
    }

    /// As [`Self::begin_replacement`], but on this device alone, from what it knows of the record.
    pub fn prepare_replacement(&self, vault: VaultId, record: RecordId, draft: &Draft) -> Result<Ticket, ClientError> {
        let author = self.who().account;
        let origin = self.with_view(vault, |view| {
            let facts = view.ledger.records.get(&record).filter(|facts| !facts.deleted)?;
            let generation = facts.generation + u32::from(renewal_is_due(view, record, &draft.metadata));
            Some(Origin { revision: facts.number + 1, generation, author })
        })?;
        self.prepare_at(vault, record, origin.ok_or(ClientError::Missing("record"))?, draft)
    }

    fn prepare_at(
        &self,
        vault: VaultId,
        record: RecordId,
        origin: Origin,
        draft: &Draft,
    ) -> Result<Ticket, ClientError> {
        draft.metadata.validate()?;
        let rng = &mut Random(&self.platform);
        let key = ContentKey::make(rng);
        let context = SealContext::Part { vault, record, part: PartKind::File, origin };
        let sealer = Sealer::start(self.platform.cipher(), &key, &context, padme(draft.metadata.size), rng);
        Ok(Ticket {
            vault,
            record,
            origin,
            blob: BlobId::from_bytes(vault::make_bytes(rng)),
            key: key.to_ticket(),
            header: sealer.header().to_vec(),
            metadata: draft.metadata.encode(),
            thumbnail: draft.thumbnail.clone(),
            text: draft.text.clone(),
            fingerprint: draft.fingerprint,
            is_new: true,
            sent: RefCell::default(),
        })
    }

    /// Tells the server which file will come. Telling it again changes nothing.
    pub(crate) async fn announce(&self, ticket: &Ticket) -> Result<(), ClientError> {
        let length = Layout::of_plaintext(padme(ticket.metadata()?.size)).sealed();
        api::create_blob(&self.platform, ticket.blob, &BlobCreate { vault: ticket.vault, length }).await
    }

    /// Seals a ticket for this device to keep between two runs.
    pub fn seal_ticket(&self, ticket: &Ticket) -> Vec<u8> {
        let key = self.master.derive_outbox_key();
        let plain = Zeroizing::new(cbor::encode(ticket));
        let context = SealContext::Outbox(self.who().account);
        seal_envelope(&key, &context, &plain, &mut Random(&self.platform))
    }

    /// Opens what [`Self::seal_ticket`] sealed.
    pub fn open_ticket(&self, sealed: &[u8]) -> Result<Ticket, ClientError> {
        let context = SealContext::Outbox(self.who().account);
        let plain = open_envelope(&self.master.derive_outbox_key(), &context, sealed)?;
        cbor::decode(&plain).map_err(|_| ClientError::Source)
    }
}
