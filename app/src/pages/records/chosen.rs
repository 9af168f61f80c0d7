//! Files that were chosen but not added: looked at on this device, with what they seem to be, to be corrected.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys;

use super::details::{DetailFields, Entered};
use crate::pages::telling::next_words;
use crate::pages::{category, words};
use crate::ui::{Alert, Card, Chip, Erase as _, Glyph, IconButton, Skeleton, SkeletonShape, Tone, category_tile};
use crate::vault::{Chosen, Known, Trouble, VaultHandle, use_vault};

/// How far a chosen file has been looked at.
#[derive(Clone)]
pub enum Look {
    /// It is being read.
    Reading,
    /// It was read; what it seems to be, and what the person makes of it.
    Read(Box<Chosen>, Entered),
    /// It could not be read.
    Failed(Trouble),
}

/// A file that was chosen.
#[derive(Clone)]
pub struct Pick {
    /// Tells it apart.
    pub key: u32,
    /// The name that it came with, as it is shown.
    pub file_name: String,
    /// How far it was looked at.
    pub look: RwSignal<Look>,
}

/// The files that were chosen on a page.
#[derive(Clone, Copy)]
pub struct Picks {
    /// The files.
    pub list: RwSignal<Vec<Pick>>,
    /// How many of them are being read, and how many were read. Counted as they come and go: looking through a thousand
    /// after each of them would hold up the page.
    reading: RwSignal<usize>,
    ready: RwSignal<usize>,
    next: StoredValue<u32>,
    vault: VaultHandle,
    owner: StoredValue<Owner>,
}

/// No file yet. What is never added is forgotten with the page.
pub fn use_picks() -> Picks {
    let picks = Picks {
        list: RwSignal::new(Vec::new()),
        reading: RwSignal::new(0),
        ready: RwSignal::new(0),
        next: StoredValue::new(0),
        vault: use_vault(),
        // Fields are made in event handlers, but must live as long as the page.
        owner: StoredValue::new(Owner::current().unwrap_or_default()),
    };
    on_cleanup(move || {
        let left = picks.list.try_get_untracked().unwrap_or_default();
        for pick in left {
            picks.forget(&pick);
        }
    });
    picks
}

impl Picks {
    /// Looks at a file and lists it.
    pub fn choose(self, file: web_sys::File) {
        let Some(vault) = self.vault.get() else { return };
        let key = self.next.get_value();
        self.next.set_value(key.wrapping_add(1));
        let owner = self.owner.get_value();
        let pick =
            Pick { key, file_name: vault.shown_name(&file.name()), look: owner.with(|| RwSignal::new(Look::Reading)) };
        let look = pick.look;
        self.list.update(|list| list.push(pick));
        self.reading.update(|reading| *reading += 1);
        let answer = vault.choose(file);
        spawn_local(async move {
            let answer = answer.await;
            if !self.lists(key) {
                // It was taken away while it was looked at, or the page has gone.
                if let Ok(chosen) = answer {
                    vault.unchoose(chosen.id);
                }
                return;
            }
            let seen = match answer {
                Ok(chosen) => {
                    let entered = owner.with(|| Entered::new(chosen.details.clone()));
                    self.ready.try_update(|ready| *ready += 1);
                    Look::Read(Box::new(chosen), entered)
                }
                Err(trouble) => Look::Failed(trouble),
            };
            self.reading.try_update(|reading| *reading = reading.saturating_sub(1));
            look.try_set(seen);
        });
    }

    fn lists(self, key: u32) -> bool {
        self.list.try_with_untracked(|list| list.iter().any(|pick| pick.key == key)).unwrap_or(false)
    }

    /// Looks at every file of a list.
    pub fn choose_all(self, files: Option<web_sys::FileList>) {
        let Some(files) = files else { return };
        for place in 0..files.length() {
            if let Some(file) = files.get(place) {
                self.choose(file);
            }
        }
    }

    /// Takes the files of a file input, which is then empty again, so that the same file can be chosen anew.
    pub fn choose_from(self, event: &leptos::ev::Event) {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        if let Some(input) = input {
            self.choose_all(input.files());
            input.set_value("");
        }
    }

    fn forget(self, pick: &Pick) {
        if let (Some(vault), Some(Look::Read(chosen, _))) = (self.vault.get(), pick.look.try_get_untracked()) {
            vault.unchoose(chosen.id);
        }
    }

    /// Takes a file off the list and forgets it.
    pub fn take_away(self, key: u32) {
        let gone = self.list.with_untracked(|list| list.iter().find(|pick| pick.key == key).cloned());
        if let Some(gone) = gone {
            self.forget(&gone);
            self.drop_from_list(key);
        }
    }

    /// Takes a file off the list, which is on its way now.
    pub fn drop_from_list(self, key: u32) {
        let gone = self.list.try_update(|list| {
            let place = list.iter().position(|pick| pick.key == key)?;
            Some(list.remove(place))
        });
        let count = gone.flatten().and_then(|gone| match gone.look.get_untracked() {
            Look::Reading => Some(self.reading),
            Look::Read(..) => Some(self.ready),
            Look::Failed(_) => None,
        });
        if let Some(count) = count {
            count.update(|count| *count = count.saturating_sub(1));
        }
    }

    /// How many were read and can be added.
    pub fn ready(self) -> usize {
        self.ready.get()
    }

    /// Whether one is still being read.
    pub fn reading(self) -> bool {
        self.reading.get() > 0
    }
}

/// Where a file was met before, so that nobody adds it twice without meaning to.
fn known_words(known: &Known) -> String {
    match known {
        Known::Chosen => "You have chosen this very file already.".to_owned(),
        Known::Kept(title) => format!("You already have “{title}”, with this name and size."),
        Known::Added(title) => format!("You have added this very file already, as “{title}”."),
    }
}

/// A chosen file as a card: what it is, and the fields to correct.
#[component]
pub fn PickCard(
    /// The file.
    pick: Pick,
    /// Takes it away.
    #[prop(into)]
    on_remove: Callback<()>,
) -> impl IntoView {
    let Pick { key, file_name, look } = pick;
    let remove = format!("Take away {file_name}");
    let slug = move || {
        look.with(|look| match look {
            Look::Read(chosen, _) => category::slug(&chosen.details.category),
            _ => "other",
        })
    };
    let about = move || {
        look.with(|look| match look {
            Look::Reading => "Looking at it".to_owned(),
            Look::Read(chosen, _) => format!("{}, {}", chosen.kind, words::size(chosen.size)),
            Look::Failed(_) => "Cannot be added".to_owned(),
        })
    };
    view! {
        <Card>
            <div class="row still">
                {move || category_tile(slug())}
                <div class="stack grow">
                    <h3 class="file-name"><bdi>{file_name}</bdi></h3>
                    <span class="soft">{about}</span>
                </div>
                <IconButton glyph=Glyph::Close label=remove on_press=on_remove />
            </div>
            {move || match look.get() {
                Look::Reading => view! { <Skeleton label="Looking at the file" shape=SkeletonShape::Lines /> }.erased(),
                Look::Read(chosen, entered) => view! {
                    {(!chosen.can_be_shown).then(|| view! {
                        <p class="row"><Chip glyph=Glyph::Info>"kept, not shown"</Chip><span class="soft">"HealthBridge cannot show files of this kind. It keeps them as they are, and you can save a copy."</span></p>
                    })}
                    {chosen.known.as_ref().map(|known| view! {
                        <p class="row"><Chip glyph=Glyph::Info>"already here"</Chip><span class="soft">{known_words(known)}</span></p>
                    })}
                    <div class="form"><DetailFields entered number=key /></div>
                }.erased(),
                Look::Failed(trouble) => view! {
                    <Alert tone=Tone::Stop happened=trouble.happened kept="Nothing was added, and the file is as it was." next=next_words(trouble.kind) />
                }.erased(),
            }}
        </Card>
    }
    .erased()
}
