//! Every part in every state, with sample content: the page to look at before and after a change of the look.

use leptos::prelude::*;

use super::{
    Alert, AppFrame, Button, ButtonKind, Card, CardTone, Checkbox, Chip, Choice, Choices, Dialog, DropZone, EmptyState,
    Erase as _, Face, Fact, Facts, FileRow, FileState, Glyph, Icon, IconButton, LinkButton, List, PasswordField,
    PlainTerms, Progress, RecoveryCode, Row, SafetyPhrase, SearchField, Select, Skeleton, SkeletonShape, Stage, Steps,
    StrengthMeter, Switch, TextArea, TextField, ToastRegion, ToggleChip, Tone, Until, category_tile, provide_toasts,
    use_toasts,
};

/// The gallery. It needs a router around it, because the frame does.
#[component]
pub fn Gallery() -> impl IntoView {
    provide_toasts();
    let unlocked = RwSignal::new(false);
    view! {
        <AppFrame locked=unlocked notices=2 initials="MS" on_lock=move || unlocked.set(true)>
            <div class="stack">
                <h1>"Every part, in every state"</h1>
                <p class="soft">"The people and records here are made up."</p>
            </div>
            <Home />
            <Buttons />
            <div class="halves">
                <Fields />
                <MoreFields />
            </div>
            <Alerts />
            <div class="halves">
                <Files />
                <Waiting />
            </div>
            <div class="halves">
                <Recovery />
                <Trust />
            </div>
            <Picture />
            <Readings />
            <Categories />
            <Chosen />
            <Drawings />
            <PlainTerms />
            <Dialogs />
        </AppFrame>
        <ToastRegion />
    }
    .erased()
}

#[component]
fn Home() -> impl IntoView {
    view! {
        <Card tone=CardTone::Ask>
            <div class="row still top">
                <Face initials="KI" />
                <div class="stack grow">
                    <h2>"Dr Kenji Ito asks to see your laboratory results"</h2>
                    <p>"For your visit on 24 November. He could save copies, until 30 November."</p>
                </div>
            </div>
            <div class="actions fill">
                <Button>"Share until 30 November"</Button>
                <Button kind=ButtonKind::Quiet>"Not now"</Button>
            </div>
        </Card>
        <div class="two">
            <Card title="Recent records" action=|| view! { <a href="/records">"All 148 records"</a> }>
                <List>
                    <Row title="CT of the chest" sub="12 November · St. Anna Hospital · 214 images" tile=|| category_tile("imaging") href="/records/1">
                        <Chip tone=Tone::Brand>"new"</Chip>
                    </Row>
                    <Row title="Blood count and lipids" sub="3 November · Labor Nord" tile=|| category_tile("laboratory") href="/records/2">
                        <Chip>"shared with 1"</Chip>
                    </Row>
                    <Row title="Cardiology visit" sub="28 October · Dr Kenji Ito" tile=|| category_tile("visit-notes") href="/records/3" />
                    <Row title="Prescription: lisinopril 10 mg" sub="28 October · Dr Kenji Ito" tile=|| category_tile("medications") href="/records/4" />
                </List>
            </Card>
            <Card title="Who can see what" action=|| view! { <a href="/sharing">"Change"</a> }>
                <List>
                    <Row
                        top=true
                        title="Dr Kenji Ito"
                        sub="Cardiology · imaging, visit notes"
                        tile=|| view! { <Face initials="KI" /> }
                        beside=|| view! { <Chip tone=Tone::Good glyph=Glyph::Check>"verified"</Chip> }
                        more=|| view! { <Until percent=73 words="until 13 December, 22 days left" /> }
                    />
                    <Row
                        top=true
                        title="Labor Nord"
                        sub="Laboratory · may only add results"
                        tile=|| view! { <Face initials="LN" /> }
                        beside=|| view! { <Chip tone=Tone::Warn glyph=Glyph::Warning>"six words not compared"</Chip> }
                        more=|| view! { <Until percent=16 soon=true words="until 26 November, 5 days left" /> }
                    />
                    <Row
                        top=true
                        title="Anna Sørensen"
                        sub="Your daughter · everything, helps you"
                        tile=|| view! { <Face initials="AS" /> }
                        more=|| view! {
                            <Until percent=100 words="until you stop it" />
                            <p class="seen"><Icon glyph=Glyph::Eye /><span>"gave lisinopril today at 08:05"</span></p>
                        }
                    >
                        <Button kind=ButtonKind::Quiet>"Change"</Button>
                        <Button kind=ButtonKind::Stop glyph=Glyph::StopSharing>"Stop sharing"</Button>
                    </Row>
                </List>
            </Card>
        </div>
        <Card tone=CardTone::Sunken title="Stopped on 2 November: Dr Lena Vogt">
            <div class="row">
                <Chip tone=Tone::Good glyph=Glyph::Check>"blocked"</Chip>
                <Chip tone=Tone::Good glyph=Glyph::Check>"key turned"</Chip>
                <Chip glyph=Glyph::Clock>"resealing, 40 %"</Chip>
            </div>
            <p class="soft">"Before you stopped, she had opened 3 records. What a person has seen or saved cannot be taken back."</p>
        </Card>
    }
    .erased()
}

#[component]
fn Buttons() -> impl IntoView {
    let only = RwSignal::new(0);
    let toggle = move |place: i32, words: &'static str| {
        view! {
            <ToggleChip pressed=Signal::derive(move || only.get() == place) on_press=move || only.set(place)>{words}</ToggleChip>
        }
    };
    let toasts = use_toasts();
    view! {
        <Card title="Buttons and chips">
            <div class="actions">
                <Button glyph=Glyph::Add on_press=move || toasts.good("Saved. Labor Nord can add results until 26 November.")>"Share"</Button>
                <Button kind=ButtonKind::Quiet glyph=Glyph::SaveCopy>"Save a copy"</Button>
                <Button kind=ButtonKind::Stop glyph=Glyph::StopSharing on_press=move || toasts.stop("Not stopped yet. There is no connection; we try again as soon as there is.")>"Stop sharing"</Button>
                <LinkButton href="/sharing" kind=ButtonKind::Quiet>"A link"</LinkButton>
                <IconButton glyph=Glyph::More label="More for this record" />
                <IconButton glyph=Glyph::Print label="Print" disabled=true />
            </div>
            <div class="actions">
                <Button busy=true>"Sharing"</Button>
                <Button kind=ButtonKind::Quiet busy=true glyph=Glyph::SaveCopy>"Saving a copy"</Button>
                <Button disabled=true>"Share"</Button>
                <Button kind=ButtonKind::Quiet disabled=true>"Save a copy"</Button>
            </div>
            <div class="row">
                <Chip>"may save copies"</Chip>
                <Chip tone=Tone::Good glyph=Glyph::Check>"verified in person"</Chip>
                <Chip tone=Tone::Warn glyph=Glyph::Clock>"ends tomorrow"</Chip>
                <Chip tone=Tone::Stop glyph=Glyph::StopSharing>"stopped"</Chip>
                <Chip tone=Tone::Brand>"3 new"</Chip>
                <Chip category="imaging">"Imaging"</Chip>
            </div>
            <div class="filters" role="group" aria-label="Kind of record">
                {toggle(0, "Everything")} {toggle(1, "Laboratory")} {toggle(2, "Visit notes")} {toggle(3, "Imaging")} {toggle(4, "Medications")}
            </div>
        </Card>
    }
    .erased()
}

#[component]
fn Fields() -> impl IntoView {
    let password = RwSignal::new("amber".to_owned());
    view! {
        <Card title="Fields">
            <form class="form" on:submit=|event| event.prevent_default()>
                <TextField name="name" label="Your name" value=RwSignal::new("Maya Sørensen".to_owned()) autocomplete="name" />
                <TextField
                    name="email"
                    label="E-mail"
                    kind="email"
                    inputmode="email"
                    autocomplete="email"
                    value=RwSignal::new("maya@example".to_owned())
                    error=Some("This address has no ending. Write it like name@example.org.".to_owned())
                />
                <PasswordField name="password" label="Password" new=true value=password hint="Four unrelated words are easy to keep and hard to guess.">
                    <StrengthMeter level=Signal::derive(move || password.with(|typed| (!typed.is_empty()).then(|| u8::try_from(typed.len() / 4).unwrap_or(4)))) advice=Some("Add another word or two.".to_owned()) />
                </PasswordField>
                <TextArea name="note" label="Note for Dr Ito" optional=true value=RwSignal::new(String::new()) hint="Only he and you can read it." />
                <Checkbox name="kit" label="I have printed my recovery kit" checked=RwSignal::new(true) />
                <Checkbox
                    name="understood"
                    label="I understand that nobody can open my vault without it"
                    checked=RwSignal::new(false)
                    error=Some("Tick this to go on.".to_owned())
                />
                <div class="actions"><Button submit=true>"Go on"</Button><Button kind=ButtonKind::Quiet>"Back"</Button></div>
            </form>
        </Card>
    }
    .erased()
}

#[component]
fn MoreFields() -> impl IntoView {
    let pairs = |list: &[(&str, &str)]| {
        list.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect::<Vec<_>>()
    };
    view! {
        <Card title="Choosing">
            <SearchField name="search" label="Search your records" value=RwSignal::new(String::new()) placeholder="Search titles, results and text" />
            <Select
                name="kind"
                label="Kind of record"
                value=RwSignal::new("laboratory".to_owned())
                options=pairs(&[("imaging", "Imaging"), ("laboratory", "Laboratory"), ("visit-notes", "Visit notes")])
            />
            <Choices
                name="level"
                label="What may Dr Ito do?"
                value=RwSignal::new("view".to_owned())
                choices=vec![
                    Choice::new("view", "Look only", "He sees them on screen, marked with his name."),
                    Choice::new("download", "Look and save copies", "He can keep the files after the end."),
                    Choice::new("contribute", "Add records too", "What he adds waits in your inbox first."),
                ]
            />
            <Switch name="notify" label="Tell me when someone opens a record" hint="By a notice here, never by name in an e-mail." on=RwSignal::new(true) />
            <Switch name="emergency" label="Emergency access" on=RwSignal::new(false) />
            <TextField name="until" label="Until" kind="date" value=RwSignal::new("2026-12-13".to_owned()) disabled=true />
        </Card>
    }
    .erased()
}

#[component]
fn Alerts() -> impl IntoView {
    view! {
        <Card title="Alerts">
            <div class="halves">
                <Alert
                    still=true
                    tone=Tone::Stop
                    happened="The CT could not be sent. The connection broke."
                    kept="138 of 214 images are safe, and the rest is still on this device."
                    next="Stay on this page. Sending goes on by itself when the connection is back."
                >
                    <Button kind=ButtonKind::Quiet glyph=Glyph::Again>"Try now"</Button>
                </Alert>
                <Alert still=true tone=Tone::Warn happened="Labor Nord can add results for 5 more days." next="Give more time if a result is still to come.">
                    <Button kind=ButtonKind::Quiet>"Give more time"</Button>
                </Alert>
                <Alert still=true tone=Tone::Good happened="Sharing with Dr Vogt is stopped." next="Before that she had opened 3 records." />
                <Alert still=true tone=Tone::Brand happened="You can use HealthBridge without a connection." next="What you add is sealed here and sent later." />
            </div>
        </Card>
    }
    .erased()
}

#[component]
fn Files() -> impl IntoView {
    view! {
        <Card title="Add records">
            <Steps names=vec!["Choose", "Check", "Keep"] current=1 />
            <DropZone
                name="files"
                title="Drop files here, or choose them"
                hint="Pictures, PDF, CT and MR images, files from other health apps. Sealed on this device before they leave it."
                on_choose=|_| {}
            />
            <ul class="stack">
                <FileRow name="chest-ct-2026-11-12.zip" about="CT images, 112 MB" category="imaging" state=FileState::Sending(Some(64)) on_remove=|| {} />
                <FileRow name="blood-count.pdf" about="Laboratory result, 84 kB" category="laboratory" state=FileState::Kept />
                <FileRow name="discharge-letter-st-anna-hospital-cardiology-ward-2026.pdf" about="Letter, 310 kB" category="hospital-stays" state=FileState::Waiting on_remove=|| {} />
                <FileRow name="scan.heic" about="Picture, 4 MB" state=FileState::Failed("This file is damaged. Nothing was added. Take the picture again or choose another file.".to_owned()) on_remove=|| {} />
                <FileRow name="heart-film.dcm" about="Scan, 1.2 GB" category="imaging" state=FileState::Resting(38, "Paused") on_remove=|| {} />
                <FileRow name="plan.pdf" about="Document, 96 kB" state=FileState::Interrupted("The server could not take the rest of it.".to_owned(), "What was sent so far is kept, and the rest is still on this device.") on_remove=|| {} />
            </ul>
        </Card>
    }
    .erased()
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <div class="stack wide">
            <Card title="Waiting and empty">
                <Progress label="Sealing and sending" percent=Some(64) detail="137 of 214, about 2 minutes left" />
                <Progress label="Opening your vault" percent={None::<u8>} />
                <Skeleton label="Getting your records" count=2 />
                <Skeleton label="Getting the letter" shape=SkeletonShape::Lines />
                <Skeleton label="Getting the picture" shape=SkeletonShape::Block />
            </Card>
            <Card>
                <EmptyState
                    glyph=Glyph::Sharing
                    title="Nobody else can see your records"
                    next="Share with a doctor, a laboratory or another care team. You choose what and until when."
                >
                    <Button glyph=Glyph::Add>"Share"</Button>
                </EmptyState>
            </Card>
        </div>
    }
    .erased()
}

#[component]
fn Recovery() -> impl IntoView {
    let groups: Vec<String> =
        ["K7QM", "2FXR", "9WHD", "T4PL", "6ZNB", "C8VJ", "3RYG", "M5XK", "7HQD", "W2FT", "P9LB", "4NZC", "X6VR"]
            .into_iter()
            .map(str::to_owned)
            .collect();
    view! {
        <Card title="Recovery kit">
            <p>"Print this and keep it where you keep your passport. With it you can open your vault when everything else is lost. Without any way in, nobody can open it, not even we."</p>
            <RecoveryCode groups />
            <div class="actions"><Button glyph=Glyph::Print>"Print"</Button><Button kind=ButtonKind::Quiet glyph=Glyph::SaveCopy>"Save a copy"</Button></div>
        </Card>
    }
    .erased()
}

#[component]
fn Trust() -> impl IntoView {
    let words: Vec<String> =
        ["river", "candle", "orange", "north", "violin", "meadow"].into_iter().map(str::to_owned).collect();
    view! {
        <Card title="Is this really Dr Ito?">
            <p>"Compare these six words with the ones on his screen. If they are the same, it is really him."</p>
            <SafetyPhrase words />
            <div class="actions"><Button glyph=Glyph::Check>"They are the same"</Button><Button kind=ButtonKind::Quiet>"They differ"</Button></div>
        </Card>
    }
    .erased()
}

#[component]
fn Picture() -> impl IntoView {
    view! {
        <div class="two">
            <Stage
                label="CT of the chest, 214 images"
                tools=|| view! {
                    <IconButton glyph=Glyph::Back label="One back" />
                    <IconButton glyph=Glyph::Next label="One on" />
                    <span class="number">"87 / 214"</span>
                    <input type="range" min="1" max="214" value="87" aria-label="Slice" />
                    <IconButton glyph=Glyph::Contrast label="Light and dark" pressed=Signal::stored(true) />
                    <IconButton glyph=Glyph::ZoomIn label="Larger" />
                    <IconButton glyph=Glyph::FullScreen label="Fill the screen" />
                }
            >
                <svg viewBox="0 0 200 200" role="img" aria-label="Slice 87 of 214">
                    <ellipse cx="100" cy="104" rx="82" ry="62" fill="#3d4648" />
                    <ellipse cx="64" cy="100" rx="32" ry="42" fill="#101516" />
                    <ellipse cx="136" cy="100" rx="32" ry="42" fill="#101516" />
                    <ellipse cx="106" cy="92" rx="17" ry="22" fill="#7d8789" />
                    <circle cx="100" cy="146" r="12" fill="#d5dcdc" />
                </svg>
            </Stage>
            <Card title="About this record">
                <Facts>
                    <Fact name="Kind"><Chip category="imaging">"Imaging"</Chip></Fact>
                    <Fact name="Body part">"Chest"</Fact>
                    <Fact name="Ordered by">"Dr Kenji Ito"</Fact>
                    <Fact name="Size">"214 images, 112 MB"</Fact>
                </Facts>
                <p class="seen"><Icon glyph=Glyph::Check /><span>"This history was checked on your device."</span></p>
            </Card>
        </div>
    }
    .erased()
}

#[component]
fn Readings() -> impl IntoView {
    view! {
        <div class="halves">
            <Card title="Blood pressure" action=|| view! { <a href="/vitals">"Trends"</a> }>
                <div class="row ends">
                    <p class="big">"128/82 " <small>"mmHg"</small></p>
                    <Chip tone=Tone::Good glyph=Glyph::Check>"in your range"</Chip>
                </div>
                <svg class="spark" viewBox="0 0 300 72" preserveAspectRatio="none" role="img" aria-label="Fourteen days, falling from 141 to 128">
                    <rect class="band" x="0" y="26" width="300" height="30" />
                    <path vector-effect="non-scaling-stroke" d="M4 12 26 18 48 15 70 24 92 20 114 28 136 26 158 34 180 31 202 38 224 35 246 41 268 38 292 43" />
                </svg>
                <p class="soft">"Today at 07:40 · average of 14 days 133/84"</p>
            </Card>
            <Card title="By kind of record">
                <div class="scroll-x" tabindex="0" role="region" aria-label="Who may do what, by kind of record">
                    <table class="table">
                        <thead><tr><th scope="col">"Kind"</th><th scope="col">"Dr Ito"</th><th scope="col">"Labor Nord"</th><th scope="col">"Anna"</th></tr></thead>
                        <tbody>
                            <tr><th scope="row">"Imaging"</th><td><Chip tone=Tone::Brand glyph=Glyph::SaveCopy>"copies"</Chip></td><td class="soft">"nothing"</td><td><Chip tone=Tone::Brand>"all"</Chip></td></tr>
                            <tr><th scope="row">"Laboratory"</th><td><Chip tone=Tone::Warn glyph=Glyph::Clock>"asks"</Chip></td><td><Chip glyph=Glyph::Add>"adds"</Chip></td><td><Chip tone=Tone::Brand>"all"</Chip></td></tr>
                            <tr><th scope="row">"Visit notes"</th><td><Chip tone=Tone::Brand glyph=Glyph::Eye>"looks"</Chip></td><td class="soft">"nothing"</td><td><Chip tone=Tone::Brand>"all"</Chip></td></tr>
                        </tbody>
                    </table>
                </div>
            </Card>
        </div>
    }
    .erased()
}

#[component]
fn Categories() -> impl IntoView {
    const KINDS: [(&str, &str); 10] = [
        ("imaging", "Imaging"),
        ("laboratory", "Laboratory"),
        ("visit-notes", "Visit notes"),
        ("hospital-stays", "Hospital stays"),
        ("medications", "Medications"),
        ("immunisations", "Immunisations"),
        ("vital-signs", "Vital signs"),
        ("procedures", "Procedures"),
        ("insurance-and-legal", "Insurance and legal"),
        ("other", "Other"),
    ];
    let items = KINDS
        .into_iter()
        .map(|(slug, name)| view! { <div class="row still">{category_tile(slug)}<Chip category=slug>{name}</Chip></div> })
        .collect_view();
    view! { <Card title="Ten kinds of record"><div class="thirds">{items}</div></Card> }
}

#[component]
fn Chosen() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <Card title="Rows that are pressed">
            <List>
                <Row title="CT of the chest" sub="12 November · Imaging" tile=|| category_tile("imaging") on_press=move || toasts.good("CT of the chest is chosen.") />
                <Row title="Blood count and lipids" sub="3 November · Laboratory" tile=|| category_tile("laboratory") on_press=move || toasts.good("Blood count and lipids is chosen.") />
            </List>
        </Card>
    }
}

#[component]
fn Drawings() -> impl IntoView {
    let items = Glyph::ALL.iter().map(|glyph| view! { <Icon glyph=*glyph /> }).collect_view();
    view! { <Card title="Drawings"><div class="row">{items}</div></Card> }
}

#[component]
fn Dialogs() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <Dialog id="stop" open title="Stop sharing imaging with Dr Kenji Ito?">
            <p>"He can open nothing from now on. He opened 3 records before; what a person has seen or saved cannot be taken back."</p>
            <div class="actions">
                <Button kind=ButtonKind::Quiet on_press=move || open.set(false)>"Keep sharing"</Button>
                <Button kind=ButtonKind::Stop glyph=Glyph::StopSharing on_press=move || open.set(false)>"Stop sharing"</Button>
            </div>
        </Dialog>
        <Card title="Dialog">
            <div class="actions"><Button kind=ButtonKind::Quiet on_press=move || open.set(true)>"Show the dialog"</Button></div>
        </Card>
    }
    .erased()
}
