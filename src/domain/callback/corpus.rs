//! The phrase corpus: `tests/fixtures/callback_phrases.csv`, one utterance a line, with what it means.
//!
//! `earliest` and `latest` are local times in the zone the words were read in; where an hour happens twice or not at all they
//! carry their offset. What a row expects was written from the words' meaning. Rows marked `held_out` were not looked at
//! while the rules were fitted to the others.

use super::*;
use crate::domain::campaign::hours;
use crate::domain::window::{CallingWindow, Hours};

const CORPUS: &str = include_str!("../../../tests/fixtures/callback_phrases.csv");

/// A row, and what the rules make of it.
pub(super) struct Row {
    pub id: String,
    pub at: Timestamp,
    pub zone: String,
    pub hours: String,
    pub said: String,
    pub kind: String,
    /// Earliest, latest, shifted.
    pub times: [String; 3],
    pub note: String,
}

impl Row {
    fn of(record: &csv::StringRecord) -> Self {
        let cell = |at: usize| record.get(at).unwrap().to_owned();
        Self {
            id: cell(0),
            at: cell(1).parse().unwrap(),
            zone: cell(2),
            hours: cell(3),
            said: cell(4),
            kind: cell(5),
            times: [cell(6), cell(7), cell(8)],
            note: cell(9),
        }
    }

    pub fn window(&self) -> CallingWindow {
        let (days, text) = self.hours.strip_prefix("mon-fri ").map_or((7, self.hours.as_str()), |text| (5, text));
        let open: Option<Hours> = hours::parse(text).unwrap();
        let on = |day: usize| open.filter(|_| day < days);
        CallingWindow { days: std::array::from_fn(on), holidays: Vec::new() }
    }

    pub fn resolved(&self) -> Resolved {
        resolve(&self.said, self.at, &PromiseHours::own(self.window(), &self.zone))
    }

    /// The found times, written as precisely as the expected ones.
    fn found(&self, resolved: &Resolved) -> [String; 3] {
        let zone = TimeZone::get(&resolved.zone).unwrap();
        let shown = |moment: Option<Timestamp>, like: &str| {
            let form = if like.len() > 16 { "%Y-%m-%dT%H:%M%:z" } else { "%Y-%m-%dT%H:%M" };
            moment.map(|moment| moment.in_zone(&zone).strftime(form).to_string()).unwrap_or_default()
        };
        [shown(resolved.earliest, &self.times[0]), shown(resolved.latest, &self.times[1]), resolved.shifted.to_string()]
    }
}

pub(super) fn rows() -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().from_reader(CORPUS.as_bytes());
    reader.records().map(|record| Row::of(&record.unwrap())).collect()
}

#[derive(Default)]
struct Score {
    rows: usize,
    kinds: usize,
    callbacks: usize,
    times: usize,
}

impl Score {
    fn line(&self, name: &str) -> String {
        #[allow(clippy::cast_precision_loss, reason = "some hundreds of rows")]
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let Self { rows, kinds, callbacks, times } = *self;
        let (polarity, right) = (percent(kinds, rows), percent(times, callbacks));
        format!("{name:9} polarity {kinds}/{rows} {polarity:.1} %, times {times}/{callbacks} {right:.1} %")
    }
}

/// Counts the rows that `wanted` picks; misses go to `misses`.
fn score(wanted: impl Fn(&Row) -> bool, misses: &mut Vec<String>) -> Score {
    let mut score = Score::default();
    for row in rows().iter().filter(|row| wanted(row)) {
        let resolved = row.resolved();
        let found = row.found(&resolved);
        let kind = resolved.kind.as_str() == row.kind;
        let callback = row.kind == CallbackKind::Callback.as_str();
        score.rows += 1;
        score.kinds += usize::from(kind);
        score.callbacks += usize::from(callback);
        score.times += usize::from(callback && kind && found == row.times);
        if !kind || found != row.times {
            let (Row { id, said, kind, times, note, .. }, got) = (row, resolved.kind);
            misses.push(format!("{id} \"{said}\" ({note})\n     expected {kind} {times:?}\n     found    {got} {found:?}"));
        }
    }
    score
}

#[test]
fn the_corpus_means_what_it_says() {
    let mut misses = Vec::new();
    let all = score(|_| true, &mut misses);
    println!("{}", all.line("all"));
    println!("{}", score(|row| row.note.starts_with("held_out"), &mut Vec::new()).line("held out"));
    println!("{}", score(|row| !row.note.starts_with("held_out"), &mut Vec::new()).line("others"));
    println!("{} missed\n{}", misses.len(), misses.join("\n"));
    assert!(all.rows >= 400, "{} utterances", all.rows);
    assert_eq!(all.kinds, all.rows, "the polarity of every utterance");
    assert!(all.times * 100 >= all.callbacks * 98, "98 of 100 times");
}
