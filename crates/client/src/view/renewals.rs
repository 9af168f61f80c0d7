//! Revisions that say nothing new: what an ended share reached is sealed anew, and nobody has changed it.

use std::collections::BTreeMap;

use protocol::entry::{Part, PartKind, Revision};
use protocol::{Minute, RecordId};

use super::{Record, VaultView};
use crate::activity::What;

/// A revision that may be one.
#[derive(Debug)]
pub(crate) struct Candidate {
    record: RecordId,
    number: u32,
    /// The place of its entry, and the number of its event.
    seq: u64,
    event: usize,
    /// When the record had last changed before.
    changed: Minute,
    /// The sealed metadata before and since, and the generations of the record's key that open them.
    before: (u32, Part),
    since: (u32, Part),
}

impl Candidate {
    /// A revision in which everything is sealed anew after the key turned, and whose file is as long as it was.
    pub(super) fn of(before: &Record, revision: &Revision, seq: u64, event: usize) -> Option<Self> {
        let data = |revision: &Revision| {
            let part = revision.parts.iter().find(|part| part.kind == PartKind::Data)?;
            Some((revision.generation, part.clone()))
        };
        let length = |part: &Part| (part.kind, part.blob().map(|blob| blob.length));
        let (old, new) = (&before.revision.parts, &revision.parts);
        let has_turned = old.iter().any(|part| part.origin.generation < revision.generation);
        let is_anew = new.iter().all(|part| part.origin.revision == revision.number);
        if !has_turned || !is_anew || !old.iter().map(length).eq(new.iter().map(length)) {
            return None;
        }
        Some(Self {
            record: before.id,
            number: revision.number,
            seq,
            event,
            changed: before.changed,
            before: data(&before.revision)?,
            since: data(revision)?,
        })
    }

    /// The place of its entry.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }
}

impl VaultView {
    /// Decides about revisions that may say nothing new: one that does not is no change of the record.
    pub(crate) fn settle_renewals(&mut self, says_nothing_new: impl Fn(&Self, &Candidate) -> bool) {
        let mut settled: BTreeMap<RecordId, (u32, Minute)> = BTreeMap::new();
        for candidate in std::mem::take(&mut self.candidates) {
            if !says_nothing_new(self, &candidate) {
                continue;
            }
            let Candidate { record: id, number, .. } = candidate;
            // What was sealed anew twice has changed when it had before the first time.
            let changed = match settled.get(&id) {
                Some((before, changed)) if before + 1 == number => *changed,
                _ => candidate.changed,
            };
            settled.insert(id, (number, changed));
            if let Some(event) = self.events.get_mut(candidate.event) {
                event.what = What::Renewed(id);
            }
            if let Some(record) = self.records.get_mut(&id).filter(|record| record.revision.number == number) {
                record.changed = changed;
            }
        }
    }

    /// The places in a stretch of the log, without its first, at which something was sealed anew.
    pub(crate) fn renewals_within(&self, after: u64, until: u64) -> Vec<u64> {
        let start = self.events.partition_point(|event| event.seq <= after);
        let events = self.events.iter().skip(start).take_while(|event| event.seq <= until);
        events.filter(|event| matches!(event.what, What::Renewed(_))).map(|event| event.seq).collect()
    }

    /// Whether the metadata of a revision opens to what it was before.
    pub(super) fn is_as_before(&self, candidate: &Candidate) -> bool {
        let open = |(generation, part): &(u32, Part)| self.open_data(candidate.record, *generation, part);
        match (open(&candidate.before), open(&candidate.since)) {
            (Some(before), Some(since)) => before == since,
            _ => false,
        }
    }
}
