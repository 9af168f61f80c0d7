//! Title, day and category from FHIR resources (HL7 FHIR R4 and later): one, a bundle of them, or one a line.

use super::{Found, loinc};
use crate::category::Category;
use crate::date::Date;
use crate::text;
use serde::Deserialize;
use serde_json::Value;

/// A summary is about one thing if this part of what can be sorted is about it.
const DOMINANT_PERCENT: usize = 60;

/// The few elements that matter here; all others are skipped while reading, so that a large export needs little memory.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Resource {
    #[serde(rename = "resourceType")]
    type_name: Value,
    title: Value,
    description: Value,
    r#type: Value,
    code: Value,
    vaccine_code: Value,
    medication_codeable_concept: Value,
    category: Value,
    name: Value,
    date: Value,
    timestamp: Value,
    effective_date_time: Value,
    occurrence_date_time: Value,
    performed_date_time: Value,
    authored_on: Value,
    started: Value,
    issued: Value,
    recorded_date: Value,
    created: Value,
    effective_period: Value,
    performed_period: Value,
    period: Value,
    entry: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    resource: Option<Box<Resource>>,
}

pub(super) fn read(content: &[u8]) -> Found {
    let text = text::decode(content, false);
    let text = text.trim();
    let text = match serde_json::from_str::<String>(text) {
        // Some exports are wrapped once more, as a JSON string.
        Ok(inner) => inner,
        Err(_) => text.to_owned(),
    };
    let resources: Vec<Resource> =
        serde_json::Deserializer::from_str(&text).into_iter().map_while(Result::ok).collect();
    match resources.as_slice() {
        [] => Found::default(),
        [single] if single.entry.is_none() => of_single(single),
        [bundle] => {
            let entries = bundle.entry.iter().flatten().filter_map(|entry| entry.resource.as_deref());
            let mut found = of_many(&entries.collect::<Vec<_>>());
            found.date = found.date.or_else(|| date(&bundle.timestamp));
            found
        }
        lines => of_many(&lines.iter().collect::<Vec<_>>()),
    }
}

fn of_single(resource: &Resource) -> Found {
    let concept = [&resource.code, &resource.vaccine_code, &resource.medication_codeable_concept, &resource.r#type]
        .into_iter()
        .find_map(concept);
    let plain = text_of(&resource.title).or_else(|| text_of(&resource.description));
    let title = match (resource_type(resource), plain, concept) {
        (_, Some(title), _) => Some(title),
        ("Immunization", None, Some(name)) => Some(format!("Vaccination: {name}")),
        ("MedicationRequest", None, Some(name)) => Some(format!("Prescription: {name}")),
        ("Patient", None, _) => Some("Personal details".to_owned()),
        (_, None, Some(name)) => Some(name),
        _ => None,
    };
    Found { title, category: category(resource), date: own_date(resource) }
}

fn of_many(resources: &[&Resource]) -> Found {
    if let Some(composition) = resources.iter().find(|resource| resource_type(resource) == "Composition") {
        let found = of_single(composition);
        return Found { category: found.category.or(Some(Category::VisitNotes)), ..found };
    }
    if let [single] = resources {
        return of_single(single);
    }
    let sorted: Vec<Category> = resources.iter().filter_map(|resource| category(resource)).collect();
    let dominant = Category::ALL.into_iter().find(|category| {
        let count = sorted.iter().filter(|other| *other == category).count();
        count > 0 && count * 100 >= sorted.len() * DOMINANT_PERCENT
    });
    let person = resources
        .iter()
        .find(|resource| resource_type(resource) == "Patient")
        .and_then(|patient| person_name(&patient.name));
    Found {
        title: Some(
            person.map_or_else(|| "Health record export".to_owned(), |name| format!("Health record of {name}")),
        ),
        // Some of everything is a summary of care, as a C-CDA summary is.
        category: dominant.or(Some(Category::VisitNotes)),
        date: None,
    }
}

fn resource_type(resource: &Resource) -> &str {
    resource.type_name.as_str().unwrap_or_default()
}

fn category(resource: &Resource) -> Option<Category> {
    Some(match resource_type(resource) {
        "Composition" | "DocumentReference" => {
            return codes(&resource.r#type).into_iter().find_map(loinc::category);
        }
        "Observation" => {
            let codes = codes(&resource.category);
            if codes.contains(&"vital-signs") {
                Category::VitalSigns
            } else if codes.contains(&"laboratory") {
                Category::Laboratory
            } else if codes.contains(&"imaging") {
                Category::Imaging
            } else {
                return None;
            }
        }
        "DiagnosticReport" => {
            let codes = codes(&resource.category);
            if codes.iter().any(|code| matches!(*code, "RAD" | "CT" | "NMR" | "RUS" | "NMS" | "XRC" | "LP29684-5")) {
                Category::Imaging
            } else if codes.is_empty()
                || codes.iter().any(|code| matches!(*code, "LAB" | "HM" | "CH" | "MB" | "SP" | "PAT"))
            {
                Category::Laboratory
            } else {
                codes.into_iter().find_map(loinc::category).unwrap_or(Category::VisitNotes)
            }
        }
        "ImagingStudy" | "ImagingSelection" => Category::Imaging,
        "Specimen" => Category::Laboratory,
        "Medication"
        | "MedicationRequest"
        | "MedicationStatement"
        | "MedicationDispense"
        | "MedicationAdministration" => Category::Medications,
        "Immunization" | "ImmunizationRecommendation" => Category::Immunisations,
        "Procedure" => Category::Procedures,
        "Claim"
        | "ClaimResponse"
        | "ExplanationOfBenefit"
        | "Coverage"
        | "Account"
        | "Invoice"
        | "Consent"
        | "Contract" => Category::InsuranceAndLegal,
        "Encounter" | "Appointment" | "CarePlan" | "CareTeam" | "Condition" | "AllergyIntolerance" | "Goal"
        | "ServiceRequest" => Category::VisitNotes,
        _ => return None,
    })
}

fn own_date(resource: &Resource) -> Option<Date> {
    [
        &resource.effective_date_time,
        &resource.occurrence_date_time,
        &resource.performed_date_time,
        &resource.date,
        &resource.started,
        &resource.authored_on,
        at(&resource.effective_period, "start"),
        at(&resource.performed_period, "start"),
        at(&resource.period, "start"),
        &resource.issued,
        &resource.recorded_date,
        &resource.created,
    ]
    .into_iter()
    .find_map(date)
}

fn date(value: &Value) -> Option<Date> {
    Date::from_iso(value.as_str()?)
}

fn text_of(value: &Value) -> Option<String> {
    super::clean(value.as_str()?)
}

/// A member of an object, or null.
fn at<'a>(value: &'a Value, member: &str) -> &'a Value {
    value.get(member).unwrap_or(&Value::Null)
}

/// The words of a `CodeableConcept`.
fn concept(value: &Value) -> Option<String> {
    text_of(at(value, "text"))
        .or_else(|| at(value, "coding").as_array()?.iter().find_map(|coding| text_of(at(coding, "display"))))
}

/// All codes in a `CodeableConcept` or a list of them.
fn codes(value: &Value) -> Vec<&str> {
    let concepts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    concepts
        .iter()
        .filter_map(|concept| at(concept, "coding").as_array())
        .flatten()
        .filter_map(|coding| at(coding, "code").as_str())
        .collect()
}

/// The first `HumanName`, as text or put together.
fn person_name(value: &Value) -> Option<String> {
    let name = value.as_array()?.first()?;
    if let Some(text) = text_of(at(name, "text")) {
        return Some(text);
    }
    let given = at(name, "given").as_array().into_iter().flatten().filter_map(Value::as_str);
    let parts: Vec<&str> = given.take(1).chain(at(name, "family").as_str()).collect();
    super::clean(&parts.join(" "))
}
