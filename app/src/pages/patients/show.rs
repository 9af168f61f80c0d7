//! One patient: what they share with this provider, and until when.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::clock::use_now;
use crate::pages::asking::{Loaded, WhenLoaded, lasting, load};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::records::list::RecordList;
use crate::pages::records::rows::keep_pictures;
use crate::pages::sharing::compare::{SixWords, is_to_compare, question};
use crate::pages::sharing::person::compared_chip;
use crate::pages::sharing::reach::decisive;
use crate::pages::telling::TroubleAlert;
use crate::pages::words;
use crate::ui::{
    Card, EmptyState, Erase as _, Face, Glyph, Icon, LinkButton, List, Row, Skeleton, SkeletonShape, Until, use_toasts,
};
use crate::vault::{Patient, Person, Records, Trouble, TroubleKind};

/// `/patients/:vault`
#[component]
pub fn PatientPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Providers title="Patient" page=Inside::Patient /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    keep_pictures();
    let params = use_params_map();
    let vault = Memo::new(move |_| params.with(|params| params.get("vault").unwrap_or_default()));
    let patients = load(|vault| vault.patients());
    let records = load(|vault| vault.records());
    let patient = Memo::new(move |_| {
        patients.data.with(|patients| {
            let here = &patients.as_ref()?.here;
            Some(vault.with(|vault| here.iter().find(|patient| patient.vault == *vault).cloned()))
        })
    });
    // Why this patient's vault is not here, if it is shared all the same.
    let missing = Memo::new(move |_| {
        patients.data.with(|patients| {
            let missing = &patients.as_ref()?.missing;
            let why = vault.with(|vault| missing.iter().find(|(id, _)| id == vault).map(|(_, why)| why.clone()))?;
            Some(if why.kind == TroubleKind::Alarm {
                why
            } else {
                Trouble { happened: format!("What this patient shares with you did not come. {}", why.happened), ..why }
            })
        })
    });
    let is_missing = Memo::new(move |_| missing.with(Option::is_some));
    let again = Callback::new(move |()| patients.again());
    // Whatever else changes about a patient changes in place: the search and where one was stay.
    let found = Memo::new(move |_| {
        patient.with(|patient| patient.as_ref().map(|patient| patient.as_ref().map(|patient| patient.vault.clone())))
    });
    (move || match found.get() {
        None => view! {
            <h1>"Patient"</h1>
            <TroubleAlert trouble=patients.trouble alone=true again />
            {move || patients.trouble.with(Option::is_none).then(|| view! {
                <Skeleton label="Getting what is shared" shape=SkeletonShape::Block />
            })}
        }.erased(),
        Some(None) if is_missing.get() => view! {
            <h1>"Patient"</h1>
            <TroubleAlert trouble=missing alone=true again />
        }.erased(),
        Some(None) => view! {
            <h1>"Not here"</h1>
            <Card>
                <EmptyState glyph=Glyph::People title="This person shares nothing with you now" next="The sharing may have ended. They can share again at any time.">
                    <LinkButton href="/patients">"Go to your patients"</LinkButton>
                </EmptyState>
            </Card>
        }.erased(),
        Some(Some(_)) => {
            let first = patient.get_untracked().flatten();
            first.map(|first| {
                let patient = lasting(first, move || patient.get().flatten());
                view! { <PatientView patient records /> }
            }).erased()
        }
    })
    .erased()
}

/// The page of a patient.
#[component]
pub fn PatientView(
    /// Who.
    #[prop(into)]
    patient: Signal<Patient>,
    /// The records of every patient.
    records: Loaded<Records>,
) -> impl IntoView {
    let now = use_now();
    let person = Memo::new(move |_| patient.with(|patient| patient.person.clone()));
    let name = Memo::new(move |_| person.with(|person| person.name.clone()));
    let vault = Memo::new(move |_| patient.with(|patient| patient.vault.clone()));
    // Copied once for each answer, not at each reading.
    let own = Memo::new(move |_| {
        records.data.with(|all| {
            let all = all.iter().flat_map(|all| all.iter());
            vault.with(|vault| all.filter(|item| item.vault == *vault).cloned().collect::<Records>())
        })
    });
    let held = Memo::new(move |_| patient.with(|patient| own.with(|own| decisive(&patient.shares, own))));
    let shares = move || {
        held.get()
            .into_iter()
            .map(|share| {
                let title = words::reach_words(&share.reach);
                let title = title
                    .chars()
                    .next()
                    .map(|first| first.to_uppercase().chain(title.chars().skip(1)).collect::<String>())
                    .unwrap_or_default();
                let sub = format!("You {}", words::level_words(&share.level));
                view! {
                    <Row title sub more=move || view! {
                        {move || {
                            let left = words::given_left(share.from, share.until, now.get());
                            view! { <Until percent=left.percent words=left.words soon=left.soon /> }
                        }}
                    } />
                }
            })
            .collect_view()
    };
    view! {
        <Title text=move || name.get() />
        <div class="row still top">
            <Face initials=move || name.with(|name| words::initials(name)) />
            <div class="stack grow">
                <div class="row"><h1>{move || name.get()}</h1>{move || person.with(compared_chip)}</div>
                <span class="soft">{move || person.with(|person| person.email.clone())}</span>
            </div>
        </div>
        <div class="two">
            <div class="stack wide">
                <WhenLoaded
                    loaded=records
                    waiting=|| view! { <Card><Skeleton label="Getting what is shared" count=4 /></Card> }
                    page=move || view! { <RecordList items=own empty=ViewFn::from(move || view! { <Card><NoneShared name /></Card> }) /> }
                />
            </div>
            <div class="stack wide">
                <Card title="What you may see">
                    <List>{shares}</List>
                    <p class="seen"><Icon glyph=Glyph::Eye /><span>"The patient sees when you open a record or save a copy."</span></p>
                </Card>
                <WhoItIs person />
            </div>
        </div>
    }
    .erased()
}

/// The six words of a patient until they are compared, and then that they were. Nothing where the server tells no words.
#[component]
fn WhoItIs(person: Memo<Person>) -> impl IntoView {
    // Said at once, of these words and no others; the patient comes anew a little later.
    let done = RwSignal::new(None::<Vec<String>>);
    let toasts = use_toasts();
    let compared = Memo::new(move |_| {
        person.with(|person| person.compared || done.with(|done| done.as_ref() == Some(&person.phrase)))
    });
    let known = Memo::new(move |_| compared.get() || person.with(is_to_compare));
    let words = move || {
        if compared.get() {
            return view! { <p class="soft">"You compared the six words, so this is really your patient."</p> }
                .erased();
        }
        let person = person.get();
        let (name, phrase) = (person.name.clone(), person.phrase.clone());
        // What was pressed goes away, and the focus to the heading.
        let on_compared = move || {
            toasts.good(format!("You compared the six words of {name}."));
            done.set(Some(phrase.clone()));
        };
        view! {
            <h3>{question(&person.name)}</h3>
            <p>"The patient sees the same six words under \"Your account\". Compare them in person or on a call. If they are the same, it is really your patient. If not, rely on nothing here, and ask them."</p>
            <SixWords person kept="What is shared with you is as it was." on_compared />
        }
        .erased()
    };
    move || {
        known.get().then(|| {
            view! {
                <Card title="Safety phrase"><div class="stack even">{words}</div></Card>
            }
        })
    }
}

/// Nothing is there yet of what is shared, such as of a kind of record of which the patient has none.
#[component]
fn NoneShared(name: Memo<String>) -> impl IntoView {
    view! {
        <EmptyState
            glyph=Glyph::Records
            title="No record to see yet"
            next=move || format!("{} has no record yet of what is shared with you. What comes later appears here.", name.get())
        />
    }
}
