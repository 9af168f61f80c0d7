//! Title, document type and day from the header of an HL7 CDA document (HL7 CDA R2, 4.2.1).

use super::{Found, loinc};
use crate::date::Date;
use crate::text;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The header stands at the front; more than this is never read.
const LIMIT: usize = 2 * 1024 * 1024;

pub(super) fn read(content: &[u8]) -> Found {
    let cut = content.len() > LIMIT;
    let text = text::decode(content.get(..LIMIT).unwrap_or(content), cut);
    let mut reader = Reader::from_str(&text);
    let mut found = Found::default();
    let mut code_name = None;
    let mut depth = 0_usize;
    let mut in_title = false;
    let mut title = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                if depth == 1 {
                    in_title = element.local_name().as_ref() == "title";
                    read_element(&element, &mut found, &mut code_name);
                }
                depth += 1;
            }
            Ok(Event::Empty(element)) if depth == 1 => {
                read_element(&element, &mut found, &mut code_name);
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                in_title &= depth > 1;
            }
            Ok(Event::Text(piece)) if in_title => title.push_str(&piece),
            Ok(Event::GeneralRef(reference)) if in_title => {
                let resolved = reference.resolve_char_ref().ok().flatten().map(String::from);
                let named = || quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_owned);
                title.push_str(&resolved.or_else(named).unwrap_or_default());
            }
            Ok(Event::CData(piece)) if in_title => title.push_str(&piece),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    found.title = super::clean(&title).or(code_name);
    found
}

fn read_element(element: &BytesStart<'_>, found: &mut Found, code_name: &mut Option<String>) {
    match element.local_name().as_ref() {
        "code" => {
            found.category = attribute(element, "code").and_then(|code| loinc::category(code.trim()));
            *code_name = attribute(element, "displayName");
        }
        "effectiveTime" => {
            found.date = attribute(element, "value").and_then(|value| Date::from_hl7(&value));
        }
        _ => {}
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}
