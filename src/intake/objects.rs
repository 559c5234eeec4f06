//! Rows of the API: JSON objects, judged by the same rules as the rows of a file. Their keys are the columns.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::domain::time::Timestamp;
use crate::intake::columns::Columns;
use crate::intake::finding::{Finding, FindingCode, Trouble, mask};
use crate::intake::phone::Region;
use crate::intake::preflight::FileError;
use crate::intake::validate::{LeadRow, Place, validate};

/// A JSON object as it was written: a key that stands twice is there twice, and none of its values is chosen.
#[derive(Debug)]
pub struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

/// Judges one object; `row` counts from 1, and no consent was given after `now`.
///
/// # Errors
/// The first thing that is wrong.
pub fn judge(Object(pairs): &Object, row: u64, region: Option<Region>, now: Timestamp) -> Result<LeadRow, Box<Finding>> {
    let place = Place { row, line: row };
    let columns = Columns::read(pairs.iter().map(|(key, _)| key.as_str())).map_err(|error| about(place, "", "", bad_keys(&error)))?;
    let cells = pairs.iter().map(|(key, value)| text(value).ok_or_else(|| about(place, key, &value.to_string(), not_text())));
    let cells = cells.collect::<Result<Vec<String>, _>>()?;
    validate(&columns, cells.iter().map(String::as_str), place, region, now)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn about(place: Place, column: &str, value: &str, trouble: Trouble) -> Box<Finding> {
    let Trouble { code, message, suggestion } = trouble;
    let (column, value_masked) = (column.to_owned(), mask(value));
    Box::new(Finding { row: place.row, line: place.line, column, code, value_masked, message, suggestion })
}

fn bad_keys(error: &FileError) -> Trouble {
    match error {
        FileError::NoPhoneColumn { .. } | FileError::NoHeader { .. } => {
            Trouble::new(FindingCode::MissingPhone, "the row has no phone number", "give it a key phone_number")
        }
        error => Trouble::new(FindingCode::BadColumns, error.to_string(), "give each value a key of its own, and one phone_number"),
    }
}

fn not_text() -> Trouble {
    Trouble::new(FindingCode::NotText, "a list or an object stands where a text belongs", "write a text, a number, true, false or null")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(row: &Value) -> Result<LeadRow, FindingCode> {
        read(&row.to_string())
    }

    fn read(row: &str) -> Result<LeadRow, FindingCode> {
        let (object, now) = (serde_json::from_str::<Object>(row).unwrap(), "2026-11-23T18:00:00Z".parse().unwrap());
        judge(&object, 1, Some("US".parse().unwrap()), now).map_err(|finding| finding.code)
    }

    #[test]
    fn of_a_key_that_stands_twice_no_value_is_chosen() {
        let row = r#"{ "phone_number": "+14155550100", "phone_number": "+14155550101" }"#;
        assert_eq!(read(row).err(), Some(FindingCode::BadColumns));
    }

    #[test]
    fn values_of_every_kind_are_read_as_a_file_would_hold_them() {
        let row = json!({ "Phone Number": 4_155_550_100_u64, "external_id": 7, "opted": true, "note": null, "bill": 12.5 });
        let lead = judged(&row).unwrap();
        assert_eq!((lead.phone_number.e164(), lead.external_id.as_deref()), ("+14155550100", Some("7")));
        assert_eq!(lead.variables, r#"{"bill":"12.5","opted":"true"}"#);
    }

    #[test]
    fn says_what_is_wrong_with_a_row() {
        let cases = [
            (json!({}), FindingCode::MissingPhone),
            (json!({ "name": "Ann" }), FindingCode::MissingPhone),
            (json!({ "phone": "" }), FindingCode::MissingPhone),
            (json!({ "phone": "+14155550100", "mobile": "+14155550101" }), FindingCode::BadColumns),
            (json!({ "phone": "+14155550100", "Name": "Ann", "name": "Bo" }), FindingCode::BadColumns),
            (json!({ "phone": ["+14155550100"] }), FindingCode::NotText),
            (json!({ "phone": "+14155550100", "tags": {} }), FindingCode::NotText),
            (json!({ "phone": 1.4155e20 }), FindingCode::ExcelNumber),
            (json!({ "phone": 1.4155e10 }), FindingCode::ExcelNumber),
            (json!({ "phone": "+14155550100", "consent_at": 1_763_920_800 }), FindingCode::BadConsentAt),
            (json!({ "phone": "+14155550100", "consent_at": "2026-11-24" }), FindingCode::FutureConsent),
        ];
        for (row, code) in cases {
            assert_eq!(judged(&row).err(), Some(code), "{row}");
        }
    }
}
