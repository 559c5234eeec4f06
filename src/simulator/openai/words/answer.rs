//! An answer before it has a wire shape: its parts, their tokens, and why it ended.

use super::tokens::{Token, pieces};

/// What the model answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One text or refusal, or one or more calls.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub finish: Finish,
}

/// One part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// What is said.
    Text(Vec<Token>),
    /// Why nothing is said.
    Refusal(Vec<Token>),
    /// A tool to call.
    Call {
        /// The tool.
        name: String,
        /// Its arguments, JSON.
        arguments: Vec<Token>,
    },
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It was complete.
    Stop,
    /// The token limit cut it.
    Length,
    /// It calls tools.
    ToolCalls,
}

impl Finish {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
        }
    }
}

impl Part {
    /// Its tokens.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        match self {
            Self::Text(tokens) | Self::Refusal(tokens) | Self::Call { arguments: tokens, .. } => tokens,
        }
    }

    fn tokens_mut(&mut self) -> &mut Vec<Token> {
        match self {
            Self::Text(tokens) | Self::Refusal(tokens) | Self::Call { arguments: tokens, .. } => tokens,
        }
    }
}

impl Answer {
    /// How many tokens it has.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.parts.iter().map(|part| part.tokens().len() as u64).sum()
    }

    /// Cuts it at the request's limit.
    #[must_use]
    pub fn cut_to(mut self, most: Option<u64>) -> Self {
        let Some(most) = most.filter(|most| *most < self.tokens()) else { return self };
        let mut left = usize::try_from(most).unwrap_or(usize::MAX);
        for part in &mut self.parts {
            part.tokens_mut().truncate(left);
            left = left.saturating_sub(part.tokens().len());
        }
        self.finish = Finish::Length;
        self
    }
}

/// The text of tokens.
#[must_use]
pub fn join(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text.as_str()).collect()
}

/// Tokens of a text that the model is sure of.
#[must_use]
pub fn plain(text: &str) -> Vec<Token> {
    pieces(text).map(|piece| Token { text: piece.to_owned(), logprob: sure(piece) }).collect()
}

/// A probability near one that follows from the piece, so that logprobs look alive and repeat.
#[must_use]
pub fn sure(piece: &str) -> f64 {
    -f64::from(u32::try_from(piece.bytes().map(usize::from).sum::<usize>() % 50).unwrap_or(0)) / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::{Answer, Finish, Part, join, plain};

    #[test]
    fn a_limit_cuts_the_answer_and_says_so() {
        let answer = Answer { parts: vec![Part::Text(plain("one two three four"))], finish: Finish::Stop };
        assert_eq!(answer.clone().cut_to(Some(4)), answer, "just enough is enough");
        let cut = answer.cut_to(Some(2));
        assert_eq!((join(cut.parts[0].tokens()).as_str(), cut.finish), ("one two", Finish::Length));
    }
}
