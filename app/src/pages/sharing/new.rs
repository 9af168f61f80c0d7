//! A new share, in four steps: with whom, what, until when, and the sentence that says it all.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::compare::{SixWords, how, question};
use super::length::{Length, LengthChoice};
use super::person::{compared_chip, profession};
use crate::clock::{Now, use_now};
use crate::pages::account::entered::email_error;
use crate::pages::asking::{Loaded, load, use_act};
use crate::pages::guarded::{Guarded, Guests};
use crate::pages::inside::Inside;
use crate::pages::records::pick::RecordPicker;
use crate::pages::records::rows::{keep_pictures, title_of};
use crate::pages::telling::TroubleAlert;
use crate::pages::{category, words};
use crate::ui::{
    Button, ButtonKind, Card, CardTone, Chip, Choice, Choices, Erase as _, Face, Glyph, LinkButton, Select, Steps,
    TextField, Tone, use_toasts,
};
use crate::vault::{NewShare, Person, Reach, Records};

/// `/sharing/new`
#[component]
pub fn NewSharePage() -> impl IntoView {
    view! { <Guarded guests=Guests::Patients title="Share" page=Inside::NewShare /> }
}

/// The page inside its frame.
pub(in crate::pages) fn inside() -> AnyView {
    let query = use_query_map();
    let record = query.with_untracked(|query| query.get("record"));
    keep_pictures();
    let records = load(|vault| vault.records());
    view! { <ShareSteps records record /> }.erased()
}

/// What is chosen so far.
#[derive(Clone, Copy)]
pub struct Draft {
    /// 0 to 3.
    pub step: RwSignal<usize>,
    /// With whom.
    pub person: RwSignal<Option<Person>>,
    /// `record`, `category` or `everything`.
    pub what: RwSignal<String>,
    /// The record's id.
    pub record: RwSignal<String>,
    /// The category's slug.
    pub category: RwSignal<String>,
    /// Until when.
    pub length: Length,
}

impl Draft {
    /// Nothing but perhaps a record is chosen.
    pub fn new(record: Option<String>) -> Self {
        Self {
            step: RwSignal::new(0),
            person: RwSignal::new(None),
            what: RwSignal::new("record".to_owned()),
            record: RwSignal::new(record.unwrap_or_default()),
            category: RwSignal::new("imaging".to_owned()),
            length: Length::new(),
        }
    }

    /// What is chosen, kept apart from the records: a list that is read again changes nothing here unless this does.
    fn reach(self, records: Loaded<Records>) -> Memo<Option<Reach>> {
        Memo::new(move |_| match self.what.get().as_str() {
            "everything" => Some(Reach::Everything),
            "category" => Some(Reach::Category(self.category.get())),
            _ => self.record.with(|id| {
                records.data.with(|records| {
                    let item = records.as_ref()?.iter().find(|item| item.id == *id)?;
                    Some(Reach::Record(id.clone(), title_of(item)))
                })
            }),
        })
    }
}

/// The sentence that is agreed to: "Dr Kenji Ito may open and save copies of CT of the chest until 22 December."
/// Pure.
pub fn promise(name: &str, reach: &Reach, until: Option<&str>, now: Option<Now>) -> String {
    let what = words::reach_sentence(reach);
    let later = match reach {
        Reach::Record(..) => "",
        Reach::Category(_) | Reach::Everything => ", and what you add later,",
    };
    let end = match until {
        Some(day) => format!("until {}", words::date_words(day, now)),
        None => "until you stop it".to_owned(),
    };
    format!("{name} may open and save copies of {what}{later} {end}.")
}

/// The four steps.
#[component]
pub fn ShareSteps(
    /// The records to choose from.
    records: Loaded<Records>,
    /// The record that is chosen already.
    #[prop(optional_no_strip)]
    record: Option<String>,
) -> impl IntoView {
    let draft = Draft::new(record);
    let heading = NodeRef::<leptos::html::H1>::new();
    Effect::new(move |before: Option<usize>| {
        let step = draft.step.get();
        // A new step is a new page to whoever listens.
        if before.is_some_and(|before| before != step)
            && let Some(heading) = heading.get()
        {
            drop(heading.focus());
        }
        step
    });
    view! {
        <h1 node_ref=heading tabindex="-1">"Share"</h1>
        <div class="narrow stack wide">
            <Steps names=vec!["With whom", "What", "Until when", "Check"] current=draft.step />
            {move || match draft.step.get() {
                0 => view! { <WithWhom draft /> }.erased(),
                1 => view! { <What draft records /> }.erased(),
                2 => view! { <UntilWhen draft /> }.erased(),
                _ => view! { <Check draft records /> }.erased(),
            }}
        </div>
    }
    .erased()
}

/// Back and on.
#[component]
fn Ways(draft: Draft, #[prop(into)] on_next: Callback<()>) -> impl IntoView {
    view! {
        <div class="actions">
            <Button on_press=on_next>"Go on"</Button>
            {move || match draft.step.get() {
                0 => view! { <LinkButton kind=ButtonKind::Quiet href="/sharing">"Not now"</LinkButton> }.erased(),
                _ => view! { <Button kind=ButtonKind::Quiet on_press=move || draft.step.update(|step| *step = step.saturating_sub(1))>"Back"</Button> }.erased(),
            }}
        </div>
    }
    .erased()
}

/// Finds a person by address.
#[component]
pub fn WithWhom(
    /// What is chosen.
    draft: Draft,
) -> impl IntoView {
    let email = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    let find = use_act();
    let look = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let address = email.get_untracked().trim().to_owned();
        wrong.set(email_error(&address).map(str::to_owned));
        if wrong.with_untracked(Option::is_none) {
            draft.person.set(None);
            find.run(move |vault| vault.find(address), move |found| draft.person.set(Some(found)));
        }
    };
    view! {
        <Card title="With whom?">
            <form class="form" novalidate on:submit=look>
                <TextField name="email" label="E-mail address of the doctor or care team" kind="email" inputmode="email" autocomplete="off" value=email error=wrong />
                <TroubleAlert trouble=find.trouble kept="Nothing was shared." />
                <div class="actions"><Button submit=true kind=ButtonKind::Quiet glyph=Glyph::Search busy=find.busy>"Find"</Button></div>
            </form>
        </Card>
        <div aria-live="polite" class="stack wide">
            {move || draft.person.get().map(|person| view! {
                <PersonCard person on_compared=move || draft.person.update(|person| {
                    if let Some(person) = person { person.compared = true; }
                }) />
                <Ways draft on_next=move || draft.step.set(1) />
            })}
        </div>
    }
    .erased()
}

/// Who was found, with the safety phrase.
#[component]
pub fn PersonCard(
    /// Who.
    person: Person,
    /// The phrase was compared.
    #[prop(into)]
    on_compared: Callback<()>,
) -> impl IntoView {
    let initials = words::initials(&person.name);
    let verified = person.provider.as_ref().map(|provider| provider.verified);
    view! {
        <Card>
            <div class="row still top">
                <Face initials />
                <div class="stack grow">
                    <div class="row"><h2>{person.name.clone()}</h2>{compared_chip(&person)}</div>
                    <span class="soft">{profession(&person)}</span>
                    <span class="soft">{person.email.clone()}</span>
                </div>
            </div>
            {match verified {
                Some(true) => view! { <p class="row"><Chip tone=Tone::Good glyph=Glyph::Shield>"profession checked"</Chip><span class="soft">"The people who run this server have checked it."</span></p> }.erased(),
                Some(false) => view! { <p class="soft">"Nobody has checked yet that this profession is true."</p> }.erased(),
                None => ().erased(),
            }}
            {if person.compared {
                view! { <p class="soft">"You compared the six words, so your records are sealed for the right person."</p> }.erased()
            } else {
                view! {
                    <h3>{question(&person.name)}</h3>
                    <p>{how(&person.name)}" You can share a record or a kind of record before that, but not everything."</p>
                    <SixWords person=person.clone() found=true kept="Nothing was shared." on_compared />
                }.erased()
            }}
        </Card>
    }
    .erased()
}

/// Chooses what is shared.
#[component]
pub fn What(
    /// What is chosen.
    draft: Draft,
    /// The records to choose from.
    records: Loaded<Records>,
) -> impl IntoView {
    let reach = draft.reach(records);
    let pressed = RwSignal::new(false);
    let compared = draft.person.with_untracked(|person| person.as_ref().is_some_and(|person| person.compared));
    let mut choices = vec![
        Choice::new("record", "One record", "Nothing but this record."),
        Choice::new("category", "A kind of record", "Such as imaging: what is there, and what you add later."),
    ];
    if compared {
        choices.push(Choice::new("everything", "Everything", "Every record in your vault, and what you add later."));
    } else if draft.what.with_untracked(|what| what == "everything") {
        draft.what.set("record".to_owned());
    }
    // What is wrong with a press ends by itself when it is put right.
    let waits = Memo::new(move |_| records.data.with(Option::is_none));
    let wrong = Signal::derive(move || {
        (pressed.get() && !waits.get() && reach.with(Option::is_none)).then(|| "Choose the record to share.".to_owned())
    });
    let one_moment = move || {
        let press_waits = pressed.get() && reach.with(Option::is_none) && waits.get();
        (press_waits && records.trouble.with(Option::is_none)).then_some("One moment: your records are still coming.")
    };
    let next = move |()| {
        pressed.set(true);
        if reach.with_untracked(Option::is_some) {
            draft.step.set(2);
        }
    };
    view! {
        <Card title="What?">
            <div class="form">
                <Choices name="what" label="What do you share?" value=draft.what choices />
                {move || match draft.what.get().as_str() {
                    "record" => view! { <RecordPicker loaded=records chosen=draft.record error=wrong /> }.erased(),
                    "category" => view! { <Select name="category" label="Kind of record" value=draft.category options=category::options() /> }.erased(),
                    _ => ().erased(),
                }}
                <p class="soft" role="status">{one_moment}</p>
                {(!compared).then(|| view! { <p class="hint">"Sharing everything needs the six words compared first: go back one step."</p> })}
                <Ways draft on_next=next />
            </div>
        </Card>
    }
    .erased()
}

/// Chooses the end.
#[component]
pub fn UntilWhen(
    /// What is chosen.
    draft: Draft,
) -> impl IntoView {
    let now = use_now();
    let next = move |()| {
        if now.get_untracked().is_some_and(|now| draft.length.is_right(now)) {
            draft.step.set(3);
        }
    };
    view! {
        <Card title="Until when?">
            <div class="form">
                <LengthChoice length=draft.length />
                <Ways draft on_next=next />
            </div>
        </Card>
    }
    .erased()
}

/// Says it all once more, and shares.
#[component]
pub fn Check(
    /// What is chosen.
    draft: Draft,
    /// The records.
    records: Loaded<Records>,
) -> impl IntoView {
    let now = use_now();
    let reach = draft.reach(records);
    let act = use_act();
    let toasts = use_toasts();
    let navigate = use_navigate();
    let chosen = Signal::derive(move || {
        let person = draft.person.get()?;
        let reach = reach.get()?;
        let until = now.get().and_then(|now| draft.length.until(now));
        Some((person, reach, until))
    });
    let words =
        move || chosen.get().map(|(person, reach, until)| promise(&person.name, &reach, until.as_deref(), now.get()));
    let unsure = move || {
        let person = chosen.with(|chosen| chosen.as_ref().map(|(person, ..)| person.clone()));
        person.filter(|person| !person.compared)
    };
    let share = Callback::new(move |()| {
        // Without the time there is no end to be worked out, and a share without an end must be chosen.
        let (Some((person, reach, until)), Some(_)) = (chosen.get_untracked(), now.get_untracked()) else { return };
        let new = NewShare { account: person.account, reach, until };
        let navigate = navigate.clone();
        act.run(
            move |vault| vault.share(new),
            move |()| {
                toasts.good(format!("Shared with {}.", person.name));
                if act.is_here() {
                    navigate("/sharing", NavigateOptions::default());
                }
            },
        );
    });
    view! {
        <Card tone=CardTone::Ask>
            <h2>{words}</h2>
            {move || unsure().map(|person| view! {
                <p class="row">{compared_chip(&person)}<span>"It is not certain yet who this is. To be sure, go back to the first step and compare the six words."</span></p>
            })}
            <p>"You see every opening in your activity, and you can stop at any time. What a person has seen or saved cannot be taken back."</p>
            <TroubleAlert trouble=act.trouble kept="Nothing was shared, and what you chose is still here." written=true />
            <div class="actions fill">
                <Button glyph=Glyph::Sharing busy=act.busy on_press=share>"Share"</Button>
                <Button kind=ButtonKind::Quiet on_press=move || draft.step.set(2)>"Back"</Button>
            </div>
        </Card>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2026, 14:30 in a zone an hour ahead of UTC.
    const NOW: Now = Now { minute: 29_922_570, offset_minutes: 60 };

    #[test]
    fn the_promise_says_who_what_and_until_when() {
        let record = Reach::Record("1".to_owned(), "CT of the chest".to_owned());
        assert_eq!(
            promise("Dr Kenji Ito", &record, Some("2026-12-22"), Some(NOW)),
            "Dr Kenji Ito may open and save copies of CT of the chest until 22 December."
        );
        assert_eq!(
            promise("Dr Kenji Ito", &Reach::Category("visit-notes".to_owned()), None, Some(NOW)),
            "Dr Kenji Ito may open and save copies of all records filed under Visit notes, and what you add later, until you stop it."
        );
    }
}
