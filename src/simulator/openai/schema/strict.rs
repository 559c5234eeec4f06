//! The strict subset of JSON schema, and how its violations are worded.

use serde_json::Value;

use super::resolve;

/// Keywords the strict subset refuses.
const REFUSED: &[&str] = &[
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
];
const DEEPEST: usize = 10;

/// Checks a schema that is marked `strict`.
///
/// # Errors
/// The sentence after "Invalid schema for …: ".
pub fn check(schema: &Value) -> Result<(), String> {
    if resolve(schema, schema)["type"] != "object" {
        return Err(format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.", quoted(&schema["type"])));
    }
    if schema.get("anyOf").is_some() {
        return Err(within(&[], "'anyOf' is not permitted at the root."));
    }
    let definitions = schema["$defs"].as_object().or_else(|| schema["definitions"].as_object());
    for (name, definition) in definitions.into_iter().flatten() {
        node(definition, &mut vec!["$defs".to_owned(), name.clone()])?;
    }
    node(schema, &mut Vec::new())
}

fn node(schema: &Value, path: &mut Vec<String>) -> Result<(), String> {
    let Some(keywords) = schema.as_object() else { return Err(within(path, "schema must be an object.")) };
    if path.len() > 2 * DEEPEST {
        return Err(within(path, "the schema is nested too deeply."));
    }
    if let Some(refused) = REFUSED.iter().find(|keyword| keywords.contains_key(**keyword)) {
        return Err(within(path, &format!("'{refused}' is not permitted.")));
    }
    if !["type", "anyOf", "$ref", "enum", "const"].iter().any(|keyword| keywords.contains_key(*keyword)) {
        return Err(within(path, "schema must have a 'type' key."));
    }
    if super::types(schema).any(|name| name == "object") {
        object(schema, path)?;
    }
    children(schema, path)
}

fn object(schema: &Value, path: &[String]) -> Result<(), String> {
    if schema["additionalProperties"] != false {
        return Err(within(path, "'additionalProperties' is required to be supplied and to be false."));
    }
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let properties = schema["properties"].as_object();
    let missing =
        properties.into_iter().flatten().map(|(name, _)| name).find(|name| !required.iter().any(|listed| listed == name.as_str()));
    if let Some(name) = missing {
        let rule = "'required' is required to be supplied and to be an array including every key in properties.";
        return Err(within(path, &format!("{rule} Missing '{name}'.")));
    }
    let unknown = required.iter().filter_map(Value::as_str).find(|name| !properties.is_some_and(|all| all.contains_key(*name)));
    unknown.map_or(Ok(()), |name| Err(within(path, &format!("'required' names '{name}', which is not in properties."))))
}

fn children(schema: &Value, path: &mut Vec<String>) -> Result<(), String> {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        below(property, path, &["properties", name])?;
    }
    if schema.get("items").is_none() && super::types(schema).any(|name| name == "array") {
        return Err(within(path, "array schema missing items."));
    }
    if let Some(items) = schema.get("items") {
        below(items, path, &["items"])?;
    }
    for (index, branch) in super::branches(schema).iter().enumerate() {
        below(branch, path, &["anyOf", &index.to_string()])?;
    }
    Ok(())
}

fn below(schema: &Value, path: &mut Vec<String>, steps: &[&str]) -> Result<(), String> {
    path.extend(steps.iter().map(|step| (*step).to_owned()));
    node(schema, path)?;
    path.truncate(path.len() - steps.len());
    Ok(())
}

fn within(path: &[String], what: &str) -> String {
    let steps: Vec<String> = path.iter().map(|step| format!("'{step}'")).collect();
    let comma = if path.len() == 1 { "," } else { "" };
    format!("In context=({}{comma}), {what}", steps.join(", "))
}

fn quoted(value: &Value) -> String {
    if value.is_null() { "\"None\"".to_owned() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;

    fn refusal(schema: &Value) -> String {
        check(schema).unwrap_err()
    }

    #[test]
    fn a_closed_object_with_everything_required_passes() {
        let schema = json!({"type": "object", "additionalProperties": false, "required": ["a", "b"], "$defs": {"t": {"type": "string"}},
            "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "array", "items": {"$ref": "#/$defs/t"}}}});
        assert_eq!(check(&schema), Ok(()));
    }

    #[test]
    fn violations_are_named_with_their_place() {
        assert_eq!(refusal(&json!({"type": "array"})), "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'.");
        assert_eq!(
            refusal(&json!({"type": "object", "properties": {}})),
            "In context=(), 'additionalProperties' is required to be supplied and to be false."
        );
        let optional = json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
        assert!(refusal(&optional).ends_with("Missing 'b'."));
        let nested = json!({"type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {"a": {"type": "object", "properties": {}}}});
        assert!(refusal(&nested).starts_with("In context=('properties', 'a'), 'additionalProperties'"));
        let one_of = json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": {"oneOf": []}}});
        assert!(refusal(&one_of).contains("'oneOf' is not permitted"));
    }
}
