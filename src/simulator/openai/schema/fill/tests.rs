use proptest::prelude::*;
use serde_json::{Value, json};

use super::fill;
use crate::simulator::openai::scenario::{FieldRule, OpenAiScenario};
use crate::simulator::openai::schema::conform::conforms;
use crate::simulator::openai::schema::write::tokens_of;
use crate::simulator::openai::words::answer::join;
use crate::simulator::openai::words::fields::Fields;
use crate::simulator::openai::words::prompt::{Choice, Form, Prompt, Role, Turn};

fn filled(schema: &Value, rules: &[FieldRule], user: &str) -> Value {
    let prompt = Prompt {
        model: "m".into(),
        turns: vec![Turn { role: Role::User, text: user.into() }],
        tools: Vec::new(),
        choice: Choice::Auto,
        form: Form::Text,
        max_tokens: None,
    };
    serde_json::from_str(&join(&tokens_of(&fill(schema, &Fields::new(&prompt, rules, "analysis"))))).unwrap()
}

fn rules(toml: &str) -> Vec<FieldRule> {
    toml::from_str::<OpenAiScenario>(toml).unwrap().fields
}

const RULES: &str = r#"
    [[fields]]
    name = "interested"
    when = "\\byes\\b"
    value = "yes"
    [[fields]]
    name = "monthly_bill"
    when = "(\\d+) dollars"
    value = "$1"
    [[fields]]
    name = "callback.when_text"
    when = "call me (tomorrow.*)"
    value = "$1"
"#;

fn analysis() -> Value {
    json!({"type": "object", "additionalProperties": false, "required": ["interested", "monthly_bill", "callback", "summary"], "properties": {
        "interested": {"type": ["string", "null"], "enum": ["yes", "no", null]},
        "monthly_bill": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "callback": {"anyOf": [{"type": "null"}, {"type": "object", "additionalProperties": false, "required": ["when_text", "sure"],
            "properties": {"when_text": {"type": "string"}, "sure": {"type": "boolean"}}}]},
        "summary": {"type": "string"}}})
}

#[test]
fn rules_fill_what_they_speak_of() {
    let value = filled(&analysis(), &rules(RULES), "yes, about 120 dollars, call me tomorrow at five");
    assert_eq!(value["interested"], "yes");
    assert_eq!(value["monthly_bill"], 120);
    assert_eq!(value["callback"], json!({"when_text": "tomorrow at five", "sure": false}), "a rule inside makes the object appear");
    assert_eq!(value["summary"], "The caller said \"yes, about 120 dollars, call me tomorrow at five\".");
}

#[test]
fn what_nothing_speaks_of_is_null_where_it_may_be() {
    let value = filled(&analysis(), &rules(RULES), "hm");
    assert_eq!(value, json!({"interested": null, "monthly_bill": null, "callback": null, "summary": "The caller said \"hm\"."}));
}

#[test]
fn a_rule_whose_value_does_not_fit_is_passed_over() {
    let schema = json!({"type": "object", "properties": {"interested": {"type": "boolean"}}, "required": ["interested"]});
    assert_eq!(filled(&schema, &rules(RULES), "yes"), json!({"interested": false}));
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let schema = json!({"type": "object", "required": ["next"], "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}});
    assert_eq!(filled(&schema, &[], ""), json!({"next": null}));
}

/// Schemas of the strict subset.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "string"})),
        Just(json!({"type": "string", "pattern": "^[A-Z]{2}-\\d+$"})),
        Just(json!({"type": "string", "format": "date-time"})),
        Just(json!({"type": ["string", "null"]})),
        Just(json!({"enum": ["a", "b"], "type": "string"})),
        Just(json!({"const": 7})),
        (-50_i64..50, 0_i64..50).prop_map(|(least, more)| json!({"type": "integer", "minimum": least, "maximum": least + more})),
        (-5_i64..50).prop_map(|least| json!({"type": "number", "exclusiveMinimum": least})),
        (1_i64..9).prop_map(|step| json!({"type": "integer", "minimum": 5, "multipleOf": step})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0_u64..3).prop_map(|(items, least)| json!({"type": "array", "items": items, "minItems": least})),
            inner.clone().prop_map(|of| json!({"anyOf": [of, {"type": "null"}]})),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4).prop_map(|properties| {
                let required: Vec<String> = properties.keys().cloned().collect();
                json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_filled_satisfies_the_schema(schema in schemas()) {
        let value = filled(&schema, &rules(RULES), "yes, about 120 dollars");
        prop_assert!(conforms(&value, &schema, &schema), "{value} does not satisfy {schema}");
    }
}
