//! Comparing the six words of a person: before that, it is not certain who they are.

use std::rc::Rc;

use leptos::prelude::*;

use crate::pages::asking::{Act, use_act};
use crate::pages::focus::{is_nowhere, lead_focus};
use crate::pages::telling::TroubleAlert;
use crate::ui::{Button, ButtonKind, Dialog, Erase as _, Glyph, SafetyPhrase, use_toasts};
use crate::vault::{Compared, Person, Vault};

/// Whether there are words of a person that were not compared yet.
pub fn is_to_compare(person: &Person) -> bool {
    !person.compared && !person.phrase.is_empty()
}

/// What the six words answer: "Is this really Dr Kenji Ito?" Pure.
pub fn question(name: &str) -> String {
    format!("Is this really {name}?")
}

/// How somebody who shares finds the answer. Pure.
pub fn how(name: &str) -> String {
    format!(
        "{name} sees six words under \"Your account\". Compare them with these, in person or on a call. If they are the same, this is really who you mean. If not, do not share, and call them on a number that you know."
    )
}

/// The six words of a person, and the button that says that they are the same.
#[component]
pub fn SixWords(
    /// Whose.
    person: Person,
    /// Whether the person was just found by an address.
    #[prop(optional)]
    found: bool,
    /// What was kept, where it could not be noted.
    kept: &'static str,
    /// The noting, and whether the dialog is open that these words stand in: it outlives them.
    #[prop(optional)]
    dialog: Option<(Act, RwSignal<bool>)>,
    /// They were compared.
    #[prop(into)]
    on_compared: Callback<()>,
) -> impl IntoView {
    let act = dialog.map_or_else(use_act, |(act, _)| act);
    let open = dialog.map(|(_, open)| open);
    let Person { account, phrase, name, .. } = person;
    let deed = format!("Noting that you compared the six words of {name}");
    let compared = Compared { account, phrase: phrase.clone(), found };
    let compare = move || {
        let compared = compared.clone();
        let then = move |()| {
            // Whoever asked may be gone.
            on_compared.try_run(());
        };
        let ask = move |vault: Rc<dyn Vault>| vault.compared(compared);
        match open {
            Some(open) => act.run_in(open, deed.clone(), ask, then),
            None => act.run(ask, then),
        }
    };
    let kind = if open.is_some() { ButtonKind::Main } else { ButtonKind::Quiet };
    view! {
        <SafetyPhrase words=phrase />
        <TroubleAlert trouble=act.trouble kept=kept in_dialog=open.is_some() />
        <div class="actions">
            {open.map(|open| view! { <Button kind=ButtonKind::Quiet disabled=act.busy on_press=move || open.set(false)>"Not now"</Button> })}
            <Button kind=kind glyph=Glyph::Check busy=act.busy on_press=compare>"The six words are the same"</Button>
        </div>
    }
    .erased()
}

/// A person whose six words somebody is about to compare.
#[derive(Clone, Copy)]
pub struct Comparing {
    person: RwSignal<Option<Person>>,
    /// Names the heading that the person stands under.
    heading: RwSignal<String>,
    open: RwSignal<bool>,
    act: Act,
}

impl Comparing {
    /// Asks about a person, who stands under a heading that a selector names. What was asked before is answered first.
    pub fn ask(self, person: Person, heading: String) {
        if self.act.busy.get_untracked() {
            return;
        }
        self.act.trouble.set(None);
        self.person.set(Some(person));
        self.heading.set(heading);
        self.open.set(true);
    }
}

/// Nobody's words are being compared yet.
pub fn use_comparing() -> Comparing {
    let (person, heading, open) = (RwSignal::new(None), RwSignal::new(String::new()), RwSignal::new(false));
    Comparing { person, heading, open, act: use_act() }
}

/// The question.
#[component]
pub fn CompareDialog(
    /// Who is asked about.
    comparing: Comparing,
) -> impl IntoView {
    let Comparing { person, heading, open, act } = comparing;
    let toasts = use_toasts();
    let name = move || person.with(|person| person.as_ref().map(|person| person.name.clone()).unwrap_or_default());
    let ask = move || question(&name());
    let compared = Callback::new(move |()| {
        toasts.good(format!("You compared the six words of {}.", untrack(name)));
        // The button that asked goes away. Whoever left the question before is elsewhere by now.
        if open.get_untracked() || is_nowhere() {
            lead_focus(heading.get_untracked());
        }
        open.set(false);
    });
    view! {
        <Dialog id="compare-words" open title=ask>
            {move || person.get().map(|person| view! {
                <p>{how(&person.name)}</p>
                <p class="soft">{person.email.clone()}</p>
                <SixWords person dialog=(act, open) kept="What you share is as it was." on_compared=compared />
            })}
        </Dialog>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::super::reach::tests::{kind, share};
    use super::*;

    #[test]
    fn words_are_compared_once_and_only_where_there_are_some() {
        let compared =
            Person { phrase: vec!["otter".to_owned()], ..share("1", "Dr Ito", kind("imaging"), None).person };
        let unsure = Person { compared: false, ..compared.clone() };
        assert!(is_to_compare(&unsure) && !is_to_compare(&compared));
        // Of whom the server tells nothing, there are no words.
        assert!(!is_to_compare(&Person { phrase: Vec::new(), ..unsure }));
    }

    #[test]
    fn it_is_said_whose_words_are_compared_where() {
        assert_eq!(question("Dr Ito"), "Is this really Dr Ito?");
        assert!(how("Dr Ito").starts_with("Dr Ito sees six words under \"Your account\"."));
    }
}
