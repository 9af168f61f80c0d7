//! What a person is told.

pub mod choices;
pub mod list;
pub mod sentence;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::Refused;
use crate::api::notices::{Notice, notices};

/// The notices of whoever is signed in, for the bell and for the page.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Option<Result<Vec<Notice>, Refused>>>,
    /// Counts questions, and whoever comes or goes: an answer to an earlier one is not wanted any more.
    asked: StoredValue<u32>,
}

/// Gives pages the notices.
pub fn provide_notices() {
    provide_context(Notices::new());
}

/// The notices of this page.
pub fn use_notices() -> Notices {
    use_context().unwrap_or_else(Notices::new)
}

impl Notices {
    fn new() -> Self {
        Self { list: RwSignal::new(None), asked: StoredValue::new(0) }
    }

    /// Begins a question, which makes every earlier one void.
    fn ask(self) -> Option<u32> {
        self.asked.try_update_value(|asked| {
            *asked = asked.wrapping_add(1);
            *asked
        })
    }

    /// Asks the server again. What is shown stays until it answers.
    pub fn refresh(self) {
        let Some(own) = self.ask() else { return };
        spawn_local(async move {
            let answer = notices().await;
            // A later question may have been answered first, and somebody else may sit here by now.
            if self.asked.try_get_value() != Some(own) {
                return;
            }
            self.list.try_update(|list| {
                // A lost connection takes nothing off the page.
                if answer.is_ok() || !matches!(list, Some(Ok(_))) {
                    *list = Some(answer);
                }
            });
        });
    }

    /// Forgets them: somebody else may come.
    pub fn forget(self) {
        self.ask();
        self.list.set(None);
    }

    /// The notices; none before the first answer.
    pub fn list(self) -> Signal<Option<Result<Vec<Notice>, Refused>>> {
        self.list.into()
    }

    /// How many were not seen yet.
    pub fn unseen(self) -> Signal<u32> {
        Signal::derive(move || {
            self.list.with(|list| match list {
                Some(Ok(list)) => u32::try_from(list.iter().filter(|notice| !notice.read).count()).unwrap_or(u32::MAX),
                _ => 0,
            })
        })
    }
}
