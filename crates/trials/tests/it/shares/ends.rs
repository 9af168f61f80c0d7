//! Shares end when they should, for whom they should, and by whom they did.

use client::activity::What;
use client::share::Wish;
use client::{ClientError, Platform as _, Session};
use protocol::{GrantId, Level, VaultId};
use records::Category;

use crate::people::{Who, add, host, read, share, take_up};
use crate::wire::{APPEND, Wire};

const LABORATORY: Wish = Wish::Category(Category::Laboratory);

/// Whether a share has ended, and whether its key has turned.
async fn state(session: &Session<Wire>, vault: VaultId, grant: GrantId) -> (bool, bool) {
    session.sync(vault).await.unwrap();
    let now = session.platform().now();
    let ending = session.with_view(vault, |view| {
        let share = view.shares().find(|share| share.grant.grant == grant).unwrap();
        view.ending(share, now)
    });
    ending.unwrap().map_or((false, false), |ending| (true, ending.rotated))
}

/// A device whose clock is fast ends nothing early, and keeps nobody from a turned key who still has access.
#[tokio::test]
async fn a_fast_clock_ends_no_share() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let until = Some(maya.platform().now().plus(60));
    let person = maya.find(Who::Ito.email()).await.unwrap();
    let itos = maya.share(&person, LABORATORY, Level::Download, until).await.unwrap();
    let noors = share(&maya, Who::Noor, LABORATORY).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();

    let fast = Who::Maya.device(&host).await;
    fast.platform().set_clock_ahead(12 * 60);
    fast.sync(vault).await.unwrap();
    fast.platform().count_anew();
    fast.finish_endings(vault).await.unwrap();
    assert_eq!(fast.platform().reached(APPEND), 0);
    assert_eq!(state(&fast, vault, itos).await, (false, false));
    fast.stop(vault, noors).await.unwrap();
    while fast.renew_next(vault).await.unwrap() {}
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    assert_eq!(state(&maya, vault, noors).await, (true, true));

    // Once the server has ended it, both agree.
    host.pass(2 * 3600);
    assert_eq!(state(&fast, vault, itos).await, (true, false));
    fast.finish_endings(vault).await.unwrap();
    assert_eq!(state(&fast, vault, itos).await, (true, true));
    assert_eq!(ito.sync_shared().await, Ok(Vec::new()));
}

/// A share that ran out was stopped by nobody.
#[tokio::test]
async fn a_share_that_ran_out_was_not_stopped() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let until = Some(maya.platform().now().plus(60));
    let person = maya.find(Who::Ito.email()).await.unwrap();
    let grant = maya.share(&person, LABORATORY, Level::Download, until).await.unwrap();
    host.pass(2 * 3600);
    maya.sync(vault).await.unwrap();
    maya.finish_endings(vault).await.unwrap();
    assert_eq!(state(&maya, vault, grant).await, (true, true));
    let stopped = maya.with_view(vault, |view| {
        let share = view.shares().find(|share| share.grant.grant == grant).unwrap();
        (share.stopped, view.events().iter().any(|event| matches!(event.what, What::Stopped(_))))
    });
    assert_eq!(stopped, Ok((None, false)));
}

/// A share is given another end: whoever holds it goes on by the same key, and nothing turns at the end that was.
#[tokio::test]
async fn a_share_is_given_another_end() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let now = maya.platform().now();
    let person = maya.find(Who::Ito.email()).await.unwrap();
    let grant = maya.share(&person, LABORATORY, Level::Download, Some(now.plus(60))).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    take_up(&ito).await.unwrap();

    // A day more, then two hours: of two devices that change it at once, one is told what the other did.
    let laptop = Who::Maya.device(&host).await;
    laptop.sync(vault).await.unwrap();
    let (longer, shorter) = futures_util::future::join(
        maya.change_end(vault, grant, Some(now.plus(24 * 60))),
        laptop.change_end(vault, grant, Some(now.plus(120))),
    )
    .await;
    assert_eq!((longer, shorter), (Ok(()), Ok(())));
    maya.change_end(vault, grant, Some(now.plus(120))).await.unwrap();
    // Sharing the same again is that, too.
    assert_eq!(maya.share(&person, LABORATORY, Level::Download, Some(now.plus(180))).await, Ok(grant));
    maya.platform().count_anew();
    assert_eq!(maya.share(&person, LABORATORY, Level::Download, Some(now.plus(180))).await, Ok(grant));
    assert_eq!(maya.platform().reached(APPEND), 0);

    host.pass(2 * 3600);
    maya.finish_endings(vault).await.unwrap();
    assert_eq!(state(&maya, vault, grant).await, (false, false));
    ito.sync(vault).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    let ends =
        |session: &Session<Wire>| session.with_view(vault, |view| view.share(grant).unwrap().grant.until).unwrap();
    assert_eq!((ends(&maya), ends(&ito)), (Some(now.plus(180)), Some(now.plus(180))));
    let told = maya.with_view(vault, |view| {
        view.events().iter().rev().find_map(|event| match event.what {
            What::EndChanged(of, until) => Some((of, until)),
            _ => None,
        })
    });
    assert_eq!(told, Ok(Some((grant, Some(now.plus(180))))));

    // It ends when it was last said to, and then no more can be given.
    host.pass(3600 + 60);
    assert_eq!(state(&maya, vault, grant).await, (true, false));
    assert_eq!(maya.change_end(vault, grant, None).await, Err(ClientError::Missing("share")));
    maya.finish_endings(vault).await.unwrap();
    assert_eq!(state(&maya, vault, grant).await, (true, true));
}

/// A server whose clock stands still, or that says so, puts an end off by a day and no more.
#[tokio::test]
async fn a_server_puts_an_end_off_by_no_more_than_a_day() {
    const DAY: i64 = 24 * 60;
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let until = Some(maya.platform().now().plus(60));
    let person = maya.find(Who::Ito.email()).await.unwrap();
    let grant = maya.share(&person, LABORATORY, Level::Download, until).await.unwrap();
    for (ahead, ended) in [(61, false), (60 + DAY, false), (61 + DAY, true)] {
        maya.platform().set_clock_ahead(ahead);
        assert_eq!(state(&maya, vault, grant).await, (ended, false), "{ahead} minutes ahead");
    }
}

/// The clock of somebody it is shared with is fast: nothing is signed that would be dated after the end, and nothing
/// else fails for it.
#[tokio::test]
async fn a_recipients_fast_clock_signs_nothing_after_the_end() {
    let host = host().await;
    let maya = Who::Maya.device(&host).await;
    let vault = maya.own_vault().unwrap();
    let record = add(&maya, "ECG", b"sinus rhythm").await.unwrap();
    let until = Some(maya.platform().now().plus(60));
    let person = maya.find(Who::Ito.email()).await.unwrap();
    maya.share(&person, LABORATORY, Level::Download, until).await.unwrap();
    let ito = Who::Ito.device(&host).await;
    ito.platform().set_clock_ahead(120);
    take_up(&ito).await.unwrap();
    assert_eq!(read(&ito, vault, record).await, Err(ClientError::Missing("record")));
    ito.platform().set_clock_ahead(0);
    take_up(&ito).await.unwrap();
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
    // A share without that end is signed for instead.
    share(&maya, Who::Ito, LABORATORY).await.unwrap();
    take_up(&ito).await.unwrap();
    ito.platform().set_clock_ahead(120);
    assert_eq!(read(&ito, vault, record).await.unwrap(), b"sinus rhythm");
}
