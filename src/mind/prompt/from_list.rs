//! What an agent's lines say of a lead. A list has to tell it, or somebody hears a sentence with a hole in it.

use std::collections::BTreeMap;

use minijinja::value::Value;

use super::render::{is_complete, named_in, said_with};
use crate::agents::definition::Lines;

/// What a line has whatever the list tells.
const GIVEN: [&str; 3] = ["company", "persona_name", "when"];

/// A value of the list that a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// The variable.
    pub name: String,
    /// The first line that says it, like `voicemail`.
    pub line: &'static str,
}

/// The values that lines say as they are, by name. One that a line asks for first (`{% if city %}`) or has something for in its place
/// (`default`) may be missing.
#[must_use]
pub fn spoken(lines: &Lines) -> Vec<Spoken> {
    named_by(lines, |body, name, names| !can_do_without(body, name, names))
}

/// The values that lines take for numbers, by name. What a list tells is text: `{{ bill * 2 }}` says its digits twice, and every text is
/// more than any number.
#[must_use]
pub fn taken_for_numbers(lines: &Lines) -> Vec<Spoken> {
    named_by(lines, is_taken_for_a_number)
}

/// The values of the list that lines name and treat so.
fn named_by(lines: &Lines, treats: impl Fn(&str, &str, &[String]) -> bool) -> Vec<Spoken> {
    let mut named = BTreeMap::new();
    for (line, body) in lines.named() {
        let names = named_in(body);
        for name in names.iter().filter(|name| !GIVEN.contains(&name.as_str()) && treats(body, name, &names)) {
            named.entry(name.clone()).or_insert(line);
        }
    }
    named.into_iter().map(|(name, line)| Spoken { name, line }).collect()
}

fn can_do_without(body: &str, name: &str, names: &[String]) -> bool {
    is_complete(body, Value::from(beside(name, names)))
}

/// A number is said otherwise than its digits. It is below any that a line compares with, where a text is above all of them.
fn is_taken_for_a_number(body: &str, name: &str, names: &[String]) -> bool {
    const LOW: i64 = -8131;
    let said = |value: Value| {
        let mut values = beside(name, names);
        values.insert(name.to_owned(), value);
        said_with(body, Value::from(values))
    };
    let of_number = said(Value::from(LOW));
    of_number.is_some() && of_number != said(Value::from(LOW.to_string()))
}

/// The other values of a line. A figure can be said and reckoned with.
fn beside(name: &str, names: &[String]) -> BTreeMap<String, Value> {
    names.iter().filter(|other| *other != name).map(|other| (other.clone(), Value::from("1"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents;

    fn said_by(change: impl FnOnce(&mut Lines)) -> Vec<(String, &'static str)> {
        let mut agent = agents::load::load(include_str!("../../../config/demo/agent.toml")).unwrap();
        change(&mut agent.lines);
        spoken(&agent.lines).into_iter().map(|Spoken { name, line }| (name, line)).collect()
    }

    #[test]
    fn what_lines_say_as_it_is_has_to_be_on_the_list() {
        assert!(said_by(|_| ()).is_empty(), "what every call has");
        let said = said_by(|lines| {
            lines.voicemail = "Hi {{ first_name }}, about your roof in {{ city }}.".to_owned();
            lines.goodbye = "Enjoy {{ city|upper }}, {{ first_name }}.".to_owned();
        });
        assert_eq!(said, [("city".to_owned(), "goodbye"), ("first_name".to_owned(), "goodbye")]);
    }

    #[test]
    fn what_a_line_asks_for_first_or_replaces_may_be_missing() {
        let said = said_by(|lines| {
            lines.goodbye = "Bye{% if city %} from {{ city }}{% endif %}, {{ name|default('friend') }}.".to_owned();
            lines.apology = "Sorry{% if plan is defined %} about {{ plan }} of {{ vendor }}{% endif %}.".to_owned();
        });
        assert_eq!(said, [("vendor".to_owned(), "apology")], "beside a value that is there");
        let said =
            said_by(|lines| lines.goodbye = "Bye{% if city %} {{ city }}{% endif %}, {{ bill|float * 2 }} {{ fee * 2 }}.".to_owned());
        assert_eq!(said, [("bill".to_owned(), "goodbye"), ("fee".to_owned(), "goodbye")], "what is reckoned with");
    }

    #[test]
    fn a_text_that_is_taken_for_a_number_is_told() {
        let taken = |goodbye: &str| {
            let mut agent = agents::load::load(include_str!("../../../config/demo/agent.toml")).unwrap();
            goodbye.clone_into(&mut agent.lines.goodbye);
            taken_for_numbers(&agent.lines)
        };
        let told = vec![Spoken { name: "bill".to_owned(), line: "goodbye" }];
        for goodbye in ["{{ bill * 2 }}", "{% if bill > 100 %}much{% endif %}", "{% if bill <= 9 %}little{% endif %}", "{{ bill|round }}"] {
            assert_eq!(taken(goodbye), told, "{goodbye}");
        }
        let texts = [
            "{{ bill }}, {{ bill|upper }}, {{ bill|length }}, {{ bill[:1] }}",
            "{{ bill|int * 2 }}{% if bill|float > 100 %}much{% endif %}",
            "{% if bill %}yes{% endif %}{% if bill == 'high' %}!{% endif %}{{ bill|default('none') }}{{ bill ~ city }}",
        ];
        for goodbye in texts {
            assert!(taken(goodbye).is_empty(), "{goodbye}");
        }
    }
}
