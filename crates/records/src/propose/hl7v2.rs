//! Title, day and category from an HL7 version 2 message (HL7 v2.5.1, 2.14.9 and 4.5.3).

use super::Found;
use crate::category::Category;
use crate::date::Date;
use crate::text;

/// Header and orders stand at the front; more than this is never read.
const LIMIT: usize = 1024 * 1024;

pub(super) fn read(content: &[u8]) -> Found {
    let text = text::decode(content.get(..LIMIT).unwrap_or(content), content.len() > LIMIT);
    let text = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    let mut segments = text.split(['\r', '\n']).filter(|segment| !segment.is_empty());
    // A batch has its own header lines before the message.
    let Some(header) = segments.find(|segment| segment.starts_with("MSH")) else {
        return Found::default();
    };
    let Some(separators) = Separators::read(header) else {
        return Found::default();
    };
    let message_type = separators.field(header, 8);
    let code = separators.component(message_type, 0);
    let event = separators.component(message_type, 1);
    let order = segments.clone().find(|segment| segment.starts_with("OBR"));
    let sent = Date::from_hl7(separators.field(header, 6));
    let observed = order.and_then(|order| Date::from_hl7(separators.field(order, 7)));
    let service = order.and_then(|order| {
        let service = separators.field(order, 4);
        let text = separators.component(service, 1);
        let text = if text.is_empty() { separators.component(service, 4) } else { text };
        (!text.is_empty()).then(|| separators.unescape(text))
    });
    let section = order.map_or("", |order| separators.field(order, 24));
    let (title, category) = match code {
        "ORU" | "OUL" => (service.or(Some("Laboratory result".to_owned())), result_category(section)),
        "ADT" => (Some(stay(event).to_owned()), Category::HospitalStays),
        "VXU" => (Some("Vaccination record".to_owned()), Category::Immunisations),
        "RDE" | "RDS" | "RAS" | "OMP" => (Some("Prescription".to_owned()), Category::Medications),
        "MDM" => {
            let document = segments.find(|segment| segment.starts_with("TXA"));
            let name = document
                .map(|document| separators.component(separators.field(document, 2), 1))
                .filter(|name| !name.is_empty());
            (
                Some(name.map_or_else(|| "Clinical document".to_owned(), |name| separators.unescape(name))),
                Category::VisitNotes,
            )
        }
        "ORM" | "OML" | "OMG" => (service.or(Some("Order".to_owned())), result_category(section)),
        "SIU" => (Some("Appointment".to_owned()), Category::VisitNotes),
        "DFT" | "BAR" => (Some("Bill".to_owned()), Category::InsuranceAndLegal),
        _ => (None, Category::Other),
    };
    Found { title, category: Some(category), date: observed.or(sent) }
}

/// Diagnostic service section, OBR-24 (HL7 table 0074).
fn result_category(section: &str) -> Category {
    match section {
        "RAD" | "CT" | "CTH" | "NMR" | "NMS" | "RUS" | "XRC" | "VUS" | "MRI" | "PHR" | "CUS" => Category::Imaging,
        "EC" | "EN" | "PF" | "VR" => Category::Procedures,
        _ => Category::Laboratory,
    }
}

/// Trigger events of admission, discharge and transfer (HL7 table 0003).
fn stay(event: &str) -> &'static str {
    match event {
        "A01" => "Hospital admission",
        "A02" => "Hospital transfer",
        "A03" => "Hospital discharge",
        "A04" => "Hospital registration",
        "A05" => "Planned hospital admission",
        _ => "Hospital stay",
    }
}

/// The separators that a message chose in its first eight characters.
struct Separators {
    field: char,
    component: char,
    repetition: char,
    escape: char,
}

impl Separators {
    fn read(header: &str) -> Option<Self> {
        let mut letters = header.chars().skip(3);
        Some(Self {
            field: letters.next()?,
            component: letters.next()?,
            repetition: letters.next()?,
            escape: letters.next()?,
        })
    }

    /// A field by its place in the text; in `MSH` that is one less than its number. Only the first repetition.
    fn field<'a>(&self, segment: &'a str, index: usize) -> &'a str {
        let field = segment.split(self.field).nth(index).unwrap_or_default();
        field.split(self.repetition).next().unwrap_or_default()
    }

    fn component<'a>(&self, field: &'a str, index: usize) -> &'a str {
        field.split(self.component).nth(index).unwrap_or_default().trim()
    }

    fn unescape(&self, text: &str) -> String {
        let escape = self.escape;
        text.replace(&format!("{escape}T{escape}"), "&")
            .replace(&format!("{escape}F{escape}"), "|")
            .replace(&format!("{escape}S{escape}"), "^")
            .replace(&format!("{escape}R{escape}"), "~")
            .replace(&format!("{escape}E{escape}"), "\\")
    }
}
