//! Locks that all tabs of this browser share, so that one of them at a time is at the same work. A lock goes with its tab.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A lock that this tab has, until this is dropped. Where the browser has no locks, it keeps nobody out.
pub(crate) struct Hold(Option<Function>);

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(let_go) = &self.0 {
            drop(Reflect::apply(let_go, &JsValue::UNDEFINED, &Array::new()));
        }
    }
}

/// Waits until no other tab has the lock of this name, and takes it.
pub(crate) async fn hold(name: &str) -> Hold {
    let (sender, receiver) = oneshot::channel();
    let mut sender = Some(sender);
    let granted = Closure::<dyn FnMut() -> JsValue>::new(move || {
        // The browser takes the lock back when this promise is kept.
        let held = Promise::new(&mut |let_go: Function, _: Function| {
            if let Some(sender) = sender.take() {
                drop(sender.send(let_go));
            }
        });
        held.into()
    });
    let Ok(asked) = ask(name, granted.as_ref()) else { return Hold(None) };
    match select(receiver, JsFuture::from(asked)).await {
        Either::Left((let_go, _)) => Hold(let_go.ok()),
        // The browser grants none here.
        Either::Right(_) => Hold(None),
    }
}

fn ask(name: &str, granted: &JsValue) -> Result<Promise, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let locks = Reflect::get(&navigator, &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    Reflect::apply(&request, &locks, &Array::of2(&name.into(), granted))?.dyn_into()
}
