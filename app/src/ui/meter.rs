//! How strong a chosen password is, in a word and in bars.

use leptos::prelude::*;

/// Four bars and a word. The caller works out the level; this only shows it.
#[component]
pub fn StrengthMeter(
    /// 0 (nothing yet) to 4 (strong).
    #[prop(into)]
    level: Signal<u8>,
    /// What would make it stronger, in a sentence.
    #[prop(optional, into)]
    advice: MaybeProp<String>,
) -> impl IntoView {
    let level = Signal::derive(move || level.get().min(4));
    let bars = (1..=4u8).map(|bar| view! { <span class:on=move || bar <= level.get()></span> }).collect_view();
    view! {
        <div class="meter" data-level=move || level.get().to_string()>
            <div
                class="meter-bars"
                role="meter"
                aria-label="Password strength"
                aria-valuemin="0"
                aria-valuemax="4"
                aria-valuenow=move || level.get().to_string()
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
    .into_any()
}

fn word(level: u8) -> &'static str {
    match level {
        0 => "Not good enough yet",
        1 => "Easy to guess",
        2 => "Could be stronger",
        3 => "Good",
        _ => "Strong",
    }
}
