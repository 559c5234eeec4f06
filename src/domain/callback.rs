//! "Call me later": the words a callee said, resolved into a moment on their own clock.
//!
//! A model may find the words; what they mean is decided here, by rules that give the same answer every time. Opting out wins
//! over everything. The moment lies in the zone the words were meant in and inside the calling hours; whether the call may then
//! really begin is asked again when it is due.
//!
//! The way through: [`words`] writes speech plainly, [`intent`] tells opt-outs and the like by phrase, [`clause`] sorts what
//! speaks for a time from what speaks against it, [`read`] reads a [`wish`], [`settle`] puts it on the calendar and [`say`] says
//! it aloud, inside the hours of [`PromiseHours`]. [`keep`] is about what was promised: may it still be dialed, and was it
//! kept.

mod clause;
mod figure;
mod hours;
mod intent;
pub mod keep;
mod phrase;
mod place;
mod read;
mod say;
mod settle;
mod wish;
mod words;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::time::Timestamp;
use crate::domain::window::{Open, open_in_all};
use crate::word_enum;
use clause::{Clause, Mood};
use settle::{Here, Settled, Unsettled};
use wish::Wish;

pub use hours::PromiseHours;
pub use intent::{asks_for_human, asks_if_ai, opt_out, refuses, wrong_number};

word_enum! {
    /// What the words amount to.
    pub enum CallbackKind {
        /// Call again, between `earliest` and `latest`.
        Callback = "callback",
        /// Never call again.
        OptOut = "opt_out",
        /// A no, without a time.
        Refusal = "refusal",
        /// A person has to look: another number, a time in the past, nothing that can be kept.
        NeedsReview = "needs_review",
        /// Nothing about calling again; also "I'll call you".
        None = "none",
    }
}

/// Words about calling again, resolved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolved {
    /// What the words amount to.
    pub kind: CallbackKind,
    /// Not before; always inside the calling hours.
    pub earliest: Option<Timestamp>,
    /// Not after, where the words say so.
    pub latest: Option<Timestamp>,
    /// The IANA zone the words were read in: the one that was named, else the callee's.
    pub zone: String,
    /// The calling hours forbid what was asked for; `earliest` is the next moment they allow.
    pub shifted: bool,
    /// 0 to 1: how sure the reading is.
    pub confidence: f64,
    /// `earliest` and `latest` in words ("tomorrow, Tuesday, November 24, after 5 PM"); empty without a callback.
    pub when: String,
    /// The sentence the agent would say; empty when there is nothing to confirm.
    pub say: String,
    /// Nothing can be promised because the time is over; `say` tells so.
    #[serde(skip)]
    pub over: bool,
}

impl Resolved {
    /// How sure the reading is, 0 to 100.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of one")]
    pub fn confidence_percent(&self) -> u8 {
        (self.confidence * 100.0).round() as u8
    }
}

/// Said where more calls must not be promised.
pub const NO_MORE: &str = "I cannot promise you another call, but I have noted that you asked for one.";

/// Resolves words that were said at `now` by a callee whose hours these are.
#[must_use]
pub fn resolve(words: &str, now: Timestamp, hours: &PromiseHours) -> Resolved {
    let (tokens, zone) = (words::tokens(words), hours.clock());
    if intent::opts_out(&tokens) {
        return plain(CallbackKind::OptOut, zone, 0.95, "I will take you off our list and not call again.");
    }
    if intent::THREATENS.is_in(&tokens) {
        return plain(CallbackKind::Refusal, zone, 0.85, "");
    }
    if intent::ANOTHER.is_in(&tokens) || holds_number(&tokens) {
        return plain(CallbackKind::NeedsReview, zone, 0.7, "Thank you, I will pass that on to a colleague.");
    }
    let Some(callee) = hours.places() else {
        return plain(CallbackKind::NeedsReview, zone, 0.3, UNCLEAR);
    };
    let clauses: Vec<_> = clause::clauses(&tokens).into_iter().filter(|clause| !intent::OWN_CALL.is_in(clause.tokens)).collect();
    let wish = read::wish(&clauses);
    let speech = Speech { tokens: &tokens, now, zone, callee, hours };
    speech.decide(&wish, &clauses)
}

const UNCLEAR: &str = "When would be a good time to call you?";
const OVER: &str = "That time has passed. When would be a good time to call you?";

fn plain(kind: CallbackKind, zone: &str, confidence: f64, say: &str) -> Resolved {
    let (earliest, latest, shifted, when) = (None, None, false, String::new());
    Resolved { kind, earliest, latest, zone: zone.to_owned(), shifted, confidence, when, say: say.to_owned(), over: false }
}

fn over(zone: &str) -> Resolved {
    Resolved { over: true, ..plain(CallbackKind::NeedsReview, zone, 0.6, OVER) }
}

/// Seven digits in a row, spoken or written, are a phone number.
fn holds_number(tokens: &[String]) -> bool {
    let digits = |token: &String| match token.as_str() {
        _ if token.bytes().all(|b| b.is_ascii_digit()) => token.len(),
        "oh" => 1,
        word => usize::from(figure::small(word).is_some_and(|value| value < 10)),
    };
    tokens.split(|token| digits(token) == 0).any(|run| run.iter().map(digits).sum::<usize>() >= 7)
}

struct Speech<'a> {
    tokens: &'a [String],
    now: Timestamp,
    zone: &'a str,
    /// Where the callee may be; `zone` first.
    callee: Vec<TimeZone>,
    hours: &'a PromiseHours,
}

impl Speech<'_> {
    fn decide(&self, wish: &Wish, clauses: &[Clause<'_>]) -> Resolved {
        let refused = intent::REFUSAL.is_in(self.tokens) || self.says_just_no();
        let vague = wish.day.is_none() && wish.time.is_none() && wish.part.is_none() && wish.delay.is_none() && !wish.first_thing;
        if refused && vague {
            return plain(CallbackKind::Refusal, self.zone, 0.85, "");
        }
        if wish.unclear || wish.has_time() && (self.may_be_on_another_clock(wish) || intent::EXCEPTS.is_in(self.tokens)) {
            return plain(CallbackKind::NeedsReview, self.zone, 0.5, UNCLEAR);
        }
        if wish.has_time() {
            return self.on_calendar(wish, if refused { 20 } else { 0 });
        }
        if clauses.iter().any(Clause::asks_for_the_past) {
            return over(self.zone);
        }
        if wish.once_there {
            return plain(CallbackKind::NeedsReview, self.zone, 0.5, UNCLEAR);
        }
        if intent::OWN_CALL.is_in(self.tokens) {
            return plain(CallbackKind::None, self.zone, 0.8, "");
        }
        if intent::NOT_THEN.is_in(self.tokens) || !wish.left_out.is_empty() {
            return plain(CallbackKind::NeedsReview, self.zone, 0.5, UNCLEAR);
        }
        if intent::PUTS_OFF.is_in(self.tokens) {
            return self.later();
        }
        let closed = clauses.iter().any(|clause| clause.mood == Mood::Closed);
        let names_a_time = closed && read::wish(&[Clause { tokens: self.tokens, mood: Mood::Open }]).has_time();
        let kind = if names_a_time { CallbackKind::NeedsReview } else { CallbackKind::None };
        plain(kind, self.zone, 0.5, if names_a_time { UNCLEAR } else { "" })
    }

    /// "I'm in Kansas", said by somebody whose own clock is none of that state's two.
    fn may_be_on_another_clock(&self, wish: &Wish) -> bool {
        wish.zone.is_none() && wish.divided.is_some_and(|zones| zones.iter().all(|zone| *zone != self.zone))
    }

    fn says_just_no(&self) -> bool {
        self.tokens.iter().all(|word| matches!(word.as_str(), "no" | "nope" | "nah" | words::BREAK)) && !self.tokens.is_empty()
    }

    fn on_calendar(&self, wish: &Wish, doubt: u8) -> Resolved {
        let named: Option<Vec<TimeZone>> = wish.zone.and_then(|name| TimeZone::get(name).ok()).map(|zone| vec![zone]);
        let zones = named.as_ref().unwrap_or(&self.callee);
        let here = Here { now: self.now, zones, hours: self.hours };
        let kept = settle::settle(wish, &here).and_then(|settled| self.within_hours(settled, zones).ok_or(Unsettled::Never));
        match kept {
            Ok((settled, shifted)) => self.promise(settled, shifted, &zones[0], wish.zone, doubt),
            Err(Unsettled::Over) => over(self.zone),
            Err(Unsettled::Never) => plain(CallbackKind::NeedsReview, self.zone, 0.4, UNCLEAR),
        }
    }

    /// Moves a moment to where calls may begin, in the zone that was meant and in all of the callee's own.
    fn within_hours(&self, settled: Settled, meant: &[TimeZone]) -> Option<(Settled, bool)> {
        let zones: Vec<TimeZone> = meant.iter().chain(&self.callee).cloned().collect();
        let opens = match open_in_all(&zones, self.hours, settled.earliest) {
            Open::Yes => settled.earliest,
            Open::Until(opens) => opens?,
        };
        let horizon = self.now + Duration::from_secs(400 * 24 * 60 * 60);
        let moved = opens > settled.earliest;
        let too_late = settled.latest.is_some_and(|latest| opens >= latest);
        let latest = settled.latest.filter(|_| !too_late);
        (opens < horizon).then_some((Settled { earliest: opens, latest, ..settled }, moved && (settled.exact || too_late)))
    }

    fn promise(&self, settled: Settled, shifted: bool, zone: &TimeZone, named: Option<&str>, doubt: u8) -> Resolved {
        let Settled { earliest, latest, open_ended, confidence, .. } = settled;
        let name_zone = named.is_some_and(|named| named != self.zone) || self.clocks_differ(earliest);
        let open_ended = open_ended && !shifted;
        let when = say::when(&say::Promise { now: self.now, earliest, latest, open_ended, zone, name_zone });
        let say = if shifted {
            format!("I am not allowed to call at that hour, so I will call you {when}.")
        } else {
            format!("I will call you {when}.")
        };
        let confidence = f64::from(confidence.saturating_sub(doubt)) / 100.0;
        let zone = named.unwrap_or(self.zone).to_owned();
        Resolved { kind: CallbackKind::Callback, earliest: Some(earliest), latest, zone, shifted, confidence, when, say, over: false }
    }

    /// Nobody knows which of the callee's clocks is theirs: one that is said aloud without its name would be misheard.
    fn clocks_differ(&self, moment: Timestamp) -> bool {
        let shown = |zone: &TimeZone| moment.in_zone(zone).datetime();
        self.callee.iter().any(|zone| shown(zone) != shown(&self.callee[0]))
    }

    /// "Later", "I'm driving": in two hours, or at this time of the next day when that is too late.
    fn later(&self) -> Resolved {
        let next_day = self.now + Duration::from_secs(24 * 60 * 60);
        let soon = self.now + settle::LATER;
        let open = |moment: Timestamp| self.hours.is_open_in(&self.callee, moment);
        let earliest = if !open(soon) && open(next_day) { next_day } else { soon };
        let settled = Settled { earliest, latest: None, exact: earliest == soon, confidence: 50, open_ended: false };
        match self.within_hours(settled, &self.callee) {
            Some((settled, shifted)) => self.promise(settled, shifted || earliest == next_day, &self.callee[0], None, 0),
            None => plain(CallbackKind::NeedsReview, self.zone, 0.4, UNCLEAR),
        }
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
