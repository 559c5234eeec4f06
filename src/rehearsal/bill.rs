//! What a made-up call would cost by the list prices: the telephone, the speech, the models.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use super::callee::Reply;
use super::people::Wish;
use crate::domain::campaign::OnVoicemail;
use crate::domain::money::NanoUsd;
use crate::domain::time::Timestamp;
use crate::mind::ledger::{Service, Tier};
use crate::mind::price::{AMD, CALL, PriceTable, SPOKEN_PER_MINUTE, STREAM};
use crate::providers::Usage;

/// Characters of a second of speech.
const CHARACTERS_PER_SECOND: u64 = 15;
/// Seconds per turn of a conversation, and every which turn goes to the expensive model.
const TURN_S: u64 = 12;
const HARD_TURNS: u64 = 5;
/// Tokens of one reply, of which most of the prompt comes from the provider's cache.
const REPLY: Usage = Usage { tokens_in: 1_400, tokens_cached: 1_000, tokens_out: 45 };
/// Tokens of one analysis after the call, and how many there are: summary and score.
const ANALYSIS: Usage = Usage { tokens_in: 1_200, tokens_cached: 0, tokens_out: 250 };
const ANALYSES: u64 = 2;

/// The services an agent speaks with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voices {
    /// Model of the ears.
    pub ears: String,
    /// The voice.
    pub voice: String,
    /// The cheap model.
    pub simple: String,
    /// The expensive one.
    pub reasoning: String,
    /// The one for work that may wait.
    pub deferred: String,
    /// Characters of the message left on a machine.
    pub message: u64,
}

impl Default for Voices {
    fn default() -> Self {
        let [ears, voice, simple, reasoning] = ["flux-general-en", "aura-2-thalia-en", "gpt-6-luna", "gpt-6-sol"].map(str::to_owned);
        Self { ears, voice, deferred: simple.clone(), simple, reasoning, message: 200 }
    }
}

/// The parts of a cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bill {
    /// Minutes, streams, detection of machines.
    pub telephone: NanoUsd,
    /// Ears and mouth.
    pub speech: NanoUsd,
    /// Replies and analyses.
    pub models: NanoUsd,
}

impl Bill {
    /// All of it.
    #[must_use]
    pub fn sum(&self) -> NanoUsd {
        self.telephone + self.speech + self.models
    }
}

impl AddAssign for Bill {
    fn add_assign(&mut self, other: Self) {
        self.telephone += other.telephone;
        self.speech += other.speech;
        self.models += other.models;
    }
}

impl Voices {
    /// What a call costs; one that nobody answers is free.
    #[must_use]
    pub fn bill(&self, reply: &Reply, on_voicemail: OnVoicemail, at: Timestamp) -> Bill {
        if !reply.is_answered() {
            return Bill::default();
        }
        let metered = |service, model: &str, units| cost(service, model, Tier::Standard, Usage::default(), units, at);
        let (ms, seconds) = (u64::try_from(reply.talk.as_millis()).unwrap_or(u64::MAX), reply.talk.as_secs());
        let leaves_message = reply.wish.is_none() && on_voicemail == OnVoicemail::LeaveMessage;
        let spoken = if leaves_message { self.message } else { SPOKEN_PER_MINUTE * seconds / 60 };
        let telephone = [(CALL, ms), (STREAM, ms), (AMD, 1)].map(|(product, units)| metered(Service::Telephony, product, units));
        Bill {
            telephone: telephone.into_iter().sum(),
            speech: metered(Service::Stt, &self.ears, ms) + metered(Service::Tts, &self.voice, self.speech_units(spoken, at)),
            models: if reply.wish.is_some_and(|wish| wish != Wish::HungUp) { self.thinking(seconds, at) } else { NanoUsd::ZERO },
        }
    }

    /// Some voices are paid by the character, others by the millisecond.
    fn speech_units(&self, characters: u64, at: Timestamp) -> u64 {
        let is_timed = PriceTable::in_use().is_timed(Service::Tts, &self.voice, at);
        if is_timed { characters * 1_000 / CHARACTERS_PER_SECOND } else { characters }
    }

    fn thinking(&self, seconds: u64, at: Timestamp) -> NanoUsd {
        let turns = seconds.div_ceil(TURN_S);
        let hard = turns / HARD_TURNS;
        let price = |model: &str, tier, usage| cost(Service::Llm, model, tier, usage, 0, at);
        times(price(&self.simple, Tier::Standard, REPLY), turns - hard)
            + times(price(&self.reasoning, Tier::Standard, REPLY), hard)
            + times(price(&self.deferred, Tier::Batch, ANALYSIS), ANALYSES)
    }

    /// What the costs rest on, one sentence each.
    #[must_use]
    pub fn assumptions(&self, at: Timestamp) -> Vec<String> {
        let mut said = vec![
            format!(
                "cost: the price table; per minute of talk {SPOKEN_PER_MINUTE} characters of {}, every minute heard by {}",
                self.voice, self.ears
            ),
            format!(
                "cost: a turn every {TURN_S} s, one of {HARD_TURNS} by {}, the others by {}; summary and score by {} in a batch",
                self.reasoning, self.simple, self.deferred
            ),
        ];
        let used = [
            (Service::Stt, &self.ears),
            (Service::Tts, &self.voice),
            (Service::Llm, &self.simple),
            (Service::Llm, &self.reasoning),
            (Service::Llm, &self.deferred),
        ];
        let unpriced: BTreeSet<&String> =
            used.into_iter().filter(|(service, model)| !PriceTable::in_use().knows(*service, model, at)).map(|(_, model)| model).collect();
        said.extend(unpriced.into_iter().map(|model| format!("cost: no price is known for {model}; it counts as nothing")));
        said
    }
}

fn cost(service: Service, model: &str, tier: Tier, usage: Usage, units: u64, at: Timestamp) -> NanoUsd {
    PriceTable::in_use().cost(service, model, tier, usage, units, at).unwrap_or(NanoUsd::ZERO)
}

fn times(price: NanoUsd, count: u64) -> NanoUsd {
    NanoUsd(price.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::people::Pickup;
    use super::*;

    fn bill(answer: Pickup, wish: Option<Wish>, talk: u64) -> Bill {
        let reply = Reply { ring: Duration::from_secs(5), answer, wish, talk: Duration::from_secs(talk) };
        Voices::default().bill(&reply, OnVoicemail::HangUp, "2026-11-23T18:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_minute_of_talk_costs_what_the_price_list_says() {
        let talked = bill(Pickup::Human, Some(Wish::Qualified), 60);
        assert_eq!(talked.telephone, NanoUsd(14_000_000 + 4_400_000 + 7_500_000));
        assert_eq!(talked.speech, NanoUsd(6_500_000 + 450 * 30_000));
        let (simple, hard) = (400 * 100 + 1_000 * 10 + 45 * 500, 400 * 2_000 + 1_000 * 200 + 45 * 10_000);
        let analysis = 1_200 * 50 + 250 * 250;
        assert_eq!(talked.models, NanoUsd(4 * simple + hard + 2 * analysis));
        assert_eq!(talked.sum(), talked.telephone + talked.speech + talked.models);
    }

    #[test]
    fn who_is_not_reached_costs_little_or_nothing() {
        assert_eq!(bill(Pickup::NoAnswer, None, 0), Bill::default());
        let machine = bill(Pickup::Voicemail, None, 6);
        assert_eq!(machine.models, NanoUsd::ZERO);
        assert!(machine.telephone > NanoUsd::ZERO && machine.speech > NanoUsd::ZERO);
    }

    #[test]
    fn a_model_without_a_price_is_named() {
        let voices = Voices { reasoning: "unheard-of".to_owned(), ..Voices::default() };
        let said = voices.assumptions("2026-11-23T18:00:00Z".parse().unwrap());
        assert!(said.iter().any(|line| line.contains("no price is known for unheard-of")), "{said:?}");
    }
}
