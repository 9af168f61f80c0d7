//! What can be done to a share that holds: it is stopped, or ends at another time.

use leptos::prelude::*;

use super::change::{ChangeDialog, Changing, use_changing};
use super::stop::{StopDialog, Stopping, use_stopping};
use crate::pages::asking::Loaded;
use crate::ui::Erase as _;
use crate::vault::{Happenings, Records, Share};

/// Both, for the rows of a page.
#[derive(Clone, Copy)]
pub struct ShareActs {
    /// Stops one.
    pub stopping: Stopping,
    /// Gives one another end.
    pub changing: Changing,
}

/// Nothing is being done yet.
pub fn use_share_acts(shares: Loaded<Vec<Share>>, records: Loaded<Records>, activity: Loaded<Happenings>) -> ShareActs {
    ShareActs { stopping: use_stopping(shares, records, activity), changing: use_changing() }
}

/// Their questions. They stand once in a page.
#[component]
pub fn ShareDialogs(
    /// What is asked about.
    acts: ShareActs,
) -> impl IntoView {
    let ShareActs { stopping, changing } = acts;
    view! {
        <StopDialog stopping />
        <ChangeDialog changing />
    }
    .erased()
}
