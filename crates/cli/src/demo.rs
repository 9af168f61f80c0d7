//! Fills a server, through the client, with a patient, a caregiver, a physician and records, and prints their sign-ins.

mod files;

use cli::platform::Terminal;
use client::draft::examine;
use client::password::NewPassword;
use client::session::SignUp;
use client::share::Wish;
use client::upload::{NoOutbox, Unwatched};
use client::{ClientError, Platform, Session};
use protocol::api::{Conflict, Profile};
use protocol::time::DAY;
use protocol::{ApiError, Level};
use records::Category;
use serde_json::json;

use crate::failure::Failure;
use crate::output;
use crate::unlock::Context;

/// The password of every demo account. They hold nothing that is anybody's.
const PASSWORD: &str = "a quiet bridge over water";

struct Person {
    email: &'static str,
    name: &'static str,
    role: &'static str,
    practice: Option<(&'static str, &'static str)>,
}

const PATIENT: Person = Person { email: "maya@demo.example", name: "Maya Sørensen", role: "patient", practice: None };
const CAREGIVER: Person =
    Person { email: "anna@demo.example", name: "Anna Sørensen", role: "caregiver", practice: None };
const PHYSICIAN: Person = Person {
    email: "ito@demo.example",
    name: "Dr Kenji Ito",
    role: "physician",
    practice: Some(("Cardiology", "St. Anna Hospital")),
};

/// `demo`
pub(crate) async fn fill(context: &Context) -> Result<(), Failure> {
    let Some(patient) = sign_up(context, &PATIENT).await? else {
        output::line("The demo accounts are there already.")?;
        return say_sign_ins(context);
    };
    sign_up(context, &CAREGIVER).await?;
    let physician = sign_up(context, &PHYSICIAN).await?.ok_or_else(|| Failure::new("the demo is there in part"))?;

    let mut scan = None;
    for (name, content, notes) in files::records() {
        let mut draft = examine(&name, &content, content.len() as u64, 0);
        notes.clone_into(&mut draft.metadata.notes);
        let is_scan = draft.metadata.category == Category::Imaging;
        let ticket = patient.begin(draft).await?;
        let id = patient.run(&ticket, &content[..], &NoOutbox, &Unwatched).await?;
        scan = scan.or(is_scan.then_some(id));
    }
    let person = patient.find(PHYSICIAN.email).await?;
    let now = patient.platform().now();
    patient.share(&person, Wish::Category(Category::Laboratory), Level::Download, Some(now.plus(30 * DAY))).await?;
    if let Some(scan) = scan {
        patient.share(&person, Wish::Record(scan), Level::Download, Some(now.plus(7 * DAY))).await?;
        for vault in physician.sync_shared().await? {
            physician.accept_all(vault).await?;
            physician.open(vault, scan).await?.read_all().await?;
        }
    }
    say_sign_ins(context)
}

/// Makes an account; none if it is there already.
async fn sign_up(context: &Context, person: &Person) -> Result<Option<Session<Terminal>>, Failure> {
    let profile = match person.practice {
        None => Profile::Patient,
        Some((specialty, organisation)) => Profile::Provider {
            specialty: specialty.to_owned(),
            organisation: organisation.to_owned(),
            verified: false,
        },
    };
    let password = &NewPassword::choose(PASSWORD, person.email, person.name)?;
    let entered = SignUp { email: person.email, name: person.name, profile, password };
    match Session::sign_up(context.fresh_terminal()?, entered).await {
        Ok((session, _)) => Ok(Some(session)),
        Err(ClientError::Api(ApiError::Conflict(Conflict::Email))) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn say_sign_ins(context: &Context) -> Result<(), Failure> {
    let people = [&PATIENT, &CAREGIVER, &PHYSICIAN];
    if context.json {
        let accounts = people.map(
            |person| json!({ "email": person.email, "name": person.name, "role": person.role, "password": PASSWORD }),
        );
        return output::json(&accounts.into_iter().collect());
    }
    output::line("Sign in as one of these. They are for looking around; keep nothing real in them.")?;
    let rows = people.map(|person| {
        vec![person.role.to_owned(), person.name.to_owned(), person.email.to_owned(), PASSWORD.to_owned()]
    });
    output::table(&rows)
}
