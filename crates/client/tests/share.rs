//! Sharing what somebody stops to share at the same time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod nearby;

use client::share::Wish;
use protocol::{Level, Minute};
use records::Category;

use nearby::{Nearby, VAULT, now};

/// Who is given more time while the share ends, by the owner's other device or by the one who holds it, does not go
/// without: the new end changes nothing then, and the same is shared anew, under the key that is in use by now.
#[test]
fn what_ends_while_it_is_given_more_time_is_shared_anew() {
    let (soon, later) = (Minute(100), Minute(200));
    for (stops, gives_back) in [(false, false), (true, false), (false, true)] {
        let nearby = Nearby::with_records(2, 1);
        let session = nearby.session();
        let share = |until: Minute| {
            let wish = Wish::Category(Category::Imaging);
            now(session.share(&nearby.person, wish, Level::Download, Some(until))).unwrap()
        };
        let first = share(soon);
        let elsewhere = nearby.clone();
        nearby.race(move || {
            if stops {
                now(elsewhere.session().stop(VAULT, first)).unwrap();
            }
            if gives_back {
                elsewhere.give_back(first);
            }
        });
        let second = share(later);
        let ended = stops || gives_back;
        assert_eq!(second == first, !ended, "only what holds is given another end");
        session
            .with_view(VAULT, |view| {
                let (before, held) = (view.share(first).unwrap(), view.share(second).unwrap());
                assert_eq!(before.stopped.is_some(), ended);
                assert_eq!(before.grant.until, Some(if ended { soon } else { later }));
                assert_eq!((held.stopped, held.grant.until), (None, Some(later)));
                assert_eq!(held.grant.epoch, u32::from(stops), "the key has turned where the owner stopped it");
                assert_eq!(view.shares().count(), 1 + usize::from(ended));
            })
            .unwrap();
    }
}
