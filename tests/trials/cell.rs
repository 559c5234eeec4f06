//! Chaos cells: one dependency of the fleet in one kind of trouble, for the first seconds of a campaign.
//!
//! What has to be seen, besides the invariants: once the trouble is over, everybody who may be called has been called, and
//! nobody was kept on the line.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::answer;
use super::chaos::Fault;
use super::checker::Evidence;
use super::plan::{Fault as Happens, Net, Plan};
use super::settings::Places;
use super::times::Times;

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub target: Target,
    pub trouble: Trouble,
}

/// Who is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Redis,
    Postgres,
    /// The telephone provider's API.
    TwilioRest,
    /// The telephone provider's callbacks.
    Webhook,
    Media,
    Listening,
    Model,
    Voice,
}

/// In which trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// What a network does to bytes.
    Network(Fault),
    /// 429, or the protocol's own word for it; with a word when to come again, or without.
    TooMany { retry_after: bool },
    /// 503 without the request having been looked at, or 502 after it has been carried out.
    Unavailable { accepted: bool },
    /// A success that cannot be read.
    BadJson,
    /// TLS with a certificate that has expired.
    ExpiredTls,
    /// Its name does not resolve.
    NoSuchName,
}

const TARGETS: [Target; 8] =
    [Target::Redis, Target::Postgres, Target::TwilioRest, Target::Webhook, Target::Media, Target::Listening, Target::Model, Target::Voice];

const TROUBLES: [Trouble; 17] = [
    Trouble::Network(Fault::Latency { ms: 25, jitter_ms: 0 }),
    Trouble::Network(Fault::Latency { ms: 10, jitter_ms: 80 }),
    Trouble::Network(Fault::Latency { ms: 500, jitter_ms: 0 }),
    Trouble::Network(Fault::Refuse),
    Trouble::Network(Fault::LoseRequest),
    Trouble::Network(Fault::HoldRequest { ms: 250 }),
    Trouble::Network(Fault::DropResponse),
    Trouble::Network(Fault::ResetAfter { bytes: 60 }),
    Trouble::Network(Fault::CutAfter { bytes: 60 }),
    Trouble::Network(Fault::Slow { bytes_per_s: 1 }),
    Trouble::TooMany { retry_after: true },
    Trouble::TooMany { retry_after: false },
    Trouble::Unavailable { accepted: false },
    Trouble::Unavailable { accepted: true },
    Trouble::BadJson,
    Trouble::ExpiredTls,
    Trouble::NoSuchName,
];

/// How long the trouble lasts.
const LASTS_MS: u64 = 2_500;
/// No call of these people, who say a word or two, takes longer.
const LONGEST_CALL_MS: i64 = 25_000;
/// Nobody has this name (RFC 6761).
const NO_NAME: &str = "nowhere.invalid";

/// All there are.
pub fn all() -> Vec<Cell> {
    TARGETS.into_iter().flat_map(|target| TROUBLES.into_iter().map(move |trouble| Cell { target, trouble })).collect()
}

/// Those that can be played.
pub fn playable() -> Vec<Cell> {
    all().into_iter().filter(|cell| cell.fault().is_ok()).collect()
}

impl Cell {
    pub fn plan(self, seed: u64, times: Times) -> Plan {
        Plan { cell: Some(self), faults: vec![(Duration::from_millis(times.of(LASTS_MS)), Happens::Heal)], ..Plan::calm(seed, times) }
    }

    /// What connections to the target meet.
    ///
    /// # Errors
    /// Why there is no such cell.
    pub fn fault(self) -> Result<Fault, &'static str> {
        match self.trouble {
            Trouble::Network(fault) => Ok(fault),
            Trouble::TooMany { retry_after } => self.target.too_many(retry_after),
            Trouble::Unavailable { accepted: false } => Ok(Fault::Answer { bytes: self.target.unavailable() }),
            Trouble::Unavailable { accepted: true } => match self.target {
                Target::Redis | Target::Postgres => Err("its answer says what was done: see the resets in the middle of an answer"),
                _ => Ok(Fault::AnswerAfter { bytes: answer::BAD_GATEWAY }),
            },
            Trouble::BadJson => self.target.unreadable(),
            Trouble::ExpiredTls if self.target == Target::Redis => Err("the client of this build speaks no TLS"),
            Trouble::ExpiredTls => self.target.own_address().map(|()| Fault::ExpiredTls),
            // nobody comes to the proxy
            Trouble::NoSuchName => self.target.own_address().map(|()| Fault::None),
        }
    }

    fn meets(self, net: Net, first: &[u8]) -> bool {
        let asks_for = |word: &[u8]| first.windows(word.len()).take(200).any(|piece| piece == word);
        // what is asked for cannot be read below TLS
        let asks_for = |word: &[u8]| self.trouble == Trouble::ExpiredTls || asks_for(word);
        match self.target {
            Target::Redis => net == Net::Redis,
            Target::Postgres => net == Net::Postgres,
            Target::TwilioRest => net == Net::Twilio,
            Target::Webhook => net == Net::Public && asks_for(b"/hooks/"),
            Target::Media => net == Net::Public && asks_for(b"/media"),
            Target::Listening => net == Net::Speech && asks_for(b"/listen"),
            Target::Model => net == Net::Model,
            Target::Voice => net == Net::Speech && asks_for(b"/speak"),
        }
    }

    /// The addresses as long as the trouble lasts, when it is one of the address. It ends when an operator mends the
    /// settings and starts the processes again.
    pub fn misplace(self, places: &Places) -> Option<Places> {
        let mut wrong = places.clone();
        let place = match self.target {
            Target::Redis => &mut wrong.redis,
            Target::Postgres => &mut wrong.postgres,
            Target::TwilioRest => &mut wrong.twilio,
            Target::Webhook | Target::Media => &mut wrong.public,
            Target::Listening | Target::Voice => &mut wrong.speech,
            Target::Model => &mut wrong.model,
        };
        *place = match (self.trouble, self.target) {
            (Trouble::ExpiredTls, Target::Postgres) => format!("{place}?sslmode=verify-full"),
            (Trouble::ExpiredTls, _) => place.replace("http://", "https://"),
            // a public address without TLS is taken on loopback only
            (Trouble::NoSuchName, Target::Webhook) => format!("https://{NO_NAME}"),
            (Trouble::NoSuchName, _) => place.replace("127.0.0.1", NO_NAME),
            _ => return None,
        };
        Some(wrong)
    }
}

impl Target {
    fn too_many(self, retry_after: bool) -> Result<Fault, &'static str> {
        let bytes = match (self, retry_after) {
            (Self::Redis | Self::Postgres, true) => return Err("its protocol has no word for when to come again"),
            (Self::Redis, false) => answer::REDIS_TOO_MANY,
            (Self::Postgres, false) => answer::POSTGRES_TOO_MANY,
            (_, true) => answer::TOO_MANY_COME_LATER,
            (_, false) => answer::TOO_MANY,
        };
        Ok(Fault::Answer { bytes })
    }

    fn unavailable(self) -> &'static [u8] {
        match self {
            Self::Redis => answer::REDIS_UNAVAILABLE,
            Self::Postgres => answer::POSTGRES_UNAVAILABLE,
            _ => answer::UNAVAILABLE,
        }
    }

    fn unreadable(self) -> Result<Fault, &'static str> {
        match self {
            Self::Redis | Self::Postgres => Ok(Fault::Answer { bytes: answer::STRANGER }),
            Self::TwilioRest | Self::Model => Ok(Fault::AnswerAfter { bytes: answer::NO_JSON }),
            Self::Listening | Self::Voice => Ok(Fault::Insert { bytes: answer::NO_JSON_FRAME }),
            Self::Webhook => Err("the provider reads nothing in the answer to a status callback"),
            Self::Media => Err("a million frames that cannot be read are a test of their own (`public::media`)"),
        }
    }

    /// Media sockets come to the address of the callbacks, the voice is asked at that of the ears.
    fn own_address(self) -> Result<(), &'static str> {
        match self {
            Self::Media => Err("one address with the callbacks: played as Webhook"),
            Self::Voice => Err("one address with the ears: played as Listening"),
            _ => Ok(()),
        }
    }
}

/// Chooses the fault of a connection on `net`, as long as it is `disturbed`.
pub fn strikes(cell: Option<Cell>, net: Net, disturbed: Arc<AtomicBool>) -> impl Fn(&[u8]) -> Fault + Send + Sync + 'static {
    let fault = cell.and_then(|cell| cell.fault().ok()).unwrap_or_default();
    move |first| match cell {
        Some(cell) if disturbed.load(Ordering::Relaxed) && cell.meets(net, first) => fault,
        _ => Fault::None,
    }
}

/// What an operator would see, besides the invariants.
pub fn visible(evidence: &Evidence) -> Vec<String> {
    let (rows, mut complaints) = (&evidence.rows, Vec::new());
    for lead in rows.leads.iter().filter(|lead| !rows.rules_of(&lead.campaign).is_some_and(|rules| rules.closed)) {
        let tried = rows.attempts.iter().any(|attempt| attempt.lead_id == lead.id && attempt.state != "withdrawn");
        // two campaigns share some people, and the day's calls to them
        let called = evidence.truth.calls.iter().any(|call| call.to == lead.phone_number);
        if !tried && !called && lead.state != "suppressed" {
            complaints.push(format!("lead {} was never called", lead.external_id));
        }
    }
    let kept = evidence.truth.calls.iter().filter(|call| call.ended_ms.is_some_and(|end| end - call.created_ms > LONGEST_CALL_MS));
    complaints.extend(kept.map(|call| format!("{} was kept on the line", call.sid)));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_a_hundred_and_thirty_six_cells_and_most_can_be_played() {
        assert_eq!(all().len(), 136);
        assert_eq!(playable().len(), 125);
    }
}
