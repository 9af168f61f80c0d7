//! Whether somebody is at this page: it locks the vault when nobody has been for a while, and says when it is back.

use std::cell::Cell;
use std::rc::Rc;

use app::vault::Status;
use leptos::prelude::*;
use leptos::web_sys;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::Proxy;
use crate::message::Command;
use crate::platform::minute;

/// Minutes without a touch or a key after which this page locks the vault.
const IDLE_MINUTES: u32 = 30;

/// Does something at each event of a kind, for as long as the page is there.
pub(super) fn on_event(kind: &str, act: impl Fn(web_sys::Event) + 'static) {
    let act = Closure::<dyn Fn(web_sys::Event)>::new(act);
    if window().add_event_listener_with_callback(kind, act.as_ref().unchecked_ref()).is_ok() {
        act.forget();
    }
}

/// Tells the vault when this page is back: in front of others, out of the browser's memory, or on a network.
pub(super) fn tell_when_back(proxy: &Rc<Proxy>) {
    for (event, elsewhere) in [("visibilitychange", false), ("pageshow", false), ("online", true)] {
        let proxy = Rc::clone(proxy);
        on_event(event, move |_| {
            if !document().hidden() && matches!(proxy.status.get_untracked(), Status::Open(_)) {
                drop(proxy.ask(&Command::Woke(elsewhere), &JsValue::NULL));
            }
        });
    }
}

/// Locks the vault when nobody has touched this page for a while.
pub(super) fn lock_when_idle(proxy: Rc<Proxy>) {
    let touched = Rc::new(Cell::new(minute().0));
    for event in ["pointerdown", "keydown", "wheel"] {
        let touched = Rc::clone(&touched);
        on_event(event, move |_| touched.set(minute().0));
    }
    gloo::timers::callback::Interval::new(20_000, move || {
        if minute().0.saturating_sub(touched.get()) >= IDLE_MINUTES
            && matches!(proxy.status.get_untracked(), Status::Open(_))
        {
            touched.set(minute().0);
            drop(proxy.ask(&Command::Lock, &JsValue::NULL));
        }
    })
    .forget();
}
