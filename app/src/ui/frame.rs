//! The frame of every signed-in page: lock state, notices, navigation. One design for a phone and a wide screen.

use leptos::prelude::*;
use leptos::{ev, html, web_sys};
use leptos_router::hooks::use_location;

use super::{Children, Chip, Erase as _, Face, Glyph, Icon, Mark, Tone};

/// Whose side of the bridge the frame is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The owner of a vault, or somebody who helps with one.
    #[default]
    Patient,
    /// A care team.
    Provider,
}

struct Tab {
    href: &'static str,
    name: &'static str,
    glyph: Glyph,
}

const PATIENT: &[Tab] = &[
    Tab { href: "/home", name: "Home", glyph: Glyph::Home },
    Tab { href: "/records", name: "Records", glyph: Glyph::Records },
    Tab { href: "/records/add", name: "Add", glyph: Glyph::Add },
    Tab { href: "/sharing", name: "Sharing", glyph: Glyph::Sharing },
    Tab { href: "/activity", name: "Activity", glyph: Glyph::Activity },
];

const PROVIDER: &[Tab] = &[
    Tab { href: "/patients", name: "Patients", glyph: Glyph::People },
    Tab { href: "/activity", name: "Activity", glyph: Glyph::Activity },
    Tab { href: "/account", name: "Account", glyph: Glyph::Person },
];

impl Side {
    fn tabs(self) -> &'static [Tab] {
        match self {
            Self::Patient => PATIENT,
            Self::Provider => PROVIDER,
        }
    }

    /// Where the mark leads.
    pub fn home(self) -> &'static str {
        match self {
            Self::Patient => "/home",
            Self::Provider => "/patients",
        }
    }

    /// The tab that a path belongs to: the longest one that it begins with. A care team has no records but its patients'.
    fn current(self, path: &str) -> Option<&'static str> {
        let begins = |href: &str| path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if self == Self::Provider && begins("/records") {
            return Some("/patients");
        }
        self.tabs().iter().map(|tab| tab.href).filter(|href| begins(href)).max_by_key(|href| href.len())
    }
}

/// The frame of signed-in pages. It needs a router around it.
#[component]
pub fn AppFrame(
    /// Whose side it is for.
    #[prop(optional)]
    side: Side,
    /// Whether the vault is locked here.
    #[prop(into)]
    locked: Signal<bool>,
    /// Whether it is just being opened, so that nobody knows yet whether it stays locked.
    #[prop(optional, into)]
    opening: Signal<bool>,
    /// Locks it. The lock state is then a button while it is unlocked.
    #[prop(optional, into)]
    on_lock: Option<Callback<()>>,
    /// How many notices are new. Without it there is no bell.
    #[prop(optional, into)]
    notices: Option<Signal<u32>>,
    /// Initials of the person.
    #[prop(optional, into)]
    initials: TextProp,
    /// The page, beginning with its `h1`.
    children: Children,
) -> impl IntoView {
    let path = use_location().pathname;
    let page = NodeRef::<html::Main>::new();
    take_scrolling_keys(page);
    let account = {
        let initials = initials.clone();
        move || format!("{}, your account", initials.get())
    };
    let tabs = side
        .tabs()
        .iter()
        .map(|tab| {
            let href = tab.href;
            let current = move || path.with(|path| (side.current(path) == Some(href)).then_some("page"));
            view! {
                <a class="tab" class:add=tab.glyph == Glyph::Add href=href aria-current=current>
                    <Icon glyph=tab.glyph />
                    <span>{tab.name}</span>
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="app">
            <a class="skip" href="#main">"Skip to the page"</a>
            <header class="top">
                <Mark href=side.home() />
                <div class="bar">
                    <LockState locked opening on_lock />
                    {notices.map(|notices| view! {
                        <a class="button only bell" href="/notices" aria-label=move || notices_label(notices.get())>
                            <Icon glyph=Glyph::Notices />
                            {move || (notices.get() > 0).then(|| view! { <span class="count" aria-hidden="true">{count(notices.get())}</span> })}
                        </a>
                    })}
                    <a class="face-link" href="/account" aria-label=account><Face initials small=true /></a>
                </div>
            </header>
            <nav class="tabs" aria-label="Main">{tabs}</nav>
            <main node_ref=page class="page" id="main" tabindex="-1">{children.draw()}</main>
        </div>
    }
    .erased()
}

/// Keys that scroll reach the page also while nothing has the focus. Where the page scrolls inside of the frame, as on a
/// tablet with a keyboard, they would otherwise scroll the window, which cannot move.
fn take_scrolling_keys(page: NodeRef<html::Main>) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            let is_free = || document().active_element().is_none_or(|active| active.tag_name() == "BODY");
            let is_plain = !(event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented());
            if is_plain
                && scrolls(&event.key())
                && is_free()
                && let Some(Some(page)) = page.try_get_untracked()
                && page.scroll_height() > page.client_height()
            {
                let options = web_sys::FocusOptions::new();
                options.set_prevent_scroll(true);
                drop(page.focus_with_options(&options));
            }
        });
        on_cleanup(move || listener.remove());
    });
}

fn scrolls(key: &str) -> bool {
    matches!(key, " " | "PageDown" | "PageUp" | "ArrowDown" | "ArrowUp" | "Home" | "End")
}

#[component]
fn LockState(locked: Signal<bool>, opening: Signal<bool>, on_lock: Option<Callback<()>>) -> impl IntoView {
    view! {
        <span role="status" class="lock-state">
            {move || match on_lock {
                _ if opening.get() => view! { <Chip glyph=Glyph::Clock>"Opening…"</Chip> }.erased(),
                _ if locked.get() => view! { <Chip glyph=Glyph::Locked>"Locked"</Chip> }.erased(),
                None => view! { <Chip tone=Tone::Good glyph=Glyph::Unlocked>"Unlocked here"</Chip> }.erased(),
                Some(on_lock) => view! {
                    <button type="button" class="chip lock" on:click=move |_| on_lock.run(())>
                        <Icon glyph=Glyph::Unlocked />
                        <span class="words">"Unlocked here " <span class="act">"Lock now"</span></span>
                    </button>
                }.erased(),
            }}
        </span>
    }
    .erased()
}

fn count(notices: u32) -> String {
    if notices > 99 { "99+".to_owned() } else { notices.to_string() }
}

fn notices_label(notices: u32) -> String {
    if notices == 0 { "Notices, none new".to_owned() } else { format!("Notices, {notices} new") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_longest_tab_it_begins_with() {
        let current = |path| Side::Patient.current(path);
        assert_eq!(current("/records"), Some("/records"));
        assert_eq!(current("/records/add"), Some("/records/add"));
        assert_eq!(current("/records/7f3a"), Some("/records"));
        assert_eq!(current("/recordsets"), None);
        assert_eq!(current("/"), None);
    }

    #[test]
    fn a_record_belongs_to_the_patients_of_a_care_team() {
        let current = |path| Side::Provider.current(path);
        assert_eq!(current("/patients/7f3a"), Some("/patients"));
        assert_eq!(current("/records/7f3a"), Some("/patients"));
        assert_eq!(current("/recordsets"), None);
        assert_eq!(current("/account/password"), Some("/account"));
    }
}
