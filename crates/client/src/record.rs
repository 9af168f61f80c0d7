//! Changing and ending records, and the keys that go with it.

use protocol::entry::{Body, Content, Origin, Part, PartKind, RecordKey as RecordKeyEntry, Revision, Tombstone};
use protocol::{GrantScope, RecordId, VaultId};
use records::{Category, Metadata};
use vault::envelope::seal_envelope;
use vault::{ContentKey, KeyContext, OpenError, RecordKey};

use crate::error::ClientError;
use crate::platform::{Platform, Random};
use crate::session::Session;
use crate::share::reseal_record_key;
use crate::view::VaultView;

/// The record key that a new revision is to be written under.
pub(crate) struct Renewed {
    /// The entry, when the key is new.
    pub(crate) key: Option<RecordKeyEntry>,
    /// Its generation.
    pub(crate) generation: u32,
    /// The key.
    pub(crate) record_key: RecordKey,
    /// Entries that must follow: the new key, sealed again to holders of shares of this one record.
    pub(crate) bodies: Vec<Body>,
}

/// The present record key where it may still be used; a new one where the record is new, moves to another
/// category, or lies in a scope whose key has turned.
pub(crate) fn renew_key<P: Platform>(
    session: &Session<P>,
    view: &VaultView,
    record: RecordId,
    category: Category,
) -> Result<Renewed, ClientError> {
    let facts = view.ledger.records.get(&record);
    let scope = view.scope_of(category).ok_or(ClientError::Missing("category"))?;
    let epoch = view.ledger.scopes.get(&scope).ok_or(ClientError::Missing("category"))?.epoch;
    if let Some(facts) = facts
        && facts.scope == scope
        && facts.epoch == epoch
    {
        let key = view.record_key(record, facts.generation)?;
        return Ok(Renewed { key: None, generation: facts.generation, record_key: key, bodies: Vec::new() });
    }
    turn_record_key(session, view, record, category)
}

/// A new record key in any case.
pub(crate) fn turn_record_key<P: Platform>(
    session: &Session<P>,
    view: &VaultView,
    record: RecordId,
    category: Category,
) -> Result<Renewed, ClientError> {
    let scope = view.scope_of(category).ok_or(ClientError::Missing("category"))?;
    let epoch = view.ledger.scopes.get(&scope).ok_or(ClientError::Missing("category"))?.epoch;
    let seed = view.keys.seeds.get(&(scope, epoch)).ok_or(OpenError)?;
    let vault = view.id();
    let rng = &mut Random(&session.platform);
    let record_key = RecordKey::make(rng);
    let generation = view.ledger.records.get(&record).map_or(0, |facts| facts.generation + 1);
    let previous = match generation.checked_sub(1) {
        Some(before) => {
            let old = view.record_key(record, before)?;
            Some(record_key.wrap_previous(&KeyContext::RecordPrevious(vault, record, before), &old, rng))
        }
        None => None,
    };
    let context = KeyContext::Record { vault, record, generation, scope, epoch };
    let entry = RecordKeyEntry {
        record,
        generation,
        scope,
        epoch,
        commitment: record_key.commitment(),
        wrapped: seed.wrap_record_key(&context, &record_key, rng),
        previous,
    };
    let bodies = view
        .holders(GrantScope::Record(record), session.platform.now())
        .filter_map(|share| reseal_record_key(session, view, share, generation, &record_key))
        .collect();
    Ok(Renewed { key: Some(entry), generation, record_key, bodies })
}

/// The entry that deletes a record, as far as it is not deleted: a deletion that seemed to fail may be there.
pub(crate) fn end_record(view: &VaultView, record: RecordId) -> Result<Vec<Body>, ClientError> {
    if view.ledger.records.get(&record).is_some_and(|facts| facts.deleted) {
        return Ok(Vec::new());
    }
    let current = view.record(record).ok_or(ClientError::Missing("record"))?;
    Ok(vec![Body::Tombstone(Tombstone { record, number: current.revision.number })])
}

impl<P: Platform> Session<P> {
    /// Changes what is said about a record. Its file stays where it is. A change that changes nothing is not written.
    pub async fn edit(
        &self,
        vault: VaultId,
        record: RecordId,
        change: impl Fn(&mut Metadata),
    ) -> Result<(), ClientError> {
        self.commit_among(
            vault,
            |share| share.grant.scope == GrantScope::Record(record),
            |view| {
                let current = view.record(record).ok_or(ClientError::Missing("record"))?;
                let mut metadata = current.metadata.clone().ok_or(OpenError)?;
                change(&mut metadata);
                metadata.validate()?;
                // Said once is enough: a change that seemed to fail may be there.
                if Some(&metadata) == current.metadata.as_ref() {
                    return Ok((Vec::new(), ()));
                }
                let renewed = renew_key(self, view, record, metadata.category)?;
                let revision = self.next_revision(view, record, &metadata, &renewed)?;
                let mut bodies = renewed.bodies;
                bodies.insert(0, Body::Revision(Revision { key: renewed.key, ..revision }));
                Ok((bodies, ()))
            },
        )
        .await
    }

    /// Deletes a record. The server removes its blobs later. Deleting one that is deleted changes nothing.
    pub async fn delete(&self, vault: VaultId, record: RecordId) -> Result<(), ClientError> {
        self.commit(vault, |view| Ok((end_record(view, record)?, ()))).await
    }

    /// A revision with new metadata and the parts of the one before, their content keys wrapped again.
    fn next_revision(
        &self,
        view: &VaultView,
        record: RecordId,
        metadata: &Metadata,
        renewed: &Renewed,
    ) -> Result<Revision, ClientError> {
        let current = view.records.get(&record).ok_or(ClientError::Missing("record"))?;
        let (number, generation) = (current.revision.number + 1, renewed.generation);
        let rng = &mut Random(&self.platform);
        let data_key = ContentKey::make(rng);
        let origin = Origin { revision: number, generation, author: self.who().account };
        let envelope =
            seal_envelope(&data_key, &view.part_context(record, PartKind::Data, origin), &metadata.encode(), rng);
        let data_context = view.content_context(record, generation, PartKind::Data, origin);
        let mut parts = vec![Part {
            kind: PartKind::Data,
            origin,
            key: renewed.record_key.wrap_content_key(&data_context, &data_key, rng),
            content: Content::Inline(envelope),
        }];
        for part in current.revision.parts.iter().filter(|part| part.kind != PartKind::Data) {
            let key = view.content_key(record, part)?;
            let context = view.content_context(record, generation, part.kind, part.origin);
            parts.push(Part { key: renewed.record_key.wrap_content_key(&context, &key, rng), ..part.clone() });
        }
        Ok(Revision { record, number, generation, key: None, parts })
    }
}
