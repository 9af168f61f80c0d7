//! An address that leads nowhere, or to something that is not the reader's: both read the same.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::{BareFrame, Card, EmptyState, Erase as _, Glyph, LinkButton};

/// Any other route.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <Title text="No such page" />
        <BareFrame>
            <h1>"No such page"</h1>
            <Card>
                <EmptyState glyph=Glyph::Search title="There is no such page, or it is not shared with you" next="Look at the address again, or go to the first page.">
                    <LinkButton href="/">"Go to the first page"</LinkButton>
                </EmptyState>
            </Card>
        </BareFrame>
    }
    .erased()
}
