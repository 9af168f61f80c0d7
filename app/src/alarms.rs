//! Alarms that wait to be read: one after the other, so that none hides another.

use leptos::prelude::*;

use crate::vault::{Trouble, TroubleKind};

/// What nobody has read yet, oldest first, and nothing twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread(Vec<Trouble>);

impl Unread {
    /// The one that is shown.
    pub fn first(&self) -> Option<&Trouble> {
        self.0.first()
    }

    /// Puts one at the end, unless it waits already.
    pub fn add(&mut self, trouble: Trouble) {
        if !self.0.contains(&trouble) {
            self.0.push(trouble);
        }
    }

    /// Takes off one that was read.
    pub fn read(&mut self, trouble: &Trouble) {
        self.0.retain(|unread| unread != trouble);
    }

    /// Takes off whatever is over by itself.
    pub fn settle(&mut self, kind: TroubleKind) {
        self.0.retain(|unread| unread.kind != kind);
    }
}

/// The alarm that stands above a page, for what stands below and would say the same once more.
#[derive(Clone, Copy)]
pub struct Standing(Option<Memo<Option<Trouble>>>);

/// Tells a page which alarm stands above it.
pub fn provide_standing(alarm: Memo<Option<Trouble>>) {
    provide_context(Standing(Some(alarm)));
}

/// The alarm above this page; none where a page has no place for it, as before somebody is signed in.
pub fn use_standing() -> Standing {
    use_context().unwrap_or(Standing(None))
}

impl Standing {
    /// Whether it says that the page lost its vault.
    pub fn says_lost(self) -> bool {
        self.0.is_some_and(|alarm| alarm.with(|alarm| alarm.as_ref().is_some_and(Trouble::is_loss)))
    }

    /// Whether it says this.
    pub fn says(self, happened: &str) -> bool {
        self.0.is_some_and(|alarm| alarm.with(|alarm| alarm.as_ref().is_some_and(|alarm| alarm.happened == happened)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_shown_until_it_was_read_and_none_twice() {
        let trouble = |happened: &str, kind| Trouble { happened: happened.to_owned(), kind };
        let (older, newer) = (trouble("Older.", TroubleKind::Alarm), trouble("Newer.", TroubleKind::Alarm));
        let passing = trouble("Not told.", TroubleKind::Offline);
        let mut unread = Unread::default();
        assert_eq!(unread.first(), None);
        for said in [&older, &passing, &newer, &older, &newer] {
            unread.add(said.clone());
            assert_eq!(unread.first(), Some(&older), "the oldest stays until it was read");
        }
        unread.settle(TroubleKind::Offline);
        unread.read(&older);
        assert_eq!(unread.first(), Some(&newer));
        // What was read may happen again.
        unread.add(older.clone());
        unread.read(&newer);
        assert_eq!(unread.first(), Some(&older));
        unread.read(&older);
        assert_eq!(unread, Unread::default());
    }
}
