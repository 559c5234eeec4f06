//! Flux's view of a stream, as a pure machine: a turn starts, may eagerly end and resume, and ends.

use super::ear::{Heard, What};
use super::words::Word;

/// How sure a silence makes that the turn is over.
#[derive(Debug, Clone, Copy)]
pub struct Curve {
    /// The silence of confidence 0.5, milliseconds.
    pub eager_ms: u64,
    /// The silence of confidence 0.7; twice as long is 0.9, four times 1.
    pub end_ms: u64,
}

impl Curve {
    fn points(self) -> [(f64, f64); 5] {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of silence")]
        let (eager, end) = (self.eager_ms as f64, self.end_ms as f64);
        [(0.0, 0.1), (eager, 0.5), (end, 0.7), (2.0 * end, 0.9), (4.0 * end, 1.0)]
    }

    /// The confidence after so much silence.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of silence")]
    pub fn confidence(self, silence_ms: u64) -> f64 {
        between(self.points(), silence_ms as f64)
    }

    /// The silence that reaches a confidence, milliseconds; certainty is never reached by confidence alone.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of silence")]
    pub fn silence_for(self, confidence: f64) -> Option<u64> {
        (confidence < 1.0).then(|| between(self.points().map(|(silence, sure)| (sure, silence)), confidence).ceil() as u64)
    }
}

/// Piecewise linear through points of growing first coordinate.
fn between(points: [(f64, f64); 5], x: f64) -> f64 {
    let segment = points.windows(2).find(|pair| x < pair[1].0);
    let Some([(x0, y0), (x1, y1)]) = segment else { return points[4].1 };
    y0 + (y1 - y0) * (x - x0) / (x1 - x0).max(f64::EPSILON)
}

/// What a connection asked for.
#[derive(Debug, Clone, Copy)]
pub struct FluxOptions {
    /// What silence means.
    pub curve: Curve,
    /// The confidence that ends a turn.
    pub eot_threshold: f64,
    /// The confidence that eagerly ends it; absent turns eager events off.
    pub eager_eot_threshold: Option<f64>,
    /// The silence that ends a turn in any case, milliseconds.
    pub eot_timeout_ms: u64,
    /// An update after so much audio, milliseconds.
    pub update_ms: u64,
}

/// What happened to the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Nothing new.
    Update,
    /// It began.
    StartOfTurn,
    /// It has probably ended.
    EagerEndOfTurn,
    /// It goes on after all.
    TurnResumed,
    /// It has ended, by `model`, `timeout` or `manual`.
    EndOfTurn(&'static str),
}

/// A report about the turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What happened.
    pub event: Event,
    /// Which turn.
    pub turn_index: u64,
    /// The audio it spans, milliseconds.
    pub window_ms: (u64, u64),
    /// Its words so far.
    pub words: Vec<Word>,
    /// How sure it is that the turn is over.
    pub confidence: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Initial,
    Ongoing,
    AwaitingEnd,
}

/// The machine.
#[derive(Debug)]
pub struct Turn {
    options: FluxOptions,
    phase: Phase,
    index: u64,
    window_start: u64,
    words: Vec<Word>,
    silence_ms: u64,
    reported_at: u64,
}

impl Turn {
    /// Nothing heard yet.
    pub fn new(options: FluxOptions) -> Self {
        Self { options, phase: Phase::Initial, index: 0, window_start: 0, words: Vec::new(), silence_ms: 0, reported_at: 0 }
    }

    /// What it is set to.
    pub fn options_mut(&mut self) -> &mut FluxOptions {
        &mut self.options
    }

    /// Hears what the ear heard.
    pub fn hear(&mut self, heard: Heard) -> Vec<Report> {
        let events = match heard.what {
            What::Voice => self.voice(),
            What::Words(words) => self.said(words),
            What::Silence { ms } => self.silence(ms),
        };
        let mut reports: Vec<Report> = events.into_iter().map(|event| self.report(event, heard.at_ms)).collect();
        if heard.at_ms - self.reported_at >= self.options.update_ms {
            reports.push(self.report(Event::Update, heard.at_ms));
        }
        reports
    }

    /// Ends the turn because the client asked; nothing when there is none.
    pub fn force_end(&mut self, now_ms: u64) -> Option<Report> {
        (self.phase != Phase::Initial).then(|| self.report(Event::EndOfTurn("manual"), now_ms))
    }

    /// A last word about an open turn at the end of the stream.
    pub fn finish(&mut self, now_ms: u64) -> Option<Report> {
        (self.phase != Phase::Initial).then(|| self.report(Event::Update, now_ms))
    }

    fn voice(&mut self) -> Vec<Event> {
        self.silence_ms = 0;
        let resumed = self.phase == Phase::AwaitingEnd;
        resumed.then_some(Event::TurnResumed).into_iter().collect()
    }

    fn said(&mut self, words: Vec<Word>) -> Vec<Event> {
        self.words.extend(words);
        self.silence_ms = 0;
        (self.phase == Phase::Initial).then_some(Event::StartOfTurn).into_iter().collect()
    }

    fn silence(&mut self, ms: u64) -> Vec<Event> {
        self.silence_ms += ms;
        let reached = |threshold: f64| self.options.curve.silence_for(threshold).is_some_and(|limit| self.silence_ms >= limit);
        let eager = self.phase == Phase::Ongoing && self.options.eager_eot_threshold.is_some_and(reached);
        let ended = match self.phase {
            Phase::Initial => None,
            _ if reached(self.options.eot_threshold) => Some(Event::EndOfTurn("model")),
            _ if self.silence_ms >= self.options.eot_timeout_ms => Some(Event::EndOfTurn("timeout")),
            _ => None,
        };
        eager.then_some(Event::EagerEndOfTurn).into_iter().chain(ended).collect()
    }

    fn report(&mut self, event: Event, at_ms: u64) -> Report {
        self.reported_at = at_ms;
        let report = Report {
            event,
            turn_index: self.index,
            window_ms: (self.window_start, at_ms),
            words: self.words.clone(),
            confidence: if self.phase == Phase::Initial { 0.0 } else { self.options.curve.confidence(self.silence_ms) },
        };
        match event {
            Event::Update => {}
            Event::StartOfTurn | Event::TurnResumed => self.phase = Phase::Ongoing,
            Event::EagerEndOfTurn => self.phase = Phase::AwaitingEnd,
            Event::EndOfTurn(_) => self.next_turn(at_ms),
        }
        report
    }

    fn next_turn(&mut self, at_ms: u64) {
        self.phase = Phase::Initial;
        self.index += 1;
        self.window_start = at_ms;
        self.words.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ear::Ear;
    use super::super::words::transcript;
    use super::{Curve, Event, FluxOptions, Report, Turn};
    use crate::simulator::deepgram::sound::{Encoding, Format};
    use crate::simulator::voice;

    fn options() -> FluxOptions {
        FluxOptions {
            curve: Curve { eager_ms: 100, end_ms: 200 },
            eot_threshold: 0.7,
            eager_eot_threshold: Some(0.5),
            eot_timeout_ms: 5000,
            update_ms: 250,
        }
    }

    fn reports(options: FluxOptions, audio: &[u8]) -> Vec<Report> {
        let mut ear = Ear::new(Format { encoding: Encoding::Mulaw, rate: 8000 }, "I see.", 200);
        let mut turn = Turn::new(options);
        audio.chunks(640).flat_map(|piece| ear.hear(piece)).flat_map(|heard| turn.hear(heard)).collect()
    }

    fn changes(reports: &[Report]) -> Vec<(Event, String)> {
        reports
            .iter()
            .filter(|report| report.event != Event::Update)
            .map(|report| (report.event, transcript(&report.words, true)))
            .collect()
    }

    #[test]
    fn a_turn_ends_after_the_silence_of_its_threshold() {
        let audio = [voice::encode("Yes.", 300), voice::silence(600)].concat();
        let found = reports(options(), &audio);
        let expected =
            [(Event::StartOfTurn, "Yes.".into()), (Event::EagerEndOfTurn, "Yes.".into()), (Event::EndOfTurn("model"), "Yes.".into())];
        assert_eq!(changes(&found), expected);
        let word_end = found[0].words[0].end_ms;
        let ends: Vec<u64> =
            found.iter().filter(|report| report.event != Event::Update).map(|report| report.window_ms.1 - word_end).collect();
        assert_eq!(ends, [0, 100, 200]);
        let patient = FluxOptions { eot_threshold: 0.9, eager_eot_threshold: None, ..options() };
        assert_eq!(
            reports(patient, &audio).iter().find(|report| report.event == Event::EndOfTurn("model")).unwrap().window_ms.1 - word_end,
            400
        );
    }

    #[test]
    fn going_on_after_an_eager_end_resumes() {
        let audio = [voice::encode("Yes.", 300), voice::silence(150), voice::encode("Maybe.", 300), voice::silence(300)].concat();
        let events: Vec<Event> = changes(&reports(options(), &audio)).into_iter().map(|(event, _)| event).collect();
        assert_eq!(
            events,
            [Event::StartOfTurn, Event::EagerEndOfTurn, Event::TurnResumed, Event::EagerEndOfTurn, Event::EndOfTurn("model")]
        );
    }

    #[test]
    fn certainty_is_left_to_the_timeout() {
        let audio = [voice::encode("Yes.", 300), voice::silence(2000)].concat();
        let certain = FluxOptions { eot_threshold: 1.0, eager_eot_threshold: None, eot_timeout_ms: 1000, ..options() };
        assert_eq!(changes(&reports(certain, &audio)).last().unwrap().0, Event::EndOfTurn("timeout"));
    }

    proptest! {
        #[test]
        fn an_end_says_what_the_eager_end_before_it_said(gaps in prop::collection::vec(0_u32..400, 1..8)) {
            let audio: Vec<u8> = gaps.iter().flat_map(|gap| [voice::encode("word", 200), voice::silence(*gap)].concat()).collect();
            let changes = changes(&reports(options(), &audio));
            for pair in changes.windows(2) {
                let allowed = match pair[0].0 {
                    Event::StartOfTurn | Event::TurnResumed => pair[1].0 == Event::EagerEndOfTurn,
                    Event::EagerEndOfTurn => pair[1].0 == Event::TurnResumed || pair[1].0 == Event::EndOfTurn("model") && pair[0].1 == pair[1].1,
                    Event::EndOfTurn(_) => pair[1].0 == Event::StartOfTurn,
                    Event::Update => false,
                };
                prop_assert!(allowed, "{pair:?}");
            }
        }
    }
}
