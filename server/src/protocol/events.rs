//! `/events`: nudges to an open page.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use protocol::ApiError;

use super::Failure;
use crate::events::Listening;
use crate::services::session::{self, Caller};
use crate::state::AppState;

/// How often it is looked whether the session still holds, and how often an idle stream says that it lives: in an event,
/// because a page does not hear comments, and a phone that slept may hold a connection that is none any more.
const LOOK_EVERY: Duration = Duration::from_secs(25);

/// A page that stays silent for as long as this asks again by itself.
const RETRY: Duration = Duration::from_secs(2);

/// The first nudge comes at once: whoever was away, through a restart or a sleep, asks what is new.
pub(crate) async fn events(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let listening = state.events.listen(caller.account).ok_or(ApiError::TooMany(60))?;
    let stream = unfold((state, caller, listening, true), |(state, caller, mut listening, first)| async move {
        let nudge = || Event::default().event("changed").data("look").retry(RETRY);
        let event = if first { nudge() } else { next(&mut listening, nudge).await? };
        session::holds(&state, caller).await.then_some((Ok(event), (state, caller, listening, false)))
    });
    Ok(Sse::new(stream))
}

/// Waits for a nudge, or says after a while that there was none; none once the server is about to stop.
async fn next(listening: &mut Listening, nudge: impl Fn() -> Event) -> Option<Event> {
    match tokio::time::timeout(LOOK_EVERY, listening.next()).await {
        Ok(heard) => heard.map(|()| nudge()),
        Err(_) => Some(Event::default().event("beat").data("here")),
    }
}
