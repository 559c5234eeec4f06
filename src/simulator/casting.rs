//! Who answers a number, on which attempt.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use super::chance::Chance;
use super::pattern::Pattern;
use super::persona::{Behaviour, Persona};
use super::scenario::Scenario;

/// One entry of `[[numbers]]`: which numbers, and who answers them. The first entry that fits counts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NumberRule {
    /// Exactly this number.
    #[serde(rename = "match")]
    pub exact: Option<String>,
    /// Numbers that begin so.
    pub prefix: Option<String>,
    /// Numbers that fit a regular expression.
    pub pattern: Option<Pattern>,
    /// Always this persona.
    pub persona: Option<String>,
    /// Neighbouring numbers take these in turn (by the number itself, so the order of the calls does not matter).
    pub cycle: Vec<String>,
    /// Chosen by the seed and the number, with these weights.
    pub weighted: BTreeMap<String, u32>,
}

impl NumberRule {
    fn fits(&self, number: &str) -> bool {
        self.exact.as_deref().is_none_or(|exact| exact == number)
            && self.prefix.as_deref().is_none_or(|prefix| number.starts_with(prefix))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.hits(number))
    }

    /// Every persona it may name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.persona.iter().chain(&self.cycle).chain(self.weighted.keys()).map(String::as_str)
    }

    fn choose(&self, number: &str, chance: Chance) -> Option<&str> {
        if self.persona.is_some() {
            return self.persona.as_deref();
        }
        if !self.cycle.is_empty() {
            let digits = number.bytes().filter(u8::is_ascii_digit);
            let place = digits.fold(0, |rest, digit| (rest * 10 + usize::from(digit - b'0')) % self.cycle.len());
            return self.cycle.get(place).map(String::as_str);
        }
        let total: u32 = self.weighted.values().sum();
        let mut left = chance.draw("persona", number) * f64::from(total);
        let chosen = self.weighted.iter().find(|(_, weight)| {
            left -= f64::from(**weight);
            left < 0.0
        });
        chosen.map(|(name, _)| name.as_str())
    }
}

/// What becomes of a create request, as far as the callee decides it.
#[derive(Debug, Clone)]
pub(super) enum Cast {
    /// The phone may ring; this is who has it.
    Callee(Arc<Persona>),
    /// The provider refuses with this code.
    Refused(u32),
    /// The provider is too busy now.
    Throttled,
}

/// Remembers how often each number was tried.
#[derive(Debug)]
pub(super) struct Casting {
    scenario: Arc<Scenario>,
    chance: Chance,
    tried: Mutex<HashMap<String, Tried>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tried {
    requests: u64,
    attempts: usize,
    throttled: u32,
}

impl Casting {
    pub(super) fn new(scenario: Arc<Scenario>, chance: Chance) -> Self {
        Self { scenario, chance, tried: Mutex::default() }
    }

    /// Takes the next attempt to reach a number. A throttled one does not count.
    pub(super) fn cast(&self, number: &str) -> Cast {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = tried.entry(number.to_owned()).or_default();
        let mut persona = self.persona(number, tried.attempts);
        if persona.behaviour == Behaviour::Http429 {
            if tried.throttled < persona.times.unwrap_or(1) {
                tried.throttled += 1;
                return Cast::Throttled;
            }
            // The throttling is over: in a sequence it is the next one's turn, otherwise the same person answers.
            tried.attempts += 1;
            persona = self.persona(number, tried.attempts);
        }
        tried.attempts += 1;
        match persona.behaviour {
            Behaviour::Refused => Cast::Refused(persona.code.unwrap_or(21_211)),
            _ => Cast::Callee(persona),
        }
    }

    /// Counts a request about a number, whatever comes of it; gives how many there were before.
    pub(super) fn knock(&self, number: &str) -> u64 {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = tried.entry(number.to_owned()).or_default();
        tried.requests += 1;
        tried.requests - 1
    }

    /// How many attempts on a number were taken so far.
    pub(super) fn attempts(&self, number: &str) -> usize {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).get(number).map_or(0, |tried| tried.attempts)
    }

    fn persona(&self, number: &str, attempt: usize) -> Arc<Persona> {
        let rule = self.scenario.numbers.iter().find(|rule| rule.fits(number));
        let name = rule.and_then(|rule| rule.choose(number, self.chance)).or(self.scenario.default_persona.as_deref());
        let persona = name.and_then(|name| self.scenario.personas.get(name));
        let persona = persona.and_then(|persona| match persona.sequence.get(attempt).or(persona.sequence.last()) {
            Some(now) => self.scenario.personas.get(now),
            None => Some(persona),
        });
        persona.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn casting(toml: &str) -> Casting {
        Casting::new(Arc::new(Scenario::from_toml(toml).unwrap()), Chance(7))
    }

    fn behaviour(cast: &Cast) -> Behaviour {
        match cast {
            Cast::Callee(persona) => persona.behaviour,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sequence_moves_on_with_each_attempt_and_stays_at_its_end() {
        let casting = casting(
            "personas.shy.sequence = ['busy', 'open']\npersonas.busy.behaviour = 'busy'\npersonas.open = {}\n\
             [[numbers]]\nmatch = '+14155550123'\npersona = 'shy'",
        );
        assert_eq!(behaviour(&casting.cast("+14155550123")), Behaviour::Busy);
        assert_eq!(behaviour(&casting.cast("+14155550123")), Behaviour::Answers);
        assert_eq!(behaviour(&casting.cast("+14155550123")), Behaviour::Answers);
        assert_eq!(behaviour(&casting.cast("+14155550124")), Behaviour::Answers, "nobody was cast for this number");
    }

    #[test]
    fn throttling_passes_after_its_times() {
        let casting = casting("default_persona = 'x'\npersonas.x = { behaviour = 'http_429', times = 2 }");
        assert!(matches!(casting.cast("+1"), Cast::Throttled));
        assert!(matches!(casting.cast("+1"), Cast::Throttled));
        assert!(matches!(casting.cast("+1"), Cast::Callee(_)));
    }

    #[test]
    fn after_the_throttling_a_sequence_goes_on() {
        let casting = casting(
            "default_persona = 'x'\npersonas.x.sequence = ['t', 'b', 'a']\npersonas.t = { behaviour = 'http_429', times = 1 }\n\
             personas.b.behaviour = 'busy'\npersonas.a = {}",
        );
        assert!(matches!(casting.cast("+1"), Cast::Throttled));
        assert_eq!(behaviour(&casting.cast("+1")), Behaviour::Busy);
        assert_eq!(behaviour(&casting.cast("+1")), Behaviour::Answers);
    }

    #[test]
    fn neighbours_take_turns_and_weights_hold() {
        let people = "personas.a = {}\npersonas.b.behaviour = 'busy'\n[[numbers]]\n";
        let turns = casting(&format!("{people}cycle = ['a', 'b']"));
        assert_eq!(behaviour(&turns.cast("+14155550100")), Behaviour::Answers);
        assert_eq!(behaviour(&turns.cast("+14155550101")), Behaviour::Busy);
        let weights = casting(&format!("{people}weighted = {{ a = 3, b = 1 }}"));
        let busy = (0..400).filter(|n| behaviour(&weights.cast(&format!("+1415555{n:04}"))) == Behaviour::Busy).count();
        assert!((70..130).contains(&busy), "{busy} of 400");
    }
}
