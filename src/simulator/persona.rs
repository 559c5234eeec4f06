//! The people at the other end, as a scenario describes them. How they behave on a call is [`super::callee`].

use serde::Deserialize;

use super::pattern::Pattern;

/// One kind of person (or machine). Without any key: picks up, says "Hello?" and waits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Persona {
    /// What happens when they are called.
    pub behaviour: Behaviour,
    /// Names of other personas, one for each attempt to reach the number; the last one stays. Everything else is then ignored.
    pub sequence: Vec<String>,
    /// How long it rings; the scenario's pace by default. For `no_answer`: when the network gives up, before the caller's own
    /// ring timeout.
    pub ring_ms: Option<u64>,
    /// First words.
    pub hello: Lines,
    /// How long after picking up they are said.
    pub hello_after_ms: Option<u64>,
    /// How they answer, first match first.
    pub rules: Vec<Rule>,
    /// Speaks while the agent does.
    pub interrupts: Option<Interrupts>,
    /// Hangs up, whoever is speaking.
    pub hangs_up_after: Option<HangsUpAfter>,
    /// For `voicemail`: what is said before the beep.
    pub greeting: String,
    /// For `voicemail`: length of the beep; 0 for none.
    pub beep_ms: u32,
    /// For `refused`: the provider's error code.
    pub code: Option<u32>,
    /// For `http_429`: how many requests are throttled before one passes.
    pub times: Option<u32>,
    /// For `failed`: the SIP answer.
    pub sip: Option<u16>,
    /// How long the agent must pause before it is their turn.
    pub reply_after_ms: Option<u64>,
    /// How fast they speak.
    pub ms_per_word: Option<u32>,
    /// How long they stand silence before they hang up.
    pub patience_ms: Option<u64>,
}

impl Default for Persona {
    fn default() -> Self {
        Self {
            behaviour: Behaviour::Answers,
            sequence: Vec::new(),
            ring_ms: None,
            hello: Lines(vec!["Hello?".to_owned()]),
            hello_after_ms: None,
            rules: Vec::new(),
            interrupts: None,
            hangs_up_after: None,
            greeting: "You have reached my voicemail. Please leave a message after the tone.".to_owned(),
            beep_ms: 400,
            code: None,
            times: None,
            sip: None,
            reply_after_ms: None,
            ms_per_word: None,
            patience_ms: None,
        }
    }
}

/// What happens when a number is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// A person picks up and talks by rules.
    #[default]
    Answers,
    /// A person picks up and never says a word.
    Silent,
    /// The line is busy.
    Busy,
    /// It rings until somebody gives up.
    NoAnswer,
    /// A machine speaks its greeting, beeps and records.
    Voicemail,
    /// A fax whistles.
    Fax,
    /// The network cannot connect the call (`sip`).
    Failed,
    /// The create request is refused (`code`).
    Refused,
    /// The create request is throttled `times` times; then a person answers by rules.
    #[serde(rename = "http_429")]
    Http429,
}

/// What a person says to what the agent said.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Compared with what the agent said since this person's last turn.
    pub when: When,
    /// The answer; one of them by seed when there are several; nothing when empty.
    #[serde(default)]
    pub say: Lines,
    /// How often the rule may be used; always, when missing.
    pub times: Option<u32>,
    /// What follows the words.
    #[serde(default)]
    pub then: Then,
}

/// What a person does after speaking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Listens.
    #[default]
    Listen,
    /// Hangs up.
    HangUp,
    /// Says nothing more, whatever is said.
    Silence,
    /// Presses keys.
    Press(String),
}

/// Speaks once the agent has said so many words of one utterance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interrupts {
    /// Words of the agent's utterance that were heard.
    pub after_words: u32,
    /// What is said into the agent's words.
    pub say: String,
    /// Only once this person has had so many turns; 0 interrupts the first words.
    #[serde(default)]
    pub after_turns: u32,
    /// How often in a call.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// Hangs up by whichever comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HangsUpAfter {
    /// So long after picking up.
    pub ms: Option<u64>,
    /// When so many of the agent's words were heard.
    pub words: Option<u32>,
}

/// One text or several to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct Lines(pub Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Lines {
    fn from(lines: OneOrMany) -> Self {
        Self(match lines {
            OneOrMany::One(line) => vec![line],
            OneOrMany::Many(lines) => lines,
        })
    }
}

/// A regular expression, or the word `any`, which fits everything.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct When(Option<Pattern>);

impl When {
    /// Does the text fit?
    pub fn fits(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|pattern| pattern.hits(text))
    }
}

impl TryFrom<String> for When {
    type Error = regex::Error;

    fn try_from(text: String) -> Result<Self, regex::Error> {
        Ok(Self(if text == "any" { None } else { Some(Pattern::new(&text)?) }))
    }
}
