//! The queue of mails: each is tried until it is sent, with longer and longer waits, across restarts.

use super::Result;
use crate::causes::describe;
use crate::clock::{HOUR, MINUTE};
use crate::failpoints;
use crate::state::AppState;
use crate::store::{accounts, notices};

/// How many mails are taken in hand together.
const TOGETHER: u64 = 20;

/// How often a mail is tried: for about three days, so that it outlives a weekend.
const TRIES: u32 = 20;

/// How long a mail is in hand while it is tried: longer than any try takes, so that no other server sends it too.
const IN_HAND: u64 = 10 * MINUTE;

/// The wait before a mail is tried again, after so many tries.
const fn wait(tries: u32) -> u64 {
    let doubled = MINUTE << if tries > 9 { 9 } else { tries };
    if doubled > 6 * HOUR { 6 * HOUR } else { doubled }
}

/// Sends what is due, until nothing is, the mail server is not there, or this server is asked to stop. Gives how many
/// mails left.
pub async fn send_due(state: &AppState) -> Result<u64> {
    let db = state.store.reader();
    let mut sent = 0;
    loop {
        let due = notices::due(db, state.clock.now(), TOGETHER).await?;
        if due.is_empty() {
            return Ok(sent);
        }
        for mail in due {
            if state.stopping.is_cancelled() {
                return Ok(sent);
            }
            // It is put off before it is tried, so that no crash makes it go out again and again.
            if !notices::claim(db, mail, state.clock.now() + IN_HAND.max(wait(mail.tries))).await? {
                continue;
            }
            failpoints::pass("mail-claimed");
            let Some(account) = accounts::own(mail.account, db).await? else {
                notices::unqueue(db, mail.id).await?;
                continue;
            };
            // It was chosen otherwise while this waited.
            let choices = notices::choices(mail.account, db).await?;
            if choices.iter().any(|choice| choice.kind == mail.kind && !choice.by_mail) {
                notices::unqueue(db, mail.id).await?;
                continue;
            }
            match state.mailer.send(&account.email, mail.kind).await {
                Ok(()) => {
                    failpoints::pass("mail-sent");
                    notices::unqueue(db, mail.id).await?;
                    sent += 1;
                }
                Err(error) if error.is_final() || mail.tries + 1 >= TRIES => {
                    tracing::error!(cause = describe(&error), kind = ?mail.kind, "a mail was given up");
                    notices::unqueue(db, mail.id).await?;
                }
                Err(error) => {
                    tracing::warn!(cause = describe(&error), kind = ?mail.kind, tries = mail.tries + 1, "a mail waits");
                    notices::put_off(db, mail.id, state.clock.now() + wait(mail.tries)).await?;
                    if error.is_of_all() {
                        return Ok(sent);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end_after_days() {
        assert_eq!((wait(0), wait(1), wait(5)), (60, 120, 32 * MINUTE));
        assert!((0..TRIES).all(|tries| wait(tries) <= wait(tries + 1)));
        let all: u64 = (0..TRIES).map(wait).sum();
        assert!(all > 72 * HOUR && all < 96 * HOUR, "{} hours", all / HOUR);
    }
}
