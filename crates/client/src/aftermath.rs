//! After a restore of the server from a backup: what keeps records from others is done again, and the rest is told.
//!
//! Entries that cannot be appended again as they were are lost. Whoever saw that a share was stopped, or was to end earlier,
//! and whoever deleted a record, does that anew. A file can be added again only by whoever still has it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::entry::{Body, Part, PartKind};
use protocol::{AccountId, ApiError, BlobId, GrantId, Head, Minute, RecordId, VaultId};
use vault::account::{AccountMemory, KnownRestore, SeenHead};

use crate::activity::What;
use crate::error::{ClientError, Gone};
use crate::platform::Platform;
use crate::record::end_record;
use crate::session::{Session, State};
use crate::view::VaultView;

/// What a restore undid of a vault, until that is told and done again.
#[derive(Debug)]
pub(crate) struct Aftermath {
    at: Minute,
    lost: u64,
    /// Records that have not the file that they had.
    files: BTreeSet<RecordId>,
    /// What is still to be done again: shares that were stopped, shares that were to end earlier, records that were deleted.
    stops: BTreeSet<GrantId>,
    ends: BTreeMap<GrantId, Minute>,
    deletions: BTreeSet<RecordId>,
    /// How much of that was done again.
    again: u64,
}

impl Aftermath {
    /// Of a restore that undid nothing, as far as is known yet.
    pub(crate) const fn none(at: Minute) -> Self {
        Self {
            at,
            lost: 0,
            files: BTreeSet::new(),
            stops: BTreeSet::new(),
            ends: BTreeMap::new(),
            deletions: BTreeSet::new(),
            again: 0,
        }
    }

    /// Whether nothing is missing that was seen.
    pub(crate) const fn is_nothing(&self) -> bool {
        self.lost == 0
    }

    /// Notes that so many entries are missing, or more.
    pub(crate) fn lacks_at_least(&mut self, lost: u64) {
        self.lost = self.lost.max(lost);
    }

    /// Counts what was seen before, up to `reached`, and is not there now; notes what this account is to do again.
    pub(crate) fn count(&mut self, before: &VaultView, reached: Head, now: &VaultView, account: AccountId) {
        let mut seen = before.ledger.chain.range(..=reached.seq).rev();
        let common = seen.find(|&(seq, chain)| now.ledger.chain.get(seq) == Some(chain)).map_or(0, |(seq, _)| *seq);
        self.lost += reached.seq - common;
        let is_own = before.owner() == account;
        let goes_on = |grant: GrantId| now.share(grant).is_some_and(|share| share.stopped.is_none());
        let until = |view: &VaultView, grant: GrantId| view.share(grant).and_then(|share| share.grant.until);
        let gone = before.events().iter().filter(|event| common < event.seq && event.seq <= reached.seq);
        for event in gone {
            let is_by_account = event.who == account;
            match event.what {
                What::Stopped(grant) if (is_own || is_by_account) && goes_on(grant) => {
                    self.stops.insert(grant);
                }
                What::EndChanged(grant, _) if (is_own || is_by_account) && goes_on(grant) => {
                    if let Some(earlier) = until(before, grant)
                        && until(now, grant).is_none_or(|end| earlier < end)
                    {
                        self.ends.insert(grant, earlier);
                    }
                }
                What::Deleted(record) if is_by_account && now.record(record).is_some() => {
                    self.deletions.insert(record);
                }
                What::Added(record) | What::Changed(record) => {
                    let file = file_of(before, record);
                    if file.is_some() && file_of(now, record) != file {
                        self.files.insert(record);
                    }
                }
                _ => {}
            }
        }
        self.ends.retain(|grant, _| !self.stops.contains(grant));
    }

    /// What the person is told.
    pub(crate) fn told(&self) -> ClientError {
        let gone = Gone { lost: self.lost, files: self.files.len() as u64, again: self.again };
        ClientError::Restored { at: self.at, gone }
    }

    /// Tells what was not told yet. What is still to be done is no reason to tell it twice.
    fn tell(&mut self) -> Result<(), ClientError> {
        if self.is_nothing() {
            return Ok(());
        }
        let told = self.told();
        (self.lost, self.again) = (0, 0);
        self.files.clear();
        Err(told)
    }

    /// Whether nothing is left to be done again.
    fn is_settled(&self) -> bool {
        self.stops.is_empty() && self.ends.is_empty() && self.deletions.is_empty()
    }
}

/// What is settled although it was not done again: what is not there needs no end.
#[derive(Clone, Copy)]
enum Settled {
    /// By the log that this device verified, and by nothing that a server says.
    ByTheLog,
    /// Also where the server has nothing of the kind any more.
    ByTheServer,
}

/// The file of a record that is there.
fn file_of(view: &VaultView, record: RecordId) -> Option<BlobId> {
    view.record(record)?.part(PartKind::File).and_then(Part::blob).map(|blob| blob.id)
}

impl State {
    /// Notes what a restore undid of a vault, beside what is still to be told of one before.
    pub(crate) fn add_aftermath(&mut self, vault: VaultId, new: Aftermath) {
        let known = self.aftermath.entry(vault).or_insert_with(|| Aftermath::none(new.at));
        known.at = new.at;
        known.lost += new.lost;
        known.files.extend(new.files);
        known.stops.extend(new.stops);
        known.ends.extend(new.ends);
        known.deletions.extend(new.deletions);
    }
}

impl<P: Platform> Session<P> {
    /// Does again what a restore undid and this account must do again, and then tells of the restore, once. What the
    /// server refuses is tried again at every sync, and what this device kept stays as proof until then. Where nothing
    /// is to be told or done, it does nothing.
    pub(crate) async fn settle(&self, vault: VaultId) -> Result<(), ClientError> {
        let due = |left: &Aftermath| (left.stops.clone(), left.ends.clone(), left.deletions.clone());
        let Some((stops, ends, deletions)) = self.state.borrow().aftermath.get(&vault).map(due) else { return Ok(()) };
        for grant in stops {
            let made = self.commit_in_turns(vault, |_| true, |view| Ok((self.end_share(view, grant, true)?, ()))).await;
            self.done_again(vault, made, Settled::ByTheLog, |left| {
                left.stops.remove(&grant);
            })?;
        }
        for (grant, until) in ends {
            let is_over = until < self.platform.now();
            // Nothing is given an end that has been.
            let change = |view: &VaultView| -> Result<(Vec<Body>, ()), ClientError> {
                let bodies =
                    if is_over { self.end_share(view, grant, true)? } else { self.move_end(view, grant, Some(until))? };
                Ok((bodies, ()))
            };
            let made = self.commit_in_turns(vault, |_| true, change).await;
            self.done_again(vault, made, Settled::ByTheServer, |left| {
                left.ends.remove(&grant);
            })?;
        }
        for record in deletions {
            let made = self.commit_in_turns(vault, |_| false, |view| Ok((end_record(view, record)?, ()))).await;
            self.done_again(vault, made, Settled::ByTheServer, |left| {
                left.deletions.remove(&record);
            })?;
        }
        let lost = self.state.borrow().aftermath.get(&vault).map_or(0, |left| left.lost);
        match self.remember(|memory| note_lost(memory, vault, lost)).await {
            Ok(()) | Err(ClientError::Busy) => {}
            Err(error) => return Err(error),
        }
        let told = {
            let mut state = self.state.borrow_mut();
            let Some(left) = state.aftermath.get_mut(&vault) else { return Ok(()) };
            let told = left.tell();
            if !left.is_settled() {
                return told;
            }
            told
        };
        // What was kept from before was proof until now.
        self.drop_kept(vault).await;
        self.state.borrow_mut().aftermath.remove(&vault);
        self.keep_log(vault).await;
        told
    }

    /// Notes what became of one thing that was to be done again. What may go well later holds up what is left; what is
    /// refused does not, and stays to be done.
    fn done_again(
        &self,
        vault: VaultId,
        made: Result<(), ClientError>,
        settled: Settled,
        done: impl FnOnce(&mut Aftermath),
    ) -> Result<(), ClientError> {
        let again = match (made, settled) {
            (Ok(()), _) => 1,
            (Err(ClientError::Missing(_)), _) | (Err(ClientError::Api(ApiError::NotFound)), Settled::ByTheServer) => 0,
            (Err(error), _) if error.is_of_the_line() => return Err(error),
            (Err(error @ (ClientError::Busy | ClientError::Alarm(_) | ClientError::Restored { .. })), _) => {
                return Err(error);
            }
            (Err(_), _) => return Ok(()),
        };
        if let Some(left) = self.state.borrow_mut().aftermath.get_mut(&vault) {
            done(left);
            left.again += again;
        }
        Ok(())
    }
}

/// Notes beside the head of a vault how much a restore took away, for all devices of the account.
fn note_lost(memory: &mut AccountMemory, vault: VaultId, lost: u64) {
    if let Some(seen) = memory.seen(vault).copied() {
        let restore = seen.restore.map(|known| KnownRestore { lost: known.lost.max(lost), ..known });
        memory.set_seen(SeenHead { restore, ..seen });
    }
}
