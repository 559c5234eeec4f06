//! Phrases as patterns over tokens, so that a table of phrases reads like speech.
//!
//! | element | matches |
//! |---|---|
//! | `stop\|quit` | one token out of these; `$` among them is the end of a clause |
//! | `please?` | the same, or nothing |
//! | `*a\|the` | any number of these |
//! | `..3` | up to three tokens, none of them a break |
//! | `!now\|today` | nothing, but only where none of these follows |
//! | `<!i\|we` | nothing, but only where none of these stands before |
//! | `^` / `$` | the beginning / the end of a clause |
//! | `@name` among `\|` | the words that the table's line `@name = a\|b` names, above its first use |
//!
//! What several phrases share gets a name, so that it cannot differ from one to the other.

use std::collections::HashMap;

use crate::domain::callback::words::BREAK;

enum Element {
    One(Vec<&'static str>),
    Maybe(Vec<&'static str>),
    Any(Vec<&'static str>),
    Gap(usize),
    NotNext(Vec<&'static str>),
    NotBefore(Vec<&'static str>),
    Start,
    End,
}

/// The words that a table's names stand for.
#[derive(Default)]
pub(super) struct Names(HashMap<&'static str, Vec<&'static str>>);

impl Names {
    /// Reads the lines of a table that give a name.
    pub(super) fn of(table: &'static str) -> Self {
        let mut names = Self::default();
        for (name, words) in table.lines().filter_map(Self::named) {
            let words = names.words(words);
            names.0.insert(name, words);
        }
        names
    }

    /// `@name = a|b|@other`.
    pub(super) fn named(line: &'static str) -> Option<(&'static str, &'static str)> {
        line.trim().split_once(" = ").filter(|(name, _)| name.starts_with('@'))
    }

    /// A name that is not known stays as it is and never matches; a test of the tables says so.
    fn words(&self, text: &'static str) -> Vec<&'static str> {
        text.split('|').flat_map(|word| self.0.get(word).cloned().unwrap_or_else(|| vec![word])).collect()
    }
}

/// One pattern, ready to match.
pub(super) struct Phrase(Vec<Element>);

impl Phrase {
    /// Reads a pattern. The tables are constants: what is written wrongly simply never matches, and its test says so.
    pub(super) fn new(pattern: &'static str) -> Self {
        Self::with(pattern, &Names::default())
    }

    /// The same for a pattern that uses names.
    pub(super) fn with(pattern: &'static str, names: &Names) -> Self {
        Self(pattern.split_whitespace().map(|text| element(text, names)).collect())
    }

    /// Where it matches: the first token and the one after the last.
    pub(super) fn find(&self, tokens: &[String]) -> impl Iterator<Item = (usize, usize)> {
        (0..tokens.len()).filter_map(|start| matches(&self.0, tokens, start).map(|end| (start, end)))
    }

    /// Whether it matches anywhere.
    pub(super) fn is_in(&self, tokens: &[String]) -> bool {
        self.find(tokens).next().is_some()
    }
}

fn element(text: &'static str, names: &Names) -> Element {
    let words = |text: &'static str| names.words(text);
    match text {
        "^" => Element::Start,
        "$" => Element::End,
        _ if text.starts_with("..") => Element::Gap(text[2..].parse().unwrap_or(0)),
        _ if text.starts_with('*') => Element::Any(words(&text[1..])),
        _ if text.starts_with("<!") => Element::NotBefore(words(&text[2..])),
        _ if text.starts_with('!') => Element::NotNext(words(&text[1..])),
        _ => text.strip_suffix('?').map_or_else(|| Element::One(words(text)), |text| Element::Maybe(words(text))),
    }
}

/// The end of a match that begins at `at`.
fn matches(elements: &[Element], tokens: &[String], at: usize) -> Option<usize> {
    let Some((first, rest)) = elements.split_first() else { return Some(at) };
    let token = tokens.get(at).map(String::as_str);
    let is = |words: &[&str]| token.is_some_and(|token| words.contains(&token));
    let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map(String::as_str);
    match first {
        Element::One(words) => {
            let ends = words.contains(&"$") && token.is_none_or(|token| token == BREAK);
            if ends { matches(rest, tokens, at) } else { is(words).then(|| matches(rest, tokens, at + 1)).flatten() }
        }
        Element::Maybe(words) => is(words).then(|| matches(rest, tokens, at + 1)).flatten().or_else(|| matches(rest, tokens, at)),
        Element::Any(words) => is(words).then(|| matches(elements, tokens, at + 1)).flatten().or_else(|| matches(rest, tokens, at)),
        Element::Gap(0) => matches(rest, tokens, at),
        Element::Gap(most) => gap(rest, tokens, at, *most),
        Element::NotNext(words) => (!is(words)).then(|| matches(rest, tokens, at)).flatten(),
        Element::NotBefore(words) => (!before.is_some_and(|token| words.contains(&token))).then(|| matches(rest, tokens, at)).flatten(),
        Element::Start => before.is_none_or(|token| token == BREAK).then(|| matches(rest, tokens, at)).flatten(),
        Element::End => token.is_none_or(|token| token == BREAK).then(|| matches(rest, tokens, at)).flatten(),
    }
}

fn gap(rest: &[Element], tokens: &[String], at: usize, most: usize) -> Option<usize> {
    let clause = tokens.iter().skip(at).take_while(|token| *token != BREAK).count();
    (0..=most.min(clause)).find_map(|skip| matches(rest, tokens, at + skip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::callback::words::tokens;

    #[test]
    fn every_element_means_what_the_table_says() {
        let cases = [
            ("stop|quit calling", "please quit calling", true),
            ("stop please? calling", "stop calling", true),
            ("are you *a|real robot", "are you a real robot", true),
            ("take ..2 off", "take my old name off", false),
            ("take ..2 off", "take my, off", false),
            ("call me !now|today", "call me today", false),
            ("call me !now|today", "call me", true),
            ("<!i|we call", "i call", false),
            ("call back|$", "call, please", true),
            ("call back|$", "call please", false),
            ("^ operator $", "yes. operator. now", true),
            ("^ operator $", "the operator", false),
        ];
        for (pattern, said, expected) in cases {
            assert_eq!(Phrase::new(pattern).is_in(&tokens(said)), expected, "{pattern} in {said}");
        }
    }

    #[test]
    fn a_name_stands_for_its_words_wherever_words_may_stand() {
        let names = Names::of("@day = monday|friday\n@time = @day|noon\ncall me");
        let cases = [
            ("call @time", "call noon", true),
            ("call *@day|or @time", "call monday or friday noon", true),
            ("call me !@time", "call me friday", false),
            ("call me !soon|@time", "call me later", true),
            ("<!@day call", "friday call", false),
            ("call @day? me", "call me", true),
            ("call @nothing", "call noon", false),
        ];
        for (pattern, said, expected) in cases {
            assert_eq!(Phrase::with(pattern, &names).is_in(&tokens(said)), expected, "{pattern} in {said}");
        }
    }
}
