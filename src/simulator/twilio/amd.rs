//! Answering machine detection: what Twilio would conclude about who picked up, and when.

use crate::simulator::callee::{duration_ms, machine_greeting};
use crate::simulator::persona::{Behaviour, Persona};
use crate::simulator::scenario::Pace;
use crate::simulator::voice;

use super::order::Detection;

/// The conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub answered_by: &'static str,
    /// After the answer.
    pub after_ms: u64,
}

/// Who answered, as far as a detector can hear. Nothing is concluded after the detection's own timeout but `unknown`.
pub(super) fn verdict(persona: &Persona, pace: &Pace, asked: &Detection) -> Verdict {
    let verdict = heard(persona, pace, asked);
    if verdict.after_ms <= asked.timeout_ms { verdict } else { Verdict { answered_by: "unknown", after_ms: asked.timeout_ms } }
}

fn heard(persona: &Persona, pace: &Pace, asked: &Detection) -> Verdict {
    let first_word = persona.hello_after_ms.unwrap_or(pace.hello_after_ms);
    let unknown = Verdict { answered_by: "unknown", after_ms: asked.silence_ms };
    if persona.behaviour != Behaviour::Silent && first_word >= asked.silence_ms {
        return unknown;
    }
    match persona.behaviour {
        Behaviour::Silent => unknown,
        Behaviour::Fax => Verdict { answered_by: "fax", after_ms: first_word + 500 },
        Behaviour::Voicemail => machine(persona, pace, asked, first_word),
        _ => Verdict { answered_by: "human", after_ms: first_word + hello_ms(persona, pace) + 300 },
    }
}

fn machine(persona: &Persona, pace: &Pace, asked: &Detection, first_word: u64) -> Verdict {
    let end = first_word + duration_ms(&machine_greeting(persona, pace));
    match (asked.wait_for_end, persona.beep_ms) {
        (false, _) => Verdict { answered_by: "machine_start", after_ms: (first_word + asked.speech_ms).min(end) },
        (true, 0) => Verdict { answered_by: "machine_end_silence", after_ms: end + asked.speech_end_ms },
        (true, _) => Verdict { answered_by: "machine_end_beep", after_ms: end },
    }
}

fn hello_ms(persona: &Persona, pace: &Pace) -> u64 {
    let hello = persona.hello.0.first().map_or("", String::as_str);
    duration_ms(&voice::encode(hello, persona.ms_per_word.unwrap_or(pace.ms_per_word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(wait_for_end: bool) -> Detection {
        Detection { wait_for_end, background: Some(None), timeout_ms: 30_000, speech_ms: 2_400, speech_end_ms: 1_200, silence_ms: 5_000 }
    }

    fn conclude(behaviour: Behaviour, asked: &Detection) -> Verdict {
        let persona = Persona { behaviour, ..Persona::default() };
        verdict(&persona, &Pace::default(), asked)
    }

    #[test]
    fn each_kind_is_told_apart() {
        assert_eq!(conclude(Behaviour::Answers, &asked(true)).answered_by, "human");
        assert_eq!(conclude(Behaviour::Voicemail, &asked(false)), Verdict { answered_by: "machine_start", after_ms: 2_700 });
        assert_eq!(conclude(Behaviour::Voicemail, &asked(true)).answered_by, "machine_end_beep");
        assert_eq!(conclude(Behaviour::Fax, &asked(false)).answered_by, "fax");
        assert_eq!(conclude(Behaviour::Silent, &asked(false)), Verdict { answered_by: "unknown", after_ms: 5_000 });
    }

    #[test]
    fn the_beep_is_waited_for_but_not_for_ever() {
        let greeting = duration_ms(&machine_greeting(&Persona::default(), &Pace::default()));
        assert_eq!(conclude(Behaviour::Voicemail, &asked(true)).after_ms, 300 + greeting);
        let short = Detection { timeout_ms: 3_000, ..asked(true) };
        assert_eq!(conclude(Behaviour::Voicemail, &short), Verdict { answered_by: "unknown", after_ms: 3_000 });
    }

    #[test]
    fn a_machine_without_a_beep_ends_in_silence() {
        let persona = Persona { behaviour: Behaviour::Voicemail, beep_ms: 0, ..Persona::default() };
        assert_eq!(verdict(&persona, &Pace::default(), &asked(true)).answered_by, "machine_end_silence");
    }
}
