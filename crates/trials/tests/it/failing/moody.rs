//! A blob store with moods.

use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use client::Session;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use server::blobs::Blobs;
use server::services::sweep::sweep;
use tokio::sync::Notify;

use crate::host::Host;
use crate::people::{Who, host_over};
use crate::wire::Wire;

/// Long enough for everything that nothing needs to go.
pub(super) const LATER: i64 = 30 * 24 * 3600 + u32::MAX as i64;

/// How the store behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    /// Every operation fails.
    Fails,
    /// Everything is done, and then it fails.
    FailsAfterwards,
    /// Reading ends half-way with an error.
    BreaksOff,
    /// Reading ends half-way as if that were all.
    FallsShort,
    /// Every operation takes its time.
    Slow,
    /// Nothing ever comes back.
    Hangs,
    /// Only deleting fails.
    KeepsAll,
    /// Only deleting the object fails that was to be deleted first.
    KeepsOne,
    /// Only listing fails, after so many objects.
    ListBreaksOff(usize),
    /// Only listing ends after so many objects, as if those were all.
    ListFallsShort(usize),
    /// Only listing begins no sooner than it is told to.
    ListWaits,
}

/// A store in memory with moods.
#[derive(Debug)]
pub(super) struct Moody {
    within: Arc<InMemory>,
    mood: Mutex<Mood>,
    /// Something has begun that waits, for good or until it is told to go on.
    pub(super) hung: Notify,
    /// Lets what waits go on.
    pub(super) go_on: Arc<Notify>,
    /// The object that is not let go.
    stubborn: Arc<Mutex<Option<Path>>>,
}

impl fmt::Display for Moody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moody")
    }
}

fn failed() -> Error {
    Error::Generic { store: "moody", source: "the secret name of a bucket".into() }
}

impl Moody {
    pub(super) fn new() -> Arc<Self> {
        let (mood, hung, go_on, stubborn) = (Mutex::new(Mood::Well), Notify::new(), Arc::default(), Arc::default());
        Arc::new(Self { within: Arc::new(InMemory::new()), mood, hung, go_on, stubborn })
    }

    pub(super) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    async fn begin(&self) -> Result<()> {
        match self.mood() {
            Mood::Fails => Err(failed()),
            Mood::Slow => {
                take_time().await;
                Ok(())
            }
            Mood::Hangs => {
                self.hung.notify_one();
                std::future::pending().await
            }
            _ => Ok(()),
        }
    }

    /// How many objects it holds, but for the one with its id.
    pub(super) async fn count(&self) -> usize {
        let id = |found: &Result<ObjectMeta>| found.as_ref().is_ok_and(|found| found.location.as_ref() == "instance");
        self.within.list(None).filter(|found| std::future::ready(!id(found))).count().await
    }
}

/// Some of what is there, and then an error.
fn broken_off(all: BoxStream<'static, Result<ObjectMeta>>, after: usize) -> BoxStream<'static, Result<ObjectMeta>> {
    all.take(after).chain(stream::iter([Err(failed())])).boxed()
}

async fn take_time() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[async_trait]
impl ObjectStore for Moody {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.begin().await?;
        let put = self.within.put_opts(location, payload, options).await;
        if self.mood() == Mood::FailsAfterwards { Err(failed()) } else { put }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.within.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.begin().await?;
        let mut got = self.within.get_opts(location, options).await?;
        let mood = self.mood();
        if matches!(mood, Mood::BreaksOff | Mood::FallsShort) {
            let (meta, range) = (got.meta.clone(), got.range.clone());
            let (attributes, extensions) = (got.attributes.clone(), got.extensions.clone());
            let whole = got.bytes().await?;
            let mut pieces = vec![Ok(whole.slice(..whole.len() / 2))];
            if mood == Mood::BreaksOff {
                pieces.push(Err(failed()));
            }
            let payload = GetResultPayload::Stream(stream::iter(pieces).boxed());
            got = GetResult { payload, meta, range, attributes, extensions };
        }
        Ok(got)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        if matches!(self.mood(), Mood::KeepsAll | Mood::Fails) {
            return locations.map(|_| Err(failed())).boxed();
        }
        if self.mood() == Mood::KeepsOne {
            let stubborn = self.stubborn.clone();
            let refused = move |location: Result<Path>| {
                let location = location?;
                let mut stubborn = stubborn.lock().unwrap();
                if *stubborn.get_or_insert_with(|| location.clone()) == location { Err(failed()) } else { Ok(location) }
            };
            return self.within.delete_stream(locations.map(refused).boxed());
        }
        self.within.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.mood() {
            Mood::Fails => broken_off(self.within.list(prefix), 0),
            Mood::ListBreaksOff(listed) => broken_off(self.within.list(prefix), listed),
            Mood::ListFallsShort(listed) => self.within.list(prefix).take(listed).boxed(),
            Mood::Slow => {
                let slowly = |found: Result<ObjectMeta>| async move {
                    take_time().await;
                    found
                };
                self.within.list(prefix).then(slowly).boxed()
            }
            Mood::Hangs | Mood::ListWaits => {
                self.hung.notify_one();
                let (within, prefix, go_on) = (self.within.clone(), prefix.cloned(), self.go_on.clone());
                let wait = async move {
                    go_on.notified().await;
                    within.list(prefix.as_ref())
                };
                stream::once(wait).flatten().boxed()
            }
            _ => self.within.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.within.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.within.copy_opts(from, to, options).await
    }
}

/// A server whose blobs are in such a store, and a device of Maya's.
pub(super) async fn moody() -> (Arc<Moody>, Rc<Host>, Session<Wire>) {
    let store = Moody::new();
    let host = host_over(Blobs::over(store.clone())).await;
    // As a server does when it starts: the store is its own from then on.
    sweep(&host.state).await.unwrap();
    let maya = Who::Maya.device(&host).await;
    (store, host, maya)
}
