//! A JSON object of texts as [`validate`](crate::intake::validate) writes it, taken apart and put together again.

/// The names and texts in turn, as they stand between their quotes.
pub(super) fn texts(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        let (_, begun) = rest.split_once('"')?;
        let (text, behind) = begun.split_at(end(begun)?);
        rest = &behind[1..];
        Some(text)
    })
}

/// Where the text ends: at the first quote that is not escaped.
fn end(text: &str) -> Option<usize> {
    text.match_indices('"').map(|(at, _)| at).find(|at| {
        let escapes = text.as_bytes()[..*at].iter().rev().take_while(|byte| **byte == b'\\').count();
        escapes % 2 == 0
    })
}

/// Writes an object, name by name.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a name and its text, both as they stood between their quotes.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        let begin = if self.0.len() > 1 { ",\"" } else { "\"" };
        for part in [begin, name, "\":\"", text, "\""] {
            self.0.push_str(part);
        }
    }

    pub(super) fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_object_comes_back_as_it_was(variables in proptest::collection::btree_map("\\PC{0,6}", "\\PC{0,9}|[\"\\\\\n,:{}a]{0,9}", 0..4)) {
            let variables: BTreeMap<String, String> = variables;
            let json = serde_json::to_string(&variables).unwrap();
            let parts: Vec<&str> = texts(&json).collect();
            prop_assert_eq!(parts.len(), 2 * variables.len());
            let mut object = Object::new();
            parts.chunks(2).for_each(|pair| object.add(pair[0], pair[1]));
            prop_assert_eq!(object.done(), json);
        }
    }
}
