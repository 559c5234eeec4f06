//! A value that satisfies a schema: from the rules where they speak, otherwise the least that is allowed.

use serde_json::{Value, json};

use super::conform::conforms;
use super::likeness::{number_like, string_like};
use super::{branches, properties, resolve, types};
use crate::simulator::openai::words::fields::Fields;

/// A schema that refers to itself is followed this deep.
const DEEPEST: usize = 12;

/// A filled value that remembers where rules spoke.
#[derive(Debug, Clone, PartialEq)]
pub enum Filled {
    /// A finished value and the probability its tokens carry, where a rule gave it.
    Leaf(Value, Option<f64>),
    /// Fields in the order they are written.
    Object(Vec<(String, Filled)>),
    /// Items.
    Array(Vec<Filled>),
}

impl Filled {
    /// Whether a rule spoke anywhere inside.
    #[must_use]
    pub fn ruled(&self) -> bool {
        match self {
            Self::Leaf(_, confidence) => confidence.is_some(),
            Self::Object(fields) => fields.iter().any(|(_, field)| field.ruled()),
            Self::Array(items) => items.iter().any(Self::ruled),
        }
    }
}

/// Fills a schema.
#[must_use]
pub fn fill(schema: &Value, fields: &Fields<'_>) -> Filled {
    Filler { root: schema, fields }.value(schema, &mut Vec::new(), 0)
}

struct Filler<'s> {
    root: &'s Value,
    fields: &'s Fields<'s>,
}

impl<'s> Filler<'s> {
    fn value(&self, schema: &'s Value, path: &mut Vec<&'s str>, depth: usize) -> Filled {
        let schema = resolve(schema, self.root);
        self.by_rule(schema, path).unwrap_or_else(|| self.without_rule(schema, path, depth))
    }

    fn by_rule(&self, schema: &Value, path: &[&str]) -> Option<Filled> {
        self.fields.proposals(path).find_map(|proposal| {
            let fitting = proposal.readings.into_iter().find(|value| conforms(value, schema, self.root))?;
            Some(Filled::Leaf(fitting, Some(proposal.confidence)))
        })
    }

    /// What may be null is null, unless a rule speaks of something inside it or it asks for a summary.
    fn without_rule(&self, schema: &'s Value, path: &mut Vec<&'s str>, depth: usize) -> Filled {
        let nullable = conforms(&Value::Null, schema, self.root);
        if nullable && depth >= DEEPEST {
            return Filled::Leaf(Value::Null, None);
        }
        let something = self.something(schema, path, depth);
        if nullable && !something.ruled() && !self.is_summary(&something, path) { Filled::Leaf(Value::Null, None) } else { something }
    }

    fn is_summary(&self, filled: &Filled, path: &[&str]) -> bool {
        matches!((filled, self.fields.summary(path)), (Filled::Leaf(Value::String(text), _), Some(summary)) if *text == summary)
    }

    fn something(&self, schema: &'s Value, path: &mut Vec<&'s str>, depth: usize) -> Filled {
        if let Some(only) = schema.get("const").or_else(|| first_not_null(&schema["enum"])) {
            return Filled::Leaf(only.clone(), None);
        }
        if !branches(schema).is_empty() {
            return self.best_branch(schema, path, depth);
        }
        match types(schema).find(|name| *name != "null") {
            Some("object") => self.object(schema, path, depth),
            Some("array") => self.array(schema, path, depth),
            Some("string") => Filled::Leaf(self.string(schema, path), None),
            Some("integer" | "number") => Filled::Leaf(number_like(schema), None),
            Some("boolean") => Filled::Leaf(json!(false), None),
            _ => Filled::Leaf(Value::Null, None),
        }
    }

    /// The first branch a rule speaks of, else the first that is not null.
    fn best_branch(&self, schema: &'s Value, path: &mut Vec<&'s str>, depth: usize) -> Filled {
        let filled: Vec<Filled> =
            branches(schema).iter().filter(|branch| branch["type"] != "null").map(|branch| self.value(branch, path, depth + 1)).collect();
        let ruled = filled.iter().find(|value| value.ruled()).cloned();
        ruled.or_else(|| filled.into_iter().next()).unwrap_or(Filled::Leaf(Value::Null, None))
    }

    fn object(&self, schema: &'s Value, path: &mut Vec<&'s str>, depth: usize) -> Filled {
        let mut fields = Vec::new();
        for (name, of, required) in properties(schema) {
            path.push(name);
            let filled = self.value(of, path, depth + 1);
            path.pop();
            if required || filled.ruled() {
                fields.push((name.to_owned(), filled));
            }
        }
        Filled::Object(fields)
    }

    /// As few items as are allowed, but one when a rule speaks of its inside.
    fn array(&self, schema: &'s Value, path: &mut Vec<&'s str>, depth: usize) -> Filled {
        let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).unwrap_or(0);
        let Some(each) = schema.get("items").filter(|_| depth < DEEPEST || least > 0) else { return Filled::Array(Vec::new()) };
        let item = self.value(each, path, depth + 1);
        let room = schema["maxItems"].as_u64() != Some(0);
        let count = if item.ruled() && room { least.max(1) } else { least };
        Filled::Array(vec![item; count])
    }

    fn string(&self, schema: &Value, path: &[&str]) -> Value {
        let summary = self.fields.summary(path).map(Value::String).filter(|text| conforms(text, schema, self.root));
        summary.unwrap_or_else(|| Value::String(string_like(schema)))
    }
}

/// The first that is not null; of numbers the neutral zero, where it is among them.
fn first_not_null(values: &Value) -> Option<&Value> {
    let values = values.as_array()?;
    let zero = values.iter().find(|value| value.as_i64() == Some(0));
    zero.or_else(|| values.iter().find(|value| !value.is_null())).or(values.first())
}

#[cfg(test)]
mod tests;
