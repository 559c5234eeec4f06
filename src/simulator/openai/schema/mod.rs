//! Structured output: what the strict subset of JSON schema allows, and values that satisfy a schema.

pub mod conform;
pub mod fill;
pub mod likeness;
pub mod strict;
pub mod write;

use serde_json::Value;

/// The schema itself, or the one its `$ref` names inside `root`.
#[must_use]
pub fn resolve<'s>(mut schema: &'s Value, root: &'s Value) -> &'s Value {
    // Sixteen steps are more than any sane chain of references; a circle of them ends here.
    for _ in 0..16 {
        let Some(target) = schema["$ref"].as_str() else { break };
        let Some(found) = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) else { break };
        schema = found;
    }
    schema
}

/// The types a schema names: `"type": "string"` or `"type": ["string", "null"]`.
pub fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let one = schema["type"].as_str();
    let many = schema["type"].as_array().map(Vec::as_slice).unwrap_or_default();
    one.into_iter().chain(many.iter().filter_map(Value::as_str))
}

/// The schemas of `anyOf`, if any.
#[must_use]
pub fn branches(schema: &Value) -> &[Value] {
    schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The names of an object's properties: the required ones in their order (the order answers are written in), then the rest.
#[must_use]
pub fn properties(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let Some(all) = schema["properties"].as_object() else { return Vec::new() };
    let required: Vec<&str> =
        schema["required"].as_array().map(|names| names.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let first = required.iter().filter_map(|name| all.get_key_value(*name)).map(|(name, schema)| (name.as_str(), schema, true));
    let rest = all.iter().filter(|(name, _)| !required.contains(&name.as_str())).map(|(name, schema)| (name.as_str(), schema, false));
    first.chain(rest).collect()
}
