//! The phrase corpus: `tests/fixtures/callback_phrases.csv`, one utterance per line, with the local times it has to mean.

use super::*;
use crate::domain::window::Hours;

const CORPUS: &str = include_str!("../../../tests/fixtures/callback_phrases.csv");

fn nine_to_eight() -> CallingWindow {
    CallingWindow { days: [Some(Hours { open: 540, close: 1_200 }); 7], holidays: Vec::new() }
}

fn local(text: &str, zone: &str) -> Timestamp {
    let zoned = text.parse::<jiff::civil::DateTime>().unwrap().in_tz(zone).unwrap();
    Timestamp::from_zoned(&zoned)
}

fn shown(moment: Option<Timestamp>, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap();
    moment.map(|moment| moment.in_zone(&zone).strftime("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
}

struct Line {
    words: String,
    expected: [String; 4],
    found: [String; 4],
}

fn corpus() -> Vec<Line> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(CORPUS.as_bytes());
    let lines = reader.records().map(|record| {
        let record = record.unwrap();
        let cell = |at: usize| record.get(at).unwrap().to_owned();
        let resolved = resolve(&cell(0), local(&cell(1), &cell(2)), &cell(2), &nine_to_eight());
        let found = [
            resolved.kind.to_string(),
            shown(resolved.earliest, &resolved.zone),
            shown(resolved.latest, &resolved.zone),
            resolved.shifted.to_string(),
        ];
        Line { words: cell(0), expected: [cell(3), cell(4), cell(5), cell(6)], found }
    });
    lines.collect()
}

#[test]
fn the_corpus_means_what_it_says() {
    let lines = corpus();
    assert!(lines.len() >= 120, "{} utterances", lines.len());
    let misses: Vec<String> = lines
        .iter()
        .filter(|line| line.expected != line.found)
        .map(|line| format!("{}\n   expected {:?}\n   found    {:?}", line.words, line.expected, line.found))
        .collect();
    assert!(misses.is_empty(), "{} of {} missed:\n{}", misses.len(), lines.len(), misses.join("\n"));
}
