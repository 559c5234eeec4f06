//! Phrases as patterns over tokens, so that a table of phrases reads like speech.
//!
//! | element | matches |
//! |---|---|
//! | `stop\|quit` | one token out of these; `$` among them is the end of a clause, `#` a figure like `9`, `9:30` or `5th` |
//! | `please?` | the same, or nothing |
//! | `*a\|the` | any number of these |
//! | `..3` | up to three tokens, none of them a break |
//! | `!now\|today` | nothing, but only where none of these follows |
//! | `<!i\|we` | nothing, but only where none of these stands before |
//! | `^` / `$` | the beginning / the end of a clause |
//! | `@name` among `\|` | the words that the table's line `@name = a\|b` names, above its first use |
//! | `~name` | one of the phrases that the table's lines `~name = in the morning` name, above its first use |
//! | `!~name` | nothing, but only where none of these phrases follows |
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
    Phrase(Vec<Phrase>),
    NotPhrase(Vec<Phrase>),
    Start,
    End,
}

/// What a table's names stand for: words, or phrases, which are given one a line.
#[derive(Default)]
pub(super) struct Names(HashMap<&'static str, Vec<&'static str>>);

impl Names {
    /// Reads the lines of a table that give a name.
    pub(super) fn of(table: &'static str) -> Self {
        let mut names = Self::default();
        for (name, meant) in table.lines().filter_map(Self::named) {
            let meant = if name.starts_with('~') { vec![meant] } else { names.words(meant) };
            names.0.entry(name).or_default().extend(meant);
        }
        names
    }

    /// `@name = a|b|@other`, `~name = in the morning`.
    pub(super) fn named(line: &'static str) -> Option<(&'static str, &'static str)> {
        line.trim().split_once(" = ").filter(|(name, _)| name.starts_with(['@', '~']))
    }

    fn phrases(&self, name: &str) -> Vec<Phrase> {
        self.0.get(name).into_iter().flatten().map(|line| Phrase::with(line, self)).collect()
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
        (0..tokens.len()).filter_map(|start| self.end(tokens, start).map(|end| (start, end)))
    }

    /// The token after the last, where it matches from `start` on.
    fn end(&self, tokens: &[String], start: usize) -> Option<usize> {
        matches(&self.0, tokens, start)
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
        _ if text.starts_with('~') => Element::Phrase(names.phrases(text)),
        _ if text.starts_with("!~") => Element::NotPhrase(names.phrases(&text[1..])),
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
    let is = |words: &[&str]| token.is_some_and(|token| words.contains(&token) || is_small_figure(token) && words.contains(&"#"));
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
        Element::Phrase(phrases) => phrases.iter().filter_map(|phrase| phrase.end(tokens, at)).find_map(|at| matches(rest, tokens, at)),
        Element::NotPhrase(phrases) => {
            phrases.iter().all(|phrase| phrase.end(tokens, at).is_none()).then(|| matches(rest, tokens, at)).flatten()
        }
        Element::Start => before.is_none_or(|token| token == BREAK).then(|| matches(rest, tokens, at)).flatten(),
        Element::End => token.is_none_or(|token| token == BREAK).then(|| matches(rest, tokens, at)).flatten(),
    }
}

/// An hour or a day of the month, and no part of a phone number.
fn is_small_figure(token: &str) -> bool {
    (1..=2).contains(&token.bytes().take_while(u8::is_ascii_digit).count())
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
            ("call at #", "call at 9:30", true),
            ("call at #", "call at 555", false),
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

    #[test]
    fn a_name_of_phrases_stands_for_any_of_them() {
        let names = Names::of("@part = morning|evening\n~then = in the @part\n~then = at noon\ncall me");
        let cases = [
            ("call me ~then please", "call me in the evening please", true),
            ("call me ~then please", "call me at noon, please", false),
            ("call me !~then", "call me at noon", false),
            ("call me !~then", "call me at home", true),
            ("call me !~nothing", "call me at noon", true),
            ("call me ~nothing", "call me at noon", false),
        ];
        for (pattern, said, expected) in cases {
            assert_eq!(Phrase::with(pattern, &names).is_in(&tokens(said)), expected, "{pattern} in {said}");
        }
    }
}
