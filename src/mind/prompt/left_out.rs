//! A line without what fails in it for one lead: whoever has answered hears the rest.

use std::borrow::Cow;
use std::iter;

/// Leaves out expressions that do not work. A condition that does not is not met.
pub(super) fn without_failing(body: &str, works: impl Fn(&str) -> bool) -> String {
    let (mut kept, mut rest) = (String::with_capacity(body.len()), body);
    while let Some((begin, end)) = next_tag(rest) {
        kept.push_str(&rest[..begin]);
        kept.push_str(&mended(&rest[begin..end], &works));
        rest = &rest[end..];
    }
    kept + rest
}

/// Where the next tag begins and ends.
fn next_tag(text: &str) -> Option<(usize, usize)> {
    let begin = [text.find("{{"), text.find("{%")].into_iter().flatten().min()?;
    let close = if text[begin..].starts_with("{{") { "}}" } else { "%}" };
    let inside = begin + 2;
    Some((begin, inside + text[inside..].find(close)? + 2))
}

fn mended<'t>(tag: &'t str, works: &impl Fn(&str) -> bool) -> Cow<'t, str> {
    // a dash inside of a brace takes the blanks outside away
    let inside = tag[2..tag.len() - 2].trim_matches(['-', '+']).trim();
    if tag.starts_with("{{") {
        return if works(inside) { tag.into() } else { "".into() };
    }
    let condition = |word: &str| inside.strip_prefix(word).filter(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '('));
    match ["if", "elif"].into_iter().find(|word| condition(word).is_some_and(|condition| !works(condition.trim()))) {
        Some(word) => format!("{{% {word} false %}}").into(),
        None => tag.into(),
    }
}

/// The words outside of every tag and block: what is left of a line that fails all the same.
pub(super) fn words_alone(body: &str) -> String {
    let outside = match (body.find("{%"), body.rfind("%}")) {
        (Some(begin), Some(end)) if begin < end => [&body[..begin], &body[end + 2..]].concat(),
        (Some(begin), _) => body[..begin].to_owned(),
        (None, _) => body.to_owned(),
    };
    let mut parts = outside.split("{{");
    let first = parts.next().unwrap_or_default();
    let behind = parts.map(|part| part.split_once("}}").map_or("", |(_, words)| words));
    iter::once(first).chain(behind).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(body: &str) -> String {
        without_failing(body, |expression| !expression.contains("bad"))
    }

    #[test]
    fn an_expression_that_fails_says_nothing_and_the_others_stay() {
        assert_eq!(mended("Bye {{ good }}{{ bad * 2 }}{{- bad -}}{{ -good }}, é."), "Bye {{ good }}{{ -good }}, é.");
        for body in ["Bye.", "{{}}{%%}", "Bye {{ bad", "Bye {% if bad }}", ""] {
            assert_eq!(mended(body), body.replace("{{ bad }}", ""), "{body}");
        }
    }

    #[test]
    fn a_condition_that_fails_is_not_met() {
        let body = "{% if bad > 2 %}a{%- elif (good) -%}b{% elif(bad) %}c{% else %}d{% endif %}{% set iffy = bad %}";
        let expected = "{% if false %}a{%- elif (good) -%}b{% elif false %}c{% else %}d{% endif %}{% set iffy = bad %}";
        assert_eq!(mended(body), expected);
    }

    #[test]
    fn of_a_line_that_cannot_be_mended_the_words_outside_of_tags_are_left() {
        let cases = [
            ("Hi {{ name }}, you.{% for n in bad %} x{% endfor %} Bye.", "Hi , you. Bye."),
            ("Hi {{ name", "Hi"),
            ("Hi {% if bad", "Hi"),
            ("%} Hi {%", "%} Hi"),
            ("Hi.", "Hi."),
        ];
        for (body, words) in cases {
            assert_eq!(words_alone(body), words);
        }
    }
}
