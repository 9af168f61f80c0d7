//! What can be done to a share that holds: it is stopped, ends at another time, or its person is made certain of.

use leptos::prelude::*;

use super::change::{ChangeDialog, Changing, use_changing};
use super::compare::{CompareDialog, Comparing, use_comparing};
use super::stop::{StopDialog, Stopping, use_stopping};
use crate::pages::asking::Loaded;
use crate::ui::Erase as _;
use crate::vault::{Happenings, Records, Share};

/// All of it, for the rows of a page.
#[derive(Clone, Copy)]
pub struct ShareActs {
    /// Stops one.
    pub stopping: Stopping,
    /// Gives one another end.
    pub changing: Changing,
    /// Compares the six words of a person.
    pub comparing: Comparing,
}

/// Nothing is being done yet.
pub fn use_share_acts(shares: Loaded<Vec<Share>>, records: Loaded<Records>, activity: Loaded<Happenings>) -> ShareActs {
    ShareActs {
        stopping: use_stopping(shares, records, activity),
        changing: use_changing(),
        comparing: use_comparing(),
    }
}

/// Their questions. They stand once in a page.
#[component]
pub fn ShareDialogs(
    /// What is asked about.
    acts: ShareActs,
) -> impl IntoView {
    let ShareActs { stopping, changing, comparing } = acts;
    view! {
        <StopDialog stopping />
        <ChangeDialog changing />
        <CompareDialog comparing />
    }
    .erased()
}
