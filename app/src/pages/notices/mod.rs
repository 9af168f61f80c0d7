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
}

/// Gives pages the notices.
pub fn provide_notices() {
    provide_context(Notices { list: RwSignal::new(None) });
}

/// The notices of this page.
pub fn use_notices() -> Notices {
    use_context().unwrap_or_else(|| Notices { list: RwSignal::new(None) })
}

impl Notices {
    /// Asks the server again. What is shown stays until it answers.
    pub fn refresh(self) {
        spawn_local(async move {
            let answer = notices().await;
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
