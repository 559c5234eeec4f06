//! What the rules know about the fields of a schema, for one prompt.

use regex::Captures;
use serde_json::{Number, Value};

use super::prompt::{Prompt, Role};
use super::summary;
use crate::simulator::openai::scenario::{FieldRule, Scope};

/// The field rules and the texts they look at.
#[derive(Debug)]
pub struct Fields<'p> {
    rules: &'p [FieldRule],
    schema: &'p str,
    last_user: &'p str,
    asked: &'p str,
    all_user: String,
    conversation: String,
    system: String,
}

/// A value a rule proposes, in the readings a schema may ask for.
#[derive(Debug)]
pub struct Proposal {
    /// The readings, the written one first.
    pub readings: Vec<Value>,
    /// The probability its tokens shall carry.
    pub confidence: f64,
}

impl<'p> Fields<'p> {
    /// The rules for a schema (or tool) of this name.
    #[must_use]
    pub fn new(prompt: &'p Prompt, rules: &'p [FieldRule], schema: &'p str) -> Self {
        Self {
            rules,
            schema,
            last_user: prompt.last_user(),
            asked: prompt.asked(),
            all_user: prompt.spoken(),
            conversation: prompt.text_of(&[Role::User, Role::Assistant, Role::Tool]),
            system: prompt.text_of(&[Role::System]),
        }
    }

    /// What the rules propose for the field at `path` (names from the root), in their order.
    pub fn proposals<'s>(&'s self, path: &'s [&'s str]) -> impl Iterator<Item = Proposal> + 's {
        self.rules.iter().filter(|rule| self.speaks_of(rule, path)).filter_map(|rule| self.proposal(rule))
    }

    /// What is said in a field that asks for a summary, or nothing for another field.
    #[must_use]
    pub fn summary(&self, path: &[&str]) -> Option<String> {
        path.last().filter(|name| summary::asks_for_one(name)).map(|_| summary::of(&self.conversation))
    }

    fn speaks_of(&self, rule: &FieldRule, path: &[&str]) -> bool {
        let named = path.last().is_some_and(|last| *last == rule.name) || path.join(".") == rule.name;
        named && rule.schema.as_ref().is_none_or(|schema| schema == self.schema)
    }

    fn proposal(&self, rule: &FieldRule) -> Option<Proposal> {
        if !rule.after.as_ref().is_none_or(|after| after.hits(self.asked)) {
            return None;
        }
        let captures = match &rule.when {
            Some(when) => Some(when.find(self.text(rule.scope))?),
            None => None,
        };
        Some(Proposal { readings: readings(&rule.value, captures.as_ref()), confidence: rule.confidence })
    }

    fn text(&self, scope: Scope) -> &str {
        match scope {
            Scope::LastUser => self.last_user,
            Scope::AllUser => &self.all_user,
            Scope::Conversation => &self.conversation,
            Scope::System => &self.system,
        }
    }
}

/// A string may be meant as a number or a boolean: `$1` is always written as a string.
fn readings(value: &Value, captures: Option<&Captures<'_>>) -> Vec<Value> {
    let Value::String(written) = value else { return vec![value.clone()] };
    let mut text = String::new();
    match captures {
        Some(captures) => captures.expand(written, &mut text),
        None => text.clone_from(written),
    }
    let (number, truth) = (as_number(&text), text.parse().ok().map(Value::Bool));
    [Some(Value::String(text)), number, truth].into_iter().flatten().collect()
}

fn as_number(text: &str) -> Option<Value> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | '$' | '€' | '£' | ' ')).collect();
    let whole = digits.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| digits.parse::<f64>().ok().and_then(Number::from_f64)).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::readings;
    use crate::simulator::pattern::Pattern;

    #[test]
    fn a_captured_amount_can_be_read_as_text_or_number() {
        let when = Pattern::new(r"about (\$[\d,]+)").unwrap();
        let found = readings(&json!("$1"), when.find("it is about $1,200 a month").as_ref());
        assert_eq!(found, [json!("$1,200"), json!(1200)]);
        assert_eq!(readings(&json!("true"), None), [json!("true"), json!(true)]);
        assert_eq!(readings(&json!(["a"]), None), [json!(["a"])]);
    }
}
