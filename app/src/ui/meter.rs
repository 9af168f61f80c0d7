//! How strong a chosen password is, in a word and in bars.

use leptos::prelude::*;

use super::Erase as _;

/// Four bars and a word. The caller works out the level; this only shows it.
#[component]
pub fn StrengthMeter(
    /// 0 (refused) to 4 (strong); none while nothing is typed.
    #[prop(into)]
    level: Signal<Option<u8>>,
    /// What would make it stronger, in a sentence.
    #[prop(optional, into)]
    advice: MaybeProp<String>,
) -> impl IntoView {
    let bar_level = move || level.get().map_or(0, |level| level.min(4));
    let bars = (1..=4u8).map(|bar| view! { <span class:on=move || bar <= bar_level()></span> }).collect_view();
    view! {
        <div class="meter" data-level=move || bar_level().to_string()>
            <div
                class="meter-bars"
                role="meter"
                aria-label="Password strength"
                aria-valuemin="0"
                aria-valuemax="4"
                aria-valuenow=move || bar_level().to_string()
                aria-valuetext=move || word(level.get())
            >
                {bars}
            </div>
            <p class="hint" role="status">
                {move || match advice.get() {
                    Some(advice) => format!("{}. {advice}", word(level.get())),
                    None => word(level.get()).to_owned(),
                }}
            </p>
        </div>
    }
    .erased()
}

fn word(level: Option<u8>) -> &'static str {
    match level {
        None => "",
        Some(0) => "Not accepted yet",
        Some(1) => "Easy to guess",
        Some(2) => "Could be stronger",
        Some(3) => "Good",
        Some(_) => "Strong",
    }
}
