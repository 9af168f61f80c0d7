//! What a person changes: records, people, and shares.

use std::rc::Rc;

use app::vault::{Compared, Details, NewShare, Reach};
use client::ClientError;
use client::share::Wish;
use protocol::time::DAY;
use protocol::{AccountId, ApiError, Level, Minute};
use records::{Category, Date};
use vault::recipient::Untrusted;

use super::convert;
use super::desk::{Desk, locate, parse};
use super::trouble::Failure;
use crate::message::{Answer, News};
use crate::platform::minute;

impl Desk {
    pub(super) async fn edit(&self, id: &str, details: &Details) -> Result<Answer, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        session.edit(vault, record, |metadata| convert::apply(details, metadata)).await?;
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    pub(super) async fn delete(&self, id: &str) -> Result<Answer, Failure> {
        let session = self.session()?;
        let (vault, record) = locate(&session, id)?;
        session.delete(vault, record).await?;
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    pub(super) async fn find(&self, email: &str) -> Result<Answer, Failure> {
        let session = self.session()?;
        let person = match session.find(email).await {
            Err(ClientError::Api(ApiError::NotFound)) => return Err(Failure::NobodyThere),
            // Whoever really has a new account is known again once the six words were compared. The alarm comes first.
            Err(changed @ ClientError::Untrusted(_)) => {
                self.trouble(&changed.into());
                session.find_anew(email).await?
            }
            found => found?,
        };
        Ok(Answer::Person(convert::person(&session, &person)?))
    }

    pub(super) async fn compared(&self, compared: &Compared) -> Result<Answer, Failure> {
        let session = self.session()?;
        let person = session.person(parse::<AccountId>(&compared.account)?).await?;
        // What is noted is what was compared, and not whomever the server names by now.
        if convert::person(&session, &person)?.phrase != compared.phrase {
            return Err(ClientError::from(Untrusted::Changed).into());
        }
        if compared.found {
            session.confirm_phrase(&person).await?;
        } else {
            session.confirm_phrase_of_known(&person).await?;
        }
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    pub(super) async fn share(&self, new: &NewShare) -> Result<Answer, Failure> {
        let session = self.session()?;
        let wish = match &new.reach {
            Reach::Record(record, _) => Wish::Record(parse(record)?),
            Reach::Category(slug) => Wish::Category(Category::from_slug(slug).ok_or(Failure::Gone)?),
            Reach::Everything => Wish::Everything,
        };
        let until = last_minute(new.until.as_deref())?;
        let person = session.person(parse(&new.account)?).await?;
        session.share(&person, wish, Level::Download, until).await?;
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    pub(super) async fn change_end(&self, id: &str, until: Option<&str>) -> Result<Answer, Failure> {
        let session = self.session()?;
        session.change_end(session.own_vault()?, parse(id)?, last_minute(until)?).await?;
        self.page.tell(&News::Changed);
        Ok(Answer::Done)
    }

    pub(super) async fn stop(desk: &Rc<Self>, id: &str) -> Result<Answer, Failure> {
        let session = desk.session()?;
        session.stop(session.own_vault()?, parse(id)?).await?;
        desk.page.tell(&News::Changed);
        Self::finish_endings(desk);
        Ok(Answer::Done)
    }
}

/// The last minute of a share that ends on a day, if it ends.
fn last_minute(day: Option<&str>) -> Result<Option<Minute>, Failure> {
    day.map(|day| Date::from_iso(day).map(end_of_day).ok_or(Failure::Gone)).transpose()
}

/// The last minute of a day in the person's own zone.
fn end_of_day(date: Date) -> Minute {
    let midnight = js_sys::Date::new_with_year_month_day(
        u32::from(date.year()),
        i32::from(date.month()) - 1,
        i32::from(date.day()),
    );
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds since 1970, after 1970")]
    let start = Minute::from_unix_seconds((midnight.get_time() / 1000.0).max(0.0) as u64);
    start.plus(DAY - 1).max(minute())
}
