//! Rows as JSON without a whole phone number in them. Only the export of an operator's own list has those.

use serde::Serialize;
use serde_json::Value;

use super::error::ApiError;
use crate::domain::phone::PhoneNumber;

/// Every column that holds a number.
const NUMBERS: [&str; 3] = ["phone_number", "to_number", "from_number"];

/// The row with its numbers masked, at any depth.
///
/// # Errors
/// Never for rows: they have text keys only.
pub fn masked(row: &impl Serialize) -> Result<Value, ApiError> {
    let mut value = serde_json::to_value(row).map_err(|error| unwritable(&error))?;
    mask(&mut value);
    Ok(value)
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if NUMBERS.contains(&key.as_str()) => *text = hidden(text),
                    other => mask(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn hidden(text: &str) -> String {
    PhoneNumber::from_e164(text).map_or_else(|_| "***".to_owned(), |number| number.masked())
}

fn unwritable(error: &serde_json::Error) -> ApiError {
    let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
    ApiError::new(status, "unwritable", error.to_string(), "run `callfleet doctor`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_masked_wherever_they_stand() {
        let row =
            json!({ "phone_number": "+14155550123", "attempts": [{ "to_number": "+14155550123", "call_sid": "CA1" }], "from_number": "x" });
        let expected = json!({ "phone_number": "+1415***0123", "attempts": [{ "to_number": "+1415***0123", "call_sid": "CA1" }], "from_number": "***" });
        assert_eq!(masked(&row).unwrap(), expected);
    }
}
