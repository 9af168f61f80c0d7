//! A record that is not known yet, that may be in a vault that did not come, or that is not there.

use leptos::prelude::*;

use crate::pages::asking::{Loaded, load};
use crate::pages::telling::TroubleAlert;
use crate::pages::words;
use crate::ui::{Card, EmptyState, Erase as _, Glyph, LinkButton, Side, Skeleton, SkeletonShape};
use crate::vault::{Records, Trouble};

/// A record of which nothing is known yet, or why it does not come.
#[component]
pub fn NotYet<T: Send + Sync + 'static>(
    /// What is on its way.
    loaded: Loaded<T>,
) -> impl IntoView {
    view! {
        <h1>"Record"</h1>
        <TroubleAlert trouble=loaded.trouble alone=true again=Callback::new(move |()| loaded.again()) />
        {move || loaded.trouble.with(Option::is_none).then(|| view! {
            <Skeleton label="Getting the record" shape=SkeletonShape::Block />
        })}
    }
    .erased()
}

/// A record that is in no vault that is here. Only where none is missing that may hold it, it is not there.
#[component]
pub fn Sought(
    /// The records that are here.
    records: Loaded<Records>,
    /// Whose side it is.
    side: Side,
) -> impl IntoView {
    let missing: Loaded<Vec<(String, Trouble)>> = load(move |vault| {
        Box::pin(async move {
            let missing = vault.patients().await?.missing;
            // Asked after that: a vault that came meanwhile must not be taken for one without this record.
            let newest = vault.records().await?;
            records.data.try_set(Some(newest));
            Ok(missing)
        })
    });
    // Said anew only where it is something else.
    let count = Memo::new(move |_| missing.data.with(|missing| missing.as_ref().map(Vec::len)));
    let trouble = Memo::new(move |_| {
        missing.data.with(|missing| missing.as_ref().and_then(|missing| missing.first()).map(|(_, why)| why.clone()))
    });
    let what = Memo::new(move |_| {
        let (who, share) = match count.get().unwrap_or_default() {
            1 => ("1 patient".to_owned(), "shares"),
            more => (words::count(u64::try_from(more).unwrap_or(u64::MAX), "patient"), "share"),
        };
        format!("What {who} {share} with you is not here now, and this record may be part of it.")
    });
    (move || match count.get() {
        None => view! { <NotYet loaded=missing /> }.erased(),
        Some(0) => view! { <NotThere side /> }.erased(),
        Some(_) => view! {
            <h1>"Record"</h1>
            <TroubleAlert trouble what alone=true again=Callback::new(move |()| missing.again()) />
        }
        .erased(),
    })
    .erased()
}

/// What is said where a record is not there, or not for this person: the same for both.
#[component]
pub fn NotThere(
    /// Whose side it is.
    side: Side,
) -> impl IntoView {
    let (href, words) = match side {
        Side::Patient => ("/records", "Go to your records"),
        Side::Provider => ("/patients", "Go to your patients"),
    };
    view! {
        <h1>"Not here"</h1>
        <Card>
            <EmptyState glyph=Glyph::Records title="There is no such record, or it is not shared with you" next="It may have been deleted, or its sharing has ended.">
                <LinkButton href>{words}</LinkButton>
            </EmptyState>
        </Card>
    }
    .erased()
}
