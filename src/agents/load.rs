//! Reading an agent definition: everything that is wrong with it is reported at once, each with its key and the fix.

use std::fmt;

use serde_json::Value;

use super::definition::AgentDefinition;
use super::{shape, validate};
use crate::domain::place::TomlFault;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `lines.greeting`, `slots[2].kind`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if self.key.is_empty() { "" } else { ": " };
        write!(f, "{}{gap}{} ({})", self.key, self.what, self.fix)
    }
}

/// Everything that is wrong with a definition; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the agent definition has {} problem(s):\n{}", .0.len(), list(.0))]
pub struct AgentErrors(pub Vec<Problem>);

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}

/// Reads a definition from TOML or JSON (text that begins with `{`) and validates it.
///
/// # Errors
/// All problems: first those of shape (missing, unknown and mistyped keys), then, when the shape is right, those of content.
pub fn load(text: &str) -> Result<AgentDefinition, AgentErrors> {
    let value = read(text)?;
    let problems = shape::check(&value);
    if !problems.is_empty() {
        return Err(AgentErrors(problems));
    }
    let def: AgentDefinition = serde_json::from_value(value).map_err(|e| whole(&e.to_string(), "compare with config/demo/agent.toml"))?;
    match validate::validate(&def) {
        problems if problems.is_empty() => Ok(def),
        problems => Err(AgentErrors(problems)),
    }
}

fn read(text: &str) -> Result<Value, AgentErrors> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|e| whole(&e.to_string(), "correct the JSON at that place"))
    } else {
        toml::from_str(text).map_err(|e| whole(&TomlFault::new(text, &e).to_string(), "correct the TOML at that place"))
    }
}

fn whole(what: &str, fix: &str) -> AgentErrors {
    AgentErrors(vec![Problem { key: String::new(), what: what.to_owned(), fix: fix.to_owned() }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::VoiceVendor;

    const DEMO: &str = include_str!("../../config/demo/agent.toml");

    fn keys(text: &str) -> Vec<String> {
        load(text).unwrap_err().0.into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn the_demo_agent_is_right() {
        let def = load(DEMO).unwrap();
        assert_eq!((def.persona_name.as_str(), def.company.as_str()), ("Ava", "Brightfield Solar"));
        assert_eq!(def.slots.len(), 3);
    }

    #[test]
    fn every_problem_of_shape_is_named_at_once() {
        let broken = DEMO
            .replace("company = \"Brightfield Solar\"\npersona_name", "persona_name")
            .replace("silence_ms = 8000", "silence_ms = \"long\"")
            .replace("kind = \"number\"", "kind = \"integer\"")
            .replace("filler = ", "fillre = ");
        assert_eq!(keys(&broken), ["company", "lines.filler", "lines.fillre", "slots[1].kind", "limits.silence_ms"]);
    }

    #[test]
    fn a_misspelt_key_gets_the_right_one_as_fix() {
        let problems = load(&DEMO.replace("filler = ", "fillre = ")).unwrap_err().0;
        let misspelt = problems.iter().find(|problem| problem.key == "lines.fillre").unwrap();
        assert!(misspelt.fix.contains("`filler`"), "{misspelt}");
    }

    #[test]
    fn the_voice_is_a_section_or_a_name() {
        let voiced = |voice: &str| {
            let (before, rest) = DEMO.split_once("[voice]").unwrap();
            let (_, after) = rest.split_once("[facts]").unwrap();
            format!("{before}{voice}\n[facts]{after}")
        };
        let openai = load(&voiced("[voice]\nvendor = \"openai\"\nname = \"coral\"")).unwrap();
        assert_eq!((openai.voice.vendor, openai.voice.speech_model()), (VoiceVendor::OpenAi, "gpt-4o-mini-tts"));
        assert_eq!(load(&voiced("voice = \"aura-2-thalia-en\"")).unwrap().voice, load(DEMO).unwrap().voice);
        for (voice, wrong) in [
            ("", vec!["voice"]),
            ("voice = 3", vec!["voice"]),
            ("[voice]\nvendor = \"elevenlabs\"\nname = \"x\"", vec!["voice.vendor"]),
            ("[voice]\nvendor = \"openai\"\nvoice = \"coral\"", vec!["voice.name", "voice.voice"]),
            ("[voice]\nvendor = \"openai\"\nname = \"coral\"\nmodel = 3", vec!["voice.model"]),
        ] {
            assert_eq!(keys(&voiced(voice)), wrong, "{voice}");
        }
    }

    #[test]
    fn broken_text_says_where() {
        assert!(load("company = \"C\"\nname = ").unwrap_err().0[0].to_string().starts_with("2:"));
        assert!(load("{\"name\": }").unwrap_err().to_string().contains("line 1"));
    }
}
