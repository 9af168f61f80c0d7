//! Between a device and the server: a platform whose connection can be told to lie, and to break.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use client::Platform;
use client::platform::{Method, Request, Response, Unreachable, Unsent};
use minicbor::{Decode, Encode};
use protocol::{Minute, cbor};
use server::random::{Random as _, SystemRandom};
use tokio::sync::Notify;
use vault::floe::Native;

use crate::host::{Host, Tear};

/// What a lie does with a request.
pub(crate) enum Fate {
    /// It goes on, perhaps changed.
    GoesOn,
    /// The connection breaks.
    Cut,
    /// It is answered without the server.
    Answered(Response),
    /// Another request reaches the server in its place, and then the connection breaks.
    Swapped(Request),
    /// Half of its body reaches the server, and then the connection breaks.
    Torn(Tear),
    /// It goes on once it is let through.
    Waits(Rc<Gate>),
}

/// Something that the wire does to what crosses it.
pub(crate) trait Lie {
    /// Before the request reaches the server.
    fn asked(&mut self, _: &mut Request) -> Fate {
        Fate::GoesOn
    }

    /// After the server has answered. False breaks the connection.
    fn answered(&mut self, _: &Request, _: &mut Response) -> bool {
        true
    }
}

/// Which requests a lie is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct On(pub(crate) Method, pub(crate) &'static str);

impl On {
    /// Whether it is this request: its method, and a piece of its path.
    pub(crate) fn is(self, request: &Request) -> bool {
        request.method == self.0 && request.path.contains(self.1)
    }
}

/// Reading a log.
pub(crate) const READ_LOG: On = On(Method::Get, "/log?after=");
/// Appending to a log.
pub(crate) const APPEND: On = On(Method::Post, "/log");
/// Reading a chunk.
pub(crate) const READ_CHUNK: On = On(Method::Get, "/chunks/");
/// Which vaults are shared.
pub(crate) const SHARED: On = On(Method::Get, "/api/v1/shared");
/// Who is signed in.
pub(crate) const SESSION: On = On(Method::Get, "/api/v1/session");
/// Looking for somebody by address.
pub(crate) const FIND: On = On(Method::Post, "/people/find");

/// Changes every answer of one kind.
struct Rewrite<F>(On, F);

impl<F: FnMut(&Request, Response) -> Response> Lie for Rewrite<F> {
    fn answered(&mut self, request: &Request, response: &mut Response) -> bool {
        if self.0.is(request) && response.status < 300 {
            *response = (self.1)(request, response.clone());
        }
        true
    }
}

/// Changes every message of one kind that the server answers with.
pub(crate) fn changed<M>(on: On, mut change: impl FnMut(&mut M) + 'static) -> impl Lie
where
    M: Encode<()> + for<'b> Decode<'b, ()>,
{
    Rewrite(on, move |_: &Request, response: Response| {
        let mut message: M = cbor::decode(&response.body).expect("the message that was asked for");
        change(&mut message);
        Response { body: cbor::encode(&message), ..response }
    })
}

/// Changes the bytes of every answer of one kind.
pub(crate) fn bytes(on: On, mut change: impl FnMut(&Request, &mut Vec<u8>) + 'static) -> impl Lie {
    Rewrite(on, move |request: &Request, mut response: Response| {
        change(request, &mut response.body);
        response
    })
}

/// Answers in the server's place.
struct Instead<F>(On, F);

impl<F: FnMut(&Request) -> Option<Response>> Lie for Instead<F> {
    fn asked(&mut self, request: &mut Request) -> Fate {
        if !self.0.is(request) {
            return Fate::GoesOn;
        }
        (self.1)(request).map_or(Fate::GoesOn, Fate::Answered)
    }
}

/// Answers every request of one kind in the server's place, unless the answer is none.
pub(crate) fn instead(on: On, answer: impl FnMut(&Request) -> Option<Response> + 'static) -> impl Lie {
    Instead(on, answer)
}

/// A message as the server would have answered it.
pub(crate) fn message(message: &impl Encode<()>) -> Response {
    Response { status: 200, body: cbor::encode(message) }
}

/// The answer that has nothing to say.
pub(crate) fn done() -> Response {
    Response { status: 204, body: Vec::new() }
}

/// Where the connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The server never hears of the request.
    Before,
    /// The server has done it; its answer is lost.
    After,
}

/// Breaks the connection at one request, counted from 0, and for so many after it.
pub(crate) struct CutAt {
    pub(crate) request: usize,
    pub(crate) when: When,
    pub(crate) lasting: usize,
    seen: usize,
    answers: usize,
}

impl CutAt {
    pub(crate) fn once(request: usize, when: When) -> Self {
        Self::lasting(request, when, 1)
    }

    pub(crate) fn for_good(request: usize, when: When) -> Self {
        Self::lasting(request, when, usize::MAX)
    }

    pub(crate) fn lasting(request: usize, when: When, lasting: usize) -> Self {
        Self { request, when, lasting, seen: 0, answers: 0 }
    }

    fn hits(&self, count: usize) -> bool {
        count >= self.request && count - self.request < self.lasting
    }
}

impl Lie for CutAt {
    fn asked(&mut self, _: &mut Request) -> Fate {
        let hit = self.hits(self.seen);
        // Once the connection broke after an answer and stays broken, nothing later reaches the server.
        let down = self.when == When::After && self.seen > self.request;
        self.seen += 1;
        if hit && (self.when == When::Before || down) { Fate::Cut } else { Fate::GoesOn }
    }

    fn answered(&mut self, _: &Request, _: &mut Response) -> bool {
        let hit = self.when == When::After && self.hits(self.answers);
        self.answers += 1;
        !hit
    }
}

/// Requests that were held back.
pub(crate) type Held = Rc<RefCell<Vec<Request>>>;

/// Holds back every request of one kind: the device only sees that the connection broke.
pub(crate) struct Hold(pub(crate) On, pub(crate) Held);

impl Lie for Hold {
    fn asked(&mut self, request: &mut Request) -> Fate {
        if !self.0.is(request) {
            return Fate::GoesOn;
        }
        self.1.borrow_mut().push(request.clone());
        Fate::Cut
    }
}

/// Puts another request in the place of the first one of a kind.
pub(crate) struct SwapOnce(pub(crate) On, pub(crate) Option<Request>);

impl Lie for SwapOnce {
    fn asked(&mut self, request: &mut Request) -> Fate {
        if !self.0.is(request) {
            return Fate::GoesOn;
        }
        self.1.take().map_or(Fate::GoesOn, Fate::Swapped)
    }
}

/// Breaks the connection in the middle of the body of every request of a kind, the first time only or always.
pub(crate) struct Tears {
    on: On,
    tear: Tear,
    /// The paths of those that were torn, if each is torn once.
    once: Option<BTreeSet<String>>,
}

impl Tears {
    pub(crate) const fn always(on: On, tear: Tear) -> Self {
        Self { on, tear, once: None }
    }

    pub(crate) const fn each_once(on: On, tear: Tear) -> Self {
        Self { on, tear, once: Some(BTreeSet::new()) }
    }
}

impl Lie for Tears {
    fn asked(&mut self, request: &mut Request) -> Fate {
        if !self.on.is(request) {
            return Fate::GoesOn;
        }
        let is_due = self.once.as_mut().is_none_or(|torn| torn.insert(request.path.clone()));
        if is_due { Fate::Torn(self.tear) } else { Fate::GoesOn }
    }
}

/// Where a request waits until another device has done something.
#[derive(Default)]
pub(crate) struct Gate {
    reached: Notify,
    open: Notify,
}

/// Lets one request, counted from 0, wait at a gate.
struct Stops {
    at: usize,
    seen: usize,
    gate: Rc<Gate>,
}

impl Lie for Stops {
    fn asked(&mut self, _: &mut Request) -> Fate {
        let is_it = self.seen == self.at;
        self.seen += 1;
        if !is_it {
            return Fate::GoesOn;
        }
        self.gate.reached.notify_one();
        Fate::Waits(self.gate.clone())
    }
}

/// Lets every request of a kind wait at a gate.
struct StopsEvery(On, Rc<Gate>);

impl Lie for StopsEvery {
    fn asked(&mut self, request: &mut Request) -> Fate {
        if !self.0.is(request) {
            return Fate::GoesOn;
        }
        self.1.reached.notify_one();
        Fate::Waits(self.1.clone())
    }
}

/// A device's connection, clock and randomness.
pub(crate) struct Wire {
    host: RefCell<Rc<Host>>,
    cookie: RefCell<Option<String>>,
    lies: RefCell<Vec<Box<dyn Lie>>>,
    /// Every request that reached the server.
    reached: RefCell<Vec<Request>>,
    /// Every request that the device made.
    asked: Cell<usize>,
    /// The request, counted from 0, at which the device's process ends.
    dies_at: Cell<Option<usize>>,
    dead: Cell<bool>,
    /// Minutes by which the device's clock is ahead of the server's at the beginning.
    ahead: Cell<i64>,
}

impl Wire {
    pub(crate) fn new(host: &Rc<Host>, cookie: Option<String>) -> Self {
        Self {
            host: RefCell::new(host.clone()),
            cookie: RefCell::new(cookie),
            lies: RefCell::default(),
            reached: RefCell::default(),
            asked: Cell::new(0),
            dies_at: Cell::new(None),
            dead: Cell::new(false),
            ahead: Cell::new(0),
        }
    }

    /// Lies from now on.
    pub(crate) fn lie(&self, lie: impl Lie + 'static) {
        self.lies.borrow_mut().push(Box::new(lie));
    }

    /// Lies no more.
    pub(crate) fn be_honest(&self) {
        self.lies.borrow_mut().clear();
    }

    /// Leads to another server from now on.
    pub(crate) fn lead_to(&self, host: &Rc<Host>) {
        *self.host.borrow_mut() = host.clone();
    }

    /// Forgets what was counted.
    pub(crate) fn count_anew(&self) {
        self.reached.borrow_mut().clear();
        self.asked.set(0);
    }

    /// Ends the device's process at a request, counted from 0, of an operation: gives what became of it, if anything.
    pub(crate) async fn die_at<T>(&self, request: usize, operation: impl Future<Output = T>) -> Option<T> {
        self.dies_at.set(Some(request));
        let died = async {
            while !self.dead.get() {
                tokio::task::yield_now().await;
            }
        };
        match futures_util::future::select(std::pin::pin!(operation), std::pin::pin!(died)).await {
            futures_util::future::Either::Left((result, _)) => Some(result),
            futures_util::future::Either::Right(_) => None,
        }
    }

    /// Lets another device do something just before a request, counted from 0, of an operation. Gives what became of the
    /// operation, and whether it came to that request at all.
    pub(crate) async fn overtaken_at<T>(
        &self,
        request: usize,
        operation: impl Future<Output = T>,
        overtaking: impl Future<Output = ()>,
    ) -> (T, bool) {
        let gate = Rc::new(Gate::default());
        self.lie(Stops { at: request, seen: 0, gate: gate.clone() });
        let meanwhile = async {
            gate.reached.notified().await;
            overtaking.await;
            gate.open.notify_one();
        };
        let (operation, meanwhile) = (std::pin::pin!(operation), std::pin::pin!(meanwhile));
        let outcome = match futures_util::future::select(operation, meanwhile).await {
            futures_util::future::Either::Left((done, _)) => (done, false),
            futures_util::future::Either::Right(((), operation)) => (operation.await, true),
        };
        self.be_honest();
        outcome
    }

    /// Lets another device do something just before every request of a kind that an operation makes. Gives what became of
    /// the operation.
    pub(crate) async fn overtaken_at_every<T>(
        &self,
        on: On,
        operation: impl Future<Output = T>,
        overtaking: impl AsyncFn(),
    ) -> T {
        let gate = Rc::new(Gate::default());
        self.lie(StopsEvery(on, gate.clone()));
        let meanwhile = async {
            loop {
                gate.reached.notified().await;
                overtaking().await;
                gate.open.notify_one();
            }
        };
        let outcome = tokio::select! {
            outcome = operation => outcome,
            () = meanwhile => unreachable!("it goes on for as long as there are requests"),
        };
        self.be_honest();
        outcome
    }

    /// How many requests the device made.
    pub(crate) fn asked(&self) -> usize {
        self.asked.get()
    }

    /// How many requests of a kind reached the server.
    pub(crate) fn reached(&self, on: On) -> usize {
        self.reached.borrow().iter().filter(|request| on.is(request)).count()
    }

    /// The requests of a kind that reached the server.
    pub(crate) fn requests(&self, on: On) -> Vec<Request> {
        self.reached.borrow().iter().filter(|request| on.is(request)).cloned().collect()
    }

    /// Delivers a request that was held back.
    pub(crate) async fn deliver(&self, request: Request) -> Response {
        let (host, cookie) = (self.host.borrow().clone(), self.cookie());
        let Ok(answered) = host.answer(request, cookie.as_deref()).await else { panic!("the server is here") };
        answered.response
    }

    /// Sets the device's clock wrong.
    pub(crate) fn set_clock_ahead(&self, minutes: i64) {
        self.ahead.set(minutes);
    }

    /// The session's cookie, as the device kept it.
    pub(crate) fn set_cookie(&self, cookie: &str) {
        *self.cookie.borrow_mut() = Some(cookie.to_owned());
    }

    pub(crate) fn cookie(&self) -> Option<String> {
        self.cookie.borrow().clone()
    }
}

impl Platform for Wire {
    type Cipher = Native;

    fn cipher(&self) -> Native {
        Native
    }

    async fn send(&self, request: Request) -> Result<Response, Unsent> {
        if self.dies_at.get() == Some(self.asked.replace(self.asked.get() + 1)) {
            self.dead.set(true);
            return std::future::pending().await;
        }
        let mut request = request;
        let fates: Vec<Fate> = self.lies.borrow_mut().iter_mut().map(|lie| lie.asked(&mut request)).collect();
        for fate in fates {
            match fate {
                Fate::GoesOn => {}
                Fate::Cut => return Err(Unreachable.into()),
                Fate::Answered(response) => return Ok(response),
                Fate::Swapped(other) => {
                    self.deliver(other).await;
                    return Err(Unreachable.into());
                }
                Fate::Torn(tear) => {
                    let (host, cookie) = (self.host.borrow().clone(), self.cookie());
                    host.tear(request, cookie.as_deref(), tear).await;
                    return Err(Unreachable.into());
                }
                Fate::Waits(gate) => gate.open.notified().await,
            }
        }
        self.reached.borrow_mut().push(request.clone());
        let (host, cookie) = (self.host.borrow().clone(), self.cookie());
        let mut answered = host.answer(request.clone(), cookie.as_deref()).await?;
        let lies = &mut *self.lies.borrow_mut();
        if !lies.iter_mut().all(|lie| lie.answered(&request, &mut answered.response)) {
            return Err(Unreachable.into());
        }
        if answered.response.body.len() > request.most() {
            return Err(Unsent::Endless);
        }
        if let Some(cookie) = answered.cookie {
            *self.cookie.borrow_mut() = Some(cookie).filter(|pair| !pair.ends_with('='));
        }
        Ok(answered.response)
    }

    async fn sleep(&self, _: u32) {
        tokio::task::yield_now().await;
    }

    fn now(&self) -> Minute {
        let seconds = self.host.borrow().now().saturating_add_signed(self.ahead.get() * 60);
        Minute::from_unix_seconds(seconds)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        SystemRandom.fill(bytes);
    }
}
