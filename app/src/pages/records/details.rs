//! The fields in which a person says what a record is.

use leptos::prelude::*;

use crate::pages::asking::Loaded;
use crate::pages::category;
use crate::pages::sharing::reach::will_see;
use crate::pages::sharing::shared::load_shares;
use crate::ui::{Erase as _, Glyph, Icon, Select, TextArea, TextField};
use crate::vault::{Details, Share};

/// The shares, for who will see a record of a kind as soon as it is there.
#[derive(Clone, Copy)]
struct Onlookers(Loaded<Vec<Share>>);

/// Lets the fields below say who will see the record.
pub fn provide_onlookers() -> Loaded<Vec<Share>> {
    let shares = load_shares();
    provide_context(Onlookers(shares));
    shares
}

/// What is typed about one record.
#[derive(Clone, Copy)]
pub struct Entered {
    title: RwSignal<String>,
    category: RwSignal<String>,
    date: RwSignal<String>,
    notes: RwSignal<String>,
    title_wrong: RwSignal<Option<String>>,
}

impl Entered {
    /// Begins with what is known or proposed.
    pub fn new(details: Details) -> Self {
        Self {
            title: RwSignal::new(details.title),
            category: RwSignal::new(category::slug(&details.category).to_owned()),
            date: RwSignal::new(details.date),
            notes: RwSignal::new(details.notes),
            title_wrong: RwSignal::new(None),
        }
    }

    /// What was entered, or none when something must be corrected first.
    pub fn read(self) -> Option<Details> {
        let title = self.title.with_untracked(|title| title.trim().to_owned());
        let wrong = title.is_empty().then(|| "Give it a title, such as Blood count.".to_owned());
        self.title_wrong.set(wrong);
        (!title.is_empty()).then(|| Details {
            title,
            category: self.category.get_untracked(),
            date: self.date.get_untracked(),
            notes: self.notes.with_untracked(|notes| notes.trim().to_owned()),
        })
    }
}

/// Title, kind, date and notes.
#[component]
pub fn DetailFields(
    /// What is typed.
    entered: Entered,
    /// Tells the fields of several records on a page apart.
    #[prop(default = 0)]
    number: u32,
) -> impl IntoView {
    let field = move |name: &str| format!("{name}-{number}");
    let onlookers = use_context::<Onlookers>();
    let will_see = move || {
        let shares = onlookers?.0.data.get()?;
        entered.category.with(|slug| will_see(&shares, slug))
    };
    view! {
        <TextField name=field("title") label="Title" value=entered.title error=entered.title_wrong autocomplete="off" />
        <div class="halves">
            <Select name=field("category") label="Kind of record" value=entered.category options=category::options() />
            <TextField name=field("date") label="Date" kind="date" optional=true value=entered.date autocomplete="off" />
        </div>
        <div role="status">
            {move || will_see().map(|words| view! { <p class="seen"><Icon glyph=Glyph::Eye /><span>{words}</span></p> })}
        </div>
        <TextArea name=field("notes") label="Notes" rows=2 optional=true value=entered.notes />
    }
    .erased()
}
