//! What one is told of, and by which way.

use std::collections::VecDeque;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::sentence::choice_words;
use crate::api::Refused;
use crate::api::notices::{NoticeChoice, NoticeKind, choose_notices, notice_choices};
use crate::pages::asking::{NOT_KNOWN, use_alive};
use crate::ui::{Alert, Button, ButtonKind, Card, Erase as _, Glyph, Side, Skeleton, Switch, Tone};

/// The choices of whoever is signed in, as the server has them.
#[derive(Clone, Copy)]
pub struct Choices(RwSignal<Option<Result<Vec<NoticeChoice>, Refused>>>);

/// The choices, asked for once the page is alive.
pub fn use_choices() -> Choices {
    let choices = Choices(RwSignal::new(None));
    let alive = use_alive();
    Effect::new(move |_| {
        if alive.get() {
            choices.ask();
        }
    });
    choices
}

impl Choices {
    /// Asks for them.
    pub fn ask(self) {
        self.0.set(None);
        spawn_local(async move {
            let answer = notice_choices().await;
            self.0.try_set(Some(answer));
        });
    }

    /// Asks for them once more, where they did not come.
    pub fn ask_again(self) {
        if self.0.with_untracked(|answer| matches!(answer, Some(Err(_)))) {
            self.ask();
        }
    }
}

/// What one is told of.
#[component]
pub fn ChoicesCard(
    /// The choices.
    choices: Choices,
    /// On which side somebody is.
    side: Side,
    /// Whether it is said beside them that the server does not answer, with a button for both.
    #[prop(into)]
    is_said: Signal<bool>,
) -> impl IntoView {
    view! {
        <Card title="What you are told">
            {move || match choices.0.get() {
                None => view! { <Skeleton label="Getting your choices" count=4 /> }.erased(),
                Some(Err(_)) if is_said.get() => view! { <p class="soft">{NOT_KNOWN}</p> }.erased(),
                Some(Err(refused)) => view! {
                    <Alert tone=Tone::Stop happened=refused.to_string() next="Your choices are as they were. Try again in a moment.">
                        <Button kind=ButtonKind::Quiet glyph=Glyph::Again on_press=move || choices.ask()>"Try again"</Button>
                    </Alert>
                }.erased(),
                Some(Ok(choices)) => view! { <ChoiceList choices side /> }.erased(),
            }}
        </Card>
    }
    .erased()
}

/// The choices.
#[component]
pub fn ChoiceList(
    /// As they are now.
    choices: Vec<NoticeChoice>,
    /// Whose they are: nobody is asked about what cannot happen to them.
    side: Side,
) -> impl IntoView {
    let saving = Saving::new();
    let (open, fixed): (Vec<_>, Vec<_>) =
        choices.into_iter().filter(|choice| choice.kind.concerns(side)).partition(|choice| !choice.kind.is_security());
    let about_openings = open.iter().any(|choice| choice.kind == NoticeKind::Opened);
    let sections = open.into_iter().map(|choice| view! { <ChoicePair pair=Pair::new(choice) saving /> }).collect_view();
    let always = fixed.into_iter().map(|choice| view! { <li>{choice_words(choice.kind)}</li> }).collect_view();
    view! {
        {move || saving.lost.with(|lost| lost.last().map(|lost| lost.why)).map(|refused| view! {
            <Alert
                tone=Tone::Stop
                happened=refused.to_string()
                next="What you chose was not saved, so the switch is where it was before. Try again in a moment."
            >
                <Button kind=ButtonKind::Quiet glyph=Glyph::Again on_press=move || saving.again()>"Try again"</Button>
            </Alert>
        })}
        <div>{sections}</div>
        <div class="stack near">
            <h3>"Always, here and by e-mail"</h3>
            <p class="hint">"These are about the safety of your account, so they cannot be switched off."</p>
            <ul class="bullets" role="list">{always}</ul>
        </div>
        <p class="hint">
            "An e-mail says only that something happened. It never says who, or what is in your records."
            " Of one kind it comes once an hour at most."
            {about_openings.then_some(" E-mail about openings comes once a day at most.")}
        </p>
    }
    .erased()
}

/// The two switches of a kind, and what the server has of them.
#[derive(Clone, Copy)]
struct Pair {
    kind: NoticeKind,
    in_app: RwSignal<bool>,
    by_mail: RwSignal<bool>,
    saved: StoredValue<NoticeChoice>,
}

impl Pair {
    fn new(choice: NoticeChoice) -> Self {
        Self {
            kind: choice.kind,
            in_app: RwSignal::new(choice.in_app),
            by_mail: RwSignal::new(choice.by_mail),
            saved: StoredValue::new(choice),
        }
    }

    /// What the switches say; none once the page is gone.
    fn chosen(self) -> Option<NoticeChoice> {
        let (in_app, by_mail) = (self.in_app.try_get_untracked()?, self.by_mail.try_get_untracked()?);
        Some(NoticeChoice { kind: self.kind, in_app, by_mail })
    }

    fn show(self, choice: NoticeChoice) {
        self.in_app.try_set(choice.in_app);
        self.by_mail.try_set(choice.by_mail);
    }
}

/// A choice that could not be saved.
#[derive(Clone, Copy)]
struct Lost {
    pair: Pair,
    wanted: NoticeChoice,
    why: Refused,
}

/// Saves choices one after another, in the order in which they were made.
#[derive(Clone, Copy)]
struct Saving {
    waiting: StoredValue<VecDeque<Pair>>,
    busy: StoredValue<bool>,
    lost: RwSignal<Vec<Lost>>,
}

impl Saving {
    fn new() -> Self {
        Self {
            waiting: StoredValue::new(VecDeque::new()),
            busy: StoredValue::new(false),
            lost: RwSignal::new(Vec::new()),
        }
    }

    fn save(self, pair: Pair) {
        // Whoever chooses anew need not hear of what became of the choice before.
        if self.lost.with_untracked(|lost| lost.iter().any(|lost| lost.pair.kind == pair.kind)) {
            self.lost.update(|lost| lost.retain(|lost| lost.pair.kind != pair.kind));
        }
        self.waiting.update_value(|waiting| waiting.push_back(pair));
        if self.busy.try_update_value(|busy| std::mem::replace(busy, true)) != Some(false) {
            return;
        }
        spawn_local(async move {
            while let Some(Some(pair)) = self.waiting.try_update_value(VecDeque::pop_front) {
                self.send(pair).await;
            }
            self.busy.try_update_value(|busy| *busy = false);
        });
    }

    async fn send(self, pair: Pair) {
        let Some((chosen, saved)) = pair.chosen().zip(pair.saved.try_get_value()) else { return };
        if chosen == saved {
            return;
        }
        match choose_notices(chosen).await {
            Ok(()) => {
                pair.saved.try_set_value(chosen);
            }
            Err(why) => {
                let Some(wanted) = pair.chosen() else { return };
                pair.show(saved);
                self.lost.try_update(|lost| lost.push(Lost { pair, wanted, why }));
            }
        }
    }

    /// Chooses once more what could not be saved.
    fn again(self) {
        for Lost { pair, wanted, .. } in self.lost.get_untracked() {
            pair.show(wanted);
            self.save(pair);
        }
    }
}

#[component]
fn ChoicePair(pair: Pair, saving: Saving) -> impl IntoView {
    let name = format!("{:?}", pair.kind).to_lowercase();
    let save = Callback::new(move |_| saving.save(pair));
    view! {
        <fieldset class="choice-pair">
            <legend>{choice_words(pair.kind)}</legend>
            <Switch name=format!("{name}-here") label="Here" on=pair.in_app on_change=save />
            <Switch name=format!("{name}-mail") label="By e-mail" on=pair.by_mail on_change=save />
        </fieldset>
    }
    .erased()
}
