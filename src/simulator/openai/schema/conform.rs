//! Whether a value satisfies a schema, for the keywords structured output knows.

use regex::Regex;
use serde_json::Value;

use super::{branches, resolve, types};

/// Whether `value` satisfies `schema`, whose references point into `root`.
#[must_use]
pub fn conforms(value: &Value, schema: &Value, root: &Value) -> bool {
    let schema = resolve(schema, root);
    of_type(value, schema)
        && schema["enum"].as_array().is_none_or(|allowed| allowed.contains(value))
        && schema.get("const").is_none_or(|only| only == value)
        && (branches(schema).is_empty() || branches(schema).iter().any(|branch| conforms(value, branch, root)))
        && match value {
            Value::String(text) => string(text, schema),
            Value::Number(number) => number.as_f64().is_some_and(|number| within(number, schema)),
            Value::Array(items) => array(items, schema, root),
            Value::Object(_) => object(value, schema, root),
            Value::Null | Value::Bool(_) => true,
        }
}

fn of_type(value: &Value, schema: &Value) -> bool {
    let mut named = types(schema).peekable();
    named.peek().is_none()
        || named.any(|name| match name {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        })
}

fn string(text: &str, schema: &Value) -> bool {
    let length = text.chars().count() as u64;
    schema["minLength"].as_u64().is_none_or(|least| length >= least)
        && schema["maxLength"].as_u64().is_none_or(|most| length <= most)
        && schema["pattern"].as_str().is_none_or(|pattern| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text)))
}

fn within(number: f64, schema: &Value) -> bool {
    let bound = |name: &str| schema[name].as_f64();
    bound("minimum").is_none_or(|least| number >= least)
        && bound("maximum").is_none_or(|most| number <= most)
        && bound("exclusiveMinimum").is_none_or(|least| number > least)
        && bound("exclusiveMaximum").is_none_or(|most| number < most)
        && bound("multipleOf").is_none_or(|step| ((number / step).round() * step - number).abs() < 1e-9)
}

fn array(items: &[Value], schema: &Value, root: &Value) -> bool {
    let length = items.len() as u64;
    schema["minItems"].as_u64().is_none_or(|least| length >= least)
        && schema["maxItems"].as_u64().is_none_or(|most| length <= most)
        && schema.get("items").is_none_or(|each| items.iter().all(|item| conforms(item, each, root)))
}

fn object(value: &Value, schema: &Value, root: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let closed = schema["additionalProperties"] == false;
    required.iter().filter_map(Value::as_str).all(|name| fields.contains_key(name))
        && fields.iter().all(|(name, field)| match schema["properties"].get(name) {
            Some(of) => conforms(field, of, root),
            None => !closed,
        })
}
