//! Files on their way into the vault, with what can be done about each.

use leptos::prelude::*;

use crate::alarms::use_standing;
use crate::pages::telling::SAID_ABOVE;
use crate::pages::{category, words};
use crate::ui::place::Place;
use crate::ui::{Button, ButtonKind, Card, Erase as _, FileRow, FileState, Glyph, LinkButton};
use crate::vault::{Upload, UploadState, use_vault};

/// How the row of an upload stands.
fn state_of(upload: &Upload) -> FileState {
    let percent = words::percent(upload.sent, upload.total);
    match &upload.state {
        UploadState::Waiting => FileState::Waiting,
        UploadState::Sending => FileState::Sending(Some(percent)),
        UploadState::Paused => FileState::Resting(percent, "Paused"),
        UploadState::Offline => FileState::Resting(percent, "No answer from the server yet. It goes on by itself."),
        UploadState::NeedsFile(_) => FileState::Resting(percent, "Choose the same file again to go on"),
        UploadState::Kept(_) => FileState::Kept,
        UploadState::Failed(why) => FileState::Failed(why.clone()),
        UploadState::Interrupted(why) => FileState::Interrupted(why.clone(), STILL_HERE),
    }
}

/// What is kept of an upload that failed on its way.
const STILL_HERE: &str = "What was sent so far is kept, and the rest is still on this device.";

/// The same, without what the alarm above the page says already.
fn told_once(state: FileState, is_above: impl Fn(&str) -> bool) -> FileState {
    let said_above = || format!("This did not work. {SAID_ABOVE}");
    match state {
        FileState::Failed(why) if is_above(&why) => FileState::Failed(said_above()),
        FileState::Interrupted(why, kept) if is_above(&why) => FileState::Interrupted(said_above(), kept),
        state => state,
    }
}

/// Speed and what is left: "64 %, 2.4 MB a second, about 2 minutes left".
fn sending_words(upload: &Upload) -> String {
    let percent = format!("{} %", words::percent(upload.sent, upload.total));
    let speed = (upload.speed > 0).then(|| format!("{} a second", words::size(upload.speed)));
    let left = words::sending_left(upload.total.saturating_sub(upload.sent), upload.speed);
    [Some(percent), speed, left].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How many files have a row of their own. Of more, the first that are not in the vault yet have one.
const ROWS: usize = 50;

const fn is_kept(upload: &Upload) -> bool {
    matches!(upload.state, UploadState::Kept(_))
}

/// How early in the list a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// It does not go on unless somebody does something.
    Asks,
    /// It goes on, or waits or rests: its row must not go away from under the finger that pauses it.
    Goes,
    /// Nothing is left to be done.
    Over,
}

const fn turn_of(upload: &Upload) -> Turn {
    match upload.state {
        UploadState::NeedsFile(_) | UploadState::Failed(_) | UploadState::Interrupted(_) => Turn::Asks,
        UploadState::Sending | UploadState::Offline | UploadState::Paused | UploadState::Waiting => Turn::Goes,
        UploadState::Kept(_) => Turn::Over,
    }
}

/// The files that have a row, by turn; those of one turn in the order in which they were added.
fn in_sight(uploads: &[Upload]) -> Vec<u32> {
    let all = uploads.len() <= ROWS;
    let mut shown: Vec<&Upload> = uploads.iter().filter(|upload| all || !is_kept(upload)).collect();
    shown.sort_by_key(|upload| turn_of(upload));
    shown.into_iter().take(ROWS).map(|upload| upload.id).collect()
}

/// How far many files have come: "412 of 1000 files are safe in your vault."
fn many_words(uploads: &[Upload]) -> Option<String> {
    (uploads.len() > ROWS).then(|| {
        let kept = uploads.iter().filter(|upload| is_kept(upload)).count();
        format!("{kept} of {} files are safe in your vault.", uploads.len())
    })
}

/// What stands above the files. As long as some are in the vault and some are not, they are not all on their way.
fn heading_of(uploads: &[Upload]) -> &'static str {
    match uploads.iter().filter(|upload| is_kept(upload)).count() {
        0 => "On their way",
        kept if kept == uploads.len() => "Added to your vault",
        _ => "Files you are adding",
    }
}

/// The files on their way; nothing at all while there is none.
#[component]
pub fn UploadList(
    /// The files.
    #[prop(into)]
    uploads: Signal<Vec<Upload>>,
    /// Which of them may be chosen again on this page.
    which: Which,
    /// Lets the person choose one of those again.
    #[prop(optional_no_strip)]
    on_choose: Option<Callback<()>>,
) -> impl IntoView {
    let any = Memo::new(move |_| uploads.with(|uploads| !uploads.is_empty()));
    let ids = Memo::new(move |_| uploads.with(|uploads| in_sight(uploads)));
    let many = Memo::new(move |_| uploads.with(|uploads| many_words(uploads)));
    let heading = Memo::new(move |_| uploads.with(|uploads| heading_of(uploads)));
    let rows = move || {
        let ids = ids.get();
        // Rows that change places lose the focus.
        if let Some(place) = Place::of_focus() {
            place.follow();
        }
        ids
    };
    move || {
        any.get().then(|| {
            view! {
                <Card title=move || heading.get()>
                    {move || many.get().map(|words| view! { <p class="soft">{words}</p> })}
                    <ul class="uploads" role="list">
                        <For each=rows key=|id| *id let(id)><UploadRow id uploads which on_choose /></For>
                    </ul>
                </Card>
            }
        })
    }
}

#[component]
fn UploadRow(
    id: u32,
    uploads: Signal<Vec<Upload>>,
    which: Which,
    #[prop(optional_no_strip)] on_choose: Option<Callback<()>>,
) -> impl IntoView {
    let vault = use_vault();
    let upload = Memo::new(move |_| uploads.with(|uploads| uploads.iter().find(|upload| upload.id == id).cloned()));
    let first = upload.get_untracked();
    let (name, slug) =
        first.map_or((String::new(), "other"), |upload| (upload.title, category::slug(&upload.category)));
    let standing = use_standing();
    let state = Signal::derive(move || {
        let state = upload.with(|upload| upload.as_ref().map_or(FileState::Waiting, state_of));
        told_once(state, |why| standing.says(why))
    });
    let about =
        move || upload.with(|upload| upload.as_ref().map(|upload| words::size(upload.total)).unwrap_or_default());
    let detail = move || upload.with(|upload| upload.as_ref().map(sending_words).unwrap_or_default());
    let pause = move |paused| {
        if let Some(vault) = vault.get() {
            vault.pause(id, paused);
        }
    };
    let cancel = move || {
        if let Some(vault) = vault.get() {
            vault.cancel(id);
        }
    };
    let again = move || {
        if let Some(vault) = vault.get() {
            vault.again(id);
        }
    };
    // The buttons must not be made anew with every byte that is sent, nor when one of them is pressed: that would take
    // their focus.
    let acts = Memo::new(move |_| {
        upload.with(|upload| {
            upload.as_ref().map(|upload| match &upload.state {
                UploadState::Waiting | UploadState::Sending | UploadState::Offline | UploadState::Paused => Acts::Send,
                UploadState::NeedsFile(record) => Acts::Choose(record.clone()),
                UploadState::Failed(_) => Acts::Stop,
                UploadState::Interrupted(_) => Acts::TryAgain,
                UploadState::Kept(record) => Acts::Open(record.clone()),
            })
        })
    });
    let paused = Memo::new(move |_| {
        upload.with(|upload| upload.as_ref().is_some_and(|upload| matches!(upload.state, UploadState::Paused)))
    });
    let glyph = move || if paused.get() { Glyph::Play } else { Glyph::Pause };
    // A screen reader hears of which file: "Pause CT of the chest".
    let named = StoredValue::new(format!(" {name}"));
    let of = move || view! { <span class="heard">{named.get_value()}</span> };
    let buttons = move |acts| match acts {
        Acts::Send => view! {
            <Button kind=ButtonKind::Quiet glyph=Signal::derive(glyph) on_press=move || pause(!paused.get_untracked())>
                {move || if paused.get() { "Go on" } else { "Pause" }}
                {of()}
            </Button>
            <Button kind=ButtonKind::Quiet on_press=cancel>"Stop sending"{of()}</Button>
        }
        .erased(),
        Acts::Choose(record) => {
            let choose = match on_choose.filter(|_| which.takes(record.as_deref())) {
                Some(on_choose) => view! {
                    <Button kind=ButtonKind::Quiet glyph=Glyph::Upload on_press=on_choose>"Choose the file"{of()}</Button>
                }
                .erased(),
                None => view! {
                    <LinkButton kind=ButtonKind::Quiet glyph=Glyph::Upload href=where_chosen(record.as_deref())>"Choose the file"{of()}</LinkButton>
                }
                .erased(),
            };
            view! {
                {choose}
                <Button kind=ButtonKind::Quiet on_press=cancel>"Take away"{of()}</Button>
            }
            .erased()
        }
        Acts::Stop => view! { <Button kind=ButtonKind::Quiet on_press=cancel>"Take away"{of()}</Button> }.erased(),
        Acts::TryAgain => view! {
            <Button kind=ButtonKind::Quiet glyph=Glyph::Again on_press=again>"Try again"{of()}</Button>
            <Button kind=ButtonKind::Quiet on_press=cancel>"Take away"{of()}</Button>
        }
        .erased(),
        Acts::Open(record) => view! {
            <LinkButton kind=ButtonKind::Quiet href=format!("/records/{record}")>"Open"{of()}</LinkButton>
            <Button kind=ButtonKind::Quiet on_press=cancel>"Take off this list"{of()}</Button>
        }
        .erased(),
    };
    view! {
        <FileRow name about category=slug state detail>{move || acts.get().map(&buttons)}</FileRow>
    }
    .erased()
}

#[derive(Clone, PartialEq, Eq)]
enum Acts {
    Send,
    /// The file is missing; the record whose file it is to replace.
    Choose(Option<String>),
    Stop,
    TryAgain,
    Open(String),
}

/// Which uploads a page shows.
#[derive(Clone, Copy)]
pub enum Which {
    /// All, also those that are done: where files are added.
    All,
    /// Those that somebody may still have to see to.
    Unfinished,
    /// Those of one record.
    Of(Memo<String>),
}

impl Which {
    fn holds(self, upload: &Upload) -> bool {
        let unfinished = !matches!(upload.state, UploadState::Kept(_));
        match self {
            Self::All => true,
            Self::Unfinished => unfinished,
            Self::Of(record) => unfinished && record.with(|record| upload.record.as_ref() == Some(record)),
        }
    }

    /// Whether a file that is missing can be chosen on the page: one for a new record where files are added, one that
    /// replaces another at its record.
    const fn takes(self, record: Option<&str>) -> bool {
        match self {
            Self::All => record.is_none(),
            Self::Unfinished => false,
            Self::Of(_) => record.is_some(),
        }
    }
}

/// Where a file that is missing can be chosen.
fn where_chosen(record: Option<&str>) -> String {
    record.map_or_else(|| "/records/add".to_owned(), |record| format!("/records/{record}"))
}

/// The uploads of the vault, on a page.
#[component]
pub fn Uploads(
    /// Which of them.
    which: Which,
    /// Lets the person choose a file again, where that can be done on this page.
    #[prop(optional, into)]
    on_choose: Option<Callback<()>>,
) -> impl IntoView {
    use_vault().get().map(|vault| {
        let all = vault.uploads();
        let uploads = Signal::derive(move || {
            all.with(|all| all.iter().filter(|upload| which.holds(upload)).cloned().collect::<Vec<_>>())
        });
        view! { <UploadList uploads which on_choose /> }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(id: u32, state: UploadState) -> Upload {
        let (title, category) = ("Letter".to_owned(), "other".to_owned());
        Upload { id, title, category, sent: 0, total: 10, speed: 0, state, record: None }
    }

    #[test]
    fn what_failed_on_its_way_says_what_is_kept() {
        let why = "The server is busy.".to_owned();
        let says = |state| state_of(&upload(1, state));
        assert_eq!(says(UploadState::Failed(why.clone())), FileState::Failed(why.clone()));
        assert_eq!(says(UploadState::Interrupted(why.clone())), FileState::Interrupted(why, STILL_HERE));
    }

    #[test]
    fn what_the_alarm_says_is_not_said_by_each_file() {
        let why = "A file on the server was changed.";
        let once = |state| told_once(state, |said| said == why);
        let above = format!("This did not work. {SAID_ABOVE}");
        assert_eq!(once(FileState::Failed(why.to_owned())), FileState::Failed(above.clone()));
        assert_eq!(once(FileState::Interrupted(why.to_owned(), STILL_HERE)), FileState::Interrupted(above, STILL_HERE));
        let other = FileState::Failed("The server is busy.".to_owned());
        assert_eq!(once(other.clone()), other);
    }

    #[test]
    fn what_asks_for_something_stands_first_and_what_is_done_last() {
        let mut uploads = [
            upload(1, UploadState::Kept(String::new())),
            upload(2, UploadState::Sending),
            upload(3, UploadState::Sending),
            upload(4, UploadState::Offline),
            upload(5, UploadState::Waiting),
            upload(6, UploadState::Failed(String::new())),
            upload(7, UploadState::Paused),
            upload(8, UploadState::NeedsFile(None)),
            upload(9, UploadState::Interrupted(String::new())),
            upload(10, UploadState::Kept(String::new())),
        ];
        let order = [6, 8, 9, 2, 3, 4, 5, 7, 1, 10];
        assert_eq!(in_sight(&uploads), order);
        for state in [UploadState::Paused, UploadState::Waiting, UploadState::Offline] {
            uploads[2] = upload(3, state);
            assert_eq!(in_sight(&uploads), order, "what rests stays where it is");
        }
        uploads[2] = upload(3, UploadState::Kept(String::new()));
        assert_eq!(in_sight(&uploads), [6, 8, 9, 2, 4, 5, 7, 1, 3, 10]);
    }

    #[test]
    fn what_is_in_the_vault_is_not_said_to_be_on_its_way() {
        let (kept, failed) = (UploadState::Kept(String::new()), UploadState::Failed(String::new()));
        let says = |states: &[&UploadState]| {
            heading_of(&states.iter().map(|state| upload(1, (*state).clone())).collect::<Vec<_>>())
        };
        assert_eq!(says(&[&UploadState::Sending, &failed]), "On their way");
        assert_eq!(says(&[&UploadState::Sending, &kept]), "Files you are adding");
        assert_eq!(says(&[&failed, &kept]), "Files you are adding");
        assert_eq!(says(&[&kept, &kept]), "Added to your vault");
    }

    #[test]
    fn a_file_is_chosen_again_where_it_goes_on() {
        Owner::new().with(|| {
            let at_record = Which::Of(Memo::new(|_| "7".to_owned()));
            let takes = |which: Which| (which.takes(None), which.takes(Some("7")));
            assert_eq!(
                [Which::All, Which::Unfinished, at_record].map(takes),
                [(true, false), (false, false), (false, true)]
            );
        });
        assert_eq!(where_chosen(None), "/records/add");
        assert_eq!(where_chosen(Some("7")), "/records/7");
    }

    #[test]
    fn of_many_files_those_have_a_row_that_are_still_on_their_way() {
        let kept = |id| upload(id, UploadState::Kept(String::new()));
        let waiting = |id| upload(id, UploadState::Waiting);
        let few: Vec<_> = (0..10).map(kept).chain((10..50).map(waiting)).collect();
        assert_eq!((in_sight(&few).len(), many_words(&few)), (50, None));
        let many: Vec<_> = (0..412).map(kept).chain((412..1000).map(waiting)).collect();
        assert_eq!(in_sight(&many), (412..462).collect::<Vec<_>>());
        assert_eq!(many_words(&many).as_deref(), Some("412 of 1000 files are safe in your vault."));
        let failed = |id| upload(id, UploadState::Failed(String::new()));
        let one_failed: Vec<_> = (0..999).map(waiting).chain([failed(999)]).collect();
        assert_eq!(in_sight(&one_failed).first(), Some(&999), "nobody has to look for what failed");
    }
}
