//! Short words about what was just done, said aloud politely and gone by themselves.

use std::time::Duration;

use leptos::prelude::*;

use super::{Erase as _, Glyph, Icon, IconButton, Tone};

/// How long a toast stays. A warning or a failure stays until it is closed.
const STAY: Duration = Duration::from_secs(8);

#[derive(Clone, Debug)]
struct Toast {
    number: u32,
    tone: Tone,
    words: String,
}

/// The toasts on the page. Every page finds it with [`use_toasts`].
#[derive(Clone, Copy, Debug)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    fn new() -> Self {
        Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Says that something took place.
    pub fn good(self, words: impl Into<String>) {
        self.say(Tone::Good, words);
    }

    /// Says that something failed. For anything that needs an answer, use an `Alert` in the page.
    pub fn stop(self, words: impl Into<String>) {
        self.say(Tone::Stop, words);
    }

    /// Says something in a tone.
    pub fn say(self, tone: Tone, words: impl Into<String>) {
        let number = self.next.get_value();
        self.next.set_value(number.wrapping_add(1));
        let words = words.into();
        self.shown.update(|shown| {
            shown.push(Toast { number, tone, words });
        });
    }

    /// Takes back everything that was said: for when what it is about may be seen no more.
    pub fn clear(self) {
        self.shown.set(Vec::new());
    }

    fn close(self, number: u32) {
        // A timer may outlive the page that started it.
        self.shown.try_update(|shown| shown.retain(|toast| toast.number != number));
    }
}

/// Makes the toasts and puts them in reach of everything below. Call it once, in the application.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts::new();
    provide_context(toasts);
    toasts
}

/// The toasts of the application; a fresh set that nobody sees where none were provided.
pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(Toasts::new)
}

/// The place where toasts appear. Put it once, after the frame.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.number let(toast)>
                <ToastItem toast toasts />
            </For>
        </div>
    }
    .erased()
}

#[component]
fn ToastItem(toast: Toast, toasts: Toasts) -> impl IntoView {
    let Toast { number, tone, words } = toast;
    let stays = matches!(tone, Tone::Warn | Tone::Stop);
    Effect::new(move |_| {
        if !stays {
            set_timeout(move || toasts.close(number), STAY);
        }
    });
    view! {
        <div class=format!("toast {}", tone.class())>
            <Icon glyph=tone.glyph() />
            <p>{words}</p>
            <IconButton glyph=Glyph::Close label="Close this message" on_press=move || toasts.close(number) />
        </div>
    }
    .erased()
}
