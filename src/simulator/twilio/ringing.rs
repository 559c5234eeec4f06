//! What happens between dialling and the answer, decided before it happens.

use std::time::Duration;

use super::calls::Status;
use crate::simulator::chance::Chance;
use crate::simulator::persona::{Behaviour, Persona};
use crate::simulator::scenario::Pace;

/// How the ringing will end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ringing {
    /// Whether a phone rings at all.
    pub rings: bool,
    pub after: Duration,
    /// The final status; `None` when somebody picks up.
    pub unanswered: Option<Status>,
    /// The far network's answer to a call that was not picked up.
    pub sip: Option<u16>,
}

/// Foresees it. `subject` names the call for the seed; the caller gives up after `patience`.
pub(super) fn foresee(persona: &Persona, pace: &Pace, chance: Chance, subject: &str, patience: Duration) -> Ringing {
    let [least, most] = pace.ring_ms;
    let rings_for = persona.ring_ms.unwrap_or_else(|| chance.between(least, most, "ring", subject));
    let after = Duration::from_millis(rings_for);
    let not = |status, sip| Ringing { rings: true, after, unanswered: Some(status), sip: Some(sip) };
    match persona.behaviour {
        Behaviour::Failed => Ringing { rings: false, ..not(Status::Failed, persona.sip.unwrap_or(503)) },
        Behaviour::NoAnswer if persona.ring_ms.is_none() => Ringing { after: patience, ..not(Status::NoAnswer, 487) },
        _ if after >= patience => Ringing { after: patience, ..not(Status::NoAnswer, 487) },
        Behaviour::NoAnswer => not(Status::NoAnswer, 480),
        Behaviour::Busy => not(Status::Busy, 486),
        _ => Ringing { rings: true, after, unanswered: None, sip: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(behaviour: Behaviour, ring_ms: Option<u64>) -> Ringing {
        let persona = Persona { behaviour, ring_ms, ..Persona::default() };
        foresee(&persona, &Pace::default(), Chance(1), "+1", Duration::from_secs(20))
    }

    #[test]
    fn the_caller_gives_up_on_a_phone_that_rings_too_long() {
        assert_eq!(ring(Behaviour::Answers, Some(19_000)).unanswered, None);
        let given_up = ring(Behaviour::Answers, Some(25_000));
        assert_eq!((given_up.unanswered, given_up.after.as_secs()), (Some(Status::NoAnswer), 20));
        assert_eq!(ring(Behaviour::NoAnswer, None).after.as_secs(), 20);
        assert_eq!(ring(Behaviour::NoAnswer, Some(800)).after.as_millis(), 800);
    }

    #[test]
    fn busy_rings_and_failed_does_not() {
        assert_eq!((ring(Behaviour::Busy, None).unanswered, ring(Behaviour::Busy, None).rings), (Some(Status::Busy), true));
        assert_eq!((ring(Behaviour::Failed, None).unanswered, ring(Behaviour::Failed, None).rings), (Some(Status::Failed), false));
    }
}
