//! Changing what is said about a record.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::details::{DetailFields, Entered, provide_onlookers};
use super::sought::NotThere;
use crate::pages::asking::{WhenLoaded, load, use_act};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::telling::TroubleAlert;
use crate::ui::{Button, ButtonKind, Card, Erase as _, LinkButton, Side, Skeleton, SkeletonShape, use_toasts};
use crate::vault::RecordItem;

/// `/records/:id/edit`
#[component]
pub fn EditPage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Edit the record" page=Inside::Edit /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    let params = use_params_map();
    let id = params.with_untracked(|params| params.get("id").unwrap_or_default());
    let records = load(|vault| vault.records());
    view! {
        <WhenLoaded
            loaded=records
            waiting=|| view! { <h1>"Edit the record"</h1> <Skeleton label="Getting the record" shape=SkeletonShape::Block /> }
            page=move || {
                // What is being typed must not change when the vault does.
                let item = records.data.with_untracked(|records| {
                    records.as_ref().and_then(|records| records.iter().find(|item| item.id == id).cloned())
                });
                match item {
                    Some(item) => view! { <EditRecord item /> }.erased(),
                    None => view! { <NotThere side=Side::Patient /> }.erased(),
                }
            }
        />
    }
    .erased()
}

/// The form.
#[component]
pub fn EditRecord(
    /// The record as it is.
    item: RecordItem,
) -> impl IntoView {
    provide_onlookers();
    let entered = Entered::new(item.details);
    let act = use_act();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let back = format!("/records/{}", item.id);
    let id = item.id;
    let to = back.clone();
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(details) = entered.read() else { return };
        let (navigate, to, id) = (navigate.clone(), to.clone(), id.clone());
        act.run(
            move |vault| vault.edit(id, details),
            move |()| {
                toasts.good("Saved.");
                if act.is_here() {
                    navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
                }
            },
        );
    };
    view! {
        <h1>"Edit the record"</h1>
        <div class="narrow">
            <Card>
                <form class="form" novalidate on:submit=send>
                    <DetailFields entered />
                    <TroubleAlert trouble=act.trouble kept="What you typed is still here." />
                    <div class="actions">
                        <Button submit=true busy=act.busy>"Save"</Button>
                        <LinkButton kind=ButtonKind::Quiet href=back>"Leave it as it was"</LinkButton>
                    </div>
                </form>
            </Card>
        </div>
    }
    .erased()
}
