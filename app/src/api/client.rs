//! How the page asks server functions: it names the account that it shows, because all tabs share one cookie, and
//! somebody else may have signed in in another one.

use std::cell::Cell;
use std::future::Future;

use futures_util::{Sink, Stream};
use leptos::prelude::*;
use leptos::server_fn::Bytes;
use leptos::server_fn::client::Client;
use leptos::server_fn::client::browser::BrowserClient;
use leptos::server_fn::request::browser::BrowserRequest;
use leptos::server_fn::response::browser::BrowserResponse;

use super::Refused;
use crate::vault::Status;

/// The request header that names the account whose request it is: the vault protocol's own, to which a test of the
/// server holds it.
pub const ACCOUNT_HEADER: &str = "x-healthbridge-account";

thread_local! {
    /// Whom the vault of this page names. The page is one thread; on the server nobody sets it.
    static STATUS: Cell<Option<Signal<Status>>> = const { Cell::new(None) };
}

/// Lets every question from here on be asked for whoever this status names then.
pub(crate) fn ask_as(status: Signal<Status>) {
    STATUS.set(Some(status));
}

/// The account that the page shows, if it shows one.
fn account() -> Option<String> {
    STATUS.get()?.try_with_untracked(|status| match status {
        Status::Locked(me) | Status::Open(me) => Some(me.account.clone()),
        Status::Starting | Status::SignedOut => None,
    })?
}

/// The browser's client, with the header that names the account.
#[derive(Clone, Copy, Debug)]
pub struct AccountClient;

impl Client<Refused> for AccountClient {
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: BrowserRequest) -> impl Future<Output = Result<BrowserResponse, Refused>> + Send {
        if let Some(account) = account() {
            request.headers().set(ACCOUNT_HEADER, &account);
        }
        <BrowserClient as Client<Refused>>::send(request)
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static, impl Sink<Bytes> + Send + 'static),
            Refused,
        >,
    > + Send {
        <BrowserClient as Client<Refused>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<Refused>>::spawn(future);
    }
}
