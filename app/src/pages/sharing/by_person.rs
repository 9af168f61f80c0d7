//! Who can see what, by person: what ends first on top.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::acts::ShareActs;
use super::compare::is_to_compare;
use super::person::{compared_chip, profession};
use super::reach::{Why, by_person};
use super::shared::SharedBy;
use crate::pages::asking::lasting;
use crate::pages::words;
use crate::ui::{Button, ButtonKind, Card, Erase as _, Face};
use crate::vault::Share;

/// Everybody who can see something.
#[component]
pub fn ByPerson(
    /// The shares that hold.
    held: Memo<Vec<Share>>,
    /// What is done to one.
    acts: ShareActs,
) -> impl IntoView {
    let people = Memo::new(move |_| by_person(held.get()));
    let index = Memo::new(move |_| {
        let of = |own: &Vec<Share>| Some((own.first()?.person.account.clone(), own.clone()));
        people.with(|people| people.iter().filter_map(of).collect::<BTreeMap<_, _>>())
    });
    let account = |own: &Vec<Share>| own.first().map(|share| share.person.account.clone());
    let item = move |first: Vec<Share>| {
        let account = account(&first).unwrap_or_default();
        let own = lasting(first, move || index.with(|index| index.get(&account).cloned()));
        view! { <PersonItem own acts /> }
    };
    view! {
        <Card>
            <ul class="list" role="list">
                <For each=move || people.get() key=account children=item />
            </ul>
        </Card>
    }
    .erased()
}

/// A person and everything that they can see.
#[component]
fn PersonItem(own: Memo<Vec<Share>>, acts: ShareActs) -> impl IntoView {
    let person = Memo::new(move |_| own.with(|own| own.first().map(|share| share.person.clone())));
    let by =
        Memo::new(move |_| own.with(|own| own.iter().map(|share| (share.clone(), Why::Itself)).collect::<Vec<_>>()));
    let name = move || person.with(|person| person.as_ref().map(|person| person.name.clone()).unwrap_or_default());
    let id = person.with_untracked(|person| person.as_ref().map(|person| format!("person-{}", person.account)));
    let id = id.unwrap_or_default();
    let heading = format!("#{id}");
    let unsure = Memo::new(move |_| person.with(|person| person.as_ref().is_some_and(is_to_compare)));
    let compare = {
        let heading = heading.clone();
        Callback::new(move |()| {
            if let Some(person) = person.get_untracked() {
                acts.comparing.ask(person, heading.clone());
            }
        })
    };
    view! {
        <li class="item top">
            <div class="lead">
                <Face initials=move || words::initials(&name()) />
                <div class="item-words">
                    <div class="row">
                        <h2 class="name" id=id>{name}</h2>
                        {move || person.with(|person| person.as_ref().map(compared_chip))}
                    </div>
                    <span class="soft">{move || person.with(|person| person.as_ref().map(profession))}</span>
                    {move || unsure.get().then(|| view! {
                        <div class="actions">
                            <Button kind=ButtonKind::Quiet on_press=compare>
                                "Compare the six words"<span class="heard">{move || format!(" of {}", name())}</span>
                            </Button>
                        </div>
                    })}
                    <SharedBy by of_person=true acts heading />
                </div>
            </div>
        </li>
    }
    .erased()
}
