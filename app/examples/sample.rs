//! The pages with a made-up vault behind them, to try them in a browser without a server.

use std::rc::Rc;
use std::time::Duration;

use app::clock::{Clock, DAY, provide_clock};
use app::vault::*;
use leptos::prelude::*;
use leptos::wasm_bindgen;
use leptos::wasm_bindgen::prelude::*;
use leptos::web_sys;

const NOW: u32 = 29_922_570;

fn main() {}

fn soon<T: 'static>(value: T) -> Local<T> {
    Box::pin(async move {
        let (send, get) = futures_channel();
        set_timeout(move || send(), Duration::from_millis(60));
        get.await;
        value
    })
}

fn futures_channel() -> (impl FnOnce() + 'static, Pin2) {
    let state = Rc::new(std::cell::RefCell::new((false, None::<std::task::Waker>)));
    let other = state.clone();
    (
        move || {
            let mut s = other.borrow_mut();
            s.0 = true;
            if let Some(w) = s.1.take() {
                w.wake();
            }
        },
        Box::pin(std::future::poll_fn(move |cx| {
            let mut s = state.borrow_mut();
            if s.0 {
                std::task::Poll::Ready(())
            } else {
                s.1 = Some(cx.waker().clone());
                std::task::Poll::Pending
            }
        })),
    )
}
type Pin2 = std::pin::Pin<Box<dyn std::future::Future<Output = ()>>>;

fn words(s: &str) -> Vec<String> {
    s.split_whitespace().map(str::to_owned).collect()
}

fn me(provider: bool) -> Me {
    Me {
        account: if provider { "ito" } else { "maya" }.into(),
        name: if provider { "Dr Kenji Ito" } else { "Maya Sørensen" }.into(),
        email: if provider { "ito@example.org" } else { "maya@example.org" }.into(),
        provider: provider.then(|| Provider {
            specialty: "Cardiology".into(),
            organisation: "St. Anna Hospital".into(),
            verified: true,
        }),
        phrase: words("river candle orange north violin meadow"),
    }
}

fn person(account: &str, name: &str, specialty: &str, organisation: &str, compared: bool) -> Person {
    Person {
        account: account.into(),
        name: name.into(),
        email: format!("{account}@example.org"),
        provider: Some(Provider { specialty: specialty.into(), organisation: organisation.into(), verified: compared }),
        phrase: words("amber lantern copper willow harbour pencil"),
        compared,
    }
}

fn record(
    id: &str,
    title: &str,
    category: &str,
    date: &str,
    file: &str,
    kind: &str,
    size: u64,
    ago: u32,
    shared: u32,
) -> RecordItem {
    RecordItem {
        id: id.into(),
        vault: "v1".into(),
        details: Details {
            title: title.into(),
            category: category.into(),
            date: date.into(),
            notes: if id == "ct" {
                "Before the visit in December.\nAsk about the lower left.".into()
            } else {
                String::new()
            },
        },
        file_name: file.into(),
        kind: kind.into(),
        size,
        added: NOW - ago,
        changed: NOW - ago,
        owner: None,
        shared_with: shared,
        has_thumbnail: id == "ct",
    }
}

struct Fake {
    status: RwSignal<Status>,
    version: RwSignal<u32>,
    alarm: RwSignal<Option<String>>,
    uploads: RwSignal<Vec<Upload>>,
    records: RwSignal<Vec<RecordItem>>,
    shares: RwSignal<Vec<Share>>,
    next: RwSignal<u32>,
}

fn pixels(width: u32, height: u32, shade: u8) -> Pixels {
    let mut rgba = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (dx, dy) = (f64::from(x) / f64::from(width) - 0.5, f64::from(y) / f64::from(height) - 0.5);
            let v = if shade > 0 { shade } else { ((1.0 - (dx * dx + dy * dy) * 3.0).max(0.0) * 200.0) as u8 };
            let v = if shade > 0 && y % 24 < 3 && x > width / 8 && x < width * 7 / 8 { 40 } else { v };
            rgba.extend([v, v, v, 255]);
        }
    }
    Pixels { width, height, rgba }
}

impl Vault for Fake {
    fn status(&self) -> Signal<Status> {
        self.status.into()
    }
    fn version(&self) -> Signal<u32> {
        self.version.into()
    }
    fn alarm(&self) -> RwSignal<Option<String>> {
        self.alarm
    }
    fn uploads(&self) -> Signal<Vec<Upload>> {
        self.uploads.into()
    }
    fn sign_up(&self, e: SignUp) -> Local<Result<Vec<String>, Trouble>> {
        let (status, m) = (self.status, Me { name: e.name, email: e.email, ..me(e.provider.is_some()) });
        let groups: Vec<String> = (0..14).map(|n| format!("K{n:02}Q")).collect();
        let wait = soon(());
        Box::pin(async move {
            wait.await;
            status.set(Status::Open(m));
            Ok(groups)
        })
    }
    fn sign_in(&self, _: String, password: String) -> Local<Result<(), Trouble>> {
        let status = self.status;
        let wait = soon(());
        Box::pin(async move {
            wait.await;
            if password == "wrong" {
                Err(Trouble { happened: "The address or the password is not right.".into(), kind: TroubleKind::Input })
            } else {
                status.set(Status::Open(me(false)));
                Ok(())
            }
        })
    }
    fn recover(&self, _: String, _: String, _: String) -> Local<Result<(), Trouble>> {
        self.sign_in(String::new(), String::new())
    }
    fn rate_password(&self, p: String, _: Vec<String>) -> Local<(u8, Option<String>)> {
        soon(((p.len() / 5).min(4) as u8, (p.len() < 16).then(|| "Add another word or two.".into())))
    }
    fn lock(&self) -> Local<Result<(), Trouble>> {
        let s = self.status;
        Box::pin(async move {
            if let Status::Open(m) = s.get_untracked() {
                s.set(Status::Locked(m));
            }
            Ok(())
        })
    }
    fn sign_out(&self) -> Local<Result<(), Trouble>> {
        let s = self.status;
        Box::pin(async move {
            s.set(Status::SignedOut);
            Ok(())
        })
    }
    fn records(&self) -> Local<Result<Vec<RecordItem>, Trouble>> {
        let provider = matches!(self.status.get_untracked(), Status::Open(m) if m.provider.is_some());
        let mut all = self.records.get_untracked();
        if provider {
            all.truncate(3);
            for r in &mut all {
                r.owner = Some("Maya Sørensen".into());
                r.shared_with = 0;
            }
        }
        soon(Ok(all))
    }
    fn thumbnail(&self, _: String) -> Local<Option<Vec<u8>>> {
        soon(Some(include_bytes!("../../public/icons/mark-192.png").to_vec()))
    }
    fn choose(&self, file: web_sys::File) -> Local<Result<Chosen, Trouble>> {
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        let name = file.name();
        if name.ends_with(".bad") {
            return soon(Err(Trouble { happened: "This file is empty.".into(), kind: TroubleKind::Input }));
        }
        soon(Ok(Chosen {
            id,
            kind: "PDF document".into(),
            size: file.size() as u64,
            details: Details {
                title: name.trim_end_matches(".pdf").replace('-', " "),
                category: "laboratory".into(),
                date: "2026-11-03".into(),
                notes: String::new(),
            },
            can_be_shown: !name.ends_with(".bin"),
            file_name: name,
        }))
    }
    fn unchoose(&self, _: u32) {}
    fn add(&self, id: u32, d: Details) {
        self.uploads.update(|u| {
            u.push(Upload {
                id,
                title: d.title,
                category: d.category,
                sent: 64_000_000,
                total: 100_000_000,
                speed: 2_400_000,
                state: UploadState::Sending,
            })
        });
    }
    fn replace(&self, _: u32, _: String) {}
    fn pause(&self, id: u32, p: bool) {
        self.uploads.update(|u| {
            for x in u.iter_mut().filter(|x| x.id == id) {
                x.state = if p { UploadState::Paused } else { UploadState::Sending }
            }
        });
    }
    fn cancel(&self, id: u32) {
        self.uploads.update(|u| u.retain(|x| x.id != id));
    }
    fn open(&self, id: String) -> Local<Result<Content, Trouble>> {
        soon(Ok(match id.as_str() {
            "ct" => Content::Picture {
                pixels: pixels(512, 512, 0),
                facts: vec![("Body part".into(), "Chest".into()), ("Device".into(), "Siemens SOMATOM".into())],
            },
            "blood" => Content::Pages(3),
            "visit" => Content::Text {
                text:
                    "Cardiology visit\n\nThe patient reports no pain. Keep an eye on potassium with the new tablet.\n"
                        .repeat(12),
                cut: true,
            },
            "broken" => Content::None { why: "The file ends before its pictures do.".into(), facts: vec![] },
            _ => {
                return soon(Err(Trouble {
                    happened: "This record could not be checked, so it was not opened.".into(),
                    kind: TroubleKind::Other,
                }));
            }
        }))
    }
    fn page(&self, _: String, page: u32, width: u32) -> Local<Result<Pixels, Trouble>> {
        soon(Ok(pixels(width, width * 14 / 10, 255 - page as u8 * 20)))
    }
    fn paint(&self, canvas: web_sys::HtmlCanvasElement, p: &Pixels) {
        canvas.set_width(p.width);
        canvas.set_height(p.height);
        let f = js_function();
        let array = web_sys::js_sys::Uint8ClampedArray::from(p.rgba.as_slice());
        drop(f.call3(&JsValue::NULL, &canvas, &array, &JsValue::from(p.width)));
    }
    fn save(&self, _: String) -> Local<Result<(), Trouble>> {
        soon(Err(Trouble {
            happened: "The copy could not be saved. The connection broke.".into(),
            kind: TroubleKind::Offline,
        }))
    }
    fn edit(&self, id: String, d: Details) -> Local<Result<(), Trouble>> {
        self.records.update(|r| {
            for x in r.iter_mut().filter(|x| x.id == id) {
                x.details = d.clone();
                x.changed = NOW;
            }
        });
        self.version.update(|v| *v += 1);
        soon(Ok(()))
    }
    fn delete(&self, id: String) -> Local<Result<(), Trouble>> {
        self.records.update(|r| r.retain(|x| x.id != id));
        self.version.update(|v| *v += 1);
        soon(Ok(()))
    }
    fn find(&self, email: String) -> Local<Result<Person, Trouble>> {
        if email.starts_with("no") {
            soon(Err(Trouble { happened: "No care team has this address.".into(), kind: TroubleKind::Input }))
        } else {
            soon(Ok(person("ito", "Dr Kenji Ito", "Cardiology", "St. Anna Hospital", false)))
        }
    }
    fn compared(&self, _: String) -> Local<Result<(), Trouble>> {
        soon(Ok(()))
    }
    fn share(&self, n: NewShare) -> Local<Result<(), Trouble>> {
        self.shares.update(|s| {
            s.push(Share {
                id: "new".into(),
                person: person(&n.account, "Dr Kenji Ito", "Cardiology", "St. Anna Hospital", true),
                reach: n.reach,
                level: "download".into(),
                from: NOW,
                until: Some(NOW + 30 * DAY),
                accepted: false,
                last_opened: None,
                ended: None,
            })
        });
        self.version.update(|v| *v += 1);
        soon(Ok(()))
    }
    fn shares(&self) -> Local<Result<Vec<Share>, Trouble>> {
        soon(Ok(self.shares.get_untracked()))
    }
    fn stop(&self, id: String) -> Local<Result<(), Trouble>> {
        self.shares.update(|s| {
            for x in s.iter_mut().filter(|x| x.id == id) {
                x.ended = Some(Ended {
                    at: NOW,
                    blocked: true,
                    rotated: true,
                    reencrypted: false,
                    opened_before: vec!["CT of the chest".into()],
                })
            }
        });
        self.version.update(|v| *v += 1);
        soon(Ok(()))
    }
    fn activity(&self) -> Local<Result<Vec<Happening>, Trouble>> {
        let h = |seq: u64,
                 ago: u32,
                 who: &str,
                 name: &str,
                 what: &str,
                 record: Option<(&str, &str)>,
                 share: Option<(&str, Reach)>| Happening {
            seq,
            at: NOW - ago,
            who: who.into(),
            name: name.into(),
            what: what.into(),
            record: record.map(|(a, b)| (a.into(), b.into())),
            share: share.map(|(a, b)| (a.into(), b)),
        };
        if self.records.with_untracked(Vec::is_empty) {
            return soon(Ok(vec![h(0, 5, "maya", "You", "created", None, None)]));
        }
        soon(Ok(vec![
            h(9, 30, "ito", "Dr Kenji Ito", "saved", Some(("ct", "CT of the chest")), None),
            h(8, 1330, "ito", "Dr Kenji Ito", "opened", Some(("ct", "CT of the chest")), None),
            h(
                7,
                1400,
                "ito",
                "Dr Kenji Ito",
                "accepted",
                None,
                Some(("Dr Kenji Ito", Reach::Category("imaging".into()))),
            ),
            h(6, 8 * DAY, "maya", "You", "shared", None, Some(("Dr Kenji Ito", Reach::Category("imaging".into())))),
            h(5, 10 * DAY, "maya", "You", "added", Some(("ct", "CT of the chest")), None),
            h(4, 20 * DAY, "maya", "You", "key-turned", None, None),
            h(
                3,
                20 * DAY,
                "maya",
                "You",
                "stopped",
                None,
                Some(("Dr Lena Vogt", Reach::Record("blood".into(), "Blood count and lipids".into()))),
            ),
            h(0, 40 * DAY, "maya", "You", "created", None, None),
        ]))
    }
    fn patients(&self) -> Local<Result<Vec<Patient>, Trouble>> {
        let p = |vault: &str, name: &str, days: Option<u32>, records, new| {
            let person = Person {
                account: vault.into(),
                name: name.into(),
                email: format!("{vault}@example.org"),
                provider: None,
                phrase: words("river candle orange north violin meadow"),
                compared: vault == "v1",
            };
            Patient {
                vault: vault.into(),
                person: person.clone(),
                shares: vec![Share {
                    id: vault.into(),
                    person,
                    reach: Reach::Category("imaging".into()),
                    level: "download".into(),
                    from: NOW - 8 * DAY,
                    until: days.map(|d| NOW + d * DAY),
                    accepted: true,
                    last_opened: None,
                    ended: None,
                }],
                records,
                new,
            }
        };
        soon(Ok(vec![
            p("v1", "Maya Sørensen", Some(22), 3, 3),
            p("v2", "Pilar Blanco", Some(1), 1, 1),
            p("v3", "Tom Wiśniewski", Some(12), 8, 0),
            p("v4", "Omar Rahimi", None, 20, 0),
        ]))
    }
}

fn js_function() -> web_sys::js_sys::Function {
    web_sys::js_sys::Function::new_with_args(
        "canvas, array, width",
        "canvas.getContext('2d').putImageData(new ImageData(array, width), 0, 0)",
    )
}

#[wasm_bindgen(wasm_bindgen = leptos::wasm_bindgen)]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
    leptos::mount::hydrate_body(sample);
}

fn sample() -> impl IntoView {
    let storage = |key: &str| {
        window().local_storage().ok().flatten().and_then(|s| s.get_item(key).ok().flatten()).unwrap_or_default()
    };
    let who = storage("who");
    let empty = storage("data") == "empty";
    let fake = Fake {
        status: RwSignal::new(Status::Starting),
        version: RwSignal::new(0),
        alarm: RwSignal::new(None),
        uploads: RwSignal::new(vec![]),
        next: RwSignal::new(10),
        records: RwSignal::new(if empty {
            vec![]
        } else {
            vec![
                record(
                    "ct",
                    "CT of the chest",
                    "imaging",
                    "2026-11-12",
                    "chest-ct.dcm",
                    "CT image",
                    112_000_000,
                    10 * DAY,
                    1,
                ),
                record(
                    "blood",
                    "Blood count and lipids",
                    "laboratory",
                    "2026-11-03",
                    "blood-count.pdf",
                    "PDF document",
                    84_000,
                    18 * DAY,
                    0,
                ),
                record(
                    "visit",
                    "Cardiology visit",
                    "visit-notes",
                    "2026-10-28",
                    "visit.txt",
                    "Text",
                    1_200,
                    24 * DAY,
                    2,
                ),
                record(
                    "broken",
                    "MR of the knee, a scan whose name is rather long for a phone",
                    "imaging",
                    "2025-05-12",
                    "knee-mr-with-a-very-long-file-name-that-does-not-break-anywhere-0001.dcm",
                    "MR image",
                    4_000_000,
                    200 * DAY,
                    0,
                ),
                record("letter", "Old letter", "other", "2019", "letter.pdf", "PDF document", 310_000, 30 * DAY, 0),
            ]
        }),
        shares: RwSignal::new(if empty {
            vec![]
        } else {
            vec![
                Share {
                    id: "s1".into(),
                    person: person("ito", "Dr Kenji Ito", "Cardiology", "St. Anna Hospital", true),
                    reach: Reach::Category("imaging".into()),
                    level: "download".into(),
                    from: NOW - 8 * DAY,
                    until: Some(NOW + 22 * DAY),
                    accepted: true,
                    last_opened: Some((NOW - 1330, "CT of the chest".into())),
                    ended: None,
                },
                Share {
                    id: "s2".into(),
                    person: person("ito", "Dr Kenji Ito", "Cardiology", "St. Anna Hospital", true),
                    reach: Reach::Record("visit".into(), "Cardiology visit".into()),
                    level: "download".into(),
                    from: NOW - 8 * DAY,
                    until: None,
                    accepted: false,
                    last_opened: None,
                    ended: None,
                },
                Share {
                    id: "s3".into(),
                    person: person("lab", "Labor Nord", "Laboratory", "", false),
                    reach: Reach::Category("laboratory".into()),
                    level: "drop".into(),
                    from: NOW - 25 * DAY,
                    until: Some(NOW + 5 * DAY),
                    accepted: true,
                    last_opened: None,
                    ended: None,
                },
                Share {
                    id: "s4".into(),
                    person: person("vogt", "Dr Lena Vogt", "Radiology", "", true),
                    reach: Reach::Record("blood".into(), "Blood count and lipids".into()),
                    level: "download".into(),
                    from: NOW - 60 * DAY,
                    until: Some(NOW + 5 * DAY),
                    accepted: true,
                    last_opened: None,
                    ended: Some(Ended {
                        at: NOW - 20 * DAY,
                        blocked: true,
                        rotated: true,
                        reencrypted: false,
                        opened_before: vec![
                            "CT of the chest".into(),
                            "Blood count and lipids".into(),
                            "Cardiology visit".into(),
                        ],
                    }),
                },
            ]
        }),
    };
    if storage("alarm") == "yes" {
        fake.alarm.set(Some("The history of your vault was changed on the server: an entry is missing.".into()));
    }
    if storage("uploads") == "yes" {
        let u = |id, title: &str, state| Upload {
            id,
            title: title.into(),
            category: "imaging".into(),
            sent: 64_000_000,
            total: 112_000_000,
            speed: 2_400_000,
            state,
        };
        fake.uploads.set(vec![
            u(1, "CT of the chest", UploadState::Sending),
            u(2, "Blood count", UploadState::Paused),
            u(3, "Letter", UploadState::Offline),
            u(4, "MR of the knee", UploadState::NeedsFile),
            u(5, "Photo", UploadState::Kept("ct".into())),
            u(6, "Scan", UploadState::Failed("This file is damaged. Nothing was added. Choose another file.".into())),
        ]);
    }
    let status = fake.status;
    provide_clock(Clock { now: Signal::stored(NOW), offset_minutes: 60 });
    provide_vault(Rc::new(fake));
    if who != "starting" {
        set_timeout(
            move || {
                status.set(match who.as_str() {
                    "patient" => Status::Open(me(false)),
                    "provider" => Status::Open(me(true)),
                    "locked" => Status::Locked(Me { phrase: vec![], ..me(false) }),
                    _ => Status::SignedOut,
                })
            },
            Duration::from_millis(20),
        );
    }
    view! { <app::App /> }
}
