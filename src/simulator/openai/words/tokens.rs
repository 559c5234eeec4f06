//! A stand-in tokenizer: cheap, repeatable and reversible (the pieces joined are the text), and near the real counts for
//! English. A piece is a word of at most nine letters with the space before it, up to three digits, a run of blanks, or one
//! other character.

/// One piece of text with the probability it carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// The piece.
    pub text: String,
    /// Natural logarithm of its probability.
    pub logprob: f64,
}

/// The pieces of a text.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let cut = first_piece(rest)?;
        let (piece, tail) = rest.split_at(cut);
        rest = tail;
        Some(piece)
    })
}

/// How many pieces a text has.
#[must_use]
pub fn count(text: &str) -> u64 {
    pieces(text).map(|_| 1).sum()
}

/// Where the first piece ends, in bytes; `None` at the end of the text.
fn first_piece(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let after_space = text.strip_prefix(' ').and_then(|rest| rest.chars().next());
    Some(match (first, after_space) {
        (' ', Some(letter)) if letter.is_alphabetic() => 1 + run(&text[1..], 9, char::is_alphabetic),
        (blank, _) if blank.is_whitespace() => blanks(text),
        (letter, _) if letter.is_alphabetic() => run(text, 9, char::is_alphabetic),
        (digit, _) if digit.is_ascii_digit() => run(text, 3, |c| c.is_ascii_digit()),
        (other, _) => other.len_utf8(),
    })
}

/// A run of blanks, without the one space that belongs to the word after it.
fn blanks(text: &str) -> usize {
    let all = run(text, usize::MAX, char::is_whitespace);
    let word_follows = text[all..].chars().next().is_some_and(char::is_alphabetic);
    if word_follows && all > 1 && text[..all].ends_with(' ') { all - 1 } else { all }
}

fn run(text: &str, most: usize, belongs: impl Fn(char) -> bool) -> usize {
    text.chars().take(most).take_while(|c| belongs(*c)).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{count, pieces};

    #[test]
    fn english_is_cut_near_its_words() {
        let text = "Yes, tomorrow at 10:30 would work.";
        assert_eq!(pieces(text).collect::<Vec<_>>(), ["Yes", ",", " tomorrow", " at", " ", "10", ":", "30", " would", " work", "."]);
    }

    proptest! {
        #[test]
        fn pieces_joined_are_the_text(text in any::<String>()) {
            prop_assert_eq!(pieces(&text).collect::<String>(), text.clone());
            prop_assert_eq!(count(&text) == 0, text.is_empty());
        }
    }
}
