//! What a definition of the right shape still has to promise: to the people it calls, and to the code that runs it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::Environment;

use super::definition::{AgentDefinition, Lines};
use super::load::Problem;
use crate::mind::analysis::RESERVED;
use crate::providers::openai::mouth::VOICES;
use crate::providers::{Voice, VoiceVendor};

/// Words of which a greeting has one, so that nobody takes the agent for a person.
const SAYS_AI: &[&str] =
    &["an ai", "artificial intelligence", "automated assistant", "automated call", "virtual assistant", "a robot", "a bot"];
/// Words of which a greeting has one, so that everybody knows how to end this for good.
const SAYS_OPT_OUT: &[&str] = &[
    "opt out",
    "say stop",
    "press 9",
    "press nine",
    "not get these calls",
    "not be called",
    "no more calls",
    "remove you",
    "take you off",
];

/// Everything a right-shaped definition still has wrong; empty when it can be published.
#[must_use]
pub fn validate(def: &AgentDefinition) -> Vec<Problem> {
    let mut found = Problems::default();
    check_texts(def, &mut found);
    check_voice(&def.voice, &mut found);
    check_greeting(&def.lines.greeting, &mut found);
    check_lines(&def.lines, &mut found);
    check_slots(def, &mut found);
    check_rule(def, &mut found);
    check_limits(def, &mut found);
    found.0
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, key: &str, what: impl Into<String>, fix: impl Into<String>) {
        self.0.push(Problem { key: key.to_owned(), what: what.into(), fix: fix.into() });
    }
}

fn check_texts(def: &AgentDefinition, found: &mut Problems) {
    let texts = [
        ("name", &def.name),
        ("company", &def.company),
        ("persona_name", &def.persona_name),
        ("persona", &def.persona),
        ("objective", &def.objective),
        ("voice.name", &def.voice.name),
        ("ears.model", &def.ears.model),
        ("ears.language", &def.ears.language),
        ("models.simple", &def.models.simple),
        ("models.reasoning", &def.models.reasoning),
        ("models.deferred", &def.models.deferred),
    ];
    for (key, _) in texts.iter().filter(|(_, text)| text.trim().is_empty()) {
        found.add(key, "is empty", "write it");
    }
    if !def.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        found.add("name", "has other characters than letters, digits, `-` and `_`", "choose a name like solar-intro");
    }
    if def.facts.is_empty() {
        found.add("facts", "is empty, so the agent may state nothing", "add what it may say about price, terms and company");
    }
    for (key, _) in def.facts.iter().filter(|(_, fact)| fact.trim().is_empty()) {
        found.add(&format!("facts.{key}"), "is empty", "write the fact or remove the key");
    }
}

/// The name of one vendor's voice with the other vendor's word before it would fail on the first call.
fn check_voice(voice: &Voice, found: &mut Problems) {
    let name = &voice.name;
    match voice.vendor {
        VoiceVendor::Deepgram if VOICES.contains(&name.as_str()) => {
            found.add(
                "voice.vendor",
                format!("`{name}` is a voice of OpenAI"),
                "write vendor = \"openai\", or a voice like aura-2-thalia-en",
            );
        }
        VoiceVendor::OpenAi if name.starts_with("aura") => {
            found.add("voice.vendor", format!("`{name}` is a voice of Deepgram"), "write vendor = \"deepgram\", or a voice like coral");
        }
        _ => {}
    }
    match &voice.model {
        Some(_) if voice.vendor == VoiceVendor::Deepgram => {
            found.add("voice.model", "is OpenAI's alone: a voice of Deepgram is a model itself", "remove it");
        }
        Some(model) if model.trim().is_empty() => found.add("voice.model", "is empty", "write a model, or leave it out"),
        _ => {}
    }
}

fn check_greeting(greeting: &str, found: &mut Problems) {
    let key = "lines.greeting";
    let said = format!(" {} ", greeting.to_lowercase().replace('\u{2019}', "'"));
    if !SAYS_AI.iter().any(|words| said.contains(words)) {
        found.add(key, "does not say that an AI is calling", "say it, for example \"this is Ava, an AI assistant\"");
    }
    if !SAYS_OPT_OUT.iter().any(|words| said.contains(words)) {
        found.add(key, "does not say how to opt out", "say it, for example \"to opt out, say stop or press 9\"");
    }
    if greeting.contains("{{") || greeting.contains("{%") {
        found.add(key, "is a template, but it is rendered ahead, once for all leads", "write it out without variables");
    }
}

fn check_lines(lines: &Lines, found: &mut Problems) {
    for (name, text) in lines.named() {
        check_line(&format!("lines.{name}"), text, found);
    }
    if variables(&lines.callback_confirmed).is_ok_and(|names| !names.contains("when")) {
        found.add("lines.callback_confirmed", "does not say when", "use {{ when }}");
    }
}

fn check_line(key: &str, text: &str, found: &mut Problems) {
    if text.trim().is_empty() {
        found.add(key, "is empty", "write what is said");
    }
    match variables(text) {
        Err(what) => found.add(key, format!("does not compile: {what}"), "correct the template"),
        Ok(names) if key != "lines.callback_confirmed" && names.contains("when") => {
            found.add(key, "uses {{ when }}, which only lines.callback_confirmed has", "remove it");
        }
        Ok(_) => {}
    }
}

fn check_slots(def: &AgentDefinition, found: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (at, slot) in def.slots.iter().enumerate() {
        let key = format!("slots[{at}].name");
        if !is_name(&slot.name) {
            found.add(&key, format!("`{}` is not a name", slot.name), "use lower case letters, digits and `_`, beginning with a letter");
        } else if RESERVED.contains(&slot.name.as_str()) {
            found.add(&key, format!("`{}` is a word of the analysis itself", slot.name), "choose another name");
        }
        if !seen.insert(&slot.name) {
            found.add(&key, format!("`{}` stands twice", slot.name), "give every slot its own name");
        }
        if slot.description.trim().is_empty() {
            found.add(&format!("slots[{at}].description"), "is empty", "say what the slot means");
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn check_rule(def: &AgentDefinition, found: &mut Problems) {
    let key = "qualified_when";
    let slots: BTreeSet<&str> = def.slots.iter().map(|slot| slot.name.as_str()).collect();
    match ENGINE.compile_expression(&def.qualified_when) {
        Err(error) => found.add(key, format!("does not compile: {error}"), "write an expression like interested == \"yes\""),
        Ok(rule) => {
            let mut unknown: Vec<String> = rule.undeclared_variables(false).into_iter().filter(|n| !slots.contains(n.as_str())).collect();
            unknown.sort();
            for name in unknown {
                found.add(key, format!("names `{name}`, which is not a slot"), "use the names of the slots");
            }
        }
    }
}

fn check_limits(def: &AgentDefinition, found: &mut Problems) {
    let limits = &def.limits;
    let whole = [
        ("limits.silence_ms", limits.silence_ms),
        ("limits.max_turns", u64::from(limits.max_turns)),
        ("limits.max_output_tokens", u64::from(limits.max_output_tokens)),
        ("limits.filler_after_ms", limits.filler_after_ms),
        ("limits.reply_deadline_ms", limits.reply_deadline_ms),
    ];
    for (key, _) in whole.iter().filter(|(_, value)| *value == 0) {
        found.add(key, "is 0", "write a number above 0");
    }
    if !(limits.budget_usd > 0.0 && limits.budget_usd < 1_000.0) {
        found.add("limits.budget_usd", "is not a sum for one call", "write dollars above 0, for example 0.05");
    }
    if limits.filler_after_ms >= limits.reply_deadline_ms {
        found.add("limits.filler_after_ms", "is not before limits.reply_deadline_ms", "let the filler come first");
    }
}

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(Environment::new);

/// The variables of a line.
fn variables(text: &str) -> Result<BTreeSet<String>, String> {
    let template = ENGINE.template_from_named_str("line", text).map_err(|e| e.to_string())?;
    Ok(template.undeclared_variables(false).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::load::load;

    fn demo() -> AgentDefinition {
        load(include_str!("../../config/demo/agent.toml")).unwrap()
    }

    /// The key and the beginning of each problem after a change.
    fn problems(change: impl FnOnce(&mut AgentDefinition)) -> Vec<(String, String)> {
        let mut def = demo();
        change(&mut def);
        validate(&def).into_iter().map(|p| (p.key, p.what)).collect()
    }

    fn one(change: impl FnOnce(&mut AgentDefinition), key: &str, part: &str) {
        let found = problems(change);
        assert!(found.len() == 1 && found[0].0 == key && found[0].1.contains(part), "{found:?}");
    }

    #[test]
    fn a_greeting_tells_who_calls_and_how_to_stop() {
        one(|d| d.lines.greeting = "Hi, this is Ava. To opt out say stop.".into(), "lines.greeting", "AI");
        one(|d| d.lines.greeting = "Hi, I'm an AI assistant from Brightfield.".into(), "lines.greeting", "opt out");
        one(|d| d.lines.greeting.push_str(" {{ first_name }}"), "lines.greeting", "template");
    }

    #[test]
    fn the_rule_compiles_and_names_only_slots() {
        one(|d| d.qualified_when = "owns_home ==".into(), "qualified_when", "compile");
        one(|d| d.qualified_when = "owns_hom == 'yes'".into(), "qualified_when", "`owns_hom`");
        assert!(problems(|d| d.qualified_when = "owns_home == 'yes' and monthly_bill and monthly_bill > 80".into()).is_empty());
    }

    #[test]
    fn a_voice_belongs_to_its_vendor() {
        let openai =
            |name: &str, model: Option<&str>| Voice { vendor: VoiceVendor::OpenAi, name: name.into(), model: model.map(Into::into) };
        assert!(problems(|d| d.voice = openai("coral", Some("tts-1"))).is_empty());
        assert!(problems(|d| d.voice = openai("voice_of_our_own", None)).is_empty());
        one(|d| d.voice = openai("aura-2-thalia-en", None), "voice.vendor", "Deepgram");
        one(|d| d.voice = openai("coral", Some(" ")), "voice.model", "empty");
        one(|d| d.voice = Voice::deepgram("coral"), "voice.vendor", "OpenAI");
        one(|d| d.voice.model = Some("aura-2".into()), "voice.model", "alone");
        one(|d| d.voice.name.clear(), "voice.name", "empty");
    }

    #[test]
    fn slots_have_usable_and_different_names() {
        one(|d| d.slots[1].name = "Monthly bill".into(), "slots[1].name", "not a name");
        one(|d| d.slots[1].name = "sentiment".into(), "slots[1].name", "analysis");
        one(|d| d.slots[1].name = "interested".into(), "slots[2].name", "twice");
    }

    #[test]
    fn lines_compile_and_the_callback_says_when() {
        one(|d| d.lines.goodbye = "Bye {{ name".into(), "lines.goodbye", "compile");
        one(|d| d.lines.callback_confirmed = "Later, then.".into(), "lines.callback_confirmed", "when");
        one(|d| d.lines.filler = "{{ when }}".into(), "lines.filler", "when");
        one(|d| d.lines.transferring = Some("One moment, {{ first_name".into()), "lines.transferring", "compile");
        one(|d| d.lines.transferring = Some(" ".into()), "lines.transferring", "empty");
        assert!(problems(|d| d.lines.transferring = Some("One moment, {{ first_name }}.".into())).is_empty());
    }

    #[test]
    fn an_agent_without_facts_or_money_is_refused() {
        one(|d| d.facts.clear(), "facts", "empty");
        one(|d| d.limits.budget_usd = f64::NAN, "limits.budget_usd", "sum");
        one(|d| d.limits.filler_after_ms = 60_000, "limits.filler_after_ms", "before");
    }

    #[test]
    fn everything_is_reported_at_once() {
        let found = problems(|d| {
            d.company.clear();
            d.facts.clear();
            d.slots[0].description.clear();
            d.limits.max_turns = 0;
        });
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["company", "facts", "slots[0].description", "limits.max_turns"]);
    }
}
