//! The demo's people, without the telephone: does each kind exist, and do they answer what the demo's agent asks?

use std::sync::Arc;

use crate::simulator::callee::{Callee, FRAME_BYTES};
use crate::simulator::casting::{Cast, Casting};
use crate::simulator::chance::Chance;
use crate::simulator::persona::{Behaviour, Persona};
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

/// Says each line of the agent, leaving the callee time to answer; gives the callee's words and keys.
fn rehearse(persona: &Arc<Persona>, lines: &[&str]) -> (String, String) {
    let scenario = demo().unwrap();
    let mut callee = Callee::new(Arc::clone(persona), &scenario.pace, Chance(7), "+14155550100");
    let (mut ears, mut said, mut pressed) = (Decoder::default(), Vec::new(), String::new());
    for line in lines {
        let audio = [voice::encode(line, 110), voice::silence(3_000)].concat();
        for piece in audio.chunks(FRAME_BYTES) {
            let mut frame = [SILENCE; FRAME_BYTES];
            frame[..piece.len()].copy_from_slice(piece);
            let moment = callee.tick(&frame);
            pressed.push_str(&moment.pressed);
            said.extend(ears.feed(&moment.said).into_iter().filter_map(|event| match event {
                Event::WordEnded { text, .. } => Some(text),
                _ => None,
            }));
        }
    }
    (said.join(" "), pressed)
}

fn persona(name: &str) -> Arc<Persona> {
    Arc::clone(&demo().unwrap().personas[name])
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
fn the_interested_one_answers_all_three_questions_and_says_goodbye() {
    let lines = [
        GREETING,
        "Great. And what do you pay for electricity in a month?",
        "Thank you. Would you like a free consultation with a solar adviser?",
        "Wonderful. Thank you for your time. Goodbye.",
    ];
    let (said, _) = rehearse(&persona("interested"), &lines);
    let order = ["home", "dollars", "would like|sounds good", "bye"].map(|part| regex::Regex::new(&format!("(?i){part}")).unwrap());
    let mut rest = said.as_str();
    for part in order {
        let found = part.find(rest).unwrap_or_else(|| panic!("no {part} in {said}"));
        rest = &rest[found.end()..];
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
        let (said, _) = rehearse(&persona(name), &[line]);
        assert!(said.contains(expected), "{name}: {said}");
    }
    assert_eq!(rehearse(&persona("presses_nine"), &[GREETING]).1, "9");
    let (said, _) = rehearse(&persona("interrupts_reply"), &[GREETING, "Great. And what do you pay for electricity in a month?"]);
    assert!(said.contains("Yes, I own my home. Hold on, how long is the warranty?"), "{said}");
}
