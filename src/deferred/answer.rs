//! What the deferred questions answer, checked before it is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::providers::ChatAnswer;
use crate::store::deferred::TaskKind;

/// The note after a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// At most a few sentences.
    pub summary: String,
}

/// The score after a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// 0 to 100.
    pub score: u8,
    /// What decided it.
    pub reason: String,
}

/// Longest note or reason, characters: the answer limit of the request keeps honest models far below.
const MAX_TEXT: usize = 4_000;

/// Checks an answer; gives the JSON to store ([`Summary`] or [`Score`]).
///
/// # Errors
/// What is wrong with it, in words for an operator and without the words of the call. Asking again may help.
pub fn check(kind: TaskKind, answer: &ChatAnswer) -> Result<String, String> {
    if answer.refusal.is_some() {
        return Err("the model refused to answer".to_owned());
    }
    if answer.finish != "stop" {
        return Err(format!("the answer is not whole: it ended with `{}`", answer.finish));
    }
    let value: Value = serde_json::from_str(&answer.content).map_err(|_| "the answer is not JSON".to_owned())?;
    match kind {
        TaskKind::Summary => summary(value),
        TaskKind::Score => score(value),
    }
}

fn summary(value: Value) -> Result<String, String> {
    let summary: Summary = serde_json::from_value(value).map_err(|_| "the answer is not `{summary}`".to_owned())?;
    text("summary", &summary.summary)?;
    Ok(json(&summary))
}

fn score(value: Value) -> Result<String, String> {
    let score: Score = serde_json::from_value(value).map_err(|_| "the answer is not `{score, reason}`".to_owned())?;
    if score.score > 100 {
        return Err("the score is above 100".to_owned());
    }
    text("reason", &score.reason)?;
    Ok(json(&score))
}

fn text(name: &str, text: &str) -> Result<(), String> {
    match text.trim() {
        "" => Err(format!("the {name} is empty")),
        long if long.chars().count() > MAX_TEXT => Err(format!("the {name} is longer than {MAX_TEXT} characters")),
        _ => Ok(()),
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a struct of texts and numbers is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Usage;

    fn answer(content: &str) -> ChatAnswer {
        ChatAnswer {
            content: content.into(),
            refusal: None,
            finish: "stop".into(),
            model: "m".into(),
            usage: Usage::default(),
            flex: false,
        }
    }

    #[test]
    fn right_answers_are_kept() {
        assert_eq!(check(TaskKind::Summary, &answer(r#"{"summary":"Owns a home."}"#)).unwrap(), r#"{"summary":"Owns a home."}"#);
        assert_eq!(check(TaskKind::Score, &answer(r#"{ "reason": "r", "score": 75 }"#)).unwrap(), r#"{"score":75,"reason":"r"}"#);
    }

    #[test]
    fn wrong_answers_say_why() {
        let table = [
            (TaskKind::Summary, r#"{"summary":" "}"#, "empty"),
            (TaskKind::Summary, r#"{"note":"x"}"#, "not `{summary}`"),
            (TaskKind::Summary, "Owns a home.", "not JSON"),
            (TaskKind::Score, r#"{"score":101,"reason":"r"}"#, "above 100"),
            (TaskKind::Score, r#"{"score":-1,"reason":"r"}"#, "not `{score, reason}`"),
            (TaskKind::Score, r#"{"score":7.5,"reason":"r"}"#, "not `{score, reason}`"),
            (TaskKind::Score, r#"{"score":7}"#, "not `{score, reason}`"),
        ];
        for (kind, content, part) in table {
            let error = check(kind, &answer(content)).unwrap_err();
            assert!(error.contains(part), "{content}: {error}");
        }
        let cut = ChatAnswer { finish: "length".into(), ..answer(r#"{"summary":"x"}"#) };
        assert!(check(TaskKind::Summary, &cut).unwrap_err().contains("length"));
        let refused = ChatAnswer { refusal: Some("no".into()), ..answer("") };
        assert!(check(TaskKind::Summary, &refused).unwrap_err().contains("refused"));
    }
}
