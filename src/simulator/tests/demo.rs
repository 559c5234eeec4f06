//! The demo's people, without the telephone: does each kind exist, and do they answer what the demo's agent asks?

use std::sync::Arc;

use crate::simulator::callee::{Callee, FRAME_BYTES};
use crate::simulator::casting::{Cast, Casting};
use crate::simulator::chance::Chance;
use crate::simulator::persona::Behaviour;
use crate::simulator::voice::{self, Decoder, Event, SILENCE};
use crate::simulator::{Scenario, ScenarioError};

const GREETING: &str = "Hi, this is Ava, an AI assistant calling for Brightfield Solar. If you'd rather not get these calls, just say stop \
    or press nine. Do you own your home?";

fn demo() -> Result<Scenario, ScenarioError> {
    Scenario::from_toml(include_str!("../../../config/demo/scenario.toml"))
}

fn number(nth: usize) -> String {
    format!("+141555501{nth:02}")
}

/// One persona of the demo on the line.
struct Rehearsal {
    callee: Callee,
    ears: Decoder,
    pressed: String,
}

impl Rehearsal {
    fn with(name: &str) -> Self {
        let scenario = demo().unwrap();
        let callee = Callee::new(Arc::clone(&scenario.personas[name]), &scenario.pace, Chance(7), "+14155550100");
        Self { callee, ears: Decoder::default(), pressed: String::new() }
    }

    /// Says a line, leaves time to answer, and gives the callee's words meanwhile.
    fn hear(&mut self, line: &str) -> String {
        let mut said = Vec::new();
        for piece in [voice::encode(line, 110), voice::silence(2_500)].concat().chunks(FRAME_BYTES) {
            let mut frame = [SILENCE; FRAME_BYTES];
            frame[..piece.len()].copy_from_slice(piece);
            let moment = self.callee.tick(&frame);
            self.pressed.push_str(&moment.pressed);
            said.extend(self.ears.feed(&moment.said).into_iter().filter_map(|event| match event {
                Event::WordEnded { text, .. } => Some(text),
                _ => None,
            }));
        }
        said.join(" ")
    }
}

fn says_goodbye(agent: &[String]) -> bool {
    agent.last().is_some_and(|line| line.to_lowercase().contains("goodbye"))
}

/// Lets a persona talk with the scenario's model by its reply rules until one of them says goodbye; gives what the agent said.
fn converse(name: &str) -> Vec<String> {
    let replies = demo().unwrap().openai.replies;
    let mut callee = Rehearsal::with(name);
    let mut agent = vec![GREETING.to_owned()];
    while agent.len() < 9 && !says_goodbye(&agent) {
        let words = callee.hear(agent.last().unwrap());
        let rule = replies.iter().find(|rule| rule.when.as_ref().is_none_or(|when| when.hits(&words)));
        // What no rule speaks of, the agent answers without the model.
        agent.push(rule.map_or("Yes, I'm an AI assistant calling for Brightfield Solar.", |rule| &rule.say).to_owned());
    }
    agent
}

#[test]
fn the_model_leads_everybody_who_talks_to_a_goodbye() {
    for (name, asked) in [
        ("interested", vec!["electricity", "consultation", "adviser will get in touch"]),
        ("tells_all", vec!["consultation", "adviser will get in touch"]),
        ("asks_price", vec!["12,000 dollars", "electricity", "consultation", "adviser will get in touch"]),
        ("interrupts_greeting", vec!["electricity", "consultation", "adviser will get in touch"]),
        ("interrupts_reply", vec!["25 years", "consultation", "adviser will get in touch"]),
        ("asks_if_human", vec!["AI assistant", "electricity", "consultation", "adviser will get in touch"]),
        ("not_interested", vec!["I understand"]),
        ("renter", vec!["consultation", "I understand"]),
    ] {
        let said = converse(name);
        let mut rest = said[1..].iter();
        for words in asked {
            assert!(rest.any(|line| line.contains(words)), "{name}: no {words:?} in {said:?}");
        }
        assert!(says_goodbye(&said), "{name}: {said:?}");
    }
}

#[test]
fn sixty_numbers_meet_every_kind_of_person_and_some_outcomes_of_dialling() {
    let casting = Casting::new(Arc::new(demo().unwrap()), Chance(7));
    let cast: Vec<Cast> = (0..60).map(|nth| casting.cast(&number(nth))).collect();
    let count = |wanted| cast.iter().filter(|cast| matches!(cast, Cast::Callee(persona) if persona.behaviour == wanted)).count();
    assert_eq!(count(Behaviour::Busy), 4);
    assert_eq!(count(Behaviour::NoAnswer), 4);
    assert_eq!(count(Behaviour::Voicemail), 4);
    assert_eq!((count(Behaviour::Fax), count(Behaviour::Silent), count(Behaviour::Failed)), (2, 2, 2));
    assert_eq!(cast.iter().filter(|cast| matches!(cast, Cast::Throttled)).count(), 2);
    assert!(count(Behaviour::Answers) >= 36);
    let again = casting.cast(&number(2));
    assert!(matches!(again, Cast::Callee(persona) if persona.behaviour == Behaviour::Answers), "who was busy answers the second time");
}

#[test]
fn the_interested_one_answers_each_question_and_says_goodbye() {
    let mut callee = Rehearsal::with("interested");
    for (line, expected) in [
        (GREETING, "home|house"),
        ("Great. And what do you pay for electricity in a month?", "dollars"),
        ("Thank you. Would you like a free consultation with a solar adviser?", "would like|sounds good"),
        ("Wonderful. Thank you for your time. Goodbye.", "bye"),
    ] {
        let said = callee.hear(line);
        assert!(regex::Regex::new(&format!("(?i){expected}")).unwrap().is_match(&said), "{line}: {said}");
    }
}

#[test]
fn the_others_say_what_they_are_for() {
    for (name, line, expected) in [
        ("not_interested", GREETING, "not interested"),
        ("asks_price", GREETING, "cost?"),
        ("tomorrow_after_five", GREETING, "tomorrow after"),
        ("stop_calling", GREETING, "Stop calling me."),
        ("off_the_list", GREETING, "take me off your list."),
        ("renter", GREETING, "rent"),
        ("interrupts_greeting", GREETING, "who is this?"),
        ("asks_if_human", GREETING, "robot?"),
        ("tells_all", GREETING, "160 dollars"),
    ] {
        let said = Rehearsal::with(name).hear(line);
        assert!(said.contains(expected), "{name}: {said}");
    }
    let mut nine = Rehearsal::with("presses_nine");
    nine.hear(GREETING);
    assert_eq!(nine.pressed, "9");
    let mut curious = Rehearsal::with("interrupts_reply");
    curious.hear(GREETING);
    let said = curious.hear("Great. And what do you pay for electricity in a month?");
    assert!(said.starts_with("Hold on, how long is the warranty?"), "{said}");
}
