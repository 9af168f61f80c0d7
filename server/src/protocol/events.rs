//! `/events`: nudges to an open page.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use protocol::ApiError;

use super::Failure;
use crate::events::Listening;
use crate::services::session::{self, Caller};
use crate::state::AppState;

/// How often it is looked whether the session still holds, and how often an idle stream says that it lives.
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
        if first || changed(&state, caller, &mut listening).await {
            let event = Event::default().event("changed").data("look").retry(RETRY);
            return Some((Ok(event), (state, caller, listening, false)));
        }
        None
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(LOOK_EVERY)))
}

/// Waits for a nudge; not, once the session has ended or the server is about to stop.
async fn changed(state: &AppState, caller: Caller, listening: &mut Listening) -> bool {
    loop {
        match tokio::time::timeout(LOOK_EVERY, listening.next()).await {
            Ok(Some(())) => return session::holds(state, caller).await,
            Ok(None) => return false,
            Err(_) if !session::holds(state, caller).await => return false,
            Err(_) => {}
        }
    }
}
