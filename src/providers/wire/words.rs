//! Words on their way in and out: a provider's own are made fit for an error message, without numbers or keys of anybody;
//! ours are cut to what a provider takes at once.

/// Longest error text kept, in characters.
const LONGEST: usize = 300;
/// So many digits in a row (separators aside) may be a telephone number.
const NUMBER: usize = 7;

/// Masks what looks like a telephone number or a key, drops control characters, and cuts to a readable length.
///
/// Providers quote the request in their refusals (`The 'To' number +1555… is not valid`, `Incorrect API key: sk-…`).
#[must_use]
pub fn safe_words(text: &str) -> String {
    let masked: Vec<String> = text.split_whitespace().map(mask_word).collect();
    let mut short: String = masked.join(" ").chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if masked.iter().map(|w| w.chars().count() + 1).sum::<usize>() > LONGEST + 1 {
        short.push('…');
    }
    short
}

fn mask_word(word: &str) -> String {
    let secret = ["sk-", "Bearer", "xi-"].iter().any(|mark| word.contains(mark)) || has_number(word);
    if secret { "***".to_owned() } else { word.to_owned() }
}

/// An unbroken run of digits long enough for a number; `.` and `-` inside do not break it, letters do (ids are not numbers).
fn has_number(word: &str) -> bool {
    let mut run = 0;
    let mut after_letter = false;
    for c in word.chars() {
        match c {
            '0'..='9' if !after_letter => run += 1,
            '-' | '.' | '(' | ')' => {}
            c if c.is_ascii_alphanumeric() => (run, after_letter) = (0, true),
            _ => (run, after_letter) = (0, false),
        }
        if run >= NUMBER {
            return true;
        }
    }
    false
}

/// Cuts a text into pieces of at most `longest` characters, at spaces where there are any. A text without a word has none.
pub fn pieces(text: &str, longest: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.trim().is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(cut(rest, longest));
        rest = after;
        Some(piece)
    })
}

fn cut(text: &str, longest: usize) -> usize {
    let Some((limit, _)) = text.char_indices().nth(longest) else { return text.len() };
    text[..limit].rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masks_numbers_and_keys_but_keeps_the_sense() {
        let told = safe_words("The 'To' number +14155550123 is not valid; key sk-abc123 refused, error 21211");
        assert_eq!(told, "The 'To' number *** is not valid; key *** refused, error 21211");
        assert_eq!(safe_words("call 415-555-0123 now"), "call *** now");
    }

    #[test]
    fn cuts_long_texts_and_control_characters() {
        let told = safe_words(&"word \u{7}".repeat(400));
        assert!(told.chars().count() <= LONGEST + 1 && told.ends_with('…') && !told.contains('\u{7}'));
    }

    #[test]
    fn keeps_ids_that_support_asks_for() {
        assert_eq!(safe_words("request req_7c12345678 failed"), "request req_7c12345678 failed");
    }

    proptest! {
        #[test]
        fn pieces_fit_and_lose_nothing(word in "[a-zé]{1,70} {0,2}", times in 0..60usize) {
            let text = word.repeat(times);
            let cut: Vec<&str> = pieces(&text, 50).collect();
            prop_assert!(cut.iter().all(|piece| !piece.is_empty() && piece.chars().count() <= 50));
            let joined = cut.concat();
            prop_assert_eq!(joined.trim_end(), text.trim_end());
        }
    }
}
