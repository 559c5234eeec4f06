//! What is played: one TOML file that sets credentials, pace, people and faults.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::casting::NumberRule;
use super::faults::Faults;
use super::persona::{Behaviour, Persona};
use super::twilio::TwilioScenario;
use super::{deepgram, openai};

/// Everything a run of the simulator is told. Missing keys have the defaults of their section.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Twilio's part.
    pub twilio: TwilioScenario,
    /// OpenAI's part.
    pub openai: openai::OpenAiScenario,
    /// Deepgram's part.
    pub deepgram: deepgram::DeepgramScenario,
    /// How fast everybody rings, speaks and thinks.
    pub pace: Pace,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// Who answers numbers that no entry of `numbers` fits.
    pub default_persona: Option<String>,
    /// Who answers which numbers; the first entry that fits counts.
    pub numbers: Vec<NumberRule>,
    /// The people, by name.
    pub personas: BTreeMap<String, Arc<Persona>>,
}

/// Time scale, near life by default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// From leaving the queue until it rings.
    pub setup_ms: u64,
    /// How long a phone rings before it is picked up: least and most.
    pub ring_ms: [u64; 2],
    /// An average word.
    pub ms_per_word: u32,
    /// How long the agent must pause before a person answers.
    pub reply_after_ms: u64,
    /// From picking up to the first word.
    pub hello_after_ms: u64,
    /// How much silence a person stands.
    pub patience_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { setup_ms: 200, ring_ms: [2_000, 6_000], ms_per_word: 300, reply_after_ms: 600, hello_after_ms: 300, patience_ms: 20_000 }
    }
}

/// A scenario that cannot be played; the message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, an unknown key, or a wrong type: the parser's words with the line they are about.
    #[error("scenario: {0}")]
    Toml(String),
    /// A value that contradicts itself or another.
    #[error("scenario: {key}: {what}")]
    Invalid {
        /// Dotted name of the key.
        key: String,
        /// What is wrong and what would be right.
        what: String,
    },
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// When the text is not a scenario; the message names the key and its place.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        // The parser's error keeps the whole text, credentials included; only its message may travel.
        let scenario: Self = toml::from_str(text).map_err(|error| ScenarioError::Toml(error.to_string()))?;
        match scenario.invalid() {
            Some((key, what)) => Err(ScenarioError::Invalid { key, what }),
            None => Ok(scenario),
        }
    }

    fn invalid(&self) -> Option<(String, String)> {
        let unknown = |key: String, name: &str| {
            (!self.personas.contains_key(name)).then(|| (key, format!("there is no persona {name:?} under [personas]")))
        };
        self.default_persona
            .as_deref()
            .and_then(|name| unknown("default_persona".to_owned(), name))
            .or_else(|| {
                let named = self.numbers.iter().enumerate().flat_map(|(place, rule)| rule.names().map(move |name| (place, name)));
                named.into_iter().find_map(|(place, name)| unknown(format!("numbers[{place}]"), name))
            })
            .or_else(|| self.numbers.iter().enumerate().find_map(|(place, rule)| incomplete_rule(place, rule)))
            .or_else(|| self.personas.iter().find_map(|(name, persona)| self.incomplete_persona(name, persona)))
            .or_else(|| self.twilio.invalid().or_else(|| self.faults.invalid()).map(|(key, what)| (key.to_owned(), what)))
            .or_else(|| {
                let [least, most] = self.pace.ring_ms;
                (least > most).then(|| ("pace.ring_ms".to_owned(), format!("[{least}, {most}] should be [least, most]")))
            })
    }

    fn incomplete_persona(&self, name: &str, persona: &Persona) -> Option<(String, String)> {
        let needs = |key: &str, what: &str| Some((format!("personas.{name}.{key}"), what.to_owned()));
        for next in &persona.sequence {
            match self.personas.get(next) {
                None => return needs("sequence", &format!("there is no persona {next:?} under [personas]")),
                Some(next) if !next.sequence.is_empty() => return needs("sequence", "a sequence cannot name another sequence"),
                Some(_) => {}
            }
        }
        match persona.behaviour {
            Behaviour::Refused if persona.code.is_none() => needs("code", "behaviour \"refused\" needs the provider's error code"),
            Behaviour::Failed if persona.sip.is_none() => needs("sip", "behaviour \"failed\" needs the SIP answer, for example 404"),
            _ => None,
        }
    }
}

fn incomplete_rule(place: usize, rule: &NumberRule) -> Option<(String, String)> {
    let ways = [rule.persona.is_some(), !rule.cycle.is_empty(), rule.weighted.values().any(|weight| *weight > 0)];
    let chosen = ways.into_iter().filter(|given| *given).count();
    (chosen != 1).then(|| (format!("numbers[{place}]"), "give exactly one of persona, cycle and weighted".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::persona::Then;

    fn refusal(toml: &str) -> String {
        Scenario::from_toml(toml).unwrap_err().to_string()
    }

    #[test]
    fn a_scenario_reads_back() {
        let scenario = Scenario::from_toml(
            "default_persona = 'ann'\n[twilio]\ncps = 5.0\n[pace]\nring_ms = [1, 2]\n[personas.ann]\nhello = ['Hi', 'Yes?']\n\
             rules = [{ when = 'nine', say = 'ok', then = { press = '9' } }, { when = 'any', then = 'hang_up', times = 1 }]",
        )
        .unwrap();
        let ann = &scenario.personas["ann"];
        assert_eq!(ann.hello.0, ["Hi", "Yes?"]);
        assert_eq!(ann.rules[0].then, Then::Press("9".into()));
        assert!(ann.rules[0].when.fits("press NINE now") && ann.rules[1].when.fits(""));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_key() {
        for (toml, named) in [
            ("[twilio]\ncsp = 1", "csp"),
            ("personas.x.patience = 1", "patience"),
            ("personas.x.rules = [{ when = '(' }]", "when"),
            ("default_persona = 'ghost'", "default_persona"),
            ("[[numbers]]\npersona = 'ghost'", "numbers[0]"),
            ("[[numbers]]\nmatch = '+1'", "numbers[0]"),
            ("personas.x.behaviour = 'refused'", "personas.x.code"),
            ("personas.x.sequence = ['y']", "personas.x.sequence"),
            ("[faults.create]\nreset = 2.0", "faults.create"),
            ("[pace]\nring_ms = [5, 1]", "pace.ring_ms"),
            ("[twilio]\ncps = 0.0", "twilio.cps"),
        ] {
            assert!(refusal(toml).contains(named), "{toml}: {}", refusal(toml));
        }
    }
}
