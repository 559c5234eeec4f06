//! Which rule answers a prompt, and with what.

use super::answer::{Answer, Finish, Part, plain};
use super::fields::Fields;
use super::prompt::{Choice, Form, Prompt, Role, Tool};
use crate::simulator::openai::scenario::{FieldRule, ReplyRule};
use crate::simulator::openai::schema::fill::fill;
use crate::simulator::openai::schema::write::tokens_of;

/// The answer to a prompt. `replies` are the scenario's rules followed by the built-in ones, the last of which matches all.
#[must_use]
pub fn answer(prompt: &Prompt, replies: &[ReplyRule], fields: &[FieldRule]) -> Answer {
    let rule = replies.iter().find(|rule| matches(rule, prompt));
    let (parts, finish) = match (rule.and_then(|rule| rule.refuse.as_deref()), tools_to_call(prompt, rule)) {
        (Some(why), _) => (vec![Part::Refusal(plain(why))], Finish::Stop),
        (None, tools) if !tools.is_empty() => {
            (tools.iter().map(|tool| call(prompt, tool, fields)).collect(), finish_of_calls(&prompt.choice))
        }
        (None, _) => (vec![Part::Text(said(prompt, rule, fields))], Finish::Stop),
    };
    Answer { parts, finish }.cut_to(prompt.max_tokens)
}

/// The API ends an answer with `stop` when the caller forced one tool by name, with `tool_calls` when the model chose.
const fn finish_of_calls(choice: &Choice) -> Finish {
    match choice {
        Choice::Named(_) => Finish::Stop,
        Choice::Nothing | Choice::Auto | Choice::Required => Finish::ToolCalls,
    }
}

fn matches(rule: &ReplyRule, prompt: &Prompt) -> bool {
    rule.when.as_ref().is_none_or(|when| when.hits(prompt.last_user()))
        && rule.after.as_ref().is_none_or(|after| after.hits(prompt.asked()))
        && rule.unless.as_ref().is_none_or(|unless| !unless.hits(&prompt.spoken()))
        && rule.model.as_ref().is_none_or(|model| *model == prompt.model)
        && rule.system_contains.as_ref().is_none_or(|text| prompt.text_of(&[Role::System]).contains(text))
        && (rule.call.is_empty() || !offered(prompt, &rule.call).is_empty() && prompt.tool_result().is_none())
}

fn tools_to_call<'p>(prompt: &'p Prompt, rule: Option<&ReplyRule>) -> Vec<&'p Tool> {
    let by_rule = || rule.map_or_else(Vec::new, |rule| offered(prompt, &rule.call));
    match &prompt.choice {
        Choice::Nothing => Vec::new(),
        Choice::Auto => by_rule(),
        Choice::Named(name) => offered(prompt, std::slice::from_ref(name)),
        Choice::Required => Some(by_rule()).filter(|tools| !tools.is_empty()).unwrap_or_else(|| prompt.tools.iter().take(1).collect()),
    }
}

fn offered<'p>(prompt: &'p Prompt, names: &[String]) -> Vec<&'p Tool> {
    prompt.tools.iter().filter(|tool| names.contains(&tool.name)).collect()
}

fn call(prompt: &Prompt, tool: &Tool, rules: &[FieldRule]) -> Part {
    let fields = Fields::new(prompt, rules, &tool.name);
    Part::Call { name: tool.name.clone(), arguments: tokens_of(&fill(&tool.parameters, &fields)) }
}

fn said(prompt: &Prompt, rule: Option<&ReplyRule>, rules: &[FieldRule]) -> Vec<super::tokens::Token> {
    match &prompt.form {
        Form::Text => plain(&text(prompt, rule)),
        Form::JsonObject => plain(&serde_json::json!({ "answer": text(prompt, rule) }).to_string()),
        Form::Schema { name, schema } => tokens_of(&fill(schema, &Fields::new(prompt, rules, name))),
    }
}

/// The rule's words; after a tool's result, that result in a sentence, since a rule that called the tool has had its say.
fn text(prompt: &Prompt, rule: Option<&ReplyRule>) -> String {
    if let Some(result) = prompt.tool_result() {
        return format!("I have done that for you: {result}. Is there anything else?");
    }
    let Some(rule) = rule else { return String::new() };
    let mut text = String::new();
    match rule.when.as_ref().and_then(|when| when.find(prompt.last_user())) {
        Some(captures) => captures.expand(&rule.say, &mut text),
        None => text.push_str(&rule.say),
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::answer;
    use crate::simulator::openai::scenario::{OpenAiScenario, ReplyRule};
    use crate::simulator::openai::words::answer::{Answer, Finish, Part, join};
    use crate::simulator::openai::words::prompt::{Choice, Form, Prompt, Role, Tool, Turn};

    fn prompt(user: &str) -> Prompt {
        Prompt {
            model: "gpt-x".into(),
            turns: vec![Turn { role: Role::System, text: "You sell roofs.".into() }, Turn { role: Role::User, text: user.into() }],
            tools: vec![Tool {
                name: "book".into(),
                parameters: json!({"type": "object", "properties": {"day": {"type": "string", "enum": ["mon"]}}, "required": ["day"]}),
            }],
            choice: Choice::Auto,
            form: Form::Text,
            max_tokens: None,
        }
    }

    fn rules(toml: &str) -> Vec<ReplyRule> {
        toml::from_str::<OpenAiScenario>(toml).unwrap().replies
    }

    fn said(answer: &Answer) -> String {
        join(answer.parts[0].tokens())
    }

    const RULES: &str = r#"
        [[replies]]
        when = "my name is (\\w+)"
        system_contains = "roofs"
        say = "Hello $1."
        [[replies]]
        when = "book"
        call = ["book"]
        [[replies]]
        when = "secret"
        refuse = "I cannot."
        [[replies]]
        say = "I see."
    "#;

    #[test]
    fn the_first_matching_rule_speaks() {
        let rules = rules(RULES);
        assert_eq!(said(&answer(&prompt("my name is Ada"), &rules, &[])), "Hello Ada.");
        assert_eq!(said(&answer(&prompt("hm"), &rules, &[])), "I see.");
        assert!(matches!(answer(&prompt("the secret"), &rules, &[]).parts[0], Part::Refusal(_)));
    }

    #[test]
    fn a_rule_calls_a_tool_once_and_then_speaks_of_its_result() {
        let rules = rules(RULES);
        let mut prompt = prompt("please book me in");
        let first = answer(&prompt, &rules, &[]);
        assert_eq!(first.finish, Finish::ToolCalls);
        assert_eq!(said(&first), r#"{"day":"mon"}"#);
        prompt.turns.push(Turn { role: Role::Tool, text: "booked".into() });
        assert_eq!(said(&answer(&prompt, &rules, &[])), "I have done that for you: booked. Is there anything else?");
    }

    #[test]
    fn a_rule_may_look_at_the_question_and_at_all_that_was_said() {
        let rules = rules(
            "[[replies]]\nwhen = 'yes'\nafter = 'own your home'\nunless = 'dollars'\nsay = 'What do you pay?'\n[[replies]]\nsay = 'Fine.'",
        );
        let turn = |role, text: &str| Turn { role, text: text.into() };
        let mut prompt = prompt("The case: a bill in dollars");
        prompt.turns.extend([turn(Role::Assistant, "Do you own your home?"), turn(Role::User, "Yes")]);
        assert_eq!(said(&answer(&prompt, &rules, &[])), "What do you pay?", "the case is not what was said");
        prompt.turns.extend([turn(Role::Assistant, "Do you own your home?"), turn(Role::User, "Yes, and pay 100 dollars")]);
        assert_eq!(said(&answer(&prompt, &rules, &[])), "Fine.");
    }

    #[test]
    fn a_forced_tool_is_called_and_ends_with_stop() {
        let mut prompt = prompt("hm");
        prompt.choice = Choice::Named("book".into());
        let forced = answer(&prompt, &rules(RULES), &[]);
        assert!(matches!(&forced.parts[0], Part::Call { name, .. } if name == "book"));
        assert_eq!(forced.finish, Finish::Stop);
        prompt.choice = Choice::Nothing;
        assert!(matches!(answer(&prompt, &rules(RULES), &[]).parts[0], Part::Text(_)));
    }
}
