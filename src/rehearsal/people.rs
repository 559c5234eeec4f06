//! Who picks up in a rehearsal, what they want and how long they talk: as the operator says, as the calls so far say, or as
//! nobody knows better.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::shares::Shares;
use crate::domain::outcome::{Disposition, Reason};
use crate::store::rehearsal::endings::PastCall;
use crate::word_enum;

word_enum! {
    /// What answers a call.
    pub enum Pickup {
        /// A person.
        Human = "human",
        /// A machine.
        Voicemail = "voicemail",
        /// Nobody.
        NoAnswer = "no_answer",
        /// The line is busy.
        Busy = "busy",
        /// The network or the provider fails.
        Failed = "failed",
        /// There is no such number.
        DeadNumber = "dead_number",
    }
}

word_enum! {
    /// What a person who picked up makes of the call.
    pub enum Wish {
        /// Fits, by the agent's own rule.
        Qualified = "qualified",
        /// Talks, and it does not fit.
        NotQualified = "not_qualified",
        /// Asks to be called tomorrow at the same time.
        Callback = "callback",
        /// Asks never to be called again.
        OptOut = "opt_out",
        /// Hangs up at once.
        HungUp = "hung_up",
    }
}

/// Where nothing better is known.
const ANSWERS: [(Pickup, f64); 6] = [
    (Pickup::Human, 25.0),
    (Pickup::Voicemail, 40.0),
    (Pickup::NoAnswer, 25.0),
    (Pickup::Busy, 3.0),
    (Pickup::Failed, 3.0),
    (Pickup::DeadNumber, 4.0),
];
const WISHES: [(Wish, f64); 5] =
    [(Wish::Qualified, 15.0), (Wish::NotQualified, 40.0), (Wish::Callback, 10.0), (Wish::OptOut, 5.0), (Wish::HungUp, 30.0)];
const TALK: Talk = Talk { median_s: 75, p90_s: 180 };

/// So many calls say more than the house's guess.
const ENOUGH_CALLS: usize = 50;
/// So many conversations say how long one takes.
const ENOUGH_TALKS: usize = 20;

/// How long conversations last: log-normal, so half of them end by the median and nine of ten by the 90th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Talk {
    /// Seconds.
    pub median_s: u64,
    /// Seconds.
    pub p90_s: u64,
}

/// What the operator says about them; the rest is taken from elsewhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wishes {
    /// What answers, by word.
    pub mix: Option<BTreeMap<String, f64>>,
    /// What people want, by word.
    pub outcomes: Option<BTreeMap<String, f64>>,
    /// How long they talk.
    pub talk: Option<Talk>,
}

/// The people of a rehearsal.
#[derive(Debug, Clone, PartialEq)]
pub struct People {
    /// What answers.
    pub answers: Shares<Pickup>,
    /// What people want.
    pub wishes: Shares<Wish>,
    /// How long they talk.
    pub talk: Talk,
    /// Seconds a phone rings before a person picks up, least and most.
    pub ring_s: (u64, u64),
    /// Where each of the three comes from.
    pub source: String,
}

/// What was said about them cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct PeopleError {
    /// `mix`, `outcomes` or `talk`.
    pub key: &'static str,
    /// What is wrong.
    pub problem: String,
}

impl People {
    /// What the operator says wins over what was `seen`, and that over the house's guess.
    ///
    /// # Errors
    /// What was said cannot be used.
    pub fn of(said: &Wishes, seen: Option<Seen>) -> Result<Self, PeopleError> {
        let problem = |key| move |problem| PeopleError { key, problem };
        let (from, seen) = seen.map_or(("the defaults of this program".to_owned(), None), |seen| (seen.from.clone(), Some(seen)));
        let (answers, wishes, talk) = match &seen {
            Some(seen) => (seen.answers.clone(), seen.wishes.clone(), seen.talk),
            None => (ANSWERS.to_vec(), WISHES.to_vec(), TALK),
        };
        let is_said = [("mix", said.mix.is_some()), ("outcomes", said.outcomes.is_some()), ("talk", said.talk.is_some())];
        let told: Vec<&str> = is_said.iter().filter(|(_, said)| *said).map(|(key, _)| *key).collect();
        let source = match told.len() {
            0 => from,
            3 => "as ordered".to_owned(),
            _ => format!("{} as ordered, the rest from {from}", told.join(" and ")),
        };
        Ok(Self {
            answers: said.mix.as_ref().map_or_else(|| Shares::of(&answers), Shares::read).map_err(problem("mix"))?,
            wishes: said.outcomes.as_ref().map_or_else(|| Shares::of(&wishes), Shares::read).map_err(problem("outcomes"))?,
            talk: said.talk.map_or(Ok(talk), checked).map_err(problem("talk"))?,
            ring_s: (4, 16),
            source,
        })
    }
}

fn checked(talk: Talk) -> Result<Talk, String> {
    let fits = (1..=14_400).contains(&talk.median_s) && (talk.median_s..=14_400).contains(&talk.p90_s);
    if fits { Ok(talk) } else { Err("the median is 1 s or more, the 90th percentile not below it, both at most 14400 s".to_owned()) }
}

/// What calls that have ended tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    answers: Vec<(Pickup, f64)>,
    wishes: Vec<(Wish, f64)>,
    talk: Talk,
    from: String,
}

/// Reads the calls of `whose` (as in "412 calls of this campaign"); `None` when they are too few to say anything.
#[must_use]
pub fn observed(calls: &[PastCall], whose: &str) -> Option<Seen> {
    if calls.len() < ENOUGH_CALLS {
        return None;
    }
    let answers = counts(Pickup::ALL, calls.iter().map(answer));
    let wished: Vec<(Wish, u64)> = calls.iter().filter_map(wish).collect();
    let enough = wished.len() >= ENOUGH_TALKS;
    let wishes = if enough { counts(Wish::ALL, wished.iter().map(|(wish, _)| *wish)) } else { WISHES.to_vec() };
    let talk = talk_of(&wished).unwrap_or(TALK);
    Some(Seen { answers, wishes, talk, from: format!("the last {} calls of {whose}", calls.len()) })
}

fn counts<T: Copy + PartialEq>(all: &[T], seen: impl Iterator<Item = T>) -> Vec<(T, f64)> {
    let mut counts: Vec<(T, f64)> = all.iter().map(|word| (*word, 0.0)).collect();
    for word in seen {
        counts.iter_mut().filter(|(of, _)| *of == word).for_each(|(_, count)| *count += 1.0);
    }
    counts
}

fn answer(call: &PastCall) -> Pickup {
    match call.disposition {
        Disposition::Voicemail => Pickup::Voicemail,
        Disposition::NoAnswer | Disposition::Unreached => Pickup::NoAnswer,
        Disposition::Busy => Pickup::Busy,
        Disposition::Failed if call.reason == Some(Reason::InvalidNumber) => Pickup::DeadNumber,
        Disposition::Failed => Pickup::Failed,
        _ => Pickup::Human,
    }
}

/// What a person wanted, and how many seconds it took.
fn wish(call: &PastCall) -> Option<(Wish, u64)> {
    let wish = match call.disposition {
        Disposition::Qualified | Disposition::Transferred => Wish::Qualified,
        Disposition::NotQualified => Wish::NotQualified,
        Disposition::Callback => Wish::Callback,
        Disposition::Dnc => Wish::OptOut,
        Disposition::Incomplete => Wish::HungUp,
        _ => return None,
    };
    Some((wish, u64::try_from(call.duration_s.unwrap_or(0)).unwrap_or(0)))
}

fn talk_of(wished: &[(Wish, u64)]) -> Option<Talk> {
    let mut spans: Vec<u64> = wished.iter().filter(|(wish, span)| *wish != Wish::HungUp && *span > 0).map(|(_, span)| *span).collect();
    spans.sort_unstable();
    let at = |percent: usize| spans.get(spans.len() * percent / 100).copied();
    let (median_s, p90_s) = (at(50)?, at(90)?);
    (spans.len() >= ENOUGH_TALKS).then_some(Talk { median_s, p90_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(disposition: Disposition, duration_s: i32) -> PastCall {
        PastCall { disposition, reason: None, duration_s: Some(duration_s) }
    }

    #[test]
    fn past_calls_tell_who_picks_up_and_how_long_they_talk() {
        let mut calls = vec![past(Disposition::NoAnswer, 0); 60];
        calls.extend((1..=40).map(|n| past(if n % 4 == 0 { Disposition::Qualified } else { Disposition::NotQualified }, n)));
        let people = People::of(&Wishes::default(), observed(&calls, "this campaign")).unwrap();
        assert_eq!((people.answers.by_word()["human"], people.answers.by_word()["no_answer"]), (0.4, 0.6));
        assert_eq!((people.wishes.by_word()["qualified"], people.wishes.by_word()["not_qualified"]), (0.25, 0.75));
        assert_eq!(people.talk, Talk { median_s: 21, p90_s: 37 });
        assert_eq!(people.source, "the last 100 calls of this campaign");
        assert_eq!(observed(&calls[..49], "this campaign"), None, "too few");
    }

    #[test]
    fn what_is_said_wins_and_what_is_wrong_is_named_by_its_key() {
        let said = Wishes { mix: Some(BTreeMap::from([("human".to_owned(), 1.0)])), ..Wishes::default() };
        let people = People::of(&said, None).unwrap();
        assert_eq!(people.answers.by_word(), BTreeMap::from([("human".to_owned(), 1.0)]));
        assert_eq!(people.source, "mix as ordered, the rest from the defaults of this program");
        let wrong = Wishes { outcomes: Some(BTreeMap::from([("maybe".to_owned(), 1.0)])), ..Wishes::default() };
        assert!(People::of(&wrong, None).unwrap_err().to_string().starts_with("outcomes: "));
        let backwards = Wishes { talk: Some(Talk { median_s: 60, p90_s: 30 }), ..Wishes::default() };
        assert_eq!(People::of(&backwards, None).unwrap_err().key, "talk");
    }
}
