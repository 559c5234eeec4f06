//! What a turn meant, as one strict JSON object: intent, callback words, sentiment and the agent's slots.
//!
//! Strict schemas keep the shape, not the sense, and a compatible server may ignore them: everything is checked again here.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::agents::definition::{Slot, SlotKind};
use crate::providers::AnswerSchema;
use crate::word_enum;

word_enum! {
    /// What the callee did with their turn.
    pub enum Intent {
        /// Answered the question.
        Answer = "answer",
        /// Asked something.
        Question = "question",
        /// Asked for another time.
        Callback = "callback",
        /// Is not interested.
        Refusal = "refusal",
        /// Must not be called again.
        OptOut = "opt_out",
        /// Ends the call.
        Goodbye = "goodbye",
        /// Is somebody else.
        WrongPerson = "wrong_person",
        /// Asked for a person.
        Human = "human",
        /// Anything else.
        Other = "other",
    }
}

/// Names that a slot cannot have, because every analysis has them.
pub const RESERVED: &[&str] = &["intent", "callback_words", "sentiment"];

/// The meaning of one turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// What the callee did.
    pub intent: Intent,
    /// The words that say when to call, as spoken.
    pub callback_words: Option<String>,
    /// −2 angry … 2 delighted.
    pub sentiment: i8,
    /// Slots these words filled: `"yes"`/`"no"`, a number, or text. Slots they did not touch are absent.
    pub slots: BTreeMap<String, Value>,
}

/// Why an answer is not an analysis. Asking again may help; the call goes on without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError {
    /// Not a JSON object (a refusal, a cut answer, prose).
    #[error("the analysis is not a JSON object")]
    NotAnObject,
    /// A value that the schema does not allow.
    #[error("`{key}` of the analysis is not {expected}")]
    Value {
        /// The property.
        key: String,
        /// What would have been right.
        expected: &'static str,
    },
}

/// The schema of an agent's analysis.
#[must_use]
pub fn analysis_schema(slots: &[Slot]) -> AnswerSchema {
    let intents: Vec<&str> = Intent::ALL.iter().map(|intent| intent.as_str()).collect();
    let mut properties = Map::new();
    properties.insert("intent".to_owned(), json!({ "type": "string", "enum": intents }));
    properties.insert("callback_words".to_owned(), json!({ "type": ["string", "null"] }));
    properties.insert("sentiment".to_owned(), json!({ "type": "integer", "enum": [-2, -1, 0, 1, 2] }));
    for slot in slots {
        properties.insert(slot.name.clone(), slot_schema(slot));
    }
    let required: Vec<String> = properties.keys().cloned().collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    AnswerSchema { name: "turn_analysis".to_owned(), schema }
}

fn slot_schema(slot: &Slot) -> Value {
    match slot.kind {
        SlotKind::Text => json!({ "type": ["string", "null"], "description": slot.description }),
        SlotKind::YesNo => json!({ "type": ["string", "null"], "enum": ["yes", "no", null], "description": slot.description }),
        SlotKind::Number => json!({ "type": ["number", "null"], "description": slot.description }),
    }
}

impl Analysis {
    /// Reads and checks an answer to [`analysis_schema`].
    ///
    /// # Errors
    /// The first thing that is not as asked.
    pub fn parse(slots: &[Slot], answer: &str) -> Result<Self, AnalysisError> {
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(answer) else { return Err(AnalysisError::NotAnObject) };
        let found = slots.iter().filter_map(|slot| slot_value(slot, &object).transpose());
        Ok(Self {
            intent: intent(&object)?,
            callback_words: text(&object, "callback_words")?,
            sentiment: sentiment(&object)?,
            slots: found.collect::<Result<_, _>>()?,
        })
    }
}

/// What another call found out (its slots, as JSON), as far as this agent's slots may hold it: that call may have had another version.
#[must_use]
pub fn answered(slots: &[Slot], found: &str) -> BTreeMap<String, Value> {
    let Ok(Value::Object(object)) = serde_json::from_str(found) else { return BTreeMap::new() };
    slots.iter().filter_map(|slot| slot_value(slot, &object).ok().flatten()).collect()
}

fn wrong(key: &str, expected: &'static str) -> AnalysisError {
    AnalysisError::Value { key: key.to_owned(), expected }
}

fn intent(object: &Map<String, Value>) -> Result<Intent, AnalysisError> {
    let word = object.get("intent").and_then(Value::as_str);
    word.and_then(|word| word.parse().ok()).ok_or_else(|| wrong("intent", "one of the known intents"))
}

fn sentiment(object: &Map<String, Value>) -> Result<i8, AnalysisError> {
    let number = object.get("sentiment").and_then(Value::as_i64).filter(|n| (-2..=2).contains(n));
    number.and_then(|n| i8::try_from(n).ok()).ok_or_else(|| wrong("sentiment", "an integer from -2 to 2"))
}

/// Text, or nothing when it is null or blank.
fn text(object: &Map<String, Value>, key: &str) -> Result<Option<String>, AnalysisError> {
    match object.get(key) {
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        _ => Err(wrong(key, "text or null")),
    }
}

fn slot_value(slot: &Slot, object: &Map<String, Value>) -> Result<Option<(String, Value)>, AnalysisError> {
    let value = match slot.kind {
        SlotKind::Text => text(object, &slot.name)?.map(Value::String),
        SlotKind::Number => match object.get(&slot.name) {
            Some(Value::Null) => None,
            Some(number @ Value::Number(_)) => Some(number.clone()),
            _ => return Err(wrong(&slot.name, "a number or null")),
        },
        SlotKind::YesNo => match text(object, &slot.name)? {
            Some(word) if word != "yes" && word != "no" => return Err(wrong(&slot.name, "`yes`, `no` or null")),
            word => word.map(Value::String),
        },
    };
    Ok(value.map(|value| (slot.name.clone(), value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots() -> Vec<Slot> {
        let slot = |name: &str, kind| Slot { name: name.to_owned(), kind, description: String::new() };
        vec![slot("owns_home", SlotKind::YesNo), slot("monthly_bill", SlotKind::Number), slot("city", SlotKind::Text)]
    }

    fn answer(change: impl FnOnce(&mut Value)) -> Result<Analysis, AnalysisError> {
        let mut answer = json!({
            "intent": "answer", "callback_words": null, "sentiment": 1,
            "owns_home": "yes", "monthly_bill": 140, "city": null,
        });
        change(&mut answer);
        Analysis::parse(&slots(), &answer.to_string())
    }

    #[test]
    fn a_right_answer_gives_the_slots_it_touched() {
        let analysis = answer(|_| {}).unwrap();
        assert_eq!(analysis.intent, Intent::Answer);
        assert_eq!(analysis.slots, BTreeMap::from([("owns_home".to_owned(), json!("yes")), ("monthly_bill".to_owned(), json!(140))]));
    }

    #[test]
    fn what_the_schema_forbids_is_refused_here_too() {
        assert_eq!(answer(|a| a["intent"] = json!("dance")), Err(wrong("intent", "one of the known intents")));
        assert_eq!(answer(|a| a["sentiment"] = json!(7)), Err(wrong("sentiment", "an integer from -2 to 2")));
        assert_eq!(answer(|a| a["owns_home"] = json!("perhaps")), Err(wrong("owns_home", "`yes`, `no` or null")));
        assert_eq!(answer(|a| a["monthly_bill"] = json!("lots")), Err(wrong("monthly_bill", "a number or null")));
        assert_eq!(answer(|a| drop(a.as_object_mut().unwrap().remove("city"))), Err(wrong("city", "text or null")));
        assert_eq!(Analysis::parse(&slots(), "I cannot help with that"), Err(AnalysisError::NotAnObject));
    }

    #[test]
    fn of_another_call_counts_what_these_slots_may_hold() {
        let found = r#"{"owns_home":"perhaps","monthly_bill":120,"roof":"flat","city":" "}"#;
        assert_eq!(answered(&slots(), found), BTreeMap::from([("monthly_bill".to_owned(), json!(120))]));
        assert_eq!(answered(&slots(), "not JSON"), BTreeMap::new());
    }

    #[test]
    fn blank_callback_words_are_no_callback_words() {
        assert_eq!(answer(|a| a["callback_words"] = json!("  ")).unwrap().callback_words, None);
        assert_eq!(answer(|a| a["callback_words"] = json!("tomorrow at 5")).unwrap().callback_words.as_deref(), Some("tomorrow at 5"));
    }

    #[test]
    fn the_schema_is_strict() {
        let AnswerSchema { schema, .. } = analysis_schema(&slots());
        let properties: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let required: Vec<&str> = schema["required"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        assert_eq!(properties, required);
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}
