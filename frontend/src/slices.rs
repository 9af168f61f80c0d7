//! What a page does once something has changed, in slices: drawing everything that depends on it may take longer than a
//! finger or a frame can wait. The work is done in the order in which it came, as soon as whoever caused it is done; but
//! when a slice is used up, the browser has its turn before the rest, to paint and to hear of a finger. One piece of work
//! is never divided. Whatever a person does meets a page that is done: the rest is then done first.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use gloo::events::{EventListener, EventListenerOptions};
use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageChannel, MessagePort, Performance};

/// How long one slice may take, in milliseconds: what is at work when it ends is still finished.
const SLICE: f64 = 4.0;

/// What people do. Handlers rely on the page being what they were made for, and the router on having drawn one page
/// before it is asked for the next.
const ACTS: [&str; 7] = ["pointerdown", "click", "keydown", "input", "change", "submit", "popstate"];

thread_local! {
    static WORK: Work = Work::new();
}

/// Does from now on in slices whatever is spawned on this page. Another executor that was there first would stay.
pub(crate) fn provide() {
    drop(Executor::init_custom_executor(Slices));
    for act in ACTS {
        // Before anybody else hears of it.
        let options = EventListenerOptions::run_in_capture_phase();
        EventListener::new_with_options(&window(), act, options, |_| WORK.with(Work::finish)).forget();
    }
}

/// The way in for what pages spawn.
struct Slices;

impl CustomExecutor for Slices {
    fn spawn(&self, task: PinnedFuture<()>) {
        self.spawn_local(task);
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        WORK.with(|work| work.add(task));
    }

    fn poll_local(&self) {}
}

/// The work of this thread.
struct Work {
    /// What is not done. A task stays until it is, so whoever may wake one must not drop its waker silently.
    tasks: RefCell<BTreeMap<u64, PinnedLocalFuture<()>>>,
    /// What can go on, in order.
    ready: RefCell<VecDeque<Arc<Turn>>>,
    next: Cell<u64>,
    /// Whether a slice is under way or will come by itself.
    is_due: Cell<bool>,
    /// Whether a slice is under way.
    is_working: Cell<bool>,
    clock: Performance,
    /// A message to here comes back when the browser has had its turn.
    yielding: Option<MessagePort>,
}

/// A task's turn to go on. It waits in line once, however often it is asked for.
struct Turn {
    task: u64,
    waits: AtomicBool,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        if self.waits.swap(true, Ordering::Relaxed) {
            return;
        }
        WORK.with(|work| {
            work.ready.borrow_mut().push_back(self);
            work.be_due();
        });
    }
}

impl Work {
    fn new() -> Self {
        Self {
            tasks: RefCell::default(),
            ready: RefCell::default(),
            next: Cell::new(0),
            is_due: Cell::new(false),
            is_working: Cell::new(false),
            clock: Reflect::get(&js_sys::global(), &"performance".into()).unwrap_or_default().unchecked_into(),
            yielding: channel().ok(),
        }
    }

    fn add(&self, task: PinnedLocalFuture<()>) {
        let number = self.next.replace(self.next.get() + 1);
        self.tasks.borrow_mut().insert(number, task);
        Arc::new(Turn { task: number, waits: AtomicBool::new(false) }).wake();
    }

    fn be_due(&self) {
        if !self.is_due.replace(true) {
            wasm_bindgen_futures::spawn_local(async { WORK.with(Self::slice) });
        }
    }

    /// Asks for a slice after the browser had its turn; says whether one will come.
    fn after_the_browser(&self) -> bool {
        self.yielding.as_ref().is_some_and(|port| port.post_message(&JsValue::NULL).is_ok())
    }

    /// Works until nothing is left, or the slice is used up and the rest has been put off.
    fn slice(&self) {
        self.work(SLICE);
    }

    /// Works until nothing is left, unless it is work itself that asks for this.
    fn finish(&self) {
        if self.is_due.get() && !self.is_working.get() {
            self.work(f64::INFINITY);
        }
    }

    fn work(&self, longest: f64) {
        self.is_working.set(true);
        wasm_bindgen_futures::spawn_local(async { WORK.with(Self::rescue) });
        let begun = self.clock.now();
        loop {
            // No borrow may outlive its line: a task may spawn, and wake, whatever it likes.
            let turn = self.ready.borrow_mut().pop_front();
            let Some(turn) = turn else { break self.is_due.set(false) };
            self.take(turn);
            if self.clock.now() - begun >= longest && !self.ready.borrow().is_empty() && self.after_the_browser() {
                break;
            }
        }
        self.is_working.set(false);
    }

    /// A task that traps takes its slice with it, but not what comes after it: the page must still lock.
    fn rescue(&self) {
        if self.is_working.replace(false) {
            self.is_due.set(false);
            if !self.ready.borrow().is_empty() {
                self.be_due();
            }
        }
    }

    fn take(&self, turn: Arc<Turn>) {
        // Before it goes on: it may ask for the next turn meanwhile.
        turn.waits.store(false, Ordering::Relaxed);
        let number = turn.task;
        // One that is done may still be woken.
        let task = self.tasks.borrow_mut().remove(&number);
        if let Some(mut task) = task
            && task.as_mut().poll(&mut Context::from_waker(&Waker::from(turn))).is_pending()
        {
            self.tasks.borrow_mut().insert(number, task);
        }
    }
}

/// A port that calls for a slice at each message to it.
fn channel() -> Result<MessagePort, JsValue> {
    let channel = MessageChannel::new()?;
    let called = Closure::<dyn Fn()>::new(|| WORK.with(Work::slice));
    channel.port1().set_onmessage(Some(called.as_ref().unchecked_ref()));
    called.forget();
    Ok(channel.port2())
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use std::rc::Rc;

    use futures_channel::oneshot;
    use gloo::timers::future::TimeoutFuture;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn spawn(task: impl Future<Output = ()> + 'static) {
        Slices.spawn_local(Box::pin(task));
    }

    fn busy(milliseconds: f64) {
        let until = WORK.with(|work| work.clock.now()) + milliseconds;
        while WORK.with(|work| work.clock.now()) < until {}
    }

    async fn until(there: impl Fn() -> bool) {
        while !there() {
            TimeoutFuture::new(1).await;
        }
    }

    /// Until nothing waits any more.
    async fn all_done() {
        until(|| WORK.with(|work| work.ready.borrow().is_empty())).await;
    }

    /// A list that several tasks write to.
    fn told() -> (Rc<RefCell<Vec<u32>>>, impl Fn(u32) + Clone) {
        let told = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&told);
        (told, move |what| to.borrow_mut().push(what))
    }

    #[wasm_bindgen_test]
    async fn work_is_done_in_order_and_before_the_browser_has_its_turn() {
        let (told, tell) = told();
        let (first, second, within, timer) = (tell.clone(), tell.clone(), tell.clone(), tell);
        gloo::timers::callback::Timeout::new(0, move || timer(9)).forget();
        spawn(async move {
            first(1);
            spawn(async move { within(3) });
        });
        spawn(async move { second(2) });
        assert!(told.borrow().is_empty(), "nothing is done while somebody else is at work");
        until(|| told.borrow().len() == 4).await;
        assert_eq!(*told.borrow(), [1, 2, 3, 9]);
    }

    #[wasm_bindgen_test]
    async fn after_a_slice_the_browser_has_its_turn() {
        let (told, tell) = told();
        for number in 1..=40 {
            let tell = tell.clone();
            spawn(async move {
                busy(SLICE / 2.0);
                tell(number);
            });
        }
        WORK.with(Work::slice);
        assert!((1..=2).contains(&told.borrow().len()), "one slice, and no more");
        until(|| told.borrow().len() == 40).await;
        assert_eq!(*told.borrow(), (1..=40).collect::<Vec<_>>(), "everything is done, in order");
    }

    #[wasm_bindgen_test]
    async fn whatever_a_person_does_meets_a_page_that_is_done() {
        let (told, tell) = told();
        for number in 1..=5 {
            let tell = tell.clone();
            spawn(async move {
                busy(SLICE);
                WORK.with(Work::finish);
                tell(number);
            });
        }
        WORK.with(Work::finish);
        assert_eq!(*told.borrow(), [1, 2, 3, 4, 5]);
        all_done().await;
    }

    #[wasm_bindgen_test]
    async fn a_task_that_wakes_itself_leaves_the_browser_its_turn() {
        let (told, tell) = told();
        let mut left = 40;
        spawn(std::future::poll_fn(move |context| {
            busy(SLICE / 2.0);
            tell(left);
            left -= 1;
            context.waker().wake_by_ref();
            if left == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        }));
        WORK.with(Work::slice);
        assert!((1..=2).contains(&told.borrow().len()), "one slice, and no more");
        until(|| told.borrow().len() == 40).await;
    }

    #[wasm_bindgen_test]
    async fn a_task_that_traps_takes_no_other_with_it() {
        let (told, tell) = told();
        spawn(async { drop(js_sys::JsString::from("").repeat(-1)) });
        let after = tell.clone();
        spawn(async move { after(1) });
        let slice = Closure::<dyn Fn()>::new(|| WORK.with(Work::slice));
        let trapped = slice.as_ref().unchecked_ref::<js_sys::Function>().call0(&JsValue::NULL);
        assert!(trapped.is_err() && told.borrow().is_empty());
        until(|| told.borrow().len() == 1).await;
        spawn(async move { tell(2) });
        until(|| told.borrow().len() == 2).await;
    }

    #[wasm_bindgen_test]
    async fn a_task_goes_on_once_for_however_many_calls() {
        let (told, tell) = told();
        let (sender, mut receiver) = oneshot::channel::<()>();
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let kept = Rc::clone(&waker);
        spawn(std::future::poll_fn(move |context| {
            tell(1);
            *kept.borrow_mut() = Some(context.waker().clone());
            receiver.try_recv().map_or(std::task::Poll::Ready(()), |_| std::task::Poll::Pending)
        }));
        until(|| told.borrow().len() == 1).await;
        let waker = waker.borrow().clone().unwrap();
        waker.wake_by_ref();
        waker.wake_by_ref();
        all_done().await;
        assert_eq!(told.borrow().len(), 2);
        drop(sender);
        waker.wake_by_ref();
        all_done().await;
        assert_eq!(told.borrow().len(), 3, "it heard that nobody will send, and is done");
        waker.wake_by_ref();
        all_done().await;
        assert_eq!(told.borrow().len(), 3, "what is done is left alone");
    }
}
