//! `docs/record.cddl` says what the code does.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use cddl_cat::cbor::validate_cbor;
use cddl_cat::context::BasicContext;
use cddl_cat::flatten::flatten_from_str;
use ciborium::Value;
use records::metadata::{FILE_NAME_LIMIT, NOTES_LIMIT, TITLE_LIMIT};
use records::{Category, Date, Kind, Metadata};

const RECORD: &str = include_str!("../../../docs/record.cddl");

fn rules() -> BasicContext {
    BasicContext::new(flatten_from_str(RECORD).expect("the file is well formed"))
}

fn follows(rule: &str, value: &Value) -> bool {
    let rules = rules();
    let Some(definition) = rules.rules.get(rule) else { unreachable!("there is no rule {rule}") };
    validate_cbor(definition, value, &rules).is_ok()
}

fn metadata(category: Category, kind: Kind, date: Option<Date>) -> Metadata {
    let (title, notes) = ("CT of the chest".to_owned(), "Brought along".to_owned());
    Metadata { title, category, date, notes, file_name: "ct.dcm".to_owned(), kind, size: 5_000_000_000 }
}

#[test]
fn what_is_known_about_a_record_follows_its_rule() {
    for date in [None, "2026-11-30".parse().ok()] {
        let encoded = metadata(Category::Imaging, Kind::Dicom, date).encode();
        let value: Value = ciborium::from_reader(&encoded[..]).unwrap();
        assert!(follows("record-data", &value));
        let Value::Map(entries) = value else { unreachable!() };
        // Nothing but the date may be missing, and nothing may be there that no rule names.
        for place in 0..entries.len() {
            let mut fewer = entries.clone();
            let (key, _) = fewer.remove(place);
            assert_eq!(follows("record-data", &Value::Map(fewer)), key == Value::from(3), "without {key:?}");
        }
        let more = entries.into_iter().chain([(Value::from(8), Value::from(1))]).collect();
        assert!(!follows("record-data", &Value::Map(more)));
    }
}

#[test]
fn codes_are_those_of_the_rules() {
    for code in 0..=u8::MAX {
        let value = Value::from(code);
        assert_eq!(follows("category", &value), Category::from_code(code).is_some(), "category {code}");
        assert_eq!(follows("kind", &value), Kind::from_code(code).is_some(), "kind {code}");
    }
    for category in Category::ALL {
        let slug = if category == Category::Other { "other-records" } else { category.slug() };
        assert!(follows(slug, &Value::from(category.code())), "{slug}");
    }
}

#[test]
fn limits_are_those_of_the_comments() {
    for limit in [
        format!("title, 1 to {TITLE_LIMIT} characters"),
        format!("notes, up to {NOTES_LIMIT} characters"),
        format!("the file's name, up to {FILE_NAME_LIMIT} bytes"),
    ] {
        assert!(RECORD.contains(&limit), "{limit}");
    }
}
