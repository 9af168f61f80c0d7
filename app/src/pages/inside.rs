//! What is drawn inside the frame while a vault is open. None of it is needed to sign in, so a release makes a module
//! of its own of it, which is loaded while a vault opens.

#![expect(clippy::unnecessary_wraps, reason = "what lies in another module may fail to come")]

use leptos::prelude::*;
#[cfg(feature = "split")]
use leptos::wasm_split::wasm_split;
use leptos_meta::Title;

use super::{account, activity, home, notices, patients, records, sharing};
use crate::ui::{Erase as _, Gallery};
use crate::vault::Me;

/// The pages of whoever has opened a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// `/account`
    Account,
    /// `/activity`
    Activity,
    /// `/records/add`
    Add,
    /// `/records/:id/edit`
    Edit,
    /// `/home`
    Home,
    /// `/sharing/new`
    NewShare,
    /// `/notices`
    Notices,
    /// `/account/password`
    Password,
    /// `/patients/:vault`
    Patient,
    /// `/patients`
    Patients,
    /// `/records/:id`
    Record,
    /// `/records`
    Records,
    /// `/sharing`
    Sharing,
}

/// The module of these pages did not come.
#[derive(Clone, Copy, Debug)]
struct NotLoaded;

#[cfg(feature = "split")]
impl From<leptos::wasm_split::SplitLoaderError> for NotLoaded {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// What is in the module.
enum Part {
    Page(Inside, Me),
    Gallery,
}

#[cfg_attr(feature = "split", wasm_split(pages, fallible, preload(preload), wasm_split_path = ::leptos::wasm_split))]
fn split_draw(part: Part) -> Result<AnyView, NotLoaded> {
    let (page, me) = match part {
        Part::Page(page, me) => (page, me),
        Part::Gallery => return Ok(Gallery().erased()),
    };
    Ok(match page {
        Inside::Account => account::show::inside(me),
        Inside::Activity => activity::list::inside(),
        Inside::Add => records::add::inside(),
        Inside::Edit => records::edit::inside(),
        Inside::Home => home::show::inside(me),
        Inside::NewShare => sharing::new::inside(),
        Inside::Notices => notices::list::inside(&me),
        Inside::Password => account::password::inside(me),
        Inside::Patient => patients::show::inside(),
        Inside::Patients => patients::list::inside(me),
        Inside::Record => records::show::inside(&me),
        Inside::Records => records::list::inside(),
        Inside::Sharing => sharing::list::inside(),
    })
}

/// Loads these pages, however often that takes, and says when they are there.
pub(super) fn load(there: RwSignal<bool>) {
    #[cfg(feature = "split")]
    leptos::task::spawn_local(async move {
        while preload().await.is_err() {
            rest().await;
        }
        // The page that asked may be gone.
        let _ = there.try_set(true);
    });
    #[cfg(not(feature = "split"))]
    there.set(true);
}

/// Draws one of them, once they are loaded.
pub(super) fn draw(page: Inside, me: Me) -> AnyView {
    draw_part(Part::Page(page, me))
}

/// `/style`: every part in every state, for who works on them.
#[component]
pub fn GalleryPage() -> impl IntoView {
    let there = RwSignal::new(false);
    Effect::new(move |_| load(there));
    view! {
        <Title text="Style" />
        {move || if there.get() {
            draw_part(Part::Gallery)
        } else {
            view! { <main class="page"><h1>"Style"</h1></main> }.erased()
        }}
    }
}

fn draw_part(part: Part) -> AnyView {
    #[cfg(feature = "split")]
    let drawn = futures_util::FutureExt::now_or_never(split_draw(part));
    #[cfg(not(feature = "split"))]
    let drawn = Some(split_draw(part));
    match drawn {
        Some(Ok(drawn)) => drawn,
        Some(Err(NotLoaded)) | None => ().erased(),
    }
}

/// Waits before trying again.
#[cfg(feature = "split")]
async fn rest() {
    let (done, wait) = futures_channel::oneshot::channel();
    set_timeout(
        move || {
            // Whoever waited may have stopped.
            let _ = done.send(());
        },
        std::time::Duration::from_secs(2),
    );
    let _ = wait.await;
}
