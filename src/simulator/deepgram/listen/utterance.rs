//! Nova's view of a stream, as a pure machine: interim and final windows, endpoints, ends of utterances.

use super::ear::{Heard, What};
use super::words::Word;

/// A window is settled at the latest after so much audio.
const LONGEST_WINDOW_MS: u64 = 5000;
/// `Finalize` is answered when at least so much audio is buffered.
const WORTH_FINALIZING_MS: u64 = 100;

/// What a connection asked for.
#[derive(Debug, Clone)]
pub struct NovaOptions {
    /// Interim results.
    pub interim: bool,
    /// Not closer than this, milliseconds.
    pub interim_ms: u64,
    /// The silence that is an endpoint; absent when turned off.
    pub endpointing_ms: Option<u64>,
    /// The gap after a word that ends the utterance.
    pub utterance_end_ms: Option<u64>,
    /// `SpeechStarted` events.
    pub vad_events: bool,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A window of audio.
    Results {
        /// Its beginning.
        start_ms: u64,
        /// Its end.
        end_ms: u64,
        /// Its words.
        words: Vec<Word>,
        /// Whether it is settled.
        is_final: bool,
        /// Whether an endpoint was found.
        speech_final: bool,
        /// Whether it answers `Finalize`.
        from_finalize: bool,
    },
    /// A voice began.
    SpeechStarted {
        /// When.
        at_ms: u64,
    },
    /// No word for so long.
    UtteranceEnd {
        /// When the last one ended.
        last_word_end_ms: u64,
    },
}

/// The machine.
#[derive(Debug)]
pub struct Utterance {
    options: NovaOptions,
    window_start: u64,
    words: Vec<Word>,
    silence_ms: u64,
    speaking: bool,
    interim_at: Option<u64>,
    last_word_end: Option<u64>,
}

impl Utterance {
    /// Nothing heard yet.
    pub fn new(options: NovaOptions) -> Self {
        Self { options, window_start: 0, words: Vec::new(), silence_ms: 0, speaking: false, interim_at: None, last_word_end: None }
    }

    /// Hears what the ear heard.
    pub fn hear(&mut self, heard: Heard) -> Vec<Report> {
        match heard.what {
            What::Voice => self.voice(heard.at_ms),
            What::Words(words) => self.said(heard.at_ms, words),
            What::Silence { ms } => self.silence(heard.at_ms, ms),
        }
    }

    /// Settles what is buffered because the client asked; nothing when that is too little.
    pub fn finalize(&mut self, now_ms: u64) -> Option<Report> {
        (now_ms - self.window_start >= WORTH_FINALIZING_MS).then(|| self.settle(now_ms, false, true))
    }

    /// Settles the last words at the end of the stream.
    pub fn finish(&mut self, now_ms: u64) -> Option<Report> {
        (!self.words.is_empty()).then(|| self.settle(now_ms, true, false))
    }

    fn voice(&mut self, at_ms: u64) -> Vec<Report> {
        self.silence_ms = 0;
        let begins = !std::mem::replace(&mut self.speaking, true);
        (begins && self.options.vad_events).then_some(Report::SpeechStarted { at_ms }).into_iter().collect()
    }

    fn said(&mut self, at_ms: u64, words: Vec<Word>) -> Vec<Report> {
        self.last_word_end = words.last().map(|word| word.end_ms);
        self.words.extend(words);
        self.silence_ms = 0;
        if at_ms - self.window_start >= LONGEST_WINDOW_MS {
            return vec![self.settle(at_ms, false, false)];
        }
        let due = self.interim_at.is_none_or(|last| at_ms - last >= self.options.interim_ms);
        if !(self.options.interim && due) {
            return Vec::new();
        }
        self.interim_at = Some(at_ms);
        vec![self.results(at_ms)]
    }

    fn silence(&mut self, at_ms: u64, ms: u64) -> Vec<Report> {
        self.silence_ms += ms;
        let mut reports = Vec::new();
        if self.speaking && self.options.endpointing_ms.is_some_and(|limit| self.silence_ms >= limit) {
            self.speaking = false;
            reports.extend((!self.words.is_empty()).then(|| self.settle(at_ms, true, false)));
        }
        if let Some(last_word_end_ms) = self.gap_is_over(at_ms) {
            self.last_word_end = None;
            reports.extend((!self.words.is_empty()).then(|| self.settle(at_ms, false, false)));
            reports.push(Report::UtteranceEnd { last_word_end_ms });
        }
        if at_ms - self.window_start >= LONGEST_WINDOW_MS {
            reports.push(self.settle(at_ms, false, false));
        }
        reports
    }

    fn gap_is_over(&self, at_ms: u64) -> Option<u64> {
        let (limit, end) = (self.options.utterance_end_ms?, self.last_word_end?);
        (at_ms - end >= limit).then_some(end)
    }

    /// Ends the window: the next one begins where this one ends.
    fn settle(&mut self, end_ms: u64, endpoint: bool, asked: bool) -> Report {
        let mut report = self.results(end_ms);
        if let Report::Results { is_final, speech_final, from_finalize, .. } = &mut report {
            (*is_final, *speech_final, *from_finalize) = (true, endpoint, asked);
        }
        self.words.clear();
        self.interim_at = None;
        self.window_start = end_ms;
        report
    }

    fn results(&self, end_ms: u64) -> Report {
        let words = self.words.clone();
        Report::Results { start_ms: self.window_start, end_ms, words, is_final: false, speech_final: false, from_finalize: false }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ear::Ear;
    use super::super::words::transcript;
    use super::{NovaOptions, Report, Utterance};
    use crate::simulator::deepgram::sound::{Encoding, Format};
    use crate::simulator::voice;

    fn options() -> NovaOptions {
        NovaOptions { interim: true, interim_ms: 250, endpointing_ms: Some(300), utterance_end_ms: Some(1000), vad_events: true }
    }

    fn reports(options: NovaOptions, audio: &[u8]) -> Vec<Report> {
        let mut ear = Ear::new(Format { encoding: Encoding::Mulaw, rate: 8000 }, "I see.", 300);
        let mut utterance = Utterance::new(options);
        audio.chunks(160).flat_map(|piece| ear.hear(piece)).flat_map(|heard| utterance.hear(heard)).collect()
    }

    fn shown(report: &Report) -> String {
        match report {
            Report::SpeechStarted { .. } => "started".into(),
            Report::UtteranceEnd { .. } => "utterance end".into(),
            Report::Results { words, is_final, speech_final, .. } => {
                let kind = match (is_final, speech_final) {
                    (_, true) => "endpoint",
                    (true, false) => "final",
                    (false, false) => "interim",
                };
                format!("{kind}: {}", transcript(words, true))
            }
        }
    }

    #[test]
    fn an_utterance_is_started_interim_final_and_ended() {
        let audio = [voice::silence(500), voice::encode("Yes, that works.", 300), voice::silence(1200)].concat();
        let shown: Vec<String> = reports(options(), &audio).iter().map(shown).collect();
        assert_eq!(
            shown,
            ["started", "interim: Yes,", "interim: Yes, that", "interim: Yes, that works.", "endpoint: Yes, that works.", "utterance end"]
        );
    }

    #[test]
    fn finals_tile_the_audio() {
        let turn = [voice::encode("one two three four five six", 400), voice::silence(700)].concat();
        let audio = [turn.clone(), turn.clone(), voice::silence(7000), turn].concat();
        let mut end = 0;
        for report in reports(NovaOptions { interim: false, ..options() }, &audio) {
            if let Report::Results { start_ms, end_ms, words, is_final, .. } = report {
                assert!(is_final && start_ms == end && end_ms > start_ms, "{start_ms} follows {end}");
                assert!(words.iter().all(|word| (start_ms..=end_ms).contains(&word.end_ms)));
                end = end_ms;
            }
        }
        assert!(end > 14_000);
    }

    #[test]
    fn without_endpointing_only_the_gap_settles() {
        let audio = [voice::encode("hello there", 300), voice::silence(1200)].concat();
        let quiet = NovaOptions { interim: false, endpointing_ms: None, vad_events: false, ..options() };
        assert_eq!(reports(quiet, &audio).iter().map(shown).collect::<Vec<_>>(), ["final: hello there", "utterance end"]);
    }

    #[test]
    fn finalize_settles_at_once_but_not_nothing() {
        let mut utterance = Utterance::new(options());
        assert_eq!(utterance.finalize(50), None);
        assert!(matches!(utterance.finalize(400), Some(Report::Results { from_finalize: true, is_final: true, speech_final: false, .. })));
        assert_eq!(utterance.finalize(450), None);
    }
}
