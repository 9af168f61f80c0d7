//! One patient: what they share with this provider, and until when.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::clock::use_now;
use crate::pages::asking::{TroubleAlert, data, load};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::records::list::RecordList;
use crate::pages::records::rows::keep_pictures;
use crate::pages::sharing::person::compared_chip;
use crate::pages::words;
use crate::ui::{
    Card, EmptyState, Face, Glyph, Icon, LinkButton, List, Row, SafetyPhrase, Skeleton, SkeletonShape, Until,
};
use crate::vault::{Patient, RecordItem};

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
    let own = Signal::derive(move || {
        let all = data(records).get();
        vault.with(|vault| all.into_iter().filter(|item| item.vault == *vault).collect::<Vec<_>>())
    });
    let patient = Memo::new(move |_| {
        patients.data.with(|patients| {
            patients
                .as_ref()
                .map(|patients| vault.with(|vault| patients.iter().find(|patient| patient.vault == *vault).cloned()))
        })
    });
    (move || match patient.get() {
        None => view! {
            <h1>"Patient"</h1>
            <TroubleAlert trouble=patients.trouble again=Callback::new(move |()| patients.again()) />
            <Skeleton label="Getting what is shared" shape=SkeletonShape::Block />
        }.into_any(),
        Some(None) => view! {
            <h1>"Not here"</h1>
            <Card>
                <EmptyState glyph=Glyph::People title="This person shares nothing with you now" next="The sharing may have ended. They can share again at any time.">
                    <LinkButton href="/patients">"Go to your patients"</LinkButton>
                </EmptyState>
            </Card>
        }.into_any(),
        Some(Some(patient)) => view! {
            <TroubleAlert trouble=records.trouble again=Callback::new(move |()| records.again()) />
            <PatientView patient records=own />
        }.into_any(),
    })
    .into_any()
}

/// The page of a patient.
#[component]
pub fn PatientView(
    /// Who.
    patient: Patient,
    /// What they share.
    #[prop(into)]
    records: Signal<Vec<RecordItem>>,
) -> impl IntoView {
    let now = use_now();
    let person = patient.person;
    let initials = words::initials(&person.name);
    let name = person.name.clone();
    let chip = compared_chip(&person);
    let shares = patient
        .shares
        .into_iter()
        .map(|share| {
            let title = words::reach_words(&share.reach);
            let title = title
                .chars()
                .next()
                .map(|first| first.to_uppercase().chain(title.chars().skip(1)).collect::<String>())
                .unwrap_or_default();
            let sub = format!("you {}", words::level_words(&share.level));
            view! {
                <Row title sub more=move || view! {
                    {move || {
                        let left = words::share_left(&share, now.get());
                        let until = if share.until.is_none() { "no end".to_owned() } else { left.words };
                        view! { <Until percent=left.percent words=until soon=left.soon /> }
                    }}
                } />
            }
        })
        .collect_view();
    view! {
        <Title text=person.name.clone() />
        <div class="row still top">
            <Face initials />
            <div class="stack grow">
                <div class="row"><h1>{name}</h1>{chip}</div>
                <span class="soft">{person.email}</span>
            </div>
        </div>
        <div class="two">
            <div class="stack wide"><RecordList items=records /></div>
            <div class="stack wide">
                <Card title="What you may see">
                    <List>{shares}</List>
                    <p class="seen"><Icon glyph=Glyph::Eye /><span>"The patient sees when you open a record or save a copy."</span></p>
                </Card>
                <Card title="Safety phrase">
                    <p>"The patient sees the same six words under \"Your account\". Compare them in person: they are the same only if nobody stands between you."</p>
                    <SafetyPhrase words=person.phrase />
                </Card>
            </div>
        </div>
    }
    .into_any()
}
