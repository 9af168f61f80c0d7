//! A provider's first page: patients by what is new and by what ends soon.

use leptos::prelude::*;

use super::order::{by_news, ending_soon, last_end, named};
use crate::clock::use_now;
use crate::pages::asking::{Loaded, WhenLoaded, load};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::telling::TroubleAlert;
use crate::pages::words;
use crate::ui::{
    Card, CardTone, Chip, EmptyState, Erase as _, Face, Glyph, LinkButton, List, Row, SearchField, Skeleton, Tone,
};
use crate::vault::{Me, Patient, Patients};

/// `/patients`
#[component]
pub fn PatientsPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Providers title="Patients" page=Inside::Patients /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside(me: Me) -> AnyView {
    let patients = load(|vault| vault.patients());
    let here = Memo::new(move |_| {
        patients.data.with(|all: &Option<Patients>| all.as_ref().map(|all| all.here.clone()).unwrap_or_default())
    });
    view! {
        <PatientsHead me />
        <WhenLoaded
            loaded=patients
            waiting=|| view! { <Card><Skeleton label="Getting your patients" count=4 /></Card> }
            page=move || view! {
                <Missing patients />
                <PatientList patients=here />
            }
        />
    }
    .erased()
}

/// Whose vaults did not come, so that nobody takes the list for all of them.
#[component]
fn Missing(patients: Loaded<Patients>) -> impl IntoView {
    // Said anew only where it is something else.
    let missing = Memo::new(move |_| {
        patients.data.with(|all: &Option<Patients>| all.as_ref().map(|all| all.missing.clone()).unwrap_or_default())
    });
    let trouble = Memo::new(move |_| missing.with(|missing| missing.first().map(|(_, why)| why.clone())));
    let what = Memo::new(move |_| {
        let count = missing.with(Vec::len);
        let are = if count == 1 { "is" } else { "are" };
        format!("{} {are} not on this list.", words::count(u64::try_from(count).unwrap_or(u64::MAX), "patient"))
    });
    view! { <TroubleAlert trouble what again=Callback::new(move |()| patients.again()) /> }
}

/// The heading, with who one is to patients.
#[component]
pub fn PatientsHead(
    /// The provider.
    me: Me,
) -> impl IntoView {
    let Me { name, provider, .. } = me;
    let verified = provider.as_ref().is_some_and(|provider| provider.verified);
    let about = match provider {
        Some(provider) => [name, provider.specialty, provider.organisation]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        None => name,
    };
    view! {
        <div class="stack">
            <h1>"Patients"</h1>
            {if verified {
                view! {
                    <div class="row"><span class="soft">{about}</span><Chip tone=Tone::Good glyph=Glyph::Shield>"profession checked"</Chip></div>
                }.erased()
            } else {
                view! { <p class="soft">{about}</p><p class="soft">"Nobody has checked your profession yet."</p> }.erased()
            }}
        </div>
    }
    .erased()
}

/// The patients.
#[component]
pub fn PatientList(
    /// Those who share.
    #[prop(into)]
    patients: Signal<Vec<Patient>>,
) -> impl IntoView {
    let now = use_now();
    let typed = RwSignal::new(String::new());
    let none = Memo::new(move |_| patients.with(Vec::is_empty));
    let found = Memo::new(move |_| by_news(patients.with(|patients| typed.with(|typed| named(patients, typed)))));
    let ending = Memo::new(move |_| {
        now.get().map(|now| patients.with(|patients| ending_soon(patients, now))).unwrap_or_default()
    });
    view! {
        <Show
            when=move || !none.get()
            fallback=|| view! {
                <Card>
                    <EmptyState glyph=Glyph::People title="Nobody shares with you yet" next="Give your patients the e-mail address of this account. When they share, they appear here. Compare the six words of your safety phrase with them.">
                        <LinkButton href="/account" glyph=Glyph::Shield>"Show my safety phrase"</LinkButton>
                    </EmptyState>
                </Card>
            }
        >
            <SearchField name="search" label="Search your patients" value=typed placeholder="Name or e-mail address" />
            <div class="two">
                <Card title="Patients by what is new">
                    {move || {
                        let rows = found.get().into_iter().map(|patient| view! { <PatientRow patient /> }).collect_view();
                        view! { <List>{rows}</List> }
                    }}
                    {move || found.with(Vec::is_empty).then(|| view! { <EmptyState glyph=Glyph::Search title="No patient found" next="Try another part of the name or the address." /> })}
                    <p class="heard" role="status">{move || words::count(u64::try_from(found.with(Vec::len)).unwrap_or(u64::MAX), "patient")}</p>
                </Card>
                {move || {
                    let (ending, now) = (ending.get(), now.get_untracked());
                    (!ending.is_empty()).then(|| view! {
                        <Card tone=CardTone::Ask title="Ends this week">
                            <ul class="stack near">
                                {ending.into_iter().map(|(patient, end)| {
                                    let left = words::time_left(0, Some(end), now);
                                    view! { <li><strong>{patient.person.name}</strong>" · "{left.words}</li> }
                                }).collect_view()}
                            </ul>
                            <p>"Save what you must keep in your own file, or ask the patient for more time."</p>
                        </Card>
                    })
                }}
            </div>
        </Show>
    }
    .erased()
}

#[component]
fn PatientRow(patient: Patient) -> impl IntoView {
    let now = use_now();
    let end = last_end(&patient);
    let initials = words::initials(&patient.person.name);
    let (count, new) = (patient.records, patient.new);
    let sub = move || {
        let records = words::count(count, "record");
        format!("{records} · {}", words::given_left(0, end, now.get()).words)
    };
    view! {
        <Row title=patient.person.name sub href=format!("/patients/{}", patient.vault) tile=move || view! { <Face initials /> }>
            {if new > 0 {
                view! { <Chip tone=Tone::Brand>{format!("{new} new")}</Chip> }.erased()
            } else {
                view! { <Chip>"nothing new"</Chip> }.erased()
            }}
        </Row>
    }
    .erased()
}
