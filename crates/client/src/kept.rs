//! The own log as this device keeps it between two runs: what was verified, so that the next start asks the server
//! only for what is new.
//!
//! Items are kept as they were received, in pages of a fixed number, each sealed under a key of the account for its
//! account, vault and number. Whatever opens was therefore verified here before: signatures are not checked a second
//! time, but order, authority and chain are, and the server's log has to go on from where the pages end. Beside the
//! items lies what each record's metadata opened to, so that ten thousand envelopes need not be opened again. Pages
//! that do not fit together are dropped, and the log is read from its beginning. Pages that the server's log does not
//! fit are proof against it: they stay, and only a restore of the server that was not known yet explains another log.
//! They go once that was told. What others share is not kept: which of its entries this account may see changes with the
//! shares, and once they have ended nothing of it is to lie on a device. So those logs are read anew at every start.

use minicbor::{Decode, Encode};
use protocol::api::{LogItem, Restored};
use protocol::entry::{Body, Entry};
use protocol::{AccountId, Head, Minute, RecordId, VaultId, cbor};
use records::Metadata;
use vault::SealContext;
use vault::envelope::{open_envelope, seal_envelope};
use zeroize::Zeroizing;

use crate::platform::{KeptLog, Platform, Random};
use crate::restored::LastRestore;
use crate::session::Session;
use crate::view::VaultView;

/// Items in every page but the last.
const PAGE: usize = 512;

/// An item of the log, and the revision that it brought.
#[derive(Debug)]
pub(crate) struct KeptItem {
    item: LogItem,
    revision: Option<(RecordId, u32)>,
}

impl KeptItem {
    pub(crate) fn new(item: LogItem, entry: Option<&Entry>) -> Self {
        let revision = match entry.map(|entry| &entry.body) {
            Some(Body::Revision(revision)) => Some((revision.record, revision.number)),
            _ => None,
        };
        Self { item, revision }
    }
}

#[derive(Encode, Decode)]
struct Page {
    /// Where the page begins.
    #[n(0)]
    before: Head,
    #[n(1)]
    items: Vec<LogItem>,
    #[n(2)]
    opened: Vec<Opened>,
    /// The server's last restore from a backup, as it was known then.
    #[n(3)]
    restore: Option<Restored>,
    /// The places in it at which something was sealed anew; none on pages from before that was noted.
    #[n(4)]
    renewed: Option<Vec<u64>>,
}

/// What the metadata of a record's revision opened to.
#[derive(Encode, Decode)]
struct Opened {
    #[n(0)]
    record: RecordId,
    #[n(1)]
    number: u32,
    #[cbor(n(2), with = "minicbor::bytes")]
    metadata: Vec<u8>,
}

impl<P: Platform> Session<P> {
    /// Whether this device keeps the log of a vault: its own, if it keeps any.
    pub(crate) fn keeps(&self, vault: VaultId) -> bool {
        self.platform.keeps_logs() && self.who().vault == Some(vault)
    }

    const fn kept_log(&self, vault: VaultId) -> KeptLog {
        KeptLog { account: self.who().account, vault }
    }

    /// Folds what this device kept into a new view; none when nothing was kept, or it does not fit.
    pub(crate) async fn restore(&self, mut view: VaultView) -> Option<VaultView> {
        let vault = view.id();
        if !self.keeps(vault) || self.state.borrow().afresh.contains(&vault) {
            return None;
        }
        let (account, now) = (self.who().account, self.platform.now());
        let mut opened = Vec::new();
        for number in 0.. {
            let Some(sealed) = self.platform.kept_page(self.kept_log(vault), number).await else { break };
            let Some(page) = self.open_page(vault, number, &sealed).filter(|page| page.before == view.head()) else {
                self.drop_kept(vault).await;
                return None;
            };
            let is_full = page.items.len() == PAGE;
            opened.extend(page.opened);
            view.keepsake.known = LastRestore::noted(page.restore);
            if !view.replay(page.items, account, now) {
                self.drop_kept(vault).await;
                return None;
            }
            if let Some(renewed) = page.renewed {
                view.settle_renewals(|_, candidate| renewed.contains(&candidate.seq()));
            }
            if !is_full {
                break;
            }
            view.tail.clear();
        }
        for Opened { record, number, metadata } in opened {
            let is_newest = view.records.get(&record).is_some_and(|known| known.revision.number == number);
            if let (true, Ok(metadata)) = (is_newest, Metadata::decode(&metadata)) {
                view.set_metadata(record, metadata);
            }
        }
        // What is kept was read to its end, or to that of a page.
        view.is_whole = true;
        (view.head().seq > 0).then_some(view)
    }

    /// Keeps what is new since the last time, if this device keeps this log. The last page is never full, and so is
    /// written again each time: it says which restore is known. What was kept before a restore stays until that is told.
    pub(crate) async fn keep_log(&self, vault: VaultId) {
        if !self.keeps(vault) || self.state.borrow().aftermath.contains_key(&vault) {
            return;
        }
        loop {
            let sealed = {
                let mut state = self.state.borrow_mut();
                let Some(view) = state.vaults.get_mut(&vault) else { return };
                self.seal_page(view)
            };
            let Some((number, is_full, page)) = sealed else { return };
            self.platform.keep_page(self.kept_log(vault), number, &page).await;
            if !is_full {
                return;
            }
        }
    }

    /// Forgets what this device kept of a vault's log.
    pub(crate) async fn drop_kept(&self, vault: VaultId) {
        self.platform.drop_log(self.kept_log(vault)).await;
    }

    /// Seals the first page of what is not kept yet; takes it off when it is full.
    fn seal_page(&self, view: &mut VaultView) -> Option<(u64, bool, Vec<u8>)> {
        let start = view.head().seq.checked_sub(view.tail.len() as u64)?;
        let number = start / PAGE as u64;
        let before = Head { seq: start, chain: *view.ledger.chain.get(&start)? };
        let is_full = view.tail.len() >= PAGE;
        let rest = view.tail.split_off(view.tail.len().min(PAGE));
        let kept = std::mem::replace(&mut view.tail, rest);
        let opened = kept.iter().filter_map(|item| {
            let (record, number) = item.revision?;
            let known = view.records.get(&record).filter(|known| known.revision.number == number)?;
            Some(Opened { record, number, metadata: known.metadata.as_ref()?.encode() })
        });
        let opened = opened.collect();
        let (items, revisions): (Vec<_>, Vec<_>) = kept.into_iter().map(|kept| (kept.item, kept.revision)).unzip();
        let renewed = Some(view.renewals_within(start, start + items.len() as u64));
        let page = Page { before, items, opened, restore: view.keepsake.known.note(), renewed };
        let plain = Zeroizing::new(cbor::encode(&page));
        if !is_full {
            view.tail =
                page.items.into_iter().zip(revisions).map(|(item, revision)| KeptItem { item, revision }).collect();
        }
        let context = SealContext::LogPage(self.who().account, view.id(), number);
        let sealed = seal_envelope(&self.master.derive_log_key(), &context, &plain, &mut Random(&self.platform));
        Some((number, is_full, sealed))
    }

    fn open_page(&self, vault: VaultId, number: u64, sealed: &[u8]) -> Option<Page> {
        let context = SealContext::LogPage(self.who().account, vault, number);
        let plain = open_envelope(&self.master.derive_log_key(), &context, sealed).ok()?;
        minicbor::decode(&plain).ok()
    }
}

impl VaultView {
    /// Takes in items that were verified before; says whether all of them fit.
    fn replay(&mut self, items: Vec<LogItem>, own: AccountId, now: Minute) -> bool {
        items.into_iter().all(|item| {
            let LogItem::Entry(signed) = &item else { return false };
            let Ok(verified) = self.ledger.replay(signed) else { return false };
            self.keepsake.keep(own, now, &verified, signed);
            let kept = KeptItem::new(item, Some(&verified.entry));
            self.tail.push(kept);
            self.take_in(verified);
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages from before restores were noted say nothing of one.
    #[test]
    fn an_older_page_still_opens() {
        #[derive(Encode)]
        struct Older {
            #[n(0)]
            before: Head,
            #[n(1)]
            items: Vec<LogItem>,
            #[n(2)]
            opened: Vec<Opened>,
        }

        let before = Head::before(VaultId::from_bytes([1; 16]));
        let older = cbor::encode(&Older { before, items: Vec::new(), opened: Vec::new() });
        let page: Page = minicbor::decode(&older).unwrap();
        assert_eq!((page.before, page.items.len(), page.opened.len()), (before, 0, 0));
        assert_eq!((page.restore, page.renewed), (None, None));
    }
}
