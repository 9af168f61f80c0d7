//! Asking the vault: what was read stays in sight while it is read again, and what is done can be pressed once.

use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::pages::telling::{TroubleAlert, failed, is_same};
use crate::ui::place::Place;
use crate::ui::{Erase as _, Toasts, use_toasts};
use crate::vault::{Local, Status, Trouble, Vault, VaultHandle, use_vault};

/// Something that was read from the vault, and is read again whenever the vault changes.
pub struct Loaded<T: Send + Sync + 'static> {
    /// What was read last; none before the first answer.
    pub data: RwSignal<Option<T>>,
    /// Why the last reading failed.
    pub trouble: RwSignal<Option<Trouble>>,
    again: Trigger,
    vault: VaultHandle,
}

impl<T: Send + Sync + 'static> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Loaded<T> {}

impl<T: Send + Sync + 'static> Loaded<T> {
    /// Reads it once more, and lets the vault look for what is new: what did not come may come now.
    pub fn again(self) {
        if let Some(vault) = self.vault.get() {
            untrack(|| vault.look());
        }
        self.again.notify();
    }
}

/// How a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// Nothing is asked.
    Idle,
    /// It is asked.
    Asked,
    /// It is asked, and what it is about has changed since.
    Stale,
}

/// Reads something from the vault, now and after every change of it.
pub fn load<T: Send + Sync + 'static>(ask: impl Fn(Rc<dyn Vault>) -> Local<Result<T, Trouble>> + 'static) -> Loaded<T> {
    let vault = use_vault();
    let loaded = Loaded { data: RwSignal::new(None), trouble: RwSignal::new(None), again: Trigger::new(), vault };
    let asking = StoredValue::new(Asking::Idle);
    Effect::new(move |_| {
        loaded.again.track();
        let Some(vault) = vault.get() else { return };
        vault.version().track();
        // One question at a time: where a vault changes faster than it answers, each answer would be overtaken, and
        // nothing would ever be shown.
        if asking.get_value() != Asking::Idle {
            asking.set_value(Asking::Stale);
            return;
        }
        asking.set_value(Asking::Asked);
        // What the vault reads while it is asked is no reason to ask again.
        let answer = untrack(|| ask(vault));
        spawn_local(async move {
            let answer = answer.await;
            // The page may be gone.
            let Some(stood) = asking.try_get_value() else { return };
            asking.set_value(Asking::Idle);
            match answer {
                Ok(data) => {
                    loaded.data.try_set(Some(data));
                    loaded.trouble.try_set(None);
                }
                Err(trouble) => drop(loaded.trouble.try_set(Some(trouble))),
            }
            if stood == Asking::Stale {
                loaded.again.notify();
            }
        });
    });
    loaded
}

/// Something that a person does: whether it is at work, and why it failed.
#[derive(Clone, Copy)]
pub struct Act {
    /// Is at work.
    pub busy: RwSignal<bool>,
    /// Why it failed last.
    pub trouble: RwSignal<Option<Trouble>>,
    vault: VaultHandle,
    toasts: Toasts,
}

/// Something to do with the vault, not begun.
pub fn use_act() -> Act {
    Act { busy: RwSignal::new(false), trouble: RwSignal::new(None), vault: use_vault(), toasts: use_toasts() }
}

impl Act {
    /// Whether the page that asked is still there: nobody is led away from another one.
    pub fn is_here(self) -> bool {
        self.busy.try_get_untracked().is_some()
    }

    /// Does it, and then goes on with what came of it, unless the vault was locked meanwhile. While it is at work, a
    /// second call does nothing.
    pub fn run<T: 'static>(
        self,
        ask: impl FnOnce(Rc<dyn Vault>) -> Local<Result<T, Trouble>>,
        then: impl FnOnce(T) + 'static,
    ) {
        self.begin(ask, then, |_| {});
    }

    /// The same from a dialog. Whoever has left it hears all the same of what failed; `deed` says what that was to be:
    /// "Stopping what Dr Kenji Ito can see".
    pub fn run_in<T: 'static>(
        self,
        dialog: RwSignal<bool>,
        deed: String,
        ask: impl FnOnce(Rc<dyn Vault>) -> Local<Result<T, Trouble>>,
        then: impl FnOnce(T) + 'static,
    ) {
        self.begin(ask, then, move |trouble| {
            if dialog.try_get_untracked() != Some(true) {
                self.toasts.stop(failed(&deed, trouble));
            }
        });
    }

    fn begin<T: 'static>(
        self,
        ask: impl FnOnce(Rc<dyn Vault>) -> Local<Result<T, Trouble>>,
        then: impl FnOnce(T) + 'static,
        otherwise: impl FnOnce(&Trouble) + 'static,
    ) {
        let Some(vault) = self.vault.get() else { return };
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.trouble.set(None);
        let asked_by = account(&*vault);
        let answer = untrack(|| ask(Rc::clone(&vault)));
        spawn_local(async move {
            let answer = answer.await;
            let gone = self.busy.try_set(false).is_some();
            // A locked page says nothing of what was done before, which may name a record; nor does anybody else's.
            let asks = account(&*vault);
            if gone && (asks.is_none() || asks != asked_by) {
                return;
            }
            match answer {
                Ok(done) => {
                    let place = Place::of_focus();
                    then(done);
                    if let Some(place) = place {
                        place.keep();
                    }
                }
                Err(trouble) => {
                    otherwise(&trouble);
                    self.trouble.try_set(Some(trouble));
                }
            }
        });
    }
}

/// The account whose vault is open.
fn account(vault: &dyn Vault) -> Option<String> {
    vault.status().with_untracked(|status| match status {
        Status::Open(me) => Some(me.account.clone()),
        Status::Starting | Status::SignedOut | Status::Locked(_) => None,
    })
}

/// Whether the page has come alive. Before that a form must not be sent: the browser would send it to the server,
/// with the password in it.
pub fn use_alive() -> Signal<bool> {
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));
    alive.into()
}

/// False while a page is first drawn, then true: what waits for it is drawn after the rest, in a piece of work of its own.
pub fn use_later() -> Signal<bool> {
    let later = RwSignal::new(false);
    // The page may be gone by then.
    Effect::new(move |_| set_timeout(move || _ = later.try_set(true), Duration::ZERO));
    later.into()
}

/// What stands in the place of something that is not known, where it is said elsewhere on the page why.
pub const NOT_KNOWN: &str = "This is not known just now.";

/// A part of a page that is read for itself.
#[derive(Clone, Copy)]
struct Part {
    number: u32,
    trouble: RwSignal<Option<Trouble>>,
    again: Callback<()>,
}

/// The parts of a page, in the order in which they were drawn. A server that is away breaks all of them, and once is
/// enough to say so: the first one does, for itself and for the others.
#[derive(Clone, Copy)]
struct Parts {
    drawn: RwSignal<Vec<Part>>,
    next: StoredValue<u32>,
}

impl Parts {
    fn new() -> Self {
        Self { drawn: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Adds a part, for as long as it is drawn.
    fn add(self, trouble: RwSignal<Option<Trouble>>, again: Callback<()>) -> u32 {
        let number = self.next.get_value();
        self.next.set_value(number.wrapping_add(1));
        self.drawn.update(|drawn| drawn.push(Part { number, trouble, again }));
        on_cleanup(move || {
            // The page may have gone with it.
            self.drawn.try_update(|drawn| drawn.retain(|part| part.number != number));
        });
        number
    }

    /// Whether a part that was drawn earlier says the trouble of this one.
    fn says_before(self, number: u32, own: RwSignal<Option<Trouble>>) -> bool {
        let Some(own) = own.get() else { return false };
        self.drawn.with(|drawn| {
            let earlier = drawn.iter().take_while(|part| part.number != number);
            earlier.filter_map(|part| part.trouble.try_get().flatten()).any(|other| is_same(&other, &own))
        })
    }

    /// Reads once more whatever failed.
    fn again(self) {
        // What is read may draw parts or take them away.
        for part in self.drawn.get_untracked() {
            if part.trouble.try_get_untracked().flatten().is_some() {
                part.again.run(());
            }
        }
    }
}

/// Lets the parts of a page say once what breaks all of them.
pub(super) fn provide_parts() {
    provide_context(Parts::new());
}

/// Shows what was loaded: `waiting` before the first answer, then `page`; a trouble stands above, unless another part of
/// the page says it already.
#[component]
pub fn WhenLoaded<T, W, WV, C, CV>(
    /// What is loaded.
    loaded: Loaded<T>,
    /// What stands there before the first answer.
    waiting: W,
    /// What shows it. It runs again only when data comes for the first time, so it takes the signal.
    page: C,
) -> impl IntoView
where
    T: Send + Sync + 'static,
    W: Fn() -> WV + Send + Sync + 'static,
    WV: IntoView + 'static,
    C: Fn() -> CV + Send + Sync + 'static,
    CV: IntoView + 'static,
{
    let there = Memo::new(move |_| loaded.data.with(Option::is_some));
    let failed = Memo::new(move |_| loaded.trouble.with(Option::is_some));
    let parts = use_context().unwrap_or_else(Parts::new);
    let number = parts.add(loaded.trouble, Callback::new(move |()| loaded.again()));
    // A part that comes or goes is no reason to read this one's trouble out anew.
    let is_said = Memo::new(move |_| parts.says_before(number, loaded.trouble));
    let trouble = Signal::derive(move || loaded.trouble.get().filter(|_| !is_said.get()));
    let alone = Signal::derive(move || !there.get());
    view! {
        <TroubleAlert trouble alone again=Callback::new(move |()| parts.again()) />
        {move || {
            // Once there is something to show, a trouble that comes or goes is no reason to draw it anew.
            if there.get() {
                page().erased()
            } else if failed.get() {
                is_said.get().then(|| view! { <p class="soft">{NOT_KNOWN}</p> }).erased()
            } else {
                waiting().erased()
            }
        }}
    }
    .erased()
}

/// A part of what was read, for what shows it: where the part goes away, it stays what it was last, until its place in
/// the page is gone too.
pub fn lasting<T: Clone + PartialEq + Send + Sync + 'static>(
    first: T,
    now: impl Fn() -> Option<T> + Send + Sync + 'static,
) -> Memo<T> {
    Memo::new(move |last: Option<&T>| now().or_else(|| last.cloned()).unwrap_or_else(|| first.clone()))
}

/// Reads data that is there; what a page shows inside [`WhenLoaded`].
pub fn data<T: Clone + Default + Send + Sync + 'static>(loaded: Loaded<T>) -> Signal<T> {
    // Taken once for each answer, not at each reading: what is not shared is copied.
    Memo::new_with_compare(move |_| loaded.data.get().unwrap_or_default(), |_, _| true).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::TroubleKind;

    fn trouble(happened: &str, kind: TroubleKind) -> Trouble {
        Trouble { happened: happened.to_owned(), kind }
    }

    #[test]
    fn the_first_part_that_fails_says_it_for_all_and_reads_them_all_once_more() {
        Owner::new().with(|| {
            let parts = Parts::new();
            let asked = StoredValue::new(Vec::new());
            let part = |name: &'static str| {
                let own = RwSignal::new(None);
                let again = Callback::new(move |()| asked.update_value(|asked| asked.push(name)));
                (own, parts.add(own, again))
            };
            let (shares, activity, records) = (part("shares"), part("activity"), part("records"));
            let says = |(own, number): (RwSignal<Option<Trouble>>, u32)| {
                own.with(Option::is_some) && !parts.says_before(number, own)
            };
            let said = || [shares, activity, records].map(says);
            let away = Some(trouble("The connection broke.", TroubleKind::Offline));
            assert_eq!(said(), [false, false, false]);
            activity.0.set(away.clone());
            records.0.set(Some(trouble("The server is busy.", TroubleKind::Offline)));
            assert_eq!(said(), [false, true, false]);
            shares.0.set(Some(trouble("This is no longer here.", TroubleKind::Gone)));
            assert_eq!(said(), [true, true, false], "another trouble is said, too");
            shares.0.set(away);
            assert_eq!(said(), [true, false, false]);
            activity.0.set(None);
            parts.again();
            assert_eq!(asked.get_value(), ["shares", "records"]);
        });
    }
}
