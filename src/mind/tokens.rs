//! Counting tokens here, because a budget has to know before it asks and a cut stream never tells.

use tiktoken_rs::bpe_for_model;
use tiktoken_rs::{CoreBPE, o200k_base_singleton};

use crate::providers::ChatRequest;

/// Loads the vocabulary (about a quarter of a second): at boot, not in the first call.
pub fn preload() {
    o200k_base_singleton();
}

/// Tokens of a text. Models that the tokenizer does not know are counted with `o200k_base`, which every chat model of the
/// last generations uses.
#[must_use]
pub fn count(model: &str, text: &str) -> u64 {
    vocabulary(model).count_ordinary(text) as u64
}

/// Tokens of a whole prompt: three per message for its frame and three that open the answer (the `OpenAI` cookbook's rule),
/// and the answer schema, which is part of the prompt.
#[must_use]
pub fn count_request(request: &ChatRequest) -> u64 {
    let vocabulary = vocabulary(&request.model);
    let messages: usize = request.messages.iter().map(|m| 3 + 1 + vocabulary.count_ordinary(&m.content)).sum();
    let schema = request.schema.as_ref().map_or(0, |schema| vocabulary.count_ordinary(&schema.schema.to_string()));
    (messages + schema + 3) as u64
}

fn vocabulary(model: &str) -> &'static CoreBPE {
    bpe_for_model(model).unwrap_or_else(|_| o200k_base_singleton())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_model_is_counted_like_its_generation() {
        let text = "Do you own your home, and what is your monthly electricity bill?";
        assert_eq!(count("gpt-6-luna", text), count("gpt-4o", text));
        assert_eq!(count("gpt-6-luna", ""), 0);
        assert!((10..20).contains(&count("gpt-6-luna", text)));
    }

    #[test]
    fn special_tokens_in_speech_are_plain_words() {
        assert!(count("gpt-6-luna", "<|endoftext|>") > 1);
    }
}
