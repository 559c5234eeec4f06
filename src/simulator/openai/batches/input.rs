//! The input of a batch: JSON lines, each a request with a name of its own, all to one endpoint and one model.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

const MOST_LINES: usize = 50_000;

/// A valid input.
#[derive(Debug)]
pub struct Input {
    /// The model of all lines.
    pub model: String,
    /// The requests.
    pub lines: Vec<Line>,
}

/// One request.
#[derive(Debug, Deserialize)]
pub struct Line {
    /// The caller's name for it.
    pub custom_id: String,
    method: String,
    url: String,
    /// What is posted.
    pub body: Value,
}

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What kind of mistake.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// From 1.
    pub line: Option<usize>,
}

impl Input {
    /// Reads a file.
    ///
    /// # Errors
    /// Every line's first mistake.
    pub fn read(bytes: &[u8], endpoint: &str) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { endpoint, seen: BTreeSet::new(), model: None };
        let (mut lines, mut mistakes) = (Vec::new(), Vec::new());
        let filled = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, text)| !text.trim_ascii().is_empty());
        for (index, text) in filled {
            match reader.line(text) {
                Ok(line) => lines.push(line),
                Err((code, message)) => mistakes.push(Mistake { code, message, line: Some(index + 1) }),
            }
        }
        mistakes.extend(size_mistake(lines.len() + mistakes.len()));
        match reader.model {
            Some(model) if mistakes.is_empty() => Ok(Self { model, lines }),
            _ => Err(mistakes),
        }
    }
}

fn size_mistake(lines: usize) -> Option<Mistake> {
    let (code, message) = match lines {
        0 => ("empty_file", "The input file is empty. Please ensure that the batch contains at least one request.".to_owned()),
        count if count > MOST_LINES => {
            ("too_many_tasks", format!("The batch input file contains too many requests. The limit is {MOST_LINES}."))
        }
        _ => return None,
    };
    Some(Mistake { code, message, line: None })
}

struct Reader<'e> {
    endpoint: &'e str,
    seen: BTreeSet<String>,
    model: Option<String>,
}

impl Reader<'_> {
    fn line(&mut self, text: &[u8]) -> Result<Line, (&'static str, String)> {
        let raw: Value =
            serde_json::from_slice(text).map_err(|_| ("invalid_json_line", "This line is not parseable as valid JSON.".to_owned()))?;
        let missing = ["custom_id", "method", "url", "body"].into_iter().find(|name| raw.get(*name).is_none());
        if let Some(name) = missing {
            return Err(("missing_required_parameter", format!("Missing required parameter: '{name}'.")));
        }
        let line: Line = serde_json::from_value(raw).map_err(|error| ("invalid_request", format!("Invalid request: {error}.")))?;
        if line.method != "POST" {
            return Err(("invalid_method", format!("Invalid method: '{}'. Expected 'POST'.", line.method)));
        }
        if line.url != self.endpoint {
            return Err(("mismatched_endpoint", format!("The URL '{}' does not match the batch endpoint '{}'.", line.url, self.endpoint)));
        }
        if !self.seen.insert(line.custom_id.clone()) {
            return Err(("duplicate_custom_id", format!("The custom_id '{}' is used more than once.", line.custom_id)));
        }
        self.same_model(&line.body)?;
        Ok(line)
    }

    fn same_model(&mut self, body: &Value) -> Result<(), (&'static str, String)> {
        let Some(model) = body["model"].as_str() else {
            return Err(("missing_required_parameter", "Missing required parameter: 'body.model'.".to_owned()));
        };
        let first = self.model.get_or_insert_with(|| model.to_owned());
        if first == model {
            return Ok(());
        }
        Err(("mismatched_model", format!("The provided model '{model}' does not match the other requests of this batch ('{first}').")))
    }
}

#[cfg(test)]
mod tests {
    use super::Input;

    fn line(id: &str, model: &str) -> String {
        format!(r#"{{"custom_id":"{id}","method":"POST","url":"/v1/chat/completions","body":{{"model":"{model}","messages":[]}}}}"#)
    }

    fn codes(file: &str) -> Vec<(&'static str, Option<usize>)> {
        let mistakes = Input::read(file.as_bytes(), "/v1/chat/completions").unwrap_err();
        mistakes.into_iter().map(|mistake| (mistake.code, mistake.line)).collect()
    }

    #[test]
    fn good_lines_are_read_and_blank_ones_passed_over() {
        let file = format!("{}\n\n{}\n", line("a", "m"), line("b", "m"));
        let input = Input::read(file.as_bytes(), "/v1/chat/completions").unwrap();
        assert_eq!((input.model.as_str(), input.lines.len()), ("m", 2));
    }

    #[test]
    fn mistakes_carry_their_line() {
        let file = [
            line("a", "m"),
            "{".into(),
            line("a", "m"),
            line("b", "other"),
            r#"{"custom_id":"c"}"#.into(),
            line("d", "m").replace("chat/completions", "embeddings"),
        ]
        .join("\n");
        let expected = [
            ("invalid_json_line", Some(2)),
            ("duplicate_custom_id", Some(3)),
            ("mismatched_model", Some(4)),
            ("missing_required_parameter", Some(5)),
            ("mismatched_endpoint", Some(6)),
        ];
        assert_eq!(codes(&file), expected);
        assert_eq!(codes(""), [("empty_file", None)]);
    }
}
