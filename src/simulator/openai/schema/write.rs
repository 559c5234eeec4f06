//! A filled value as the tokens of compact JSON, each with the probability the rules gave its value.

use serde_json::Value;

use super::fill::Filled;
use crate::simulator::openai::words::answer::plain;
use crate::simulator::openai::words::tokens::{Token, pieces};

/// The tokens of a value.
#[must_use]
pub fn tokens_of(filled: &Filled) -> Vec<Token> {
    let mut tokens = Vec::new();
    write(filled, &mut tokens);
    tokens
}

fn write(filled: &Filled, tokens: &mut Vec<Token>) {
    match filled {
        Filled::Leaf(value, confidence) => leaf(value, *confidence, tokens),
        Filled::Object(fields) => {
            tokens.extend(plain("{"));
            for (index, (name, field)) in fields.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                tokens.extend(plain(&format!("{comma}{}:", Value::from(name.as_str()))));
                write(field, tokens);
            }
            tokens.extend(plain("}"));
        }
        Filled::Array(items) => {
            tokens.extend(plain("["));
            for (index, item) in items.iter().enumerate() {
                tokens.extend(plain(if index == 0 { "" } else { "," }));
                write(item, tokens);
            }
            tokens.extend(plain("]"));
        }
    }
}

/// The first token that is not a quote carries the doubt, so that the joint probability of the value is its confidence.
fn leaf(value: &Value, confidence: Option<f64>, tokens: &mut Vec<Token>) {
    let Some(confidence) = confidence else { return tokens.extend(plain(&value.to_string())) };
    let mut doubt = Some(confidence.clamp(f64::MIN_POSITIVE, 1.0).ln());
    for piece in pieces(&value.to_string()) {
        let logprob = if piece == "\"" { 0.0 } else { doubt.take().unwrap_or(0.0) };
        tokens.push(Token { text: piece.to_owned(), logprob });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::tokens_of;
    use crate::simulator::openai::schema::fill::Filled;
    use crate::simulator::openai::words::answer::join;

    #[test]
    fn the_tokens_of_a_value_carry_its_confidence() {
        let value = Filled::Object(vec![("when".into(), Filled::Leaf(json!("tomorrow at five"), Some(0.5)))]);
        let tokens = tokens_of(&value);
        assert_eq!(join(&tokens), r#"{"when":"tomorrow at five"}"#);
        let start = tokens.iter().position(|token| token.text == "tomorrow").unwrap();
        let joint: f64 = tokens[start..start + 3].iter().map(|token| token.logprob).sum();
        assert!((joint.exp() - 0.5).abs() < 1e-9);
    }
}
